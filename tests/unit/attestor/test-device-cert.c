/* agent/device-cert */
#include "agent/device-cert.h"

#include "crypto/privkey.h"
#include "crypto/spki.h"
#include "formats/x509.h"
#include "lib/check.h"

static struct hasher *hasher;
static struct privkey *key;
static uint8_t spki_room[SPKI_ROOM];
static uint8_t tbs_room[DEVICE_CERT_ROOM];
static uint8_t room[DEVICE_CERT_ROOM];

static struct bytes
spki_of(struct privkey *of)
{
    struct wr wr = wr_init(spki_room, sizeof(spki_room));
    uint8_t x[32];
    uint8_t y[32];

    CHECK_EQ(privkey_point(of, x, y), 0);
    CHECK_EQ(spki_from_ec(&wr, SPKI_P256, BYTES_OF(x), BYTES_OF(y)), 0);
    return wr_done(&wr);
}

static struct bytes
tbs(void)
{
    struct wr wr = wr_init(tbs_room, sizeof(tbs_room));

    CHECK_EQ(device_cert_tbs(hasher, spki_of(key), &wr), 0);
    return wr_done(&wr);
}

static void
start(void)
{
    hasher = hasher_new();
    CHECK(hasher);
    CHECK_EQ(privkey_generate(&key), 0);
}

static struct bytes
certificate(void)
{
    struct wr wr = wr_init(room, sizeof(room));
    uint8_t digest[32];
    uint8_t signature[64];

    CHECK_EQ(hasher_bytes(hasher, HASH_SHA256, tbs(), digest), 0);
    CHECK_EQ(privkey_sign(key, digest, signature), 0);
    CHECK_EQ(device_cert_write(tbs(), signature, &wr), 0);
    return wr_done(&wr);
}

static void
the_certificate_reads_as_x509_and_is_signed_by_its_own_key(void)
{
    struct x509 cert;
    struct pubkey *own = NULL;

    start();
    for (int i = 0; i < 40; i++) { /* serial numbers and signatures of many shapes */
        privkey_freep(&key);
        CHECK_EQ(privkey_generate(&key), 0);
        CHECK_EQ(x509_read(certificate(), NULL, &cert), 0);
        CHECK_EQ(x509_key(&cert, &own), 0);
        CHECK_EQ(x509_verify_link(hasher, &cert, own), 0);
        pubkey_free(own);
        CHECK_BYTES(cert.spki, spki_of(key));
        CHECK_BYTES(cert.tbs, tbs());
        CHECK_EQ(cert.serial.len, 16);
        CHECK((cert.serial.p[0] & 0xc0) == 0x40);
    }
    CHECK_EQ(cert.version, 3);
    CHECK_BYTES(cert.issuer, cert.subject);
    CHECK(cert.has_basic && cert.basic_critical && !cert.is_ca);
    CHECK(cert.has_key_usage);
    CHECK_EQ(cert.n_ext, 3);
    CHECK_EQ(cert.not_before, INT64_C(946684800));
    CHECK_EQ(cert.not_after, INT64_C(253402300799));
    CHECK_EQ(x509_check_critical(&cert, 0, NULL), 0);
}

static void
the_same_key_gives_the_same_tbs(void)
{
    uint8_t first[DEVICE_CERT_ROOM];
    size_t len;

    start();
    len = tbs().len;
    memcpy(first, tbs_room, len);
    CHECK_BYTES(tbs(), bytes_of(first, len));
    CHECK(device_cert_is_of(certificate(), bytes_of(first, len)));
    privkey_freep(&key);
    CHECK_EQ(privkey_generate(&key), 0);
    CHECK(!bytes_equal(tbs(), bytes_of(first, len)));
    CHECK(!device_cert_is_of(certificate(), bytes_of(first, len)));
}

static void
what_is_kept_is_of_a_tbs_or_not(void)
{
    struct bytes good;

    start();
    good = certificate();
    CHECK(device_cert_is_of(good, tbs()));
    CHECK(!device_cert_is_of(BYTES_NULL, tbs()));
    CHECK(!device_cert_is_of(bytes_of(good.p, 4 + tbs().len), tbs()));
    room[60] ^= 1;
    CHECK(!device_cert_is_of(good, tbs()));
}

static void
other_keys_and_signatures_are_refused(void)
{
    static const uint8_t zero[64];
    struct wr wr = wr_init(room, sizeof(room));
    uint8_t signature[64];
    struct bytes spki;

    start();
    spki = spki_of(key);
    CHECK(device_cert_tbs(hasher, bytes_of(spki.p, spki.len - 1), &wr) < 0);
    CHECK(device_cert_tbs(hasher, BYTES_NULL, &wr) < 0);
    memset(signature, 0x11, sizeof(signature));
    CHECK(device_cert_write(tbs(), zero, &wr) < 0);
    CHECK(device_cert_write(bytes_of(tbs_room, tbs().len - 1), signature, &wr) < 0);
    for (size_t cap = 0; cap < 300; cap += 13) {
        wr = wr_init(room, cap);
        CHECK(device_cert_write(tbs(), signature, &wr) < 0);
        wr = wr_init(room, cap < 269 ? cap : 268);
        CHECK(device_cert_tbs(hasher, spki, &wr) < 0);
    }
}

CHECK_MAIN(CASE(the_certificate_reads_as_x509_and_is_signed_by_its_own_key),
           CASE(the_same_key_gives_the_same_tbs), CASE(what_is_kept_is_of_a_tbs_or_not),
           CASE(other_keys_and_signatures_are_refused))
