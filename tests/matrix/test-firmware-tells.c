/* What firmware tells of itself, what it leaves out of its log, and what a policy makes of it: its
 * root of trust, its debugger, its memory, its ends of boot services. */
#include "lib/check.h"
#include "lib/policy-play.h"

/* Another boot of the same firmware and programs, whose PCR 0 began at this locality. */
static void
begin_at(uint8_t locality)
{
    uint8_t data[17] = "StartupLocality";

    data[16] = locality;
    boot_log_insert(boot_log_find(0, 0, 0).offset, 0, TYPE_NO_ACTION, BYTES_OF(data));
    CHECK(keeper_rig_boot(&play.rig, boot_log_bytes()));
}

/* Pitfall 29: PCRs that a pin or a sleep has reset are extended by software that runs later. */
static void
a_root_of_trust_in_hardware_is_the_policy_s_to_ask_for(void)
{
    struct answer answer;

    policy_play_start(PLAY_HEADING, PLAY_IMAGES, "  rule rtm : rtm is hw else fail\n");
    answer = policy_play_attest();
    CHECK_EQ(answer.reasons[0], REASON_FW_NO_HW_RTM);
    CHECK_EQ(answer.tier, TIER_CONTRAINDICATED);
    CHECK(!answer.cwt.p);
    CHECK_STR(policy_play_last().fault_rule, "policy/rtm");
    CHECK(policy_play_token() != COAP_CODE(2, 5));
    begin_at(3);
    answer = policy_play_attest();
    CHECK_EQ(answer.tier, TIER_AFFIRMING);
    CHECK(answer.cwt.p);
    CHECK_EQ(policy_play_last().vector[3], 2);
    play_done();
}

/* The log alone says so: its PCR 0 began at 0, and then it does not replay. */
static void
a_root_of_trust_that_only_the_log_tells_of_is_none(void)
{
    struct pcr_values values;

    policy_play_start(PLAY_HEADING, PLAY_IMAGES, "  rule rtm : rtm is hw else warn\n");
    CHECK_EQ(policy_play_attest().tier, TIER_WARNING);
    values = play.rig.device.values;
    begin_at(3);
    play.rig.device.values = values;
    CHECK_EQ(policy_play_attest().reasons[0], REASON_LOG_REPLAY);
    play_done();
}

static void
firmware_tells(const char *text)
{
    boot_log_insert(boot_log_find(7, TYPE_SEPARATOR, 0).offset, 7, 0x80000007, bytes_str(text));
    CHECK(keeper_rig_boot(&play.rig, boot_log_bytes()));
}

/* Pitfall 35: both strings are among the actions that need no rule. */
static void
firmware_in_debug_mode_is_refused(void)
{
    static const char head[] = "policy laptop version 3 schema 1 {\n  applies class in { c }\n"
                               "  quote sha256 pcrs 0-9,14\n  mode observe\n";
    struct answer answer;

    policy_play_start(PLAY_HEADING, PLAY_IMAGES, "");
    firmware_tells("UEFI Debug Mode");
    answer = policy_play_attest();
    CHECK_EQ(answer.reasons[0], REASON_FW_DEBUG);
    CHECK_EQ(answer.tier, TIER_CONTRAINDICATED);
    CHECK_STR(policy_play_last().fault_seen, "UEFI Debug Mode");
    CHECK_EQ(policy_play_last().vector[3], 96);
    CHECK(!answer.cwt.p);
    CHECK_EQ(policy_play_pins(), 0);
    policy_play_publish(policy_play_text(head, PLAY_IMAGES, ""), 0);
    answer = policy_play_attest();
    CHECK_EQ(answer.reasons[0], REASON_FW_DEBUG);
    CHECK_EQ(answer.tier, TIER_WARNING);
    CHECK_EQ(policy_play_last().vector[3], 32);
    CHECK_EQ(policy_play_pins(), 0); /* what would be refused is nothing to be held to */
    play_done();
}

static void
firmware_that_leaves_its_memory_open_is_a_warning(void)
{
    struct answer answer;

    policy_play_start(PLAY_HEADING, PLAY_IMAGES, "");
    firmware_tells("DMA Protection Disabled");
    answer = policy_play_attest();
    CHECK_EQ(answer.reasons[0], REASON_DMA_UNPROTECTED);
    CHECK_EQ(policy_play_last().vector[3], 32);
    CHECK_EQ(answer.tier, TIER_WARNING);
    CHECK(answer.cwt.p);
    play_done();
}

static void
a_policy_s_own_rule_for_actions_decides(void)
{
    static const char debug[] = "  rule told : action match \"*o*\""
                                " count 0..9\n";
    static const char strict[] = "  rule told : action match \"*Boot*\" count 0..9\n";
    struct answer answer;

    policy_play_start(PLAY_HEADING, PLAY_IMAGES, debug);
    firmware_tells("UEFI Debug Mode");
    answer = policy_play_attest();
    CHECK_EQ(answer.tier, TIER_AFFIRMING);
    CHECK_EQ(policy_play_last().vector[3], 2);
    policy_play_publish(policy_play_text(PLAY_HEADING, PLAY_IMAGES, strict), 0);
    answer = policy_play_attest();
    CHECK_EQ(answer.reasons[0], REASON_ACTION_UNKNOWN);
    CHECK_EQ(answer.tier, TIER_CONTRAINDICATED);
    CHECK_STR(policy_play_last().fault_rule, "policy/told");
    play_done();
}

/* What a machine's maker runs in front of the boot loader (Absolute, SysPrep, an updater) is no
 * boot image, and has a reason of its own; so has Secure Boot whose mode nobody knows. */
static void
other_findings_have_reasons_of_their_own(void)
{
    struct evlog_event image;
    struct answer answer;

    policy_play_start(PLAY_HEADING, PLAY_IMAGES, "  rule mode : sb.mode is deployed else note\n");
    answer = policy_play_attest();
    CHECK_EQ(answer.reasons[0], REASON_SB_NOT_DEPLOYED);
    CHECK_EQ(answer.tier, TIER_AFFIRMING);
    policy_play_publish(
        policy_play_text(PLAY_HEADING, PLAY_IMAGES, "  rule pre : boot.preos forbid else fail\n"),
        0);
    image = boot_log_find(4, PLAY_EV_APPLICATION, 0);
    boot_log_copy(&image, boot_log_find(4, 0, 0).offset);
    CHECK(keeper_rig_boot(&play.rig, boot_log_bytes()));
    answer = policy_play_attest();
    CHECK_EQ(answer.reasons[0], REASON_PREOS_APP);
    CHECK_EQ(answer.tier, TIER_CONTRAINDICATED);
    play_done();
}

/* ---- pitfall 34: events of ExitBootServices that are measured and not logged ---- */

static const char optional[] = PLAY_HEADING "  exit-events optional\n";

static const char invocation[] = "Exit Boot Services Invocation";
static const char failure[] = "Exit Boot Services Returned with Failure";
static const char success[] = "Exit Boot Services Returned with Success";

/* The log ends without such events; the TPM has what it has with these. */
static void
unlogged(const char *const *texts, size_t n)
{
    struct evlog_event first = boot_log_find(5, 0x80000007, 0);
    struct pcr_values values;
    size_t whole;

    CHECK_BYTES(first.data, bytes_str(invocation));
    boot_log_cut(&first);
    first = boot_log_find(5, 0x80000007, 0);
    boot_log_cut(&first);
    whole = boot_log.len;
    for (size_t i = 0; i < n; i++) {
        boot_log_insert(boot_log.len, 5, 0x80000007, bytes_str(texts[i]));
    }
    CHECK(keeper_rig_boot(&play.rig, boot_log_bytes()));
    values = play.rig.device.values;
    boot_log.len = whole;
    CHECK(keeper_rig_boot(&play.rig, boot_log_bytes()));
    play.rig.device.values = values;
}

static void
exit_events_may_lack_where_the_policy_says_so(void)
{
    static const struct {
        size_t n;
        const char *texts[3];
    } rows[] = {
        {2, {invocation, success}},
        {2, {invocation, failure}},
        {3, {invocation, failure, success}},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct answer answer;

        policy_play_start(PLAY_HEADING, PLAY_IMAGES, "");
        unlogged(rows[i].texts, rows[i].n);
        CHECK_EQ(policy_play_attest().reasons[0], REASON_LOG_REPLAY);
        CHECK_EQ(policy_play_last().fault_pcr, 5);
        policy_play_publish(policy_play_text(optional, PLAY_IMAGES, ""), 0);
        answer = policy_play_attest();
        CHECK_EQ(answer.tier, TIER_AFFIRMING);
        CHECK_EQ(answer.reasons[0], REASON_QUIRK_USED);
        CHECK(answer.cwt.p);
        play_done();
        policy_play.sequence = 0;
    }
}

/* What is whole is judged as ever, and another thing that PCR 5 has is no such event. */
static void
other_unlogged_events_are_refused_all_the_same(void)
{
    static const char *const rows[][3] = {
        {invocation},
        {success},
        {success, invocation},
        {invocation, success, success},
        {invocation, success, "another word"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        size_t n = 0;

        while (n < 3 && rows[i][n]) {
            n++;
        }
        policy_play_start(optional, PLAY_IMAGES, "");
        CHECK_EQ(policy_play_attest().tier, TIER_AFFIRMING);
        unlogged(rows[i], n);
        CHECK_EQ(policy_play_attest().reasons[0], REASON_LOG_REPLAY);
        CHECK_EQ(policy_play_last().fault_pcr, 5);
        play_done();
        policy_play.sequence = 0;
    }
}

/* A log with one of them is not one of a firmware that logs none. */
static void
an_exit_event_that_is_logged_has_no_variant_tried(void)
{
    static const char *const both[] = {invocation, success};
    struct pcr_values values;
    size_t whole;

    policy_play_start(optional, PLAY_IMAGES, "");
    unlogged(both, 2);
    CHECK_EQ(policy_play_attest().tier, TIER_AFFIRMING);
    boot_log_insert(boot_log.len, 5, 0x80000007, bytes_str(failure));
    whole = boot_log.len;
    boot_log_insert(boot_log.len, 5, 0x80000007, bytes_str(invocation));
    boot_log_insert(boot_log.len, 5, 0x80000007, bytes_str(success));
    CHECK(keeper_rig_boot(&play.rig, boot_log_bytes()));
    values = play.rig.device.values;
    boot_log.len = whole;
    CHECK(keeper_rig_boot(&play.rig, boot_log_bytes()));
    play.rig.device.values = values;
    CHECK_EQ(policy_play_attest().reasons[0], REASON_LOG_REPLAY);
    play_done();
}

CHECK_MAIN(CASE(a_root_of_trust_in_hardware_is_the_policy_s_to_ask_for),
           CASE(a_root_of_trust_that_only_the_log_tells_of_is_none),
           CASE(firmware_in_debug_mode_is_refused),
           CASE(firmware_that_leaves_its_memory_open_is_a_warning),
           CASE(a_policy_s_own_rule_for_actions_decides),
           CASE(other_findings_have_reasons_of_their_own),
           CASE(exit_events_may_lack_where_the_policy_says_so),
           CASE(other_unlogged_events_are_refused_all_the_same),
           CASE(an_exit_event_that_is_logged_has_no_variant_tried))
