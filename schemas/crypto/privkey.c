#include "crypto/privkey.h"

#include <errno.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdlib.h>

#include "crypto/der-sig.h"

enum { RSA_BITS_MIN = 2048, RSA_E = 65537 };

struct privkey {
    enum key_kind kind;
    EVP_PKEY *pkey;
    EVP_PKEY_CTX *sign;
};

void
privkey_free(struct privkey *key)
{
    if (key) {
        EVP_PKEY_CTX_free(key->sign);
        EVP_PKEY_free(key->pkey);
        free(key);
    }
}

void
privkey_freep(struct privkey **key)
{
    privkey_free(*key);
    *key = NULL;
}

static bool
is_p256(const EVP_PKEY *pkey)
{
    char group[32];
    size_t len = 0;

    return EVP_PKEY_get_base_id(pkey) == EVP_PKEY_EC &&
           EVP_PKEY_get_group_name(pkey, group, sizeof(group), &len) == 1 &&
           strcmp(group, "prime256v1") == 0;
}

static bool
is_rsa(const EVP_PKEY *pkey)
{
    BIGNUM *e = NULL;
    int bits = EVP_PKEY_get_bits(pkey);
    bool good = EVP_PKEY_get_base_id(pkey) == EVP_PKEY_RSA && bits >= RSA_BITS_MIN &&
                bits <= (int)LIMIT_RSA_BITS && bits % 8 == 0 &&
                EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &e) == 1 && BN_is_word(e, RSA_E);

    BN_free(e);
    return good;
}

static bool
sign_ready(struct privkey *key)
{
    key->sign = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
    if (!key->sign || EVP_PKEY_sign_init(key->sign) != 1) {
        return false;
    }
    return key->kind == KEY_P256 ||
           (EVP_PKEY_CTX_set_rsa_padding(key->sign, RSA_PKCS1_PADDING) == 1 &&
            EVP_PKEY_CTX_set_signature_md(key->sign, EVP_sha256()) == 1);
}

static int
privkey_wrap(EVP_PKEY *take_pkey, enum key_kind kind, struct privkey **ret_key)
{
    CLEANUP(privkey_freep) struct privkey *key = calloc(1, sizeof(*key));

    if (!key) {
        EVP_PKEY_free(take_pkey);
        return -ENOMEM;
    }
    key->pkey = take_pkey;
    key->kind = kind;
    if (kind == KEY_P256 ? !is_p256(take_pkey) : !is_rsa(take_pkey)) {
        return PRIVKEY_E_ALG;
    }
    if (!sign_ready(key)) {
        return -ENOMEM;
    }
    *ret_key = key;
    key = NULL;
    return 0;
}

/* Answers "no" instead of asking on the terminal for the passphrase of an encrypted key. */
static int
no_passphrase(char *room, int cap, int writing, void *context)
{
    (void)room;
    (void)cap;
    (void)writing;
    (void)context;
    return -1;
}

static int
from_pem(struct bytes pem, enum key_kind kind, struct privkey **ret_key)
{
    BIO *bio;
    EVP_PKEY *pkey;

    if (pem.len == 0 || pem.len > LIMIT_CERT_BYTES) {
        return PRIVKEY_E_FORM;
    }
    bio = BIO_new_mem_buf(pem.p, (int)pem.len);
    if (!bio) {
        return -ENOMEM;
    }
    pkey = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
    BIO_free(bio);
    return pkey ? privkey_wrap(pkey, kind, ret_key) : PRIVKEY_E_FORM;
}

int
privkey_from_pem(struct bytes pem, struct privkey **ret_key)
{
    return from_pem(pem, KEY_P256, ret_key);
}

int
privkey_rsa_from_pem(struct bytes pem, struct privkey **ret_key)
{
    return from_pem(pem, KEY_RSA, ret_key);
}

int
privkey_generate(struct privkey **ret_key)
{
    EVP_PKEY *pkey = EVP_EC_gen("prime256v1");

    return pkey ? privkey_wrap(pkey, KEY_P256, ret_key) : -EIO;
}

int
privkey_rsa_generate(unsigned bits, struct privkey **ret_key)
{
    EVP_PKEY *pkey = EVP_RSA_gen(bits);

    return pkey ? privkey_wrap(pkey, KEY_RSA, ret_key) : -EIO;
}

enum key_kind
privkey_kind(const struct privkey *key)
{
    return key->kind;
}

/* What a memory BIO holds, with a NUL; frees the BIO. Returns 0 or -ENOMEM. */
static int
take_text(BIO *take_bio, char **ret_text)
{
    char *view = NULL;
    long len = BIO_get_mem_data(take_bio, &view);
    char *text = len > 0 ? calloc(1, (size_t)len + 1) : NULL;

    if (text) {
        memcpy(text, view, (size_t)len);
    }
    BIO_free(take_bio);
    if (!text) {
        return -ENOMEM;
    }
    *ret_text = text;
    return 0;
}

int
privkey_to_pem(const struct privkey *key, char **ret_pem)
{
    BIO *bio = BIO_new(BIO_s_secmem());

    if (!bio || PEM_write_bio_PKCS8PrivateKey(bio, key->pkey, NULL, NULL, 0, NULL, NULL) != 1) {
        BIO_free(bio);
        return -ENOMEM;
    }
    return take_text(bio, ret_pem);
}

int
privkey_public_pem(const struct privkey *key, char **ret_pem)
{
    BIO *bio = BIO_new(BIO_s_mem());

    if (!bio || PEM_write_bio_PUBKEY(bio, key->pkey) != 1) {
        BIO_free(bio);
        return -ENOMEM;
    }
    return take_text(bio, ret_pem);
}

static int
coordinate(const struct privkey *key, const char *name, uint8_t out[32])
{
    BIGNUM *value = NULL;
    bool ok =
        EVP_PKEY_get_bn_param(key->pkey, name, &value) == 1 && BN_bn2binpad(value, out, 32) == 32;

    BN_free(value);
    return ok ? 0 : -EIO;
}

int
privkey_point(const struct privkey *key, uint8_t x[32], uint8_t y[32])
{
    int r = coordinate(key, OSSL_PKEY_PARAM_EC_PUB_X, x);

    return r < 0 ? r : coordinate(key, OSSL_PKEY_PARAM_EC_PUB_Y, y);
}

int
privkey_sign(struct privkey *key, const uint8_t digest[32], uint8_t ret_signature[ES256_SIG_SIZE])
{
    uint8_t der[DER_SIG_MAX];
    size_t len = sizeof(der);

    if (key->kind != KEY_P256) {
        return -EIO;
    }
    if (EVP_PKEY_sign(key->sign, der, &len, digest, 32) != 1) {
        return -EIO;
    }
    return der_sig_read(bytes_of(der, len), 32, ret_signature) == 0 ? 0 : -EIO;
}

int
privkey_rsa_modulus(const struct privkey *key, uint8_t ret_n[RS256_SIG_MAX], size_t *ret_len)
{
    BIGNUM *n = NULL;
    int len = 0;

    if (key->kind == KEY_RSA && EVP_PKEY_get_bn_param(key->pkey, OSSL_PKEY_PARAM_RSA_N, &n) == 1) {
        len = BN_bn2bin(n, ret_n); /* is_rsa() bounds it */
    }
    BN_free(n);
    *ret_len = (size_t)len;
    return len > 0 ? 0 : -EIO;
}

int
privkey_rsa_sign(struct privkey *key, const uint8_t digest[32],
                 uint8_t ret_signature[RS256_SIG_MAX], size_t *ret_len)
{
    size_t len = RS256_SIG_MAX;

    if (key->kind != KEY_RSA || EVP_PKEY_sign(key->sign, ret_signature, &len, digest, 32) != 1) {
        return -EIO;
    }
    *ret_len = len;
    return 0;
}
