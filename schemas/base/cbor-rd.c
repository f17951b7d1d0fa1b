#include "base/cbor-rd.h"

#include <cbor.h>

#include "base/utf8.h"

/* One item head as libcbor's stream decoder reported it. */
struct item {
    enum cbor_kind type;
    uint64_t value; /* number, count, tag, or boolean */
    struct bytes text;
};

static void
on_uint(void *context, enum cbor_kind type, uint64_t value)
{
    struct item *item = context;

    item->type = type;
    item->value = value;
}

static void
on_uint8(void *context, uint8_t value)
{
    on_uint(context, CBOR_UINT, value);
}

static void
on_uint16(void *context, uint16_t value)
{
    on_uint(context, CBOR_UINT, value);
}

static void
on_uint32(void *context, uint32_t value)
{
    on_uint(context, CBOR_UINT, value);
}

static void
on_uint64(void *context, uint64_t value)
{
    on_uint(context, CBOR_UINT, value);
}

static void
on_nint8(void *context, uint8_t value)
{
    on_uint(context, CBOR_NINT, value);
}

static void
on_nint16(void *context, uint16_t value)
{
    on_uint(context, CBOR_NINT, value);
}

static void
on_nint32(void *context, uint32_t value)
{
    on_uint(context, CBOR_NINT, value);
}

static void
on_nint64(void *context, uint64_t value)
{
    on_uint(context, CBOR_NINT, value);
}

static void
on_bstr(void *context, cbor_data data, uint64_t len)
{
    struct item *item = context;

    item->type = CBOR_BSTR;
    item->value = len;
    item->text = bytes_of(data, (size_t)len);
}

static void
on_tstr(void *context, cbor_data data, uint64_t len)
{
    struct item *item = context;

    item->type = CBOR_TSTR;
    item->value = len;
    item->text = bytes_of(data, (size_t)len);
}

static void
on_array(void *context, uint64_t n)
{
    on_uint(context, CBOR_ARRAY, n);
}

static void
on_map(void *context, uint64_t n)
{
    on_uint(context, CBOR_MAP, n);
}

static void
on_tag(void *context, uint64_t tag)
{
    on_uint(context, CBOR_TAG, tag);
}

static void
on_bool(void *context, bool value)
{
    on_uint(context, CBOR_BOOL, value);
}

static void
on_null(void *context)
{
    on_uint(context, CBOR_NULL, 0);
}

static struct cbor_callbacks
item_callbacks(void)
{
    /* What is not named here (floats, undefined, indefinite lengths, break) stays CBOR_NONE. */
    struct cbor_callbacks callbacks = cbor_empty_callbacks;

    callbacks.uint8 = on_uint8;
    callbacks.uint16 = on_uint16;
    callbacks.uint32 = on_uint32;
    callbacks.uint64 = on_uint64;
    callbacks.negint8 = on_nint8;
    callbacks.negint16 = on_nint16;
    callbacks.negint32 = on_nint32;
    callbacks.negint64 = on_nint64;
    callbacks.byte_string = on_bstr;
    callbacks.string = on_tstr;
    callbacks.array_start = on_array;
    callbacks.map_start = on_map;
    callbacks.boolean = on_bool;
    callbacks.null = on_null;
    return callbacks;
}

/* Bytes of the shortest head that carries the value. */
static size_t
head_size(uint64_t value)
{
    if (value < 24) {
        return 1;
    }
    if (value <= UINT8_MAX) {
        return 2;
    }
    if (value <= UINT16_MAX) {
        return 3;
    }
    return value <= UINT32_MAX ? 5 : 9;
}

/* Size that the item's head and string must have; anything longer was not the shortest form. */
static size_t
item_size(const struct item *item)
{
    if (item->type == CBOR_BOOL || item->type == CBOR_NULL) {
        return 1;
    }
    return head_size(item->value) + item->text.len;
}

/* A tag's head, by hand: libcbor 0.8 refuses tags 6 to 20, which nobody had taken when it was
 * written, and COSE_Sign1 is 18. `rd` is a copy; returns the head's size, 0 if there is none. */
static size_t
tag_decode(struct rd rd, struct item *ret_item)
{
    size_t start = rd.pos;
    uint8_t info = rd_u8(&rd) & 31;
    uint64_t value = info;

    if (info == 24) {
        value = rd_u8(&rd);
    } else if (info == 25) {
        value = rd_be16(&rd);
    } else if (info == 26) {
        value = rd_be32(&rd);
    } else if (info == 27) {
        value = rd_be64(&rd);
    } else if (info > 27) {
        return 0;
    }
    on_tag(ret_item, value);
    return rd.failed ? 0 : rd.pos - start;
}

/* Size of the item's head and string, decoded but not judged; 0 for what is cut or not spoken. */
static size_t
any_decode(const struct rd *rd, struct item *ret_item)
{
    const struct cbor_callbacks callbacks = item_callbacks();
    struct cbor_decoder_result result;

    if (rd_left(rd) == 0) {
        return 0;
    }
    if (rd->p[rd->pos] >> 5 == 6) {
        return tag_decode(*rd, ret_item);
    }
    result = cbor_stream_decode(rd->p + rd->pos, rd_left(rd), &callbacks, ret_item);
    return result.status == CBOR_DECODER_FINISHED ? result.read : 0;
}

/* Decodes the item at the cursor; returns its encoded size, 0 for anything not acceptable. */
static size_t
item_decode(const struct rd *rd, struct item *ret_item)
{
    size_t size;

    *ret_item = (struct item){.type = CBOR_NONE};
    size = any_decode(rd, ret_item);
    if (size == 0 || ret_item->type == CBOR_NONE || size != item_size(ret_item)) {
        *ret_item = (struct item){.type = CBOR_NONE};
        return 0;
    }
    return size;
}

/* Consumes the next item if it is of the wanted type; else fails and returns an empty item. */
static struct item
item_take(struct cbor_rd *c, enum cbor_kind want)
{
    struct item item;
    size_t size = item_decode(&c->rd, &item);

    if (item.type != want) {
        rd_fail(&c->rd);
        return (struct item){.type = CBOR_NONE};
    }
    (void)rd_bytes(&c->rd, size);
    return item;
}

struct cbor_rd
cbor_rd_init(struct bytes in)
{
    return (struct cbor_rd){.rd = rd_init(in)};
}

struct cbor_rd
cbor_rd_init_any_order(struct bytes in)
{
    struct cbor_rd c = {.rd = rd_init(in), .any_order = true};

    cbor_rd_require(&c, in.len <= UINT32_MAX); /* places of keys are kept in 32 bits */
    return c;
}

enum cbor_kind
cbor_rd_peek(const struct cbor_rd *c)
{
    struct item item;

    (void)item_decode(&c->rd, &item);
    return item.type;
}

void
cbor_rd_fail(struct cbor_rd *c)
{
    rd_fail(&c->rd);
}

void
cbor_rd_require(struct cbor_rd *c, bool holds)
{
    if (!holds) {
        rd_fail(&c->rd);
    }
}

bool
cbor_rd_failed(const struct cbor_rd *c)
{
    return c->rd.failed;
}

bool
cbor_rd_end(const struct cbor_rd *c)
{
    return rd_end(&c->rd);
}

uint64_t
cbor_rd_uint(struct cbor_rd *c, uint64_t max)
{
    struct item item = item_take(c, CBOR_UINT);

    if (item.value > max) {
        rd_fail(&c->rd);
        return 0;
    }
    return item.value;
}

int64_t
cbor_rd_int(struct cbor_rd *c)
{
    bool negative = cbor_rd_peek(c) == CBOR_NINT;
    struct item item = item_take(c, negative ? CBOR_NINT : CBOR_UINT);

    if (item.value > INT64_MAX) {
        rd_fail(&c->rd);
        return 0;
    }
    return negative ? -1 - (int64_t)item.value : (int64_t)item.value;
}

bool
cbor_rd_bool(struct cbor_rd *c)
{
    return item_take(c, CBOR_BOOL).value != 0;
}

struct bytes
cbor_rd_bstr(struct cbor_rd *c, size_t max)
{
    struct item item = item_take(c, CBOR_BSTR);

    if (item.text.len > max) {
        rd_fail(&c->rd);
        return BYTES_NULL;
    }
    return item.text;
}

void
cbor_rd_bstr_copy(struct cbor_rd *c, uint8_t *out, size_t n)
{
    struct bytes view = cbor_rd_bstr(c, n);

    if (view.len != n) {
        rd_fail(&c->rd);
        memset(out, 0, n);
    } else if (n > 0) {
        memcpy(out, view.p, n);
    }
}

struct bytes
cbor_rd_tstr(struct cbor_rd *c, size_t max)
{
    struct item item = item_take(c, CBOR_TSTR);

    if (item.text.len > max || !utf8_valid(item.text)) {
        rd_fail(&c->rd);
        return BYTES_NULL;
    }
    return item.text;
}

uint64_t
cbor_rd_tag(struct cbor_rd *c)
{
    return item_take(c, CBOR_TAG).value;
}

bool
cbor_rd_null(struct cbor_rd *c)
{
    if (cbor_rd_peek(c) != CBOR_NULL) {
        return false;
    }
    (void)item_take(c, CBOR_NULL);
    return true;
}

size_t
cbor_rd_array_max(struct cbor_rd *c, size_t max)
{
    uint64_t n = item_take(c, CBOR_ARRAY).value;

    if (n > max || n > rd_left(&c->rd)) {
        rd_fail(&c->rd);
        return 0;
    }
    return (size_t)n;
}

void
cbor_rd_array(struct cbor_rd *c, size_t n)
{
    if (cbor_rd_array_max(c, n) != n) {
        rd_fail(&c->rd);
    }
}

struct cbor_map
cbor_rd_map(struct cbor_rd *c, size_t max)
{
    uint64_t n = item_take(c, CBOR_MAP).value;

    if (n > max || n > rd_left(&c->rd) / 2 || (c->any_order && n > LIMIT_CBOR_ITEMS)) {
        rd_fail(&c->rd);
        n = 0;
    }
    return (struct cbor_map){.left = (size_t)n};
}

/* Bytewise order of two encoded keys, RFC 8949 section 4.2.1. */
static bool
key_before(struct bytes a, struct bytes b)
{
    size_t n = a.len < b.len ? a.len : b.len;
    int order = n > 0 ? memcmp(a.p, b.p, n) : 0;

    return order < 0 || (order == 0 && a.len < b.len);
}

/* Did the key not stand above? One encoded item is never the beginning of another. */
static bool
key_new(const struct cbor_rd *c, struct cbor_map *m, struct bytes encoded)
{
    for (size_t i = 0; i < m->n_keys; i++) {
        if (memcmp(c->rd.p + m->keys[i], encoded.p, encoded.len) == 0) {
            return false;
        }
    }
    m->keys[m->n_keys++] = (uint32_t)(encoded.p - c->rd.p);
    return true;
}

static bool
key_fits(const struct cbor_rd *c, struct cbor_map *m, struct bytes encoded)
{
    return c->any_order ? key_new(c, m, encoded)
                        : !m->last_key.p || key_before(m->last_key, encoded);
}

bool
cbor_map_next(struct cbor_rd *c, struct cbor_map *m, struct cbor_key *ret_key)
{
    size_t start = c->rd.pos;
    struct bytes encoded;

    *ret_key = (struct cbor_key){0};
    if (c->rd.failed || m->left == 0) {
        return false;
    }
    if (cbor_rd_peek(c) == CBOR_TSTR) {
        ret_key->text = cbor_rd_tstr(c, LIMIT_CBOR_KEY);
    } else {
        ret_key->number = cbor_rd_int(c);
    }
    encoded = bytes_of(c->rd.p + start, c->rd.pos - start);
    if (c->rd.failed || !key_fits(c, m, encoded)) {
        rd_fail(&c->rd);
        return false;
    }
    m->last_key = encoded;
    m->left--;
    return true;
}

bool
cbor_map_next_int(struct cbor_rd *c, struct cbor_map *m, int64_t *ret_key)
{
    struct cbor_key key;
    bool more = cbor_map_next(c, m, &key);

    if (more && key.text.p) {
        rd_fail(&c->rd);
        more = false;
    }
    *ret_key = more ? key.number : 0;
    return more;
}

static void
skip(struct cbor_rd *c, unsigned depth)
{
    enum cbor_kind type = cbor_rd_peek(c);

    if (depth == 0 || type == CBOR_NONE) {
        rd_fail(&c->rd);
    } else if (type == CBOR_TSTR) {
        (void)cbor_rd_tstr(c, SIZE_MAX);
    } else if (type == CBOR_TAG) {
        (void)cbor_rd_tag(c);
        skip(c, depth - 1);
    } else if (type == CBOR_ARRAY) {
        size_t n = cbor_rd_array_max(c, SIZE_MAX);

        for (size_t i = 0; i < n && !c->rd.failed; i++) {
            skip(c, depth - 1);
        }
    } else if (type == CBOR_MAP) {
        struct cbor_map m = cbor_rd_map(c, SIZE_MAX);
        struct cbor_key key;

        while (cbor_map_next(c, &m, &key)) {
            skip(c, depth - 1);
        }
    } else {
        (void)item_take(c, type);
    }
}

struct bytes
cbor_rd_raw(struct cbor_rd *c)
{
    size_t start = c->rd.pos;

    skip(c, c->any_order ? LIMIT_CBOR_DEEP : LIMIT_CBOR_DEPTH);
    if (c->rd.failed) {
        return BYTES_NULL;
    }
    return bytes_of(c->rd.p + start, c->rd.pos - start);
}
