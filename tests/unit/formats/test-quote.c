/* formats/quote: recorded quotes, each of their bytes flipped, and the matrix of forged ones. */
#include "formats/quote.h"

#include <jansson.h>
#include <stdlib.h>

#include "base/hex.h"
#include "crypto/privkey.h"
#include "lib/check.h"

static const char *const boots[] = {
    "grub-sb-on",           "grub-sb-on-ima",         "grub-sb-off-nolog",
    "grub-sb-off-linuxefi", "grub-sb-off-logcarrier", "grub-sb-off-chainloader",
    "sdboot-uki-sb-on",
};

static struct hasher *hasher;
static struct quote_values values;
static struct tpm_selections asked;
static struct tpm_public ak;
static struct quote_input input;
static struct quote_verdict verdict;

static void
load_values(const char *path)
{
    struct bytes text = check_vector(path);
    json_t *root = json_loadb((const char *)text.p, text.len, 0, NULL);
    const char *bank_name;
    const char *pcr;
    json_t *bank;
    json_t *value;

    json_object_foreach(root, bank_name, bank)
    {
        struct quote_bank *to = quote_values_bank(&values, hash_from_name(bytes_str(bank_name)));

        CHECK(to);
        json_object_foreach(bank, pcr, value)
        {
            unsigned n = (unsigned)strtoul(pcr, NULL, 10);
            size_t len = 0;

            CHECK_EQ(
                hex_read(bytes_str(json_string_value(value)), to->value[n], HASH_SIZE_MAX, &len),
                0);
            to->known |= 1u << n;
        }
    }
    json_decref(root);
}

/* The key of the recorded quote, and its form. */
static void
load_key(const char *path)
{
    struct fault fault;
    struct bytes area;

    CHECK_EQ(tpm_public_wrapped(check_vector(path), &area, &fault), 0);
    CHECK_EQ(tpm_public_read(area, &ak, &fault), 0);
    pubkey_free(input.key);
    input.key = NULL;
    CHECK_EQ(tpm_public_key(&ak, &input.key), 0);
    input.ak = &ak;
}

static void
load_boot(const char *name, bool rsa)
{
    const char *stem = rsa ? "-rsa" : "";
    char path[128];

    hasher = hasher ? hasher : hasher_new();
    snprintf(path, sizeof(path), "boot/%s/quote%s.msg", name, stem);
    input.attest = check_vector(path);
    snprintf(path, sizeof(path), "boot/%s/quote%s.sig", name, stem);
    input.signature = check_vector(path);
    snprintf(path, sizeof(path), "boot/%s/ak%s.pub", name, stem);
    load_key(path);
    values.n = 0;
    snprintf(path, sizeof(path), "boot/%s/pcrs.json", name);
    load_values(path);
    CHECK_EQ(tpm_selections_text(bytes_str(rsa ? "sha1:0-14+sha256:0-14" : "sha256:0-14"), &asked),
             0);
    input.asked = &asked;
    input.values = &values;
    input.nonce = check_hex("00112233445566778899aabbccddeeff00112233");
}

static void
done(void)
{
    hasher_freep(&hasher);
    pubkey_freep(&input.key);
}

static bool
good(void)
{
    CHECK_EQ(quote_check(&input, hasher, &verdict), 0);
    return quote_trusted(&verdict, false);
}

static void
recorded_boots_pass(void)
{
    for (size_t i = 0; i < ARRAY_LEN(boots) * 2; i++) {
        load_boot(boots[i / 2], i % 2 == 1);
        CHECK(good());
        CHECK_EQ(verdict.weak, i % 2 == 1 ? QUOTE_WEAK_BANK : 0);
        input.values = NULL;
        CHECK(!good());
        CHECK(quote_trusted(&verdict, true));
        input.ak = NULL;
        CHECK(!good());
        CHECK(quote_trusted(&verdict, true));
    }
    done();
}

/* Each byte of one structure with each of three flips; without PCR values, so that the signature
 * and the form alone must notice. */
static void
flip_all(struct bytes *field)
{
    struct bytes whole = *field;
    uint8_t *copy = malloc(whole.len);

    CHECK(copy);
    memcpy(copy, whole.p, whole.len);
    *field = bytes_of(copy, whole.len);
    for (size_t at = 0; at < whole.len; at++) {
        static const uint8_t flips[] = {0x01, 0x80, 0xff};

        for (size_t i = 0; i < ARRAY_LEN(flips); i++) {
            copy[at] ^= flips[i];
            CHECK_EQ(quote_check(&input, hasher, &verdict), 0);
            CHECK(!quote_trusted(&verdict, true));
            CHECK(verdict.fault.rule != RULE_NONE);
            copy[at] ^= flips[i];
        }
    }
    CHECK_EQ(quote_check(&input, hasher, &verdict), 0);
    CHECK(quote_trusted(&verdict, true));
    *field = whole;
    free(copy);
}

static void
no_byte_can_be_flipped(void)
{
    for (size_t i = 0; i < ARRAY_LEN(boots) * 2; i++) {
        load_boot(boots[i / 2], i % 2 == 1);
        input.values = NULL;
        flip_all(&input.attest);
        flip_all(&input.signature);
        input.ak = NULL; /* a bare key binds no scheme: the mathematics must do */
        flip_all(&input.signature);
    }
    done();
}

static void
other_nonces_fail(void)
{
    static const char *const nonces[] = {
        "",
        "00112233445566778899aabbccddeeff001122",
        "00112233445566778899aabbccddeeff0011223300",
        "00112233445566778899aabbccddeeff00112234",
        "112233445566778899aabbccddeeff00112233",
    };

    for (size_t i = 0; i < ARRAY_LEN(nonces); i++) {
        load_boot("grub-sb-on", false);
        input.nonce = check_hex(nonces[i]);
        CHECK(!good());
        CHECK_EQ(verdict.nonce, QUOTE_FAILED);
        CHECK_EQ(verdict.signature, QUOTE_PASSED);
        CHECK_EQ(verdict.fault.rule, RULE_QUOTE_NONCE_DIFFERS);
    }
    done();
}

static void
other_selections_fail(void)
{
    static const char *const texts[] = {"sha256:0-13", "sha256:0-15", "sha1:0-14",
                                        "sha256:0-14+sha1:none", "sha256:none"};

    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        load_boot("grub-sb-on", false);
        CHECK_EQ(tpm_selections_text(bytes_str(texts[i]), &asked), 0);
        CHECK(!good());
        CHECK_EQ(verdict.selection, QUOTE_FAILED);
        CHECK_EQ(verdict.fault.rule, RULE_QUOTE_SELECTION_DIFFERS);
    }
    load_boot("grub-sb-on", true);
    CHECK_EQ(tpm_selections_text(bytes_str("sha256:0-14+sha1:0-14"), &asked), 0);
    CHECK(!good());
    CHECK_EQ(verdict.fault.rule, RULE_QUOTE_SELECTION_DIFFERS);
    done();
}

static void
another_value_or_a_missing_one_fails(void)
{
    load_boot("grub-sb-on", false);
    quote_values_bank(&values, HASH_SHA256)->value[14][31] ^= 1;
    CHECK(!good());
    CHECK_EQ(verdict.fault.rule, RULE_QUOTE_DIGEST_DIFFERS);
    CHECK_EQ(rule_reason(verdict.fault.rule), REASON_PCR_DIGEST);
    quote_values_bank(&values, HASH_SHA256)->known &= ~(1u << 14);
    CHECK(!good());
    CHECK(!quote_trusted(&verdict, true));
    CHECK_EQ(verdict.fault.rule, RULE_QUOTE_VALUE_MISSING);
    CHECK_EQ(verdict.fault.event, 14);
    done();
}

static void
another_key_fails(void)
{
    load_boot("grub-sb-on", false);
    load_key("boot/grub-sb-on-ima/ak.pub");
    CHECK(!good());
    CHECK_EQ(verdict.signature, QUOTE_FAILED);
    CHECK_EQ(verdict.fault.rule, RULE_SIGNATURE_WRONG);
    load_key("boot/grub-sb-on/ak-rsa.pub");
    CHECK(!good());
    CHECK_EQ(verdict.fault.rule, RULE_SIGNATURE_SCHEME);
    input.ak = NULL;
    CHECK(!good());
    CHECK_EQ(verdict.fault.rule, RULE_SIGNATURE_KEY);
    done();
}

static void
the_keylime_quote_passes(void)
{
    struct quote_bank *bank;

    hasher = hasher_new();
    load_key("quote/keylime/ak.pub");
    input.attest = check_vector("quote/keylime/quote.out");
    input.signature = check_vector("quote/keylime/quotesig.out");
    input.nonce = check_vector("quote/keylime/rand.out");
    CHECK_EQ(tpm_selections_text(bytes_str("sha256:15,16,22"), &asked), 0);
    bank = quote_values_bank(&values, HASH_SHA256);
    bank->known = 1u << 15 | 1u << 16 | 1u << 22;
    memcpy(bank->value[16],
           check_hex("9dbb22387e019c04da9547733354 6082ce313152c4a7f8a6e1d5f0c77f4fb6f0").p, 32);
    memset(bank->value[22], 0xff, 32);
    input.asked = &asked;
    input.values = &values;
    CHECK(good());
    CHECK_EQ(verdict.weak, 0);
    flip_all(&input.attest);
    done();
}

/* A TPM of our own: signs what the tests make up, with the hash of ES256. */
static struct privkey *tpm_key;
static uint8_t point[2][32];
static uint8_t attest_room[512];
static uint8_t signature_room[128];

static void
own_tpm(void)
{
    static struct fault fault;
    static uint8_t room[256];
    struct wr wr = wr_init(room, sizeof(room));
    struct tpm_public made;

    load_boot("grub-sb-on", false);
    made = ak;
    CHECK_EQ(privkey_generate(&tpm_key), 0);
    CHECK_EQ(privkey_point(tpm_key, point[0], point[1]), 0);
    made.ecc_x = BYTES_OF(point[0]);
    made.ecc_y = BYTES_OF(point[1]);
    tpm_public_write(&wr, &made);
    CHECK_EQ(tpm_public_read(wr_done(&wr), &ak, &fault), 0);
    pubkey_freep(&input.key);
    CHECK_EQ(tpm_public_key(&ak, &input.key), 0);
}

/* Signs input.attest into input.signature. */
static void
own_sign(void)
{
    uint8_t digest[32];
    uint8_t rs[ES256_SIG_SIZE];
    struct tpm_signature made = {.scheme = SIG_ECDSA, .alg = HASH_SHA256};
    struct wr wr = wr_init(signature_room, sizeof(signature_room));

    CHECK_EQ(hasher_bytes(hasher, HASH_SHA256, input.attest, digest), 0);
    CHECK_EQ(privkey_sign(tpm_key, digest, rs), 0);
    made.r = bytes_of(rs, 32);
    made.s = bytes_of(rs + 32, 32);
    tpm_signature_write(&wr, &made);
    input.signature = wr_done(&wr);
}

/* Signs a variant of the recorded quote: `len` bytes at `at` replaced; longer by `more` zeros. */
static void
own_variant(size_t at, const char *hex, size_t more)
{
    struct bytes recorded = check_vector("boot/grub-sb-on/quote.msg");
    struct bytes patch = check_hex(hex);

    memset(attest_room, 0, sizeof(attest_room));
    memcpy(attest_room, recorded.p, recorded.len);
    memcpy(attest_room + at, patch.p, patch.len);
    input.attest = bytes_of(attest_room, recorded.len + more);
    own_sign();
}

static void
signed_forgeries_fail_by_name(void)
{
    static const struct {
        size_t at;
        const char *hex;
        size_t more;
        enum reason reason;
    } forged[] = {
        {0, "ff544347", 0, REASON_NONE},
        {0, "00544347", 0, REASON_QUOTE_MAGIC},
        {4, "8014", 0, REASON_QUOTE_TYPE},
        {4, "8017", 0, REASON_QUOTE_TYPE},
        {4, "8019", 0, REASON_QUOTE_TYPE},
        {4, "801a", 0, REASON_QUOTE_TYPE},
        {0, "", 1, REASON_QUOTE_TRAILING},
        {0, "", 8, REASON_QUOTE_TRAILING},
        {0x50, "02", 0, REASON_EVIDENCE_MALFORMED},
        {0x60, "0000", 0, REASON_QUOTE_SELECTION},
        {0x60, "feff", 0, REASON_QUOTE_SELECTION},
        {0x5d, "0004", 0, REASON_QUOTE_SELECTION},
        {0x2c, "ff", 0, REASON_QUOTE_NONCE},
        {0x80, "00", 0, REASON_PCR_DIGEST},
    };

    own_tpm();
    for (size_t i = 0; i < ARRAY_LEN(forged); i++) {
        own_variant(forged[i].at, forged[i].hex, forged[i].more);
        CHECK_EQ(good(), forged[i].reason == REASON_NONE);
        CHECK_EQ(rule_reason(verdict.fault.rule), forged[i].reason);
    }
    privkey_freep(&tpm_key);
    done();
}

/* Signs a quote with this selection. */
static void
own_quote(const struct tpm_selections *selections)
{
    struct tpm_attest made = {.type = TPM_ATTEST_QUOTE, .extra_data = input.nonce};
    struct wr wr = wr_init(attest_room, sizeof(attest_room));
    struct digest digest = {0};
    struct fault fault;

    CHECK_EQ(quote_pcr_digest(selections, &values, HASH_SHA256, hasher, &digest, &fault), 0);
    made.selections = *selections;
    made.pcr_digest = digest_bytes(&digest);
    tpm_attest_write(&wr, &made);
    input.attest = wr_done(&wr);
    own_sign();
}

static void
banks_are_hashed_in_the_quotes_order(void)
{
    struct tpm_selections other;

    own_tpm();
    CHECK_EQ(tpm_selections_text(bytes_str("sha256:0-7+sha1:0,7+sha384:none"), &asked), 0);
    own_quote(&asked);
    CHECK(good());
    CHECK_EQ(tpm_selections_text(bytes_str("sha1:0,7+sha256:0-7+sha384:none"), &other), 0);
    own_quote(&other);
    CHECK(!good());
    CHECK_EQ(verdict.selection, QUOTE_FAILED);
    CHECK_EQ(verdict.pcr_digest, QUOTE_PASSED);
    privkey_freep(&tpm_key);
    done();
}

static void
size_four_and_empty_selections_fail(void)
{
    own_tpm();
    asked.bank[0].size = 4;
    own_quote(&asked);
    CHECK(!good());
    CHECK_EQ(verdict.fault.rule, RULE_QUOTE_SELECT_SIZE);
    asked.n = 0;
    own_quote(&asked);
    CHECK(!good());
    CHECK_EQ(verdict.fault.rule, RULE_QUOTE_SELECTION_EMPTY);
    CHECK_EQ(tpm_selections_text(bytes_str("sha256:none"), &asked), 0);
    own_quote(&asked);
    CHECK(!good());
    CHECK_EQ(verdict.fault.rule, RULE_QUOTE_SELECTION_EMPTY);
    privkey_freep(&tpm_key);
    done();
}

static void
an_empty_nonce_must_be_equal_too(void)
{
    own_tpm();
    input.nonce = BYTES_NULL;
    own_quote(&asked);
    CHECK(good());
    input.nonce = check_hex("00");
    CHECK(!good());
    CHECK_EQ(verdict.nonce, QUOTE_FAILED);
    privkey_freep(&tpm_key);
    done();
}

static void
trust_is_the_conjunction(void)
{
    enum quote_check *const fields[] = {&verdict.magic,     &verdict.type,  &verdict.form,
                                        &verdict.signature, &verdict.nonce, &verdict.selection,
                                        &verdict.pcr_digest};

    CHECK(!quote_trusted(&verdict, true)); /* nothing run */
    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        *fields[i] = QUOTE_PASSED;
    }
    CHECK(quote_trusted(&verdict, false));
    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        *fields[i] = QUOTE_FAILED;
        CHECK(!quote_trusted(&verdict, false) && !quote_trusted(&verdict, true));
        *fields[i] = QUOTE_NOT_RUN;
        CHECK(!quote_trusted(&verdict, false));
        CHECK_EQ(quote_trusted(&verdict, true), fields[i] == &verdict.pcr_digest);
        *fields[i] = QUOTE_PASSED;
    }
}

static void
values_are_bounded(void)
{
    for (unsigned i = 0; i < HASH_N; i++) {
        CHECK(quote_values_bank(&values, (enum hash)i));
    }
    CHECK_EQ(values.n, HASH_N);
    CHECK(quote_values_bank(&values, HASH_SHA1) == &values.bank[0]);
    CHECK(!quote_values_bank(&values, HASH_N));
}

CHECK_MAIN(CASE(recorded_boots_pass), CASE(no_byte_can_be_flipped), CASE(other_nonces_fail),
           CASE(other_selections_fail), CASE(another_value_or_a_missing_one_fails),
           CASE(another_key_fails), CASE(the_keylime_quote_passes),
           CASE(signed_forgeries_fail_by_name), CASE(banks_are_hashed_in_the_quotes_order),
           CASE(size_four_and_empty_selections_fail), CASE(an_empty_nonce_must_be_equal_too),
           CASE(trust_is_the_conjunction), CASE(values_are_bounded))
