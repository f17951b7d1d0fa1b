/* crypto/pubkey, crypto/privkey, crypto/der-sig */
#include "crypto/der-sig.h"
#include "crypto/digest.h"
#include "crypto/privkey.h"
#include "lib/check.h"

#include <stdlib.h>

/* RFC 6979 appendix A.2.5: P-256 with SHA-256, message "sample". */
static const char *const sample_x =
    "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6";
static const char *const sample_y =
    "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299";
static const char *const sample_r =
    "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716";
static const char *const sample_s =
    "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8";

static struct bytes
sample_digest(void)
{
    static uint8_t out[32];
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();

    CHECK_EQ(hasher_bytes(hasher, HASH_SHA256, bytes_str("sample"), out), 0);
    return BYTES_OF(out);
}

static struct pubkey *
sample_key(void)
{
    struct pubkey *key = NULL;

    CHECK_EQ(pubkey_from_point(KEY_P256, check_hex(sample_x), check_hex(sample_y), &key), 0);
    return key;
}

static void
a_known_signature_verifies(void)
{
    CLEANUP(pubkey_freep) struct pubkey *key = sample_key();

    CHECK_EQ(pubkey_verify_ecdsa(key, sample_digest(), check_hex(sample_r), check_hex(sample_s)),
             0);
    /* and again: the kept context is not used up */
    CHECK_EQ(pubkey_verify_ecdsa(key, sample_digest(), check_hex(sample_r), check_hex(sample_s)),
             0);
}

static void
every_flipped_byte_of_a_signature_is_wrong(void)
{
    CLEANUP(pubkey_freep) struct pubkey *key = sample_key();
    struct bytes digest = sample_digest();

    for (size_t i = 0; i < 32; i++) {
        struct bytes r = check_hex(sample_r);

        ((uint8_t *)(uintptr_t)r.p)[i] ^= 1;
        CHECK_EQ(pubkey_verify_ecdsa(key, digest, r, check_hex(sample_s)), PUBKEY_E_WRONG);
        CHECK_EQ(pubkey_verify_ecdsa(key, digest, check_hex(sample_s), r), PUBKEY_E_WRONG);
    }
}

static void
zero_empty_and_long_values_are_wrong(void)
{
    CLEANUP(pubkey_freep) struct pubkey *key = sample_key();
    struct bytes digest = sample_digest();
    struct bytes s = check_hex(sample_s);

    CHECK_EQ(pubkey_verify_ecdsa(key, digest, check_hex("00"), s), PUBKEY_E_WRONG);
    CHECK_EQ(pubkey_verify_ecdsa(key, digest, s, check_hex("0000")), PUBKEY_E_WRONG);
    CHECK_EQ(pubkey_verify_ecdsa(key, digest, BYTES_NULL, s), PUBKEY_E_WRONG);
    CHECK_EQ(pubkey_verify_ecdsa(
                 key, digest,
                 check_hex("00efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"),
                 s),
             PUBKEY_E_WRONG);
    CHECK_EQ(pubkey_verify_rsa(key, SIG_RSASSA, HASH_SHA256, digest, s), PUBKEY_E_ALG);
}

static void
a_point_off_the_curve_is_refused(void)
{
    struct pubkey *key = NULL;

    CHECK_EQ(pubkey_from_point(KEY_P256, check_hex(sample_x), check_hex(sample_x), &key),
             PUBKEY_E_FORM);
    CHECK_EQ(pubkey_from_point(KEY_P256, check_hex("00"), check_hex("00"), &key), PUBKEY_E_FORM);
    CHECK_EQ(pubkey_from_point(KEY_P256, BYTES_NULL, check_hex(sample_y), &key), PUBKEY_E_FORM);
    CHECK_EQ(pubkey_from_point(KEY_RSA, check_hex("01"), check_hex("01"), &key), PUBKEY_E_ALG);
    CHECK(key == NULL);
}

static void
spki_goes_both_ways(void)
{
    CLEANUP(pubkey_freep) struct pubkey *key = sample_key();
    CLEANUP(pubkey_freep) struct pubkey *back = NULL;
    struct pubkey *none = NULL;
    uint8_t der[256];
    uint8_t x[32];
    uint8_t y[32];
    size_t len = 0;

    CHECK_EQ(pubkey_spki(key, der, sizeof(der), &len), 0);
    CHECK_EQ(len, 91);
    CHECK_EQ(pubkey_from_spki(check_guarded(bytes_of(der, len)), &back), 0);
    CHECK_EQ(pubkey_kind(back), KEY_P256);
    CHECK_EQ(pubkey_point(back, x, y), 0);
    CHECK_BYTES(BYTES_OF(x), check_hex(sample_x));
    CHECK_BYTES(BYTES_OF(y), check_hex(sample_y));
    for (size_t n = 0; n < len; n++) {
        CHECK_EQ(pubkey_from_spki(check_guarded(bytes_of(der, n)), &none), PUBKEY_E_FORM);
    }
    der[len] = 0;
    CHECK_EQ(pubkey_from_spki(bytes_of(der, len + 1), &none), PUBKEY_E_FORM);
}

static void
rsa_sizes_and_exponents_are_bounded(void)
{
    struct pubkey *key = NULL;
    uint8_t n[520];

    memset(n, 0xff, sizeof(n));
    CHECK_EQ(pubkey_from_rsa(bytes_of(n, 513), 65537, &key), PUBKEY_E_ALG);
    CHECK_EQ(pubkey_from_rsa(bytes_of(n, 64), 65537, &key), PUBKEY_E_ALG);
    CHECK_EQ(pubkey_from_rsa(bytes_of(n, 256), 3, &key), PUBKEY_E_ALG);
    CHECK_EQ(pubkey_from_rsa(bytes_of(n, 128), 65537, &key), 0);
    CHECK(pubkey_weak(key));
    pubkey_freep(&key);
    CHECK_EQ(pubkey_from_rsa(bytes_of(n, 256), 65537, &key), 0);
    CHECK(!pubkey_weak(key));
    CHECK_EQ(pubkey_bits(key), 2048);
    pubkey_freep(&key);
}

static void
what_a_private_key_signs_its_public_half_verifies(void)
{
    CLEANUP(privkey_freep) struct privkey *key = NULL;
    CLEANUP(pubkey_freep) struct pubkey *public = NULL;
    uint8_t x[32];
    uint8_t y[32];
    uint8_t rs[ES256_SIG_SIZE];

    CHECK_EQ(privkey_generate(&key), 0);
    CHECK_EQ(privkey_point(key, x, y), 0);
    CHECK_EQ(pubkey_from_point(KEY_P256, BYTES_OF(x), BYTES_OF(y), &public), 0);
    for (int i = 0; i < 300; i++) { /* often enough to meet short integers */
        CHECK_EQ(privkey_sign(key, sample_digest().p, rs), 0);
        CHECK_EQ(
            pubkey_verify_ecdsa(public, sample_digest(), bytes_of(rs, 32), bytes_of(rs + 32, 32)),
            0);
    }
}

static void
a_private_key_survives_its_pem(void)
{
    CLEANUP(privkey_freep) struct privkey *key = NULL;
    CLEANUP(privkey_freep) struct privkey *back = NULL;
    struct privkey *none = NULL;
    uint8_t a[32];
    uint8_t b[32];
    uint8_t y[32];
    char *pem = NULL;

    CHECK_EQ(privkey_generate(&key), 0);
    CHECK_EQ(privkey_to_pem(key, &pem), 0);
    CHECK_EQ(privkey_from_pem(bytes_str(pem), &back), 0);
    CHECK_EQ(privkey_point(key, a, y), 0);
    CHECK_EQ(privkey_point(back, b, y), 0);
    CHECK_BYTES(BYTES_OF(a), BYTES_OF(b));
    CHECK_EQ(privkey_from_pem(bytes_str("-----BEGIN PRIVATE KEY-----\n"), &none), PRIVKEY_E_FORM);
    CHECK_EQ(privkey_from_pem(BYTES_NULL, &none), PRIVKEY_E_FORM);
    free(pem);
}

static void
a_public_half_as_pem_is_the_same_key_and_no_more(void)
{
    CLEANUP(privkey_freep) struct privkey *key = NULL;
    CLEANUP(pubkey_freep) struct pubkey *public = NULL;
    struct privkey *none = NULL;
    uint8_t a[64];
    uint8_t b[64];
    char *pem = NULL;

    CHECK_EQ(privkey_generate(&key), 0);
    CHECK_EQ(privkey_public_pem(key, &pem), 0);
    CHECK_EQ(pubkey_from_pem(bytes_str(pem), &public), 0);
    CHECK_EQ(privkey_point(key, a, a + 32), 0);
    CHECK_EQ(pubkey_point(public, b, b + 32), 0);
    CHECK_BYTES(BYTES_OF(a), BYTES_OF(b));
    CHECK_EQ(privkey_from_pem(bytes_str(pem), &none), PRIVKEY_E_FORM);
    free(pem);
}

static void
der_signatures_read_back_and_other_forms_do_not(void)
{
    uint8_t der[DER_SIG_MAX];
    uint8_t rs[64];
    size_t len = 0;

    CHECK_EQ(der_sig_write(check_hex("0080"), check_hex("7f"), der, &len), 0);
    CHECK_BYTES(bytes_of(der, len), check_hex("3007 02020080 02017f"));
    CHECK_EQ(der_sig_read(bytes_of(der, len), 32, rs), 0);
    CHECK_EQ(rs[31], 0x80);
    CHECK_EQ(rs[63], 0x7f);
    for (size_t n = 0; n < len; n++) {
        CHECK_EQ(der_sig_read(check_guarded(bytes_of(der, n)), 32, rs), 1);
    }
    CHECK_EQ(der_sig_read(check_hex("3006 020101 020101 00"), 32, rs), 1);
    CHECK_EQ(der_sig_read(check_hex("3006 030101 020101"), 32, rs), 1);
}

/* Else one signature is thousands, and what was verified once is asked again and again. */
static void
a_signature_has_one_encoding(void)
{
    static const char *const odd[] = {
        "3007 0202 0001 020101",   /* a zero too many */
        "3007 020101 0202 0001",   /* of s as well */
        "3006 020180 020101",      /* negative */
        "308106 020101 020101",    /* a length in the long form */
        "3008 0203 000080 020101", /* two zeros */
    };
    uint8_t rs[64];

    CHECK_EQ(der_sig_read(check_hex("3006 020101 020101"), 32, rs), 0);
    CHECK_EQ(der_sig_read(check_hex("3007 0202 0080 020101"), 32, rs), 0);
    for (size_t i = 0; i < ARRAY_LEN(odd); i++) {
        CHECK_EQ(der_sig_read(check_hex(odd[i]), 32, rs), 1);
    }
}

static void
an_rsa_private_key_signs_and_survives_its_pem(void)
{
    CLEANUP(privkey_freep) struct privkey *key = NULL;
    CLEANUP(privkey_freep) struct privkey *back = NULL;
    CLEANUP(pubkey_freep) struct pubkey *public = NULL;
    struct privkey *none = NULL;
    uint8_t signature[RS256_SIG_MAX];
    uint8_t n[RS256_SIG_MAX];
    size_t n_len = 0;
    size_t len = 0;
    char *pem = NULL;

    CHECK_EQ(privkey_rsa_generate(2048, &key), 0);
    CHECK_EQ(privkey_kind(key), KEY_RSA);
    CHECK_EQ(privkey_to_pem(key, &pem), 0);
    CHECK_EQ(privkey_rsa_from_pem(bytes_str(pem), &back), 0);
    CHECK_EQ(privkey_from_pem(bytes_str(pem), &none), PRIVKEY_E_ALG);
    CHECK_EQ(privkey_rsa_modulus(key, n, &n_len), 0);
    CHECK_EQ(n_len, 256);
    CHECK_EQ(pubkey_from_rsa(bytes_of(n, n_len), 65537, &public), 0);
    CHECK_EQ(privkey_rsa_sign(back, sample_digest().p, signature, &len), 0);
    CHECK_EQ(len, 256);
    CHECK_EQ(pubkey_verify_rsa(public, SIG_RSASSA, HASH_SHA256, sample_digest(),
                               bytes_of(signature, len)),
             0);
    signature[7] ^= 1;
    CHECK_EQ(pubkey_verify_rsa(public, SIG_RSASSA, HASH_SHA256, sample_digest(),
                               bytes_of(signature, len)),
             PUBKEY_E_WRONG);
    free(pem);
}

static void
the_kinds_of_private_keys_do_not_mix(void)
{
    CLEANUP(privkey_freep) struct privkey *rsa = NULL;
    CLEANUP(privkey_freep) struct privkey *ec = NULL;
    struct privkey *none = NULL;
    uint8_t room[RS256_SIG_MAX];
    uint8_t x[32];
    size_t len = 0;
    char *pem = NULL;

    CHECK_EQ(privkey_rsa_generate(2048, &rsa), 0);
    CHECK_EQ(privkey_generate(&ec), 0);
    CHECK_EQ(privkey_kind(ec), KEY_P256);
    CHECK_EQ(privkey_to_pem(ec, &pem), 0);
    CHECK_EQ(privkey_rsa_from_pem(bytes_str(pem), &none), PRIVKEY_E_ALG);
    CHECK_EQ(privkey_rsa_from_pem(bytes_str("-----BEGIN"), &none), PRIVKEY_E_FORM);
    CHECK(privkey_sign(rsa, sample_digest().p, room) < 0);
    CHECK(privkey_point(rsa, x, x) < 0);
    CHECK(privkey_rsa_sign(ec, sample_digest().p, room, &len) < 0);
    CHECK(privkey_rsa_modulus(ec, room, &len) < 0);
    free(pem);
    CHECK_EQ(privkey_rsa_generate(1024, &none), PRIVKEY_E_ALG);
}

CHECK_MAIN(CASE(a_known_signature_verifies), CASE(every_flipped_byte_of_a_signature_is_wrong),
           CASE(zero_empty_and_long_values_are_wrong), CASE(a_point_off_the_curve_is_refused),
           CASE(spki_goes_both_ways), CASE(rsa_sizes_and_exponents_are_bounded),
           CASE(what_a_private_key_signs_its_public_half_verifies),
           CASE(a_private_key_survives_its_pem),
           CASE(a_public_half_as_pem_is_the_same_key_and_no_more),
           CASE(an_rsa_private_key_signs_and_survives_its_pem),
           CASE(the_kinds_of_private_keys_do_not_mix),
           CASE(der_signatures_read_back_and_other_forms_do_not),
           CASE(a_signature_has_one_encoding))
