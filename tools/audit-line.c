#include "audit-line.h"

#include <errno.h>

#include "base/b64.h"
#include "base/hex.h"

enum { N_MEMBERS = 7 };

static bool
take_text(const json_t *object, const char *key, struct bytes *ret)
{
    const json_t *value = json_object_get(object, key);

    if (!json_is_string(value)) {
        return false;
    }
    *ret = bytes_of(json_string_value(value), json_string_length(value));
    return ret->len <= AUDIT_TEXT_MAX;
}

static bool
take_hex(const json_t *object, const char *key, uint8_t *out, size_t len)
{
    const char *text = json_string_value(json_object_get(object, key));
    char again[2 * 64 + 1];
    size_t n = 0;

    return text && hex_read(bytes_str(text), out, len, &n) == 0 && n == len &&
           strcmp(hex_write(again, bytes_of(out, len)), text) == 0;
}

static bool
take_number(const json_t *object, const char *key, int64_t min, int64_t *ret)
{
    const json_t *value = json_object_get(object, key);

    *ret = json_integer_value(value);
    return json_is_integer(value) && *ret >= min && *ret <= AUDIT_NUMBER_MAX;
}

int
audit_line_read(const json_t *object, struct audit_line *ret)
{
    struct audit_line line = {0};
    bool device = !json_is_null(json_object_get(object, "device"));

    if (!json_is_object(object) || json_object_size(object) != N_MEMBERS ||
        !take_number(object, "seq", 1, &line.row.seq) ||
        !take_number(object, "at_ms", -AUDIT_NUMBER_MAX, &line.row.at_ms) ||
        !take_text(object, "kind", &line.row.kind) ||
        !take_text(object, "actor", &line.row.actor) ||
        !take_text(object, "text", &line.row.text) ||
        !take_hex(object, "hash", line.hash, sizeof(line.hash)) ||
        (device && !take_hex(object, "device", line.device, sizeof(line.device)))) {
        return 1;
    }
    *ret = line;
    ret->row.device = device ? ret->device : NULL;
    return 0;
}

char *
audit_line_write(const json_t *object)
{
    return json_dumps(object, JSON_COMPACT | JSON_ENSURE_ASCII);
}

int
audit_head_line_read(const json_t *object, uint8_t room[AUDIT_HEAD_ROOM], struct bytes *ret)
{
    const json_t *value = json_object_get(object, "head");
    size_t len = 0;

    if (!json_is_object(object) || json_object_size(object) != 1 || !json_is_string(value) ||
        b64_read(bytes_of(json_string_value(value), json_string_length(value)), room,
                 AUDIT_HEAD_ROOM, &len) != 0) {
        return 1;
    }
    *ret = bytes_of(room, len);
    return 0;
}

void
audit_walk_head(struct audit_walk *walk, const struct audit_head *head)
{
    walk->heads[walk->n_heads].count = head->count;
    memcpy(walk->heads[walk->n_heads].hash, head->hash, 32);
    walk->n_heads++;
}

static int
meet(const struct audit_walk *walk)
{
    for (size_t i = 0; i < walk->n_heads; i++) {
        if (walk->heads[i].count == walk->rows &&
            memcmp(walk->heads[i].hash, walk->hash, sizeof(walk->hash)) != 0) {
            return AUDIT_E_HEAD;
        }
    }
    return AUDIT_OK;
}

int
audit_walk_row(struct audit_walk *walk, const struct audit_line *line, struct hasher *hasher)
{
    uint8_t want[32];
    int r;

    if (line->row.seq != walk->rows + 1) {
        return AUDIT_E_ORDER;
    }
    r = audit_row_hash(&line->row, walk->hash, hasher, want);
    if (r < 0) {
        return r;
    }
    if (memcmp(want, line->hash, sizeof(want)) != 0) {
        return AUDIT_E_HASH;
    }
    memcpy(walk->hash, want, sizeof(want));
    walk->rows++;
    return meet(walk);
}

int
audit_walk_end(const struct audit_walk *walk)
{
    for (size_t i = 0; i < walk->n_heads; i++) {
        if (walk->heads[i].count > walk->rows) {
            return AUDIT_E_BEHIND;
        }
    }
    return AUDIT_OK;
}

const char *
audit_outcome_text(int outcome)
{
    switch (outcome) {
    case AUDIT_OK:
        return "well";
    case AUDIT_E_ORDER:
        return "not the next row: rows are missing, doubled or moved";
    case AUDIT_E_HASH:
        return "the row does not follow the one before: one of the two was edited";
    case AUDIT_E_HEAD:
        return "not the row that a signed head names: the log was made anew";
    case AUDIT_E_BEHIND:
        return "a signed head counts more rows: the end was cut off";
    default:
        return strerror(-outcome);
    }
}
