/* Answers by message, so that a repeated message gets its old answer and is not run again: RFC 7252
 * sections 4.2 and 4.5. The key is (message id, token, SHA-256 of the whole message), one cache a
 * connection: a message id used again for something else is a new request. */
#pragma once

#include "crypto/digest.h"
#include "front/coap-in.h"

enum replay_state { REPLAY_FREE, REPLAY_IN_WORK, REPLAY_ACKED, REPLAY_ANSWERED };

struct replay {
    enum replay_state state;
    uint16_t mid;
    uint16_t answer_len;
    struct coap_token token;
    uint8_t hash[32];
    uint64_t until_ms;
    uint8_t *answer;
};

struct replay_cache {
    struct replay *slots; /* LIMIT_FRONT_REPLAYS of them, made with the first message */
    size_t next;
};

/* The slot of this message: *ret_again says whether it was seen before. A new one is
 * REPLAY_IN_WORK and takes the place of the oldest that is not. Returns 0, 1 when everything is in
 * work, or -errno. */
MUST_CHECK int replay_look(struct replay_cache *cache, struct hasher *hasher,
                           const struct coap_in *in, struct bytes message, uint64_t mono_ms,
                           struct replay **ret_replay, bool *ret_again);

/* Keeps the answer (a copy); without memory the message will be ignored when it is repeated. */
void replay_answer(struct replay *replay, enum replay_state state, struct bytes answer);
void replay_done(struct replay_cache *cache);
