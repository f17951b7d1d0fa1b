#include "wire/bundle-part.h"

bool
part_is_name(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');

        if (!letter && (c == '\0' || !strchr("._/:+~-", c))) {
            return false;
        }
    }
    return text.len > 0 && text.len <= LIMIT_BUNDLE_NAME;
}

bool
part_is_text(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.p[i] < ' ' || text.p[i] > '~' || text.p[i] == '"') {
            return false;
        }
    }
    return text.len > 0 && text.len <= LIMIT_BUNDLE_TEXT;
}

struct bytes
part_name(struct cbor_rd *c)
{
    struct bytes name = cbor_rd_tstr(c, LIMIT_BUNDLE_NAME);

    cbor_rd_require(c, part_is_name(name));
    return name;
}

struct bytes
part_text(struct cbor_rd *c)
{
    struct bytes text = cbor_rd_tstr(c, LIMIT_BUNDLE_TEXT);

    cbor_rd_require(c, part_is_text(text));
    return text;
}

uint64_t
part_uint(struct cbor_rd *c, uint64_t max)
{
    uint64_t value = cbor_rd_uint(c, max);

    cbor_rd_require(c, value > 0);
    return value;
}

enum reason_effect
part_effect(struct cbor_rd *c)
{
    return (enum reason_effect)part_uint(c, EFFECT_NOTE);
}

enum hash
part_hash(struct cbor_rd *c)
{
    enum hash alg = hash_from_tpm_id((uint16_t)cbor_rd_uint(c, UINT16_MAX));

    cbor_rd_require(c, alg != HASH_N);
    return alg;
}

bool
part_key(struct cbor_rd *c, struct cbor_map *map, unsigned *seen, int64_t *ret_key)
{
    if (!cbor_map_next_int(c, map, ret_key)) {
        return false;
    }
    if (*ret_key < 1 || *ret_key > 31) {
        cbor_rd_fail(c);
        return false;
    }
    *seen |= 1u << *ret_key;
    return true;
}

size_t
part_array(struct cbor_rd *c, size_t max, size_t used, size_t room)
{
    size_t n = cbor_rd_array_max(c, max < room - used ? max : room - used);

    cbor_rd_require(c, n > 0);
    return cbor_rd_failed(c) ? 0 : n;
}

bool
part_before(struct bytes a, struct bytes b)
{
    size_t n = a.len < b.len ? a.len : b.len;
    int order = n > 0 ? memcmp(a.p, b.p, n) : 0;

    return order < 0 || (order == 0 && a.len < b.len);
}

void
part_write_uint(struct wr *wr, int64_t key, uint64_t value)
{
    if (value > 0) {
        cbor_wr_int(wr, key);
        cbor_wr_uint(wr, value);
    }
}

void
part_write_text(struct wr *wr, int64_t key, struct bytes value)
{
    if (value.len > 0) {
        cbor_wr_int(wr, key);
        cbor_wr_tstr_view(wr, value);
    }
}
