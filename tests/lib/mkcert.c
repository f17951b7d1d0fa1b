#include "lib/mkcert.h"

#include <openssl/conf.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "lib/check.h"

/* Keys are made once a process. */
static EVP_PKEY *
key_of(enum mkcert_key key)
{
    static EVP_PKEY *keys[MKCERT_N_KEYS];
    static const char *const curves[MKCERT_N_KEYS] = {
        [MKCERT_LEAF_EC] = "P-256", [MKCERT_ROOT] = "P-256",     [MKCERT_INTER] = "P-384",
        [MKCERT_OTHER] = "P-521",   [MKCERT_K256] = "secp256k1",
    };

    if (!keys[key]) {
        keys[key] = curves[key]              ? EVP_EC_gen(curves[key])
                    : key == MKCERT_ED25519  ? EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")
                    : key == MKCERT_RSA_1024 ? EVP_RSA_gen(1024)
                                             : EVP_RSA_gen(2048);
    }
    CHECK(keys[key]);
    return keys[key];
}

static void
set_name(X509_NAME *name, const char *cn)
{
    if (cn[0] != '\0') {
        CHECK_EQ(
            X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const uint8_t *)cn, -1, -1, 0),
            1);
    }
}

static void
add_exts(X509 *cert, const char *text)
{
    BIO *bio = BIO_new_mem_buf(text, -1);
    CONF *conf = NCONF_new(NULL);
    X509V3_CTX context;
    long line = 0;

    if (text[0] != '\0') {
        CHECK_EQ(NCONF_load_bio(conf, bio, &line), 1);
        X509V3_set_ctx(&context, cert, cert, NULL, NULL, 0);
        X509V3_set_nconf(&context, conf);
        CHECK_EQ(X509V3_EXT_add_nconf(conf, &context, "x", cert), 1);
    }
    NCONF_free(conf);
    BIO_free(bio);
}

static void
set_head(X509 *cert, const struct mkcert *what)
{
    BIGNUM *serial = NULL;

    CHECK(BN_dec2bn(&serial, what->serial ? what->serial : "1") > 0);
    CHECK(BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(cert)));
    BN_free(serial);
    CHECK_EQ(X509_set_version(cert, what->version == 1 ? 0 : 2), 1);
    CHECK(ASN1_TIME_adj(X509_getm_notBefore(cert), what->not_before ? what->not_before : 1577836800,
                        0, 0));
    CHECK(ASN1_TIME_adj(X509_getm_notAfter(cert), what->not_after ? what->not_after : 253402300799,
                        0, 0));
    set_name(X509_get_subject_name(cert), what->subject ? what->subject : "ek");
    set_name(X509_get_issuer_name(cert), what->issuer ? what->issuer : "root");
    CHECK_EQ(X509_set_pubkey(cert, key_of(what->key)), 1);
}

static void
sign(X509 *cert, const struct mkcert *what)
{
    enum mkcert_key signer = what->signer == MKCERT_LEAF_EC ? MKCERT_ROOT : what->signer;
    const char *digest = what->digest ? what->digest : "SHA256";
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *key_context;

    CHECK_EQ(EVP_DigestSignInit(context, &key_context,
                                signer == MKCERT_ED25519 ? NULL : EVP_get_digestbyname(digest),
                                NULL, key_of(signer)),
             1);
    if (what->pss) {
        CHECK_EQ(EVP_PKEY_CTX_set_rsa_padding(key_context, RSA_PKCS1_PSS_PADDING), 1);
    }
    CHECK(X509_sign_ctx(cert, context) > 0);
    EVP_MD_CTX_free(context);
}

struct bytes
mkcert(const struct mkcert *what)
{
    X509 *cert = X509_new();
    unsigned char *der = NULL;
    int len;

    CHECK(cert);
    set_head(cert, what);
    add_exts(cert, what->exts ? what->exts : MKCERT_GOOD);
    sign(cert, what);
    len = i2d_X509(cert, &der);
    CHECK(len > 0);
    X509_free(cert);
    return bytes_of(check_keep(der), (size_t)len);
}
