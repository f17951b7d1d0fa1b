/* Advisories in policies: what the compiler makes of them, what it says of wrong ones, and the file
 * of known faults that we ship. */
#include <stdlib.h>

#include "lib/check.h"
#include "lib/policy-mistake.h"
#include "lib/policy-text.h"

#define BASE "policy base {\n}\n"
#define ADVISORY(lines) BASE "advisory a {\n" lines "\n}\n"
#define ROCA "vendor IFX\nseverity high\nfirmware 4.0..4.33"

static void
comes_back(const char *text)
{
    static struct bundle shown;
    struct bytes first = policy_body(text);
    char *again = NULL;

    CHECK_EQ(bundle_read(first, &shown, NULL), 0);
    CHECK_EQ(policy_text_of(&shown, first, &again), 0);
    CHECK_BYTES(policy_body(check_keep(again)), first);
}

static void
an_advisory_is_compiled_and_shown(void)
{
    const struct bundle_advisory *a = &policy_bundle.advisories[0];

    comes_back(BASE
               "advisory b { vendor 0x00001014\n severity low\n firmware 0x2019102300163636 }\n"
               "advisory a { vendor IFX\n firmware 4.40..4.42 5.0\n severity high\n"
               " cve CVE-2 CVE-1\n firmware 4.0..4.33\n effect \"keys\" }\n");
    CHECK_EQ(policy_bundle.n_advisories, 2);
    CHECK_BYTES(a->name, bytes_str("a"));
    CHECK_EQ(a->vendor, 0x49465800);
    CHECK_EQ(a->severity, SEVERITY_HIGH);
    CHECK_EQ(a->n_spans, 3);
    CHECK(a->spans[0].first == 0x0004000000000000 && a->spans[0].last == 0x00040021ffffffff);
    CHECK(a->spans[1].first == 0x0004002800000000 && a->spans[1].last == 0x0004002affffffff);
    CHECK(a->spans[2].first == 0x0005000000000000 && a->spans[2].last == 0x00050000ffffffff);
    CHECK_EQ(a->n_cves, 2);
    CHECK_BYTES(a->cves[0], bytes_str("CVE-1"));
    CHECK_BYTES(a->effect, bytes_str("keys"));
    CHECK_EQ(a[1].vendor, 0x1014);
    CHECK(a[1].spans[0].first == 0x2019102300163636 && a[1].spans[0].last == a[1].spans[0].first);
    CHECK_EQ(a[1].n_cves + a[1].effect.len, 0);
}

/* Equal policies are equal bytes, however their spans are written. */
static void
spans_that_meet_are_one(void)
{
    struct bytes one = policy_body(ADVISORY("vendor IFX\nseverity low\nfirmware 1.0..3.65535"));

    CHECK_BYTES(policy_body(ADVISORY("vendor IFX\nseverity low\nfirmware 2 1\nfirmware 3")), one);
    CHECK_BYTES(policy_body(ADVISORY("vendor IFX\nseverity low\nfirmware 1..3 2.7..2.9 2.7")), one);
    comes_back(ADVISORY("vendor IFX\nseverity low\nfirmware 0..0xffffffffffffffff 65535"));
    CHECK_EQ(policy_bundle.advisories[0].n_spans, 1);
    CHECK(policy_bundle.advisories[0].spans[0].last == UINT64_MAX);
}

static void
mistakes_are_named_where_they_stand(void)
{
    static const struct mistake mistakes[] = {
        {ADVISORY("vendor INTEL"), 4, 8, "one to four letters"},
        {ADVISORY("vendor 0x12"), 4, 8, "one to four letters"},
        {ADVISORY("vendor"), 4, 7, "a maker of TPMs"},
        {ADVISORY("vendor IFX\nvendor IFX"), 5, 1, "said once"},
        {ADVISORY("firmware 4.33..4.0"), 4, 10, "versions are"},
        {ADVISORY("firmware 4.0...4.33"), 4, 10, "versions are"},
        {ADVISORY("firmware ..4"), 4, 10, "versions are"},
        {ADVISORY("firmware 4.."), 4, 10, "versions are"},
        {ADVISORY("firmware 4.65536"), 4, 10, "versions are"},
        {ADVISORY("firmware"), 4, 9, "versions, as"},
        {ADVISORY("firmware 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1"), 4, 42, "more than 16 spans"},
        {ADVISORY("severity grave"), 4, 10, "low, medium, high or critical"},
        {ADVISORY("severity"), 4, 9, "low, medium, high or critical"},
        {ADVISORY("effect"), 4, 7, "what it does"},
        {ADVISORY("cve \"a b\""), 4, 5, "a CVE"},
        {ADVISORY("cve a b c d e f g h i j k l m n o p q"), 4, 37, "more than 16 CVEs"},
        {ADVISORY("maker IFX"), 4, 1, "lines of vendor"},
        {ADVISORY("severity low\nfirmware 4"), 3, 10, "no vendor"},
        {ADVISORY("vendor IFX\nseverity low"), 3, 10, "no firmware"},
        {ADVISORY("vendor IFX\nfirmware 4"), 3, 10, "no severity"},
        {ADVISORY(ROCA "\ncve C D C"), 3, 10, "C stands twice"},
        {ADVISORY(ROCA) "advisory a {\n" ROCA "\n}\n", 8, 10, "of this name already"},
        {BASE "advisory {\n}\n", 3, 10, "a name for the advisory"},
        {BASE "advisory a\n", 3, 11, "{ is wanted"},
        {BASE "advisary a {\n}\n", 3, 1, "did you mean advisory?"},
    };

    EACH(mistakes)
}

static void
more_than_fit_are_refused(void)
{
    static char text[16384];
    size_t len = (size_t)snprintf(text, sizeof(text), BASE);

    for (unsigned i = 0; i < LIMIT_BUNDLE_ADVISORIES; i++) {
        len += (size_t)snprintf(text + len, sizeof(text) - len, "advisory a%u {\n" ROCA "\n}\n", i);
    }
    CHECK_EQ(policy_text(text), 0);
    snprintf(text + len, sizeof(text) - len, "advisory more {\n" ROCA "\n}\n");
    CHECK_EQ(policy_text(text), 1);
    CHECK(strstr(policy_said.items[0].text, "more than 128 advisories") != NULL);
}

/* Without the blocks, or with another word than theirs, a rule waits for what never comes. */
static void
words_that_no_advisory_has_are_noted(void)
{
    static const char rule[] = WITH("  rule x : tpm.advisory not-in @adv/high else warn");
    static char text[4096];

    CHECK_EQ(policy_text(rule), 0);
    CHECK_EQ(policy_said.n, 1);
    CHECK(policy_said.items[0].note && policy_said.items[0].line == 4);
    CHECK(strstr(policy_said.items[0].text, "no advisory is in this file") != NULL);
    snprintf(text, sizeof(text), "%sadvisory a {\n" ROCA "\n}\n", rule);
    CHECK_EQ(policy_text(text), 0);
    CHECK_EQ(policy_said.n, 1);
    CHECK(policy_said.items[0].note && policy_said.items[0].line == 4);
    CHECK(strstr(policy_said.items[0].text, "name or CVE CVE-1") != NULL);
    snprintf(text, sizeof(text), "%sadvisory a {\n" ROCA "\ncve CVE-1\n}\n", rule);
    CHECK_EQ(policy_text(text), 0);
    CHECK_EQ(policy_said.n, 0);
    snprintf(text, sizeof(text), "%sadvisory CVE-1 {\n" ROCA "\n}\n", rule);
    CHECK_EQ(policy_text(text), 0);
    CHECK_EQ(policy_said.n, 0);
}

/* Of every maker in it the file names a version that has a fault, in no more than its own words. */
static void
the_file_that_we_ship_compiles(void)
{
    static char text[32768];
    struct bytes file = check_vector("../../tools/policy/advisories.policy");
    size_t n_words = 0;

    CHECK(file.len + sizeof(BASE) < sizeof(text));
    snprintf(text, sizeof(text), BASE "%.*s", (int)file.len, (const char *)file.p);
    comes_back(text);
    CHECK_EQ(policy_said.n, 0);
    CHECK_EQ(policy_bundle.n_advisories, 5);
    for (size_t i = 0; i < policy_bundle.n_sets; i++) {
        const struct bundle_set *set = &policy_bundle.sets[i];

        for (size_t k = 0; k < set->n_words; k++, n_words++) {
            bool named = false;

            for (size_t m = 0; m < policy_bundle.n_advisories; m++) {
                named = named || bytes_equal(policy_bundle.words[set->first_word + k].name,
                                             policy_bundle.advisories[m].name);
            }
            CHECK(named);
        }
    }
    CHECK_EQ(n_words, 7);
}

CHECK_MAIN(CASE(an_advisory_is_compiled_and_shown), CASE(spans_that_meet_are_one),
           CASE(mistakes_are_named_where_they_stand), CASE(more_than_fit_are_refused),
           CASE(words_that_no_advisory_has_are_noted), CASE(the_file_that_we_ship_compiles))
