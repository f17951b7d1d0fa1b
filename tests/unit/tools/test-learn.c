/* tools/policy learn: which rule a slot gets, by what the boots have alike. */
#include "formats/evtype.h"
#include "lib/check.h"
#include "lib/learn-make.h"

static void
names_are_short_and_of_the_language(void)
{
    size_t boot = 0;

    CHECK(policy_learn_name("laptops-2026.11"));
    CHECK(policy_learn_name("abcdefghijklmnopqrstuvwxyz012345"));
    CHECK(!policy_learn_name("abcdefghijklmnopqrstuvwxyz0123456"));
    CHECK(!policy_learn_name(""));
    CHECK(!policy_learn_name("two words"));
    CHECK(!policy_learn_name("a{b"));
    learn_rig_new();
    learn_make_begin();
    learn_make_end(NULL);
    learn_rig.options.name = "a\"b";
    CHECK_EQ(learn_rig_learn(&boot), LEARN_E_NAME);
    learn_rig.options.name = "n";
    learn_rig.options.class_name = "a }";
    CHECK_EQ(learn_rig_learn(&boot), LEARN_E_NAME);
}

static void
a_boot_without_the_bank_or_without_code_is_named(void)
{
    size_t boot = 9;

    learn_rig_new();
    learn_make_begin();
    learn_make_end(NULL);
    learn_make_bare();
    learn_make_firmware("fw");
    learn_make_driver("rom");
    learn_make_end(NULL);
    CHECK_EQ(learn_rig_learn(&boot), LEARN_E_CODE);
    CHECK_EQ(boot, 1);
    learn_rig.options.bank = HASH_SHA512;
    CHECK_EQ(learn_rig_learn(&boot), LEARN_E_BANK);
    CHECK_EQ(boot, 0);
    learn_rig_new();
    learn_make_begin();
    learn_make_end(NULL);
    learn_rig.options.pcrs = 1u << 5; /* the image is not looked at */
    CHECK_EQ(learn_rig_learn(&boot), LEARN_E_CODE);
}

static void
equal_boots_give_equal_bytes(void)
{
    static char first[65536];

    for (int i = 0; i < 2; i++) {
        learn_rig_new();
        learn_make_begin();
        learn_make_firmware("fw");
        learn_make_file("/vmlinuz", "kernel");
        learn_make_end(NULL);
        learn_make_begin();
        learn_make_firmware("fw");
        learn_make_file("/vmlinuz", "kernel");
        learn_make_file("/grub.cfg", "mine");
        learn_make_end(NULL);
        learn_make_learn();
        if (i == 0) {
            CHECK(learn_rig.text_len < sizeof(first));
            memcpy(first, learn_rig.text, learn_rig.text_len + 1);
        }
    }
    CHECK_STR(learn_rig.text, first);
}

static void
the_head_tells_what_it_was_learnt_from(void)
{
    learn_rig_new();
    learn_make_begin();
    learn_make_end(NULL);
    learn_make_begin();
    learn_make_label(7, EV_EFI_VARIABLE_DRIVER_CONFIG, "x", "nothing known");
    learn_make_end(NULL);
    learn_rig.options.class_name = "laptops";
    learn_rig.options.version = 7;
    CHECK_EQ(learn_rig_learn(&(size_t){0}), 0);
    learn_make_says("# Learnt from 2 boots. ");
    learn_make_says("read every rule before you sign it");
    learn_make_says("# boot 2: 4 events, log sha256:");
    learn_make_says("#   event 3: 207 EVT_DATA_MISMATCH, which no policy allows\n");
    learn_make_says("policy n version 7 schema 1 {\n  applies class in { laptops }\n"
                    "  quote   sha256 pcrs 4,7\n");
}

static void
pcrs_are_those_with_events_or_those_asked_for(void)
{
    learn_rig_new();
    learn_make_begin();
    learn_make_firmware("fw");
    learn_make_text(1, EV_PLATFORM_CONFIG_FLAGS, "flags");
    learn_make_label(5, EV_EFI_GPT_EVENT, "gpt", "gpt");
    learn_make_end(NULL);
    CHECK_EQ(policy_learn_pcrs(&learn_rig.boots[0]->log), 1u << 0 | 1u << 1 | 1u << 4 | 1u << 5);
    CHECK_EQ(learn_rig_learn(&(size_t){0}), 0);
    learn_make_says("quote   sha256 pcrs 0-1,4-5\n");
    learn_make_says("rule config : config device-pin else note\n");
    learn_rig.options.pcrs = 1u << 0 | 1u << 4;
    learn_make_learn();
    learn_make_says("quote   sha256 pcrs 0,4\n");
    learn_make_says_not(" config ");
    learn_make_says_not(" gpt ");
}

/* shim's lists are measured into PCR 7 and 14. */
static void
a_slot_of_two_pcrs_is_learnt_of_the_one_that_is_quoted(void)
{
    learn_rig_new();
    learn_make_begin();
    learn_make_authority(RIG_SHIM, "MokListRT", learn_make_certs("a"));
    learn_make_label(14, EV_IPL, "list", "MokList");
    learn_make_end(NULL);
    learn_rig.options.pcrs = 1u << 4 | 1u << 7;
    learn_make_learn();
    learn_make_says("quote   sha256 pcrs 4,7\n");
    learn_make_says("rule mok : mok one-of @mok/n count 1..1\n");
}

/* ---- firmware, drivers ---- */

static void
each_firmware_is_a_variant_of_one_release(void)
{
    learn_rig_new();
    for (int i = 0; i < 3; i++) {
        learn_make_begin();
        learn_make_firmware("common");
        learn_make_firmware(i < 2 ? "option a" : "option b");
        learn_make_end(NULL);
    }
    learn_make_learn();
    learn_make_says("# 2 events on each of 3 boots, which differ; known by digest alone");
    learn_make_says("rule fw : firmware one-of @fw/n whole claim fw.release\n");
    CHECK(strstr(strstr(learn_rig.text, "variant {") + 1, "variant {"));
    CHECK(!strstr(strstr(strstr(learn_rig.text, "variant {") + 1, "variant {") + 1, "variant {"));
    /* parts of two variants are no variant */
    learn_make_begin();
    learn_make_firmware("option a");
    learn_make_end(NULL);
    learn_rig_judge(learn_rig.boots[3]);
    CHECK_EQ(learn_rig.verdict.reasons[0], REASON_FW_UNKNOWN);
}

static void
what_no_boot_has_is_forbidden_where_a_rule_must_be(void)
{
    learn_rig_new();
    learn_make_bare();
    learn_make_label(9, EV_EVENT_TAG, "initrd", "\xec\x22\x3b\x8f\x01");
    learn_make_file("/initrd", "initrd");
    learn_make_end(NULL);
    learn_rig.options.pcrs = 1u << 0 | 1u << 2 | 1u << 4 | 1u << 9;
    CHECK_EQ(learn_rig_learn(&(size_t){0}), 0);
    learn_make_says("  # none on 1 boot; nothing measures the firmware\n"
                    "  rule fw : firmware forbid\n");
    learn_make_says("rule optrom : driver forbid\n");
    learn_make_says("ask why before you rely on this\n  rule chain : boot.images forbid\n");
    learn_rig_load(learn_rig.text);
}

/* Secure Boot asks who signed an option ROM; without it nobody does. */
static void
a_driver_is_worse_where_nobody_asked_who_signed_it(void)
{
    for (uint8_t on = 0; on < 2; on++) {
        learn_rig_new();
        learn_make_begin();
        learn_make_flag("SecureBoot", on);
        learn_make_driver("rom");
        learn_make_driver("rom");
        learn_make_end(NULL);
        learn_make_begin();
        learn_make_flag("SecureBoot", on);
        learn_make_driver("other");
        learn_make_end(NULL);
        learn_make_learn();
        learn_make_says(on ? "one-of @optrom/n count 0..2 else warn\n"
                           : "one-of @optrom/n count 0..2\n");
        learn_make_begin();
        learn_make_flag("SecureBoot", on);
        learn_make_driver("evil");
        learn_make_end(NULL);
        learn_rig_judge(learn_rig.boots[2]);
        CHECK_EQ(learn_rig_rule("optrom")->code.reason, REASON_DRIVER_UNKNOWN);
        CHECK_EQ(verdict_tier(&learn_rig.verdict), on ? TIER_WARNING : TIER_CONTRAINDICATED);
    }
}

static void
a_set_holds_each_digest_once(void)
{
    const char *first;

    learn_rig_new();
    for (int i = 0; i < 2; i++) {
        learn_make_begin();
        learn_make_label(14, EV_IPL, "list", "MokList");
        learn_make_label(14, EV_IPL, "list", "MokListX");
        learn_make_end(NULL);
    }
    learn_make_learn();
    learn_make_says("  # 2 events on each of 2 boots, alike\n"
                    "  rule mok : mok one-of @mok/n count 2..2\n");
    first = strstr(learn_rig.text, " \"MokList\"\n");
    CHECK(first && !strstr(learn_rig.text, "MokListX"));
}

/* ---- what differs ---- */

static void
what_differs_between_boots_is_pinned_or_open(void)
{
    learn_rig_new();
    for (int i = 0; i < 2; i++) {
        learn_make_begin();
        learn_make_text(1, EV_EFI_VARIABLE_BOOT, i == 0 ? "0001" : "00010002");
        learn_make_label(14, EV_IPL, i == 0 ? "mine" : "yours", "MokList");
        learn_make_end(NULL);
    }
    learn_make_learn();
    learn_make_says("which differ; they name what may be started, not what was\n"
                    "  rule bootvars : boot.vars any\n");
    learn_make_says("rule mok : mok device-pin\n");
    learn_make_says_not("set digests mok");
}

static void
what_is_a_device_s_own_is_pinned_even_when_alike(void)
{
    learn_rig_new();
    learn_make_begin();
    learn_make_text(1, EV_EFI_VARIABLE_BOOT, "0001");
    learn_make_text(5, EV_EFI_GPT_EVENT, "gpt");
    learn_make_label(3, EV_COMPACT_HASH, "tag", "tag");
    learn_make_label(6, EV_COMPACT_HASH, "machine", "machine");
    learn_make_end(NULL);
    learn_make_learn();
    learn_make_says("rule bootvars : boot.vars device-pin else note\n");
    learn_make_says("rule gpt : gpt device-pin else warn\n");
    learn_make_says("rule pcr3 : pcr3 device-pin else note\n");
    learn_make_says("rule pcr6 : pcr6 device-pin else note\n");
}

static void
a_slot_that_one_boot_lacks_may_be_lacking(void)
{
    learn_rig_new();
    for (int i = 0; i < 2; i++) {
        learn_make_begin();
        learn_make_file("/vmlinuz", "kernel");
        if (i == 0) {
            learn_make_firmware("fw");
            learn_make_file("/initrd", "initrd");
        }
        learn_make_end(NULL);
    }
    learn_make_learn();
    learn_make_says("# 0 to 1 events on each of 2 boots, which differ (1 has none)");
    learn_make_says("firmware one-of @fw/n whole count 0..256 ");
    learn_make_says("rule initrd : boot.initrd one-of @os.initrd count 0..1 same-release\n");
    learn_make_says("# not every boot tells of its initrd: ");
    learn_make_says("# not every boot tells of its command line: ");
    learn_make_says_not("tells of its kernel");
}

/* ---- Secure Boot, roots of trust ---- */

static const char *
rules_of_flags(const char *name, int first, int second)
{
    const int values[] = {first, second};

    learn_rig_new();
    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        learn_make_begin();
        learn_make_flag("SecureBoot", 1);
        if (values[i] >= 0) {
            learn_make_flag(name, (uint8_t)values[i]);
        }
        learn_make_end(NULL);
    }
    learn_make_learn();
    return learn_rig.text;
}

static void
secure_boot_is_asked_for_whatever_was_seen(void)
{
    for (int on = 0; on < 3; on++) {
        learn_rig_new();
        for (int i = 0; i < 2; i++) {
            learn_make_begin();
            learn_make_flag("SecureBoot", i < on);
            learn_make_end(NULL);
        }
        learn_make_learn();
        learn_make_says(on == 2 ? "rule sb : secureboot is on claim secureboot\n"
                                : "rule sb : secureboot is on else warn claim secureboot\n");
        if (on == 1) {
            learn_make_says("; not on in 1 of 2: a warning until it is\n");
        }
    }
}

static void
modes_in_which_keys_can_change_are_a_warning(void)
{
    CHECK(strstr(rules_of_flags("DeployedMode", 1, 1), "sb.mode is deployed else warn "));
    CHECK(strstr(rules_of_flags("AuditMode", 0, 0), "sb.mode is user else warn "));
    CHECK(strstr(rules_of_flags("SetupMode", 1, 1), "a warning until they cannot\n"
                                                    "  rule sb-mode : sb.mode is user else warn "));
    CHECK_EQ(learn_rig_rule("sb-mode")->code.reason, REASON_SB_SETUP_MODE);
    CHECK(strstr(rules_of_flags("DeployedMode", 1, 0), "sb.mode device-pin else warn\n"));
    CHECK(strstr(rules_of_flags("DeployedMode", 2, 2), "sb.mode device-pin else warn\n"));
    CHECK(!strstr(rules_of_flags("PK", -1, -1), "sb.mode"));
}

static void
a_boot_that_software_began_to_measure_is_a_warning(void)
{
    learn_rig_new();
    learn_make_begin();
    learn_make_firmware("fw");
    learn_make_end(NULL);
    learn_make_learn();
    learn_make_says("no hardware began to measure 1 of 1: a warning\n"
                    "  rule rtm : rtm is hw else warn claim rtm\n");
    CHECK_EQ(learn_rig_rule("rtm")->code.reason, REASON_FW_NO_HW_RTM);
    learn_rig_new();
    learn_make_bare();
    learn_make_label(0, EV_EFI_HCRTM_EVENT, "hcrtm", "HCRTM");
    learn_make_image("shim");
    learn_make_end(NULL);
    learn_make_learn();
    learn_make_says("hardware began to measure\n  rule rtm : rtm is hcrtm claim rtm\n");
}

/* ---- texts of the firmware ---- */

static void
a_version_is_matched_as_it_stands_or_known_by_digest(void)
{
    static const char *const odd[] = {"a*b", "a{b", "say \"hi\"", "caf\xc3\xa9"};

    learn_rig_new();
    learn_make_begin();
    learn_make_text(0, EV_S_CRTM_VERSION, "U-Boot 2025.07 (Jun 1 2026)");
    learn_make_end(NULL);
    learn_make_learn();
    learn_make_says(
        "crtm.version match \"U-Boot 2025.07 (Jun 1 2026)\" count 1..1 claim fw.version\n");
    for (size_t i = 0; i < ARRAY_LEN(odd); i++) {
        learn_rig_new();
        learn_make_begin();
        learn_make_text(0, EV_S_CRTM_VERSION, odd[i]);
        learn_make_end(NULL);
        learn_make_learn();
        learn_make_says("rule version : crtm.version one-of @version/n count 1..1\n");
        learn_make_says_not("match");
    }
    learn_rig_new();
    for (int i = 0; i < 2; i++) {
        learn_make_begin();
        learn_make_text(0, EV_S_CRTM_VERSION, i == 0 ? "1.0" : "1.1");
        learn_make_end(NULL);
    }
    learn_make_learn();
    learn_make_says("rule version : crtm.version one-of @version/n count 1..1\n");
}

static void
other_slots_of_firmware_and_loader_have_sets(void)
{
    learn_rig_new();
    learn_make_bare();
    learn_make_image("agent"); /* before the firmware's part ends */
    learn_make_text(4, EV_EFI_ACTION, "Calling EFI Application from Boot Option");
    learn_make_image("loader");
    learn_make_text(0, EV_NONHOST_INFO, "a cloud's");
    learn_make_text(12, EV_IPL, "attest-hook:1");
    learn_make_text(11, EV_COMPACT_HASH, "tick");
    learn_make_end(NULL);
    learn_make_learn();
    learn_make_says("rule preos : boot.preos one-of @preos/n count 0..1 else warn\n");
    learn_make_says("rule nonhost : nonhost.info one-of @nonhost/n count 1..1 else warn\n");
    learn_make_says("rule hook : boot.hook one-of @hook/n count 1..1\n");
    learn_make_says("it differs at each boot\n  rule wbcl : wbcl any\n");
}

/* ---- userspace ---- */

static const char *
phases(const char *words)
{
    static char log[4096];
    struct wr wr = wr_init(log, sizeof(log));
    char text[128];
    char *rest = text;
    char *word;

    snprintf(text, sizeof(text), "%s", words);
    while ((word = strtok_r(rest, " ", &rest)) != NULL) {
        wr_str(&wr, learn_make_record(11, word));
    }
    wr_u8(&wr, 0);
    CHECK(wr_done(&wr).p);
    return log;
}

static void
phases_pass_as_far_as_they_came(void)
{
    learn_rig_new();
    learn_make_begin();
    learn_make_end(phases("enter-initrd leave-initrd"));
    learn_make_begin();
    learn_make_end(phases("enter-initrd"));
    learn_make_learn();
    learn_make_says("rule phase : os.phase sequence enter-initrd leave-initrd sysinit ready "
                    "prefix-ok claim os.phase\n");
    learn_make_begin();
    learn_make_end(phases("enter-initrd leave-initrd sysinit ready"));
    learn_rig_judge(learn_rig.boots[2]);
    CHECK_EQ(learn_rig_rule("phase")->outcome, OUTCOME_PASSED);
    learn_rig_new();
    learn_make_begin();
    learn_make_end(phases("sysinit ready shutdown"));
    learn_make_learn();
    learn_make_says("os.phase sequence sysinit ready shutdown prefix-ok claim os.phase\n");
}

static void
a_machine_s_identity_is_pinned(void)
{
    learn_rig_new();
    learn_make_begin();
    learn_make_end(learn_make_record(15, "machine-id:1"));
    learn_make_learn();
    learn_make_says("quote   sha256 pcrs 4,15\n");
    learn_make_says("rule identity : os.identity device-pin\n");
    learn_rig_pin();
    learn_make_begin();
    learn_make_end(learn_make_record(15, "machine-id:2"));
    learn_rig_judge(learn_rig.boots[1]);
    CHECK_EQ(learn_rig.verdict.reasons[0], REASON_IDENTITY_CHANGED);
}

CHECK_MAIN(CASE(names_are_short_and_of_the_language),
           CASE(a_boot_without_the_bank_or_without_code_is_named),
           CASE(equal_boots_give_equal_bytes), CASE(the_head_tells_what_it_was_learnt_from),
           CASE(pcrs_are_those_with_events_or_those_asked_for),
           CASE(a_slot_of_two_pcrs_is_learnt_of_the_one_that_is_quoted),
           CASE(each_firmware_is_a_variant_of_one_release),
           CASE(what_no_boot_has_is_forbidden_where_a_rule_must_be),
           CASE(a_driver_is_worse_where_nobody_asked_who_signed_it),
           CASE(a_set_holds_each_digest_once), CASE(what_differs_between_boots_is_pinned_or_open),
           CASE(what_is_a_device_s_own_is_pinned_even_when_alike),
           CASE(a_slot_that_one_boot_lacks_may_be_lacking),
           CASE(secure_boot_is_asked_for_whatever_was_seen),
           CASE(modes_in_which_keys_can_change_are_a_warning),
           CASE(a_boot_that_software_began_to_measure_is_a_warning),
           CASE(a_version_is_matched_as_it_stands_or_known_by_digest),
           CASE(other_slots_of_firmware_and_loader_have_sets),
           CASE(phases_pass_as_far_as_they_came), CASE(a_machine_s_identity_is_pinned))
