/* Concise problem details, RFC 9290 section 2: what an error answer of the front itself says. */
#pragma once

#include "base/std.h"

#define COAP_PROBLEM_FORMAT 257 /* application/concise-problem-details+cbor */
#define COAP_PROBLEM_ROOM 96u

/* {-1: title, -4: code} in room; the title follows from the code. */
struct bytes coap_problem_write(uint8_t room[COAP_PROBLEM_ROOM], uint8_t code);
