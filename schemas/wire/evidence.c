#include "wire/evidence.h"

/* Content formats of the items, and the CMW indicator for evidence. RFC 9711, CMW section 3. */
enum {
    CF_UCCS = 267,
    CF_OCTETS = 42,
    CF_CBOR = 60,
    IND_EVIDENCE = 4,
    ITEM_CLAIMS = 0,
    ITEM_QUOTE = 1,
    ITEM_VALUES = 2,
    ITEM_LOGS = 3,
    ITEM_KEY = -1, /* logs may become more, so it stands on the other side of zero */
    ITEMS_MAX = 4 + LIMIT_EVIDENCE_LOGS,
    KEY_MAX = 8192,
    QUOTE_MAX = 2048,
    VALUES_MAX = 4096,
};

static struct bytes
item_read(struct cbor_rd *c, uint64_t type, size_t max)
{
    struct bytes value;

    cbor_rd_array(c, 3);
    if (cbor_rd_uint(c, UINT16_MAX) != type) {
        cbor_rd_fail(c);
    }
    value = cbor_rd_bstr(c, max);
    if (cbor_rd_uint(c, IND_EVIDENCE) != IND_EVIDENCE || value.len == 0) {
        cbor_rd_fail(c);
    }
    return value;
}

static void
log_item_read(struct cbor_rd *c, size_t i, struct evidence *evidence)
{
    if (i >= LIMIT_EVIDENCE_LOGS) {
        cbor_rd_fail(c);
        return;
    }
    cbor_rd_array(c, 3);
    if (cbor_rd_peek(c) == CBOR_TSTR) {
        evidence->log_types[i] = LOG_USERSPACE;
        if (!bytes_equal(cbor_rd_tstr(c, LIMIT_TEXT), bytes_str(EVIDENCE_TYPE_SEQ))) {
            cbor_rd_fail(c);
        }
    } else if (cbor_rd_uint(c, UINT16_MAX) != EVIDENCE_TYPE_BINARY) {
        cbor_rd_fail(c);
    }
    evidence->logs[i] = cbor_rd_bstr(c, LIMIT_IMA_BYTES);
    if (cbor_rd_uint(c, IND_EVIDENCE) != IND_EVIDENCE || evidence->logs[i].len == 0) {
        cbor_rd_fail(c);
    }
}

int
evidence_read(struct bytes in, struct evidence *ret, struct fault *ret_fault)
{
    struct cbor_rd c = cbor_rd_init(in);
    struct cbor_map map = cbor_rd_map(&c, ITEMS_MAX);
    struct evidence evidence = {0};
    int64_t key;

    while (cbor_map_next_int(&c, &map, &key)) {
        if (key == ITEM_CLAIMS) {
            evidence.claims = item_read(&c, CF_UCCS, LIMIT_ENVELOPE_BYTES);
        } else if (key == ITEM_QUOTE) {
            evidence.quote = item_read(&c, CF_OCTETS, QUOTE_MAX);
        } else if (key == ITEM_VALUES) {
            evidence.values = item_read(&c, CF_CBOR, VALUES_MAX);
        } else if (key == ITEM_KEY) {
            evidence.key = item_read(&c, CF_CBOR, KEY_MAX);
        } else if (key >= ITEM_LOGS) {
            log_item_read(&c, (size_t)key - ITEM_LOGS, &evidence);
        } else {
            cbor_rd_fail(&c);
        }
    }
    if (!cbor_rd_end(&c) || !evidence.claims.p || !evidence.quote.p) {
        return fault_at(ret_fault, RULE_WIRE_EVIDENCE, FAULT_NO_EVENT, rd_offset(&c.rd));
    }
    *ret = evidence;
    return 0;
}

/* Whether one item is what its claim says. */
static bool
log_matches(struct bytes item, uint8_t type, const struct claims_log *log)
{
    bool text = type == LOG_USERSPACE;

    if (log->whole && log->offset != 0 && log->offset != log->length) {
        return false; /* a log that cannot grow is known whole or not at all */
    }
    if (log->whole && item.len != log->length - log->offset) {
        return false;
    }
    return !item.p || text == (log->kind == LOG_USERSPACE);
}

int
evidence_match(const struct evidence *evidence, const struct claims *claims,
               struct fault *ret_fault)
{
    bool seen[LOG_KIND_MAX + 1] = {false};

    for (size_t i = 0; i < LIMIT_EVIDENCE_LOGS; i++) {
        bool good = i < claims->n_logs
                        ? log_matches(evidence->logs[i], evidence->log_types[i], &claims->logs[i])
                        : !evidence->logs[i].p;

        if (good && i < claims->n_logs) {
            good = !seen[claims->logs[i].kind];
            seen[claims->logs[i].kind] = true;
        }
        if (!good) {
            return fault_at(ret_fault, RULE_WIRE_CLAIMS_LOGS, (uint32_t)i, 0);
        }
    }
    return 0;
}

static void
item_write(struct wr *wr, int64_t key, uint64_t type, struct bytes value)
{
    cbor_wr_int(wr, key);
    cbor_wr_array(wr, 3);
    cbor_wr_uint(wr, type);
    cbor_wr_bstr(wr, value);
    cbor_wr_uint(wr, IND_EVIDENCE);
}

static void
log_item_write(struct wr *wr, size_t i, enum log_kind kind, struct bytes value)
{
    if (kind != LOG_USERSPACE) {
        item_write(wr, ITEM_LOGS + (int64_t)i, EVIDENCE_TYPE_BINARY, value);
        return;
    }
    cbor_wr_uint(wr, ITEM_LOGS + i);
    cbor_wr_array(wr, 3);
    cbor_wr_tstr(wr, EVIDENCE_TYPE_SEQ);
    cbor_wr_bstr(wr, value);
    cbor_wr_uint(wr, IND_EVIDENCE);
}

void
evidence_write(struct wr *wr, const struct evidence *evidence, const struct claims *claims)
{
    size_t n = 2u + (evidence->values.p != NULL) + (evidence->key.p != NULL);

    for (size_t i = 0; i < claims->n_logs; i++) {
        n += evidence->logs[i].len > 0;
    }
    cbor_wr_map(wr, n);
    item_write(wr, ITEM_CLAIMS, CF_UCCS, evidence->claims);
    item_write(wr, ITEM_QUOTE, CF_OCTETS, evidence->quote);
    if (evidence->values.p) {
        item_write(wr, ITEM_VALUES, CF_CBOR, evidence->values);
    }
    for (size_t i = 0; i < claims->n_logs; i++) {
        if (evidence->logs[i].len > 0) {
            log_item_write(wr, i, claims->logs[i].kind, evidence->logs[i]);
        }
    }
    if (evidence->key.p) {
        item_write(wr, ITEM_KEY, CF_CBOR, evidence->key);
    }
}

/* PCR 10 grows on while values are read, so its own is never sent: the IMA list's replay finds it.
 */
static uint32_t
values_mask(const struct pcr_set *set)
{
    return set->mask & ~PCR_MASK_IMA;
}

/* Position in the selection of the bank that a map key names, counting only banks with values;
 * selection.n when there is none. */
static size_t
values_bank(const struct selection *selection, int64_t key)
{
    for (size_t i = 0; i < selection->n; i++) {
        if (hash_tpm_id(selection->sets[i].bank) == key && values_mask(&selection->sets[i]) != 0) {
            return i;
        }
    }
    return selection->n;
}

static void
bank_read(struct cbor_rd *c, const struct pcr_set *set, uint8_t out[LIMIT_PCRS][HASH_SIZE_MAX])
{
    cbor_rd_array(c, (size_t)__builtin_popcount(values_mask(set)));
    for (size_t pcr = 0; pcr < LIMIT_PCRS; pcr++) {
        if (values_mask(set) >> pcr & 1) {
            cbor_rd_bstr_copy(c, out[pcr], hash_size(set->bank));
        }
    }
}

static size_t
banks_with_values(const struct selection *selection)
{
    size_t n = 0;

    for (size_t i = 0; i < selection->n; i++) {
        n += values_mask(&selection->sets[i]) != 0;
    }
    return n;
}

int
pcr_values_read(struct bytes in, const struct selection *selection, struct pcr_values *ret,
                struct fault *ret_fault)
{
    struct cbor_rd c = cbor_rd_init(in);
    struct cbor_map map = cbor_rd_map(&c, LIMIT_BANKS);
    size_t n = 0;
    int64_t key;

    memset(ret, 0, sizeof(*ret));
    ret->selection = *selection;
    while (cbor_map_next_int(&c, &map, &key)) {
        size_t i = values_bank(selection, key);

        if (i == selection->n) {
            cbor_rd_fail(&c);
            break;
        }
        bank_read(&c, &selection->sets[i], ret->value[i]);
        n++;
    }
    if (!cbor_rd_end(&c) || n != banks_with_values(selection)) {
        memset(ret, 0, sizeof(*ret));
        return fault_at(ret_fault, RULE_WIRE_VALUES, FAULT_NO_EVENT, rd_offset(&c.rd));
    }
    return 0;
}

static void
bank_write(struct wr *wr, const struct pcr_set *set, const uint8_t value[LIMIT_PCRS][HASH_SIZE_MAX])
{
    cbor_wr_uint(wr, hash_tpm_id(set->bank));
    cbor_wr_array(wr, (size_t)__builtin_popcount(values_mask(set)));
    for (size_t pcr = 0; pcr < LIMIT_PCRS; pcr++) {
        if (values_mask(set) >> pcr & 1) {
            cbor_wr_bstr(wr, bytes_of(value[pcr], hash_size(set->bank)));
        }
    }
}

void
pcr_values_write(struct wr *wr, const struct pcr_values *values)
{
    const struct selection *selection = &values->selection;

    cbor_wr_map(wr, banks_with_values(selection));
    /* keys ascend as the enum does: SHA-1 4, SHA-256 11, … */
    for (size_t bank = 0; bank < HASH_N; bank++) {
        for (size_t i = 0; i < selection->n; i++) {
            if (selection->sets[i].bank == (enum hash)bank &&
                values_mask(&selection->sets[i]) != 0) {
                bank_write(wr, &selection->sets[i], values->value[i]);
            }
        }
    }
}
