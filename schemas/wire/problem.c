#include "wire/problem.h"

/* Standard entries of RFC 9290 section 2 and the keys of ours. */
enum {
    ENTRY_TITLE = -1,
    ENTRY_CODE = -4,
    KEY_REASON = 0,
    KEY_NONCE = 1,
    KEY_RETRY = 2,
    KEY_WANTED = 3,
    KEY_WANT_LOGS = 4,
    KEY_WANT_VALUES = 5,
    N_KEYS = 6,
    N_ENTRIES = 16,
    REASON_MAX = 899,
    RETRY_MAX_S = 7 * 86400,
};

static void
own_field_read(struct cbor_rd *c, int64_t key, struct problem *problem)
{
    switch (key) {
    case KEY_REASON:
        problem->reason = (uint16_t)cbor_rd_uint(c, REASON_MAX);
        cbor_rd_require(c, problem->reason != REASON_NONE);
        break;
    case KEY_NONCE:
        problem->has_nonce = true;
        cbor_rd_bstr_copy(c, problem->nonce, sizeof(problem->nonce));
        break;
    case KEY_RETRY:
        problem->retry_s = (uint32_t)cbor_rd_uint(c, RETRY_MAX_S);
        cbor_rd_require(c, problem->retry_s != 0);
        break;
    case KEY_WANTED:
        selection_read_wanted(c, &problem->wanted);
        problem->has_wanted = true;
        break;
    case KEY_WANT_LOGS:
        problem->n_want_logs = log_offsets_read(c, problem->want_logs);
        break;
    case KEY_WANT_VALUES:
        problem->want_values = cbor_rd_bool(c);
        cbor_rd_require(c, problem->want_values);
        break;
    default:
        cbor_rd_fail(c);
    }
}

static void
own_read(struct cbor_rd *c, struct problem *problem)
{
    struct cbor_map map = cbor_rd_map(c, N_KEYS);
    int64_t key;

    cbor_rd_require(c, map.left > 0);
    while (cbor_map_next_int(c, &map, &key)) {
        own_field_read(c, key, problem);
    }
}

int
problem_read(struct bytes in, struct problem *ret, struct fault *ret_fault)
{
    struct cbor_rd c = cbor_rd_init(in);
    struct cbor_map map = cbor_rd_map(&c, N_ENTRIES);
    struct problem problem = {0};
    struct cbor_key key;

    while (cbor_map_next(&c, &map, &key)) {
        if (key.text.p && bytes_equal(key.text, bytes_str(PROBLEM_ENTRY))) {
            own_read(&c, &problem);
        } else if (!key.text.p && key.number == ENTRY_TITLE) {
            problem.title = cbor_rd_tstr(&c, LIMIT_TEXT);
        } else if (!key.text.p && key.number == ENTRY_CODE) {
            problem.code = (uint8_t)cbor_rd_uint(&c, UINT8_MAX);
            cbor_rd_require(&c, problem.code != 0);
        } else {
            (void)cbor_rd_raw(&c);
        }
    }
    if (!cbor_rd_end(&c)) {
        return fault_at(ret_fault, RULE_WIRE_PROBLEM, FAULT_NO_EVENT, rd_offset(&c.rd));
    }
    *ret = problem;
    return 0;
}

static void
want_write(struct wr *wr, const struct problem *problem)
{
    if (problem->has_wanted) {
        cbor_wr_uint(wr, KEY_WANTED);
        selection_write_wanted(wr, &problem->wanted);
    }
    if (problem->n_want_logs > 0) {
        cbor_wr_uint(wr, KEY_WANT_LOGS);
        log_offsets_write(wr, problem->want_logs, problem->n_want_logs);
    }
    if (problem->want_values) {
        cbor_wr_uint(wr, KEY_WANT_VALUES);
        cbor_wr_bool(wr, true);
    }
}

static size_t
own_count(const struct problem *problem)
{
    return (size_t)(problem->reason != 0) + problem->has_nonce + (problem->retry_s != 0) +
           problem->has_wanted + (problem->n_want_logs > 0) + problem->want_values;
}

static void
own_write(struct wr *wr, const struct problem *problem)
{
    cbor_wr_tstr(wr, PROBLEM_ENTRY);
    cbor_wr_map(wr, own_count(problem));
    if (problem->reason != 0) {
        cbor_wr_uint(wr, KEY_REASON);
        cbor_wr_uint(wr, problem->reason);
    }
    if (problem->has_nonce) {
        cbor_wr_uint(wr, KEY_NONCE);
        cbor_wr_bstr(wr, BYTES_OF(problem->nonce));
    }
    if (problem->retry_s != 0) {
        cbor_wr_uint(wr, KEY_RETRY);
        cbor_wr_uint(wr, problem->retry_s);
    }
    want_write(wr, problem);
}

void
problem_write(struct wr *wr, const struct problem *problem)
{
    bool own = own_count(problem) > 0;

    cbor_wr_map(wr, (size_t)(problem->title.p != NULL) + (problem->code != 0) + own);
    if (problem->title.p) {
        cbor_wr_int(wr, ENTRY_TITLE);
        cbor_wr_tstr_view(wr, problem->title);
    }
    if (problem->code != 0) {
        cbor_wr_int(wr, ENTRY_CODE);
        cbor_wr_uint(wr, problem->code);
    }
    if (own) {
        own_write(wr, problem);
    }
}
