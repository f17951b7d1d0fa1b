#include "reader/reader-ima.h"

#include <errno.h>

#include "appraise/ima-records.h"
#include "formats/ima-replay.h"

/* Returns 0, 1 with the fault, or a negative errno. */
static int
record(struct hasher *hasher, const struct ima *ima, const struct ima_entry *entry,
       struct wr *records, struct fault *fault)
{
    uint8_t digests[IMA_RECORDS_BANKS][HASH_SIZE_MAX];
    struct ima_record out = {.pcr = entry->pcr,
                             .end = (uint32_t)rd_offset(&ima->rd),
                             .file_hash = entry->digest.hash,
                             .file_digest = entry->digest.value};
    int r = ima_template_hash_check(hasher, entry, ima->column);

    if (r > 0) {
        return fault_at(fault, RULE_IMA_TEMPLATE_HASH, entry->number, entry->offset);
    }
    for (size_t i = 0; i < IMA_RECORDS_BANKS && r == 0; i++) {
        r = ima_data_hash(hasher, entry, ima_records_banks[i], digests[i]);
        out.template_digest[i] = bytes_of(digests[i], hash_size(ima_records_banks[i]));
    }
    if (r < 0) {
        return r;
    }
    out.flags = (entry->violation ? IMA_RECORD_VIOLATION : 0u) |
                (bytes_equal(entry->name, bytes_str("boot_aggregate")) ? IMA_RECORD_AGGREGATE : 0u);
    ima_records_entry(records, &out);
    return 0;
}

int
reader_ima(struct bytes part, struct hasher *hasher, struct wr *records)
{
    struct fault fault = {.event = FAULT_NO_EVENT};
    struct ima_entry entry;
    struct ima ima;
    int r = ima_open(&ima, part, HASH_SHA1, 0, &fault);

    while (r == 0 && (r = ima_next(&ima, &entry, &fault)) == 0) {
        r = record(hasher, &ima, &entry, records, &fault);
    }
    if (r == IMA_E_FAULT) {
        ima_records_fault(records, &fault);
    }
    if (r < 0) {
        return r;
    }
    return records->failed ? -ENOSPC : 0;
}
