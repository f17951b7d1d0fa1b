/* What is read as a device key is written to the same bytes. */
#include "lib/fuzz.h"
#include "lib/wire-echo.h"

void
fuzz_one(struct bytes in)
{
    FUZZ_ASSERT(wire_echo_same("device-key", in, BYTES_NULL));
}
