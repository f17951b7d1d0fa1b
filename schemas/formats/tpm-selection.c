#include "formats/tpm-selection.h"

enum { SELECT_SIZE_MIN = 1, SELECT_SIZE_MAX = 4, SELECT_SIZE_PC = 3 };

static bool
has_bank(const struct tpm_selections *selections, uint16_t alg_id)
{
    for (size_t i = 0; i < selections->n; i++) {
        if (selections->bank[i].alg_id == alg_id) {
            return true;
        }
    }
    return false;
}

static int
selection_read(struct rd *rd, uint32_t index, struct tpm_selection *ret, struct fault *ret_fault)
{
    size_t at = rd_offset(rd);
    struct tpm_selection one = {0};

    one.alg_id = rd_be16(rd);
    one.alg = hash_from_tpm_id(one.alg_id);
    one.size = rd_u8(rd);
    if (rd->failed) {
        return fault_at(ret_fault, RULE_ATTEST_SHORT, index, at);
    }
    if (one.size < SELECT_SIZE_MIN || one.size > SELECT_SIZE_MAX) {
        return fault_at(ret_fault, RULE_SELECTION_SIZE, index, at);
    }
    for (unsigned i = 0; i < one.size; i++) {
        one.mask |= (uint32_t)rd_u8(rd) << (8 * i);
    }
    if (rd->failed) {
        return fault_at(ret_fault, RULE_ATTEST_SHORT, index, at);
    }
    *ret = one;
    return 0;
}

int
tpm_selections_read(struct rd *rd, struct tpm_selections *ret, struct fault *ret_fault)
{
    size_t at = rd_offset(rd);
    uint32_t count = rd_be32(rd);
    struct tpm_selections all = {0};

    if (rd->failed) {
        return fault_at(ret_fault, RULE_ATTEST_SHORT, FAULT_NO_EVENT, at);
    }
    if (count > LIMIT_BANKS) {
        return fault_at(ret_fault, RULE_SELECTION_BANKS, FAULT_NO_EVENT, at);
    }
    for (uint32_t i = 0; i < count; i++) {
        struct tpm_selection one;

        at = rd_offset(rd);
        if (selection_read(rd, i, &one, ret_fault) != 0) {
            return 1;
        }
        /* Two sets of one bank would let a reader of the values take one for the other. */
        if (has_bank(&all, one.alg_id)) {
            return fault_at(ret_fault, RULE_SELECTION_TWICE, i, at);
        }
        all.bank[all.n++] = one;
    }
    *ret = all;
    return 0;
}

void
tpm_selections_write(struct wr *wr, const struct tpm_selections *selections)
{
    wr_be32(wr, (uint32_t)selections->n);
    for (size_t i = 0; i < selections->n; i++) {
        const struct tpm_selection *one = &selections->bank[i];

        wr_be16(wr, one->alg_id);
        wr_u8(wr, one->size);
        for (unsigned k = 0; k < one->size; k++) {
            wr_u8(wr, (uint8_t)(one->mask >> (8 * k)));
        }
    }
}

bool
tpm_selections_equal(const struct tpm_selections *a, const struct tpm_selections *b)
{
    if (a->n != b->n) {
        return false;
    }
    for (size_t i = 0; i < a->n; i++) {
        if (a->bank[i].alg_id != b->bank[i].alg_id || a->bank[i].mask != b->bank[i].mask) {
            return false;
        }
    }
    return true;
}

bool
tpm_selections_empty(const struct tpm_selections *selections)
{
    for (size_t i = 0; i < selections->n; i++) {
        if (selections->bank[i].mask != 0) {
            return false;
        }
    }
    return true;
}

bool
tpm_selections_pc_client(const struct tpm_selections *selections)
{
    for (size_t i = 0; i < selections->n; i++) {
        if (selections->bank[i].size != SELECT_SIZE_PC) {
            return false;
        }
    }
    return true;
}

/* The bytes up to the separator, which is taken too; more says whether there was one. */
static struct bytes
text_until(struct rd *rd, uint8_t separator, bool *ret_more)
{
    struct rd probe = *rd;
    size_t n = 0;
    struct bytes part;

    *ret_more = false;
    while (rd_left(&probe) > 0) {
        if (rd_u8(&probe) == separator) {
            *ret_more = true;
            break;
        }
        n++;
    }
    part = rd_bytes(rd, n);
    if (*ret_more) {
        (void)rd_u8(rd);
    }
    return part;
}

/* A decimal PCR number of one or two digits. */
static int
pcr_number(struct bytes text, unsigned *ret_pcr)
{
    struct rd rd = rd_init(text);
    unsigned value = 0;

    if (text.len < 1 || text.len > 2) {
        return 1;
    }
    while (rd_left(&rd) > 0) {
        uint8_t c = rd_u8(&rd);

        if (c < '0' || c > '9') {
            return 1;
        }
        value = value * 10 + (c - (unsigned)'0');
    }
    *ret_pcr = value;
    return value < LIMIT_PCRS ? 0 : 1;
}

/* "3" or "0-7" */
static int
pcr_range(struct bytes text, uint32_t *mask)
{
    struct rd rd = rd_init(text);
    unsigned from = 0;
    unsigned to = 0;
    bool range;

    if (pcr_number(text_until(&rd, '-', &range), &from) != 0) {
        return 1;
    }
    to = from;
    if (range && pcr_number(rd_rest(&rd), &to) != 0) {
        return 1;
    }
    for (unsigned pcr = from; pcr <= to; pcr++) {
        *mask |= UINT32_C(1) << pcr;
    }
    return from <= to ? 0 : 1;
}

/* "0,1,4-7" or "none" */
static int
pcr_list(struct bytes text, uint32_t *ret_mask)
{
    struct rd rd = rd_init(text);
    uint32_t mask = 0;
    bool more = true;

    while (more && !bytes_equal(text, bytes_str("none"))) {
        if (pcr_range(text_until(&rd, ',', &more), &mask) != 0) {
            return 1;
        }
    }
    *ret_mask = mask;
    return 0;
}

int
tpm_selections_text(struct bytes text, struct tpm_selections *ret)
{
    struct rd rd = rd_init(text);
    struct tpm_selections all = {0};
    bool more = true;

    while (more) {
        struct rd bank = rd_init(text_until(&rd, '+', &more));
        struct tpm_selection one = {.size = SELECT_SIZE_PC};
        bool colon;

        one.alg = hash_from_name(text_until(&bank, ':', &colon));
        one.alg_id = hash_tpm_id(one.alg);
        if (one.alg == HASH_N || !colon || pcr_list(rd_rest(&bank), &one.mask) != 0 ||
            has_bank(&all, one.alg_id) || all.n == LIMIT_BANKS) {
            return 1;
        }
        all.bank[all.n++] = one;
    }
    *ret = all;
    return 0;
}
