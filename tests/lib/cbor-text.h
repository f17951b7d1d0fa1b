/* CBOR from diagnostic notation, RFC 8949 section 8, in shortest heads and with the pairs of a map
 * as they stand: numbers, h'…', "…" without escapes, [ ], { }, N(…), << >>, true, false, null. `HH
 * begins bytes in hex that stand for themselves: `fa47c35000 is a float. Commas and blanks only
 * separate. */
#pragma once

#include "base/std.h"

/* The memory lives until the process ends; a text that is none fails the case. */
struct bytes cbor_text(const char *text);

/* The same behind printf. */
__attribute__((format(printf, 1, 2))) struct bytes cbor_textf(const char *format, ...);
