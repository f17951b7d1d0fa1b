/* What a device and its operator get of it: scenarios 1, 4, 20, 45. A member whose log is
 * boot/grub-sb-on without the kernel's second measurement, and a keeper that judges it by what was
 * learnt from it; that no hardware began to measure is not asked. */
#include "formats/evtype.h"
#include "lib/policy-play.h"
#include "lib/rule-play.h"
#include "lib/scene.h"
#include "rejudge/rejudge-report.h"

static void
boot(void)
{
    CHECK(keeper_rig_boot(&play.rig, scene_log()));
}

static void
publish(void)
{
    policy_play_publish(scene.policy, 0);
}

static void
member(void)
{
    boot_log_start();
    sealing_new(&policy_play.sealing);
    scene_start(PLAY_LOG);
    scene_cut(scene_find(4, EV_EFI_BOOT_SERVICES_APPLICATION, 3));
    scene_learn();
    scene_rule("rtm", "");
    publish();
    boot();
}

static bool
has_reason(const struct answer *answer, enum reason reason)
{
    bool found = false;

    for (size_t i = 0; i < answer->n_reasons; i++) {
        found = found || answer->reasons[i] == reason;
    }
    return found;
}

static void
an_accepted_laptop_gets_a_token_and_no_reason(void)
{
    static const int8_t vector[] = {2, 2, 3, 2};
    struct answer answer;

    member();
    for (unsigned i = 0; i < 3; i++) {
        answer = policy_play_attest();
        CHECK_EQ(answer.tier, TIER_AFFIRMING);
        CHECK_EQ(answer.n_reasons, 0);
        CHECK(answer.cwt.p);
        for (size_t k = 0; k < ARRAY_LEN(vector); k++) {
            CHECK_EQ(policy_play_last().vector[k], vector[k]);
        }
    }
    play_done();
}

static void
another_kernel_gets_none(void)
{
    struct answer answer;

    member();
    CHECK(policy_play_attest().cwt.p);
    scene_measure(scene_find(4, EV_EFI_BOOT_SERVICES_APPLICATION, 2), bytes_str("another"));
    boot();
    answer = policy_play_attest();
    CHECK_EQ(answer.tier, TIER_CONTRAINDICATED);
    CHECK_EQ(answer.n_reasons, 1);
    CHECK_EQ(answer.reasons[0], REASON_BOOT_IMAGE_UNKNOWN);
    CHECK(!answer.cwt.p);
    play_done();
}

/* No text of the answer says what would have passed: the device has only the number. */
static void
secure_boot_off_is_told_as_a_reason_and_nothing_else(void)
{
    struct answer answer;

    member();
    CHECK(policy_play_attest().cwt.p);
    scene_value(scene_variable("SecureBoot"), NULL, check_hex("00"));
    boot();
    answer = policy_play_attest();
    CHECK_EQ(answer.tier, TIER_CONTRAINDICATED);
    CHECK_EQ(answer.n_reasons, 1);
    CHECK_EQ(answer.reasons[0], REASON_SB_OFF);
    CHECK(!answer.cwt.p);
    CHECK(!memmem(play.rig.reply.body.p, play.rig.reply.body.len, "secureboot", 10));
    CHECK_STR(policy_play_last().fault_rule, "policy/sb");
    CHECK(policy_play_last().fault_expected[0] != '\0'); /* its operator has more */
    CHECK_EQ(policy_play_last().secure_boot, FLAG_NO);
    play_done();
}

static void
on_again_it_gets_one_again(void)
{
    member();
    scene_value(scene_variable("SecureBoot"), NULL, check_hex("00"));
    boot();
    CHECK(!policy_play_attest().cwt.p);
    scene_value(scene_variable("SecureBoot"), NULL, check_hex("01"));
    boot();
    CHECK(policy_play_attest().cwt.p);
    play_done();
}

/* A release that differs in the kernel's image alone, booted before it is active. */
static void
update_early(const char *chain)
{
    size_t kernel;

    member();
    kernel = scene_find(4, EV_EFI_BOOT_SERVICES_APPLICATION, 2);
    scene_measure(kernel, bytes_str("6.12"));
    scene_add(scene_format(
        "release os n 2 {\n  state staged\n  shim %s\n  grub %s\n  kernel %s\n  vmlinuz %s\n"
        "  initrd %s\n}\n",
        scene_digest(scene_find(4, EV_EFI_BOOT_SERVICES_APPLICATION, 0)),
        scene_digest(scene_find(4, EV_EFI_BOOT_SERVICES_APPLICATION, 1)), scene_digest(kernel),
        scene_digest(scene_text(9, "/vmlinuz")), scene_digest(scene_text(9, "/initrd.img"))));
    scene_rule("chain", chain);
    publish();
    boot();
}

static void
promote(void)
{
    struct answer answer;
    unsigned read = play.rig.n_read;

    scene_swap("  state staged\n", "");
    publish();
    play.rig.now_ms += 1000;
    keeper_rig_connect(&play.rig);
    play_repeat(); /* neither log nor values */
    CHECK_EQ(play_attest(play_written()), COAP_CODE(2, 4));
    answer = play_answered();
    CHECK_EQ(answer.tier, TIER_AFFIRMING);
    CHECK_EQ(answer.n_reasons, 0);
    CHECK(answer.cwt.p);
    CHECK_EQ(play.rig.n_read, read);
}

static void
a_staged_kernel_passes_once_it_is_promoted(void)
{
    struct answer answer;

    update_early("  rule chain : boot.images sequence @os.shim @os.grub @os.kernel same-release");
    answer = policy_play_attest();
    CHECK_EQ(answer.tier, TIER_CONTRAINDICATED);
    CHECK_EQ(answer.reasons[0], REASON_BOOT_IMAGE_PENDING);
    CHECK(!answer.cwt.p);
    promote();
    play_done();
}

static void
where_pending_is_allowed_it_warns_until_then(void)
{
    struct answer answer;

    update_early("  rule chain : boot.images sequence @os.shim @os.grub @os.kernel same-release"
                 " else warn");
    answer = policy_play_attest();
    CHECK_EQ(answer.tier, TIER_WARNING);
    CHECK_EQ(answer.reasons[0], REASON_BOOT_IMAGE_PENDING);
    CHECK(answer.cwt.p);
    promote();
    play_done();
}

/* Ten things that ten rules would refuse. */
static void
break_ten_rules(void)
{
    static const uint8_t version[] = "other";

    scene_measure(scene_find(0, EV_EFI_PLATFORM_FIRMWARE_BLOB, 0), bytes_str("fw"));
    scene_data(scene_find(0, EV_S_CRTM_VERSION, 0), BYTES_OF(version));
    scene_value(scene_variable("SecureBoot"), NULL, check_hex("00"));
    scene_value(scene_variable("dbx"), NULL, BYTES_NULL);
    scene_measure(scene_text(14, "MokList"), bytes_str("a key more"));
    scene_measure(scene_find(4, EV_EFI_BOOT_SERVICES_APPLICATION, 2), bytes_str("image"));
    scene_measure(scene_text(9, "/vmlinuz"), bytes_str("kernel"));
    scene_measure(scene_text(9, "/initrd.img"), bytes_str("initrd"));
    scene_grub(scene_text(8, "grub_cmd: boot"), "grub_cmd: ", "chainloader /evil.efi");
    scene_grub(scene_text(8, "kernel_cmdline: "), "kernel_cmdline: ", "/vmlinuz init=/bin/sh");
    boot();
}

static void
who_is_observed_gets_a_token_with_all_that_would_fail(void)
{
    static const enum reason wants[] = {
        REASON_FW_UNKNOWN,     REASON_FW_TEXT_MISMATCH,     REASON_SB_OFF,
        REASON_DBX_OLD,        REASON_MOK_UNEXPECTED,       REASON_BOOT_IMAGE_UNKNOWN,
        REASON_KERNEL_UNKNOWN, REASON_INITRD_UNKNOWN,       REASON_SCRIPT_COMMAND_UNKNOWN,
        REASON_MODE_OBSERVE,   REASON_CMDLINE_DENIED_TOKEN,
    };
    struct answer answer;

    member();
    scene_swap("  mode    enforce", "  mode    observe");
    publish();
    break_ten_rules();
    answer = policy_play_attest();
    CHECK_EQ(answer.tier, TIER_WARNING);
    CHECK(answer.cwt.p);
    for (size_t i = 0; i < ARRAY_LEN(wants); i++) {
        if (!has_reason(&answer, wants[i])) {
            check_fail(__FILE__, __LINE__, "no %s", reason_name(wants[i]));
        }
    }
    play_done();
}

/* What the store keeps of the member, by the policy; the same lines as `assay policy report`. */
static struct rejudge_rules *
report(char **ret_said)
{
    struct rejudge_ask ask = {.store = play.rig.keeper.store,
                              .now_s = 1790000000,
                              .since_ms = INT64_MIN,
                              .alone = true,
                              .enforced = true,
                              .witness = rejudge_rules_see};
    struct rejudge_walk walk = {.class_name = "c", .visit = rejudge_rules_visit};
    struct rejudge_report how = {.json = false};
    struct rejudge_tally tally = {.members = 0};
    struct rulebook *book = NULL;
    struct rejudge_rules *rules;
    struct fault fault;
    size_t len = 0;

    CHECK_EQ(rulebook_new(rule_play_body(scene.policy), &book, &fault), 0);
    rules = check_keep(rejudge_rules_new(check_keep(book)));
    ask.books[REJUDGE_NEW] = book;
    ask.witness_context = walk.context = rules;
    CHECK_EQ(rejudge_walk(check_keep(rejudge_new(&ask)), &ask, &walk, &tally), 0);
    how.out = open_memstream(ret_said, &len);
    rejudge_report_say(&how, rules, &tally);
    CHECK_EQ(fclose(how.out), 0);
    check_keep(*ret_said);
    return rules;
}

static size_t
rules_that_fail(const struct rejudge_rules *rules)
{
    const struct bundle *bundle = rulebook_bundle(rejudge_rules_book(rules));
    size_t n = 0;

    for (size_t i = 0; i < bundle->n_rules; i++) {
        const struct bytes id = bundle->rules[i].id;

        if (rejudge_rules_rule(rules, i)->failed > 0) {
            printf("# would fail: %.*s\n", (int)id.len, (const char *)id.p);
            n++;
        }
    }
    return n;
}

/* It names each of the ten rules; and of an honest boot none. */
static void
the_report_lists_them(void)
{
    char *said;

    member();
    scene_swap("  mode    enforce", "  mode    observe");
    publish();
    CHECK_EQ(policy_play_attest().tier, TIER_WARNING);
    CHECK_EQ(rules_that_fail(report(&said)), 0);
    CHECK(strstr(said, "(observe): 1 devices, 0 would fail\n"));
    break_ten_rules();
    (void)policy_play_attest();
    CHECK_EQ(rules_that_fail(report(&said)), 10);
    CHECK(strstr(said, "(observe): 1 devices, 1 would fail\n"));
    play_done();
}

static void
enforced_the_same_boot_gets_none(void)
{
    struct answer answer;

    member();
    break_ten_rules();
    answer = policy_play_attest();
    CHECK_EQ(answer.tier, TIER_CONTRAINDICATED);
    CHECK(!answer.cwt.p);
    CHECK(!has_reason(&answer, REASON_MODE_OBSERVE));
    play_done();
}

SCENE_MAIN({1,
            "an accepted laptop",
            {CASE(an_accepted_laptop_gets_a_token_and_no_reason), CASE(another_kernel_gets_none)}},
           {4,
            "Secure Boot is switched off",
            {CASE(secure_boot_off_is_told_as_a_reason_and_nothing_else),
             CASE(on_again_it_gets_one_again)}},
           {20,
            "a kernel whose release is not active yet",
            {CASE(a_staged_kernel_passes_once_it_is_promoted),
             CASE(where_pending_is_allowed_it_warns_until_then)}},
           {45,
            "a policy that only observes",
            {CASE(who_is_observed_gets_a_token_with_all_that_would_fail),
             CASE(the_report_lists_them), CASE(enforced_the_same_boot_gets_none)}})
