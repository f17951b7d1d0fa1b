/* agent/credential-check: the enrolment answer with one defect each. */
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include "agent/credential-check.h"
#include "crypto/cose.h"
#include "lib/check.h"

enum { NOW = 1800000000, DAY = 86400 };

/* What a good answer is made of; a test bends one part. */
struct make {
    const char *subject;
    const char *issuer;
    const char *eku; /* NULL: none */
    const char *basic;
    bool other_ca;     /* signs the certificate */
    bool other_signer; /* signs the answer */
    int64_t from, to;
    bool no_chain;
    const char *site;
    bool other_ek, other_ak;
    struct bytes payload; /* in place of the credential */
};

static const uint8_t ek[] = "the public area of an EK";
static const uint8_t ak_name[34] = {0, 0x0b, 1, 2, 3};
static struct privkey *ca_key, *other_key, *site_key;
static struct hasher *hasher;
static struct credential_ca ca;
static unsigned char *kept[32]; /* certificates, for the life of the case */
static size_t n_kept;

static EVP_PKEY *
openssl_key(struct privkey *key)
{
    char *pem = NULL;
    BIO *bio;
    EVP_PKEY *out;

    CHECK_EQ(privkey_to_pem(key, &pem), 0);
    bio = BIO_new_mem_buf(pem, -1);
    out = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    CHECK(out != NULL);
    BIO_free(bio);
    free(pem);
    return out;
}

static void
add_ext(X509 *cert, int nid, const char *value)
{
    X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

    CHECK(ext != NULL);
    CHECK_EQ(X509_add_ext(cert, ext, -1), 1);
    X509_EXTENSION_free(ext);
}

static void
set_name(X509_NAME *name, const char *cn)
{
    CHECK_EQ(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const uint8_t *)cn, -1, -1, 0),
             1);
}

static struct bytes
certificate(const struct make *make, struct privkey *key, struct privkey *signer)
{
    X509 *cert = X509_new();
    EVP_PKEY *public = openssl_key(key);
    EVP_PKEY *private = openssl_key(signer);
    unsigned char *der = NULL;
    int len;

    ASN1_INTEGER_set(X509_get_serialNumber(cert), 7);
    X509_set_version(cert, 2);
    CHECK(ASN1_TIME_set(X509_getm_notBefore(cert), make->from ? make->from : NOW - DAY));
    CHECK(ASN1_TIME_set(X509_getm_notAfter(cert), make->to ? make->to : NOW + DAY));
    set_name(X509_get_subject_name(cert), make->subject);
    set_name(X509_get_issuer_name(cert), make->issuer);
    X509_set_pubkey(cert, public);
    add_ext(cert, NID_basic_constraints, make->basic);
    if (strstr(make->basic, "TRUE")) {
        add_ext(cert, NID_key_usage, "critical,keyCertSign");
    }
    if (make->eku) {
        add_ext(cert, NID_ext_key_usage, make->eku);
    }
    CHECK(X509_sign(cert, private, EVP_sha256()) > 0);
    len = i2d_X509(cert, &der);
    CHECK(len > 0 && n_kept < ARRAY_LEN(kept));
    kept[n_kept++] = der;
    X509_free(cert);
    EVP_PKEY_free(public);
    EVP_PKEY_free(private);
    return bytes_of(der, (size_t)len);
}

static void
begin(void)
{
    static const struct make root = {.subject = "ca", .issuer = "ca", .basic = "critical,CA:TRUE"};
    struct bytes der;
    BIO *bio = BIO_new(BIO_s_mem());
    char *pem = NULL;
    long len;

    hasher = hasher_new();
    CHECK_EQ(privkey_generate(&ca_key), 0);
    CHECK_EQ(privkey_generate(&other_key), 0);
    CHECK_EQ(privkey_generate(&site_key), 0);
    der = certificate(&root, ca_key, ca_key);
    CHECK_EQ(PEM_write_bio(bio, "CERTIFICATE", "", der.p, (long)der.len) > 0, 1);
    len = BIO_get_mem_data(bio, &pem);
    CHECK_EQ(credential_ca_read(hasher, bytes_of(pem, (size_t)len), &ca), 0);
    CHECK_EQ(ca.n, 1);
    BIO_free(bio);
}

static struct make
good(void)
{
    return (struct make){
        .subject = "assay site lab", .issuer = "ca", .basic = "critical,CA:FALSE", .site = "lab"};
}

static struct bytes
answer(const struct make *make)
{
    static uint8_t room[8192], payload_room[1024];
    struct wr payload = wr_init(payload_room, sizeof(payload_room));
    struct wr wr = wr_init(room, sizeof(room));
    struct bytes chain[] = {certificate(make, site_key, make->other_ca ? other_key : ca_key)};
    struct cose_header header = {
        .typ = COSE_TYP_NONE, .chain = chain, .n_chain = make->no_chain ? 0 : 1};
    static uint8_t ek_digest[32];
    struct credential credential = {.site = bytes_str(make->site),
                                    .identity = bytes_str("id"),
                                    .id_object = bytes_str("blob"),
                                    .secret = bytes_str("seed"),
                                    .ek = BYTES_OF(ek_digest),
                                    .ak_name = bytes_of(ak_name, make->other_ak ? 33 : 34)};

    CHECK_EQ(hasher_bytes(hasher, HASH_SHA256, make->other_ek ? bytes_str("another") : BYTES_OF(ek),
                          ek_digest),
             0);
    credential_write(&payload, &credential);
    CHECK_EQ(cose_sign1_write(&wr, &header, BYTES_NULL,
                              make->payload.p ? make->payload : wr_done(&payload),
                              make->other_signer ? other_key : site_key, hasher),
             0);
    return check_guarded(wr_done(&wr));
}

static struct agent_time now = {NOW, false};

static int
check_bytes_of(struct bytes cose, struct credential *ret)
{
    struct credential_expect expect = {.ca = ca.ca,
                                       .n_ca = ca.n,
                                       .site = bytes_str("lab"),
                                       .ek_public = BYTES_OF(ek),
                                       .ak_name = BYTES_OF(ak_name),
                                       .time = now};

    return credential_check(&expect, hasher, cose, ret);
}

static int
check(const struct make *make)
{
    struct credential credential = {0};
    int r = check_bytes_of(answer(make), &credential);

    CHECK_EQ(credential.identity.p != NULL, r == 0);
    return r;
}

static void
a_good_answer_gives_identity_and_blob(void)
{
    struct make make = good();
    struct credential credential;

    begin();
    CHECK_EQ(check_bytes_of(answer(&make), &credential), 0);
    CHECK_BYTES(credential.identity, bytes_str("id"));
    CHECK_BYTES(credential.id_object, bytes_str("blob"));
    make.eku = "1.3.6.1.4.1.99999.1"; /* another usage than serverAuth does not matter */
    CHECK_EQ(check(&make), 0);
}

static void
the_chain_must_lead_to_the_ca_now(void)
{
    struct make make = good();

    begin();
    make.other_ca = true;
    CHECK_EQ(check(&make), CREDENTIAL_E_CHAIN);
    make = good();
    make.issuer = "another ca";
    CHECK_EQ(check(&make), CREDENTIAL_E_CHAIN);
    make = good();
    make.to = NOW - 1;
    CHECK_EQ(check(&make), CREDENTIAL_E_TIME);
    make = good();
    make.from = NOW + 1;
    CHECK_EQ(check(&make), CREDENTIAL_E_TIME);
    make = good();
    make.basic = "critical,CA:TRUE";
    CHECK_EQ(check(&make), CREDENTIAL_E_CHAIN);
}

/* The anchor ends at NOW + DAY: a leaf that begins later tells that it has ended. */
static void
a_clock_that_is_behind_takes_a_beginning_for_the_time(void)
{
    struct make make = good();

    begin();
    now = (struct agent_time){NOW - 100, true};
    make.from = NOW + DAY;
    make.to = NOW + 3 * DAY;
    CHECK_EQ(check(&make), 0);
    make.from = NOW + DAY + 1;
    CHECK_EQ(check(&make), CREDENTIAL_E_TIME);
    make = good();
    make.to = NOW - 101;
    CHECK_EQ(check(&make), CREDENTIAL_E_TIME);
    make.to = NOW - 100;
    CHECK_EQ(check(&make), 0);
    now =
        (struct agent_time){NOW - 3 * DAY, true}; /* the anchor begins at NOW - DAY, as the leaf */
    make = good();
    CHECK_EQ(check(&make), 0);
    now = (struct agent_time){NOW, false};
}

static int64_t wall_ms;

static int64_t
wall(void *context)
{
    return *(int64_t *)context;
}

static void
no_clock_is_believed_below_the_floor(void)
{
    struct clock clock = {.utc_ms = wall, .context = &wall_ms};
    int64_t floor_s = agent_time_floor_s();
    struct agent_time time;

    CHECK(floor_s >= 1795737600); /* 2026-11-27 */
    time = agent_time_now(&clock);
    CHECK(time.behind && time.now_s == floor_s);
    wall_ms = floor_s * 1000 - 1;
    time = agent_time_now(&clock);
    CHECK(time.behind && time.now_s == floor_s);
    wall_ms = floor_s * 1000;
    time = agent_time_now(&clock);
    CHECK(!time.behind && time.now_s == floor_s);
    wall_ms = INT64_MAX;
    time = agent_time_now(&clock);
    CHECK(!time.behind && time.now_s == INT64_MAX / 1000);
    wall_ms = -5000; /* before 1970 */
    CHECK(agent_time_now(&clock).behind);
}

static void
the_certificate_must_be_the_sites_and_no_servers(void)
{
    static const char *const subjects[] = {"assay site lab2", "assay site la", "lab",
                                           "Assay site lab"};
    static const char *const usages[] = {"serverAuth", "clientAuth,serverAuth",
                                         "anyExtendedKeyUsage"};
    struct make make = good();

    begin();
    for (size_t i = 0; i < ARRAY_LEN(subjects); i++) {
        make.subject = subjects[i];
        CHECK_EQ(check(&make), CREDENTIAL_E_SUBJECT);
    }
    make = good();
    for (size_t i = 0; i < ARRAY_LEN(usages); i++) {
        make.eku = usages[i];
        CHECK_EQ(check(&make), CREDENTIAL_E_SERVER);
    }
}

static void
the_signature_must_be_by_its_key(void)
{
    struct make make = good();

    begin();
    make.other_signer = true;
    CHECK_EQ(check(&make), CREDENTIAL_E_SIGNATURE);
}

static void
the_content_must_be_for_us(void)
{
    struct make make = good();

    begin();
    make.site = "lab2";
    CHECK_EQ(check(&make), CREDENTIAL_E_SITE);
    make = good();
    make.other_ek = true;
    CHECK_EQ(check(&make), CREDENTIAL_E_EK);
    make = good();
    make.other_ak = true;
    CHECK_EQ(check(&make), CREDENTIAL_E_AK);
    make = good();
    make.payload = bytes_str("\x60");
    CHECK_EQ(check(&make), CREDENTIAL_E_FORM);
    make = good();
    make.no_chain = true;
    CHECK_EQ(check(&make), CREDENTIAL_E_FORM);
}

static void
every_truncation_and_every_flipped_byte_is_refused(void)
{
    struct make make = good();
    struct credential credential;
    struct bytes whole;

    begin();
    whole = answer(&make);
    for (size_t n = 0; n < whole.len; n++) {
        struct bytes flipped = check_guarded(whole);
        uint8_t *at = (uint8_t *)(uintptr_t)flipped.p + n;

        CHECK(check_bytes_of(check_guarded(bytes_of(whole.p, n)), &credential) > 0);
        *at ^= 1;
        CHECK(check_bytes_of(flipped, &credential) > 0);
    }
}

static void
a_ca_file_needs_an_anchor(void)
{
    static struct credential_ca none;

    begin();
    CHECK_EQ(credential_ca_read(hasher, bytes_str(""), &none), 1);
    CHECK_EQ(credential_ca_read(hasher, bytes_str("no certificate"), &none), 1);
    CHECK_EQ(credential_ca_read(hasher,
                                bytes_str("-----BEGIN CERTIFICATE-----\nAAAA\n"
                                          "-----END CERTIFICATE-----\n"),
                                &none),
             1);
    CHECK_STR(credential_outcome_name(CREDENTIAL_E_SERVER), "server");
}

CHECK_MAIN(CASE(a_good_answer_gives_identity_and_blob), CASE(the_chain_must_lead_to_the_ca_now),
           CASE(a_clock_that_is_behind_takes_a_beginning_for_the_time),
           CASE(no_clock_is_believed_below_the_floor),
           CASE(the_certificate_must_be_the_sites_and_no_servers),
           CASE(the_signature_must_be_by_its_key), CASE(the_content_must_be_for_us),
           CASE(every_truncation_and_every_flipped_byte_is_refused),
           CASE(a_ca_file_needs_an_anchor))
