#include "crypto/cose.h"

#include <errno.h>

#include "base/cbor-rd.h"
#include "base/cbor-wr.h"

enum {
    TAG_SIGN1 = 18,
    HEAD_ALG = 1,
    HEAD_CRIT = 2,
    HEAD_KID = 4,
    HEAD_TYP = 16,
    HEAD_X5CHAIN = 33,
    BSTR = 0x40, /* major type 2 */
    BSTR_HEAD_MAX = 5,
    /* a kid, a chain of certificates, and the heads */
    PROTECTED_MAX = LIMIT_CHAIN * (LIMIT_CERT_BYTES + BSTR_HEAD_MAX) + LIMIT_KID_BYTES + 32,
};

/* The head of a byte string whose content is hashed from where it lies. */
static struct bytes
bstr_head(uint8_t room[BSTR_HEAD_MAX], size_t len)
{
    struct wr wr = wr_init(room, BSTR_HEAD_MAX);

    if (len < 24) {
        wr_u8(&wr, (uint8_t)(BSTR | len));
    } else if (len <= UINT8_MAX) {
        wr_u8(&wr, BSTR | 24);
        wr_u8(&wr, (uint8_t)len);
    } else if (len <= UINT16_MAX) {
        wr_u8(&wr, BSTR | 25);
        wr_be16(&wr, (uint16_t)len);
    } else {
        wr_u8(&wr, BSTR | 26);
        wr_be32(&wr, (uint32_t)len);
    }
    return wr_done(&wr);
}

int
cose_sign1_digest(struct bytes protected, struct bytes external_aad, struct bytes payload,
                  struct hasher *hasher, uint8_t ret_digest[32])
{
    static const uint8_t context[] = {0x84, 0x6a, 'S', 'i', 'g', 'n', 'a', 't', 'u', 'r', 'e', '1'};
    static const uint8_t empty_map[] = {0xa0};
    uint8_t heads[3][BSTR_HEAD_MAX];
    struct bytes parts[7] = {BYTES_OF(context)};

    if (payload.len > UINT32_MAX || external_aad.len > UINT32_MAX) {
        return -E2BIG;
    }
    if (bytes_equal(protected, BYTES_OF(empty_map))) {
        protected = BYTES_NULL;
    }
    parts[1] = bstr_head(heads[0], protected.len);
    parts[2] = protected;
    parts[3] = bstr_head(heads[1], external_aad.len);
    parts[4] = external_aad;
    parts[5] = bstr_head(heads[2], payload.len);
    parts[6] = payload;
    return hasher_parts(hasher, HASH_SHA256, parts, ARRAY_LEN(parts), ret_digest);
}

/* What the two headers said, before it is judged. */
struct header {
    int64_t alg;
    struct bytes kid;
    struct bytes chain[LIMIT_CHAIN];
    size_t n_chain;
    uint16_t typ;
    bool crit;
};

/* COSE_X509: one certificate as it is, or an array of two or more. RFC 9360 section 2. */
static void
chain_read(struct cbor_rd *c, struct header *h)
{
    size_t n = 1;

    if (cbor_rd_peek(c) == CBOR_ARRAY) {
        n = cbor_rd_array_max(c, LIMIT_CHAIN);
        if (n < 2) {
            cbor_rd_fail(c);
        }
    }
    for (size_t i = 0; i < n && !cbor_rd_failed(c); i++) {
        h->chain[i] = cbor_rd_bstr(c, LIMIT_CERT_BYTES);
    }
    h->n_chain = n;
}

static void
kid_read(struct cbor_rd *c, struct header *h)
{
    h->kid = cbor_rd_bstr(c, LIMIT_KID_BYTES);
    if (h->kid.len == 0) {
        cbor_rd_fail(c);
    }
}

static void
parameter(struct cbor_rd *c, int64_t label, struct header *h)
{
    switch (label) {
    case HEAD_ALG:
        h->alg = cbor_rd_int(c);
        break;
    case HEAD_CRIT:
        h->crit = true;
        (void)cbor_rd_raw(c);
        break;
    case HEAD_KID:
        kid_read(c, h);
        break;
    case HEAD_TYP: /* the text form, a media type, is not ours */
        h->typ = (uint16_t)cbor_rd_uint(c, COSE_TYP_NONE - 1);
        break;
    case HEAD_X5CHAIN:
        chain_read(c, h);
        break;
    default:
        (void)cbor_rd_raw(c);
    }
}

static int
protected_read(struct bytes in, struct header *h)
{
    struct cbor_rd c = cbor_rd_init(in);
    struct cbor_map m;
    struct cbor_key key;

    if (in.len == 0) {
        return COSE_E_ALG; /* the empty header: legal COSE, but alg is missing */
    }
    m = cbor_rd_map(&c, LIMIT_CBOR_ITEMS);
    while (cbor_map_next(&c, &m, &key)) {
        if (key.text.p) {
            (void)cbor_rd_raw(&c);
        } else {
            parameter(&c, key.number, h);
        }
    }
    if (!cbor_rd_end(&c)) {
        return COSE_E_FORM;
    }
    if (h->crit) {
        return COSE_E_HEADER;
    }
    return h->alg == COSE_ALG_ES256 || h->alg == COSE_ALG_ESP256 ? 0 : COSE_E_ALG;
}

/* Nothing or kid; returns false for another parameter or a second kid. */
static bool
unprotected_read(struct cbor_rd *c, struct header *h)
{
    struct cbor_map m = cbor_rd_map(c, LIMIT_CBOR_ITEMS);
    struct cbor_key key;
    bool ok = true;

    while (cbor_map_next(c, &m, &key)) {
        if (!key.text.p && key.number == HEAD_KID && h->kid.len == 0) {
            kid_read(c, h);
        } else {
            ok = false;
            (void)cbor_rd_raw(c);
        }
    }
    return ok;
}

int
cose_sign1_read(struct bytes in, struct cose_sign1 *ret_message)
{
    struct cbor_rd c = cbor_rd_init(in);
    struct header h = {.typ = COSE_TYP_NONE};
    struct bytes protected;
    struct bytes payload;
    struct bytes signature;
    bool header_ok;
    int r;

    if (cbor_rd_tag(&c) != TAG_SIGN1) {
        return COSE_E_FORM;
    }
    cbor_rd_array(&c, 4);
    protected = cbor_rd_bstr(&c, PROTECTED_MAX);
    if (cbor_rd_failed(&c)) {
        return COSE_E_FORM;
    }
    r = protected_read(protected, &h);
    header_ok = unprotected_read(&c, &h);
    payload = cbor_rd_bstr(&c, SIZE_MAX);
    signature = cbor_rd_bstr(&c, SIZE_MAX);
    if (!cbor_rd_end(&c) || r == COSE_E_FORM) {
        return COSE_E_FORM;
    }
    if (r != 0 || !header_ok) {
        return r != 0 ? r : COSE_E_HEADER;
    }
    if (signature.len != ES256_SIG_SIZE) {
        return COSE_E_FORM;
    }
    *ret_message = (struct cose_sign1){.protected = protected,
                                       .kid = h.kid,
                                       .n_chain = h.n_chain,
                                       .typ = h.typ,
                                       .payload = payload,
                                       .signature = signature};
    memcpy(ret_message->chain, h.chain, sizeof(h.chain));
    return 0;
}

int
cose_sign1_verify(const struct cose_sign1 *message, struct bytes external_aad, struct pubkey *key,
                  struct hasher *hasher)
{
    struct rd rs = rd_init(message->signature);
    uint8_t digest[32];
    struct bytes r_part;
    struct bytes s_part;
    int r;

    if (pubkey_kind(key) != KEY_P256) {
        return COSE_E_ALG;
    }
    r = cose_sign1_digest(message->protected, external_aad, message->payload, hasher, digest);
    if (r < 0) {
        return r;
    }
    r_part = rd_bytes(&rs, 32);
    s_part = rd_bytes(&rs, 32);
    if (!rd_end(&rs)) {
        return COSE_E_SIGNATURE;
    }
    r = pubkey_verify_ecdsa(key, BYTES_OF(digest), r_part, s_part);
    return r <= 0 ? r : COSE_E_SIGNATURE;
}

static void
chain_write(struct wr *wr, const struct cose_header *header)
{
    cbor_wr_int(wr, HEAD_X5CHAIN);
    if (header->n_chain > 1) {
        cbor_wr_array(wr, header->n_chain);
    }
    for (size_t i = 0; i < header->n_chain; i++) {
        cbor_wr_bstr(wr, header->chain[i]);
    }
}

static void
protected_write(struct wr *wr, const struct cose_header *header)
{
    bool has_typ = header->typ != COSE_TYP_NONE;

    cbor_wr_map(wr, 1u + (header->kid.len > 0) + has_typ + (header->n_chain > 0));
    cbor_wr_int(wr, HEAD_ALG);
    cbor_wr_int(wr, COSE_ALG_ES256);
    if (header->kid.len > 0) {
        cbor_wr_int(wr, HEAD_KID);
        cbor_wr_bstr(wr, header->kid);
    }
    if (has_typ) {
        cbor_wr_int(wr, HEAD_TYP);
        cbor_wr_uint(wr, header->typ);
    }
    if (header->n_chain > 0) {
        chain_write(wr, header);
    }
}

/* Size of the protected header, by writing it where the message's begins: the length stands before
 * the content, and a chain is too large for the stack. */
static struct bytes
protected_place(struct wr *wr, const struct cose_header *header)
{
    struct wr probe = *wr;
    struct wr room;
    size_t len;

    protected_write(&probe, header);
    len = probe.len - wr->len;
    if (probe.failed || header->n_chain > LIMIT_CHAIN || header->kid.len > LIMIT_KID_BYTES) {
        wr->failed = true;
        return BYTES_NULL;
    }
    room = wr_init(cbor_wr_bstr_room(wr, len), len);
    if (wr->failed) {
        return BYTES_NULL;
    }
    protected_write(&room, header);
    return wr_done(&room);
}

int
cose_sign1_write(struct wr *wr, const struct cose_header *header, struct bytes external_aad,
                 struct bytes payload, struct privkey *key, struct hasher *hasher)
{
    uint8_t digest[32];
    uint8_t signature[ES256_SIG_SIZE];
    struct bytes protected;
    int r;

    cbor_wr_tag(wr, TAG_SIGN1);
    cbor_wr_array(wr, 4);
    protected = protected_place(wr, header);
    cbor_wr_map(wr, 0);
    cbor_wr_bstr(wr, payload);
    if (wr->failed) {
        return -ENOSPC;
    }
    r = cose_sign1_digest(protected, external_aad, payload, hasher, digest);
    if (r < 0) {
        return r;
    }
    r = privkey_sign(key, digest, signature);
    if (r < 0) {
        return r;
    }
    cbor_wr_bstr(wr, BYTES_OF(signature));
    return wr->failed ? -ENOSPC : 0;
}
