#include "wire/announce.h"

#include "base/cbor-rd.h"
#include "base/cbor-wr.h"
#include "base/name.h"

enum announce_key {
    KEY_COMPONENT = 1,
    KEY_VERSION = 2,
    KEY_EVENTS = 3,
    KEY_MADE = 4,
    KEY_LIFE = 5,
    N_KEYS = 5,
};

enum event_key {
    EVENT_PCR = 1,
    EVENT_DIGESTS = 2,
    EVENT_LABEL = 3,
    N_EVENT_KEYS = 3,
};

#define MADE_MAX_MS ((UINT64_C(1) << 53) - 1)

static void
digests_read(struct cbor_rd *c, struct announce_event *event)
{
    size_t n = cbor_rd_array_max(c, HASH_N);
    uint64_t before = 0;

    cbor_rd_require(c, n > 0);
    for (size_t i = 0; i < n && !cbor_rd_failed(c); i++) {
        uint64_t id;
        struct bytes digest;
        enum hash alg;

        cbor_rd_array(c, 2);
        id = cbor_rd_uint(c, UINT16_MAX);
        digest = cbor_rd_bstr(c, HASH_SIZE_MAX);
        alg = hash_from_tpm_id((uint16_t)id);
        if (alg == HASH_N || id <= before || digest.len != hash_size(alg)) {
            cbor_rd_fail(c);
            return;
        }
        before = id;
        event->digests[alg] = digest;
    }
}

static struct bytes
text_read(struct cbor_rd *c, size_t max)
{
    struct bytes text = cbor_rd_tstr(c, max);

    cbor_rd_require(c, text.len > 0);
    return text;
}

static void
event_read(struct cbor_rd *c, struct announce_event *ret)
{
    struct cbor_map map = cbor_rd_map(c, N_EVENT_KEYS);
    unsigned seen = 0;
    int64_t key;

    *ret = (struct announce_event){0};
    while (cbor_map_next_int(c, &map, &key)) {
        switch (key) {
        case EVENT_PCR:
            ret->pcr = (uint32_t)cbor_rd_uint(c, LIMIT_PCRS - 1);
            break;
        case EVENT_DIGESTS:
            digests_read(c, ret);
            break;
        case EVENT_LABEL:
            ret->label = text_read(c, LIMIT_TEXT);
            break;
        default:
            cbor_rd_fail(c);
            return;
        }
        seen |= 1u << key;
    }
    cbor_rd_require(c, (seen & 1u << EVENT_PCR) && (seen & 1u << EVENT_DIGESTS));
}

static void
events_read(struct cbor_rd *c, struct announce *announce)
{
    announce->n_events = cbor_rd_array_max(c, LIMIT_ANNOUNCE_EVENTS);
    cbor_rd_require(c, announce->n_events > 0);
    for (size_t i = 0; i < announce->n_events && !cbor_rd_failed(c); i++) {
        event_read(c, &announce->events[i]);
    }
}

static void
field_read(struct cbor_rd *c, int64_t key, struct announce *announce)
{
    switch (key) {
    case KEY_COMPONENT:
        announce->component = text_read(c, LIMIT_NAME);
        cbor_rd_require(c, name_good(announce->component));
        break;
    case KEY_VERSION:
        announce->version = text_read(c, LIMIT_TEXT);
        break;
    case KEY_EVENTS:
        events_read(c, announce);
        break;
    case KEY_MADE:
        announce->made_ms = (int64_t)cbor_rd_uint(c, MADE_MAX_MS);
        break;
    case KEY_LIFE:
        announce->life_s = (uint32_t)cbor_rd_uint(c, ANNOUNCE_LIFE_MAX_S);
        cbor_rd_require(c, announce->life_s > 0);
        break;
    default:
        cbor_rd_fail(c);
    }
}

int
announce_read(struct bytes in, struct announce *ret, struct fault *ret_fault)
{
    struct cbor_rd c = cbor_rd_init(in);
    struct cbor_map map = cbor_rd_map(&c, N_KEYS);
    struct announce announce = {0};
    size_t n_keys = 0;
    int64_t key;

    while (cbor_map_next_int(&c, &map, &key)) {
        field_read(&c, key, &announce);
        n_keys++; /* each at most once, and nobody else's: so all are there when there are five */
    }
    if (!cbor_rd_end(&c) || n_keys != N_KEYS || in.len > LIMIT_ANNOUNCE_BYTES) {
        return fault_at(ret_fault, RULE_WIRE_ANNOUNCE, FAULT_NO_EVENT, rd_offset(&c.rd));
    }
    *ret = announce;
    return 0;
}

static void
event_write(struct wr *wr, const struct announce_event *event)
{
    size_t n = 0;

    for (size_t alg = 0; alg < HASH_N; alg++) {
        n += event->digests[alg].p != NULL;
    }
    cbor_wr_map(wr, event->label.p ? 3 : 2);
    cbor_wr_uint(wr, EVENT_PCR);
    cbor_wr_uint(wr, event->pcr);
    cbor_wr_uint(wr, EVENT_DIGESTS);
    cbor_wr_array(wr, n);
    for (size_t alg = 0; alg < HASH_N; alg++) { /* enum hash ascends as the TPM's ids do */
        if (event->digests[alg].p) {
            cbor_wr_array(wr, 2);
            cbor_wr_uint(wr, hash_tpm_id((enum hash)alg));
            cbor_wr_bstr(wr, event->digests[alg]);
        }
    }
    if (event->label.p) {
        cbor_wr_uint(wr, EVENT_LABEL);
        cbor_wr_tstr_view(wr, event->label);
    }
}

void
announce_write(struct wr *wr, const struct announce *announce)
{
    size_t before = wr->len;

    cbor_wr_map(wr, N_KEYS);
    cbor_wr_uint(wr, KEY_COMPONENT);
    cbor_wr_tstr_view(wr, announce->component);
    cbor_wr_uint(wr, KEY_VERSION);
    cbor_wr_tstr_view(wr, announce->version);
    cbor_wr_uint(wr, KEY_EVENTS);
    cbor_wr_array(wr, announce->n_events);
    for (size_t i = 0; i < announce->n_events; i++) {
        event_write(wr, &announce->events[i]);
    }
    cbor_wr_uint(wr, KEY_MADE);
    cbor_wr_uint(wr, (uint64_t)announce->made_ms);
    cbor_wr_uint(wr, KEY_LIFE);
    cbor_wr_uint(wr, announce->life_s);
    if (wr->len - before > LIMIT_ANNOUNCE_BYTES) {
        wr->failed = true;
    }
}
