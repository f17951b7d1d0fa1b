/* What is read as an enrolment is written to the same bytes. */
#include "lib/fuzz.h"
#include "lib/wire-echo.h"

void
fuzz_one(struct bytes in)
{
    FUZZ_ASSERT(wire_echo_same("enroll", in, BYTES_NULL));
}
