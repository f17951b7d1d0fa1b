/* formats/ima: the binary list, every built-in template, and everything that can be wrong. */
#include "formats/ima.h"
#include "lib/check.h"
#include "lib/ima-make.h"

static uint8_t room[4096];

static struct ima
opened(struct bytes list)
{
    struct ima ima;

    CHECK_EQ(ima_open(&ima, check_guarded(list), HASH_SHA1, 0, NULL), 0);
    return ima;
}

/* Reads a list of one entry. */
static struct ima_entry
read_one(struct bytes list)
{
    struct ima ima = opened(list);
    struct ima_entry e = {0};
    struct ima_entry none;

    CHECK_EQ(ima_next(&ima, &e, NULL), 0);
    CHECK_EQ(ima_next(&ima, &none, NULL), IMA_E_END);
    return e;
}

static struct ima_entry
read_made(const char *template, const char *const *fields, size_t n)
{
    struct wr wr = wr_init(room, sizeof(room));

    ima_make_entry(&wr, template, fields, n);
    return read_one(wr_done(&wr));
}

/* The first fault of a list. */
static struct fault
first_fault(struct bytes list)
{
    struct ima ima = opened(list);
    struct fault fault = {0};
    struct ima_entry e = {.pcr = 99};
    int r;

    while ((r = ima_next(&ima, &e, &fault)) == 0) {
    }
    CHECK_EQ(r, IMA_E_FAULT);
    CHECK_EQ(ima_next(&ima, &e, NULL), IMA_E_FAULT); /* and again */
    return fault;
}

static enum rule
made_rule(const char *template, const char *const *fields, size_t n)
{
    struct wr wr = wr_init(room, sizeof(room));

    ima_make_entry(&wr, template, fields, n);
    return first_fault(wr_done(&wr)).rule;
}

/* The rule that one odd field breaks; the template has it alone. */
static enum rule
field_rule(const char *id, const char *field)
{
    return made_rule(id, &field, 1);
}

static void
a_real_list_reads_to_its_end(void)
{
    struct ima ima = opened(check_vector("ima/charra-binary_runtime_measurements.bin"));
    struct ima_entry e = {0};
    uint32_t n = 0;

    while (ima_next(&ima, &e, NULL) == 0) {
        CHECK_EQ(e.number, n);
        CHECK_EQ(e.pcr, 10);
        CHECK(!e.violation);
        CHECK(e.name.len > 0 && e.digest.hash != HASH_N);
        n++;
    }
    CHECK_EQ(n, 1650);
    CHECK_EQ(ima.fault.rule, RULE_NONE);
}

static void
entries_of_a_boot_have_their_fields(void)
{
    struct ima ima = opened(check_vector("boot/grub-sb-on-ima/ima-binary"));
    struct ima_entry e;

    CHECK_EQ(ima_next(&ima, &e, NULL), 0);
    CHECK_BYTES(e.name, bytes_str("boot_aggregate"));
    CHECK_EQ(e.digest.hash, HASH_SHA256);
    CHECK_BYTES(e.template.name, bytes_str("ima-sig"));
    CHECK_EQ(ima_next(&ima, &e, NULL), 0);
    CHECK_EQ(e.number, 1);
    CHECK_EQ(e.offset, 106);
    CHECK_BYTES(e.name, bytes_str("/root/bin/tpm2"));
    CHECK_EQ(e.sig.len, 0);
    CHECK_BYTES(e.digest.value,
                check_hex("79594c9511c46dd9562254caecdddc7bf9224161fe5abb682192af5ec4238eba"));
}

static void
violations_of_tss_are_seen(void)
{
    struct ima ima = opened(check_vector("ima/tss-sml-ima-sig-sha256-invalidated.bin"));
    struct ima_entry e;

    CHECK_EQ(ima_next(&ima, &e, NULL), 0);
    CHECK(!e.violation);
    CHECK_EQ(ima_next(&ima, &e, NULL), 0);
    CHECK(e.violation);
    CHECK_EQ(ima_next(&ima, &e, NULL), IMA_E_END);
}

static void
published_lists_with_a_lost_or_extra_tail_are_short(void)
{
    struct fault f = first_fault(check_vector("ima/tss-sml-ima-ng-sha1.bin"));

    CHECK_EQ(f.rule, RULE_IMA_SHORT);
    CHECK_EQ(f.event, 6);
    CHECK_EQ(f.offset, 558);
    f = first_fault(check_vector("ima/tss-sml-ima-sig-sha256.bin"));
    CHECK_EQ(f.rule, RULE_IMA_SHORT);
    CHECK_EQ(f.event, 9);
}

/* The file lacks the NUL of its only name; with it, it is a violation in PCR 13. */
static void
the_other_violation_of_tss_is_whole_with_its_nul(void)
{
    struct bytes file = check_vector("ima/tss-sml-ima-ng-sha1-invalidated.bin");
    struct wr wr = wr_init(room, sizeof(room));
    struct ima_entry e;

    CHECK_EQ(first_fault(file).rule, RULE_IMA_SHORT);
    wr_bytes(&wr, file);
    wr_u8(&wr, 0);
    e = read_one(wr_done(&wr));
    CHECK(e.violation);
    CHECK_EQ(e.pcr, 13);
}

static void
template_ima_has_no_lengths(void)
{
    struct wr wr = wr_init(room, sizeof(room));
    struct ima_entry e;

    ima_make_head(&wr, 10, 0x22, "ima");
    wr_bytes(&wr, check_hex("0102030405060708090a0b0c0d0e0f1011121314"));
    ima_make_field(&wr, bytes_str("/init"));
    e = read_one(wr_done(&wr));
    CHECK(e.template.legacy);
    CHECK_BYTES(e.name, bytes_str("/init"));
    CHECK_EQ(e.digest.hash, HASH_SHA1);
    CHECK_BYTES(e.digest.value, check_hex("0102030405060708090a0b0c0d0e0f1011121314"));
    CHECK_EQ(e.data.len, 0);
}

static void
templates_with_digest_and_name_read(void)
{
    static const char *const ng[] = {IMA_MAKE_D_NG, IMA_MAKE_NAME};
    static const char *const ngv2[] = {IMA_MAKE_D_NGV2, IMA_MAKE_NAME};
    struct ima_entry e = read_made("ima-ng", ng, 2);

    CHECK_EQ(e.digest.hash, HASH_SHA1);
    CHECK_BYTES(e.digest.algo, bytes_str("sha1"));
    CHECK_EQ(e.digest.type.len, 0);
    CHECK_BYTES(e.name, bytes_str("/bin/sh"));
    CHECK(!e.sig.p);
    e = read_made("ima-ngv2", ngv2, 2);
    CHECK_EQ(e.digest.hash, HASH_SHA256);
    CHECK_BYTES(e.digest.type, bytes_str("verity"));
    e = read_made("d-ngv2|n-ng", ngv2, 2);
    CHECK_BYTES(e.template.name, bytes_str("d-ngv2|n-ng"));
    CHECK_EQ(e.template.n_fields, 2);
}

static void
templates_with_signatures_and_buffers_read(void)
{
    static const char *const sig[] = {IMA_MAKE_D_NG, IMA_MAKE_NAME, IMA_MAKE_SIG};
    static const char *const sigv2[] = {IMA_MAKE_D_NGV2, IMA_MAKE_NAME, IMA_MAKE_SIG};
    static const char *const modsig[] = {IMA_MAKE_D_NG, IMA_MAKE_NAME, "", IMA_MAKE_D_NG, "3082"};
    static const char *const no_modsig[] = {IMA_MAKE_D_NG, IMA_MAKE_NAME, "", "", ""};
    struct ima_entry e = read_made("ima-sig", sig, 3);

    CHECK_EQ(e.sig.len, 13);
    CHECK_EQ(read_made("ima-sigv2", sigv2, 3).sig.len, 13);
    e = read_made("ima-buf", sig, 3);
    CHECK_EQ(e.buf.len, 13);
    CHECK(!e.sig.p);
    e = read_made("ima-modsig", modsig, 5);
    CHECK_BYTES(e.modsig, check_hex("3082"));
    CHECK_EQ(e.modsig_digest.hash, HASH_SHA1);
    CHECK(!read_made("ima-modsig", no_modsig, 5).modsig_digest.value.p);
}

static void
template_evm_sig_reads(void)
{
    static const char *const fields[] = {IMA_MAKE_D_NG, IMA_MAKE_NAME,      IMA_MAKE_SIG,
                                         "617c6200",    "0400000002000000", "010203040506",
                                         "e8030000",    "e8030000",         "ed81"};
    static const char *const bare[] = {IMA_MAKE_D_NG, IMA_MAKE_NAME, "", "", "", "", "", "", ""};
    struct ima_entry e = read_made("evm-sig", fields, 9);

    CHECK_EQ(e.template.n_fields, 9);
    CHECK_EQ(e.evmsig.len, 13);
    CHECK_EQ(e.fields[8].id, IMA_FIELD_IMODE);
    CHECK_BYTES(e.fields[8].data, check_hex("ed81"));
    CHECK_STR(ima_field_name(e.fields[5].id), "xattrvalues");
    CHECK_EQ(read_made("evm-sig", bare, 9).fields[6].data.len, 0);
}

static void
a_list_may_mix_templates_and_start_late(void)
{
    static const char *const ng[] = {IMA_MAKE_D_NG, IMA_MAKE_NAME};
    static const char *const sig[] = {IMA_MAKE_D_NG, IMA_MAKE_NAME, IMA_MAKE_SIG};
    struct wr wr = wr_init(room, sizeof(room));
    struct ima ima;
    struct ima_entry e;

    ima_make_entry(&wr, "ima-ng", ng, 2);
    ima_make_entry(&wr, "ima-sig", sig, 3);
    ima_make_entry(&wr, "ima-ng", ng, 2);
    CHECK_EQ(ima_open(&ima, check_guarded(wr_done(&wr)), HASH_SHA1, 40, NULL), 0);
    CHECK_EQ(ima_next(&ima, &e, NULL), 0);
    CHECK_EQ(e.number, 40);
    CHECK_EQ(ima_next(&ima, &e, NULL), 0);
    CHECK_EQ(e.sig.len, 13);
    CHECK_EQ(ima_next(&ima, &e, NULL), 0);
    CHECK_EQ(e.template.n_fields, 2);
    CHECK_EQ(ima_next(&ima, &e, NULL), IMA_E_END);
}

static void
the_hash_column_of_another_bank_reads_by_parameter(void)
{
    struct wr wr = wr_init(room, sizeof(room));
    struct ima ima;
    struct ima_entry e;

    wr_le32(&wr, 10);
    wr_bytes(&wr, check_hex("a0000000000000000000000000000000000000000000000000000000000000fe"));
    ima_make_field(&wr, bytes_str("buf"));
    wr_bytes(&wr, check_hex("05000000 01000000 aa"));
    CHECK_EQ(ima_open(&ima, check_guarded(wr_done(&wr)), HASH_SHA256, 0, NULL), 0);
    CHECK_EQ(ima_next(&ima, &e, NULL), 0);
    CHECK_EQ(e.template_hash.len, 32);
    CHECK_BYTES(e.buf, check_hex("aa"));
    CHECK(first_fault(wr_done(&wr)).rule != RULE_NONE); /* SHA-1 column */
}

static void
every_truncation_is_short_or_an_earlier_end(void)
{
    struct bytes file = check_vector("boot/grub-sb-on-ima/ima-binary");

    for (size_t n = 1; n < 106 + 110; n++) {
        struct ima ima = opened(bytes_of(file.p, n));
        struct ima_entry e = {.pcr = 99};
        struct fault f = {0};
        int r = ima_next(&ima, &e, &f);

        CHECK_EQ(r, n < 106 ? IMA_E_FAULT : 0);
        if (n < 106) {
            CHECK_EQ(f.rule, RULE_IMA_SHORT);
            CHECK_EQ(e.pcr, 99); /* untouched */
        } else {
            CHECK_EQ(ima_next(&ima, &e, &f), n == 106 ? IMA_E_END : f.rule ? IMA_E_FAULT : 0);
        }
    }
}

static void
flipped_lengths_are_refused(void)
{
    static const char *const sig[] = {IMA_MAKE_D_NG, IMA_MAKE_NAME, IMA_MAKE_SIG};
    static const size_t lengths[] = {24, 35, 39, 69, 81}; /* name, data, and three fields */
    struct wr wr = wr_init(room, sizeof(room));

    ima_make_entry(&wr, "ima-sig", sig, 3);
    for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
        for (size_t at = lengths[i]; at < lengths[i] + 4; at++) {
            room[at] ^= 0x81;
            CHECK(first_fault(wr_done(&wr)).rule != RULE_NONE);
            room[at] ^= 0x81;
        }
    }
    (void)read_one(wr_done(&wr)); /* the offsets above are those of a good entry */
}

static void
heads_that_cannot_be_are_named(void)
{
    CHECK_EQ(first_fault(check_hex("18000000 0000000000000000000000000000000000000000"
                                   "03000000 696d61"))
                 .rule,
             RULE_IMA_PCR);
    CHECK_EQ(first_fault(check_hex("0a000000 0000000000000000000000000000000000000000"
                                   "ffffffff 696d61"))
                 .rule,
             RULE_IMA_TEMPLATE_NAME);
    CHECK_EQ(first_fault(check_hex("0a000000 0000000000000000000000000000000000000000"
                                   "06000000 696d612d6e67 ffffffff"))
                 .rule,
             RULE_IMA_DATA_LONG);
}

static void
unknown_templates_are_refused(void)
{
    static const char *const bad[] = {
        "",           "ima-",
        "IMA-NG",     "|",
        "d-ng|",      "|d-ng",
        "d-ng||n-ng", "d-ng|x",
        "d-ng,n-ng",  "n|n|n|n|n|n|n|n|n|n|n|n|n|n|n|n" /* sixteen */};
    struct ima_template t = {.n_fields = 77};

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        CHECK_EQ(ima_template_read(bytes_str(bad[i]), &t), 1);
        CHECK_EQ(made_rule(bad[i], NULL, 0), RULE_IMA_TEMPLATE_NAME);
    }
    CHECK_EQ(t.n_fields, 77);
    CHECK_EQ(ima_template_read(bytes_str("n|n|n|n|n|n|n|n|n|n|n|n|n|n|n"), &t), 0);
    CHECK_EQ(t.n_fields, 15);
}

static void
names_end_in_their_only_nul(void)
{
    CHECK_EQ(field_rule("n-ng", ""), RULE_IMA_FIELD_NAME);
    CHECK_EQ(field_rule("n-ng", "6162"), RULE_IMA_FIELD_NAME);
    CHECK_EQ(field_rule("n-ng", "61006200"), RULE_IMA_FIELD_NAME);
    CHECK_EQ(field_rule("n", "6100 00"), RULE_IMA_FIELD_NAME);
    CHECK_EQ(field_rule("xattrnames", "61"), RULE_IMA_FIELD_NAME);
}

static void
digests_have_an_algorithm_and_its_length(void)
{
    static const char *const bad[] = {
        "",
        "736861313a",                                              /* sha1: */
        "736861313a00",                                            /* no digest */
        "736861313a01 0102030405060708090a0b0c0d0e0f1011121314",   /* no NUL */
        "3a00 0102030405060708090a0b0c0d0e0f1011121314",           /* no name */
        "73003a00 0102030405060708090a0b0c0d0e0f1011121314",       /* NUL in the name */
        "736861313a00 0102030405060708090a0b0c0d0e0f10111213",     /* 19 bytes */
        "736861313a00 0102030405060708090a0b0c0d0e0f101112131415", /* 21 */
        "0102030405060708090a0b0c0d0e0f1011121314",
    };

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        CHECK_EQ(field_rule("d-ng", bad[i]), RULE_IMA_FIELD_DIGEST);
    }
    CHECK_EQ(field_rule("d-ngv2", IMA_MAKE_D_NG), RULE_IMA_FIELD_DIGEST);
    CHECK_EQ(field_rule("d-ngv2", "6162633a736861313a00 0102030405060708090a0b0c0d0e0f1011121314"),
             RULE_IMA_FIELD_DIGEST); /* abc:sha1: */
    CHECK_EQ(field_rule("d", "010203"), RULE_IMA_FIELD_DIGEST);
    CHECK_EQ(field_rule("d-modsig", "010203"), RULE_IMA_FIELD_DIGEST);
}

static void
unknown_algorithms_are_kept_by_name(void)
{
    const char *md5 = "6d64353a00 00112233445566778899aabbccddeeff";
    const char *sm3 = "736d333a00 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    const char *plain = "00112233445566778899aabbccddeeff";
    struct ima_entry e = read_made("d-ng", &md5, 1);

    CHECK_EQ(e.digest.hash, HASH_N);
    CHECK_BYTES(e.digest.algo, bytes_str("md5"));
    CHECK_EQ(read_made("d-ng", &sm3, 1).digest.hash, HASH_SM3_256);
    CHECK_EQ(read_made("d", &plain, 1).digest.hash, HASH_N);
}

static void
a_violation_of_older_kernels_has_twenty_zeros(void)
{
    const char *field = "7368613235363a00 0000000000000000000000000000000000000000";
    struct wr wr = wr_init(room, sizeof(room));
    struct bytes data = check_hex(field);

    CHECK_EQ(field_rule("d-ng", field), RULE_IMA_FIELD_DIGEST); /* only of violations */
    ima_make_head(&wr, 10, 0, "d-ng");
    wr_le32(&wr, (uint32_t)data.len + 4);
    ima_make_field(&wr, data);
    CHECK(read_one(wr_done(&wr)).violation);
}

static void
numbers_have_the_kernel_s_size(void)
{
    CHECK_EQ(field_rule("iuid", "0102"), RULE_IMA_FIELD_NUMBER);
    CHECK_EQ(field_rule("igid", "0102030405"), RULE_IMA_FIELD_NUMBER);
    CHECK_EQ(field_rule("imode", "01020304"), RULE_IMA_FIELD_NUMBER);
    CHECK_EQ(field_rule("xattrlengths", "010203"), RULE_IMA_FIELD_NUMBER);
}

static void
fields_fill_the_data_exactly(void)
{
    static const char *const three[] = {IMA_MAKE_D_NG, IMA_MAKE_NAME, ""};

    CHECK_EQ(made_rule("ima-ng", three, 3), RULE_IMA_FIELDS);
    CHECK_EQ(made_rule("ima-sig", three, 2), RULE_IMA_FIELDS);
}

static void
legacy_names_are_bounded(void)
{
    struct wr wr = wr_init(room, sizeof(room));

    ima_make_head(&wr, 10, 1, "ima");
    wr_bytes(&wr, check_hex("0102030405060708090a0b0c0d0e0f1011121314 00010000"));
    CHECK_EQ(first_fault(wr_done(&wr)).rule, RULE_IMA_FIELD_NAME);
    wr = wr_init(room, sizeof(room));
    ima_make_head(&wr, 10, 1, "ima");
    wr_bytes(&wr, check_hex("0102030405060708090a0b0c0d0e0f1011121314 02000000 6100"));
    CHECK_EQ(first_fault(wr_done(&wr)).rule, RULE_IMA_FIELD_NAME);
    CHECK_EQ(first_fault(bytes_of(room, wr.len - 1)).rule, RULE_IMA_SHORT);
}

static void
too_long_a_list_is_refused_at_once(void)
{
    static const uint8_t byte;
    struct ima ima;
    struct fault f;
    struct ima_entry e;

    CHECK_EQ(ima_open(&ima, bytes_of(&byte, LIMIT_IMA_BYTES + 1), HASH_SHA1, 0, &f), IMA_E_FAULT);
    CHECK_EQ(f.rule, RULE_IMA_LONG);
    CHECK_EQ(ima_next(&ima, &e, &f), IMA_E_FAULT);
    CHECK_EQ(f.rule, RULE_IMA_LONG);
}

static void
too_many_entries_are_refused(void)
{
    static const char *const buf[] = {""};
    struct wr wr = wr_init(room, sizeof(room));
    struct ima ima;
    struct ima_entry e;
    struct fault f;

    ima_make_entry(&wr, "buf", buf, 1);
    ima = opened(wr_done(&wr));
    ima.n_read = LIMIT_IMA_ENTRIES;
    CHECK_EQ(ima_next(&ima, &e, &f), IMA_E_FAULT);
    CHECK_EQ(f.rule, RULE_IMA_ENTRIES);
}

CHECK_MAIN(CASE(a_real_list_reads_to_its_end), CASE(entries_of_a_boot_have_their_fields),
           CASE(violations_of_tss_are_seen),
           CASE(published_lists_with_a_lost_or_extra_tail_are_short),
           CASE(the_other_violation_of_tss_is_whole_with_its_nul),
           CASE(template_ima_has_no_lengths), CASE(templates_with_digest_and_name_read),
           CASE(templates_with_signatures_and_buffers_read), CASE(template_evm_sig_reads),
           CASE(a_list_may_mix_templates_and_start_late),
           CASE(the_hash_column_of_another_bank_reads_by_parameter),
           CASE(every_truncation_is_short_or_an_earlier_end), CASE(flipped_lengths_are_refused),
           CASE(heads_that_cannot_be_are_named), CASE(unknown_templates_are_refused),
           CASE(names_end_in_their_only_nul), CASE(digests_have_an_algorithm_and_its_length),
           CASE(unknown_algorithms_are_kept_by_name),
           CASE(a_violation_of_older_kernels_has_twenty_zeros),
           CASE(numbers_have_the_kernel_s_size), CASE(fields_fill_the_data_exactly),
           CASE(legacy_names_are_bounded), CASE(too_long_a_list_is_refused_at_once),
           CASE(too_many_entries_are_refused))
