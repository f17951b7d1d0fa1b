#include "wire/answer.h"

enum answer_key {
    KEY_TIER = 0,
    KEY_REASONS = 1,
    KEY_CWT = 2,
    KEY_NONCE = 3,
    KEY_NEXT = 4,
    KEY_WANTED = 5,
    KEY_KNOWN = 6,
    KEY_ACTIONS = 7,
    N_KEYS = 8,
};

enum { REASON_MAX = 899, NEXT_MAX_S = 7 * 86400 };

/* Keys that must be there. */
#define KEYS_REQUIRED \
    (1u << KEY_TIER | 1u << KEY_REASONS | 1u << KEY_NONCE | 1u << KEY_NEXT | 1u << KEY_WANTED)

const char *
tier_name(enum tier tier)
{
    switch (tier) {
    case TIER_NONE:
        return "none";
    case TIER_AFFIRMING:
        return "affirming";
    case TIER_WARNING:
        return "warning";
    case TIER_CONTRAINDICATED:
        return "contraindicated";
    }
    return NULL;
}

static void
reasons_read(struct cbor_rd *c, struct answer *answer)
{
    answer->n_reasons = cbor_rd_array_max(c, LIMIT_REASONS);
    for (size_t i = 0; i < answer->n_reasons && !cbor_rd_failed(c); i++) {
        answer->reasons[i] = (uint16_t)cbor_rd_uint(c, REASON_MAX);
        cbor_rd_require(c, answer->reasons[i] != REASON_NONE);
    }
}

static void
tier_read(struct cbor_rd *c, struct answer *answer)
{
    answer->tier = (enum tier)cbor_rd_uint(c, TIER_CONTRAINDICATED);
    cbor_rd_require(c, tier_name(answer->tier) != NULL);
}

static void
field_read(struct cbor_rd *c, int64_t key, struct answer *answer)
{
    switch (key) {
    case KEY_TIER:
        tier_read(c, answer);
        break;
    case KEY_REASONS:
        reasons_read(c, answer);
        break;
    case KEY_CWT:
        answer->cwt = cbor_rd_bstr(c, LIMIT_TOKEN_BYTES);
        cbor_rd_require(c, answer->cwt.len > 0);
        break;
    case KEY_NONCE:
        cbor_rd_bstr_copy(c, answer->nonce, sizeof(answer->nonce));
        break;
    case KEY_NEXT:
        answer->next_s = (uint32_t)cbor_rd_uint(c, NEXT_MAX_S);
        break;
    case KEY_WANTED:
        selection_read_wanted(c, &answer->wanted);
        break;
    case KEY_KNOWN:
        answer->n_known = log_offsets_read(c, answer->known);
        break;
    case KEY_ACTIONS:
        answer->actions = (unsigned)cbor_rd_uint(c, ACTION_ALL);
        cbor_rd_require(c, answer->actions != 0);
        break;
    default:
        cbor_rd_fail(c);
    }
}

int
answer_read(struct bytes in, struct answer *ret, struct fault *ret_fault)
{
    struct cbor_rd c = cbor_rd_init(in);
    struct cbor_map map = cbor_rd_map(&c, N_KEYS);
    struct answer answer = {0};
    unsigned seen = 0;
    int64_t key;

    while (cbor_map_next_int(&c, &map, &key)) {
        field_read(&c, key, &answer);
        seen |= key >= 0 && key < N_KEYS ? 1u << key : 0;
    }
    if (!cbor_rd_end(&c) || (seen & KEYS_REQUIRED) != KEYS_REQUIRED) {
        return fault_at(ret_fault, RULE_WIRE_ANSWER, FAULT_NO_EVENT, rd_offset(&c.rd));
    }
    *ret = answer;
    return 0;
}

static void
judgement_write(struct wr *wr, const struct answer *answer)
{
    cbor_wr_uint(wr, KEY_TIER);
    cbor_wr_uint(wr, answer->tier);
    cbor_wr_uint(wr, KEY_REASONS);
    cbor_wr_array(wr, answer->n_reasons);
    for (size_t i = 0; i < answer->n_reasons; i++) {
        cbor_wr_uint(wr, answer->reasons[i]);
    }
    if (answer->cwt.p) {
        cbor_wr_uint(wr, KEY_CWT);
        cbor_wr_bstr(wr, answer->cwt);
    }
}

void
answer_write(struct wr *wr, const struct answer *answer)
{
    cbor_wr_map(wr, 5u + (answer->cwt.p != NULL) + (answer->n_known > 0) + (answer->actions != 0));
    judgement_write(wr, answer);
    cbor_wr_uint(wr, KEY_NONCE);
    cbor_wr_bstr(wr, BYTES_OF(answer->nonce));
    cbor_wr_uint(wr, KEY_NEXT);
    cbor_wr_uint(wr, answer->next_s);
    cbor_wr_uint(wr, KEY_WANTED);
    selection_write_wanted(wr, &answer->wanted);
    if (answer->n_known > 0) {
        cbor_wr_uint(wr, KEY_KNOWN);
        log_offsets_write(wr, answer->known, answer->n_known);
    }
    if (answer->actions != 0) {
        cbor_wr_uint(wr, KEY_ACTIONS);
        cbor_wr_uint(wr, answer->actions);
    }
}
