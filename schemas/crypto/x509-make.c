#include "crypto/x509-make.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include "crypto/digest.h"

enum { CN_MAX = 64, NAME_MAX_LEN = 253, SERIAL_SIZE = 16 };

/* What is being made, and what it is made of. */
struct work {
    X509 *cert;
    X509 *issuer; /* the certificate itself for a CA */
    EVP_PKEY *key;
    EVP_PKEY *signer;
};

static void
work_done(struct work *work)
{
    if (work->issuer != work->cert) {
        X509_free(work->issuer);
    }
    if (work->signer != work->key) {
        EVP_PKEY_free(work->signer);
    }
    X509_free(work->cert);
    EVP_PKEY_free(work->key);
    ERR_clear_error();
}

/* By way of PEM: struct privkey shows its key to nobody. */
static EVP_PKEY *
key_of(const struct privkey *key)
{
    char *pem = NULL;
    EVP_PKEY *pkey = NULL;
    BIO *bio;

    if (privkey_to_pem(key, &pem) != 0) {
        return NULL;
    }
    bio = BIO_new_mem_buf(pem, -1);
    if (bio) {
        pkey = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
        BIO_free(bio);
    }
    wipe(pem, strlen(pem));
    free(pem);
    return pkey;
}

static X509 *
cert_of(struct bytes pem)
{
    BIO *bio = pem.len <= INT32_MAX ? BIO_new_mem_buf(pem.p, (int)pem.len) : NULL;
    X509 *cert = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;

    BIO_free(bio);
    return cert;
}

static bool
is_ip(const char *name)
{
    uint8_t room[16];

    return inet_pton(AF_INET, name, room) == 1 || inet_pton(AF_INET6, name, room) == 1;
}

/* Letters, digits, hyphens and dots: nothing that OpenSSL's lists or a checker could read
 * otherwise. */
static bool
is_dns(const char *name)
{
    size_t len = strlen(name);

    return len > 0 && len <= NAME_MAX_LEN && name[0] != '.' && name[0] != '-' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.") == len;
}

static bool
names_fit(const struct x509_make *what)
{
    size_t len = strlen(what->cn);

    for (size_t i = 0; i < what->n_names; i++) {
        if (!is_ip(what->names[i]) && !is_dns(what->names[i])) {
            return false;
        }
    }
    return len > 0 && len <= CN_MAX && (what->kind != X509_MAKE_SERVER || what->n_names > 0);
}

static bool
set_serial(X509 *cert)
{
    uint8_t serial[SERIAL_SIZE];
    BIGNUM *number;
    bool ok;

    if (random_bytes(serial, sizeof(serial)) != 0) {
        return false;
    }
    serial[0] = (uint8_t)((serial[0] & 0x7f) | 0x40); /* positive, and of one length */
    number = BN_bin2bn(serial, sizeof(serial), NULL);
    ok = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert));
    BN_free(number);
    return ok;
}

static bool
set_head(const struct work *work, const struct x509_make *what)
{
    X509_NAME *name = X509_get_subject_name(work->cert);

    return X509_set_version(work->cert, X509_VERSION_3) && set_serial(work->cert) &&
           X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
                                      (const unsigned char *)what->cn, -1, -1, 0) &&
           X509_set_issuer_name(work->cert, X509_get_subject_name(work->issuer)) &&
           ASN1_TIME_set(X509_getm_notBefore(work->cert), what->not_before_s) &&
           ASN1_TIME_set(X509_getm_notAfter(work->cert), what->not_after_s) &&
           X509_set_pubkey(work->cert, work->key);
}

static bool
add_ext(const struct work *work, int nid, const char *value)
{
    X509V3_CTX context;
    X509_EXTENSION *ext;
    bool ok;

    X509V3_set_ctx(&context, work->issuer, work->cert, NULL, NULL, 0);
    X509V3_set_nconf(&context, NULL);
    ext = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    ok = ext && X509_add_ext(work->cert, ext, -1);
    X509_EXTENSION_free(ext);
    return ok;
}

static bool
add_names(const struct work *work, const struct x509_make *what)
{
    GENERAL_NAMES *names = GENERAL_NAMES_new();
    bool ok = names != NULL;

    for (size_t i = 0; i < what->n_names && ok; i++) {
        GENERAL_NAME *name = a2i_GENERAL_NAME(
            NULL, NULL, NULL, is_ip(what->names[i]) ? GEN_IPADD : GEN_DNS, what->names[i], 0);

        ok = name && sk_GENERAL_NAME_push(names, name) > 0;
        if (!ok) {
            GENERAL_NAME_free(name);
        }
    }
    ok = ok && X509_add1_ext_i2d(work->cert, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT);
    GENERAL_NAMES_free(names);
    return ok;
}

static bool
add_exts(const struct work *work, const struct x509_make *what)
{
    static const char *const basic[] = {
        [X509_MAKE_CA] = "critical,CA:TRUE,pathlen:0",
        [X509_MAKE_SERVER] = "critical,CA:FALSE",
        [X509_MAKE_SIGNER] = "critical,CA:FALSE",
    };
    static const char *const usage[] = {
        [X509_MAKE_CA] = "critical,keyCertSign,cRLSign",
        [X509_MAKE_SERVER] = "critical,digitalSignature",
        [X509_MAKE_SIGNER] = "critical,digitalSignature",
    };

    return add_ext(work, NID_basic_constraints, basic[what->kind]) &&
           add_ext(work, NID_key_usage, usage[what->kind]) &&
           add_ext(work, NID_subject_key_identifier, "hash") &&
           add_ext(work, NID_authority_key_identifier, "keyid:always") &&
           (what->kind != X509_MAKE_SERVER ||
            (add_ext(work, NID_ext_key_usage, "serverAuth") && add_names(work, what)));
}

static int
to_pem(X509 *cert, char **ret_pem)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *view = NULL;
    char *pem = NULL;

    if (bio && PEM_write_bio_X509(bio, cert) == 1) {
        long len = BIO_get_mem_data(bio, &view);

        pem = len > 0 ? strndup(view, (size_t)len) : NULL;
    }
    BIO_free(bio);
    if (!pem) {
        return -ENOMEM;
    }
    *ret_pem = pem;
    return 0;
}

static int
work_init(struct work *work, const struct privkey *key, const struct privkey *issuer,
          struct bytes issuer_pem)
{
    work->cert = X509_new();
    work->key = key_of(key);
    work->signer = issuer ? key_of(issuer) : work->key;
    work->issuer = issuer ? cert_of(issuer_pem) : work->cert;
    if (!work->cert || !work->key || !work->signer) {
        return -ENOMEM;
    }
    if (!work->issuer || (issuer && X509_check_private_key(work->issuer, work->signer) != 1)) {
        return X509_MAKE_E_ISSUER;
    }
    return 0;
}

int
x509_make(const struct x509_make *what, const struct privkey *key, const struct privkey *issuer,
          struct bytes issuer_pem, char **ret_pem)
{
    struct work work = {0};
    EVP_MD *md = EVP_MD_fetch(NULL, "SHA256", NULL);
    int r = names_fit(what) ? work_init(&work, key, issuer, issuer_pem) : X509_MAKE_E_NAME;

    if (r == 0) {
        r = md && set_head(&work, what) && add_exts(&work, what) &&
                    X509_sign(work.cert, work.signer, md) > 0
                ? to_pem(work.cert, ret_pem)
                : -EIO;
    }
    work_done(&work);
    EVP_MD_free(md);
    return r;
}
