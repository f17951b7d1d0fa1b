/* appraise/quoted: a quote as evidence carries it, of a real TPM and changed. */
#include "appraise/quoted.h"

#include "lib/check.h"
#include "wire/bundle-policy.h"

static uint8_t room[4096];

/* TPM2B_ATTEST || TPMT_SIGNATURE from the files of a recorded boot. */
static struct bytes
recorded(void)
{
    struct bytes attest = check_vector("boot/grub-sb-on/quote.msg");
    struct bytes signature = check_vector("boot/grub-sb-on/quote.sig");
    struct wr wr = wr_init(room, sizeof(room));

    wr_be16(&wr, (uint16_t)attest.len);
    wr_bytes(&wr, attest);
    wr_bytes(&wr, signature);
    CHECK(wr_done(&wr).p);
    return wr_done(&wr);
}

static enum rule
rule_of(struct bytes in)
{
    struct quoted quoted = {.selection = {.n = 99}};
    struct fault fault = {0};
    int r = quoted_read(check_guarded(in), &quoted, &fault);

    CHECK(r == 0 || r == 1);
    if (r == 1) {
        CHECK(fault.rule != RULE_NONE);
        CHECK_EQ(quoted.selection.n, 99); /* untouched */
    }
    return r == 0 ? RULE_NONE : fault.rule;
}

static void
a_quote_is_read_with_its_selection(void)
{
    struct bytes in = recorded();
    struct quoted quoted;

    CHECK_EQ(quoted_read(in, &quoted, NULL), 0);
    CHECK_BYTES(quoted.attest, check_vector("boot/grub-sb-on/quote.msg"));
    CHECK_BYTES(quoted.signature_bytes, check_vector("boot/grub-sb-on/quote.sig"));
    CHECK_EQ(quoted.quote.type, TPM_ATTEST_QUOTE);
    CHECK_EQ(quoted.selection.n, quoted.quote.selections.n);
    CHECK_EQ(selection_mask(&quoted.selection, HASH_SHA256), 0x7fff);
    CHECK(quoted.attest.p == in.p + 2);
}

static void
no_truncation_is_a_quote(void)
{
    struct bytes in = recorded();

    for (size_t n = 0; n < in.len; n++) {
        CHECK(rule_of(bytes_of(in.p, n)) != RULE_NONE);
    }
    CHECK_EQ(rule_of(BYTES_NULL), RULE_ATTEST_WRAP);
    CHECK_EQ(rule_of(bytes_of(in.p, 2)), RULE_ATTEST_WRAP);
}

static void
nothing_follows_the_signature(void)
{
    struct bytes in = recorded();

    room[in.len] = 0;
    CHECK_EQ(rule_of(bytes_of(in.p, in.len + 1)), RULE_SIGNATURE_TRAILING);
}

static void
lengths_that_lie_are_refused(void)
{
    for (unsigned bit = 0; bit < 16; bit++) {
        struct bytes in = recorded();

        room[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CHECK(rule_of(in) != RULE_NONE);
    }
}

static void
magic_and_type_are_judged_first(void)
{
    struct bytes in = recorded();

    room[2] ^= 1;
    CHECK_EQ(rule_of(in), RULE_ATTEST_MAGIC);
    in = recorded();
    room[7] ^= 1;
    CHECK_EQ(rule_reason(rule_of(in)), REASON_QUOTE_TYPE);
}

/* Writes the quote again with another selection, which stands unsigned then: reading is no check.
 */
static enum rule
with_selection(const struct tpm_selections *selections)
{
    struct quoted quoted;
    static uint8_t again[4096];
    static uint8_t attest[2048];
    struct wr inner = wr_init(attest, sizeof(attest));
    struct wr wr = wr_init(again, sizeof(again));

    CHECK_EQ(quoted_read(recorded(), &quoted, NULL), 0);
    quoted.quote.selections = *selections;
    tpm_attest_write(&inner, &quoted.quote);
    wr_be16(&wr, (uint16_t)wr_done(&inner).len);
    wr_bytes(&wr, wr_done(&inner));
    wr_bytes(&wr, quoted.signature_bytes);
    CHECK(wr_done(&wr).p);
    return rule_of(wr_done(&wr));
}

static void
only_selections_of_pc_clients_in_our_banks_are_taken(void)
{
    const struct tpm_selection good = {0x000b, HASH_SHA256, 3, 0xff};
    const struct tpm_selection strange = {0x00f7, HASH_N, 3, 0xff};
    const struct tpm_selection wide = {0x000b, HASH_SHA256, 4, 0xff};
    const struct tpm_selection narrow = {0x000b, HASH_SHA256, 2, 0xff};
    struct tpm_selections selections = {.n = 1, .bank = {good}};

    CHECK_EQ(with_selection(&selections), RULE_NONE);
    selections.bank[0] = strange;
    CHECK_EQ(with_selection(&selections), RULE_QUOTE_BANKS);
    selections.bank[0] = wide;
    CHECK_EQ(with_selection(&selections), RULE_QUOTE_BANKS);
    selections.bank[0] = narrow;
    CHECK_EQ(with_selection(&selections), RULE_QUOTE_BANKS);
    selections = (struct tpm_selections){.n = 2, .bank = {good, strange}};
    CHECK_EQ(with_selection(&selections), RULE_QUOTE_BANKS);
}

static void
each_active_bank_covers_the_firmware(void)
{
    const struct selection one = {2, {{HASH_SHA1, 0}, {HASH_SHA256, 0x40ff}}};
    const unsigned all =
        1u << HASH_SHA1 | 1u << HASH_SHA256 | 1u << HASH_SHA384 | 1u << HASH_SHA512;
    struct selection two = {2, {{HASH_SHA1, 0xff}, {HASH_SHA256, 0x40ff}}};

    CHECK(quoted_covers_firmware(&one));
    CHECK_EQ(quoted_unnamed(&one), 1u << HASH_SHA384 | 1u << HASH_SHA512);
    for (unsigned pcr = 0; pcr < 8; pcr++) {
        two.sets[0].mask = 0xffu & ~(1u << pcr);
        CHECK(!quoted_covers_firmware(&two));
    }
    two.sets[0].mask = 0xff;
    CHECK(quoted_covers_firmware(&two));
    two.n = 0;
    CHECK_EQ(quoted_unnamed(&two), all);
}

static void
kinds_of_keys_are_those_that_policies_name(void)
{
    static const struct {
        struct tpm_public ak;
        unsigned kind;
    } rows[] = {
        {{.type = TPM_ALG_ECC, .curve = TPM_ECC_NIST_P256}, BUNDLE_KEY_P256},
        {{.type = TPM_ALG_ECC, .curve = TPM_ECC_NIST_P384}, BUNDLE_KEY_P384},
        {{.type = TPM_ALG_ECC, .curve = 5}, 0},
        {{.type = TPM_ALG_ECC, .curve = 5, .rsa_bits = 2048}, 0},
        {{.type = TPM_ALG_RSA, .rsa_bits = 2048}, BUNDLE_KEY_RSA2048},
        {{.type = TPM_ALG_RSA, .rsa_bits = 3072}, BUNDLE_KEY_RSA3072},
        {{.type = TPM_ALG_RSA, .rsa_bits = 4096}, BUNDLE_KEY_RSA4096},
        {{.type = TPM_ALG_RSA, .rsa_bits = 1024}, 0},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        CHECK_EQ(quoted_key_kind(&rows[i].ak), rows[i].kind);
    }
}

CHECK_MAIN(CASE(a_quote_is_read_with_its_selection), CASE(no_truncation_is_a_quote),
           CASE(nothing_follows_the_signature), CASE(lengths_that_lie_are_refused),
           CASE(magic_and_type_are_judged_first),
           CASE(only_selections_of_pc_clients_in_our_banks_are_taken),
           CASE(each_active_bank_covers_the_firmware),
           CASE(kinds_of_keys_are_those_that_policies_name))
