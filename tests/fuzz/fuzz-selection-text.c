/* "sha1:0,1+sha256:0-7": what is read has one binary form, which reads back to the same. */
#include "formats/tpm-selection.h"
#include "lib/fuzz.h"

void
fuzz_one(struct bytes in)
{
    struct tpm_selections read;
    struct tpm_selections again;
    struct fault fault = {0};
    uint8_t room[256];
    struct wr wr = wr_init(room, sizeof(room));
    struct rd rd;
    uint32_t all = 0;

    if (tpm_selections_text(in, &read) != 0) {
        return;
    }
    FUZZ_ASSERT(read.n > 0 && read.n <= LIMIT_BANKS && tpm_selections_pc_client(&read));
    for (size_t i = 0; i < read.n; i++) {
        all |= read.bank[i].mask;
    }
    FUZZ_ASSERT(all < UINT32_C(1) << LIMIT_PCRS && tpm_selections_empty(&read) == (all == 0));
    tpm_selections_write(&wr, &read);
    rd = rd_init(wr_done(&wr));
    FUZZ_ASSERT(tpm_selections_read(&rd, &again, &fault) == 0 && rd_end(&rd));
    FUZZ_ASSERT(tpm_selections_equal(&read, &again));
    again.bank[0].mask ^= 1;
    FUZZ_ASSERT(!tpm_selections_equal(&read, &again));
    again.n--;
    FUZZ_ASSERT(!tpm_selections_equal(&read, &again));
}
