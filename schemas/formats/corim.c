#include "formats/corim.h"

#include "crypto/cose.h"
#include "formats/say.h"

enum {
    TAG_TIME_TEXT = 0,
    TAG_TIME = 1,
    TAG_SIGN1 = 18,
    TAG_URI = 32,
    TAG_UUID = 37,
    TAG_OID = 111,
    TAG_OLD = 500, /* the outer wrapper of old drafts */
    TAG_MAP = 501,
    TAG_OLD_SIGNED = 502,
    TAG_BYTES = 560,
    UUID_LEN = 16,
    HEAD_ALG = 1,
    HEAD_CRIT = 2,
    HEAD_META = 8,
    HEAD_CLAIMS = 15,
    HEAD_HASH = 258, /* of a hash envelope: the payload is a digest only */
};

#define TIME_MAX 253402300799u /* the last second of the year 9999 */

/* ---- what all parts share ---- */

struct cbor_rd
corim_cursor(const uint8_t *file, struct bytes view)
{
    struct cbor_rd c = cbor_rd_init_any_order(view);

    if (view.p) {
        c.rd.origin = (size_t)(view.p - file);
    }
    cbor_rd_require(&c, view.p != NULL); /* what is not there cannot be read */
    return c;
}

int
corim_fault(const struct cbor_rd *c, uint32_t tag, enum rule rule, struct fault *ret_fault)
{
    (void)fault_at(ret_fault, rule, tag, rd_offset(&c->rd));
    return CORIM_E_FAULT;
}

struct corim_list
corim_list_read(struct cbor_rd *c, const uint8_t *file, uint32_t tag, bool alone_ok)
{
    struct corim_list list = {.file = file, .tag = tag, .left = 1};
    bool alone = alone_ok && cbor_rd_peek(c) != CBOR_ARRAY;
    struct bytes raw = cbor_rd_raw(c);

    if (cbor_rd_failed(c)) {
        return (struct corim_list){0};
    }
    list.c = corim_cursor(file, raw);
    if (!alone) {
        list.left = cbor_rd_array_max(&list.c, SIZE_MAX);
    }
    cbor_rd_require(c, !cbor_rd_failed(&list.c) && list.left > 0);
    return list;
}

int
corim_list_next(struct corim_list *list, struct cbor_rd *ret_item)
{
    if (list->left == 0) {
        return CORIM_E_END;
    }
    list->left--;
    *ret_item = corim_cursor(list->file, cbor_rd_raw(&list->c)); /* it was checked before */
    return 0;
}

struct bytes
corim_text_read(struct cbor_rd *c)
{
    struct bytes text = cbor_rd_tstr(c, SIZE_MAX);

    cbor_rd_require(c, text.len > 0);
    return text;
}

static struct corim_name
tagged_read(struct cbor_rd *c)
{
    struct corim_name name = {.kind = CORIM_OTHER, .number = cbor_rd_tag(c)};

    if (name.number == TAG_URI) {
        name.kind = CORIM_TEXT;
        name.bytes = corim_text_read(c);
    } else if (name.number == TAG_UUID || name.number == TAG_OID || name.number == TAG_BYTES) {
        name.kind = name.number == TAG_UUID  ? CORIM_UUID
                    : name.number == TAG_OID ? CORIM_OID
                                             : CORIM_BYTES;
        name.bytes = cbor_rd_bstr(c, SIZE_MAX);
        cbor_rd_require(c, name.bytes.len > 0);
        cbor_rd_require(c, name.kind != CORIM_UUID || name.bytes.len == UUID_LEN);
    } else {
        name.bytes = cbor_rd_raw(c);
    }
    return name;
}

struct corim_name
corim_name_read(struct cbor_rd *c)
{
    struct corim_name name = {0};

    switch (cbor_rd_peek(c)) {
    case CBOR_TSTR:
        name.kind = CORIM_TEXT;
        name.bytes = corim_text_read(c);
        break;
    case CBOR_UINT:
        name.kind = CORIM_NUMBER;
        name.number = cbor_rd_uint(c, UINT64_MAX);
        break;
    case CBOR_BSTR:
        name.bytes = cbor_rd_bstr(c, SIZE_MAX);
        name.kind = name.bytes.len == UUID_LEN ? CORIM_UUID : CORIM_BYTES;
        break;
    default: /* a tag, or what cannot be one */
        name = tagged_read(c);
    }
    return name;
}

struct bytes
corim_entity_read(struct cbor_rd *c, int64_t key)
{
    struct cbor_map m = cbor_rd_map(c, LIMIT_CBOR_ITEMS);
    struct cbor_key at;
    struct bytes name = BYTES_NULL;

    while (cbor_map_next(c, &m, &at)) {
        if (!at.text.p && at.number == key && cbor_rd_peek(c) == CBOR_TSTR) {
            name = corim_text_read(c);
        } else {
            (void)cbor_rd_raw(c); /* a name of a profile's own kind is none that we can say */
        }
    }
    return name;
}

/* ---- names as text ---- */

static void
say_oid(struct say *say, struct bytes oid)
{
    struct rd rd = rd_init(oid);
    uint64_t arc = 0;
    bool first = true;

    while (rd_left(&rd) > 0) {
        uint8_t b = rd_u8(&rd);

        arc = arc << 7 | (b & 0x7f);
        if (b & 0x80) {
            continue;
        }
        if (first) {
            uint64_t top = arc < 80 ? arc / 40 : 2;

            say_fmt(say, "%llu.%llu", (unsigned long long)top,
                    (unsigned long long)(arc - 40 * top));
        } else {
            say_fmt(say, ".%llu", (unsigned long long)arc);
        }
        first = false;
        arc = 0;
    }
}

static void
say_uuid(struct say *say, struct bytes uuid)
{
    static const uint8_t groups[] = {4, 2, 2, 2, 6};
    struct rd rd = rd_init(uuid);

    for (size_t i = 0; i < ARRAY_LEN(groups); i++) {
        say_fmt(say, "%s", i > 0 ? "-" : "");
        say_hex(say, rd_bytes(&rd, groups[i]), groups[i]);
    }
}

const char *
corim_name_text(const struct corim_name *name, char room[CORIM_NAME_ROOM])
{
    struct say say = say_init(room, CORIM_NAME_ROOM);

    switch (name->kind) {
    case CORIM_TEXT:
        say_bytes(&say, name->bytes);
        break;
    case CORIM_NUMBER:
        say_fmt(&say, "%llu", (unsigned long long)name->number);
        break;
    case CORIM_UUID:
        say_uuid(&say, name->bytes);
        break;
    case CORIM_OID:
        say_oid(&say, name->bytes);
        break;
    case CORIM_BYTES:
        say_hex(&say, name->bytes, 24);
        break;
    case CORIM_OTHER:
        say_fmt(&say, "tag %llu", (unsigned long long)name->number);
        break;
    default:
        say_fmt(&say, "none");
    }
    return room;
}

/* ---- the manifest ---- */

struct reading {
    const uint8_t *file;
    struct corim corim;
    enum rule rule; /* what is broken if the cursor fails from here on */
};

static uint64_t
number_of(struct rd *rd, size_t n, char end)
{
    uint64_t number = 0;

    while (n-- > 0) {
        uint8_t digit = (uint8_t)(rd_u8(rd) - '0');

        number = number * 10 + digit;
        if (digit > 9) {
            rd_fail(rd);
        }
    }
    if (rd_u8(rd) != (uint8_t)end) {
        rd_fail(rd);
    }
    return number;
}

/* "2027-02-28T23:59:59Z", RFC 3339; 0 for any other text. Days as years of 365.2425 days that begin
 * in March have them. */
static uint64_t
time_of(struct bytes text)
{
    struct rd rd = rd_init(text);
    uint64_t year = number_of(&rd, 4, '-');
    uint64_t month = number_of(&rd, 2, '-');
    uint64_t day = number_of(&rd, 2, 'T');
    uint64_t hour = number_of(&rd, 2, ':');
    uint64_t minute = number_of(&rd, 2, ':');
    uint64_t second = number_of(&rd, 2, 'Z');
    uint64_t days;

    if (!rd_end(&rd) || year < 1970 || month < 1 || month > 12 || day < 1 || day > 31 ||
        hour > 23 || minute > 59 || second > 59) {
        return 0;
    }
    year -= month <= 2;
    month += month <= 2 ? 9 : (uint64_t)-3;
    days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1;
    return (days - 719468) * 86400 + hour * 3600 + minute * 60 + second;
}

/* Seconds since 1970, tag 1, or the text that some write, tag 0; 0 stands for no bound, and nothing
 * was made before. */
static uint64_t
time_read(struct cbor_rd *c, struct reading *r, bool tagged)
{
    uint64_t seconds;
    uint64_t tag = TAG_TIME;

    if (cbor_rd_failed(c)) {
        return 0; /* keeps the rule of what failed */
    }
    if (tagged || cbor_rd_peek(c) == CBOR_TAG) {
        tag = cbor_rd_tag(c);
    }
    seconds =
        tag == TAG_TIME_TEXT ? time_of(cbor_rd_tstr(c, LIMIT_TEXT)) : cbor_rd_uint(c, TIME_MAX);
    cbor_rd_require(c, seconds > 0 && (tag == TAG_TIME || tag == TAG_TIME_TEXT));
    if (cbor_rd_failed(c)) {
        r->rule = RULE_CORIM_TIME;
    }
    return seconds;
}

static struct corim_validity
validity_read(struct cbor_rd *c, struct reading *r)
{
    struct cbor_map m = cbor_rd_map(c, LIMIT_CBOR_ITEMS);
    struct corim_validity validity = {0};
    int64_t key;

    while (cbor_map_next_int(c, &m, &key)) {
        if (key == 0) {
            validity.from_s = time_read(c, r, true);
        } else if (key == 1) {
            validity.until_s = time_read(c, r, true);
        } else {
            cbor_rd_fail(c);
        }
    }
    if (!cbor_rd_failed(c) && (validity.until_s == 0 || validity.from_s >= validity.until_s)) {
        cbor_rd_fail(c);
        r->rule = RULE_CORIM_TIME;
    }
    return validity;
}

static struct bytes
entities_read(struct cbor_rd *c)
{
    size_t n = cbor_rd_array_max(c, LIMIT_CBOR_ITEMS);
    struct bytes name = BYTES_NULL;

    cbor_rd_require(c, n > 0);
    for (size_t i = 0; i < n && !cbor_rd_failed(c); i++) {
        struct bytes one = corim_entity_read(c, 0);

        name = i == 0 ? one : name;
    }
    return name;
}

static struct corim_name
profile_read(struct cbor_rd *c)
{
    struct corim_name name;

    if (cbor_rd_peek(c) == CBOR_ARRAY) {
        cbor_rd_array(c, 1); /* of old drafts */
    }
    name = corim_name_read(c);
    cbor_rd_require(c, name.kind == CORIM_TEXT || name.kind == CORIM_OID);
    return name;
}

static void
member_read(struct cbor_rd *c, struct reading *r, const struct cbor_key *key, unsigned *seen)
{
    struct corim *corim = &r->corim;

    if (key->text.p || key->number < 0 || key->number > 5) {
        corim->n_unknown++;
        (void)cbor_rd_raw(c);
        return;
    }
    *seen |= 1u << key->number;
    switch (key->number) {
    case 0:
        corim->id = corim_name_read(c);
        cbor_rd_require(c, corim->id.kind == CORIM_TEXT || corim->id.kind == CORIM_UUID);
        break;
    case 1:
        corim->tags = corim_list_read(c, r->file, 0, false);
        break;
    case 2:
        corim->n_dependent = corim_list_read(c, r->file, 0, false).left;
        break;
    case 3:
        corim->profile = profile_read(c);
        break;
    case 4:
        corim->validity = validity_read(c, r);
        break;
    default:
        corim->entity = entities_read(c);
    }
}

static void
map_read(struct cbor_rd *c, struct reading *r)
{
    struct cbor_map m = cbor_rd_map(c, LIMIT_CBOR_ITEMS);
    struct cbor_key key;
    unsigned seen = 0;

    while (cbor_map_next(c, &m, &key)) {
        member_read(c, r, &key, &seen);
    }
    cbor_rd_require(c, (seen & 3u) == 3u);
}

/* ---- the envelope ---- */

/* CWT claims, RFC 9597: issuer and times are what concerns a manifest. */
static void
claims_read(struct cbor_rd *c, struct reading *r)
{
    struct cbor_map m = cbor_rd_map(c, LIMIT_CBOR_ITEMS);
    struct cbor_key key;

    while (cbor_map_next(c, &m, &key)) {
        if (key.text.p) {
            (void)cbor_rd_raw(c);
        } else if (key.number == 1) {
            r->corim.signer = corim_text_read(c);
        } else if (key.number == 4) {
            r->corim.signature_validity.until_s = time_read(c, r, false);
        } else if (key.number == 5) {
            r->corim.signature_validity.from_s = time_read(c, r, false);
        } else {
            (void)cbor_rd_raw(c);
        }
    }
}

/* One signer, or the first of several, as some write it. */
static struct bytes
signer_read(struct cbor_rd *c, const struct reading *r)
{
    struct corim_list list = corim_list_read(c, r->file, 0, true);
    struct bytes name = BYTES_NULL;
    struct cbor_rd item;

    if (corim_list_next(&list, &item) == 0) {
        name = corim_entity_read(&item, 0);
        cbor_rd_require(c, cbor_rd_end(&item));
    }
    return name;
}

static void
meta_read(struct cbor_rd *outer, struct reading *r)
{
    struct cbor_rd c = corim_cursor(r->file, cbor_rd_bstr(outer, SIZE_MAX));
    struct cbor_map m = cbor_rd_map(&c, LIMIT_CBOR_ITEMS);
    struct cbor_key key;
    struct corim_validity validity = {0};

    while (cbor_map_next(&c, &m, &key)) {
        if (!key.text.p && key.number == 0) {
            struct bytes name = signer_read(&c, r);

            r->corim.signer = r->corim.signer.len > 0 ? r->corim.signer : name;
        } else if (!key.text.p && key.number == 1) {
            validity = validity_read(&c, r);
        } else {
            (void)cbor_rd_raw(&c);
        }
    }
    cbor_rd_require(outer, cbor_rd_end(&c));
    if (validity.until_s > 0) {
        r->corim.signature_validity = validity;
    }
}

static void
header_read(struct bytes protected, struct reading *r, struct cbor_rd *outer)
{
    struct cbor_rd c = corim_cursor(r->file, protected);
    struct cbor_map m = cbor_rd_map(&c, LIMIT_CBOR_ITEMS);
    struct cbor_key key;

    while (cbor_map_next(&c, &m, &key)) {
        if (key.text.p) {
            (void)cbor_rd_raw(&c);
        } else if (key.number == HEAD_ALG) {
            r->corim.alg = cbor_rd_int(&c);
        } else if (key.number == HEAD_META) {
            meta_read(&c, r);
        } else if (key.number == HEAD_CLAIMS) {
            claims_read(&c, r);
        } else if (key.number == HEAD_CRIT || key.number == HEAD_HASH) {
            cbor_rd_fail(&c); /* neither what we cannot know nor a payload that is elsewhere */
        } else {
            (void)cbor_rd_raw(&c);
        }
    }
    cbor_rd_require(outer, cbor_rd_end(&c));
}

/* The payload's map, in the tag that it should have. */
static void
payload_read(struct reading *r, struct cbor_rd *outer)
{
    struct cbor_rd c = corim_cursor(r->file, r->corim.payload);

    if (cbor_rd_peek(&c) == CBOR_TAG) {
        cbor_rd_require(&c, cbor_rd_tag(&c) == TAG_MAP);
    }
    map_read(&c, r);
    if (!cbor_rd_end(&c)) {
        rd_fail(&outer->rd);
        outer->rd.pos = (size_t)(c.rd.p - outer->rd.p) + c.rd.pos; /* where it is broken */
    }
}

static void
signed_read(struct cbor_rd *c, struct reading *r)
{
    struct corim *corim = &r->corim;

    r->rule = RULE_CORIM_SIGNED;
    corim->is_signed = true;
    cbor_rd_array(c, 4);
    corim->protected = cbor_rd_bstr(c, SIZE_MAX);
    if (cbor_rd_failed(c)) {
        return;
    }
    header_read(corim->protected, r, c);
    cbor_rd_require(c, cbor_rd_peek(c) == CBOR_MAP);
    (void)cbor_rd_raw(c); /* nobody signed what is unprotected */
    corim->payload = cbor_rd_bstr(c, SIZE_MAX);
    corim->signature = cbor_rd_bstr(c, SIZE_MAX);
    cbor_rd_require(c, corim->alg != 0 && corim->signature.len > 0 && corim->payload.len > 0);
    if (!cbor_rd_failed(c)) {
        r->rule = RULE_CORIM_FORM;
        payload_read(r, c);
    }
}

/* 501(map), 18(COSE_Sign1), either in an old wrapper, or the map alone. */
static void
file_read(struct cbor_rd *c, struct reading *r)
{
    uint64_t tag = TAG_MAP;

    if (cbor_rd_peek(c) == CBOR_TAG) {
        tag = cbor_rd_tag(c);
        tag = tag == TAG_OLD ? cbor_rd_tag(c) : tag;
        tag = tag == TAG_OLD_SIGNED ? cbor_rd_tag(c) : tag;
    }
    if (tag == TAG_SIGN1) {
        signed_read(c, r);
    } else if (tag == TAG_MAP) {
        map_read(c, r);
    } else {
        cbor_rd_fail(c);
    }
}

int
corim_read(struct bytes in, struct corim *ret, struct fault *ret_fault)
{
    struct cbor_rd c = cbor_rd_init_any_order(in);
    struct reading r = {.file = in.p, .rule = RULE_CORIM_FORM};

    file_read(&c, &r);
    if (!cbor_rd_end(&c)) {
        return corim_fault(&c, FAULT_NO_EVENT, r.rule, ret_fault);
    }
    *ret = r.corim;
    return 0;
}

int
corim_verify(const struct corim *corim, struct pubkey *key, struct hasher *hasher)
{
    struct cose_sign1 message = {
        .protected = corim->protected, .payload = corim->payload, .signature = corim->signature};
    int r;

    if (corim->alg != COSE_ALG_ES256 && corim->alg != COSE_ALG_ESP256) {
        return CORIM_E_ALG;
    }
    r = cose_sign1_verify(&message, BYTES_NULL, key, hasher);
    return r <= 0 ? r : r == COSE_E_ALG ? CORIM_E_ALG : CORIM_E_SIGNATURE;
}

/* ---- tags ---- */

int
corim_next_tag(struct corim_list *list, struct corim_tag *ret, struct fault *ret_fault)
{
    struct corim_tag tag = {.index = list->tag, .file = list->file};
    struct cbor_rd c;
    struct cbor_rd inner;

    if (corim_list_next(list, &c) != 0) {
        return CORIM_E_END;
    }
    if (cbor_rd_peek(&c) == CBOR_TAG) {
        tag.number = cbor_rd_tag(&c);
        tag.content = cbor_rd_bstr(&c, SIZE_MAX);
    } else { /* of old drafts: the tag is in the byte string */
        inner = corim_cursor(list->file, cbor_rd_bstr(&c, SIZE_MAX));
        tag.number = cbor_rd_tag(&inner);
        tag.content = cbor_rd_raw(&inner);
        cbor_rd_require(&c, cbor_rd_end(&inner));
    }
    if (!cbor_rd_end(&c) || tag.content.len == 0) {
        return corim_fault(&c, tag.index, RULE_CORIM_FORM, ret_fault);
    }
    list->tag++;
    *ret = tag;
    return 0;
}
