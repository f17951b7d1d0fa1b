#include "appraise/ima-records.h"

enum { TAG_ENTRY = 1, TAG_FAULT = 2 };

const enum hash ima_records_banks[IMA_RECORDS_BANKS] = {HASH_SHA1, HASH_SHA256, HASH_SHA384,
                                                        HASH_SHA512};

void
ima_records_entry(struct wr *wr, const struct ima_record *record)
{
    wr_u8(wr, TAG_ENTRY);
    wr_u8(wr, (uint8_t)record->pcr);
    wr_u8(wr, (uint8_t)record->flags);
    wr_le32(wr, record->end);
    for (size_t i = 0; i < IMA_RECORDS_BANKS; i++) {
        wr_bytes(wr, record->template_digest[i]);
    }
    wr_le16(wr, record->file_hash == HASH_N ? 0 : hash_tpm_id(record->file_hash));
    wr_u8(wr, (uint8_t)record->file_digest.len);
    wr_bytes(wr, record->file_digest);
}

void
ima_records_fault(struct wr *wr, const struct fault *fault)
{
    wr_u8(wr, TAG_FAULT);
    wr_le16(wr, (uint16_t)fault->rule);
    wr_le32(wr, fault->event);
    wr_le64(wr, fault->offset);
}

struct ima_records
ima_records_open(struct bytes in)
{
    return (struct ima_records){.rd = rd_init(in)};
}

/* Kernels write a violation's file digest as 20 zeros, whatever the algorithm. */
static bool
file_digest_fits(const struct ima_record *record)
{
    if (record->file_digest.len > HASH_SIZE_MAX) {
        return false;
    }
    return record->file_hash == HASH_N || record->file_digest.len == 0 ||
           record->file_digest.len == hash_size(record->file_hash) ||
           record->flags & IMA_RECORD_VIOLATION;
}

static int
entry_read(struct ima_records *records, struct ima_record *ret)
{
    struct rd *rd = &records->rd;
    struct ima_record record = {.pcr = rd_u8(rd)};
    uint16_t id;

    record.flags = rd_u8(rd);
    record.end = rd_le32(rd);
    for (size_t i = 0; i < IMA_RECORDS_BANKS; i++) {
        record.template_digest[i] = rd_bytes(rd, hash_size(ima_records_banks[i]));
    }
    id = rd_le16(rd);
    record.file_hash = id ? hash_from_tpm_id(id) : HASH_N;
    record.file_digest = rd_bytes(rd, rd_u8(rd));
    if (rd->failed || record.pcr >= LIMIT_PCRS || record.flags > IMA_RECORD_FLAGS ||
        record.end <= records->end || records->n_read == LIMIT_IMA_ENTRIES ||
        (id && record.file_hash == HASH_N) || !file_digest_fits(&record)) {
        rd_fail(rd);
        return IMA_RECORDS_E_FORM;
    }
    records->end = record.end;
    records->n_read++;
    *ret = record;
    return 0;
}

static int
fault_read(struct ima_records *records, struct fault *ret_fault)
{
    struct rd *rd = &records->rd;
    struct fault fault = {.rule = (enum rule)rd_le16(rd)};

    fault.event = rd_le32(rd);
    fault.offset = rd_le64(rd);
    if (!rd_end(rd) || fault.rule == RULE_NONE || fault.rule >= RULE_N) {
        rd_fail(rd);
        return IMA_RECORDS_E_FORM;
    }
    if (ret_fault) {
        *ret_fault = fault;
    }
    return IMA_RECORDS_E_FAULT;
}

int
ima_records_next(struct ima_records *records, struct ima_record *ret, struct fault *ret_fault)
{
    if (rd_end(&records->rd)) {
        return IMA_RECORDS_E_END;
    }
    switch (rd_u8(&records->rd)) {
    case TAG_ENTRY:
        return entry_read(records, ret);
    case TAG_FAULT:
        return fault_read(records, ret_fault);
    default:
        rd_fail(&records->rd);
        return IMA_RECORDS_E_FORM;
    }
}
