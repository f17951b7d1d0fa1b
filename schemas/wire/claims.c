#include "wire/claims.h"

/* EAT claim keys of RFC 9711 and ours; ascending as their encodings sort. */
enum claim_key {
    CLAIM_NONCE = 10,
    CLAIM_UEID = 256,
    CLAIM_MODEL = 259,
    CLAIM_UPTIME = 261,
    CLAIM_PROFILE = 265,
    CLAIM_FIRMWARE = 271,
    CLAIM_QUOTED = -65537,
    CLAIM_LOGS = -65538,
    CLAIM_MAKER = -65539,
    CLAIM_CLOCK = -65540,
    N_CLAIMS = 10,
};

enum { N_LOG_GROWING = 3, N_LOG_WHOLE = 5, MODEL_MAX = 32 };

const char *
log_kind_name(enum log_kind kind)
{
    switch (kind) {
    case LOG_FIRMWARE:
        return "firmware";
    case LOG_IMA:
        return "ima";
    case LOG_USERSPACE:
        return "userspace";
    }
    return "unknown";
}

static void
log_read(struct cbor_rd *c, struct claims_log *log)
{
    size_t n = cbor_rd_array_max(c, N_LOG_WHOLE);

    log->kind = (enum log_kind)cbor_rd_uint(c, LOG_KIND_MAX);
    log->offset = cbor_rd_uint(c, UINT32_MAX);
    cbor_rd_bstr_copy(c, log->before, sizeof(log->before));
    log->whole = n == N_LOG_WHOLE;
    if (log->whole) {
        log->length = cbor_rd_uint(c, UINT32_MAX);
        cbor_rd_bstr_copy(c, log->digest, sizeof(log->digest));
    }
    cbor_rd_require(c, log->kind != 0 &&
                           n == (log->kind == LOG_FIRMWARE ? N_LOG_WHOLE : N_LOG_GROWING));
}

size_t
log_offsets_read(struct cbor_rd *c, struct log_offset ret[LIMIT_EVIDENCE_LOGS])
{
    size_t n = cbor_rd_array_max(c, LIMIT_EVIDENCE_LOGS);
    unsigned seen = 0;

    for (size_t i = 0; i < n && !cbor_rd_failed(c); i++) {
        cbor_rd_array(c, 2);
        ret[i].kind = (enum log_kind)cbor_rd_uint(c, LOG_KIND_MAX);
        ret[i].offset = cbor_rd_uint(c, UINT32_MAX);
        /* twice the same log: which offset would count? */
        cbor_rd_require(c, ret[i].kind != 0 && !(seen >> ret[i].kind & 1));
        seen |= 1u << ret[i].kind;
    }
    cbor_rd_require(c, n > 0);
    return cbor_rd_failed(c) ? 0 : n;
}

void
log_offsets_write(struct wr *wr, const struct log_offset *logs, size_t n)
{
    cbor_wr_array(wr, n);
    for (size_t i = 0; i < n; i++) {
        cbor_wr_array(wr, 2);
        cbor_wr_uint(wr, logs[i].kind);
        cbor_wr_uint(wr, logs[i].offset);
    }
}

static void
logs_read(struct cbor_rd *c, struct claims *claims)
{
    claims->n_logs = cbor_rd_array_max(c, LIMIT_EVIDENCE_LOGS);
    for (size_t i = 0; i < claims->n_logs && !cbor_rd_failed(c); i++) {
        log_read(c, &claims->logs[i]);
    }
    cbor_rd_require(c, claims->n_logs > 0);
}

static void
claim_read(struct cbor_rd *c, int64_t key, struct claims *claims)
{
    switch (key) {
    case CLAIM_NONCE:
        claims->has_nonce = true;
        cbor_rd_bstr_copy(c, claims->nonce, sizeof(claims->nonce));
        break;
    case CLAIM_UEID:
        claims->has_ueid = true;
        cbor_rd_bstr_copy(c, claims->ueid, sizeof(claims->ueid));
        break;
    case CLAIM_MODEL:
        claims->model = cbor_rd_bstr(c, MODEL_MAX);
        cbor_rd_require(c, claims->model.len > 0);
        break;
    case CLAIM_UPTIME:
        claims->uptime_s = cbor_rd_uint(c, UINT32_MAX);
        cbor_rd_require(c, claims->uptime_s > 0);
        break;
    case CLAIM_PROFILE:
        cbor_rd_require(c, bytes_equal(cbor_rd_tstr(c, LIMIT_TEXT), bytes_str(CLAIMS_PROFILE)));
        break;
    case CLAIM_FIRMWARE:
        cbor_rd_array(c, 1);
        claims->firmware = cbor_rd_tstr(c, LIMIT_TEXT);
        break;
    case CLAIM_QUOTED:
        selection_read(c, &claims->quoted);
        cbor_rd_require(c, claims->quoted.n > 0);
        break;
    case CLAIM_LOGS:
        logs_read(c, claims);
        break;
    case CLAIM_MAKER:
        claims->maker = cbor_rd_tstr(c, LIMIT_TEXT);
        break;
    case CLAIM_CLOCK:
        claims->clock_floor_s = cbor_rd_uint(c, UINT32_MAX);
        cbor_rd_require(c, claims->clock_floor_s > 0);
        break;
    default:
        cbor_rd_fail(c);
    }
}

int
claims_read(struct bytes in, struct claims *ret, struct fault *ret_fault)
{
    struct cbor_rd c = cbor_rd_init(in);
    struct cbor_map map = cbor_rd_map(&c, N_CLAIMS);
    struct claims claims = {0};
    bool has_profile = false;
    int64_t key;

    while (cbor_map_next_int(&c, &map, &key)) {
        claim_read(&c, key, &claims);
        has_profile = has_profile || key == CLAIM_PROFILE;
    }
    if (!cbor_rd_end(&c) || !has_profile) {
        return fault_at(ret_fault, RULE_WIRE_CLAIMS, FAULT_NO_EVENT, rd_offset(&c.rd));
    }
    *ret = claims;
    return 0;
}

static void
log_write(struct wr *wr, const struct claims_log *log)
{
    cbor_wr_array(wr, log->whole ? N_LOG_WHOLE : N_LOG_GROWING);
    cbor_wr_uint(wr, log->kind);
    cbor_wr_uint(wr, log->offset);
    cbor_wr_bstr(wr, BYTES_OF(log->before));
    if (log->whole) {
        cbor_wr_uint(wr, log->length);
        cbor_wr_bstr(wr, BYTES_OF(log->digest));
    }
}

static size_t
claims_count(const struct claims *claims)
{
    return 1u /* profile */ + claims->has_nonce + claims->has_ueid + (claims->model.p != NULL) +
           (claims->uptime_s != 0) + (claims->firmware.p != NULL) + (claims->quoted.n > 0) +
           (claims->n_logs > 0) + (claims->maker.p != NULL) + (claims->clock_floor_s != 0);
}

static void
eat_write(struct wr *wr, const struct claims *claims)
{
    if (claims->has_nonce) {
        cbor_wr_int(wr, CLAIM_NONCE);
        cbor_wr_bstr(wr, BYTES_OF(claims->nonce));
    }
    if (claims->has_ueid) {
        cbor_wr_int(wr, CLAIM_UEID);
        cbor_wr_bstr(wr, BYTES_OF(claims->ueid));
    }
    if (claims->model.p) {
        cbor_wr_int(wr, CLAIM_MODEL);
        cbor_wr_bstr(wr, claims->model);
    }
    if (claims->uptime_s != 0) {
        cbor_wr_int(wr, CLAIM_UPTIME);
        cbor_wr_uint(wr, claims->uptime_s);
    }
    cbor_wr_int(wr, CLAIM_PROFILE);
    cbor_wr_tstr(wr, CLAIMS_PROFILE);
    if (claims->firmware.p) {
        cbor_wr_int(wr, CLAIM_FIRMWARE);
        cbor_wr_array(wr, 1);
        cbor_wr_tstr_view(wr, claims->firmware);
    }
}

void
claims_write(struct wr *wr, const struct claims *claims)
{
    cbor_wr_map(wr, claims_count(claims));
    eat_write(wr, claims);
    if (claims->quoted.n > 0) {
        cbor_wr_int(wr, CLAIM_QUOTED);
        selection_write(wr, &claims->quoted);
    }
    if (claims->n_logs > 0) {
        cbor_wr_int(wr, CLAIM_LOGS);
        cbor_wr_array(wr, claims->n_logs);
        for (size_t i = 0; i < claims->n_logs; i++) {
            log_write(wr, &claims->logs[i]);
        }
    }
    if (claims->maker.p) {
        cbor_wr_int(wr, CLAIM_MAKER);
        cbor_wr_tstr_view(wr, claims->maker);
    }
    if (claims->clock_floor_s != 0) {
        cbor_wr_int(wr, CLAIM_CLOCK);
        cbor_wr_uint(wr, claims->clock_floor_s);
    }
}
