/* keeper/audience */
#include "keeper/audience.h"

#include "lib/check.h"

static bool
read_one(const char *word, struct audience *ret)
{
    const char *at = word;

    return audience_next(&at, ret) && *at == '\0';
}

static void
a_plain_word_is_what_deployed_consumers_take(void)
{
    struct audience audience;

    CHECK(read_one("bearer:vpn", &audience));
    CHECK_BYTES(audience.name, bytes_str("vpn"));
    CHECK(!audience.bound && !audience.rs256 && !audience.pairwise);
    CHECK_EQ(audience.cnf, TOKEN_CNF_NONE);
    CHECK_EQ(audience.spelling, TOKEN_EAR_OLD);
    CHECK(read_one("bound:vpn", &audience));
    CHECK(audience.bound && !audience.rs256 && !audience.pairwise);
    CHECK_EQ(audience.cnf, TOKEN_CNF_JKT);
}

static void
each_option_sets_its_own_and_order_is_free(void)
{
    struct audience audience;

    CHECK(read_one("bearer:a,rs256", &audience));
    CHECK(audience.rs256 && !audience.pairwise && audience.spelling == TOKEN_EAR_OLD);
    CHECK(read_one("bearer:a,pairwise", &audience));
    CHECK(!audience.rs256 && audience.pairwise && audience.spelling == TOKEN_EAR_OLD);
    CHECK(!audience.groups);
    CHECK(read_one("bearer:a,rs256,groups", &audience));
    CHECK(audience.groups && audience.rs256 && !audience.pairwise);
    CHECK(read_one("bound:a,groups,x5t", &audience));
    CHECK(audience.groups && audience.cnf == TOKEN_CNF_X5T);
    CHECK(read_one("bearer:a,ear-2026", &audience));
    CHECK(!audience.rs256 && !audience.pairwise && audience.spelling == TOKEN_EAR_NEW);
    CHECK(read_one("bearer:a,ear-2026,pairwise,rs256", &audience));
    CHECK(audience.rs256 && audience.pairwise && audience.spelling == TOKEN_EAR_NEW);
    CHECK(read_one("bound:a.b-c_D9,x5t,rs256,ear-2026", &audience));
    CHECK(audience.bound && audience.rs256 && audience.spelling == TOKEN_EAR_NEW);
    CHECK_EQ(audience.cnf, TOKEN_CNF_X5T);
    CHECK_BYTES(audience.name, bytes_str("a.b-c_D9"));
}

static void
claims_are_asked_for_by_name(void)
{
    static const char *const bad[] = {
        "bearer:a,claims",
        "bearer:a,claims=",
        "bearer:a,claims=dbx",
        "bearer:a,claims=os.kernel+",
        "bearer:a,claims=+os.kernel",
        "bearer:a,claims=os.kernel+os.kernel",
        "bearer:a,claims=secureboot", /* every token tells it */
        "bearer:a,claims=os.kernel,claims=uki",
        "bearer:a,claims=os.kernel uki",
        "bearer:a,pairwise,claims=boot.cmdline.digest",
        "bearer:a,claims=uki+boot.script.digest,pairwise",
        "bearer:a,pairwise,claims=sb.pk.id",
        "bearer:a,pairwise,claims=boot.authority",
        "bearer:a,pairwise,claims=boot.loader",
        "bearer:a,pairwise,claims=ima.count",
        "bearer:a,pairwise,claims=ima.unknown",
    };
    struct audience audience;

    CHECK(read_one("bearer:a", &audience));
    CHECK_EQ(audience.claims, claim_default());
    CHECK(read_one("bearer:a,claims=os.kernel+boot.cmdline.digest,rs256", &audience));
    CHECK(audience.rs256);
    CHECK_EQ(audience.claims, claim_default() | UINT64_C(1) << CLAIM_OS_KERNEL |
                                  UINT64_C(1) << CLAIM_BOOT_CMDLINE_DIGEST);
    CHECK(read_one("bearer:a,pairwise,claims=sbat.level", &audience));
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        CHECK(!audience_list_good(bad[i]));
    }
}

static void
other_words_are_no_audience(void)
{
    static const char *const bad[] = {
        "a",
        ":a",
        "bearer",
        "bearer:",
        "bearer:,rs256",
        "BEARER:a",
        "bearer :a",
        "xbearer:a",
        "both:a",
        "bearer:a,",
        "bearer:a,,rs256",
        "bearer:a,rs256,",
        "bearer:a,rs256,rs256",
        "bearer:a,RS256",
        "bearer:a,rs512",
        "bearer:a,rs256:b",
        "bearer:a,es256",
        "bearer:a,x5t",
        "bound:a,pairwise",
        "bound:a,x5t,pairwise",
        "bearer:a,groups,pairwise",
        "bearer:a,pairwise,rs256,groups",
        "bearer:a,groups,groups",
        "bearer:a,group",
        "bearer:.a",
        "bearer:a/b",
        "bearer:a:b",
        "bearer:*",
        "bearer:\xc3\xa9",
    };
    struct audience audience = {.name = BYTES_NULL};

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        CHECK(!read_one(bad[i], &audience));
        CHECK(!audience_list_good(bad[i]));
    }
    CHECK(!audience.name.p);
}

static void
a_list_passes_over_what_it_does_not_know(void)
{
    const char *at = "bearer: bearer:a later:x bound:b,quantum bearer:c,rs256";
    struct audience audience;

    CHECK(!audience_list_good(at));
    CHECK(audience_next(&at, &audience));
    CHECK_BYTES(audience.name, bytes_str("a"));
    CHECK(audience_next(&at, &audience));
    CHECK_BYTES(audience.name, bytes_str("c"));
    CHECK(!audience_next(&at, &audience));
    CHECK(!audience_next(&at, &audience));
}

static void
the_first_word_of_a_name_counts(void)
{
    struct audience audience;

    CHECK(audience_find("bearer:a bound:b bearer:b", bytes_str("b"), &audience));
    CHECK(audience.bound);
    CHECK(!audience_find("bearer:a bound:b", bytes_str("c"), &audience));
    CHECK(!audience_find("bearer:ab", bytes_str("a"), &audience));
    CHECK(!audience_find("bearer:a", bytes_str("ab"), &audience));
    CHECK(!audience_find("bearer:a,rs256", bytes_str("a,rs256"), &audience));
    CHECK(!audience_find("bearer:a", BYTES_NULL, &audience));
    CHECK(!audience_find("", bytes_str("a"), &audience));
}

static void
a_good_list_names_nobody_twice(void)
{
    CHECK(audience_list_good(""));
    CHECK(audience_list_good("bearer:a"));
    CHECK(audience_list_good("bearer:a bound:b,x5t bearer:c,pairwise"));
    CHECK(!audience_list_good("bearer:a bearer:a"));
    CHECK(!audience_list_good("bearer:a bound:b bound:a"));
    CHECK(!audience_list_good("bearer:a,rs256 bearer:a"));
    CHECK(!audience_list_good(" bearer:a"));
    CHECK(!audience_list_good("bearer:a  bearer:b"));
    CHECK(!audience_list_good("bearer:a\tbearer:b"));
}

CHECK_MAIN(CASE(a_plain_word_is_what_deployed_consumers_take),
           CASE(each_option_sets_its_own_and_order_is_free), CASE(claims_are_asked_for_by_name),
           CASE(other_words_are_no_audience), CASE(a_list_passes_over_what_it_does_not_know),
           CASE(the_first_word_of_a_name_counts), CASE(a_good_list_names_nobody_twice))
