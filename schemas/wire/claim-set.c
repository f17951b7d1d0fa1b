#include "wire/claim-set.h"

#include "base/alg.h"
#include "base/hex.h"

static const struct {
    const char *name;
    enum claim_kind kind;
} claims[CLAIM_END] = {
#define CLAIM(claim, number, kind, slots, name, type, meaning) \
    [(number)] = {(name), CLAIM_KIND_##kind},
#include "base/claim.def"
#undef CLAIM
};

enum { DIGEST_TEXT = 8 + 2 * HASH_SIZE_MAX };

enum claim_kind
claim_kind_of(unsigned number)
{
    return number < CLAIM_END ? claims[number].kind : CLAIM_KIND_NONE;
}

const char *
claim_name(enum claim claim)
{
    return (unsigned)claim < CLAIM_END ? claims[claim].name : NULL;
}

bool
claim_named(struct bytes name, enum claim *ret)
{
    for (unsigned i = 0; i < CLAIM_END; i++) {
        if (claims[i].name && bytes_equal(name, bytes_str(claims[i].name))) {
            *ret = (enum claim)i;
            return true;
        }
    }
    return false;
}

static uint64_t
bit(enum claim claim)
{
    return UINT64_C(1) << claim;
}

/* What a relying party cannot do without stands at the lowest numbers. */
uint64_t
claim_default(void)
{
    return 2 * bit(CLAIM_MODE) - bit(CLAIM_SECUREBOOT);
}

bool
claim_set_has(const struct claim_set *set, enum claim claim)
{
    return set->present & bit(claim);
}

/* ---- what is fit ---- */

static bool
text_fits(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.p[i] < 0x20 || text.p[i] > 0x7e) {
            return false;
        }
    }
    return text.len > 0 && text.len <= CLAIM_TEXT_MAX;
}

/* The hash of this size; HASH_N: there is none. */
static enum hash
hash_of(struct bytes digest)
{
    enum hash hash = 0;

    while (hash < HASH_N && hash_size(hash) != digest.len) {
        hash++;
    }
    return hash;
}

static bool
item_fits(enum claim_kind kind, struct bytes item)
{
    return kind == CLAIM_KIND_TEXTS || kind == CLAIM_KIND_TEXT ? text_fits(item)
                                                               : hash_of(item) != HASH_N;
}

static bool
begin(struct claim_set *set, enum claim claim, enum claim_kind kind)
{
    if (claim_kind_of(claim) != kind || claim_set_has(set, claim)) {
        return false;
    }
    set->values[claim] = (struct claim_value){0};
    return true;
}

static void
tell_bytes(struct claim_set *set, enum claim claim, enum claim_kind kind, struct bytes value)
{
    if (item_fits(kind, value) && begin(set, claim, kind)) {
        set->values[claim].bytes = value;
        set->present |= bit(claim);
    }
}

void
claim_set_text(struct claim_set *set, enum claim claim, struct bytes text)
{
    tell_bytes(set, claim, CLAIM_KIND_TEXT, text);
}

void
claim_set_digest(struct claim_set *set, enum claim claim, struct bytes digest)
{
    tell_bytes(set, claim, CLAIM_KIND_DIGEST, digest);
}

void
claim_set_number(struct claim_set *set, enum claim claim, uint64_t number)
{
    if (number >> 53 == 0 && begin(set, claim, CLAIM_KIND_NUMBER)) {
        set->values[claim].number = number;
        set->present |= bit(claim);
    }
}

void
claim_set_flag(struct claim_set *set, enum claim claim, bool flag)
{
    if (begin(set, claim, CLAIM_KIND_FLAG)) {
        set->values[claim].number = flag;
        set->present |= bit(claim);
    }
}

static bool
is_list(enum claim_kind kind)
{
    return kind == CLAIM_KIND_TEXTS || kind == CLAIM_KIND_DIGESTS;
}

void
claim_set_list(struct claim_set *set, enum claim claim)
{
    enum claim_kind kind = claim_kind_of(claim);

    if (is_list(kind) && begin(set, claim, kind)) {
        set->values[claim].first = (uint16_t)set->n_items;
        set->present |= bit(claim);
    }
}

void
claim_set_add(struct claim_set *set, enum claim claim, struct bytes item)
{
    struct claim_value *value = &set->values[claim];

    if (!claim_set_has(set, claim)) {
        return;
    }
    if (value->n == CLAIM_LIST_MAX || set->n_items == CLAIM_ITEMS_MAX ||
        !item_fits(claims[claim].kind, item)) {
        set->n_items = value->first;
        set->present &= ~bit(claim);
        return;
    }
    set->items[set->n_items++] = item;
    value->n++;
}

bool
claim_set_shed(struct claim_set *set)
{
    if (set->present == 0) {
        return false;
    }
    set->present &= ~(UINT64_C(1) << (63 - __builtin_clzll(set->present)));
    return true;
}

/* ---- CBOR ---- */

size_t
claim_set_pairs(const struct claim_set *set)
{
    return (size_t)__builtin_popcountll(set->present);
}

static void
write_items(struct wr *wr, const struct claim_set *set, enum claim claim)
{
    const struct claim_value *value = &set->values[claim];

    cbor_wr_array(wr, value->n);
    for (size_t i = 0; i < value->n; i++) {
        if (claims[claim].kind == CLAIM_KIND_TEXTS) {
            cbor_wr_tstr_view(wr, set->items[value->first + i]);
        } else {
            cbor_wr_bstr(wr, set->items[value->first + i]);
        }
    }
}

static void
write_value(struct wr *wr, const struct claim_set *set, enum claim claim)
{
    const struct claim_value *value = &set->values[claim];

    switch (claims[claim].kind) {
    case CLAIM_KIND_TEXT:
        cbor_wr_tstr_view(wr, value->bytes);
        break;
    case CLAIM_KIND_NUMBER:
        cbor_wr_uint(wr, value->number);
        break;
    case CLAIM_KIND_FLAG:
        cbor_wr_bool(wr, value->number != 0);
        break;
    case CLAIM_KIND_DIGEST:
        cbor_wr_bstr(wr, value->bytes);
        break;
    default:
        write_items(wr, set, claim);
    }
}

void
claim_set_write_pairs(struct wr *wr, const struct claim_set *set)
{
    for (unsigned i = 0; i < CLAIM_END; i++) {
        if (set->present >> i & 1) {
            cbor_wr_uint(wr, i);
            write_value(wr, set, (enum claim)i);
        }
    }
}

struct bytes
claim_set_write(const struct claim_set *set, uint8_t *room, size_t cap)
{
    struct claim_set left = *set;
    struct wr wr;

    do {
        wr = wr_init(room, cap);
        cbor_wr_map(&wr, claim_set_pairs(&left));
        claim_set_write_pairs(&wr, &left);
    } while (wr.failed && claim_set_shed(&left));
    return wr_done(&wr);
}

static void
read_items(struct cbor_rd *c, enum claim claim, struct claim_set *set)
{
    size_t n = cbor_rd_array_max(c, CLAIM_LIST_MAX);

    claim_set_list(set, claim);
    for (size_t i = 0; i < n; i++) {
        claim_set_add(set, claim,
                      claims[claim].kind == CLAIM_KIND_TEXTS ? cbor_rd_tstr(c, CLAIM_TEXT_MAX)
                                                             : cbor_rd_bstr(c, HASH_SIZE_MAX));
    }
}

void
claim_set_read_value(struct cbor_rd *c, int64_t number, struct claim_set *ret)
{
    unsigned known = number >= 0 && number < CLAIM_END ? (unsigned)number : CLAIM_END;
    enum claim claim = (enum claim)known;

    switch (claim_kind_of(known)) {
    case CLAIM_KIND_NONE:
        (void)cbor_rd_raw(c);
        return;
    case CLAIM_KIND_TEXT:
        claim_set_text(ret, claim, cbor_rd_tstr(c, CLAIM_TEXT_MAX));
        break;
    case CLAIM_KIND_NUMBER:
        claim_set_number(ret, claim, cbor_rd_uint(c, (UINT64_C(1) << 53) - 1));
        break;
    case CLAIM_KIND_FLAG:
        claim_set_flag(ret, claim, cbor_rd_bool(c));
        break;
    case CLAIM_KIND_DIGEST:
        claim_set_digest(ret, claim, cbor_rd_bstr(c, HASH_SIZE_MAX));
        break;
    default:
        read_items(c, claim, ret);
    }
    cbor_rd_require(c, claim_set_has(ret, claim));
}

bool
claim_set_read(struct bytes in, struct claim_set *ret)
{
    struct cbor_rd c = cbor_rd_init(in);
    struct cbor_map m = cbor_rd_map(&c, CLAIM_END);
    struct claim_set set = {0};
    int64_t number;

    while (cbor_map_next_int(&c, &m, &number)) {
        claim_set_read_value(&c, number, &set);
    }
    if (!cbor_rd_end(&c)) {
        return false;
    }
    *ret = set;
    return true;
}

/* ---- JSON ---- */

/* "sha256:HEX"; a text as it is. */
static struct bytes
said(enum claim_kind kind, struct bytes item, char room[DIGEST_TEXT + 1])
{
    struct wr wr = wr_init(room, DIGEST_TEXT);

    if (kind == CLAIM_KIND_TEXT || kind == CLAIM_KIND_TEXTS) {
        return item;
    }
    wr_str(&wr, hash_name(hash_of(item)));
    wr_str(&wr, ":");
    (void)hex_write(room + wr.len, item);
    return bytes_of(room, wr.len + 2 * item.len);
}

static void
say_items(struct json_wr *j, const struct claim_set *set, enum claim claim, bool joined)
{
    const struct claim_value *value = &set->values[claim];
    struct bytes texts[CLAIM_LIST_MAX];
    char rooms[CLAIM_LIST_MAX][DIGEST_TEXT + 1];

    for (size_t i = 0; i < value->n; i++) {
        texts[i] = said(claims[claim].kind, set->items[value->first + i], rooms[i]);
    }
    if (joined) {
        json_wr_joined(j, texts, value->n);
        return;
    }
    json_wr_array(j);
    for (size_t i = 0; i < value->n; i++) {
        json_wr_text(j, texts[i]);
    }
    json_wr_end_array(j);
}

void
claim_set_say(struct json_wr *j, const struct claim_set *set, enum claim claim, bool joined)
{
    const struct claim_value *value = &set->values[claim];
    char room[DIGEST_TEXT + 1];

    switch (claims[claim].kind) {
    case CLAIM_KIND_NUMBER:
        json_wr_int(j, (int64_t)value->number);
        break;
    case CLAIM_KIND_FLAG:
        json_wr_bool(j, value->number != 0);
        break;
    case CLAIM_KIND_TEXT:
    case CLAIM_KIND_DIGEST:
        json_wr_text(j, said(claims[claim].kind, value->bytes, room));
        break;
    default:
        say_items(j, set, claim, joined);
    }
}

void
claim_set_say_all(struct json_wr *j, const struct claim_set *set)
{
    json_wr_object(j);
    for (unsigned i = 0; i < CLAIM_END; i++) {
        if (set->present >> i & 1) {
            json_wr_key(j, claims[i].name);
            claim_set_say(j, set, (enum claim)i, false);
        }
    }
    json_wr_end_object(j);
}
