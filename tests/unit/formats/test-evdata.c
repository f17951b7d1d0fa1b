/* formats/evdata and evtext: which digests vouch for what, and what is said of it. */
#include "formats/evdata.h"
#include "formats/evtype.h"
#include "lib/check.h"
#include "lib/make-log.h"

static const enum hash two_banks[] = {HASH_SHA1, HASH_SHA256, HASH_N};

static const uint8_t zero[4];
static const uint8_t ones[4] = {0xff, 0xff, 0xff, 0xff};
static const uint8_t one[4] = {1, 0, 0, 0};

static struct evlog_event last_event;

/* Judges the last event of what was made. */
static struct evdata
judge_last(struct make_log *make)
{
    static struct evdata_check check;
    static struct evlog log;
    struct evdata evdata = {0};
    int r;

    CHECK_EQ(evlog_open(make_log_bytes(make), &log, NULL), 0);
    while ((r = evlog_next(&log, &last_event, NULL)) == 0) {
    }
    CHECK_EQ(r, EVLOG_END);
    CHECK_EQ(evdata_init(&check, &log, make->hasher), 0);
    CHECK_EQ(evdata_judge(&check, &last_event, &evdata), 0);
    make_log_done(make);
    return evdata;
}

static struct evdata
judge(uint32_t pcr, uint32_t type, struct bytes hashed, struct bytes data)
{
    struct make_log make;

    make_log_init(&make, two_banks);
    make_event(&make, pcr, type, hashed, data);
    return judge_last(&make);
}

static struct evdata
judge_text(uint32_t type, const char *hashed, const char *data)
{
    return judge(8, type, bytes_str(hashed), bytes_str(data));
}

/* Dell hashes the tables that the data points to, U-Boot a devicetree that it only names. */
static void
a_table_of_devices_may_bind(void)
{
    CHECK_EQ(judge_text(EV_TABLE_OF_DEVICES, "table", "table").bound, EVDATA_BOUND);
    CHECK_EQ(judge_text(EV_TABLE_OF_DEVICES, "devicetree", "dts").bound, EVDATA_UNKNOWN);
    CHECK_EQ(judge_text(EV_TABLE_OF_DEVICES, "devicetree", "dts").rule, RULE_NONE);
}

static void
types_that_bind_are_true_or_false(void)
{
    static const uint32_t types[] = {EV_ACTION,        EV_EFI_ACTION,     EV_S_CRTM_VERSION,
                                     EV_EFI_GPT_EVENT, EV_EFI_GPT_EVENT2, EV_NONHOST_INFO};

    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        struct evdata good = judge_text(types[i], "text", "text");
        struct evdata bad = judge_text(types[i], "text", "Text");

        CHECK_EQ(good.bound, EVDATA_BOUND);
        CHECK_EQ(good.rule, RULE_NONE);
        CHECK_BYTES(good.vouched, bytes_str("text"));
        CHECK_EQ(bad.bound, EVDATA_MISMATCH);
        CHECK_EQ(bad.rule, RULE_EVDATA_MISMATCH);
        CHECK_EQ(bad.vouched.len, 0);
    }
}

static void
types_that_may_bind_are_true_or_unknown(void)
{
    static const uint32_t types[] = {EV_EVENT_TAG, EV_IPL, EV_COMPACT_HASH, EV_EFI_HANDOFF_TABLES2,
                                     EV_PLATFORM_CONFIG_FLAGS};

    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        CHECK_EQ(judge_text(types[i], "text", "text").bound, EVDATA_BOUND);
        CHECK_EQ(judge_text(types[i], "text", "Text").bound, EVDATA_UNKNOWN);
        CHECK_EQ(judge_text(types[i], "text", "Text").rule, RULE_NONE);
    }
}

static void
types_that_hash_code_are_unknown(void)
{
    CHECK_EQ(judge_text(EV_POST_CODE, "text", "text").bound, EVDATA_UNKNOWN);
    CHECK_EQ(judge_text(EV_EFI_BOOT_SERVICES_APPLICATION, "x", "y").bound, EVDATA_UNKNOWN);
    CHECK_EQ(judge_text(0x80001234, "text", "text").bound, EVDATA_UNKNOWN);
}

/* The management engine describes a hash of something else. */
static void
intel_csxe_data_is_unknown(void)
{
    CHECK_EQ(judge_text(EV_NONHOST_INFO, "x", "IntelCSxEEvent01...").bound, EVDATA_UNKNOWN);
    CHECK_EQ(judge_text(EV_ACTION, "x", "IntelCSxEEvent01...").bound, EVDATA_MISMATCH);
}

/* An event whose digest is right in one bank and of something else in the other. */
static struct evdata
judge_split(uint32_t type)
{
    struct make_log make;
    uint8_t digest[HASH_SIZE_MAX];

    make_log_init(&make, two_banks);
    wr_le32(&make.wr, 9);
    wr_le32(&make.wr, type);
    wr_le32(&make.wr, 2);
    wr_le16(&make.wr, 0x0b);
    CHECK_EQ(hasher_bytes(make.hasher, HASH_SHA256, bytes_str("evil"), digest), 0);
    wr_bytes(&make.wr, bytes_of(digest, 32));
    wr_le16(&make.wr, 0x04);
    CHECK_EQ(hasher_bytes(make.hasher, HASH_SHA1, bytes_str("good"), digest), 0);
    wr_bytes(&make.wr, bytes_of(digest, 20));
    wr_le32(&make.wr, 4);
    wr_str(&make.wr, "good");
    return judge_last(&make);
}

static void
one_bank_that_says_otherwise_is_a_mismatch(void)
{
    CHECK_EQ(judge_split(EV_EFI_ACTION).bound, EVDATA_MISMATCH);
    CHECK_EQ(judge_split(EV_IPL).bound, EVDATA_MISMATCH);
    CHECK_EQ(judge_split(EV_IPL).rule, RULE_EVDATA_MISMATCH);
    CHECK_EQ(judge_split(EV_POST_CODE).bound, EVDATA_UNKNOWN);
}

static void
grub_texts_are_bound_without_their_prefix(void)
{
    struct bytes text = bytes_str("boot");
    struct bytes with_nul = bytes_of("grub_cmd: boot", 15);
    struct evdata evdata = judge(8, EV_IPL, text, with_nul);

    CHECK_EQ(evdata.bound, EVDATA_BOUND);
    CHECK_BYTES(evdata.vouched, text);
    CHECK_EQ(judge_text(EV_IPL, "a=b", "kernel_cmdline: a=b").bound, EVDATA_BOUND);
    CHECK_EQ(judge_text(EV_IPL, "a=b", "module_cmdline: a=b").bound, EVDATA_BOUND);
    CHECK_EQ(judge(8, EV_IPL, bytes_of("boot", 5), bytes_of("grub_cmd boot", 14)).bound,
             EVDATA_BOUND);
    CHECK_EQ(judge_text(EV_IPL, "a=b", "grub_kernel_cmdline a=b").bound, EVDATA_BOUND);
}

/* Pitfall 15: a file in PCR 9 that is relabelled as a harmless command. */
static void
a_grub_prefix_makes_a_mismatch_of_what_it_does_not_bind(void)
{
    CHECK_EQ(judge_text(EV_IPL, "evil", "grub_cmd: boot").rule, RULE_EVDATA_MISMATCH);
    CHECK_EQ(judge_text(EV_IPL, "grub_cmd: boot", "grub_cmd: boot").rule, RULE_EVDATA_MISMATCH);
    CHECK_EQ(judge_text(EV_IPL, "file's content", "/initrd.img").bound, EVDATA_UNKNOWN);
}

static void
loader_texts_are_bound_without_their_end(void)
{
    struct bytes ucs2 = check_hex("6100 0000");

    CHECK_EQ(judge(12, EV_IPL, ucs2, ucs2).bound, EVDATA_BOUND);
    CHECK_EQ(judge(12, EV_IPL, bytes_of(ucs2.p, 2), ucs2).vouched.len, 2);
    CHECK_EQ(judge(12, EV_IPL, bytes_str("hook"), bytes_of("hook", 5)).bound, EVDATA_BOUND);
}

static void
boot_variables_are_bound_whole_or_by_value(void)
{
    uint8_t room[64];
    struct bytes value = check_hex("0100");
    struct bytes var = make_variable(room, sizeof(room), "BootOrder", value);

    CHECK_BYTES(judge(1, EV_EFI_VARIABLE_BOOT, var, var).vouched, var);
    CHECK_BYTES(judge(1, EV_EFI_VARIABLE_BOOT, value, var).vouched, value);
    CHECK_EQ(judge(1, EV_EFI_VARIABLE_BOOT, bytes_str("x"), var).rule, RULE_EVDATA_MISMATCH);
    CHECK_EQ(judge(1, EV_EFI_VARIABLE_BOOT2, var, var).bound, EVDATA_BOUND);
    CHECK_EQ(judge(1, EV_EFI_VARIABLE_BOOT2, value, var).bound, EVDATA_MISMATCH);
    CHECK_EQ(judge(7, EV_EFI_VARIABLE_DRIVER_CONFIG, value, var).bound, EVDATA_MISMATCH);
    CHECK(evdata_is_variable(EV_EFI_VARIABLE_BOOT) && !evdata_is_variable(EV_IPL));
}

/* Pitfall 18: shim's extra byte, tolerated for authorities only. */
static void
the_extra_byte_of_shim_is_named(void)
{
    uint8_t room[64];
    struct bytes var = make_variable(room, sizeof(room), "db", check_hex("3082 0000"));
    struct bytes less = bytes_of(var.p, var.len - 1);
    struct evdata evdata = judge(7, EV_EFI_VARIABLE_AUTHORITY, less, var);

    CHECK_EQ(evdata.bound, EVDATA_BOUND);
    CHECK_EQ(evdata.rule, RULE_EVDATA_SHIM_AUTHORITY);
    CHECK_EQ(rule_reason(evdata.rule), REASON_QUIRK_USED);
    CHECK_BYTES(evdata.vouched, less);
    CHECK_EQ(judge(7, EV_EFI_VARIABLE_AUTHORITY, var, var).rule, RULE_NONE);
    CHECK_EQ(judge(7, EV_EFI_VARIABLE_DRIVER_CONFIG, less, var).rule, RULE_EVDATA_MISMATCH);
}

/* Pitfalls 17 and 19: the digest is right and the form is not. */
static void
broken_variables_are_told_of(void)
{
    uint8_t room[64];
    struct bytes var = make_variable(room, sizeof(room), "SecureBoot", check_hex("01"));
    struct bytes cut = bytes_of(var.p, var.len - 1);

    CHECK_EQ(judge(7, EV_EFI_VARIABLE_DRIVER_CONFIG, var, var).rule, RULE_NONE);
    CHECK_EQ(judge(7, EV_EFI_VARIABLE_DRIVER_CONFIG, cut, cut).rule, RULE_EFIVAR_FORM);
    room[24] = 0; /* the value's length: one byte is now too many */
    CHECK_EQ(judge(7, EV_EFI_VARIABLE_DRIVER_CONFIG, var, var).rule, RULE_EFIVAR_FORM);
    room[23] = 0x80; /* the name's length: 2^63 and some */
    CHECK_EQ(judge(7, EV_EFI_VARIABLE_DRIVER_CONFIG, var, var).rule, RULE_EFIVAR_NAME);
    CHECK_EQ(judge(1, EV_EFI_VARIABLE_BOOT, var, var).rule, RULE_EFIVAR_NAME);
}

/* Pitfall 16. */
static void
separators_have_two_good_values(void)
{
    CHECK_EQ(judge(0, EV_SEPARATOR, BYTES_OF(zero), BYTES_OF(zero)).rule, RULE_NONE);
    CHECK_EQ(judge(7, EV_SEPARATOR, BYTES_OF(ones), BYTES_OF(ones)).rule, RULE_NONE);
    CHECK_EQ(judge(7, EV_SEPARATOR, BYTES_OF(ones), BYTES_OF(ones)).bound, EVDATA_BOUND);
    CHECK_EQ(judge(5, EV_SEPARATOR, bytes_str("WBCL"), bytes_str("WBCL")).rule,
             RULE_EVDATA_SEPARATOR_VALUE);
    CHECK_EQ(judge(12, EV_SEPARATOR, bytes_str("WBCL"), bytes_str("WBCL")).rule, RULE_NONE);
    CHECK_EQ(judge(7, EV_SEPARATOR, bytes_str("x"), BYTES_OF(zero)).rule, RULE_EVDATA_MISMATCH);
}

static void
a_firmware_error_is_told_of_in_each_of_its_forms(void)
{
    struct bytes big = check_hex("00000001");

    CHECK_EQ(judge(3, EV_SEPARATOR, BYTES_OF(one), BYTES_OF(one)).rule,
             RULE_EVDATA_SEPARATOR_ERROR);
    CHECK_EQ(judge(3, EV_SEPARATOR, big, big).rule, RULE_EVDATA_SEPARATOR_ERROR);
    CHECK_EQ(judge(3, EV_SEPARATOR, BYTES_OF(one), bytes_str("no video")).rule,
             RULE_EVDATA_SEPARATOR_ERROR);
    CHECK_EQ(rule_reason(RULE_EVDATA_SEPARATOR_ERROR), REASON_FIRMWARE_ERROR_SEPARATOR);
}

static void
a_separator_under_another_type_is_disguised(void)
{
    struct bytes text = bytes_str("FIT Type 0x2D");

    CHECK_EQ(judge(4, EV_EFI_ACTION, BYTES_OF(zero), BYTES_OF(zero)).rule, RULE_EVDATA_DISGUISED);
    CHECK_EQ(judge(4, EV_POST_CODE, BYTES_OF(ones), text).rule, RULE_EVDATA_DISGUISED);
    CHECK_EQ(judge(4, EV_IPL, BYTES_OF(one), text).rule, RULE_EVDATA_DISGUISED);
    CHECK_EQ(judge(9, EV_IPL, BYTES_OF(zero), text).rule, RULE_NONE);
    CHECK_EQ(judge(4, EV_S_CRTM_CONTENTS, BYTES_OF(zero), text).rule, RULE_EVDATA_DISGUISED);
    CHECK_EQ(judge(0, EV_S_CRTM_CONTENTS, BYTES_OF(zero), text).rule, RULE_EVDATA_FIT_ZERO);
}

static void
what_is_not_extended_is_not_judged(void)
{
    struct make_log make;
    struct evdata evdata;

    make_log_init(&make, two_banks);
    make_no_action(&make, EVLOG_PCR_NONE, bytes_str("SP800-155"));
    evdata = judge_last(&make);
    CHECK_EQ(evdata.bound, EVDATA_UNKNOWN);
    CHECK_EQ(evdata.rule, RULE_NONE);
}

/* No bank that we can hash: nothing is known, and nothing is alleged. */
static void
without_a_known_hash_nothing_is_said(void)
{
    static uint8_t room[256];
    static struct evdata_check check;
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    struct wr wr = wr_init(room, sizeof(room));
    struct evlog log;
    struct evdata evdata;

    make_spec_head(&wr, 33);
    make_spec_start(&wr, 1);
    wr_bytes(&wr, check_hex("9900 0300 00"));
    wr_bytes(&wr, check_hex("07000000 04000000 01000000 9900 616263 04000000 00000000"));
    CHECK_EQ(evlog_open(wr_done(&wr), &log, NULL), 0);
    CHECK_EQ(evlog_next(&log, &last_event, NULL), 0);
    CHECK_EQ(evlog_next(&log, &last_event, NULL), 0);
    CHECK_EQ(evdata_init(&check, &log, hasher), 0);
    CHECK_EQ(evdata_judge(&check, &last_event, &evdata), 0);
    CHECK_EQ(evdata.bound, EVDATA_UNKNOWN);
    CHECK_EQ(evdata.rule, RULE_NONE);
}

CHECK_MAIN(CASE(types_that_bind_are_true_or_false), CASE(a_table_of_devices_may_bind),
           CASE(types_that_may_bind_are_true_or_unknown), CASE(types_that_hash_code_are_unknown),
           CASE(intel_csxe_data_is_unknown), CASE(one_bank_that_says_otherwise_is_a_mismatch),
           CASE(grub_texts_are_bound_without_their_prefix),
           CASE(a_grub_prefix_makes_a_mismatch_of_what_it_does_not_bind),
           CASE(loader_texts_are_bound_without_their_end),
           CASE(boot_variables_are_bound_whole_or_by_value), CASE(the_extra_byte_of_shim_is_named),
           CASE(broken_variables_are_told_of), CASE(separators_have_two_good_values),
           CASE(a_firmware_error_is_told_of_in_each_of_its_forms),
           CASE(a_separator_under_another_type_is_disguised),
           CASE(what_is_not_extended_is_not_judged), CASE(without_a_known_hash_nothing_is_said))
