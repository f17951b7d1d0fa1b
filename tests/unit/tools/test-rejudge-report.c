/* rejudge-rules, rejudge-report, rejudge-gate: how many members each rule passes and would refuse,
 * what of it is new, and what of that an operator lets pass. With a real verifier: policy_test. */
#include "rejudge/rejudge-gate.h"
#include "rejudge/rejudge-report.h"

#include <stdlib.h>

#include "lib/check.h"
#include "lib/kept-rig.h"
#include "lib/rule-play.h"
#include "lib/store-make.h"

#define NOW_MS INT64_C(1790000000000)
#define POLICY(head, sb) KEPT_RIG_POLICY(head, sb, "")

static struct store *store;
static struct rejudge_ask ask;
static struct rejudge *rejudge;
static struct rejudge_rules *rules;
static struct rejudge_tally tally;

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

/* Two members whose boots are alike, one more of a class that no policy is for. */
static void
start(const char *old, const char *new)
{
    store = check_keep(open_store(":memory:"));
    kept_rig_class(store, "c");
    kept_rig_class(store, "other");
    for (uint32_t n = 1; n <= 3; n++) {
        (void)kept_rig_member(store, n, n == 3 ? "other" : "c", boot(), NOW_MS);
    }
    ask = (struct rejudge_ask){.store = store, .now_s = NOW_MS / 1000, .since_ms = INT64_MIN};
    ask.books[REJUDGE_OLD] = old ? book(old) : NULL;
    ask.books[REJUDGE_NEW] = book(new);
    ask.alone = ask.enforced = !old; /* a report; else a gate */
    rules = check_keep(rejudge_rules_new(ask.books[REJUDGE_NEW]));
    ask.witness = rejudge_rules_see;
    ask.witness_context = rules;
    rejudge = check_keep(rejudge_new(&ask));
}

static void
walk(void)
{
    const struct rejudge_walk all = {.visit = rejudge_rules_visit, .context = rules};

    tally = (struct rejudge_tally){.members = 0};
    CHECK_EQ(rejudge_walk(rejudge, &ask, &all, &tally), 0);
}

static const struct rejudge_rule_count *
rule(const char *id)
{
    const struct bundle *bundle = rulebook_bundle(ask.books[REJUDGE_NEW]);

    for (size_t i = 0; i < bundle->n_rules; i++) {
        if (bytes_equal(bundle->rules[i].id, bytes_str(id))) {
            return rejudge_rules_rule(rules, i);
        }
    }
    check_fail(__FILE__, __LINE__, "no rule %s", id);
    abort();
}

static const struct rejudge_rule_count *
code(size_t policy, size_t i)
{
    CHECK(i < rejudge_rules_policy(rules, policy)->n_codes);
    return &rejudge_rules_policy(rules, policy)->codes[i];
}

static void
each_member_is_counted_once_in_each_rule(void)
{
    start(NULL, POLICY("", "is off"));
    (void)kept_rig_member(store, 4, "c", kept_rig_kernel(boot(), 9), NOW_MS);
    walk();
    CHECK(rule("sb")->failed == 3 && rule("sb")->passed == 0 && rule("sb")->newly == 3);
    CHECK(rule("k")->passed == 3 && rule("k")->failed + rule("k")->warned + rule("k")->noted == 0);
    CHECK_EQ(rule("k")->code, REASON_NONE);
    CHECK_EQ(rule("images")->warned, 3); /* `any` on code: 442 */
    CHECK_EQ(rule("images")->code, REASON_UNPINNED_CODE);
    CHECK(rejudge_rules_members(rules) == 3 && rejudge_rules_failed(rules) == 3);
    CHECK_EQ(rejudge_rules_policy(rules, REJUDGE_NO_POLICY)->members, 1);
    CHECK(tally.members == 4 && tally.same == 4 && tally.fails == 0);
    CHECK_EQ(rejudge_shared(rejudge), 0); /* each is looked at */
}

/* In mode observe a rule fails as well, and refuses nobody: a report says whom it would. */
static void
observed_failures_are_counted_and_are_not_new(void)
{
    start(NULL, POLICY("  mode observe\n", "is off"));
    walk();
    CHECK(rule("sb")->failed == 2 && rejudge_rules_failed(rules) == 2);
    start(POLICY("", "any"), POLICY("  mode observe\n", "is off"));
    walk();
    CHECK(rule("sb")->failed == 2 && rule("sb")->newly == 0);
    CHECK_EQ(rejudge_rules_failed(rules), 0);
}

static void
what_failed_before_is_not_new(void)
{
    start(POLICY("", "is off"), POLICY("  token ttl 10m\n", "is off"));
    walk();
    CHECK(rule("sb")->failed == 2 && rule("sb")->newly == 0);
    start(POLICY("", "any"), POLICY("", "is off"));
    walk();
    CHECK_EQ(rule("sb")->newly, 2);
    start(POLICY("  mode observe\n", "is off"), POLICY("", "is off"));
    walk();
    CHECK_EQ(rule("sb")->newly, 2); /* it refused nobody */
}

/* What one member failed by before is not another's. */
static void
what_failed_before_is_a_members_own(void)
{
    struct store_evidence evidence;
    struct store_device second;

    start(POLICY("", "is off"), POLICY("", "is off"));
    second = kept_rig_member(store, 5, "other", boot(), NOW_MS);
    CHECK_EQ(store_evidence_get(store, second.id, &evidence), 0);
    ask.books[REJUDGE_OLD] = book("policy p version 1 schema 1 {\n  applies class in { x }\n"
                                  "  quote sha256 pcrs 11\n"
                                  "  rule phase : os.phase sequence enter-initrd prefix-ok\n}\n");
    rejudge_free(rejudge);
    rejudge = check_keep(rejudge_new(&ask));
    walk();
    CHECK_EQ(rule("sb")->newly, 2); /* reference events judged them before: no rule did */
}

/* Events that no rule claims are counted beside the rules. */
static void
what_no_rule_says_is_counted_too(void)
{
    start(NULL, "policy p version 1 schema 1 {\n  applies class in { c }\n"
                "  quote sha256 pcrs 0,2,4\n  rule fw : firmware any\n"
                "  rule optrom : driver any count 0..9\n  rule images : boot.images any\n}\n");
    walk();
    CHECK(rejudge_rules_policy(rules, 0)->n_codes == 1 && code(0, 0)->failed == 2);
    CHECK_EQ(code(0, 0)->newly, 2);
    CHECK_EQ(code(0, 0)->code, REASON_EVT_UNCLAIMED);
    CHECK_EQ(rejudge_rules_failed(rules), 2);
    start(NULL, POLICY("", "any"));
    walk();
    CHECK(rejudge_rules_policy(rules, 0)->n_codes == 0 && rejudge_rules_failed(rules) == 0);
}

static void
rules_of_the_list_are_left_out_and_others_are_not(void)
{
    start(NULL, "policy p version 1 schema 1 {\n  applies class in { c }\n"
                "  quote sha256 pcrs 0,2,4,10\n  rule fw : firmware any\n"
                "  rule version : crtm.version any\n"
                "  rule optrom : driver any count 0..9\n  rule images : boot.images any\n"
                "  rule ima : ima policy ima/x\n}\n"
                "ima x {\n  pcr 10\n  allow digest @imas\n  unknown fail\n}\n"
                "set digests imas { " D("aa") "}\n");
    walk();
    CHECK(rule("ima")->left_out == 2 && rule("ima")->failed == 0);
    CHECK(rule("version")->passed == 2 && rejudge_rules_failed(rules) == 0);
    CHECK_EQ(tally.others[REJUDGE_NO_IMA], 2);
}

static char *
report(bool json)
{
    struct rejudge_report how = {.json = json};
    char *said = NULL;
    size_t len = 0;

    how.out = open_memstream(&said, &len);
    rejudge_report_say(&how, rules, &tally);
    CHECK_EQ(fclose(how.out), 0);
    return check_keep(said);
}

static void
has(const char *said, const char *text)
{
    if (!strstr(said, text)) {
        check_fail(__FILE__, __LINE__, "no \"%s\" in: %s", text, said);
    }
}

static void
people_read_a_line_a_rule(void)
{
    char *said;

    start(NULL, POLICY("  mode observe\n", "is off"));
    (void)kept_rig_member(store, 9, "gone", boot(), NOW_MS);
    walk();
    said = report(false);
    has(said, "policy p version 1 (observe): 2 devices, 2 would fail\n");
    has(said, "\nsb       secureboot      0     0     0     2     401 SB_OFF  as 00000001");
    has(said, "\nk        sb.db           2     0     0     0\n");
    has(said, "4 members: 2 judged by a policy, 2 would fail; 1 have none\n");
    has(said, "  1 not judged: ");
    has(said, "\nno policy, reference events: 1 devices, 1 would fail\n");
    has(said, "\ncode 803  -     0     0     0     1     REFSET_EMPTY  as 00000003\n");
    CHECK(!strstr(said, "code 2"));
}

static void
programs_read_the_same(void)
{
    char *said;

    start(NULL, POLICY("", "is off"));
    walk();
    said = report(true);
    has(said, "{\"policies\":[{\"policy\":\"p\",\"version\":1,\"mode\":\"enforce\",\"devices\":2,"
              "\"fails\":2,\"rules\":[{\"rule\":\"fw\",\"slot\":\"firmware\",\"pass\":0,");
    has(said, "{\"rule\":\"sb\",\"slot\":\"secureboot\",\"pass\":0,\"note\":0,\"warn\":0,"
              "\"fail\":2,\"not_judged\":0,\"code\":401,\"name\":\"SB_OFF\",\"device\":\"0100");
    has(said, "\"pass\":2,\"note\":0,\"warn\":0,\"fail\":0,\"not_judged\":0,\"code\":0,"
              "\"name\":null,\"device\":null}");
    has(said, "],\"no_policy\":{\"devices\":1,\"fails\":1,\"rules\":[{\"rule\":null,\"slot\":null,"
              "\"pass\":0,\"note\":0,\"warn\":0,\"fail\":1,\"not_judged\":0,\"code\":803,"
              "\"name\":\"REFSET_EMPTY\",\"device\":\"0100");
    has(said, "]},\"counts\":{\"members\":3,\"judged\":2,\"fails\":2,\"no_policy\":1,\"why\":{");
}

/* ---- the gate ---- */

/* How many rules stand against it, and what is told of them. */
static size_t
gate(const char *acknowledged, uint32_t share, char **ret_said)
{
    const struct rejudge_gate how = {.acknowledged = acknowledged, .share = share};
    size_t len = 0;
    FILE *out = open_memstream(ret_said, &len);
    size_t n = rejudge_gate_count(&how, rules, out);

    CHECK_EQ(fclose(out), 0);
    check_keep(*ret_said);
    return n;
}

static void
one_device_is_enough_to_stand_against_it(void)
{
    char *said;

    start(POLICY("", "any"), POLICY("", "any"));
    walk();
    CHECK_EQ(gate(NULL, 0, &said), 0);
    CHECK_STR(said, "");
    start(POLICY("", "any"), POLICY("", "is off"));
    walk();
    CHECK_EQ(gate(NULL, 0, &said), 1);
    CHECK_STR(said, "assay: rule sb would newly refuse 2 of 2 devices: 401 SB_OFF, as 00000001\n");
}

static void
what_was_refused_before_does_not_stand_against_it(void)
{
    char *said;

    start(POLICY("", "is off"), POLICY("", "is off"));
    walk();
    CHECK_EQ(gate(NULL, 0, &said), 0);
    start(POLICY("", "any"), POLICY("  mode observe\n", "is off")); /* nobody is refused by it */
    walk();
    CHECK_EQ(gate(NULL, 0, &said), 0);
    start(POLICY("  mode observe\n", "is off"), POLICY("", "is off")); /* now they are */
    walk();
    CHECK_EQ(gate(NULL, 0, &said), 1);
}

static void
a_rule_that_was_acknowledged_does_not_and_another_does(void)
{
    char *said;

    start(POLICY("", "any"), POLICY("", "is off"));
    walk();
    CHECK_EQ(gate("sb", 0, &said), 0);
    has(said,
        "rule sb would newly refuse 2 of 2 devices: 401 SB_OFF, as 00000001 (acknowledged)\n");
    CHECK_EQ(gate("fw,sb", 0, &said), 0);
    CHECK_EQ(gate("fw,sbx,s,sb2", 0, &said), 1);
    CHECK_EQ(gate("", 0, &said), 1);
}

static void
a_share_that_all_exceed_lets_nobody_pass(void)
{
    char *said;

    start(POLICY("", "any"), POLICY("", "is off"));
    walk();
    CHECK_EQ(gate(NULL, 99, &said), 1);
    CHECK_EQ(gate(NULL, 100, &said), 0);
}

#define UNCLAIMED                                               \
    "policy p version 1 schema 1 {\n  applies class in { c }\n" \
    "  quote sha256 pcrs 0,2,4\n  rule fw : firmware any\n"     \
    "  rule optrom : driver any count 0..9\n  rule images : boot.images any\n}\n"

/* A text that newly refuses both members without a rule is named so, and is acknowledged by it. */
static void
stands_as(const char *old, const char *new, const char *name, const char *told)
{
    char *said;

    start(old, new);
    walk();
    CHECK(tally.fails == 2 && gate(NULL, 0, &said) > 0);
    has(said, told);
    CHECK(gate("fw,sb,code 999", 0, &said) > 0);
    CHECK_EQ(gate(name, 0, &said), 0);
    has(said, " (acknowledged)\n");
}

static void
what_no_rule_says_has_its_code_for_a_name(void)
{
    stands_as(POLICY("", "any"), UNCLAIMED, "code 205",
              "assay: code 205 would newly refuse 2 of 2 devices: EVT_UNCLAIMED, as 00000001\n");
    stands_as(POLICY("", "any"), POLICY("  token ttl 10m floor affirming\n", "any"), "code 442",
              "assay: code 442 would newly refuse 2 of 2 devices: UNPINNED_CODE, as 00000001\n");
    stands_as(POLICY("", "any"), POLICY("  ak ecc-p256\n", "any"), "code 107",
              "assay: code 107 would newly refuse 2 of 2 devices: QUOTE_ALG");
    stands_as(POLICY("", "any"), POLICY("  fresh boot 30m else fail\n", "any"), "code 112",
              "assay: code 112 would newly refuse 2 of 2 devices: EVIDENCE_STALE");
    stands_as(POLICY("  mode observe\n", "any"),
              POLICY("  mode observe\n  token ttl 10m floor affirming\n", "any"),
              "code 442,code 807",
              "assay: code 807 would newly refuse 2 of 2 devices: MODE_OBSERVE");
}

#define OF_OTHERS                                               \
    "policy q version 1 schema 1 {\n  applies class in { x }\n" \
    "  quote sha256 pcrs 0,2,4\n  rule fw : firmware any\n"     \
    "  rule optrom : driver any count 0..9\n  rule images : boot.images any\n}\n"

/* The third member's class never had one. */
static void
a_class_that_loses_its_policy_is_told(void)
{
    char *said;

    start(POLICY("", "any"), OF_OTHERS);
    walk();
    CHECK(tally.fails == 2 && rejudge_rules_members(rules) == 0);
    CHECK_EQ(gate(NULL, 0, &said), 1);
    CHECK_STR(said,
              "assay: code 801 would newly refuse 2 of 3 devices: POLICY_MISSING, as 00000001\n");
    CHECK_EQ(gate("code 801", 0, &said), 0);
    CHECK_EQ(gate(NULL, 67, &said), 0);
    CHECK_EQ(gate(NULL, 66, &said), 1);
}

/* What refused before, under whatever bundle, is nothing new. */
static void
a_code_that_refused_before_does_not_stand_against_it(void)
{
    char *said;

    start(POLICY("  ak ecc-p256\n", "any"), POLICY("  ak ecc-p256\n  token ttl 10m\n", "any"));
    walk();
    CHECK_EQ(code(0, 0)->failed, 2);
    CHECK_EQ(gate(NULL, 0, &said), 0);
    start(OF_OTHERS, OF_OTHERS);
    walk();
    CHECK_EQ(gate(NULL, 0, &said), 0);
}

/* A report counts them too, of whom a rule is said to refuse none. */
static void
a_report_counts_who_is_refused_by_no_rule(void)
{
    char *said;
    struct store_class row;

    start(NULL, POLICY("  mode observe\n  token ttl 10m floor affirming\n  ak ecc-p256\n", "any"));
    CHECK_EQ(store_class_get(store, "c", &row), 0);
    row.need_ek_chain = true;
    CHECK_EQ(store_class_put(store, &row), 0);
    walk();
    said = report(false);
    has(said, "policy p version 1 (observe): 2 devices, 2 would fail\n");
    has(said, "\ncode 107  -               0     0     0     2     QUOTE_ALG  as 00000001\n");
    has(said, "\ncode 706  -               0     0     0     2     EK_UNTRUSTED  as 00000001\n");
    start(NULL, POLICY("  token ttl 10m floor affirming\n", "any"));
    walk();
    CHECK(rejudge_rules_failed(rules) == 2 && rule("images")->failed == 0);
    CHECK_EQ(code(0, 0)->code, REASON_UNPINNED_CODE);
}

/* ---- names ---- */

static void
words_of_a_list_are_whole(void)
{
    CHECK(rejudge_cause_among("a,bc", bytes_str("a")) &&
          rejudge_cause_among("a,bc", bytes_str("bc")));
    CHECK(!rejudge_cause_among("a,bc", bytes_str("b")) &&
          !rejudge_cause_among("a,bc", bytes_str("c")));
    CHECK(!rejudge_cause_among("a,bc", bytes_str("a,bc")) &&
          !rejudge_cause_among(NULL, BYTES_NULL));
    CHECK(!rejudge_cause_among("a,", BYTES_NULL) && !rejudge_cause_among("", BYTES_NULL));
}

/* Is the list good? What is told of it. */
static bool
list_good(const char *list, char **ret_said)
{
    size_t len = 0;
    FILE *out = open_memstream(ret_said, &len);
    bool good = rejudge_cause_list_good(list, book(POLICY("", "any")), out);

    CHECK_EQ(fclose(out), 0);
    check_keep(*ret_said);
    return good;
}

static void
a_name_that_nothing_has_is_refused_with_what_there_is(void)
{
    static const char *const bad[] = {"fw,none,sb", "fw,",       "",          "code 999", "code 0",
                                      "code 0801",  "code 801x", "code  801", "801",      "code ",
                                      "code -801",  " sb",       "(no rule)"};
    char *said;

    CHECK(list_good(NULL, &said) && list_good("fw,sb", &said));
    CHECK(list_good("code 801,sb,code 205", &said));
    CHECK_STR(said, "");
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        CHECK(!list_good(bad[i], &said));
    }
    CHECK(!list_good("fw,ch\x1bx", &said));
    CHECK_STR(said, "assay: --acknowledge: no rule and no code is called \"ch\\x1bx\"; rules: fw, "
                    "version, optrom, images, sb, a, b, k, d, e, f, g; codes are written as `code "
                    "801`\n");
}

/* One that is left is enough: neither the first cause nor the others speak for it. */
static void
all_causes_are_acknowledged_or_none_is(void)
{
    struct rejudge_causes causes = {.n_codes = 2, .codes = {205, 801}, .rules = {0x11}};
    const struct rulebook *of = book(POLICY("", "any"));
    char name[REJUDGE_CAUSE_ROOM];
    size_t at = 0;

    CHECK(rejudge_causes_next(&causes, of, &at, name) && strcmp(name, "fw") == 0);
    CHECK(rejudge_causes_next(&causes, of, &at, name) && strcmp(name, "sb") == 0);
    CHECK(rejudge_causes_next(&causes, of, &at, name) && strcmp(name, "code 205") == 0);
    CHECK(rejudge_causes_next(&causes, of, &at, name) && strcmp(name, "code 801") == 0);
    CHECK(!rejudge_causes_next(&causes, of, &at, name));
    CHECK(rejudge_causes_among(&causes, of, "code 801,fw,code 205,sb"));
    CHECK(!rejudge_causes_among(&causes, of, "code 801,fw,sb"));
    CHECK(!rejudge_causes_among(&causes, of, "code 801,code 205,fw"));
    CHECK(!rejudge_causes_among(&causes, of, NULL));
    causes.more = true; /* nobody knows by what */
    CHECK(!rejudge_causes_among(&causes, of, "code 801,fw,code 205,sb"));
    causes = (struct rejudge_causes){.policy = REJUDGE_NO_POLICY};
    CHECK(!rejudge_causes_among(&causes, of, "fw"));
}

CHECK_MAIN(CASE(each_member_is_counted_once_in_each_rule),
           CASE(observed_failures_are_counted_and_are_not_new), CASE(what_failed_before_is_not_new),
           CASE(what_failed_before_is_a_members_own), CASE(what_no_rule_says_is_counted_too),
           CASE(rules_of_the_list_are_left_out_and_others_are_not), CASE(people_read_a_line_a_rule),
           CASE(programs_read_the_same), CASE(one_device_is_enough_to_stand_against_it),
           CASE(what_was_refused_before_does_not_stand_against_it),
           CASE(a_rule_that_was_acknowledged_does_not_and_another_does),
           CASE(a_share_that_all_exceed_lets_nobody_pass),
           CASE(what_no_rule_says_has_its_code_for_a_name),
           CASE(a_class_that_loses_its_policy_is_told),
           CASE(a_code_that_refused_before_does_not_stand_against_it),
           CASE(a_report_counts_who_is_refused_by_no_rule), CASE(words_of_a_list_are_whole),
           CASE(a_name_that_nothing_has_is_refused_with_what_there_is),
           CASE(all_causes_are_acknowledged_or_none_is))
