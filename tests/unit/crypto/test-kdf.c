#include "crypto/kdf.h"
#include "lib/check.h"

static void
hkdf_is_that_of_rfc_5869(void)
{
    /* Appendix A.1 to A.3 */
    static const struct {
        const char *ikm, *salt, *info, *okm;
    } rows[] = {
        {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "000102030405060708090a0b0c",
         "f0f1f2f3f4f5f6f7f8f9",
         "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
         "34007208d5b887185865"},
        {"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
         "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"
         "404142434445464748494a4b4c4d4e4f",
         "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f"
         "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"
         "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf",
         "b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecf"
         "d0d1d2d3d4d5d6d7d8d9dadbdcdddedfe0e1e2e3e4e5e6e7e8e9eaebecedeeef"
         "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
         "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c"
         "59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71"
         "cc30c58179ec3e87c14c01d5c1f3434f1d87"},
        {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "", "",
         "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"
         "9d201395faa4b61a96c8"},
    };
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct bytes okm = check_hex(rows[i].okm);
        uint8_t out[128];

        CHECK_EQ(kdf_hkdf(hasher, check_hex(rows[i].ikm), check_hex(rows[i].salt),
                          check_hex(rows[i].info), out, okm.len),
                 0);
        CHECK_BYTES(bytes_of(out, okm.len), okm);
    }
}

static void
hkdf_has_an_end(void)
{
    static uint8_t out[KDF_OUT_MAX + 1];
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    struct bytes ikm = bytes_str("key");

    CHECK_EQ(kdf_hkdf(hasher, ikm, BYTES_NULL, BYTES_NULL, out, KDF_OUT_MAX), 0);
    CHECK(kdf_hkdf(hasher, ikm, BYTES_NULL, BYTES_NULL, out, KDF_OUT_MAX + 1) < 0);
}

/* Made with Python's hmac and hashlib from the formulas of Part 1 section 11.4.10. */
static void
the_tpm_functions_give_known_answers(void)
{
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    struct bytes key = check_hex("000102030405060708090a0b0c0d0e0f");
    uint8_t out[64];

    CHECK_EQ(kdf_a(hasher, HASH_SHA256, key, "STORAGE", bytes_str("u"), bytes_str("vv"), out, 64),
             0);
    CHECK_BYTES(BYTES_OF(out),
                check_hex("5129a5b847ea31c44bf77f717fa750a041ebfd9749ca5eaf8977ee5a255a7564"
                          "c43c26e488460a52c186d61586485e17a56db0edf4da3c093c12c83a746cec74"));
    CHECK_EQ(kdf_e(hasher, HASH_SHA384, key, "IDENTITY", bytes_str("u"), bytes_str("vv"), out), 0);
    CHECK_BYTES(bytes_of(out, 48),
                check_hex("2f496146c9c52b8b44f554cb7bc31a3ac6f0c40c66191a48c8c54d2cc973081d"
                          "af6a82cc55740078a3e2d71ec5425f29"));
}

static void
what_does_not_fit_is_refused(void)
{
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    uint8_t key[33] = {0};
    uint8_t out[65];

    CHECK(kdf_a(hasher, HASH_SHA256, BYTES_OF(key), "X", BYTES_NULL, BYTES_NULL, out, 16) < 0);
    CHECK(kdf_a(hasher, HASH_SHA256, bytes_of(key, 32), "X", BYTES_NULL, BYTES_NULL, out, 65) < 0);
    CHECK(kdf_a(hasher, HASH_SM3_256, bytes_of(key, 32), "X", BYTES_NULL, BYTES_NULL, out, 16) < 0);
    CHECK(kdf_e(hasher, HASH_N, bytes_of(key, 32), "X", BYTES_NULL, BYTES_NULL, out) < 0);
}

CHECK_MAIN(CASE(hkdf_is_that_of_rfc_5869), CASE(hkdf_has_an_end),
           CASE(the_tpm_functions_give_known_answers), CASE(what_does_not_fit_is_refused))
