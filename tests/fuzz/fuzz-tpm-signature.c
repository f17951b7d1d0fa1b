/* What the reader accepts writes back to the same bytes. */
#include "formats/tpm-signature.h"
#include "lib/fuzz.h"

#include <stdlib.h>

void
fuzz_one(struct bytes in)
{
    struct tpm_signature signature;
    struct fault fault = {.rule = RULE_NONE};
    uint8_t *room;
    struct wr wr;

    if (tpm_signature_read(in, &signature, &fault) != 0) {
        FUZZ_ASSERT(fault.rule != RULE_NONE && fault.offset <= in.len);
        return;
    }
    room = malloc(in.len);
    if (room) {
        wr = wr_init(room, in.len);
        tpm_signature_write(&wr, &signature);
        FUZZ_ASSERT(bytes_equal(wr_done(&wr), in));
    }
    free(room);
}
