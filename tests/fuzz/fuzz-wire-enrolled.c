/* What is read as an enrolment answer is written to the same bytes, and its state has a name. */
#include "lib/fuzz.h"
#include "lib/wire-echo.h"
#include "wire/enrolled.h"

void
fuzz_one(struct bytes in)
{
    struct enrolled enrolled;

    FUZZ_ASSERT(wire_echo_same("enrolled", in, BYTES_NULL));
    if (enrolled_read(in, &enrolled, NULL) == 0) {
        FUZZ_ASSERT(strcmp(device_state_name(enrolled.state), "unknown") != 0);
    }
}
