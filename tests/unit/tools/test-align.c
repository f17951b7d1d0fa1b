/* align: two sequences side by side, each member told once. */
#include "align.h"

#include "lib/check.h"

/* Letters; two of one case may become each other. */
struct pair {
    const char *a, *b;
    char said[128];
};

static bool
is_same(const void *context, size_t a, size_t b)
{
    const struct pair *pair = context;

    return pair->a[a] == pair->b[b];
}

static bool
becomes(const void *context, size_t a, size_t b)
{
    const struct pair *pair = context;

    return (pair->a[a] >= 'a') == (pair->b[b] >= 'a');
}

static void
tell(void *context, enum align_step step, size_t a, size_t b)
{
    struct pair *pair = context;
    size_t len = strlen(pair->said);
    char *at = pair->said + len;
    size_t cap = sizeof(pair->said) - len;

    switch (step) {
    case ALIGN_SAME:
        snprintf(at, cap, "%c", pair->a[a]);
        break;
    case ALIGN_CHANGED:
        snprintf(at, cap, "(%c>%c)", pair->a[a], pair->b[b]);
        break;
    case ALIGN_REMOVED:
        snprintf(at, cap, "-%c", pair->a[a]);
        break;
    case ALIGN_ADDED:
        snprintf(at, cap, "+%c", pair->b[b]);
        break;
    }
}

static void
says(const char *a, const char *b, const char *said)
{
    struct pair pair = {.a = a, .b = b};
    const struct align_ask ask = {
        .n_a = strlen(a),
        .n_b = strlen(b),
        .context = &pair,
        .same = is_same,
        .becomes = becomes,
        .tell = tell,
    };

    CHECK_EQ(align(&ask), 0);
    CHECK_STR(pair.said, said);
}

static void
equal_sequences_are_the_same_throughout(void)
{
    says("", "", "");
    says("abc", "abc", "abc");
}

static void
what_only_one_has_is_added_or_removed(void)
{
    says("", "ab", "+a+b");
    says("ab", "", "-a-b");
    says("abc", "ac", "a-bc");
    says("ac", "abc", "a+bc");
    says("abc", "abcd", "abc+d");
}

static void
one_becomes_the_other_where_it_may(void)
{
    says("abc", "axc", "a(b>x)c");
    says("abc", "aXc", "a-b+Xc"); /* of another case: it may not */
    says("ab", "xy", "(a>x)(b>y)");
}

/* Skipping both must not cost what they have in common further on. */
static void
the_longest_common_part_is_kept(void)
{
    says("abcd", "bcda", "-abcd+a");
    says("xab", "aby", "-xab+y");
    says("ab", "ba", "-ab+a");
}

static void
a_long_one_is_aligned(void)
{
    char a[LIMIT_EVENTS + 1];
    char b[LIMIT_EVENTS + 1];
    struct pair pair = {.a = a, .b = b};
    struct align_ask ask = {.context = &pair, .same = is_same, .becomes = becomes, .tell = tell};

    memset(a, 'a', LIMIT_EVENTS);
    memset(b, 'a', LIMIT_EVENTS);
    a[LIMIT_EVENTS] = b[LIMIT_EVENTS] = '\0';
    b[0] = 'b';
    ask.n_a = ask.n_b = LIMIT_EVENTS;
    CHECK_EQ(align(&ask), 0);
    CHECK(strncmp(pair.said, "-a", 2) == 0 || strncmp(pair.said, "(a>b)", 5) == 0 ||
          strncmp(pair.said, "+b", 2) == 0);
}

CHECK_MAIN(CASE(equal_sequences_are_the_same_throughout),
           CASE(what_only_one_has_is_added_or_removed), CASE(one_becomes_the_other_where_it_may),
           CASE(the_longest_common_part_is_kept), CASE(a_long_one_is_aligned))
