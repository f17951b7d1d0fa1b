/* Strict CBOR reading, RFC 8949 section 4.2.1 (core deterministic encoding) and nothing else:
 * definite lengths, shortest form, map keys strictly ascending bytewise (so none twice), valid
 * UTF-8, no floats, no undefined. Nothing is allocated; strings are views.
 *
 * Errors latch as in struct rd: read a whole message, ask cbor_rd_end() once, but look at
 * cbor_rd_failed() before a value steers a loop or an index. Counts are never believed: one that
 * exceeds the caller's bound or what the bytes left could hold fails. */
#pragma once

#include "base/limits.h"
#include "base/rd.h"

enum cbor_kind {
    CBOR_NONE, /* failed, at the end, or a type that we do not speak */
    CBOR_UINT,
    CBOR_NINT,
    CBOR_BSTR,
    CBOR_TSTR,
    CBOR_ARRAY,
    CBOR_MAP,
    CBOR_TAG,
    CBOR_BOOL,
    CBOR_NULL,
};

struct cbor_rd {
    struct rd rd;
    bool any_order; /* of keys */
};

/* Walks the keys of one map. */
struct cbor_map {
    size_t left;
    struct bytes last_key; /* encoded form of the key before */
    size_t n_keys;         /* in any order: where in the bytes those before begin */
    uint32_t keys[LIMIT_CBOR_ITEMS];
};

/* A map key: text when text.p is set, else number. */
struct cbor_key {
    int64_t number;
    struct bytes text;
};

struct cbor_rd cbor_rd_init(struct bytes in);

/* The same for files of others, whose maps have their keys in any order: still none twice, and a
 * map has LIMIT_CBOR_ITEMS at most. Items nest LIMIT_CBOR_DEEP deep. */
struct cbor_rd cbor_rd_init_any_order(struct bytes in);

/* Type of the next item, which is not consumed. */
enum cbor_kind cbor_rd_peek(const struct cbor_rd *c);

/* Each consumes one item; an item of another type, or out of range, fails. */
uint64_t cbor_rd_uint(struct cbor_rd *c, uint64_t max);
int64_t cbor_rd_int(struct cbor_rd *c);
bool cbor_rd_bool(struct cbor_rd *c);
struct bytes cbor_rd_bstr(struct cbor_rd *c, size_t max);
struct bytes cbor_rd_tstr(struct cbor_rd *c, size_t max);
uint64_t cbor_rd_tag(struct cbor_rd *c);

/* A byte string of exactly n bytes, copied to out (zeros when it is not). */
void cbor_rd_bstr_copy(struct cbor_rd *c, uint8_t *out, size_t n);

/* Consumes a null if one is next and says so; anything else stays where it is. */
bool cbor_rd_null(struct cbor_rd *c);

/* Begins an array of exactly, or at most, that many items; returns the count. */
void cbor_rd_array(struct cbor_rd *c, size_t n);
size_t cbor_rd_array_max(struct cbor_rd *c, size_t max);

/* Begins a map of at most max pairs; then call cbor_map_next() until it returns false, reading one
 * value after each true. A key that is not an integer fails cbor_map_next_int(). */
struct cbor_map cbor_rd_map(struct cbor_rd *c, size_t max);
bool cbor_map_next(struct cbor_rd *c, struct cbor_map *m, struct cbor_key *ret_key);
bool cbor_map_next_int(struct cbor_rd *c, struct cbor_map *m, int64_t *ret_key);

/* Consumes one item with all that it holds (strictly, LIMIT_CBOR_DEPTH deep at most, or _DEEP) and
 * returns its encoded bytes. */
struct bytes cbor_rd_raw(struct cbor_rd *c);

void cbor_rd_fail(struct cbor_rd *c);
void cbor_rd_require(struct cbor_rd *c, bool holds); /* fails unless it does */
bool cbor_rd_failed(const struct cbor_rd *c);

/* True when all was well and nothing is left. */
bool cbor_rd_end(const struct cbor_rd *c);
