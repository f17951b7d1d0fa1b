#include "crypto/makecred.h"

#include <errno.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/limits.h"
#include "base/rd.h"
#include "base/wr.h"
#include "crypto/kdf.h"

#define COORD_MAX 66u

static const char label_identity[] = "IDENTITY"; /* its NUL is part of the label everywhere */

static const char *
group_name(enum key_kind kind)
{
    switch (kind) {
    case KEY_P256:
        return "P-256";
    case KEY_P384:
        return "P-384";
    case KEY_P521:
        return "P-521";
    default:
        return NULL;
    }
}

/* The key as OpenSSL's object: pubkey.h keeps its own hidden. NULL when memory ends. */
static EVP_PKEY *
pkey_of(const struct pubkey *key)
{
    uint8_t spki[LIMIT_CERT_BYTES];
    const unsigned char *at = spki;
    size_t len = 0;

    return pubkey_spki(key, spki, sizeof(spki), &len) == 0 ? d2i_PUBKEY(NULL, &at, (long)len)
                                                           : NULL;
}

/* RSA-OAEP with the EK's name algorithm for both hashes and the label "IDENTITY\0". Part 1 annex B.
 */
static int
oaep_prepare(EVP_PKEY_CTX *context, enum hash name_alg)
{
    const EVP_MD *md = EVP_get_digestbyname(hash_name(name_alg));
    void *label;

    if (!md || EVP_PKEY_encrypt_init(context) != 1 ||
        EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) != 1 ||
        EVP_PKEY_CTX_set_rsa_oaep_md(context, md) != 1 ||
        EVP_PKEY_CTX_set_rsa_mgf1_md(context, md) != 1) {
        return -EIO;
    }
    label = OPENSSL_memdup(label_identity, sizeof(label_identity));
    if (!label) {
        return -ENOMEM;
    }
    if (EVP_PKEY_CTX_set0_rsa_oaep_label(context, label, (int)sizeof(label_identity)) != 1) {
        OPENSSL_free(label);
        return -EIO;
    }
    return 0;
}

/* Chooses the seed and writes it encrypted to the RSA EK. */
static int
seed_by_rsa(const struct makecred_ek *ek, const struct makecred_fixed *fixed, uint8_t *seed,
            struct wr *enc)
{
    EVP_PKEY *pkey = pkey_of(ek->key);
    EVP_PKEY_CTX *context = pkey ? EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL) : NULL;
    size_t size = hash_size(ek->name_alg);
    uint8_t room[LIMIT_RSA_BITS / 8];
    size_t len = sizeof(room);
    int r = context ? 0 : -ENOMEM;

    if (fixed && fixed->seed.len == size) {
        memcpy(seed, fixed->seed.p, size);
    } else if (r == 0) {
        r = random_bytes(seed, size);
    }
    if (r == 0) {
        r = oaep_prepare(context, ek->name_alg);
    }
    if (r == 0 && EVP_PKEY_encrypt(context, room, &len, seed, size) != 1) {
        r = -EIO;
    }
    if (r == 0) {
        wr_be16(enc, (uint16_t)len);
        wr_bytes(enc, bytes_of(room, len));
    }
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(pkey);
    return r;
}

/* A private key from its scalar and point, for known answers. NULL when it cannot be made. */
static EVP_PKEY *
ephemeral_fixed(enum key_kind kind, const struct makecred_fixed *fixed)
{
    size_t size = key_coord_size(kind);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    BIGNUM *d = BN_bin2bn(fixed->ephemeral_d.p, (int)fixed->ephemeral_d.len, NULL);
    OSSL_PARAM *params = NULL;
    EVP_PKEY *pkey = NULL;
    uint8_t point[1 + 2 * COORD_MAX] = {4}; /* uncompressed, SEC 1 section 2.3.3 */
    struct wr wr = wr_init(point + 1, 2 * size);

    wr_bytes(&wr, fixed->ephemeral_x);
    wr_bytes(&wr, fixed->ephemeral_y);
    if (context && build && d && wr_done(&wr).len == 2 * size &&
        OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, group_name(kind), 0) ==
            1 &&
        OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * size) ==
            1 &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, d) == 1 &&
        (params = OSSL_PARAM_BLD_to_param(build)) != NULL && EVP_PKEY_fromdata_init(context) == 1) {
        ignore(EVP_PKEY_fromdata(context, &pkey, EVP_PKEY_KEYPAIR, params) != 1, "pkey stays NULL");
    }
    OSSL_PARAM_free(params);
    BN_clear_free(d);
    OSSL_PARAM_BLD_free(build);
    EVP_PKEY_CTX_free(context);
    return pkey;
}

static bool
coordinate(const EVP_PKEY *pkey, const char *name, uint8_t *out, size_t size)
{
    BIGNUM *value = NULL;
    bool ok = EVP_PKEY_get_bn_param(pkey, name, &value) == 1 &&
              BN_bn2binpad(value, out, (int)size) == (int)size;

    BN_free(value);
    return ok;
}

/* x of the shared point, padded to the field as SEC 1 section 3.3.1 gives it. */
static int
shared_x(EVP_PKEY *own, EVP_PKEY *peer, uint8_t *z, size_t size)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, own, NULL);
    size_t len = size;
    bool ok = context && EVP_PKEY_derive_init(context) == 1 &&
              EVP_PKEY_derive_set_peer(context, peer) == 1 &&
              EVP_PKEY_derive(context, z, &len) == 1 && len == size;

    EVP_PKEY_CTX_free(context);
    return ok ? 0 : -EIO;
}

/* Derives the seed with an ephemeral key and writes that key's point. Part 1 annex C. */
static int
seed_by_ecdh(struct hasher *hasher, const struct makecred_ek *ek, EVP_PKEY *ephemeral,
             uint8_t *seed, struct wr *enc)
{
    size_t size = key_coord_size(pubkey_kind(ek->key));
    EVP_PKEY *peer = pkey_of(ek->key);
    uint8_t z[COORD_MAX];
    uint8_t x[COORD_MAX];
    uint8_t y[COORD_MAX];
    uint8_t ek_x[COORD_MAX];
    uint8_t ek_y[COORD_MAX];
    int r = peer ? pubkey_point(ek->key, ek_x, ek_y) : -ENOMEM;

    if (r == 0 && (!coordinate(ephemeral, OSSL_PKEY_PARAM_EC_PUB_X, x, size) ||
                   !coordinate(ephemeral, OSSL_PKEY_PARAM_EC_PUB_Y, y, size))) {
        r = -EIO;
    }
    if (r == 0) {
        r = shared_x(ephemeral, peer, z, size);
    }
    if (r == 0) {
        r = kdf_e(hasher, ek->name_alg, bytes_of(z, size), label_identity, bytes_of(x, size),
                  bytes_of(ek_x, size), seed);
    }
    if (r == 0) {
        wr_be16(enc, (uint16_t)(2 * (2 + size)));
        wr_be16(enc, (uint16_t)size);
        wr_bytes(enc, bytes_of(x, size));
        wr_be16(enc, (uint16_t)size);
        wr_bytes(enc, bytes_of(y, size));
    }
    wipe(z, sizeof(z));
    EVP_PKEY_free(peer);
    return r;
}

static int
seed_make(struct hasher *hasher, const struct makecred_ek *ek, const struct makecred_fixed *fixed,
          uint8_t *seed, struct wr *enc)
{
    enum key_kind kind = pubkey_kind(ek->key);
    EVP_PKEY *ephemeral;
    int r;

    if (kind == KEY_RSA) {
        return seed_by_rsa(ek, fixed, seed, enc);
    }
    ephemeral = fixed && fixed->ephemeral_d.len > 0 ? ephemeral_fixed(kind, fixed)
                                                    : EVP_EC_gen(group_name(kind));
    r = ephemeral ? seed_by_ecdh(hasher, ek, ephemeral, seed, enc) : -EIO;
    EVP_PKEY_free(ephemeral);
    return r;
}

/* AES-CFB with a zero IV: the key is used once. */
static int
encrypt(const uint8_t *key, unsigned aes_bits, uint8_t *inout, size_t len)
{
    static const uint8_t iv[16];
    EVP_CIPHER *cipher =
        EVP_CIPHER_fetch(NULL, aes_bits == 256 ? "AES-256-CFB" : "AES-128-CFB", NULL);
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    int n = 0;
    bool ok = cipher && context && EVP_EncryptInit_ex2(context, cipher, key, iv, NULL) == 1 &&
              EVP_EncryptUpdate(context, inout, &n, inout, (int)len) == 1 && (size_t)n == len;

    EVP_CIPHER_CTX_free(context);
    EVP_CIPHER_free(cipher);
    return ok ? 0 : -EIO;
}

/* Part 1, Credential Protection: encIdentity under STORAGE, then the outer HMAC over it and the
 * name under INTEGRITY. */
static int
id_object(struct hasher *hasher, const struct makecred_ek *ek, struct bytes seed,
          struct bytes ak_name, const struct makecred_secret *secret, struct wr *id)
{
    size_t size = hash_size(ek->name_alg);
    uint8_t identity[2 + MAKECRED_SECRET_SIZE];
    uint8_t key[HASH_SIZE_MAX];
    uint8_t mac[HASH_SIZE_MAX];
    struct bytes macked[] = {BYTES_OF(identity), ak_name};
    struct wr plain = wr_init(identity, sizeof(identity));
    int r;

    wr_be16(&plain, MAKECRED_SECRET_SIZE);
    wr_bytes(&plain, BYTES_OF(secret->b));
    r = kdf_a(hasher, ek->name_alg, seed, "STORAGE", ak_name, BYTES_NULL, key, ek->aes_bits / 8);
    if (r == 0) {
        r = encrypt(key, ek->aes_bits, identity, sizeof(identity));
    }
    if (r == 0) {
        r = kdf_a(hasher, ek->name_alg, seed, "INTEGRITY", BYTES_NULL, BYTES_NULL, key, size);
    }
    if (r == 0) {
        r = hasher_hmac(hasher, ek->name_alg, bytes_of(key, size), macked, 2, mac);
    }
    if (r == 0) {
        wr_be16(id, (uint16_t)(2 + size + sizeof(identity)));
        wr_be16(id, (uint16_t)size);
        wr_bytes(id, bytes_of(mac, size));
        wr_bytes(id, BYTES_OF(identity));
    }
    wipe(identity, sizeof(identity));
    wipe(key, sizeof(key));
    return r;
}

static bool
ek_fits(const struct makecred_ek *ek)
{
    bool hash_ok =
        ek->name_alg == HASH_SHA256 || ek->name_alg == HASH_SHA384 || ek->name_alg == HASH_SHA512;

    return hash_ok && (ek->aes_bits == 128 || ek->aes_bits == 256) &&
           pubkey_kind(ek->key) != KEY_NONE && !pubkey_weak(ek->key);
}

static bool
name_fits(struct bytes name)
{
    struct rd rd = rd_init(name);
    enum hash alg = hash_from_tpm_id(rd_be16(&rd));

    return !rd.failed && alg != HASH_N && rd_left(&rd) == hash_size(alg);
}

int
makecred(struct hasher *hasher, const struct makecred_ek *ek, struct bytes ak_name,
         const struct makecred_secret *secret, const struct makecred_fixed *fixed,
         struct makecred_blob *ret_blob)
{
    struct makecred_blob blob = {0};
    struct wr id = wr_init(blob.id, sizeof(blob.id));
    struct wr enc = wr_init(blob.enc, sizeof(blob.enc));
    uint8_t seed[HASH_SIZE_MAX];
    int r;

    if (!ek_fits(ek)) {
        return MAKECRED_E_EK;
    }
    if (!name_fits(ak_name)) {
        return MAKECRED_E_NAME;
    }
    r = seed_make(hasher, ek, fixed, seed, &enc);
    if (r == 0) {
        r = id_object(hasher, ek, bytes_of(seed, hash_size(ek->name_alg)), ak_name, secret, &id);
    }
    if (r == 0 && (id.failed || enc.failed)) {
        r = -ENOBUFS;
    }
    if (r == 0) {
        blob.id_len = id.len;
        blob.enc_len = enc.len;
        *ret_blob = blob;
    }
    wipe(seed, sizeof(seed));
    return r;
}
