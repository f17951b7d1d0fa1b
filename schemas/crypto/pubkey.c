#include "crypto/pubkey.h"

#include <errno.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdlib.h>

#include "base/limits.h"
#include "crypto/der-sig.h"
#include "crypto/digest.h"

struct pubkey {
    enum key_kind kind;
    unsigned bits;
    EVP_PKEY *pkey;
    EVP_PKEY_CTX *verify; /* initialised once: the set-up is a third of an RSA verification */
};

static const struct {
    const char *group;
    size_t size;
} curves[] = {
    [KEY_P256] = {"prime256v1", 32},
    [KEY_P384] = {"secp384r1", 48},
    [KEY_P521] = {"secp521r1", 66},
};

size_t
key_coord_size(enum key_kind kind)
{
    return kind >= KEY_P256 && kind <= KEY_P521 ? curves[kind].size : 0;
}

void
pubkey_free(struct pubkey *key)
{
    if (key) {
        EVP_PKEY_CTX_free(key->verify);
        EVP_PKEY_free(key->pkey);
        free(key);
    }
}

void
pubkey_freep(struct pubkey **key)
{
    pubkey_free(*key);
    *key = NULL;
}

static enum key_kind
kind_of(const EVP_PKEY *pkey)
{
    char group[32];
    size_t len = 0;

    if (EVP_PKEY_get_base_id(pkey) == EVP_PKEY_RSA) {
        return KEY_RSA;
    }
    if (EVP_PKEY_get_base_id(pkey) != EVP_PKEY_EC ||
        EVP_PKEY_get_group_name(pkey, group, sizeof(group), &len) != 1) {
        return KEY_NONE; /* explicit curve parameters have no name: CVE-2022-0778 and kin */
    }
    for (size_t i = KEY_P256; i <= KEY_P521; i++) {
        if (strcmp(group, curves[i].group) == 0) {
            return (enum key_kind)i;
        }
    }
    return KEY_NONE;
}

static bool
exponent_is_f4(const EVP_PKEY *pkey)
{
    BIGNUM *e = NULL;
    bool same =
        EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &e) == 1 && BN_is_word(e, RSA_F4);

    BN_free(e);
    return same;
}

/* Wraps a decoded key after the checks that hold for all of them. */
static int
pubkey_wrap(EVP_PKEY *take_pkey, struct pubkey **ret_key)
{
    CLEANUP(pubkey_freep) struct pubkey *key = calloc(1, sizeof(*key));

    if (!key) {
        EVP_PKEY_free(take_pkey);
        return -ENOMEM;
    }
    key->pkey = take_pkey;
    key->kind = kind_of(take_pkey);
    key->bits = (unsigned)EVP_PKEY_get_bits(take_pkey);
    if (key->kind == KEY_NONE) {
        return PUBKEY_E_ALG;
    }
    if (key->kind == KEY_RSA &&
        (key->bits < 1024 || key->bits > LIMIT_RSA_BITS || !exponent_is_f4(take_pkey))) {
        return PUBKEY_E_ALG;
    }
    key->verify = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
    if (!key->verify || EVP_PKEY_verify_init(key->verify) != 1) {
        return -ENOMEM;
    }
    *ret_key = key;
    key = NULL;
    return 0;
}

/* Imports parameters; the provider checks that a point is on its curve. */
static int
pubkey_import(const char *type, OSSL_PARAM *params, struct pubkey **ret_key)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    EVP_PKEY *pkey = NULL;
    int r;

    if (!context || !params || EVP_PKEY_fromdata_init(context) != 1) {
        r = -ENOMEM;
    } else if (EVP_PKEY_fromdata(context, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1) {
        r = PUBKEY_E_FORM;
    } else {
        r = pubkey_wrap(pkey, ret_key);
    }
    EVP_PKEY_CTX_free(context);
    return r;
}

/* Right-aligns a coordinate in its field. */
static bool
place(uint8_t *field, size_t size, struct bytes coord)
{
    if (coord.len > size || coord.len == 0) {
        return false;
    }
    memset(field, 0, size - coord.len);
    memcpy(field + size - coord.len, coord.p, coord.len);
    return true;
}

int
pubkey_from_point(enum key_kind kind, struct bytes x, struct bytes y, struct pubkey **ret_key)
{
    uint8_t point[1 + 2 * 66];
    size_t size = key_coord_size(kind);
    OSSL_PARAM params[3];

    if (size == 0) {
        return PUBKEY_E_ALG;
    }
    point[0] = 4; /* uncompressed, SEC 1 section 2.3.3 */
    if (!place(point + 1, size, x) || !place(point + 1 + size, size, y)) {
        return PUBKEY_E_FORM;
    }
    params[0] = OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME,
                                                 (char *)(uintptr_t)curves[kind].group, 0);
    params[1] = OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * size);
    params[2] = OSSL_PARAM_construct_end();
    return pubkey_import("EC", params, ret_key);
}

int
pubkey_from_rsa(struct bytes n, uint32_t e, struct pubkey **ret_key)
{
    OSSL_PARAM_BLD *build;
    OSSL_PARAM *params = NULL;
    BIGNUM *modulus;
    BIGNUM *exponent;
    int r;

    if (n.len == 0 || n.len > LIMIT_RSA_BITS / 8) {
        return PUBKEY_E_ALG;
    }
    build = OSSL_PARAM_BLD_new();
    modulus = BN_bin2bn(n.p, (int)n.len, NULL);
    exponent = BN_new();
    if (build && modulus && exponent && BN_set_word(exponent, e) == 1 &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, modulus) == 1 &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, exponent) == 1) {
        params = OSSL_PARAM_BLD_to_param(build);
    }
    r = pubkey_import("RSA", params, ret_key);
    OSSL_PARAM_free(params);
    BN_free(exponent);
    BN_free(modulus);
    OSSL_PARAM_BLD_free(build);
    return r;
}

int
pubkey_from_spki(struct bytes der, struct pubkey **ret_key)
{
    const unsigned char *at = der.p;
    EVP_PKEY *pkey;

    if (der.len == 0 || der.len > LIMIT_CERT_BYTES) {
        return PUBKEY_E_FORM;
    }
    pkey = d2i_PUBKEY(NULL, &at, (long)der.len);
    if (!pkey) {
        return PUBKEY_E_FORM;
    }
    if (at != der.p + der.len) {
        EVP_PKEY_free(pkey);
        return PUBKEY_E_FORM;
    }
    return pubkey_wrap(pkey, ret_key);
}

int
pubkey_from_pem(struct bytes pem, struct pubkey **ret_key)
{
    BIO *bio;
    EVP_PKEY *pkey;

    if (pem.len == 0 || pem.len > 4 * LIMIT_CERT_BYTES) {
        return PUBKEY_E_FORM;
    }
    bio = BIO_new_mem_buf(pem.p, (int)pem.len);
    if (!bio) {
        return -ENOMEM;
    }
    pkey = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
    BIO_free(bio);
    return pkey ? pubkey_wrap(pkey, ret_key) : PUBKEY_E_FORM;
}

enum key_kind
pubkey_kind(const struct pubkey *key)
{
    return key->kind;
}

unsigned
pubkey_bits(const struct pubkey *key)
{
    return key->bits;
}

bool
pubkey_weak(const struct pubkey *key)
{
    return key->kind == KEY_RSA && key->bits < 2048;
}

static int
coordinate(const struct pubkey *key, const char *name, uint8_t *out)
{
    BIGNUM *value = NULL;
    int size = (int)key_coord_size(key->kind);
    bool ok = EVP_PKEY_get_bn_param(key->pkey, name, &value) == 1 &&
              BN_bn2binpad(value, out, size) == size;

    BN_free(value);
    return ok ? 0 : -EINVAL;
}

int
pubkey_point(const struct pubkey *key, uint8_t *x, uint8_t *y)
{
    int r;

    if (key_coord_size(key->kind) == 0) {
        return -EINVAL;
    }
    r = coordinate(key, OSSL_PKEY_PARAM_EC_PUB_X, x);
    return r < 0 ? r : coordinate(key, OSSL_PKEY_PARAM_EC_PUB_Y, y);
}

int
pubkey_modulus(const struct pubkey *key, uint8_t *n, size_t cap, size_t *ret_len)
{
    BIGNUM *value = NULL;
    int r = -EINVAL;

    if (key->kind == KEY_RSA &&
        EVP_PKEY_get_bn_param(key->pkey, OSSL_PKEY_PARAM_RSA_N, &value) == 1 &&
        (size_t)BN_num_bytes(value) <= cap) {
        *ret_len = (size_t)BN_bn2bin(value, n);
        r = 0;
    }
    BN_free(value);
    return r;
}

int
pubkey_spki(const struct pubkey *key, uint8_t *out, size_t cap, size_t *ret_len)
{
    unsigned char *der = NULL;
    int len = i2d_PUBKEY(key->pkey, &der);
    int r = -EINVAL;

    if (len > 0 && (size_t)len <= cap) {
        memcpy(out, der, (size_t)len);
        *ret_len = (size_t)len;
        r = 0;
    }
    OPENSSL_free(der);
    return r;
}

int
pubkey_ski(const struct pubkey *key, struct hasher *hasher, uint8_t ret[20])
{
    X509_PUBKEY *spki = NULL;
    const unsigned char *bits = NULL;
    int len = 0;
    int r = -ENOMEM;

    if (X509_PUBKEY_set(&spki, key->pkey) == 1 &&
        X509_PUBKEY_get0_param(NULL, &bits, &len, NULL, spki) == 1) {
        r = hasher_bytes(hasher, HASH_SHA1, bytes_of(bits, (size_t)len), ret);
    }
    X509_PUBKEY_free(spki);
    return r;
}

int
pubkey_verify_ecdsa(struct pubkey *key, struct bytes digest, struct bytes r, struct bytes s)
{
    uint8_t der[DER_SIG_MAX];
    size_t len = 0;

    if (key_coord_size(key->kind) == 0) {
        return PUBKEY_E_ALG;
    }
    if (r.len > key_coord_size(key->kind) || s.len > key_coord_size(key->kind) ||
        der_sig_write(r, s, der, &len) != 0) {
        return PUBKEY_E_WRONG;
    }
    return EVP_PKEY_verify(key->verify, der, len, digest.p, digest.len) == 1 ? 0 : PUBKEY_E_WRONG;
}

int
pubkey_verify_rsa(struct pubkey *key, enum sig_scheme scheme, enum hash alg, struct bytes digest,
                  struct bytes signature)
{
    int padding = scheme == SIG_RSAPSS ? RSA_PKCS1_PSS_PADDING : RSA_PKCS1_PADDING;
    const EVP_MD *md = EVP_get_digestbyname(hash_name(alg));

    if (key->kind != KEY_RSA || (scheme != SIG_RSASSA && scheme != SIG_RSAPSS) || !md ||
        digest.len != hash_size(alg)) {
        return PUBKEY_E_ALG;
    }
    if (EVP_PKEY_CTX_set_rsa_padding(key->verify, padding) != 1 ||
        EVP_PKEY_CTX_set_signature_md(key->verify, md) != 1 ||
        (scheme == SIG_RSAPSS &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(key->verify, RSA_PSS_SALTLEN_AUTO) != 1)) {
        return -EIO;
    }
    return EVP_PKEY_verify(key->verify, signature.p, signature.len, digest.p, digest.len) == 1
               ? 0
               : PUBKEY_E_WRONG;
}

int
pubkey_verify_plain(struct pubkey *key, enum hash alg, struct bytes digest, struct bytes signature)
{
    uint8_t rs[2 * 66];
    size_t size = key_coord_size(key->kind);

    if (size == 0) {
        return pubkey_verify_rsa(key, SIG_RSASSA, alg, digest, signature);
    }
    if (digest.len != hash_size(alg)) {
        return PUBKEY_E_ALG;
    }
    return der_sig_read(signature, size, rs) != 0
               ? PUBKEY_E_WRONG
               : pubkey_verify_ecdsa(key, digest, bytes_of(rs, size), bytes_of(rs + size, size));
}
