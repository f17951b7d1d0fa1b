/* CoAP on an open connection: messages, repeats, requests in work, late answers. RFC 7252 section
 * 4 and 5. On a stream nothing is repeated or acknowledged, and an answer goes whole if the peer
 * takes it: RFC 8323 section 3. */
#pragma once

#include "front/state.h"

/* Takes one decrypted message; of a stream as if it were a datagram of type NON. Returns 0, or 1
 * when it is none (nothing was done then). */
MUST_CHECK int exchange_message(struct front *front, struct conn *conn, struct bytes message);

/* When the connection's exchanges want exchange_timer(); TIMER_NEVER: never. */
uint64_t exchange_due_ms(const struct conn *conn);
void exchange_timer(struct front *front, struct conn *conn);

/* The answer to a request in work. Returns 0, 1 when no such request waits, or -errno. */
MUST_CHECK int exchange_reply(struct front *front, struct conn *conn, uint64_t request,
                              const struct front_answer *given);
