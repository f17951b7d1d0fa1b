#include "appraise/glob.h"
#include "appraise/kernel-args.h"
#include "lib/check.h"

static bool
fits(const char *glob, const char *text)
{
    return glob_match(bytes_str(glob), bytes_str(text), GLOB_PLAIN);
}

static void
a_glob_without_stars_is_its_text(void)
{
    CHECK(fits("ro", "ro"));
    CHECK(fits("", ""));
    CHECK(!fits("ro", "rod"));
    CHECK(!fits("rod", "ro"));
    CHECK(!fits("", "r"));
    CHECK(!fits("ro", "RO"));
}

static void
a_star_takes_any_run(void)
{
    CHECK(fits("*", ""));
    CHECK(fits("*", "a b/c"));
    CHECK(fits("console=*", "console="));
    CHECK(fits("a*b*c", "axxbyyc"));
    CHECK(fits("a*b*c", "abbbc"));
    CHECK(fits("**", "x"));
    CHECK(!fits("a*b*c", "axxcyyb"));
    CHECK(!fits("*x", "xy"));
    CHECK(!fits("init=*", "xinit=/bin/sh"));
}

static void
a_hole_takes_no_blanks(void)
{
    CHECK(fits("root=UUID={root}", "root=UUID=12-34"));
    CHECK(fits("({dev})/boot", "(hd0,gpt2)/boot"));
    CHECK(!fits("linux {k}", "linux a b"));
    CHECK(fits("{open", "{open"));
}

/* The kernel takes both for one, and so must who denies. */
static void
names_of_parameters_fold_their_dashes(void)
{
    struct bytes glob = bytes_str("module.sig_enforce=0");

    CHECK(glob_match(glob, bytes_str("module.sig-enforce=0"), GLOB_PARAMETER));
    CHECK(!glob_match(glob, bytes_str("module.sig-enforce=0"), GLOB_PLAIN));
    CHECK(glob_match(bytes_str("rd-break*"), bytes_str("rd_break"), GLOB_PARAMETER));
    CHECK(!glob_match(bytes_str("a=x_y"), bytes_str("a=x-y"), GLOB_PARAMETER));
    CHECK(glob_match(bytes_str("*-debug*"), bytes_str("systemd.unit=x-debug.target"),
                     GLOB_PARAMETER));
    CHECK(glob_match(bytes_str("init*-sh"), bytes_str("init=/bin/x-sh"), GLOB_PARAMETER));
    CHECK(!glob_match(bytes_str("init*_sh"), bytes_str("init=/bin/x-sh"), GLOB_PARAMETER));
}

static void
what_a_hole_took_is_told(void)
{
    struct bytes name = BYTES_NULL;
    struct bytes value = BYTES_NULL;

    CHECK(glob_hole(bytes_str("root=UUID={root}"), bytes_str("root=UUID=12-34"), GLOB_PARAMETER,
                    &name, &value));
    CHECK_BYTES(name, bytes_str("root"));
    CHECK_BYTES(value, bytes_str("12-34"));
    CHECK(glob_hole(bytes_str("a={x}:b"), bytes_str("a=1:b"), GLOB_PARAMETER, &name, &value));
    CHECK_BYTES(value, bytes_str("1"));
    CHECK(glob_hole(bytes_str("quiet"), bytes_str("quiet"), GLOB_PARAMETER, &name, &value));
    CHECK(!name.p && !value.p);
    CHECK(!glob_hole(bytes_str("a={x}"), bytes_str("b=1"), GLOB_PARAMETER, &name, &value));
}

static void
words_stand_between_blanks(void)
{
    struct bytes text = bytes_str("  linux\t/boot/vmlinuz  ro ");
    struct bytes word;

    CHECK(glob_word(&text, &word));
    CHECK_BYTES(word, bytes_str("linux"));
    CHECK(glob_word(&text, &word));
    CHECK_BYTES(word, bytes_str("/boot/vmlinuz"));
    CHECK(glob_word(&text, &word));
    CHECK_BYTES(word, bytes_str("ro"));
    CHECK(!glob_word(&text, &word));
}

static void
long_texts_end_in_time(void)
{
    static char text[4096];
    struct bytes glob = bytes_str("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b");

    memset(text, 'a', sizeof(text));
    CHECK(!glob_match(glob, bytes_of(text, sizeof(text)), GLOB_PLAIN));
}

/* lib/cmdline.c: quotes hold blanks together. Here they are left out wherever they stand. */
static void
arguments_are_split_as_the_kernel_does(void)
{
    struct bytes line = bytes_str("ro  dm-mod.create=\"a, b\" \"init=/bin/sh\" x\"y z\"w");
    struct kernel_arg arg;

    CHECK(kernel_args_next(&line, &arg));
    CHECK_BYTES(arg.word, bytes_str("ro"));
    CHECK(kernel_args_next(&line, &arg));
    CHECK_BYTES(arg.word, bytes_str("dm-mod.create=a, b"));
    CHECK_BYTES(arg.raw, bytes_str("dm-mod.create=\"a, b\""));
    CHECK(kernel_args_next(&line, &arg));
    CHECK_BYTES(arg.word, bytes_str("init=/bin/sh"));
    CHECK(kernel_args_next(&line, &arg));
    CHECK_BYTES(arg.word, bytes_str("xy zw"));
    CHECK(!arg.too_long);
    CHECK(!kernel_args_next(&line, &arg));
    CHECK(!kernel_args_next(&line, &arg));
    line = bytes_str("root=/dev/x\240init=/bin/sh"); /* a blank to the kernel, lib/ctype.c */
    CHECK(kernel_args_next(&line, &arg));
    CHECK_BYTES(arg.word, bytes_str("root=/dev/x"));
    CHECK(kernel_args_next(&line, &arg));
    CHECK_BYTES(arg.word, bytes_str("init=/bin/sh"));
}

static void
a_nul_ends_the_line_and_an_open_quote_runs_to_its_end(void)
{
    struct bytes line = bytes_of("a\0b", 3);
    struct kernel_arg arg;

    CHECK(kernel_args_next(&line, &arg));
    CHECK_BYTES(arg.word, bytes_str("a"));
    CHECK(!kernel_args_next(&line, &arg));
    line = bytes_str("x=\"a b c");
    CHECK(kernel_args_next(&line, &arg));
    CHECK_BYTES(arg.word, bytes_str("x=a b c"));
    CHECK(!kernel_args_next(&line, &arg));
}

static void
a_word_that_is_too_long_says_so(void)
{
    static char text[KERNEL_ARG_MAX + 1];
    struct bytes line = bytes_of(text, sizeof(text));
    struct kernel_arg arg;

    memset(text, 'a', sizeof(text));
    CHECK(kernel_args_next(&line, &arg));
    CHECK(arg.too_long);
    CHECK_EQ(arg.word.len, KERNEL_ARG_MAX);
    CHECK_EQ(arg.raw.len, sizeof(text));
    line = bytes_of(text, KERNEL_ARG_MAX);
    CHECK(kernel_args_next(&line, &arg));
    CHECK(!arg.too_long);
}

static bool
leads(const char *glob, const char *path)
{
    return glob_path(bytes_str(glob), bytes_str(path));
}

static void
a_star_of_a_path_stops_at_a_slash(void)
{
    CHECK(leads("/usr/bin/*", "/usr/bin/sh"));
    CHECK(leads("/usr/bin/*", "/usr/bin/"));
    CHECK(!leads("/usr/bin/*", "/usr/bin/x/y"));
    CHECK(leads("/usr/*/sh", "/usr/bin/sh"));
    CHECK(!leads("/usr/*/sh", "/usr/a/b/sh"));
    CHECK(leads("/a*b*c", "/axbxbxc"));
    CHECK(!leads("/a*b", "/a/b"));
    CHECK(!leads("/usr/bin/sh", "/usr/bin/shx"));
    CHECK(leads("", ""));
    CHECK(!leads("", "/"));
    CHECK(leads("/a{b}", "/a{b}")); /* no holes in paths */
    CHECK(!leads("/a{b}", "/ax"));
}

static void
two_stars_of_a_path_do_not(void)
{
    CHECK(leads("/usr/**", "/usr/lib/x/y.so"));
    CHECK(leads("/usr/**", "/usr/"));
    CHECK(!leads("/usr/**", "/usr"));
    CHECK(leads("/usr/**.pyc", "/usr/lib/python3/__pycache__/a.pyc"));
    CHECK(leads("/usr/**.pyc", "/usr/a.pyc.pyc"));
    CHECK(!leads("/usr/**.pyc", "/usr/a.pyco"));
    CHECK(leads("/usr/**/*.so", "/usr/a/b/c.so"));
    CHECK(!leads("/usr/**/*.so", "/usr/c.so")); /* both slashes stand */
    CHECK(leads("/**/x/*/y", "/a/x/b/x/c/y"));
    CHECK(!leads("/**/x/*/y", "/a/x/b/c/y"));
    CHECK(leads("/**a/*/**z", "/qa/b/c/d/z"));
    CHECK(leads("memfd:*", "memfd:kernel"));
    CHECK(!leads("/tmp/**", "/usr/tmp/x"));
}

CHECK_MAIN(CASE(a_star_of_a_path_stops_at_a_slash), CASE(two_stars_of_a_path_do_not),
           CASE(a_glob_without_stars_is_its_text), CASE(a_star_takes_any_run),
           CASE(a_hole_takes_no_blanks), CASE(names_of_parameters_fold_their_dashes),
           CASE(what_a_hole_took_is_told), CASE(words_stand_between_blanks),
           CASE(long_texts_end_in_time), CASE(arguments_are_split_as_the_kernel_does),
           CASE(a_nul_ends_the_line_and_an_open_quote_runs_to_its_end),
           CASE(a_word_that_is_too_long_says_so))
