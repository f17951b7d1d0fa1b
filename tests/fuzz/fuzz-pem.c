/* PEM: each block fits its room, and the reader always goes forward. */
#include "formats/pem.h"
#include "lib/fuzz.h"

void
fuzz_one(struct bytes in)
{
    uint8_t room[64];
    struct rd rd = rd_init(in);
    size_t before = rd_left(&rd) + 1;
    size_t len = 0;

    for (;;) {
        int r = pem_next(&rd, room, sizeof(room), &len);

        if (r == PEM_E_NONE) {
            break;
        }
        FUZZ_ASSERT(rd_left(&rd) < before);
        FUZZ_ASSERT(r != 0 || len <= sizeof(room));
        before = rd_left(&rd);
    }
    FUZZ_ASSERT(rd_left(&rd) == 0);
}
