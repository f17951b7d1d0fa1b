#include "formats/tpm-attest.h"

#define TPM_GENERATED_VALUE UINT32_C(0xff544347)

static const struct {
    uint16_t type;
    enum rule rule;
} types[] = {
    {0x8014, RULE_ATTEST_IS_NV},
    {0x8015, RULE_ATTEST_IS_COMMAND_AUDIT},
    {0x8016, RULE_ATTEST_IS_SESSION_AUDIT},
    {0x8017, RULE_ATTEST_IS_CERTIFY},
    {0x8018, RULE_ATTEST_IS_QUOTE},
    {0x8019, RULE_ATTEST_IS_TIME},
    {0x801a, RULE_ATTEST_IS_CREATION},
    {0x801c, RULE_ATTEST_IS_NV_DIGEST},
};

static enum rule
type_rule(uint16_t type)
{
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        if (types[i].type == type) {
            return types[i].rule;
        }
    }
    return RULE_ATTEST_IS_UNKNOWN;
}

/* A TPM2B of at most max bytes. */
static int
sized_read(struct rd *rd, size_t max, struct bytes *ret, struct fault *ret_fault)
{
    size_t at = rd_offset(rd);
    uint16_t size = rd_be16(rd);

    if (!rd->failed && size > max) {
        return fault_at(ret_fault, RULE_ATTEST_SIZE, FAULT_NO_EVENT, at);
    }
    *ret = rd_bytes(rd, size);
    return rd->failed ? fault_at(ret_fault, RULE_ATTEST_SHORT, FAULT_NO_EVENT, at) : 0;
}

/* TPMS_CLOCK_INFO and firmwareVersion */
static int
clock_read(struct rd *rd, struct tpm_attest *attest, struct fault *ret_fault)
{
    size_t at = rd_offset(rd);
    uint8_t safe;

    attest->clock_ms = rd_be64(rd);
    attest->reset_count = rd_be32(rd);
    attest->restart_count = rd_be32(rd);
    safe = rd_u8(rd);
    attest->firmware_version = rd_be64(rd);
    if (rd->failed) {
        return fault_at(ret_fault, RULE_ATTEST_SHORT, FAULT_NO_EVENT, at);
    }
    if (safe > 1) {
        return fault_at(ret_fault, RULE_ATTEST_SAFE, FAULT_NO_EVENT, at + 16);
    }
    attest->safe = safe == 1;
    return 0;
}

/* TPMU_ATTEST of the two types that we read. */
static int
attested_read(struct rd *rd, struct tpm_attest *attest, struct fault *ret_fault)
{
    if (attest->type == TPM_ATTEST_CERTIFY) {
        if (sized_read(rd, LIMIT_TPM_NAME_BYTES, &attest->name, ret_fault) != 0) {
            return 1;
        }
        return sized_read(rd, LIMIT_TPM_NAME_BYTES, &attest->qualified_name, ret_fault);
    }
    if (tpm_selections_read(rd, &attest->selections, ret_fault) != 0) {
        return 1;
    }
    return sized_read(rd, HASH_SIZE_MAX, &attest->pcr_digest, ret_fault);
}

static int
head_read(struct rd *rd, enum tpm_attest_type want, struct fault *ret_fault)
{
    uint32_t magic = rd_be32(rd);
    uint16_t type;

    if (rd->failed) {
        return fault_at(ret_fault, RULE_ATTEST_SHORT, FAULT_NO_EVENT, 0);
    }
    if (magic != TPM_GENERATED_VALUE) {
        return fault_at(ret_fault, RULE_ATTEST_MAGIC, FAULT_NO_EVENT, 0);
    }
    type = rd_be16(rd);
    if (rd->failed) {
        return fault_at(ret_fault, RULE_ATTEST_SHORT, FAULT_NO_EVENT, rd_offset(rd));
    }
    return type == want ? 0 : fault_at(ret_fault, type_rule(type), FAULT_NO_EVENT, 4);
}

int
tpm_attest_read(struct bytes in, enum tpm_attest_type want, struct tpm_attest *ret,
                struct fault *ret_fault)
{
    struct rd rd = rd_init(in);
    struct tpm_attest attest = {.type = want};

    if (head_read(&rd, want, ret_fault) != 0 ||
        sized_read(&rd, LIMIT_TPM_NAME_BYTES, &attest.qualified_signer, ret_fault) != 0 ||
        sized_read(&rd, LIMIT_TPM_NAME_BYTES, &attest.extra_data, ret_fault) != 0 ||
        clock_read(&rd, &attest, ret_fault) != 0 || attested_read(&rd, &attest, ret_fault) != 0) {
        return 1;
    }
    if (!rd_end(&rd)) {
        return fault_at(ret_fault, RULE_ATTEST_TRAILING, FAULT_NO_EVENT, rd_offset(&rd));
    }
    *ret = attest;
    return 0;
}

int
tpm_attest_wrapped(struct bytes in, struct bytes *ret_attest, struct fault *ret_fault)
{
    struct rd rd = rd_init(in);
    uint16_t size = rd_be16(&rd);
    struct bytes view = rd_bytes(&rd, size);

    if (!rd_end(&rd)) {
        return fault_at(ret_fault, RULE_ATTEST_WRAP, FAULT_NO_EVENT, 0);
    }
    *ret_attest = view;
    return 0;
}

static void
sized_write(struct wr *wr, struct bytes in)
{
    wr_be16(wr, (uint16_t)in.len);
    wr_bytes(wr, in);
}

void
tpm_attest_write(struct wr *wr, const struct tpm_attest *attest)
{
    wr_be32(wr, TPM_GENERATED_VALUE);
    wr_be16(wr, (uint16_t)attest->type);
    sized_write(wr, attest->qualified_signer);
    sized_write(wr, attest->extra_data);
    wr_be64(wr, attest->clock_ms);
    wr_be32(wr, attest->reset_count);
    wr_be32(wr, attest->restart_count);
    wr_u8(wr, attest->safe ? 1 : 0);
    wr_be64(wr, attest->firmware_version);
    if (attest->type == TPM_ATTEST_CERTIFY) {
        sized_write(wr, attest->name);
        sized_write(wr, attest->qualified_name);
        return;
    }
    tpm_selections_write(wr, &attest->selections);
    sized_write(wr, attest->pcr_digest);
}
