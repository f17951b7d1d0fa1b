#include "formats/tpm-signature.h"
#include "lib/check.h"

static struct fault fault;
static struct tpm_signature signature;

static void
recorded_signatures_have_their_parts(void)
{
    CHECK_EQ(tpm_signature_read(check_vector("boot/grub-sb-on/quote.sig"), &signature, &fault), 0);
    CHECK_EQ(signature.scheme, SIG_ECDSA);
    CHECK_EQ(signature.alg, HASH_SHA256);
    CHECK_EQ(signature.r.len, 32);
    CHECK_EQ(signature.s.len, 32);
    CHECK_EQ(tpm_signature_read(check_vector("quote/keylime/quotesig.out"), &signature, &fault), 0);
    CHECK_EQ(signature.scheme, SIG_RSASSA);
    CHECK_EQ(signature.rsa.len, 256);
}

static void
every_truncation_is_short_and_a_trailing_byte_is_named(void)
{
    static const char *const paths[] = {"boot/grub-sb-on/quote.sig", "quote/keylime/quotesig.out"};

    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        struct bytes good = check_vector(paths[i]);
        uint8_t longer[300] = {0};

        memcpy(longer, good.p, good.len);
        for (size_t n = 0; n < good.len; n++) {
            signature.alg = HASH_SM3_256;
            CHECK_EQ(tpm_signature_read(check_guarded(bytes_of(longer, n)), &signature, &fault), 1);
            CHECK_EQ(fault.rule, RULE_SIGNATURE_SHORT);
            CHECK_EQ(signature.alg, HASH_SM3_256);
        }
        CHECK_EQ(tpm_signature_read(bytes_of(longer, good.len + 1), &signature, &fault), 1);
        CHECK_EQ(fault.rule, RULE_SIGNATURE_TRAILING);
        CHECK_EQ(fault.offset, good.len);
    }
}

static void
other_algorithms_are_refused(void)
{
    static const char *const schemes[] = {"0005000b", "0010000b", "001a000b", "001b000b",
                                          "ffff000b"};

    for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
        CHECK_EQ(tpm_signature_read(check_hex(schemes[i]), &signature, &fault), 1);
        CHECK_EQ(fault.rule, RULE_SIGNATURE_ALG);
    }
    CHECK_EQ(tpm_signature_read(check_hex("00180010"), &signature, &fault), 1);
    CHECK_EQ(fault.rule, RULE_SIGNATURE_HASH);
    CHECK_EQ(rule_reason(fault.rule), REASON_QUOTE_ALG);
}

/* Verifies a recorded quote after a change to the key's area or to the signature. */
static enum rule
verify(const char *stem, uint16_t key_scheme, uint16_t key_hash, const struct tpm_signature *other)
{
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    CLEANUP(pubkey_freep) struct pubkey *key = NULL;
    char path[64];
    struct bytes area;
    struct bytes message;
    struct tpm_public ak;

    snprintf(path, sizeof(path), "boot/grub-sb-on/ak%s.pub", stem);
    CHECK_EQ(tpm_public_wrapped(check_vector(path), &area, &fault), 0);
    CHECK_EQ(tpm_public_read(area, &ak, &fault), 0);
    CHECK_EQ(tpm_public_key(&ak, &key), 0);
    snprintf(path, sizeof(path), "boot/grub-sb-on/quote%s.msg", stem);
    message = check_vector(path);
    snprintf(path, sizeof(path), "boot/grub-sb-on/quote%s.sig", stem);
    CHECK_EQ(tpm_signature_read(check_vector(path), &signature, &fault), 0);
    ak.scheme = key_scheme ? key_scheme : ak.scheme;
    ak.scheme_hash = key_hash ? key_hash : ak.scheme_hash;
    return tpm_signature_verify(&ak, key, other ? other : &signature, message, hasher, &fault) == 0
               ? RULE_NONE
               : fault.rule;
}

static void
scheme_and_hash_are_the_keys_own(void)
{
    CHECK_EQ(verify("", 0, 0, NULL), RULE_NONE);
    CHECK_EQ(verify("-rsa", 0, 0, NULL), RULE_NONE);
    CHECK_EQ(verify("-rsa", TPM_ALG_RSAPSS, 0, NULL), RULE_SIGNATURE_SCHEME);
    CHECK_EQ(verify("-rsa", TPM_ALG_NULL, 0, NULL), RULE_SIGNATURE_SCHEME);
    CHECK_EQ(verify("", 0, 0x000c, NULL), RULE_SIGNATURE_SCHEME);
    CHECK_EQ(verify("", TPM_ALG_NULL, 0, NULL), RULE_SIGNATURE_SCHEME);
}

static void
a_signature_of_another_kind_of_key_is_refused(void)
{
    struct tpm_signature rsa = {.scheme = SIG_RSASSA, .alg = HASH_SHA256, .rsa = check_hex("01")};
    struct tpm_signature ecdsa = {
        .scheme = SIG_ECDSA, .alg = HASH_SHA256, .r = check_hex("01"), .s = check_hex("01")};

    CHECK_EQ(verify("", TPM_ALG_RSASSA, 0, &rsa), RULE_SIGNATURE_KEY);
    CHECK_EQ(verify("-rsa", TPM_ALG_ECDSA, 0, &ecdsa), RULE_SIGNATURE_KEY);
}

static void
zero_and_oversized_integers_are_wrong(void)
{
    static const char *const bad[][2] = {{"00", "01"}, {"01", "00"}, {"", "01"}, {"01", ""}};
    struct tpm_signature s = {.scheme = SIG_ECDSA, .alg = HASH_SHA256};
    static const uint8_t zeros[70];

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        s.r = check_hex(bad[i][0]);
        s.s = check_hex(bad[i][1]);
        CHECK_EQ(verify("", 0, 0, &s), RULE_SIGNATURE_WRONG);
    }
    s.r = s.s = bytes_of(zeros, 32);
    CHECK_EQ(verify("", 0, 0, &s), RULE_SIGNATURE_WRONG);
    s.r = s.s = bytes_of(zeros, 70);
    CHECK_EQ(verify("", 0, 0, &s), RULE_SIGNATURE_WRONG);
}

CHECK_MAIN(CASE(recorded_signatures_have_their_parts),
           CASE(every_truncation_is_short_and_a_trailing_byte_is_named),
           CASE(other_algorithms_are_refused), CASE(scheme_and_hash_are_the_keys_own),
           CASE(a_signature_of_another_kind_of_key_is_refused),
           CASE(zero_and_oversized_integers_are_wrong))
