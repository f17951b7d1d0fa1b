#include "crypto/cose-key.h"

#include "base/cbor-rd.h"
#include "base/limits.h"
#include "crypto/cose.h"

/* One key of a set while it is read. */
struct draft {
    struct cose_key key;
    int64_t kty;
    int64_t alg;
    int64_t crv;
    bool has_x;
    bool has_y;
    bool secret;
};

void
cose_key_point_write(struct wr *wr, const struct p256 *point)
{
    cbor_wr_int(wr, COSE_KEY_CRV);
    cbor_wr_int(wr, COSE_CRV_P256);
    cbor_wr_int(wr, COSE_KEY_X);
    cbor_wr_bstr(wr, BYTES_OF(point->x));
    cbor_wr_int(wr, COSE_KEY_Y);
    cbor_wr_bstr(wr, BYTES_OF(point->y));
}

void
cose_key_write(struct wr *wr, const struct cose_key *key)
{
    cbor_wr_map(wr, 6);
    cbor_wr_int(wr, COSE_KEY_KTY);
    cbor_wr_int(wr, COSE_KTY_EC2);
    cbor_wr_int(wr, COSE_KEY_KID);
    cbor_wr_bstr(wr, key->kid);
    cbor_wr_int(wr, COSE_KEY_ALG);
    cbor_wr_int(wr, COSE_ALG_ES256);
    cose_key_point_write(wr, &key->point);
}

void
cose_key_set_write(struct wr *wr, const struct cose_key *keys, size_t n)
{
    cbor_wr_array(wr, n);
    for (size_t i = 0; i < n; i++) {
        cose_key_write(wr, &keys[i]);
    }
}

/* An integer value, or 0 (which none of our parameters means) for a value of another type. */
static int64_t
small_int(struct cbor_rd *c)
{
    enum cbor_kind kind = cbor_rd_peek(c);

    if (kind == CBOR_UINT || kind == CBOR_NINT) {
        return cbor_rd_int(c);
    }
    (void)cbor_rd_raw(c);
    return 0;
}

/* A coordinate, when it has P-256's size; -2 and -3 mean other things in other key types. */
static bool
coordinate(struct cbor_rd *c, uint8_t out[32])
{
    struct bytes value = BYTES_NULL;

    if (cbor_rd_peek(c) == CBOR_BSTR) {
        value = cbor_rd_bstr(c, SIZE_MAX);
    } else {
        (void)cbor_rd_raw(c);
    }
    if (value.len != 32) {
        return false;
    }
    memcpy(out, value.p, 32);
    return true;
}

static void
parameter(struct cbor_rd *c, int64_t label, struct draft *draft)
{
    switch (label) {
    case COSE_KEY_KTY:
        draft->kty = small_int(c);
        break;
    case COSE_KEY_KID:
        draft->key.kid = cbor_rd_bstr(c, LIMIT_KID_BYTES);
        break;
    case COSE_KEY_ALG:
        draft->alg = small_int(c);
        break;
    case COSE_KEY_CRV:
        draft->crv = small_int(c);
        break;
    case COSE_KEY_X:
        draft->has_x = coordinate(c, draft->key.point.x);
        break;
    case COSE_KEY_Y:
        draft->has_y = coordinate(c, draft->key.point.y);
        break;
    case COSE_KEY_D:
        draft->secret = true;
        (void)cbor_rd_raw(c);
        break;
    default:
        (void)cbor_rd_raw(c);
    }
}

static void
draft_read(struct cbor_rd *c, struct draft *draft)
{
    struct cbor_map m = cbor_rd_map(c, LIMIT_CBOR_ITEMS);
    struct cbor_key key;

    *draft = (struct draft){0};
    while (cbor_map_next(c, &m, &key)) {
        if (key.text.p) {
            (void)cbor_rd_raw(c);
        } else {
            parameter(c, key.number, draft);
        }
    }
}

static bool
is_ours(const struct draft *draft)
{
    return draft->kty == COSE_KTY_EC2 && draft->crv == COSE_CRV_P256 && draft->key.kid.len > 0 &&
           (draft->alg == 0 || draft->alg == COSE_ALG_ES256 || draft->alg == COSE_ALG_ESP256);
}

int
cose_key_set_read(struct bytes in, struct cose_key *ret_keys, size_t cap, size_t *ret_n)
{
    struct cbor_rd c = cbor_rd_init(in);
    size_t n_items = cbor_rd_array_max(&c, LIMIT_CBOR_ITEMS);
    size_t n = 0;

    for (size_t i = 0; i < n_items && !cbor_rd_failed(&c); i++) {
        struct draft draft;

        draft_read(&c, &draft);
        if (draft.kty == COSE_KTY_EC2 && draft.secret) {
            return COSE_KEY_E_SECRET;
        }
        if (cbor_rd_failed(&c) || !is_ours(&draft)) {
            continue;
        }
        if (!draft.has_x || !draft.has_y) {
            return COSE_KEY_E_FORM; /* a compressed point or a cut coordinate */
        }
        if (n == cap) {
            return COSE_KEY_E_MANY;
        }
        ret_keys[n++] = draft.key;
    }
    if (!cbor_rd_end(&c)) {
        return COSE_KEY_E_FORM;
    }
    *ret_n = n;
    return 0;
}
