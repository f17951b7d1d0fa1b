/* What is read as a signed log's head is written to the same bytes. */
#include "lib/fuzz.h"
#include "lib/wire-echo.h"

void
fuzz_one(struct bytes in)
{
    FUZZ_ASSERT(wire_echo_same("audit-head", in, BYTES_NULL));
}
