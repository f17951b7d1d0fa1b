/* What the reader accepts has one spelling: it writes back to the same bytes. */
#include "formats/tpm-attest.h"
#include "lib/fuzz.h"

static void
read_as(struct bytes in, enum tpm_attest_type type)
{
    struct tpm_attest attest;
    struct fault fault = {.rule = RULE_NONE};
    uint8_t room[1024];
    struct wr wr = wr_init(room, sizeof(room));

    if (tpm_attest_read(in, type, &attest, &fault) != 0) {
        FUZZ_ASSERT(fault.rule != RULE_NONE && fault.offset <= in.len);
        return;
    }
    tpm_attest_write(&wr, &attest);
    FUZZ_ASSERT(bytes_equal(wr_done(&wr), in));
}

void
fuzz_one(struct bytes in)
{
    struct bytes inner;

    read_as(in, TPM_ATTEST_QUOTE);
    read_as(in, TPM_ATTEST_CERTIFY);
    if (tpm_attest_wrapped(in, &inner, NULL) == 0) {
        read_as(inner, TPM_ATTEST_QUOTE);
    }
}
