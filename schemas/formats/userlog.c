#include "formats/userlog.h"

#include <jansson.h>

#include "base/rd-until.h"
#include "base/wr.h"
#include "formats/cel-digests.h"

#define RECORD_BEGIN 0x1e
#define BOOT_ID_LEN 32u
#define NV_HANDLES 0x01000000u /* TPM_HT_NV_INDEX, TCG TPM 2.0 Part 2 section 7.2 */

static void
decref_p(json_t **value)
{
    json_decref(*value);
}

int
userlog_open(struct userlog *log, struct bytes bytes, struct fault *ret_fault)
{
    *log = (struct userlog){.rd = rd_init(bytes)};
    if (bytes.len > LIMIT_LOG_BYTES) {
        rd_fail(&log->rd);
        fault_at(&log->fault, RULE_USERLOG_LONG, FAULT_NO_EVENT, LIMIT_LOG_BYTES);
        return fault_at(ret_fault, RULE_USERLOG_LONG, FAULT_NO_EVENT, LIMIT_LOG_BYTES);
    }
    return 0;
}

/* An integer of 0 to max; false when absent or something else. */
static bool
uint_get(const json_t *object, const char *key, uint64_t max, uint64_t *ret)
{
    const json_t *value = json_object_get(object, key);

    if (!json_is_integer(value) || json_integer_value(value) < 0) {
        return false;
    }
    *ret = (uint64_t)json_integer_value(value);
    return *ret <= max;
}

/* Copies a string of less than cap bytes; jansson refuses NUL inside one. An absent member leaves
 * room as it is and is fine. */
static bool
text_get(const json_t *object, const char *key, char *room, size_t cap)
{
    const json_t *value = json_object_get(object, key);
    struct wr wr = wr_init(room, cap);

    if (!value) {
        return true;
    }
    if (!json_is_string(value)) {
        return false;
    }
    wr_bytes(&wr, bytes_of(json_string_value(value), json_string_length(value)));
    wr_u8(&wr, 0);
    return !wr.failed;
}

static bool
target_read(const json_t *object, struct userlog_record *r)
{
    bool has_pcr = json_object_get(object, "pcr") != NULL;
    bool has_nv = json_object_get(object, "nv_index") != NULL;
    uint64_t index = 0;

    if (has_pcr == has_nv) {
        return false;
    }
    if (!uint_get(object, has_pcr ? "pcr" : "nv_index", has_pcr ? LIMIT_PCRS - 1 : UINT32_MAX,
                  &index)) {
        return false;
    }
    r->target = has_pcr ? USERLOG_PCR : USERLOG_NV;
    r->index = (uint32_t)index;
    return has_pcr || (r->index & 0xff000000u) == NV_HANDLES;
}

static bool
boot_id_ok(const char *id)
{
    return id[0] == '\0' ||
           (strlen(id) == BOOT_ID_LEN && strspn(id, "0123456789abcdef") == BOOT_ID_LEN);
}

static bool
content_read(const json_t *object, struct userlog_record *r)
{
    const json_t *content = json_object_get(object, "content");

    if (!text_get(object, "content_type", r->content_type, sizeof(r->content_type))) {
        return false;
    }
    if (!content) {
        return true;
    }
    if (!json_is_object(content) || !text_get(content, "string", r->string, sizeof(r->string)) ||
        !text_get(content, "bootId", r->boot_id, sizeof(r->boot_id)) ||
        !text_get(content, "eventType", r->event_type, sizeof(r->event_type)) ||
        !text_get(content, "nvIndexName", r->nv_index_name, sizeof(r->nv_index_name))) {
        return false;
    }
    r->has_string = json_object_get(content, "string") != NULL;
    return boot_id_ok(r->boot_id) && (!json_object_get(content, "timestamp") ||
                                      uint_get(content, "timestamp", INT64_MAX, &r->timestamp_us));
}

/* RULE_NONE or what is wrong with one record's JSON. */
static enum rule
record_read(struct bytes text, struct userlog_record *r)
{
    CLEANUP(decref_p)
    json_t *object = json_loadb((const char *)text.p, text.len, JSON_REJECT_DUPLICATES, NULL);

    if (!json_is_object(object)) {
        return RULE_USERLOG_JSON;
    }
    if (!target_read(object, r)) {
        return RULE_USERLOG_TARGET;
    }
    if (cel_digests(object, r->digests, &r->n_digests) != 0) {
        return RULE_USERLOG_DIGESTS;
    }
    return content_read(object, r) ? RULE_NONE : RULE_USERLOG_CONTENT;
}

static int
frame_read(struct userlog *log, struct userlog_record *r, struct fault *ret_fault)
{
    struct bytes text;
    enum rule rule;

    r->number = log->n_read;
    r->offset = rd_offset(&log->rd);
    if (log->n_read == LIMIT_USERLOG_RECORDS) {
        return fault_at(ret_fault, RULE_USERLOG_RECORDS, r->number, r->offset);
    }
    if (rd_u8(&log->rd) != RECORD_BEGIN) {
        return fault_at(ret_fault, RULE_USERLOG_FRAME, r->number, r->offset);
    }
    text = rd_until(&log->rd, '\n', LIMIT_USERLOG_RECORD);
    if (log->rd.failed) {
        return fault_at(ret_fault, RULE_USERLOG_FRAME, r->number, r->offset);
    }
    rule = record_read(text, r);
    return rule == RULE_NONE ? 0 : fault_at(ret_fault, rule, r->number, r->offset);
}

int
userlog_next(struct userlog *log, struct userlog_record *ret, struct fault *ret_fault)
{
    struct userlog_record r = {0};

    if (log->fault.rule == RULE_NONE) {
        if (rd_end(&log->rd)) {
            return USERLOG_E_END;
        }
        if (frame_read(log, &r, &log->fault) == 0) {
            log->n_read++;
            *ret = r;
            return 0;
        }
    }
    return fault_at(ret_fault, log->fault.rule, log->fault.event, log->fault.offset);
}

int
userlog_bind(struct hasher *hasher, const struct userlog_record *record, bool *ret_bound)
{
    uint8_t hash[HASH_SIZE_MAX];
    bool bound = record->has_string && record->n_digests > 0;

    for (size_t i = 0; i < record->n_digests && bound; i++) {
        const struct digest *d = &record->digests[i];
        int r = hasher_bytes(hasher, d->alg, bytes_str(record->string), hash);

        if (r < 0) {
            return r;
        }
        bound = bytes_equal(bytes_of(hash, hash_size(d->alg)), digest_bytes(d));
    }
    *ret_bound = bound;
    return 0;
}
