/* rejudge: members of a store by two bundles; who shares a judgement, and who cannot have one. With
 * a real verifier: policy_test. */
#include "rejudge/rejudge-walk.h"

#include "lib/check.h"
#include "lib/kept-rig.h"
#include "base/hex.h"
#include "lib/rule-play.h"
#include "lib/slot-rig.h"
#include "lib/store-make.h"
#include "rejudge/rejudge-memo.h"
#include "store/store-announced.h"
#include "store/store-group.h"
#include "wire/announce.h"

#define NOW_MS INT64_C(1790000000000)

#define POLICY(head, rules) KEPT_RIG_POLICY(head, "any", rules)
#define SB_POLICY KEPT_RIG_POLICY

static struct store *store;
static struct rejudge_ask ask;
static struct rejudge *rejudge;
static struct store_device device;

static struct bytes
boot(void)
{
    return check_vector("boot/grub-sb-on/binary_bios_measurements");
}

static const struct rulebook *
book(const char *text)
{
    struct rulebook *made = NULL;
    struct fault fault;

    CHECK_EQ(rulebook_new(rule_play_body(text), &made, &fault), 0);
    return check_keep(made);
}

/* A member by the old bundle and the new one; NULL: none. */
static void
start(const char *old, const char *new)
{
    store = check_keep(open_store(":memory:"));
    kept_rig_class(store, "c");
    device = kept_rig_member(store, 1, "c", boot(), NOW_MS);
    ask = (struct rejudge_ask){.store = store, .now_s = NOW_MS / 1000, .since_ms = INT64_MIN};
    ask.books[REJUDGE_OLD] = old ? book(old) : NULL;
    ask.books[REJUDGE_NEW] = new ? book(new) : NULL;
    rejudge = check_keep(rejudge_new(&ask));
}

static struct rejudge_result
judge(const struct store_device *of)
{
    struct rejudge_result result;

    CHECK_EQ(rejudge_judge(rejudge, of, &result), 0);
    return result;
}

static void
is_why(enum rejudge_why why)
{
    struct rejudge_result result = judge(&device);

    CHECK_STR(rejudge_why_name(result.why), rejudge_why_name(why));
    CHECK(!result.fails);
}

/* What the new bundle makes of it. */
static struct rejudge_result
changed(enum rejudge_change change, bool fails)
{
    struct rejudge_result result = judge(&device);

    CHECK_EQ(result.why, REJUDGE_JUDGED);
    CHECK_EQ(result.change, change);
    CHECK_EQ(result.fails, fails);
    return result;
}

static void
the_same_bundle_changes_nothing(void)
{
    struct rejudge_result result;

    start(POLICY("", ""), POLICY("", ""));
    result = changed(REJUDGE_SAME, false);
    CHECK_EQ(result.sides[REJUDGE_OLD].tier, TIER_WARNING); /* `any` on code: 442 */
    CHECK(result.sides[REJUDGE_NEW].token);
    CHECK_STR(result.sides[REJUDGE_NEW].policy, "p:1");
    CHECK_EQ(result.sides[REJUDGE_NEW].code, REASON_UNPINNED_CODE);
}

static void
a_rule_that_fails_is_the_cause(void)
{
    struct rejudge_result result;

    start(POLICY("", ""), SB_POLICY("", "is off", ""));
    result = changed(REJUDGE_WORSE, true);
    CHECK_EQ(result.sides[REJUDGE_NEW].tier, TIER_CONTRAINDICATED);
    CHECK_EQ(result.sides[REJUDGE_NEW].pcr, 7);
    CHECK(!result.sides[REJUDGE_NEW].token);
    CHECK_STR(result.sides[REJUDGE_NEW].rule, "sb");
    CHECK_STR(result.sides[REJUDGE_NEW].expected, "off");
}

static void
a_tier_too_low_for_a_token_fails(void)
{
    struct rejudge_result result;

    start(POLICY("", ""), POLICY("  token ttl 10m floor affirming\n", ""));
    result = changed(REJUDGE_WORSE, true);
    CHECK_EQ(result.sides[REJUDGE_NEW].tier, TIER_WARNING);
    start(POLICY("  token ttl 10m floor affirming\n", ""), POLICY("", ""));
    (void)changed(REJUDGE_BETTER, false);
}

static void
in_mode_observe_nothing_fails(void)
{
    start(POLICY("", ""), SB_POLICY("  mode observe\n", "is off", ""));
    (void)changed(REJUDGE_SAME, false);
    start(POLICY("  mode observe\n", ""), POLICY("  mode off\n", ""));
    (void)changed(REJUDGE_WORSE, true); /* then reference events judge, of which there are none */
}

static void
ages_are_as_they_were_when_the_evidence_came(void)
{
    start(POLICY("", ""), POLICY("  fresh boot 2h else fail\n", ""));
    (void)changed(REJUDGE_SAME, false); /* the boot was an hour old */
    start(POLICY("", ""), POLICY("  fresh boot 30m else fail\n", ""));
    CHECK_EQ(changed(REJUDGE_WORSE, true).sides[REJUDGE_NEW].code, REASON_EVIDENCE_STALE);
    start(POLICY("", ""), POLICY("  fresh evidence 2s else fail\n", ""));
    (void)changed(REJUDGE_SAME, false);
}

static void
an_ak_of_no_kind_meets_no_demand(void)
{
    start(POLICY("", ""), POLICY("  ak ecc-p256\n", ""));
    CHECK_EQ(changed(REJUDGE_WORSE, true).sides[REJUDGE_NEW].code, REASON_QUOTE_ALG);
}

static void
what_the_class_demands_of_the_ek_fails_on_both_sides(void)
{
    struct store_class row;

    start(POLICY("", ""), POLICY("", ""));
    CHECK_EQ(store_class_get(store, "c", &row), 0);
    row.need_ek_chain = true;
    CHECK_EQ(store_class_put(store, &row), 0);
    CHECK_EQ(changed(REJUDGE_SAME, false).sides[REJUDGE_OLD].code, REASON_EK_UNTRUSTED);
}

static void
a_class_without_a_policy_has_its_reference_events(void)
{
    struct rejudge_result result;

    start(NULL, POLICY("", ""));
    result = changed(REJUDGE_BETTER, false);
    CHECK_EQ(result.sides[REJUDGE_OLD].code, REASON_REFSET_EMPTY);
    CHECK_EQ(result.sides[REJUDGE_OLD].tier, TIER_NONE);
    CHECK_STR(result.sides[REJUDGE_OLD].policy, "");
}

#define GROUP_POLICY(name, group, rule)                                     \
    "policy " name " version 1 schema 1 {\n  applies class in { c } " group \
    "\n" KEPT_RIG_RULES("any", rule)

static void
a_policy_of_its_group_judges_a_member(void)
{
    static const char *const three[] = {"pilots", "field", "paris"};
    struct rejudge_result result;
    struct store_device second;

    start(POLICY("", ""), POLICY("", "") GROUP_POLICY("q", "group pilots", "") GROUP_POLICY(
                              "r", "group field", "") GROUP_POLICY("s", "group paris", ""));
    second = kept_rig_member(store, 2, "c", boot(), NOW_MS);
    CHECK_STR(changed(REJUDGE_SAME, false).sides[REJUDGE_NEW].policy, "p:1");
    kept_rig_groups(store, &device, 1, three);
    result = changed(REJUDGE_SAME, false);
    CHECK_STR(result.sides[REJUDGE_OLD].policy, "p:1");
    CHECK_STR(result.sides[REJUDGE_NEW].policy, "q:1");
    CHECK_STR(judge(&second).sides[REJUDGE_NEW].policy, "p:1"); /* alike but for its groups */
    kept_rig_groups(store, &device, 2, three);
    result = changed(REJUDGE_WORSE, true);
    CHECK_EQ(result.sides[REJUDGE_NEW].code, REASON_POLICY_MISSING);
    CHECK_STR(result.sides[REJUDGE_NEW].rule, "policy-two");
    CHECK_STR(result.sides[REJUDGE_NEW].seen, "q and r");
    kept_rig_groups(store, &second, 2, three + 1); /* of others than its twin */
    CHECK_STR(judge(&second).sides[REJUDGE_NEW].seen, "r and s");
    CHECK_EQ(result.sides[REJUDGE_NEW].tier, TIER_NONE);
}

static void
a_member_outside_of_all_groups_has_no_policy(void)
{
    static const char *const names[] = {"pilots"};
    struct rejudge_result result;

    start(POLICY("", ""), GROUP_POLICY("q", "group pilots", ""));
    result = changed(REJUDGE_WORSE, true);
    CHECK_EQ(result.sides[REJUDGE_NEW].code, REASON_POLICY_MISSING);
    CHECK_STR(result.sides[REJUDGE_NEW].rule, "policy-apart");
    kept_rig_groups(store, &device, 1, names);
    (void)changed(REJUDGE_SAME, false);
}

static void
a_member_without_its_class_is_not_judged(void)
{
    start(POLICY("", ""), POLICY("", ""));
    snprintf(device.class_name, sizeof(device.class_name), "gone");
    is_why(REJUDGE_NO_CLASS);
}

static void
evidence_that_is_missing_old_or_unreadable_is_told_apart(void)
{
    struct store_evidence evidence;
    static const uint8_t rubbish[] = "no log";

    start(POLICY("", ""), POLICY("", ""));
    device = make_device(77);
    device.state = DEVICE_FRESH;
    snprintf(device.class_name, sizeof(device.class_name), "c");
    CHECK_EQ(store_device_put(store, &device), 0);
    is_why(REJUDGE_NO_EVIDENCE);
    evidence = (struct store_evidence){.arrived_ms = NOW_MS, .firmware_log = {7}};
    memcpy(evidence.device, device.id, sizeof(device.id));
    CHECK_EQ(store_evidence_put(store, &evidence), 0);
    is_why(REJUDGE_NO_LOG);
    CHECK_EQ(store_log_put(store, evidence.firmware_log, LOG_FIRMWARE, BYTES_OF(rubbish)), 0);
    rejudge_free(rejudge);
    ask.since_ms = NOW_MS + 1;
    rejudge = check_keep(rejudge_new(&ask));
    is_why(REJUDGE_TOO_OLD);
    rejudge_free(rejudge);
    ask.since_ms = NOW_MS;
    rejudge = check_keep(rejudge_new(&ask));
    is_why(REJUDGE_BAD_LOG);
}

#define USERSPACE                                                                       \
    "policy p version 1 schema 1 {\n  applies class in { c }\n  quote sha256 pcrs 11\n" \
    "  rule phase : os.phase sequence enter-initrd prefix-ok\n}\n"

static void
a_userspace_log_is_judged_if_it_is_kept(void)
{
    static const char broken[] = "\x1e{";

    start(POLICY("", ""), USERSPACE);
    is_why(REJUDGE_NO_USERSPACE);
    kept_rig_userspace(store, &device, bytes_str(broken));
    is_why(REJUDGE_BAD_LOG);
    kept_rig_userspace(store, &device, BYTES_NULL);
    CHECK_EQ(judge(&device).why, REJUDGE_JUDGED);
    start(USERSPACE, POLICY("", "")); /* the old side reads it too */
    is_why(REJUDGE_NO_USERSPACE);
}

static void
alike_members_share_and_others_do_not(void)
{
    struct store_pin pin = {.slot = "config", .value = {1}, .value_len = 1};
    struct store_device second, third, fourth;

    start(POLICY("", ""), POLICY("", ""));
    second = kept_rig_member(store, 2, "c", boot(), NOW_MS + 1);
    third = kept_rig_member(store, 3, "c", kept_rig_kernel(boot(), 3), NOW_MS);
    fourth = kept_rig_member(store, 4, "c", boot(), NOW_MS);
    CHECK_EQ(store_pin_put(store, fourth.id, PINS_HELD, &pin), 0);
    CHECK_EQ(judge(&device).change, REJUDGE_SAME);
    CHECK_EQ(rejudge_shared(rejudge), 0);
    CHECK_EQ(judge(&second).change, REJUDGE_SAME);
    CHECK_EQ(rejudge_shared(rejudge), 1);
    (void)judge(&third);
    (void)judge(&fourth);
    CHECK_EQ(rejudge_shared(rejudge), 1);
    (void)judge(&fourth);
    CHECK_EQ(rejudge_shared(rejudge), 2);
}

/* An age that one side's limit tells apart is not another's. */
static void
an_age_beyond_a_limit_is_not_shared(void)
{
    struct store_device second;
    struct store_last last;

    start(POLICY("", ""), POLICY("  fresh boot 2h else fail\n", ""));
    second = kept_rig_member(store, 2, "c", boot(), NOW_MS);
    CHECK_EQ(store_last_get(store, second.id, &last), 0);
    last.boot_ms = NOW_MS - 3 * 3600000;
    CHECK_EQ(store_last_put(store, second.id, &last), 0);
    (void)changed(REJUDGE_SAME, false);
    CHECK(judge(&second).fails);
    last.arrived_ms =
        NOW_MS + 5; /* evidence that was not genuine came since: its ages are its own */
    CHECK_EQ(store_last_put(store, second.id, &last), 0);
    CHECK(!judge(&second).fails);
    CHECK_EQ(judge(&second).why, REJUDGE_NO_AGE);
}

/* That it fails by a rule is certain whatever its age is. */
static void
an_age_that_nobody_knows_hides_no_rule_that_fails(void)
{
    struct store_last last;

    start(POLICY("", ""), SB_POLICY("  fresh boot 2h else fail\n", "is off", ""));
    CHECK_EQ(store_last_get(store, device.id, &last), 0);
    last.arrived_ms = NOW_MS + 5;
    CHECK_EQ(store_last_put(store, device.id, &last), 0);
    CHECK_STR(changed(REJUDGE_WORSE, true).sides[REJUDGE_NEW].rule, "sb");
    start(POLICY("", ""), USERSPACE); /* what it cannot be judged without is told first */
    is_why(REJUDGE_NO_USERSPACE);
}

/* Who vouched for the TPM's maker did so before. */
static void
a_maker_is_known_whatever_came_since(void)
{
    struct store_last last;

    start(POLICY("", ""), POLICY("", "  rule kind : tpm.vendor is NTC\n"));
    device.tpm_vendor = 0x4e544300;
    CHECK_EQ(store_device_put(store, &device), 0);
    CHECK_EQ(store_last_get(store, device.id, &last), 0);
    last.arrived_ms = NOW_MS + 5;
    CHECK_EQ(store_last_put(store, device.id, &last), 0);
    (void)changed(REJUDGE_SAME, false);
}

/* Names of what refuses, on the new side. */
static void
caused_by(const char *names)
{
    struct rejudge_result result = changed(REJUDGE_WORSE, true);
    char all[256] = "";
    char name[REJUDGE_CAUSE_ROOM];
    size_t at = 0;

    while (
        rejudge_causes_next(&result.sides[REJUDGE_NEW].causes, ask.books[REJUDGE_NEW], &at, name)) {
        snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s;", name);
    }
    CHECK_STR(all, names);
    at = 0;
    CHECK(
        !rejudge_causes_next(&result.sides[REJUDGE_OLD].causes, ask.books[REJUDGE_OLD], &at, name));
}

static void
every_cause_is_named_and_not_the_first_alone(void)
{
    start(POLICY("", ""), SB_POLICY("  ak ecc-p256\n", "is off", ""));
    caused_by("sb;code 107;");
    start(POLICY("", ""), SB_POLICY("  fresh boot 30m else fail\n", "is off",
                                    "  rule tpm : tpm.vendor is NTC else fail\n"));
    caused_by("sb;tpm;code 112;");
    start(POLICY("", ""),
          POLICY("  fresh boot 30m else warn\n  token ttl 10m floor affirming\n", ""));
    caused_by("code 442;code 112;");
    start(POLICY("", ""), NULL);
    caused_by("code 801;");
}

#define TPM_RULE "  rule tpm : tpm.advisory not-in @tpm/high else fail\n"
#define TPM_POLICY(firmware)                     \
    POLICY("", TPM_RULE)                         \
    "set advisories tpm/high { odd-1 }\n"        \
    "advisory odd-1 {\n  vendor NTC\n"           \
    "  firmware " firmware "\n  severity high\n" \
    "  cve CVE-2099-1\n  effect \"odd\"\n}\n"

/* An advisory that newly hits a device's TPM is told, and one that does not is not. */
static void
advisories_are_of_the_tpm_that_was_quoted(void)
{
    struct store_last last;

    start(TPM_POLICY("1.0..1.9"), TPM_POLICY("1.0..7.2"));
    CHECK_EQ(changed(REJUDGE_SAME, false).sides[REJUDGE_NEW].code, REASON_TPM_ADVISORY);
    device.tpm_vendor = 0x4e544300; /* nobody had vouched for a maker */
    CHECK_EQ(store_device_put(store, &device), 0);
    CHECK_EQ(store_last_get(store, device.id, &last), 0);
    last.firmware = UINT64_C(0x0007000200030001);
    CHECK_EQ(store_last_put(store, device.id, &last), 0);
    CHECK_EQ(changed(REJUDGE_WORSE, true).sides[REJUDGE_NEW].code, REASON_TPM_ADVISORY);
    last.firmware = UINT64_C(0x0007000300000000);
    CHECK_EQ(store_last_put(store, device.id, &last), 0);
    CHECK(changed(REJUDGE_SAME, false).sides[REJUDGE_NEW].token);
}

static unsigned n_visited;

static void
visit(void *context, const struct store_device *of, const struct rejudge_result *result)
{
    CHECK(context == &n_visited && of->state != DEVICE_PENDING && result->why < REJUDGE_WHY_N);
    n_visited++;
}

/* Digest of the first event that the boot has in a slot, in SHA-256. */
static struct bytes
digest_in(enum slot slot)
{
    static struct slot_rig rig;
    struct bytes digest = BYTES_NULL;

    slot_rig_new(&rig);
    slot_rig_read(&rig, boot());
    for (size_t i = 0; !digest.p && i < rig.map.n; i++) {
        if (rig.map.events[i].slot == slot) {
            digest = rig.log.events[i].digest[event_log_bank(&rig.log, HASH_SHA256)];
        }
    }
    slot_rig_done(&rig);
    CHECK(digest.p);
    return digest;
}

/* POLICY() with PCR 9: a kernel of a release that lets an initrd be announced. */
static const char *
announcing_policy(void)
{
    static const char pcrs[] = "pcrs 0,2,4,7";
    static char text[8192];
    const char *base = POLICY("", "  rule kernel : boot.kernel one-of @os.vmlinuz\n"
                                  "  rule initrd : boot.initrd one-of @os.initrd\n"
                                  "  rule files : boot.files any count 0..99\n");
    const char *place = strstr(base, pcrs) + strlen(pcrs);
    char hex[65];

    snprintf(text, sizeof(text),
             "%.*s,9%srelease os n 1 {\n  initrd announced-by-device signed-kernel\n"
             "  vmlinuz sha256:%s\n  initrd " D("11") "\n}\n",
             (int)(place - base), base, place, hex_write(hex, digest_in(SLOT_BOOT_KERNEL)));
    return text;
}

/* The member said that it would boot this initrd, until then. */
static void
announces(const struct store_device *of, int64_t expires_ms)
{
    static struct announce message;
    struct store_announced row = {
        .component = "os", .heard_ms = NOW_MS - 5, .expires_ms = expires_ms, .reset_last = 3};
    struct wr wr = wr_init(row.body, sizeof(row.body));

    message = (struct announce){.component = bytes_str("os"),
                                .version = bytes_str("2"),
                                .n_events = 1,
                                .events = {{.pcr = 9}},
                                .life_s = 60};
    message.events[0].digests[HASH_SHA256] = digest_in(SLOT_BOOT_INITRD);
    announce_write(&wr, &message);
    row.body_len = wr_done(&wr).len;
    CHECK_EQ(store_announced_put(store, of->id, &row), 0);
}

/* The service would count it, so a test does; and only for the member that said it. */
static void
an_announcement_is_of_its_member_and_of_its_time(void)
{
    struct store_device silent;
    struct store_device late;
    struct rejudge_result result;

    start(POLICY("", ""), announcing_policy());
    silent = kept_rig_member(store, 2, "c", boot(), NOW_MS);
    late = kept_rig_member(store, 3, "c", boot(), NOW_MS);
    announces(&device, NOW_MS + 1);
    announces(&late, NOW_MS);
    result = judge(&device);
    CHECK_EQ(result.why, REJUDGE_JUDGED);
    CHECK_EQ(result.sides[REJUDGE_NEW].tier, TIER_WARNING);
    CHECK(result.sides[REJUDGE_NEW].token);
    result = judge(&silent);
    CHECK(result.fails);
    CHECK_EQ(result.sides[REJUDGE_NEW].code, REASON_INITRD_UNKNOWN);
    CHECK_EQ(rejudge_shared(rejudge), 0);
    CHECK(judge(&late).fails);
    CHECK_EQ(rejudge_shared(rejudge), 1); /* as one that said nothing */
}

static void
the_walk_counts_members_and_no_others(void)
{
    struct rejudge_walk walk = {.visit = visit, .context = &n_visited};
    struct rejudge_tally tally = {.members = 0};
    struct store_device other;

    start(POLICY("", ""), POLICY("  token ttl 10m floor affirming\n", ""));
    (void)kept_rig_member(store, 2, "c", boot(), NOW_MS);
    (void)kept_rig_member(store, 3, "gone", boot(), NOW_MS);
    other = kept_rig_member(store, 4, "c", boot(), NOW_MS);
    other.state = DEVICE_REMOVED;
    CHECK_EQ(store_device_put(store, &other), 0);
    put_device(store, 9); /* pending */
    CHECK_EQ(rejudge_walk(rejudge, &ask, &walk, &tally), 0);
    CHECK(n_visited == 3 && tally.members == 3 && tally.judged == 2 && tally.worse == 2);
    CHECK(tally.fails == 2 && tally.shared == 1 && tally.others[REJUDGE_NO_CLASS] == 1);
    CHECK_EQ(rejudge_not_judged(&tally), 1);
    walk.class_name = "gone";
    tally = (struct rejudge_tally){.members = 0};
    CHECK_EQ(rejudge_walk(rejudge, &ask, &walk, &tally), 0);
    CHECK(tally.members == 1 && tally.judged == 0);
}

static void
the_memo_keeps_what_fits_and_mixes_nothing_up(void)
{
    struct rejudge_memo *memo = rejudge_memo_new();
    struct rejudge_result result = {.change = REJUDGE_BETTER};
    uint8_t one[REJUDGE_MEMO_KEY] = {1, 2, 3};
    uint8_t two[REJUDGE_MEMO_KEY] = {1, 2, 4}; /* of the same place */

    CHECK(memo && !rejudge_memo_get(memo, one));
    rejudge_memo_put(memo, one, &result);
    CHECK_EQ(rejudge_memo_get(memo, one)->change, REJUDGE_BETTER);
    CHECK(!rejudge_memo_get(memo, two));
    result.change = REJUDGE_WORSE;
    rejudge_memo_put(memo, two, &result);
    CHECK(!rejudge_memo_get(memo, one));
    CHECK_EQ(rejudge_memo_get(memo, two)->change, REJUDGE_WORSE);
    rejudge_memo_free(memo);
    rejudge_memo_free(NULL);
    rejudge_free(NULL);
}

CHECK_MAIN(CASE(the_same_bundle_changes_nothing), CASE(a_rule_that_fails_is_the_cause),
           CASE(a_tier_too_low_for_a_token_fails), CASE(in_mode_observe_nothing_fails),
           CASE(ages_are_as_they_were_when_the_evidence_came),
           CASE(an_ak_of_no_kind_meets_no_demand),
           CASE(what_the_class_demands_of_the_ek_fails_on_both_sides),
           CASE(a_class_without_a_policy_has_its_reference_events),
           CASE(a_policy_of_its_group_judges_a_member),
           CASE(a_member_outside_of_all_groups_has_no_policy),
           CASE(a_member_without_its_class_is_not_judged),
           CASE(evidence_that_is_missing_old_or_unreadable_is_told_apart),
           CASE(a_userspace_log_is_judged_if_it_is_kept),
           CASE(alike_members_share_and_others_do_not), CASE(an_age_beyond_a_limit_is_not_shared),
           CASE(an_age_that_nobody_knows_hides_no_rule_that_fails),
           CASE(a_maker_is_known_whatever_came_since),
           CASE(every_cause_is_named_and_not_the_first_alone),
           CASE(advisories_are_of_the_tpm_that_was_quoted),
           CASE(an_announcement_is_of_its_member_and_of_its_time),
           CASE(the_walk_counts_members_and_no_others),
           CASE(the_memo_keeps_what_fits_and_mixes_nothing_up))
