#include "crypto/digest.h"
#include "lib/check.h"

static void
digests_of_abc_are_those_of_the_standards(void)
{
    /* FIPS 180-4 and 202 examples; GB/T 32905 for SM3 */
    static const struct {
        enum hash alg;
        const char *hex;
    } rows[] = {
        {HASH_SHA1, "a9993e364706816aba3e25717850c26c9cd0d89d"},
        {HASH_SHA256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {HASH_SHA384, "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
                      "8086072ba1e7cc2358baeca134c825a7"},
        {HASH_SM3_256, "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"},
        {HASH_SHA3_256, "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532"},
    };
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();

    CHECK(hasher);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        uint8_t out[HASH_SIZE_MAX];

        CHECK_EQ(hasher_bytes(hasher, rows[i].alg, bytes_str("abc"), out), 0);
        CHECK_BYTES(bytes_of(out, hash_size(rows[i].alg)), check_hex(rows[i].hex));
    }
}

static void
parts_are_hashed_in_order(void)
{
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    struct bytes parts[] = {bytes_str("a"), BYTES_NULL, bytes_str("bc")};
    uint8_t whole[32];
    uint8_t split[32];

    CHECK_EQ(hasher_bytes(hasher, HASH_SHA256, bytes_str("abc"), whole), 0);
    CHECK_EQ(hasher_parts(hasher, HASH_SHA256, parts, 3, split), 0);
    CHECK_BYTES(BYTES_OF(split), BYTES_OF(whole));
    CHECK(hasher_bytes(hasher, HASH_N, bytes_str("abc"), whole) < 0);
}

static void
extend_is_hash_of_old_and_digest(void)
{
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    uint8_t pcr[32] = {0};
    uint8_t separator[32];

    CHECK_EQ(hasher_bytes(hasher, HASH_SHA256, check_hex("00000000"), separator), 0);
    CHECK_EQ(hasher_extend(hasher, HASH_SHA256, pcr, BYTES_OF(separator)), 0);
    /* PCR 3 of every quiet boot of the corpus: one separator and nothing else */
    CHECK_BYTES(BYTES_OF(pcr),
                check_hex("3d458cfe55cc03ea1f443f1562beec8df51c75e14a9fcf9a7234a13f198e7969"));
}

static void
hmac_is_that_of_rfc_4231(void)
{
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    struct bytes parts[] = {bytes_str("what do ya want "), bytes_str("for nothing?")};
    uint8_t out[64];

    CHECK_EQ(hasher_hmac(hasher, HASH_SHA256, bytes_str("Jefe"), parts, 2, out), 0);
    CHECK_BYTES(bytes_of(out, 32),
                check_hex("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"));
    CHECK_EQ(hasher_hmac(hasher, HASH_SHA384, bytes_str("Jefe"), parts, 2, out), 0);
    CHECK_BYTES(bytes_of(out, 48),
                check_hex("af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e"
                          "8e2240ca5e69e2c78b3239ecfab21649"));
    CHECK(hasher_hmac(hasher, HASH_SM3_256, bytes_str("Jefe"), parts, 2, out) < 0);
}

static void
constant_time_equality_is_equality(void)
{
    CHECK(ct_equal(bytes_str("ab"), bytes_str("ab")));
    CHECK(!ct_equal(bytes_str("ab"), bytes_str("ac")));
    CHECK(!ct_equal(bytes_str("ab"), bytes_str("abc")));
    CHECK(ct_equal(BYTES_NULL, BYTES_NULL));
}

static void
random_bytes_differ(void)
{
    uint8_t a[32] = {0};
    uint8_t b[32] = {0};

    CHECK_EQ(random_bytes(a, sizeof(a)), 0);
    CHECK_EQ(random_bytes(b, sizeof(b)), 0);
    CHECK(memcmp(a, b, sizeof(a)) != 0);
}

CHECK_MAIN(CASE(digests_of_abc_are_those_of_the_standards), CASE(parts_are_hashed_in_order),
           CASE(extend_is_hash_of_old_and_digest), CASE(hmac_is_that_of_rfc_4231),
           CASE(constant_time_equality_is_equality), CASE(random_bytes_differ))
