/* What GRUB read, ran and handed on: scenarios 24, 28, 29. The log is scene_laptop()'s, changed as
 * each case says. */
#include "lib/scene.h"

static size_t
initrd(void)
{
    return scene_text(9, "/initramfs-");
}

/* Whoever writes the log calls an initrd as he likes: labels are not measured. */
static void
relabel(size_t event, const char *path)
{
    scene.events[event].data = bytes_of((const uint8_t *)path, strlen(path) + 1);
}

static void
hide_an_evil_initrd(void)
{
    size_t evil = initrd();

    scene_measure(evil, bytes_str("evil"));
    relabel(evil, "(hd3,gpt2)/grub2/grub.cfg");
}

static void
an_evil_initrd_by_another_name_leaves_none(void)
{
    scene_laptop();
    hide_an_evil_initrd();
    scene_says("an evil initrd, logged as grub.cfg", "432f 441w", TIER_CONTRAINDICATED);
    CHECK_EQ(learn_rig_rule("files")->event != RULE_NO_EVENT, true);
}

/* The good one is read too, so that its digest is there. */
static void
read_the_good_one_by_cat(void)
{
    struct scene_event good;
    size_t evil = initrd();
    size_t command = scene_text(8, "grub_cmd: initrd ");

    good = scene.events[evil];
    hide_an_evil_initrd();
    scene_copy(command, command);
    scene_grub(command, "grub_cmd: ", "cat (hd3,gpt2)/initramfs-6.11.5-300.fc41.x86_64.img");
    scene_copy(evil, command + 1);
    scene.events[command + 1] = good;
}

static void
the_good_one_read_by_cat_betrays_itself(void)
{
    scene_laptop();
    read_the_good_one_by_cat();
    scene_says("and the good one read by cat", "505f 441w", TIER_CONTRAINDICATED);
    scene_cause("script", scene_text(8, "grub_cmd: cat "));
    CHECK(strstr(learn_rig.verdict.seen, "cat"));
}

/* Where the policy looks at no file, a command that is allowed would do for the attacker. */
static void
files_that_nobody_looks_at_warn_at_best(void)
{
    scene_laptop();
    scene_rule("files", "  rule files : boot.files any");
    scene_says("boot.files any, nothing changed", "442w", TIER_WARNING);
    scene_vector(2, 2, 33, 2);
    read_the_good_one_by_cat();
    scene_swap("  words    search", "  words    cat search");
    scene_says("boot.files any, cat allowed, an evil initrd", "442w", TIER_WARNING);
    scene_vector(2, 2, 33, 2);
}

static void
append(const char *words)
{
    size_t linux_cmd = scene_text(8, "grub_cmd: linux ");
    size_t cmdline = scene_text(8, "kernel_cmdline: ");
    const char *line = (const char *)scene.events[cmdline].data.p + strlen("kernel_cmdline: ");

    line = scene_format("%s%s", line, words);
    scene_grub(linux_cmd, "grub_cmd: ", scene_format("linux %s", line));
    scene_grub(cmdline, "kernel_cmdline: ", line);
}

static void
nothing_appended_passes(void)
{
    scene_laptop();
    append("");
    scene_says("the line as it was", "", TIER_AFFIRMING);
}

static void
a_shell_for_init_refuses(void)
{
    scene_laptop();
    append(" init=/bin/sh");
    scene_says("init=/bin/sh appended", "502f", TIER_CONTRAINDICATED);
    scene_cause("cmdline", scene_text(8, "kernel_cmdline: "));
    CHECK(strstr(learn_rig.verdict.seen, "init=/bin/sh"));
    scene_vector(2, 96, 3, 2);
}

/* As they were recorded: two boots of one virtual machine. */
static void
a_recorded_boot_that_was_tampered_with_is_found(void)
{
    scene_start("boot/grub-sb-on/binary_bios_measurements");
    scene_learn();
    scene_start_again("boot/tampered-cmdline/binary_bios_measurements");
    scene_says("tampered-cmdline", "502f 306w 219n", TIER_CONTRAINDICATED);
}

static void
another_root_is_not_the_one_that_was_enrolled(void)
{
    static const char root[] = "root=UUID=";
    size_t cmdline;
    char *line;

    scene_laptop();
    cmdline = scene_text(8, "kernel_cmdline: ");
    line = (char *)(uintptr_t)scene_format("%s", (const char *)scene.events[cmdline].data.p);
    memset(strstr(line, root) + strlen(root), '0', 8);
    scene_grub(cmdline, "kernel_cmdline: ", line + strlen("kernel_cmdline: "));
    scene_says("another root=UUID=", "504f", TIER_CONTRAINDICATED);
    scene_cause("cmdline", cmdline);
    CHECK(strstr(learn_rig.verdict.seen, "root=UUID=00000000-"));
}

static void
an_unknown_word_warns_and_is_named(void)
{
    scene_laptop();
    append(" mem_sleep_default=deep");
    scene_says("an unknown word", "503w", TIER_WARNING);
    CHECK(bytes_equal(learn_rig_rule("cmdline")->token, bytes_str("mem_sleep_default=deep")));
    scene_vector(2, 32, 3, 2);
}

static void
a_word_that_is_allowed_passes(void)
{
    scene_laptop();
    append(" mem_sleep_default=deep");
    scene_swap("  other    warn", "  allow    mem_sleep_default=*\n  other    warn");
    scene_says("the same word, allowed", "", TIER_AFFIRMING);
}

static void
an_unknown_word_refuses_where_it_must_not_be(void)
{
    scene_laptop();
    append(" mem_sleep_default=deep");
    scene_swap("  other    warn", "  other    fail");
    scene_says("the same word, other fail", "503f", TIER_CONTRAINDICATED);
}

SCENE_MAIN({24,
            "an evil initrd under the name of grub.cfg",
            {CASE(an_evil_initrd_by_another_name_leaves_none),
             CASE(the_good_one_read_by_cat_betrays_itself),
             CASE(files_that_nobody_looks_at_warn_at_best)}},
           {28,
            "words appended at GRUB's prompt",
            {CASE(nothing_appended_passes), CASE(a_shell_for_init_refuses),
             CASE(a_recorded_boot_that_was_tampered_with_is_found),
             CASE(another_root_is_not_the_one_that_was_enrolled)}},
           {29,
            "a word that nobody knows",
            {CASE(an_unknown_word_warns_and_is_named), CASE(a_word_that_is_allowed_passes),
             CASE(an_unknown_word_refuses_where_it_must_not_be)}})
