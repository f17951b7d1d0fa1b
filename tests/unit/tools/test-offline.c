/* offline: what is lifted is lifted by name, and no more. Whole bundles: appraise_cli. */
#include "offline-quote.h"

#include "lib/check.h"
#include "lib/rule-play.h"

static struct offline o;
static struct offline_ask ask;

static const char *const names[] = {
#define NAME(name) #name,
    VERDICT_CHECKS(NAME)
#undef NAME
};

static enum check *
field(struct verdict *verdict, size_t i)
{
    enum check *const fields[] = {
#define FIELD(name) &verdict->name,
        VERDICT_CHECKS(FIELD)
#undef FIELD
    };

    return fields[i];
}

static void
start(void)
{
    rule_play_rules("", "");
    ask = (struct offline_ask){.book = rule_play.book, .now_s = rule_play.input.now_s};
    CHECK_EQ(offline_begin(&o, &ask), 0);
}

static void
all_passed(void)
{
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        *field(&o.verdict, i) = CHECK_PASSED;
    }
}

static void
what_needs_the_service_is_lifted_and_nothing_else(void)
{
    start();
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        bool needs = strcmp(names[i], "order") == 0 || strcmp(names[i], "member") == 0 ||
                     strcmp(names[i], "ek") == 0;

        all_passed();
        *field(&o.verdict, i) = CHECK_NOT_RUN;
        CHECK_EQ(offline_tier(&o), needs ? TIER_AFFIRMING : TIER_CONTRAINDICATED);
        *field(&o.verdict, i) = CHECK_FAILED;
        CHECK_EQ(offline_tier(&o), TIER_CONTRAINDICATED);
    }
    all_passed();
    CHECK_EQ(offline_tier(&o), TIER_AFFIRMING);
    offline_done(&o);
}

static void
a_lifted_check_that_failed_stays_failed(void)
{
    start();
    for (enum offline_check i = OFFLINE_form; i <= OFFLINE_reference; i++) {
        offline_lift(&o, i);
    }
    CHECK_EQ(offline_tier(&o), TIER_AFFIRMING); /* nothing ran, all lifted: nobody calls it so */
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        *field(&o.verdict, i) = CHECK_FAILED;
        CHECK_EQ(offline_tier(&o), TIER_CONTRAINDICATED);
        *field(&o.verdict, i) = CHECK_NOT_RUN;
    }
    offline_done(&o);
}

static void
reasons_count_as_they_do_for_the_service(void)
{
    start();
    all_passed();
    verdict_add(&o.verdict, REASON_QUIRK_USED, NULL, FAULT_NO_EVENT, NULL, NULL);
    CHECK_EQ(offline_tier(&o), TIER_AFFIRMING);
    verdict_add(&o.verdict, REASON_UNPINNED_CODE, NULL, FAULT_NO_EVENT, NULL, NULL);
    CHECK_EQ(offline_tier(&o), TIER_WARNING);
    verdict_add(&o.verdict, REASON_LOG_REPLAY, NULL, FAULT_NO_EVENT, NULL, NULL);
    CHECK_EQ(offline_tier(&o), TIER_CONTRAINDICATED);
    offline_done(&o);
}

static struct bytes
recorded(void)
{
    return check_vector("boot/grub-sb-on/binary_bios_measurements");
}

/* The policy has no rule for most of that boot, which is a judgement all the same. */
static void
a_log_is_judged_without_a_quote(void)
{
    start();
    offline_done(&o);
    CHECK_EQ(offline_log_judge(&o, &ask, recorded(), BYTES_NULL), 0);
    CHECK(o.judged && o.told.n_events > 20);
    CHECK_EQ(o.verdict.log, CHECK_PASSED);
    CHECK_EQ(o.verdict.events, CHECK_PASSED);
    CHECK_EQ(o.verdict.reference, CHECK_FAILED);
    CHECK_EQ(o.verdict.signature, CHECK_NOT_RUN);
    CHECK_EQ(o.verdict.replay, CHECK_NOT_RUN);
    CHECK_EQ(offline_tier(&o), TIER_CONTRAINDICATED);
    offline_done(&o);
}

static void
no_truncation_of_a_log_is_judged_by_policy(void)
{
    struct bytes log = recorded();

    start();
    offline_done(&o);
    for (size_t n = 0; n < log.len; n += n < 200 ? 1 : 997) {
        CHECK_EQ(offline_log_judge(&o, &ask, check_guarded(bytes_of(log.p, n)), BYTES_NULL), 0);
        CHECK(!o.judged || o.verdict.events == CHECK_FAILED);
        CHECK_EQ(offline_tier(&o), TIER_CONTRAINDICATED);
        CHECK(o.verdict.n_reasons > 0);
        offline_done(&o);
    }
}

static void
a_broken_userspace_log_is_the_cause(void)
{
    start();
    offline_done(&o);
    CHECK_EQ(offline_log_judge(&o, &ask, recorded(), bytes_str("\x1e{")), 0);
    CHECK(!o.judged);
    CHECK_EQ(o.verdict.log, CHECK_FAILED);
    CHECK_EQ(o.verdict.reasons[0], REASON_LOG_PARSE);
    offline_done(&o);
}

static void
the_list_of_what_is_not_checked_is_bounded(void)
{
    start();
    for (size_t i = 0; i < 2 * OFFLINE_UNCHECKED; i++) {
        offline_say(&o, "what", "why");
    }
    CHECK_EQ(o.n_unchecked, OFFLINE_UNCHECKED);
    CHECK_STR(o.unchecked[0].what, "membership");
    offline_done(&o);
}

static bool
is_unchecked(const char *what)
{
    bool any = false;

    for (size_t i = 0; i < o.n_unchecked; i++) {
        any = any || strcmp(o.unchecked[i].what, what) == 0;
    }
    return any;
}

/* Nobody vouches for a maker here, and a policy that asks for one is told so. */
static void
what_a_tpm_is_made_of_is_not_checked(void)
{
    static const char *const rules[] = {"  rule t : tpm.advisory not-in @tpm/high else warn\n",
                                        "  rule t : tpm.kind is hardware\n"};
    struct rulebook *book = NULL;
    struct fault fault;
    char text[1024];

    start();
    offline_done(&o);
    CHECK_EQ(offline_log_judge(&o, &ask, recorded(), BYTES_NULL), 0);
    CHECK(!is_unchecked("tpm"));
    offline_done(&o);
    for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
        struct offline_ask other = ask;

        snprintf(text, sizeof(text),
                 "policy p version 1 schema 1 {\n  applies class in { c }\n"
                 "  quote sha256 pcrs 8\n  rule s : boot.script any\n%s}\n"
                 "set advisories tpm/high { CVE-2099-1 }\n",
                 rules[i]);
        CHECK_EQ(rulebook_new(rule_play_body(text), &book, &fault), 0);
        other.book = check_keep(book);
        CHECK_EQ(offline_log_judge(&o, &other, recorded(), BYTES_NULL), 0);
        CHECK(is_unchecked("tpm"));
        CHECK(!o.boot.tpm.quoted);
        offline_done(&o);
    }
}

static void
an_archive_that_was_not_read_is_the_verdict(void)
{
    struct support support = {0};
    struct fault fault = {.rule = RULE_TAR_SUM, .event = 0, .offset = 0};

    start();
    offline_done(&o);
    CHECK_EQ(offline_quote_judge(&o, &ask, &support, &fault), 0);
    CHECK(!o.judged);
    CHECK_EQ(o.verdict.form, CHECK_FAILED);
    CHECK_EQ(o.verdict.fault.rule, RULE_TAR_SUM);
    CHECK_EQ(offline_tier(&o), TIER_CONTRAINDICATED);
    offline_done(&o);
    fault.rule = RULE_NONE;
    CHECK_EQ(offline_quote_judge(&o, &ask, &support, &fault), 0);
    CHECK_EQ(o.verdict.fault.rule, RULE_SUPPORT_LACKS);
    CHECK_EQ(o.verdict.signature, CHECK_NOT_RUN);
    CHECK_EQ(offline_tier(&o), TIER_CONTRAINDICATED);
    offline_done(&o);
}

CHECK_MAIN(CASE(what_needs_the_service_is_lifted_and_nothing_else),
           CASE(a_lifted_check_that_failed_stays_failed),
           CASE(reasons_count_as_they_do_for_the_service), CASE(a_log_is_judged_without_a_quote),
           CASE(no_truncation_of_a_log_is_judged_by_policy),
           CASE(a_broken_userspace_log_is_the_cause),
           CASE(the_list_of_what_is_not_checked_is_bounded),
           CASE(what_a_tpm_is_made_of_is_not_checked),
           CASE(an_archive_that_was_not_read_is_the_verdict))
