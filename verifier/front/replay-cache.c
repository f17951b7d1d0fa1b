#include "front/replay-cache.h"

#include <errno.h>
#include <stdlib.h>

static void
replay_clear(struct replay *replay)
{
    if (replay->answer) {
        wipe(replay->answer, replay->answer_len); /* answers carry tokens */
    }
    free(replay->answer);
    *replay = (struct replay){0};
}

static bool
replay_is(const struct replay *replay, const struct coap_in *in, const uint8_t hash[32])
{
    return replay->mid == in->mid && replay->token.len == in->token.len &&
           memcmp(replay->token.b, in->token.b, sizeof(in->token.b)) == 0 &&
           memcmp(replay->hash, hash, sizeof(replay->hash)) == 0;
}

static struct replay *
replay_find(struct replay_cache *cache, const struct coap_in *in, const uint8_t hash[32],
            uint64_t mono_ms)
{
    for (size_t i = 0; i < LIMIT_FRONT_REPLAYS; i++) {
        struct replay *replay = &cache->slots[i];

        if (replay->state == REPLAY_FREE) {
            continue;
        }
        if (replay->until_ms <= mono_ms && replay->state == REPLAY_ANSWERED) {
            replay_clear(replay);
        } else if (replay_is(replay, in, hash)) {
            return replay;
        }
    }
    return NULL;
}

/* Round robin is oldest first, as slots are filled in turn; requests in work point to theirs. */
static struct replay *
replay_room(struct replay_cache *cache)
{
    for (size_t i = 0; i < LIMIT_FRONT_REPLAYS; i++) {
        struct replay *replay = &cache->slots[cache->next];

        cache->next = (cache->next + 1) % LIMIT_FRONT_REPLAYS;
        if (replay->state == REPLAY_FREE || replay->state == REPLAY_ANSWERED) {
            replay_clear(replay);
            return replay;
        }
    }
    return NULL;
}

int
replay_look(struct replay_cache *cache, struct hasher *hasher, const struct coap_in *in,
            struct bytes message, uint64_t mono_ms, struct replay **ret_replay, bool *ret_again)
{
    uint8_t hash[32];
    struct replay *replay;
    int r = hasher_bytes(hasher, HASH_SHA256, message, hash);

    if (r < 0) {
        return r;
    }
    if (!cache->slots) {
        cache->slots = calloc(LIMIT_FRONT_REPLAYS, sizeof(struct replay));
        if (!cache->slots) {
            return -ENOMEM;
        }
    }
    replay = replay_find(cache, in, hash, mono_ms);
    *ret_again = replay != NULL;
    if (!replay) {
        replay = replay_room(cache);
        if (!replay) {
            return 1;
        }
        replay->state = REPLAY_IN_WORK;
        replay->mid = in->mid;
        replay->token = in->token;
        replay->until_ms = mono_ms + LIMIT_FRONT_REPLAY_MS;
        memcpy(replay->hash, hash, sizeof(hash));
    }
    *ret_replay = replay;
    return 0;
}

void
replay_answer(struct replay *replay, enum replay_state state, struct bytes answer)
{
    uint8_t *copy = answer.len > 0 && answer.len <= UINT16_MAX ? malloc(answer.len) : NULL;

    if (replay->answer) {
        wipe(replay->answer, replay->answer_len);
        free(replay->answer);
    }
    replay->state = state;
    replay->answer = copy;
    replay->answer_len = copy ? (uint16_t)answer.len : 0;
    if (copy) {
        memcpy(copy, answer.p, answer.len);
    }
}

void
replay_done(struct replay_cache *cache)
{
    for (size_t i = 0; cache->slots && i < LIMIT_FRONT_REPLAYS; i++) {
        replay_clear(&cache->slots[i]);
    }
    free(cache->slots);
    *cache = (struct replay_cache){0};
}
