/* Concise problem details, RFC 9290 section 2: what an error answer of the front itself says. */
#pragma once

#include "base/std.h"

#define COAP_PROBLEM_FORMAT 257 /* application/concise-problem-details+cbor */
#define COAP_PROBLEM_ROOM 128u

/* Title and code in room, the title following from the code; with 4.29 and 5.03 also the reason,
 * and the seconds after which the peer may come again (retry_s, at most a week; none below 1). */
struct bytes coap_problem_write(uint8_t room[COAP_PROBLEM_ROOM], uint8_t code, int64_t retry_s);
