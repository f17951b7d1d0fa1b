/* The compiler: what it makes of a policy, and what it says of a wrong one, with line and column.
 */
#include <stdio.h>
#include <stdlib.h>

#include "lib/check.h"
#include "lib/policy-mistake.h"
#include "lib/policy-text.h"

#define RULE_AT 12 /* column of the slot in "  rule x : " */

static void
a_whole_policy_compiles(void)
{
    CHECK_EQ(policy_text(POLICY_HEAD POLICY_RULES POLICY_TAIL), 0);
    CHECK_EQ(policy_said.n, 0);
    CHECK_EQ(policy_bundle.n_policies, 1);
    CHECK_EQ(policy_bundle.n_rules, 3);
    CHECK_EQ(policy_bundle.rules[0].flags, RULE_WHOLE);
    CHECK_EQ(policy_bundle.rules[0].count_min, 1);
    CHECK_EQ(policy_bundle.rules[0].count_max, LIMIT_EVENTS);
    CHECK_EQ(policy_bundle.policies[0].quote.mask, 0x3ff);
    CHECK_EQ(policy_bundle.n_releases, 2);
    CHECK(bundle_set_named(&policy_bundle, bytes_str("os.kernel")) != BUNDLE_NONE);
    CHECK(bundle_set_named(&policy_bundle, bytes_str("fw/t14")) != BUNDLE_NONE);
}

static void
words_that_come_near_are_offered(void)
{
    static const struct mistake mistakes[] = {
        {WITH("  rule x : frimware device-pin"), 4, RULE_AT, "did you mean firmware?"},
        {WITH("  rule x : config device-pni"), 4, 19, "did you mean device-pin?"},
        {WITH("  rule x : boot.kernel one-of @os.kernal"), 4, 31, "did you mean os.kernel?"},
        {WITH("  rule x : gpt device-pin claim os.kernl"), 4, 33, "did you mean os.kernel?"},
        {WITH("  rul x : gpt device-pin"), 4, 3, "did you mean rule?"},
        {WITH("  mod enforce"), 4, 3, "did you mean mode?"},
        {"polcy x {\n}\n", 1, 1, "did you mean policy?"},
        {WITH("  extends lap version 1"), 4, 11, "no policy of this name above"},
        {WITH("  rule x : boot.cmdline tokens @cmdline/lapto"), 4, 32, "@cmdline/laptop?"},
        {WITH("  rule x : boot.script commands @grubcmd/debain"), 4, 33, "@grubcmd/debian?"},
        {WITH("  rule x : ima policy ima/cop"), 4, 23, "did you mean ima/corp?"},
        {"set cert x { }\n", 1, 5, "did you mean certs?"},
        {"release os c 1 { cmdline lap }\ncmdline laq { require ro }\n", 1, 26, "laq?"},
        {"set certs x { ms-20 }\ncert ms-21 " POLICY_DIGEST "\n", 1, 15, "ms-21?"},
    };

    EACH(mistakes)
}

static void
text_is_read_only_where_a_digest_vouches_for_it(void)
{
    static const struct mistake mistakes[] = {
        {WITH("  rule x : boot.kernel match \"/vmlinuz*\""), 4, 24, "no digest vouches"},
        {WITH("  rule x : boot.images tokens @cmdline/laptop"), 4, 24, "no digest vouches"},
        {WITH("  rule x : driver commands @grubcmd/debian"), 4, 19, "allowed: one-of, sequence"},
        {WITH("  rule x : sb.db one-of @os.kernel"), 4, 18, "does not fit sb.db; allowed: equals"},
        {WITH("  rule x : rtm device-pin"), 4, 16, "does not fit rtm; allowed: is"},
        {WITH("  rule x : secureboot match \"on\""), 4, 23, "does not fit secureboot"},
    };

    EACH(mistakes)
}

static void
rules_that_cannot_matter_are_refused(void)
{
    static const struct mistake mistakes[] = {
        {WITH("  rule fw : gpt device-pin"), 5, 8, "a rule of this name stands above"},
        {WITH("  rule x : driver device-pin"), 6, 8, "asks the same of the same slot as x"},
        {WITH("  rule x : boot.images any"), 4, 8, "allows all, which says nothing beside chain"},
        {WITH("  rule x : driver forbid"), 6, 8, "forbidden by x"},
        {BARE("  applies class in { a } \n  quote sha256 pcrs 0-6,8,9\n  rule x : mok device-pin"),
         6, 8, "never reached"},
        {WITH("  rule x : uki device-pin"), 4, 8, "the quote names no PCR of its slot"},
    };

    EACH(mistakes)
}

static void
what_must_be_there_is_missed(void)
{
    static const struct mistake mistakes[] = {
        {"policy x { applies class in { a }\n rule s : secureboot is on\n}\n", 1, 8, "no quote"},
        {POLICY_HEAD POLICY_TAIL, 1, 8, "without rules"},
        {POLICY_HEAD "  rule rom : driver device-pin\n" POLICY_TAIL, 1, 8, "may be in firmware"},
        {"policy x { applies class in { a }\n profile uboot-bootm\n quote sha256 pcrs 8\n"
         " rule s : boot.script any\n}\n",
         1, 8, "may be in boot.kernel"},
        {"", 1, 1, "no policy"},
        {"policy x {\n", 2, 1, "} is wanted here, not the end of the file"},
    };

    EACH(mistakes)
}

#define BAD "set digests bad { " POLICY_DIGEST " }\n"
#define NEEDED(rules) POLICY_HEAD "  rule fw : firmware any\n  rule rom : driver any\n" rules

/* A rule that only denies, or asks for a floor, does not say what may run. */
static void
what_only_denies_is_no_needed_rule(void)
{
    static const struct mistake mistakes[] = {
        {NEEDED("  rule x : boot.images not-in @bad\n") POLICY_TAIL BAD, 1, 8, "in boot.images"},
        {NEEDED("  rule x : boot.images at-least floor(fw)\n") POLICY_TAIL, 1, 8, "in boot.images"},
        {"policy x { applies class in { a }\n profile uboot-bootm\n quote sha256 pcrs 8\n"
         " rule s : boot.kernel not-in @bad\n}\n" BAD,
         1, 8, "in boot.kernel"},
    };

    EACH(mistakes)
    CHECK_EQ(policy_text(NEEDED("  rule x : boot.images not-in @bad\n  rule y : boot.images one-of "
                                "@os.shim\n") POLICY_TAIL BAD),
             0);
}

static void
what_allows_nothing_by_itself_is_noted(void)
{
    CHECK_EQ(policy_text(WITH("  rule x : boot.initrd not-in @bad") BAD), 0);
    CHECK_EQ(policy_said.n, 1);
    CHECK(policy_said.items[0].note && policy_said.items[0].line == 4);
    CHECK(strstr(policy_said.items[0].text, "205") != NULL);
    CHECK_EQ(policy_text(WITH("  rule x : boot.initrd at-least floor(fw)")), 0);
    CHECK_EQ(policy_said.n, 1);
    CHECK_EQ(policy_text(
                 WITH("  rule x : boot.initrd not-in @bad\n  rule y : boot.initrd device-pin") BAD),
             0);
    CHECK_EQ(policy_said.n, 0);
    CHECK_EQ(policy_text(WITH("  rule x : tpm.advisory not-in @adv/high")), 0);
    CHECK_EQ(policy_said.n, 1); /* of advisories, which are not there */
    CHECK_EQ(policy_text("policy base { rule x : boot.images not-in @bad\n}\n" BAD), 0);
    CHECK_EQ(policy_said.n, 0); /* a base is not applied: who extends it says what may run */
}

static void
any_on_code_is_marked_and_noted(void)
{
    CHECK_EQ(policy_text(WITH("  rule x : boot.files any")), 0);
    CHECK_EQ(policy_said.n, 1);
    CHECK(policy_said.items[0].note);
    CHECK(strstr(policy_said.items[0].text, "442") != NULL);
    CHECK_EQ(policy_bundle.rules[0].flags, RULE_UNPINNED);
    CHECK_EQ(policy_text(WITH("  rule x : boot.vars any")), 0);
    CHECK_EQ(policy_said.n, 0);
    CHECK_EQ(policy_bundle.rules[0].flags, 0);
}

static void
arguments_are_checked(void)
{
    static const struct mistake mistakes[] = {
        {WITH("  rule x : sb.db equals @os.kernel"), 4, 25, "with a set of digests"},
        {WITH("  rule x : mok one-of @sb/db"), 4, 23, "with a set of certs"},
        {WITH("  rule x : mok one-of sb/db"), 4, 23, "a set such as @sb/db"},
        {WITH("  rule x : boot.kernel one-of @os.kernel#2"), 4, 31, "the set has version 1"},
        {WITH("  rule x : boot.kernel one-of @os.kernel#"), 4, 31, "the set has version 1"},
        {WITH("  rule x : boot.kernel one-of @os.kernel#1x"), 4, 31, "the set has version 1"},
        {WITH("  rule x : boot.kernel one-of @os.kernel#4294967297"), 4, 31, "has version 1"},
        {WITH("  rule x : boot.kernel one-of @os.kernel #1"), 4, 42, "a comment begins here"},
        {WITH("  rule x : boot.preos sequence @os.kernel{1..2} #1"), 4, 49, "a comment begins"},
        {WITH("  rule x : sb.sbat at-least 9223372036854775808"), 4, 29, "a number from 1 on"},
        {WITH("  rule x : sb.sbat at-least 18446744073709551620"), 4, 29, "a number from 1 on"},
        {WITH("  rule x : gpt device-pin count 0..4294967297"), 4, 33, "at most 4096"},
        {WITH("  rule x : boot.preos sequence @os.kernel{0..4294967297}"), 4, 32, "{1..2}"},
        {WITH("  rule x : boot.preos sequence @os.kernel{2..1}"), 4, 32, "{1..2}"},
        {WITH("  rule x : boot.preos sequence @os.kernel{0..0}"), 4, 32, "{1..2}"},
        {WITH("  rule x : boot.preos sequence @os.kernel{1..65}"), 4, 32, "at most 64"},
        {WITH("  rule x : boot.preos sequence"), 4, 31, "a set or a word is wanted"},
        {WITH("  rule x : boot.kernel at-least floor(oz)"), 4, 33, "active or retiring release"},
        {WITH("  rule x : boot.kernel at-least floor(os)"), 4, 33, "has an svn"},
        {WITH("  rule x : boot.kernel at-least 0"), 4, 33, "a number from 1 on"},
        {WITH("  rule x : boot.kernel at-least 7"), 4, 33, "a level is sb.sbat's"},
        {WITH("  rule x : boot.kernel at-least sbat:7"), 4, 33, "a level is sb.sbat's"},
        {WITH("  rule x : sb.sbat at-least floor(fw)"), 4, 29, "sb.sbat has a level"},
        {WITH("  rule x : boot.kernel at-least floor(fw,x)"), 4, 33, "floor(COMPONENT)"},
        {WITH("  rule x : boot.kernel at-least floor(f{,7)"), 4, 33, "that of a component"},
        {WITH("  rule x : sb.sbat at-least sbat:8"), 4, 29, "no set of this name"},
        {WITH("  rule x : sb.sbat at-least sbat:07") "set sbat sbat:07 { shim 4 }\n", 4, 29,
         "a level is a number"},
        {WITH("  rule x : gpt device-pin count 2..1"), 4, 33, "a count is written a..b"},
        {WITH("  rule x : gpt device-pin count 1..5000"), 4, 33, "at most 4096"},
        {WITH("  rule x : gpt device-pin whole"), 4, 27, "count, same-release, else or claim"},
        {WITH("  rule x : mok one-of @os.shim same-release"), 4, 32, "mok has no release"},
        {WITH("  rule x : boot.files one-of @os.shim whole or-pin 2"), 4, 45, "exclude"},
        {WITH("  rule x : boot.files one-of @os.shim or-pin 65"), 4, 46, "from 1 to 64"},
        {WITH("  rule x: gpt device-pin"), 4, 11, ": is wanted here"},
        {WITH("  rule x gpt device-pin"), 4, 10, ": is wanted here"},
    };

    EACH(mistakes)
}

/* 2^32 + 4 was 4, so that a floor which nobody could meet became one that everybody met. */
static void
numbers_do_not_wrap(void)
{
    CHECK_EQ(policy_text(WITH("  rule x : sb.sbat at-least 4294967300")), 0);
    CHECK(policy_bundle.args[policy_bundle.rules[0].first_arg].number == UINT64_C(4294967300));
    CHECK_EQ(policy_text(WITH("  rule x : boot.kernel at-least floor(fw,4294967300)")), 0);
    CHECK(policy_bundle.args[policy_bundle.rules[0].first_arg].number == UINT64_C(4294967300));
    CHECK_EQ(
        policy_text(WITH(
            "  rule x : boot.kernel at-least floor(big)") "release big a 1 { svn "
                                                          "9223372036854775807 k " POLICY_DIGEST
                                                          " }\n"),
        0);
    CHECK(policy_bundle.args[policy_bundle.rules[0].first_arg].number == INT64_MAX);
    CHECK_EQ(policy_text(WITH("  rule x : boot.kernel at-least floor(fw,9223372036854775807)")), 0);
    CHECK(policy_bundle.args[policy_bundle.rules[0].first_arg].number == INT64_MAX);
    CHECK_EQ(policy_text(WITH(
                 "  rule x : boot.files one-of @v#4294967295") "set digests v version 4294967295 "
                                                               "{ " POLICY_DIGEST " }\n"),
             0);
    CHECK_EQ(policy_text(WITH("  rule x : boot.files one-of @os.kernel # 1 of many")), 0);
}

/* A claim is told to whoever trusts the token: settings must not speak for Secure Boot. */
static void
a_slot_tells_its_own_claims(void)
{
    static const struct mistake mistakes[] = {
        {WITH("  rule x : boot.vars any claim secureboot"), 4, 32, "told by rules of secureboot"},
        {WITH("  rule x : boot.files one-of @os.shim claim os.kernel"), 4, 45,
         "rules of boot.images, boot.kernel, uki"},
        {WITH("  rule x : gpt device-pin claim tpm.vendor"), 4, 33, "by the service itself"},
        {WITH("  rule x : rtm is hw claim ek.chain"), 4, 28, "by the service itself"},
        {WITH("  rule x : sb.db includes @sb/db claim dbx.level"), 4, 40, "rules of sb.dbx"},
        {WITH("  rule x : rtm is hw claim"), 4, 27, "no claim of this name"},
        {WITH("  rule x : tpm.kind is discrete"), 4, 24, "that it is hardware"},
        {WITH("  rule x : tpm.vendor is infineon"), 4, 26, "such as IFX or STM"},
        {WITH("  rule x : tpm.vendor is 0x49465800"), 4, 26, "such as IFX or STM"},
        {WITH("  rule x : tpm.kind is"), 4, 23, "that it is hardware"},
        {WITH("  rule x : rtm is hw claim \"rtm\""), 4, 28, "no claim of this name"},
    };
    static const char *const good[] = {
        WITH("  rule x : secureboot is on claim secureboot"),
        WITH("  rule x : boot.script commands @grubcmd/debian claim boot.script.digest"),
        WITH("  rule x : tpm.advisory not-in @adv/high claim tpm.cves"),
        WITH("  rule x : rtm is hw claim rtm"),
        WITH("  rule x : boot.kernel one-of @os.kernel claim os.release.state"),
    };

    EACH(mistakes)
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        CHECK_EQ(policy_text(good[i]), 0);
        CHECK(policy_bundle.rules[0].claim.len > 0);
    }
}

static void
spans_need_a_day_to_count_from(void)
{
    static const struct mistake mistakes[] = {
        {WITH("  rule x : sb.db includes @sb/db else warn for 9d then fail"), 4, 44, "published"},
        {WITH("  rule x : sb.db includes @sb/new else fail for 9d then fail"), 4, 45, "worse"},
        {WITH("  rule x : sb.db includes @sb/new else warn for 9 then fail"), 4, 49, "14d"},
        {WITH("  rule x : sb.db includes @sb/new else warn for 9d fail"), 4, 52, "then"},
        {WITH("  rule x : sb.db includes @sb/new else wran"), 4, 40, "fail, warn or note"},
    };

    EACH(mistakes)
    CHECK_EQ(policy_text(WITH("  rule x : sb.db includes @sb/new else warn for 9d then fail")), 0);
    CHECK_EQ(policy_bundle.rules[0].for_s, 9 * 86400);
    CHECK_EQ(policy_bundle.rules[0].otherwise, EFFECT_WARN);
    CHECK_EQ(policy_bundle.rules[0].then_effect, EFFECT_FAIL);
}

/* A note changes no tier, so it would let pass unknown code that `any` caps at a warning. */
static void
unknown_code_is_never_a_note(void)
{
    static const struct mistake mistakes[] = {
        {WITH("  rule x : boot.files one-of @os.shim else note"), 4, 44, "carries code"},
        {WITH("  rule x : boot.initrd any else note"), 4, 33, "fail or warn"},
        {WITH("  rule x : boot.images not-in @os.shim else note"), 4, 45, "carries code"},
        {WITH("  rule x : boot.preos forbid else note"), 4, 35, "carries code"},
        {WITH("  rule x : boot.script commands @grubcmd/debian else note"), 4, 54, "carries code"},
        {WITH("  rule x : firmware at-least floor(fw) else note for 3d then warn"), 4, 45, "code"},
        {"policy base {\n  rule x : uki device-pin else note\n}\n", 2, 32, "uki carries code"},
    };

    EACH(mistakes)
    CHECK_EQ(policy_text(WITH("  rule x : boot.files one-of @os.shim else warn")), 0);
    CHECK_EQ(policy_text(WITH("  rule x : gpt device-pin else note")), 0);
    CHECK_EQ(policy_bundle.rules[0].otherwise, EFFECT_NOTE);
}

static void
bytes_that_nobody_can_print_are_refused(void)
{
    static const struct mistake mistakes[] = {
        {WITH("  rule \xc3\xa4 : gpt any"), 4, 8, "byte c3: only printable ASCII"},
        {WITH("  rule x : boot.cmdline match \"a"), 4, 31, "has no end"},
        {"set digests a { " POLICY_DIGEST " \"\x1b[2J\" }\n", 1, 89, "byte 1b"},
    };

    EACH(mistakes)
}

static void
all_errors_are_said_up_to_twenty(void)
{
    char text[8192] = POLICY_HEAD;
    size_t len = strlen(text);

    CHECK_EQ(policy_text(WITH("  rule x : frimware any\n  rule y : gpt sees\n  mode mad")), 1);
    CHECK_EQ(policy_said.n_errors, 3);
    CHECK_EQ(policy_said.items[0].line, 4);
    CHECK_EQ(policy_said.items[1].line, 5);
    CHECK_EQ(policy_said.items[2].line, 6);
    for (int i = 0; i < 30; i++) {
        len += (size_t)snprintf(text + len, sizeof(text) - len, "  rule r%d : none any\n", i);
    }
    snprintf(text + len, sizeof(text) - len, "%s%s", POLICY_RULES, POLICY_TAIL);
    CHECK_EQ(policy_text(text), 1);
    CHECK_EQ(policy_said.n, SAY_MAX);
    CHECK_EQ(policy_said.n_errors, 30);
}

static void
limits_hold(void)
{
    static char text[32768] = POLICY_HEAD;
    size_t len = strlen(text);

    for (int i = 0; i < 130; i++) {
        len += (size_t)snprintf(text + len, sizeof(text) - len,
                                "  rule r%d : boot.vars at-least floor(fw,%d)\n", i, i + 1);
    }
    snprintf(text + len, sizeof(text) - len, "%s", POLICY_TAIL);
    CHECK_EQ(policy_text(text), 1);
    CHECK(strstr(policy_said.items[0].text, "more than 128 rules") != NULL);
    CHECK_EQ(policy_said.items[0].line, 4 + 128);
    len = (size_t)snprintf(text, sizeof(text), "cmdline a { allow");
    for (int i = 0; i < 65; i++) {
        len += (size_t)snprintf(text + len, sizeof(text) - len, " t%d", i);
    }
    snprintf(text + len, sizeof(text) - len, "\n}\n");
    CHECK_EQ(policy_text(text), 1);
    CHECK(strstr(policy_said.items[0].text, "more than 64 items") != NULL);
}

static void
the_order_of_blocks_does_not_matter(void)
{
    static uint8_t rooms[2][8192];
    struct wr first = wr_init(rooms[0], sizeof(rooms[0]));
    struct wr second = wr_init(rooms[1], sizeof(rooms[1]));
    static const char before[] = "cmdline a { require x }\ncmdline b { require y }\n";
    static const char after[] = "cmdline b { require y }\ncmdline a { require x }\n";
    char text[8192];

    snprintf(text, sizeof(text), "%s%s", before, POLICY_HEAD POLICY_RULES POLICY_TAIL);
    CHECK_EQ(policy_text(text), 0);
    bundle_write(&first, &policy_bundle);
    snprintf(text, sizeof(text), "%s%s", POLICY_HEAD POLICY_RULES POLICY_TAIL, after);
    CHECK_EQ(policy_text(text), 0);
    bundle_write(&second, &policy_bundle);
    CHECK_BYTES(wr_done(&first), wr_done(&second));
}

static void
dates_are_days(void)
{
    uint64_t s = 0;

    CHECK(policy_date(bytes_str("1970-01-01"), &s) && s == 0);
    CHECK(policy_date(bytes_str("2026-11-27"), &s) && s == 1795737600);
    CHECK(policy_date(bytes_str("2024-02-29"), &s) && s == 1709164800);
    CHECK(policy_date(bytes_str("2100-03-01"), &s) && s == 4107542400);
    CHECK(!policy_date(bytes_str("2100-02-29"), &s));
    CHECK(!policy_date(bytes_str("2026-13-01"), &s));
    CHECK(!policy_date(bytes_str("2026-00-01"), &s));
    CHECK(!policy_date(bytes_str("2026-1-001"), &s));
    CHECK(!policy_date(bytes_str("2106-01-01"), &s));
    CHECK(!policy_date(bytes_str("20260101"), &s));
}

CHECK_MAIN(CASE(a_whole_policy_compiles), CASE(words_that_come_near_are_offered),
           CASE(text_is_read_only_where_a_digest_vouches_for_it),
           CASE(rules_that_cannot_matter_are_refused), CASE(what_must_be_there_is_missed),
           CASE(what_only_denies_is_no_needed_rule), CASE(what_allows_nothing_by_itself_is_noted),
           CASE(any_on_code_is_marked_and_noted), CASE(arguments_are_checked),
           CASE(a_slot_tells_its_own_claims), CASE(numbers_do_not_wrap),
           CASE(spans_need_a_day_to_count_from), CASE(unknown_code_is_never_a_note),
           CASE(bytes_that_nobody_can_print_are_refused), CASE(all_errors_are_said_up_to_twenty),
           CASE(limits_hold), CASE(the_order_of_blocks_does_not_matter), CASE(dates_are_days))
