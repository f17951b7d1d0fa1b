/* crypto/x509-make, read back by our own reader */
#include "crypto/x509-make.h"

#include <stdlib.h>

#include "formats/pem.h"
#include "formats/x509-name.h"
#include "formats/x509.h"
#include "lib/check.h"

static struct privkey *ca_key, *own_key;
static char *ca_pem;
static uint8_t ca_der[LIMIT_CERT_BYTES], own_der[LIMIT_CERT_BYTES];

static struct x509
parsed(const char *pem, uint8_t der[LIMIT_CERT_BYTES])
{
    struct rd rd = rd_init(bytes_str(pem));
    struct x509 cert = {0};
    size_t len = 0;

    CHECK_EQ(pem_next(&rd, der, LIMIT_CERT_BYTES, &len), 0);
    CHECK_EQ(x509_read(bytes_of(der, len), NULL, &cert), 0);
    return cert;
}

static void
begin(void)
{
    const struct x509_make what = {
        .kind = X509_MAKE_CA, .cn = "assay CA s", .not_before_s = 1000, .not_after_s = 2000};

    CHECK_EQ(privkey_generate(&ca_key), 0);
    CHECK_EQ(privkey_generate(&own_key), 0);
    CHECK_EQ(x509_make(&what, ca_key, NULL, BYTES_NULL, &ca_pem), 0);
}

static void
end(void)
{
    privkey_free(ca_key);
    privkey_free(own_key);
    free(ca_pem);
}

/* Is cert signed by the CA's key and named so? */
static void
check_link(const struct x509 *cert, const struct x509 *ca)
{
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    CLEANUP(pubkey_freep) struct pubkey *key = NULL;

    CHECK_EQ(x509_key(ca, &key), 0);
    CHECK_EQ(x509_verify_link(hasher, cert, key), 0);
    CHECK(x509_name_equal(cert->issuer, ca->subject));
    CHECK_BYTES(cert->aki, ca->ski);
}

static void
a_ca_signs_itself_and_only_leaves(void)
{
    struct x509 ca;

    begin();
    ca = parsed(ca_pem, ca_der);
    check_link(&ca, &ca);
    CHECK(ca.is_ca && ca.basic_critical && ca.pathlen == 0);
    CHECK_EQ(ca.not_before, 1000);
    CHECK_EQ(ca.not_after, 2000);
    CHECK(ca.key_usage & X509_KU_CERT_SIGN);
    CHECK_EQ(ca.serial.len, 16);
    end();
}

/* A leaf of this kind with two names, its certificate in own_der. */
static struct x509
leaf(enum x509_make_kind kind)
{
    static const char *const names[] = {"verifier.example", "192.0.2.1", "2001:db8::1"};
    const struct x509_make what = {
        .kind = kind, .cn = "leaf", .names = names, .n_names = 3, .not_after_s = 2000};
    struct x509 cert;
    char *pem = NULL;

    CHECK_EQ(x509_make(&what, own_key, ca_key, bytes_str(ca_pem), &pem), 0);
    cert = parsed(pem, own_der);
    free(pem);
    return cert;
}

static void
a_server_has_its_use_and_names(void)
{
    static const uint8_t eku[] = {0x55, 0x1d, 0x25};
    static const uint8_t san[] = {0x55, 0x1d, 0x11};
    struct x509 ca, cert;
    const struct x509_ext *ext;

    begin();
    ca = parsed(ca_pem, ca_der);
    cert = leaf(X509_MAKE_SERVER);
    check_link(&cert, &ca);
    CHECK(!cert.is_ca);
    ext = x509_ext_find(&cert, BYTES_OF(eku));
    CHECK(ext != NULL);
    CHECK_BYTES(ext->value, check_hex("300a 06082b06010505070301"));
    ext = x509_ext_find(&cert, BYTES_OF(san));
    CHECK(ext != NULL);
    CHECK_BYTES(ext->value, check_hex("302a 8210 76657269666965722e6578616d706c65 8704 c0000201"
                                      "8710 20010db8000000000000000000000001"));
    end();
}

static void
a_signer_is_never_a_server(void)
{
    static const uint8_t eku[] = {0x55, 0x1d, 0x25};
    struct x509 ca, cert;

    begin();
    ca = parsed(ca_pem, ca_der);
    cert = leaf(X509_MAKE_SIGNER);
    check_link(&cert, &ca);
    CHECK(!cert.is_ca && cert.has_key_usage);
    CHECK_EQ(cert.key_usage, 0x8000); /* digitalSignature */
    CHECK(x509_ext_find(&cert, BYTES_OF(eku)) == NULL);
    end();
}

static void
names_that_no_certificate_carries_are_refused(void)
{
    static const char *const bad[] = {"", "a b", "*.example", "-x", "a,DNS:b", "user@host"};
    struct x509_make what = {.kind = X509_MAKE_SERVER, .cn = "x", .not_after_s = 2000};
    char *pem = NULL;

    begin();
    CHECK_EQ(x509_make(&what, own_key, ca_key, bytes_str(ca_pem), &pem), X509_MAKE_E_NAME);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        what.names = &bad[i];
        what.n_names = 1;
        CHECK_EQ(x509_make(&what, own_key, ca_key, bytes_str(ca_pem), &pem), X509_MAKE_E_NAME);
    }
    what = (struct x509_make){.kind = X509_MAKE_CA, .cn = ""};
    CHECK_EQ(x509_make(&what, own_key, NULL, BYTES_NULL, &pem), X509_MAKE_E_NAME);
    CHECK(pem == NULL);
    end();
}

static void
another_keys_certificate_does_not_issue(void)
{
    const struct x509_make what = {.kind = X509_MAKE_SIGNER, .cn = "x", .not_after_s = 2000};
    char *pem = NULL;

    begin();
    CHECK_EQ(x509_make(&what, ca_key, own_key, bytes_str(ca_pem), &pem), X509_MAKE_E_ISSUER);
    CHECK_EQ(x509_make(&what, own_key, ca_key, bytes_str("junk"), &pem), X509_MAKE_E_ISSUER);
    CHECK(pem == NULL);
    end();
}

CHECK_MAIN(CASE(a_ca_signs_itself_and_only_leaves), CASE(a_server_has_its_use_and_names),
           CASE(a_signer_is_never_a_server), CASE(names_that_no_certificate_carries_are_refused),
           CASE(another_keys_certificate_does_not_issue))
