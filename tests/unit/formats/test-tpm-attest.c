/* formats/tpm-attest and formats/tpm-selection */
#include "formats/tpm-attest.h"
#include "lib/check.h"

static struct tpm_attest attest;
static struct fault fault;

static int
read_quote(struct bytes in)
{
    return tpm_attest_read(check_guarded(in), TPM_ATTEST_QUOTE, &attest, &fault);
}

/* A copy of a recorded quote with one byte replaced. */
static struct bytes
patched(size_t at, uint8_t value)
{
    struct bytes in = check_vector("boot/grub-sb-on/quote-rsa.msg");

    ((uint8_t *)(uintptr_t)in.p)[at] = value;
    return in;
}

static void
a_recorded_quote_has_its_fields(void)
{
    CHECK_EQ(read_quote(check_vector("boot/grub-sb-on/quote-rsa.msg")), 0);
    CHECK_BYTES(attest.extra_data, check_hex("00112233445566778899aabbccddeeff00112233"));
    CHECK_EQ(attest.qualified_signer.len, 34);
    CHECK_EQ(attest.clock_ms, 0x5cdc);
    CHECK_EQ(attest.reset_count, 2);
    CHECK_EQ(attest.restart_count, 0);
    CHECK(attest.safe);
    CHECK(attest.firmware_version == 0x2019102300163636);
    CHECK_EQ(attest.selections.n, 2);
    CHECK_EQ(attest.selections.bank[0].alg, HASH_SHA1);
    CHECK_EQ(attest.selections.bank[1].alg, HASH_SHA256);
    CHECK_EQ(attest.selections.bank[1].mask, 0x7fff);
    CHECK_EQ(attest.selections.bank[1].size, 3);
    CHECK_EQ(attest.pcr_digest.len, 32);
}

static void
every_truncation_is_refused_and_leaves_the_result_alone(void)
{
    struct bytes good = check_vector("boot/grub-sb-on/quote-rsa.msg");

    for (size_t n = 0; n < good.len; n++) {
        attest.reset_count = 77;
        CHECK_EQ(read_quote(bytes_of(good.p, n)), 1);
        CHECK_EQ(attest.reset_count, 77);
        CHECK_EQ(rule_reason(fault.rule), REASON_EVIDENCE_MALFORMED);
    }
}

static void
a_trailing_byte_is_refused_where_it_stands(void)
{
    struct bytes good = check_vector("boot/grub-sb-on/quote.msg");
    uint8_t longer[200] = {0};

    memcpy(longer, good.p, good.len);
    CHECK_EQ(read_quote(bytes_of(longer, good.len + 1)), 1);
    CHECK_EQ(fault.rule, RULE_ATTEST_TRAILING);
    CHECK_EQ(fault.offset, good.len);
}

static void
another_magic_is_refused_first(void)
{
    CHECK_EQ(read_quote(patched(0, 0xfe)), 1);
    CHECK_EQ(fault.rule, RULE_ATTEST_MAGIC);
    CHECK_EQ(rule_reason(fault.rule), REASON_QUOTE_MAGIC);
}

static void
every_other_type_is_named(void)
{
    static const struct {
        uint8_t low;
        enum rule rule;
    } others[] = {
        {0x14, RULE_ATTEST_IS_NV},        {0x15, RULE_ATTEST_IS_COMMAND_AUDIT},
        {0x17, RULE_ATTEST_IS_CERTIFY},   {0x16, RULE_ATTEST_IS_SESSION_AUDIT},
        {0x19, RULE_ATTEST_IS_TIME},      {0x1a, RULE_ATTEST_IS_CREATION},
        {0x1c, RULE_ATTEST_IS_NV_DIGEST}, {0x1b, RULE_ATTEST_IS_UNKNOWN},
    };

    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        CHECK_EQ(read_quote(patched(5, others[i].low)), 1);
        CHECK_EQ(fault.rule, others[i].rule);
        CHECK_EQ(rule_reason(fault.rule), REASON_QUOTE_TYPE);
    }
    CHECK_EQ(tpm_attest_read(check_vector("quote/keylime/quote.out"), TPM_ATTEST_CERTIFY, &attest,
                             &fault),
             1);
    CHECK_EQ(fault.rule, RULE_ATTEST_IS_QUOTE);
}

static void
fields_longer_than_their_types_are_refused(void)
{
    static const size_t sizes[] = {6, 42, 105}; /* high bytes of three sizes */

    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        CHECK_EQ(read_quote(patched(sizes[i], 0x80)), 1);
        CHECK_EQ(fault.rule, RULE_ATTEST_SIZE);
        CHECK_EQ(fault.offset, sizes[i]);
    }
}

static void
safe_is_yes_or_no(void)
{
    CHECK_EQ(read_quote(patched(80, 0)), 0);
    CHECK(!attest.safe);
    CHECK_EQ(read_quote(patched(80, 2)), 1);
    CHECK_EQ(fault.rule, RULE_ATTEST_SAFE);
    CHECK_EQ(fault.offset, 80);
}

static void
selections_are_bounded_before_they_are_believed(void)
{
    CHECK_EQ(read_quote(patched(89, 0xff)), 1);
    CHECK_EQ(fault.rule, RULE_SELECTION_BANKS);
    CHECK_EQ(read_quote(patched(95, 0)), 1);
    CHECK_EQ(fault.rule, RULE_SELECTION_SIZE);
    CHECK_EQ(fault.event, 0);
    CHECK_EQ(read_quote(patched(101, 5)), 1);
    CHECK_EQ(fault.rule, RULE_SELECTION_SIZE);
    CHECK_EQ(fault.event, 1);
    CHECK_EQ(read_quote(patched(100, 0x04)), 1); /* the second bank is SHA-1 too */
    CHECK_EQ(fault.rule, RULE_SELECTION_TWICE);
}

static void
sizes_one_to_four_and_unknown_banks_are_kept(void)
{
    struct rd rd =
        rd_init(check_guarded(check_hex("00000003 0004 01 81 000b 04 01000080 7777 03 010203")));
    struct tpm_selections s;
    uint8_t room[32];
    struct wr wr = wr_init(room, sizeof(room));

    CHECK_EQ(tpm_selections_read(&rd, &s, &fault), 0);
    CHECK(rd_end(&rd));
    CHECK_EQ(s.bank[0].mask, 0x81);
    CHECK_EQ(s.bank[1].mask, 0x80000001);
    CHECK_EQ(s.bank[2].mask, 0x030201);
    CHECK_EQ(s.bank[2].alg, HASH_N);
    CHECK_EQ(s.bank[2].alg_id, 0x7777);
    CHECK(!tpm_selections_pc_client(&s));
    tpm_selections_write(&wr, &s);
    CHECK_BYTES(wr_done(&wr), bytes_of(rd.p, rd.len));
}

static void
a_selection_is_written_as_people_write_it(void)
{
    struct tpm_selections s;

    CHECK_EQ(tpm_selections_text(bytes_str("sha1:0,1+sha256:0-7,23+sha384:none"), &s), 0);
    CHECK_EQ(s.n, 3);
    CHECK_EQ(s.bank[0].mask, 3);
    CHECK_EQ(s.bank[1].mask, 0x8000ff);
    CHECK_EQ(s.bank[2].mask, 0);
    CHECK(tpm_selections_pc_client(&s));
    CHECK(!tpm_selections_empty(&s));
    CHECK_EQ(tpm_selections_text(bytes_str("sha512:none"), &s), 0);
    CHECK(tpm_selections_empty(&s));
}

static void
other_texts_are_no_selection(void)
{
    static const char *const bad[] = {
        "",          "sha256",      "sha256:",      "sha256:24",  "sha256:7-0", "sha256:0,",
        "sha256:,0", "sha256:0-",   "sha256:-1",    "sha256:0+",  "+sha256:0",  "md5:0",
        "sha256:x",  "sha256:0 ,1", "sha256:1-2-3", "sha256:000", "SHA256:0",   "sha1:0+sha1:1",
    };
    struct tpm_selections s = {.n = 7};

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        CHECK_EQ(tpm_selections_text(bytes_str(bad[i]), &s), 1);
        CHECK_EQ(s.n, 7);
    }
}

static void
order_and_bits_of_selections_matter(void)
{
    struct tpm_selections a;
    struct tpm_selections b;

    CHECK_EQ(tpm_selections_text(bytes_str("sha1:0+sha256:1"), &a), 0);
    CHECK_EQ(tpm_selections_text(bytes_str("sha256:1+sha1:0"), &b), 0);
    CHECK(tpm_selections_equal(&a, &a));
    CHECK(!tpm_selections_equal(&a, &b));
    CHECK_EQ(tpm_selections_text(bytes_str("sha1:0+sha256:2"), &b), 0);
    CHECK(!tpm_selections_equal(&a, &b));
    CHECK_EQ(tpm_selections_text(bytes_str("sha1:0"), &b), 0);
    CHECK(!tpm_selections_equal(&a, &b));
}

static void
a_certification_reads_back(void)
{
    struct tpm_attest in = {.type = TPM_ATTEST_CERTIFY, .clock_ms = 5, .safe = true};
    uint8_t room[256];
    struct wr wr = wr_init(room, sizeof(room));

    in.name = check_hex("000b0102");
    in.qualified_name = check_hex("000b0304");
    in.extra_data = check_hex("aa");
    tpm_attest_write(&wr, &in);
    CHECK_EQ(tpm_attest_read(check_guarded(wr_done(&wr)), TPM_ATTEST_CERTIFY, &attest, &fault), 0);
    CHECK_BYTES(attest.name, in.name);
    CHECK_BYTES(attest.qualified_name, in.qualified_name);
    CHECK_EQ(read_quote(wr_done(&wr)), 1);
    CHECK_EQ(fault.rule, RULE_ATTEST_IS_CERTIFY);
}

static void
a_wrapping_holds_exactly_one_attestation(void)
{
    struct bytes view;

    CHECK_EQ(tpm_attest_wrapped(check_guarded(check_hex("0002 aabb")), &view, &fault), 0);
    CHECK_BYTES(view, check_hex("aabb"));
    CHECK_EQ(tpm_attest_wrapped(check_guarded(check_hex("0002 aabbcc")), &view, &fault), 1);
    CHECK_EQ(tpm_attest_wrapped(check_guarded(check_hex("0003 aabb")), &view, &fault), 1);
    CHECK_EQ(tpm_attest_wrapped(check_guarded(check_hex("00")), &view, &fault), 1);
    CHECK_EQ(fault.rule, RULE_ATTEST_WRAP);
}

CHECK_MAIN(CASE(a_recorded_quote_has_its_fields),
           CASE(every_truncation_is_refused_and_leaves_the_result_alone),
           CASE(a_trailing_byte_is_refused_where_it_stands), CASE(another_magic_is_refused_first),
           CASE(every_other_type_is_named), CASE(fields_longer_than_their_types_are_refused),
           CASE(safe_is_yes_or_no), CASE(selections_are_bounded_before_they_are_believed),
           CASE(sizes_one_to_four_and_unknown_banks_are_kept),
           CASE(a_selection_is_written_as_people_write_it), CASE(other_texts_are_no_selection),
           CASE(order_and_bits_of_selections_matter), CASE(a_certification_reads_back),
           CASE(a_wrapping_holds_exactly_one_attestation))
