#include "crypto/makecred.h"
#include "lib/check.h"
#include "lib/softek.h"

static const struct {
    enum key_kind kind;
    unsigned rsa_bits;
    enum hash name_alg;
    unsigned aes_bits;
} templates[] = {
    {KEY_RSA, 2048, HASH_SHA256, 128}, {KEY_RSA, 3072, HASH_SHA384, 256},
    {KEY_P256, 0, HASH_SHA256, 128},   {KEY_P384, 0, HASH_SHA384, 256},
    {KEY_P521, 0, HASH_SHA512, 256},
};

static const struct makecred_secret secret = {{1, 2, 3, 4, 5, 6, 7, 8, 9}};

static struct softek
softek_of(size_t i)
{
    return softek_new(templates[i].kind, templates[i].rsa_bits, templates[i].name_alg,
                      templates[i].aes_bits);
}

/* 000b and a SHA-256 digest */
static struct bytes
name(void)
{
    return check_hex("000b 837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa");
}

static void
each_template_opens_what_was_made_for_it(void)
{
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();

    for (size_t i = 0; i < ARRAY_LEN(templates); i++) {
        struct softek soft = softek_of(i);
        struct makecred_ek ek = softek_ek(&soft);
        struct makecred_blob blob;
        uint8_t out[64];

        CHECK_EQ(makecred(hasher, &ek, name(), &secret, NULL, &blob), 0);
        CHECK_EQ(blob.id_len, 2 + 2 + hash_size(templates[i].name_alg) + 34);
        CHECK_EQ(softek_activate(&soft, hasher, name(), &blob, out), 32);
        CHECK_BYTES(bytes_of(out, 32), BYTES_OF(secret.b));
        softek_done(&soft);
    }
}

static void
another_name_or_one_bit_does_not_open(void)
{
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    struct softek soft = softek_of(2);
    struct makecred_ek ek = softek_ek(&soft);
    struct makecred_blob blob;
    uint8_t out[64];
    struct bytes other =
        check_hex("000b 837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469ab");

    CHECK_EQ(makecred(hasher, &ek, name(), &secret, NULL, &blob), 0);
    CHECK_EQ(softek_activate(&soft, hasher, other, &blob, out), -1);
    for (size_t i = 0; i < blob.id_len; i++) {
        blob.id[i] ^= 1;
        CHECK_EQ(softek_activate(&soft, hasher, name(), &blob, out), -1);
        blob.id[i] ^= 1;
    }
    for (size_t i = 0; i < blob.enc_len; i++) {
        blob.enc[i] ^= 1;
        CHECK_EQ(softek_activate(&soft, hasher, name(), &blob, out), -1);
        blob.enc[i] ^= 1;
    }
    softek_done(&soft);
}

static void
two_blobs_for_one_secret_share_nothing(void)
{
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();

    for (size_t i = 0; i < 3; i += 2) {
        struct softek soft = softek_of(i);
        struct makecred_ek ek = softek_ek(&soft);
        struct makecred_blob a;
        struct makecred_blob b;

        CHECK_EQ(makecred(hasher, &ek, name(), &secret, NULL, &a), 0);
        CHECK_EQ(makecred(hasher, &ek, name(), &secret, NULL, &b), 0);
        CHECK(memcmp(a.id + 2, b.id + 2, a.id_len - 2) != 0);
        CHECK(memcmp(a.enc + 4, b.enc + 4, a.enc_len - 4) != 0);
        softek_done(&soft);
    }
}

/* The expected blobs come from Python's hmac and hashlib and `openssl enc -aes-*-cfb`. */
static void
a_fixed_seed_gives_the_known_identity_object(void)
{
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    struct softek soft = softek_of(0);
    struct makecred_ek ek = softek_ek(&soft);
    struct makecred_fixed fixed = {
        .seed = check_hex("202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f")};
    struct makecred_blob blob;

    CHECK_EQ(makecred(hasher, &ek, name(), &secret, &fixed, &blob), 0);
    CHECK_BYTES(bytes_of(blob.id, blob.id_len),
                check_hex("00440020c5553e30cc5e2bf620cd1d101765ac1217de0fd891d46652dede0270"
                          "2ed3259ca5b212e769a983e81ce027209e5a5cba76bd6315b869b032d714ab9f"
                          "5304096e0dd6"));
    softek_done(&soft);
}

/* EK: scalar 2 times P-256's base point; ephemeral: scalar 1, so that z is x of 2G (SEC 2). */
static void
a_fixed_ephemeral_gives_the_known_blob(void)
{
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    CLEANUP(pubkey_freep) struct pubkey *key = NULL;
    struct makecred_fixed fixed = {
        .ephemeral_d =
            check_hex("0000000000000000000000000000000000000000000000000000000000000001"),
        .ephemeral_x =
            check_hex("6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"),
        .ephemeral_y =
            check_hex("4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"),
    };
    struct makecred_ek ek = {NULL, HASH_SHA256, 128};
    struct makecred_blob blob;

    CHECK_EQ(
        pubkey_from_point(
            KEY_P256, check_hex("7cf27b188d034f7e8a52380304b51ac3c08969e277f21b35a60b48fc47669978"),
            check_hex("07775510db8ed040293d9ac69f7430dbba7dade63ce982299e04b79d227873d1"), &key),
        0);
    ek.key = key;
    CHECK_EQ(makecred(hasher, &ek, name(), &secret, &fixed, &blob), 0);
    CHECK_BYTES(bytes_of(blob.id, blob.id_len),
                check_hex("00440020f0122ddefe328c29a3d866e0512fe3f3a3140af0ab2f781bf7cf1e41"
                          "08013dd5883d1b275828a0274e7a9ba4d5cc5544077f73f55db7bc9c3793c9d2"
                          "6d51b52165da"));
    CHECK_BYTES(
        bytes_of(blob.enc, blob.enc_len),
        check_hex("0044 0020 6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
                  "0020 4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"));
}

static void
what_is_no_ek_or_no_name_is_refused_and_leaves_the_result(void)
{
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    struct softek soft = softek_of(2);
    struct softek weak = softek_new(KEY_RSA, 1024, HASH_SHA256, 128);
    struct makecred_ek ek = softek_ek(&soft);
    struct makecred_ek small = softek_ek(&weak);
    struct makecred_blob blob = {.id_len = 7};

    CHECK_EQ(makecred(hasher, &small, name(), &secret, NULL, &blob), MAKECRED_E_EK);
    CHECK_EQ(makecred(hasher, &ek, BYTES_NULL, &secret, NULL, &blob), MAKECRED_E_NAME);
    CHECK_EQ(makecred(hasher, &ek, check_hex("000b 00"), &secret, NULL, &blob), MAKECRED_E_NAME);
    CHECK_EQ(makecred(hasher, &ek, check_hex("40000001"), &secret, NULL, &blob), MAKECRED_E_NAME);
    ek.aes_bits = 192;
    CHECK_EQ(makecred(hasher, &ek, name(), &secret, NULL, &blob), MAKECRED_E_EK);
    ek.aes_bits = 128;
    ek.name_alg = HASH_SHA1;
    CHECK_EQ(makecred(hasher, &ek, name(), &secret, NULL, &blob), MAKECRED_E_EK);
    CHECK_EQ(blob.id_len, 7);
    softek_done(&soft);
    softek_done(&weak);
}

CHECK_MAIN(CASE(each_template_opens_what_was_made_for_it),
           CASE(another_name_or_one_bit_does_not_open),
           CASE(two_blobs_for_one_secret_share_nothing),
           CASE(a_fixed_seed_gives_the_known_identity_object),
           CASE(a_fixed_ephemeral_gives_the_known_blob),
           CASE(what_is_no_ek_or_no_name_is_refused_and_leaves_the_result))
