/* Records from a hijacked reader: what is taken stays within its bounds, and is written again to
 * the same bytes. */
#include "appraise/ima-records.h"
#include "lib/fuzz.h"

void
fuzz_one(struct bytes in)
{
    static uint8_t room[1 << 20];
    struct wr wr = wr_init(room, sizeof(room));
    struct ima_records records = ima_records_open(in);
    struct ima_record record;
    struct fault fault;
    uint32_t end = 0;
    int r;

    while ((r = ima_records_next(&records, &record, &fault)) == 0) {
        FUZZ_ASSERT(record.pcr < LIMIT_PCRS && record.flags <= IMA_RECORD_FLAGS);
        FUZZ_ASSERT(record.end > end && record.file_digest.len <= HASH_SIZE_MAX);
        end = record.end;
        ima_records_entry(&wr, &record);
    }
    if (r == IMA_RECORDS_E_FAULT) {
        FUZZ_ASSERT(fault.rule != RULE_NONE && fault.rule < RULE_N);
        ima_records_fault(&wr, &fault);
    }
    if (r != IMA_RECORDS_E_FORM && !wr.failed) {
        FUZZ_ASSERT(bytes_equal(wr_done(&wr), in));
    }
}
