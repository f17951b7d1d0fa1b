/* What is read as claims is written to the same bytes. */
#include "lib/fuzz.h"
#include "lib/wire-echo.h"

void
fuzz_one(struct bytes in)
{
    FUZZ_ASSERT(wire_echo_same("claims", in, BYTES_NULL));
}
