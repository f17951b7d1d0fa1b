/* tools/flags */
#include "flags.h"

#include "lib/check.h"

static const struct cmd self = {.name = "test", .args = "[--all] [--out FILE]"};

/* One command's options, and what was read of them. */
static struct seen {
    bool all;
    const char *out;
    const char *color;
    struct flag_words devices;
    struct flag_words words;
} seen;

#define READ(...)                                    \
    read_args((const char *[]){"test", __VA_ARGS__}, \
              ARRAY_LEN(((const char *[]){"test", __VA_ARGS__})))

static int
read_args(const char *const *args, size_t n)
{
    static const struct flag flags[] = {
        {.name = "all", .ret_set = &seen.all},
        {.name = "out", .ret_value = &seen.out},
        {.name = "color", .ret_value = &seen.color, .bare = "auto"},
        {.name = "device", .list = &seen.devices},
    };
    char *argv[130];

    memset(&seen, 0, sizeof(seen));
    CHECK(n < ARRAY_LEN(argv));
    for (size_t i = 0; i < n; i++) {
        argv[i] = check_keep(strdup(args[i]));
    }
    argv[n] = NULL;
    return flags_read(&self, (int)n, argv, flags, ARRAY_LEN(flags), &seen.words);
}

static void
each_kind_of_option_is_taken(void)
{
    CHECK_EQ(READ("--all", "--out", "a", "--device", "x", "--device=y", "w"), 0);
    CHECK(seen.all);
    CHECK_STR(seen.out, "a");
    CHECK_EQ(seen.devices.n, 2);
    CHECK_STR(seen.devices.words[0], "x");
    CHECK_STR(seen.devices.words[1], "y");
    CHECK_EQ(seen.words.n, 1);
    CHECK_STR(seen.words.words[0], "w");
    CHECK(!seen.color);
}

static void
nothing_given_is_nothing_set(void)
{
    const char *const none[] = {"test"};

    CHECK_EQ(read_args(none, 1), 0);
    CHECK(!seen.all && !seen.out && !seen.color);
    CHECK_EQ(seen.devices.n + seen.words.n, 0);
}

static void
the_last_value_wins(void)
{
    CHECK_EQ(READ("--out=a", "--out", "b"), 0);
    CHECK_STR(seen.out, "b");
    CHECK_EQ(READ("--out="), 0);
    CHECK_STR(seen.out, "");
}

static void
a_bare_option_has_its_own_meaning(void)
{
    CHECK_EQ(READ("--color", "w"), 0);
    CHECK_STR(seen.color, "auto");
    CHECK_STR(seen.words.words[0], "w"); /* not the option's value */
    CHECK_EQ(READ("--color=always"), 0);
    CHECK_STR(seen.color, "always");
}

static void
words_and_options_mix_until_two_dashes(void)
{
    CHECK_EQ(READ("a", "--all", "b", "--", "--out", "-"), 0);
    CHECK(seen.all);
    CHECK(!seen.out);
    CHECK_EQ(seen.words.n, 4);
    CHECK_STR(seen.words.words[0], "a");
    CHECK_STR(seen.words.words[2], "--out");
    CHECK_STR(seen.words.words[3], "-");
}

static void
what_is_no_option_is_usage(void)
{
    CHECK_EQ(READ("--colour"), CMD_USAGE);
    CHECK_EQ(READ("--nothing=x"), CMD_USAGE);
    CHECK_EQ(READ("-x"), CMD_USAGE);
    CHECK_EQ(READ("-a"), CMD_USAGE);
    CHECK_EQ(READ("w", "-:"), CMD_USAGE);
    CHECK_EQ(READ("--out"), CMD_USAGE);
    CHECK_EQ(READ("--device"), CMD_USAGE);
    CHECK_EQ(READ("--all=yes"), CMD_USAGE);
}

static void
sixty_words_are_the_most(void)
{
    const char *args[FLAGS_WORDS_MAX + 2] = {"test"};

    for (size_t i = 1; i < ARRAY_LEN(args); i++) {
        args[i] = "w";
    }
    CHECK_EQ(read_args(args, FLAGS_WORDS_MAX + 1), 0);
    CHECK_EQ(seen.words.n, FLAGS_WORDS_MAX);
    CHECK_EQ(read_args(args, FLAGS_WORDS_MAX + 2), CMD_USAGE);
    CHECK_EQ(seen.words.n, FLAGS_WORDS_MAX);
}

static void
a_list_of_options_has_the_same_bound(void)
{
    const char *args[FLAGS_WORDS_MAX + 2] = {"test"};

    for (size_t i = 1; i < ARRAY_LEN(args); i++) {
        args[i] = "--device=d";
    }
    CHECK_EQ(read_args(args, FLAGS_WORDS_MAX + 1), 0);
    CHECK_EQ(seen.devices.n, FLAGS_WORDS_MAX);
    CHECK_EQ(read_args(args, FLAGS_WORDS_MAX + 2), CMD_USAGE);
}

CHECK_MAIN(CASE(each_kind_of_option_is_taken), CASE(nothing_given_is_nothing_set),
           CASE(the_last_value_wins), CASE(a_bare_option_has_its_own_meaning),
           CASE(words_and_options_mix_until_two_dashes), CASE(what_is_no_option_is_usage),
           CASE(sixty_words_are_the_most), CASE(a_list_of_options_has_the_same_bound))
