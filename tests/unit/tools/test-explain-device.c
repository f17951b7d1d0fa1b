/* explain-device: a refused device's boot beside its accepted one, as JSON and as people read it:
 * real boots, each changed in one place before it was recorded. With a real verifier: explain. */
#include <errno.h>

#include "lib/explain-rig.h"
#include "lib/kept-rig.h"
#include "lib/rule-play.h"

static void
an_initrd_that_nobody_knows_is_told_whole(void)
{
    explain_rig_start();
    explain_rig_boot(check_vector(RIG_INITRD), TIER_CONTRAINDICATED, REASON_INITRD_UNKNOWN);
    (void)explain_rig_tell();
    CHECK_STR(explain_rig_word("verdict.name"), "INITRD_UNKNOWN");
    CHECK_STR(explain_rig_word("now.tier"), "contraindicated");
    CHECK_STR(explain_rig_word("now.policy"), "n:1");
    CHECK_EQ(explain_rig_number("now.sequence"), 1);
    CHECK_EQ(explain_rig_number("first_cause.number"), REASON_INITRD_UNKNOWN);
    CHECK_STR(explain_rig_word("first_cause.rule"), "initrd");
    CHECK_STR(explain_rig_word("first_cause.slot"), "boot.initrd");
    CHECK_EQ(explain_rig_number("first_cause.event"), 43);
    CHECK_EQ(explain_rig_number("first_cause.pcr"), 9);
    CHECK(json_is_false(explain_rig_at("first_cause.verified")));
    CHECK(json_is_null(explain_rig_at("first_cause.known")));
    CHECK(json_is_null(explain_rig_at("first_cause.check")));
    CHECK_EQ(json_array_size(explain_rig_at("first_cause.values")), 1);
    CHECK_STR(explain_rig_word("first_cause.values.0.release"), "os/n/1");
    CHECK_STR(explain_rig_word("first_cause.values.0.state"), "active");
    CHECK_STR(explain_rig_word("first_cause.values.0.label"), "/initrd.img");
    CHECK(json_is_false(explain_rig_at("accepted")));
}

/* The kernel's log of both is from the same machine: one event differs. */
static void
what_differs_from_the_accepted_boot_is_told_by_slot(void)
{
    explain_rig_start();
    explain_rig_boot(check_vector(RIG_INITRD), TIER_CONTRAINDICATED, REASON_INITRD_UNKNOWN);
    (void)explain_rig_tell();
    CHECK_EQ(explain_rig_number("diff.before"), 45);
    CHECK_EQ(explain_rig_number("diff.after"), 45);
    CHECK_EQ(explain_rig_number("diff.changed"), 1);
    CHECK_EQ(json_array_size(explain_rig_at("diff.changes")), 1);
    CHECK_STR(explain_rig_word("diff.changes.0.change"), "changed");
    CHECK_EQ(explain_rig_number("diff.changes.0.before.event"), 43);
    CHECK_EQ(explain_rig_number("diff.changes.0.after.event"), 43);
    CHECK(strncmp(explain_rig_word("diff.changes.0.before.digest"), "d7c9eb3c", 8) == 0);
    CHECK(strncmp(explain_rig_word("diff.changes.0.after.digest"), "044b7ca7", 8) == 0);
    CHECK(json_is_null(explain_rig_at("diff.changes.0.words_before")));
}

static void
people_read_the_same(void)
{
    explain_rig_start();
    explain_rig_boot(check_vector(RIG_INITRD), TIER_CONTRAINDICATED, REASON_INITRD_UNKNOWN);
    (void)explain_rig_text(false);
    CHECK(explain_rig_says("device 00000001 (c, fresh)  REFUSED contraindicated"));
    CHECK(strstr(explain_rig.text, "  boot 217  policy c:1\n"));
    CHECK(explain_rig_says("by now       n:1 in mode enforce of bundle 1: contraindicated, no "
                           "token\n"));
    CHECK(explain_rig_says("first cause  431 INITRD_UNKNOWN  rule initrd  event 43  PCR 9\n"));
    CHECK(explain_rig_says("  slot       boot.initrd; what stands behind the digest is the log's "
                           "word (unverified)\n"));
    CHECK(explain_rig_says("  values     d7c9eb3c0c02  os/n/1 active  /initrd.img\n"));
    CHECK(!explain_rig_says("  expected "));
    CHECK(explain_rig_says("diff         1 of 45 events differ from the last accepted boot\n"));
    CHECK(explain_rig_says("  ~ boot.initrd    event 43   d7c9eb3c0c02 -> 044b7ca7fd45  "
                           "/initrd.img\n"));
    CHECK(explain_rig_says("  = separator, action, crtm.version, firmware,"));
    CHECK(explain_rig_says("peers        none of 0 others of class c shows the value\n"));
    CHECK(strstr(explain_rig.text, "; if not: assay device quarantine 00000001 --why TEXT (1 "
                                   "device now)\n"));
    CHECK(explain_rig_says("suggest      assay device log 00000001 --out boot.log && assay policy "
                           "learn --class c --out update.policy boot.log\n"));
    CHECK(explain_rig_says("would pass   with 1 other value\n"));
    CHECK(explain_rig_says("  event 43 boot.initrd, rule initrd: were it d7c9eb3c0c0261aa of "
                           "os/n/1\n"));
}

/* The text is what was measured: its words are compared, and no digest is shown. */
static void
a_command_line_is_compared_word_by_word(void)
{
    explain_rig_start();
    explain_rig_boot(check_vector(RIG_CMDLINE), TIER_CONTRAINDICATED, REASON_CMDLINE_DENIED_TOKEN);
    (void)explain_rig_text(false);
    CHECK_STR(explain_rig_word("first_cause.name"), "CMDLINE_DENIED_TOKEN");
    CHECK_STR(explain_rig_word("first_cause.slot"), "boot.cmdline");
    CHECK(json_is_true(explain_rig_at("first_cause.verified")));
    CHECK(strstr(explain_rig.text, "boot.cmdline; its text is what was measured\n"));
    CHECK(strstr(explain_rig.text, "  ~ boot.cmdline   event 41  "));
    CHECK(strstr(explain_rig.text, "; other words equal\n"));
    CHECK(explain_rig_says("suggest      on the device: start the kernel without the word seen\n"));
}

static void
code_of_an_option_rom_is_told_as_added(void)
{
    explain_rig_start();
    explain_rig_boot(check_vector(RIG_DRIVER), TIER_CONTRAINDICATED, REASON_DRIVER_UNKNOWN);
    (void)explain_rig_text(false);
    CHECK(strstr(explain_rig.text, "\n  + driver "));
    CHECK_STR(explain_rig_word("kept.why"), "");
}

/* Nothing fails: the exit status is yes, and nothing is to be done. */
static void
an_accepted_device_passes_and_is_left_alone(void)
{
    explain_rig_start();
    explain_rig_boot(check_vector(RIG_BOOT), TIER_WARNING, REASON_FW_NO_HW_RTM);
    (void)explain_rig_text(false);
    CHECK(json_is_true(explain_rig_at("accepted")));
    CHECK(json_is_null(explain_rig_at("first_cause")));
    CHECK(json_is_null(explain_rig_at("peers")));
    CHECK(json_is_null(explain_rig_at("repair")));
    CHECK_STR(explain_rig_word("advice.what"), "nothing to do");
    CHECK(explain_rig_says("device 00000001 (c, fresh)  ACCEPTED warning"));
    CHECK(explain_rig_says("also         warn 306 FW_NO_HW_RTM  rule rtm\n"));
    CHECK(explain_rig_says("diff         nothing differs from the last accepted boot\n"));
    CHECK(explain_rig_says("suggest      nothing to do\n"));
    CHECK(!strstr(explain_rig.text, "would pass"));
}

/* Accepted, and the bundle that was published since refuses it. */
static void
what_would_be_refused_now_is_told_before_it_is(void)
{
    explain_rig_start();
    explain_rig_boot(check_vector(RIG_BOOT), TIER_WARNING, REASON_FW_NO_HW_RTM);
    scene_rule("sb", "rule sb : secureboot is off");
    explain_rig_publish(2);
    (void)explain_rig_text(false);
    CHECK(json_is_true(explain_rig_at("verdict.accepted")));
    CHECK(json_is_false(explain_rig_at("accepted")));
    CHECK_STR(explain_rig_word("first_cause.rule"), "sb");
    CHECK(explain_rig_says("by now       n:1 in mode enforce of bundle 2: contraindicated, no "
                           "token\n"));
    CHECK(!explain_rig_says("was refused"));
}

/* The other way: what was decided stands, and what counts now is told beside it. */
static void
what_would_pass_now_keeps_the_cause_that_was_decided(void)
{
    explain_rig_start();
    explain_rig_boot(check_vector(RIG_BOOT), TIER_CONTRAINDICATED, REASON_INITRD_UNKNOWN);
    (void)explain_rig_text(false);
    CHECK(json_is_false(explain_rig_at("accepted")));
    CHECK(json_is_null(explain_rig_at("first_cause")));
    CHECK(explain_rig_says("by now       n:1 in mode enforce of bundle 1: warning: it passes with "
                           "its next evidence\n"));
    CHECK(explain_rig_says("was refused  431 INITRD_UNKNOWN"));
}

static void
in_mode_observe_the_cause_is_what_would_be_it(void)
{
    explain_rig_start();
    scene_swap("mode    enforce", "mode observe");
    explain_rig_publish(2);
    explain_rig_boot(check_vector(RIG_INITRD), TIER_WARNING, REASON_MODE_OBSERVE);
    (void)explain_rig_tell();
    CHECK_STR(explain_rig_word("now.mode"), "observe");
    CHECK_STR(explain_rig_word("now.tier"), "warning");
    CHECK(json_is_true(explain_rig_at("accepted")));
    CHECK_STR(explain_rig_word("first_cause.name"), "INITRD_UNKNOWN");
    CHECK_STR(explain_rig_word("rules.1.effect"), "warn");
    CHECK(json_is_true(explain_rig_at("repair.passes")));
}

/* A warning is too little for a token. */
static void
below_the_floor_the_cause_is_what_warns(void)
{
    explain_rig_start();
    scene_swap("floor warning", "floor affirming");
    explain_rig_publish(2);
    explain_rig_boot(check_vector(RIG_BOOT), TIER_WARNING, REASON_FW_NO_HW_RTM);
    (void)explain_rig_tell();
    CHECK(json_is_false(explain_rig_at("now.token")));
    CHECK(json_is_false(explain_rig_at("accepted")));
    CHECK_STR(explain_rig_word("first_cause.name"), "FW_NO_HW_RTM");
    CHECK(json_is_true(explain_rig_at("repair.passes")));
    CHECK_STR(explain_rig_word("repair.steps.0.rule"), "rtm");
    CHECK(json_is_false(explain_rig_at("repair.steps.0.tried")));
}

static void
an_event_without_a_rule_is_the_cause(void)
{
    explain_rig_start();
    scene_rule("optrom", "# no rule for drivers");
    scene_swap("pcrs 0-9,14", "pcrs 0,1,3-9,14");
    scene_rule("gpt", "# none for partitions");
    explain_rig_publish(2);
    explain_rig_boot(check_vector(RIG_BOOT), TIER_CONTRAINDICATED, REASON_EVT_UNCLAIMED);
    (void)explain_rig_tell();
    CHECK_STR(explain_rig_word("first_cause.name"), "EVT_UNCLAIMED");
    CHECK_STR(explain_rig_word("first_cause.slot"), "gpt");
    CHECK_STR(explain_rig_word("first_cause.expected"), "a rule for the slot gpt");
    CHECK(json_is_null(explain_rig_at("first_cause.rule")));
    CHECK(json_is_true(explain_rig_at("repair.passes")));
    CHECK(json_is_null(explain_rig_at("repair.steps.0.rule")));
}

/* A check of ours comes before what the policy's rules find. */
static void
a_check_of_ours_comes_first(void)
{
    struct store_class row;

    explain_rig_start();
    CHECK_EQ(store_class_get(explain_rig.store, "c", &row), 0);
    row.need_ek_chain = true;
    CHECK_EQ(store_class_put(explain_rig.store, &row), 0);
    explain_rig_boot(check_vector(RIG_INITRD), TIER_CONTRAINDICATED, REASON_EK_UNTRUSTED);
    (void)explain_rig_text(false);
    CHECK_STR(explain_rig_word("first_cause.name"), "EK_UNTRUSTED");
    CHECK(explain_rig_word("first_cause.check")[0] != '\0');
    CHECK(json_is_false(explain_rig_at("repair.passes")));
    CHECK_STR(explain_rig_word("repair.left"), "EK_UNTRUSTED");
    CHECK(explain_rig_says("would pass   by no other values alone: EK_UNTRUSTED stays\n"));
}

static void
a_device_without_evidence_is_told_so(void)
{
    struct store_device device;

    explain_rig_start();
    device = explain_rig.device;
    CHECK_EQ(store_device_get(explain_rig.store, device.id, &device), 0);
    memset(device.id + 1, 9, 4);
    memset(device.ident, 9, 4);
    memset(device.ek_fingerprint, 9, 4);
    memset(device.ak_name, 9, 4);
    CHECK_EQ(store_device_put(explain_rig.store, &device), 0);
    explain_case_done(&explain_rig.c);
    CHECK_EQ(explain_case_find(&explain_rig.c, explain_rig.store, "0109090909", 1), 0);
    CHECK_EQ(explain_case_judge(&explain_rig.c), 0);
    CHECK_EQ(explain_rig.c.why, REJUDGE_NO_EVIDENCE);
    CHECK(!explain_rig.c.has_last && !explain_device_accepted(&explain_rig.c));
}

/* What came last is not genuine: what is kept is of before, and nobody learns from it. */
static void
evidence_of_before_is_told_as_such(void)
{
    struct store_last last;

    explain_rig_start();
    CHECK_EQ(store_last_get(explain_rig.store, explain_rig.device.id, &last), 0);
    last.tier = TIER_CONTRAINDICATED;
    last.arrived_ms += 5000;
    last.n_reasons = 1;
    last.reasons[0] = REASON_LOG_REPLAY;
    last.fault_pcr = 4;
    last.fault_event = FAULT_NO_EVENT;
    snprintf(last.fault_seen, sizeof(last.fault_seen), "\x1b[2Jodd");
    CHECK_EQ(store_last_put(explain_rig.store, explain_rig.device.id, &last), 0);
    (void)explain_rig_text(false);
    CHECK(json_is_false(explain_rig_at("kept.is_last")));
    CHECK(explain_rig_says("kept         evidence of before"));
    CHECK(explain_rig_says("was refused  203 LOG_REPLAY  PCR 4\n"));
    CHECK(!strchr(explain_rig.text, '\x1b'));
    CHECK(strstr(explain_rig_word("advice.what"), "assay device quarantine 00000001"));
    CHECK_STR(explain_rig_word("advice.command"), "");
}

static void
a_log_that_is_gone_is_no_judgement(void)
{
    struct store_evidence evidence;

    explain_rig_start();
    CHECK_EQ(store_evidence_get(explain_rig.store, explain_rig.device.id, &evidence), 0);
    memset(evidence.firmware_log, 5, 32);
    CHECK_EQ(store_evidence_put(explain_rig.store, &evidence), 0);
    (void)explain_rig_text(false);
    CHECK_STR(explain_rig_word("kept.why"), "no-log");
    CHECK(json_is_null(explain_rig_at("now")) && json_is_null(explain_rig_at("diff")));
    CHECK(explain_rig_says("not judged   the body of its log is not in the store\n"));
    CHECK(!strstr(explain_rig.text, "diff "));
}

/* Of a policy that reads the list, its other rules are told; what the list's rules say is not. */
static void
rules_for_the_list_that_is_not_kept_say_nothing(void)
{
    explain_rig_start();
    scene_swap("pcrs 0-9,14", "pcrs 0-10,14");
    scene_rule("rtm", "rule ima : ima policy ima/x");
    scene_add("\nima x {\n pcr 10\n allow digest @imas\n unknown fail\n}\n"
              "set digests imas { " D("aa") "}\n");
    explain_rig_publish(2);
    explain_rig_boot(check_vector(RIG_INITRD), TIER_CONTRAINDICATED, REASON_INITRD_UNKNOWN);
    (void)explain_rig_text(false);
    CHECK(json_is_true(explain_rig_at("kept.ima")));
    CHECK_STR(explain_rig_word("first_cause.rule"), "initrd");
    CHECK_EQ(json_array_size(explain_rig_at("rules")), 1);
    CHECK(!strstr(explain_rig.text, "IMA_"));
    CHECK(explain_rig_says("not judged   the files of its IMA list, which is not kept\n"));
    CHECK(json_is_true(explain_rig_at("repair.passes")));
}

/* No bundle: the class's reference events, of which there are none, judge. */
static void
reference_events_are_explained_too(void)
{
    explain_rig_start();
    scene_swap("class in { c }", "class in { others }");
    explain_rig_publish(2);
    explain_rig_boot(check_vector(RIG_INITRD), TIER_NONE, REASON_REFSET_EMPTY);
    (void)explain_rig_text(false);
    CHECK_STR(explain_rig_word("first_cause.name"), "REFSET_EMPTY");
    CHECK(json_is_null(explain_rig_at("repair")) && json_is_null(explain_rig_at("now.policy")));
    CHECK(json_is_true(explain_rig_at("now.references")));
    CHECK(explain_rig_says("by now       reference events of bundle 2: none, no token\n"));
    CHECK(explain_rig_says("suggest      assay golden learn --class c --from 00000001\n"));
    CHECK_EQ(explain_rig_number("diff.changed"), 1);
}

/* No boot is too much to be told: changes, words and labels have their bounds. */
static const char *const pair[] = {"field", "pilots"};

/* Of its class are policies for groups alone, and it is in the first n of them. */
static void
of_groups(size_t n)
{
    explain_rig_start();
    scene_swap("class in { c }", "class in { c } group pilots");
    scene_add("\npolicy q version 2 schema 1 {\n  applies class in { c } group field\n"
              "  extends n version 1\n}\n");
    explain_rig_publish(2);
    kept_rig_groups(explain_rig.store, &explain_rig.device, n, pair);
    explain_rig_boot(check_vector(RIG_BOOT), TIER_WARNING, REASON_NONE);
}

/* It boots what passes, and no boot that it could bring is the way out. */
static void
two_policies_for_its_groups_are_the_cause(void)
{
    of_groups(2);
    (void)explain_rig_tell();
    CHECK_STR(explain_rig_word("now.tier"), "none");
    CHECK_STR(explain_rig_word("now.policy"), "");
    CHECK(json_is_false(explain_rig_at("now.references")));
    CHECK(json_is_false(explain_rig_at("now.token")));
    CHECK_EQ(explain_rig_number("first_cause.number"), REASON_POLICY_MISSING);
    CHECK_STR(explain_rig_word("first_cause.check"), "policy-two");
    CHECK_STR(explain_rig_word("first_cause.seen"), "n and q");
    CHECK_EQ(explain_rig_number("reasons.0.number"), REASON_POLICY_MISSING);
    CHECK(json_is_null(explain_rig_at("repair")) && json_is_null(explain_rig_at("peers")));
    CHECK(json_is_false(explain_rig_at("accepted")));
    (void)explain_rig_text(false);
    CHECK(explain_rig_says("by now       no policy of bundle 2: none, no token"));
    CHECK(explain_rig_says("suggest      assay device group 00000001 --remove GROUP"));
    CHECK(!strstr(explain_rig.text, "reference events"));
}

static void
policies_for_other_groups_are_the_cause(void)
{
    of_groups(0);
    (void)explain_rig_tell();
    CHECK_STR(explain_rig_word("first_cause.check"), "policy-apart");
    CHECK(json_is_false(explain_rig_at("now.references")));
    (void)explain_rig_text(false);
    CHECK(explain_rig_says("suggest      assay device group 00000001 --add GROUP"));
    of_groups(1); /* the nearest that is judged */
    (void)explain_rig_tell();
    CHECK_STR(explain_rig_word("now.policy"), "q:2");
    CHECK(json_is_null(explain_rig_at("first_cause")));
    CHECK(json_is_true(explain_rig_at("accepted")));
}

/* What is asked of slots is not what learning another boot would be for. */
static void
no_slot_is_asked_where_nothing_judges(void)
{
    of_groups(2);
    explain_rig_boot(check_vector(RIG_INITRD), TIER_NONE, REASON_POLICY_MISSING);
    (void)explain_rig_tell();
    CHECK_EQ(explain_rig_number("diff.changed"), 1);
    for (size_t i = 0; i < json_array_size(explain_rig_at("diff.slots")); i++) {
        char path[48];

        snprintf(path, sizeof(path), "diff.slots.%zu.asked", i);
        CHECK(json_is_false(explain_rig_at(path)));
    }
}

static void
a_flood_of_changes_is_told_all_the_same(void)
{
    char line[2048];

    explain_rig_start();
    for (unsigned n = 0; n < 400; n++) {
        size_t len = (size_t)snprintf(line, sizeof(line), "/vmlinuz");

        for (unsigned k = 0; k < 12; k++) {
            len += (size_t)snprintf(line + len, sizeof(line) - len, " word%u=\x01%u", k, n);
        }
        scene_copy(41, 42);
        scene_grub(42, "kernel_cmdline: ", line);
    }
    explain_rig_boot(scene_log(), TIER_CONTRAINDICATED, REASON_CMDLINE_DENIED_TOKEN);
    (void)explain_rig_text(true);
    CHECK_EQ(explain_rig_number("diff.changed"), 400);
    CHECK_EQ(json_array_size(explain_rig_at("diff.changes")), 256);
    CHECK(json_is_false(explain_rig_at("accepted")));
    CHECK(strstr(explain_rig.text, "and 144 more\n"));
    CHECK(!strchr(explain_rig.text, '\x01'));
}

static void
a_room_that_is_too_small_is_no_object(void)
{
    struct bytes told = BYTES_NULL;
    uint8_t room[1000];

    explain_rig_start();
    explain_rig_boot(check_vector(RIG_INITRD), TIER_CONTRAINDICATED, REASON_INITRD_UNKNOWN);
    CHECK_EQ(explain_device(explain_rig_case(), room, sizeof(room), &told), -ENOSPC);
    CHECK(!told.p);
}

static void
who_is_asked_about_must_be_one_device(void)
{
    struct store_device device;

    explain_rig_start();
    (void)explain_rig_peer(2, check_vector(RIG_BOOT), TIER_WARNING);
    CHECK_EQ(explain_case_device(explain_rig.store, "0100000001", &device), 0);
    CHECK_EQ(explain_case_device(explain_rig.store, "00000001", &device), 0);
    CHECK_EQ(explain_case_device(explain_rig.store, "01000000", &device), 1); /* both */
    CHECK_EQ(explain_case_device(explain_rig.store, "0100000", &device), 1);  /* too short */
    CHECK_EQ(explain_case_device(explain_rig.store, "0100000007", &device), 1);
    CHECK_EQ(explain_case_device(explain_rig.store, "no digits", &device), 1);
}

CHECK_MAIN(
    CASE(an_initrd_that_nobody_knows_is_told_whole),
    CASE(what_differs_from_the_accepted_boot_is_told_by_slot), CASE(people_read_the_same),
    CASE(a_command_line_is_compared_word_by_word), CASE(code_of_an_option_rom_is_told_as_added),
    CASE(an_accepted_device_passes_and_is_left_alone),
    CASE(what_would_be_refused_now_is_told_before_it_is),
    CASE(what_would_pass_now_keeps_the_cause_that_was_decided),
    CASE(in_mode_observe_the_cause_is_what_would_be_it),
    CASE(below_the_floor_the_cause_is_what_warns), CASE(an_event_without_a_rule_is_the_cause),
    CASE(a_check_of_ours_comes_first), CASE(a_device_without_evidence_is_told_so),
    CASE(evidence_of_before_is_told_as_such), CASE(a_log_that_is_gone_is_no_judgement),
    CASE(rules_for_the_list_that_is_not_kept_say_nothing), CASE(reference_events_are_explained_too),
    CASE(a_flood_of_changes_is_told_all_the_same), CASE(two_policies_for_its_groups_are_the_cause),
    CASE(policies_for_other_groups_are_the_cause), CASE(no_slot_is_asked_where_nothing_judges),
    CASE(a_room_that_is_too_small_is_no_object), CASE(who_is_asked_about_must_be_one_device))
