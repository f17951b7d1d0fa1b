/* tools/policy learn: command lines, commands, and texts that would steer the policy. */
#include <stdio.h>
#include <stdlib.h>

#include "formats/evtype.h"
#include "lib/check.h"
#include "lib/learn-make.h"

static void
lines(const char *first, const char *second)
{
    const char *const all[] = {first, second};

    learn_rig_new();
    for (size_t i = 0; i < ARRAY_LEN(all) && all[i]; i++) {
        learn_make_begin();
        learn_make_cmdline(all[i]);
        learn_make_end(NULL);
    }
    learn_make_learn();
}

/* What another boot's command line gets. */
static enum reason
reason_of(const char *line)
{
    const struct rule_result *result;

    learn_make_begin();
    learn_make_cmdline(line);
    learn_rig_judge(learn_make_end(NULL));
    result = learn_rig_rule("cmdline");
    CHECK(result);
    return result->outcome == OUTCOME_PASSED ? REASON_NONE : result->code.reason;
}

static void
words_that_stand_in_every_line_must_stand(void)
{
    lines("ro quiet splash", "ro splash quiet=1 splash");
    learn_make_says("rule cmdline : boot.cmdline tokens @cmdline/cmdline-n count 1..1 "
                    "claim boot.cmdline.digest\n");
    learn_make_says("  require  ro splash\n  allow    quiet quiet=1\n");
    learn_make_says("  other    warn\n}\n");
    CHECK_EQ(reason_of("splash ro"), REASON_NONE);
    CHECK_EQ(reason_of("quiet ro"), REASON_CMDLINE_MISSING_TOKEN);
    CHECK_EQ(reason_of("ro splash nosmp"), REASON_CMDLINE_UNKNOWN_TOKEN);
}

static void
what_tells_devices_apart_is_bound(void)
{
    lines("root=UUID=10d7f09f-7852-4b75-a2b6-2355d99b4376 boot=UUID=EE2C-46E8 "
          "machine=54e4e23536524c529b66e491dfc77274 bootif=01-0c-c4-7a-ff-60-1c "
          "mac=0c:c4:7a:ff:60:1c rd.luks.uuid=luks-10d7f09f-7852-4b75-a2b6-2355d99b4376",
          NULL);
    learn_make_says("  bind     root=UUID={root} boot=UUID={boot} machine={machine} "
                    "bootif=01-{bootif}\n");
    learn_make_says("  bind     mac={mac} rd.luks.uuid=luks-{rdluksuuid}\n");
    learn_make_says_not("  require");
    learn_rig_pin();
    CHECK_EQ(reason_of("root=UUID=10d7f09f-7852-4b75-a2b6-000000000000"),
             REASON_CMDLINE_BIND_CHANGED);
}

static void
what_only_looks_like_an_id_stays_a_word(void)
{
    lines("root=/dev/sda2 console=ttyS0,115200 deadbeef-1234 uuid=10d7f09f crash=256M addr=a:b:c",
          NULL);
    learn_make_says_not("bind");
    learn_make_says("require  root=/dev/sda2 console=ttyS0,115200 deadbeef-1234 uuid=10d7f09f");
}

static void
a_device_s_value_that_some_lines_lack_may_be_any(void)
{
    lines("ro root=UUID=10d7f09f-7852-4b75-a2b6-2355d99b4376",
          "ro root=/dev/sda root=UUID=20d7f09f-7852-4b75-a2b6-2355d99b4376");
    learn_make_says("bind     root=UUID={root}");
    lines("ro resume=UUID=10d7f09f-7852-4b75-a2b6-2355d99b4376", "ro");
    learn_make_says("allow    resume=UUID=*\n");
    learn_make_says_not("bind");
}

/* BOOT_IMAGE changes with each kernel; what is denied under another value never becomes any. */
static void
values_that_always_differ_may_be_any_but_denied_names(void)
{
    lines("BOOT_IMAGE=/vmlinuz-6.1 lockdown=integrity init=/bin/a",
          "BOOT_IMAGE=/vmlinuz-6.2 lockdown=none init=/bin/b");
    learn_make_says("  allow    BOOT_IMAGE=* lockdown=integrity init=/bin/a lockdown=none "
                    "init=/bin/b\n");
    learn_make_says("# a boot had it, so it is not denied: lockdown=none\n");
    learn_make_says("# a boot had it, so it is not denied: init=*\n");
    learn_make_says_not("deny     init=*");
    lines("a=1", "a=1 a=2");
    learn_make_says("  require  a=1\n  allow    a=2\n");
}

static void
what_a_boot_never_had_is_denied(void)
{
    lines("ro", NULL);
    CHECK_EQ(reason_of("ro init=/bin/sh"), REASON_CMDLINE_DENIED_TOKEN);
    CHECK_EQ(reason_of("ro lockdown=none"), REASON_CMDLINE_DENIED_TOKEN);
    CHECK_EQ(reason_of("ro rd.break"), REASON_CMDLINE_DENIED_TOKEN);
    CHECK_EQ(reason_of("ro systemd.unit=rescue.target"), REASON_CMDLINE_DENIED_TOKEN);
    CHECK_EQ(reason_of("ro module.sig-enforce=0"), REASON_CMDLINE_DENIED_TOKEN);
    CHECK_EQ(reason_of("ro single"), REASON_CMDLINE_DENIED_TOKEN);
}

/* systemd-boot measured UTF-16; where something else was hashed, the line is a label. */
static void
unverified(const char *first, const char *second)
{
    const char *const all[] = {first, second};

    learn_rig_new();
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        struct slot_rig *rig = check_keep(calloc(1, sizeof(*rig)));

        slot_rig_new(rig);
        slot_rig_bound(rig, 4, EV_SEPARATOR, check_hex("00000000"));
        slot_rig_digest(rig, 4, EV_EFI_BOOT_SERVICES_APPLICATION, bytes_str("i"), bytes_str("i"));
        slot_rig_digest(rig, 8, EV_IPL, bytes_str(all[i]), slot_rig_utf16("init=/bin/sh"));
        learn_rig_add(make_log_bytes(&rig->make), BYTES_NULL);
    }
    learn_make_learn();
}

static void
a_line_that_is_a_label_is_never_read(void)
{
    unverified("one", "one");
    learn_make_says("its text is not in the logs: known by digest alone\n"
                    "  rule cmdline : boot.cmdline one-of @cmdline/n count 1..1\n");
    learn_make_says_not("init=");
    unverified("one", "two");
    learn_make_says("rule cmdline : boot.cmdline device-pin else warn\n");
    learn_make_says_not("init=");
}

static void
a_unified_image_s_line_has_a_list_of_its_own(void)
{
    struct slot_rig *rig = check_keep(calloc(1, sizeof(*rig)));

    learn_rig_new();
    slot_rig_new(rig);
    slot_rig_digest(rig, 11, EV_IPL, bytes_str(".linux"), bytes_str(".linux"));
    slot_rig_bound(rig, 12, EV_IPL, slot_rig_utf16("ro quiet"));
    learn_rig_add(make_log_bytes(&rig->make), BYTES_NULL);
    learn_make_learn();
    learn_make_says("uki.cmdline tokens @cmdline/uki-cmdline-n count 1..1\n");
    learn_make_says("cmdline uki-cmdline-n {\n  require  ro quiet\n");
}

/* ---- commands ---- */

static void
commands_are_allowed_by_their_first_word(void)
{
    learn_rig_new();
    learn_make_begin();
    learn_make_command("[ xy = xy ]");
    learn_make_command("set root=hd0");
    learn_make_command("set timeout=5");
    learn_make_command("");
    learn_make_command("menuentry Debian {\n\tlinux /vmlinuz\n}");
    learn_make_end(NULL);
    learn_make_learn();
    learn_make_says("rule script : boot.script commands @grubcmd/n claim boot.script.digest\n");
    learn_make_says("grubcmd n {\n  words    [ set menuentry\n}\n");
    learn_make_begin();
    learn_make_command("cat /evil");
    learn_rig_judge(learn_make_end(NULL));
    CHECK_EQ(learn_rig_rule("script")->code.reason, REASON_SCRIPT_COMMAND_UNKNOWN);
    CHECK_EQ(learn_rig_rule("script")->effect, EFFECT_FAIL);
}

static void
a_command_that_no_list_can_hold_is_a_warning(void)
{
    char line[LIMIT_BUNDLE_TEXT + 8];

    memset(line, 'x', sizeof(line));
    line[sizeof(line) - 1] = '\0';
    learn_rig_new();
    learn_make_begin();
    learn_make_command("set a");
    learn_make_command("caf\xc3\xa9 open");
    learn_make_command(line);
    learn_make_end(NULL);
    learn_make_learn();
    learn_make_says("grubcmd n {\n  words    set\n"
                    "  # 2 words that no list can hold are told as unknown\n  other    warn\n}\n");
    CHECK_EQ(learn_rig_rule("script")->code.reason, REASON_SCRIPT_COMMAND_UNKNOWN);
    CHECK_EQ(learn_rig_rule("script")->effect, EFFECT_WARN);
    learn_rig_new();
    learn_make_begin();
    learn_make_command("\xc3\xa9");
    learn_make_end(NULL);
    learn_make_learn();
    learn_make_says("rule script : boot.script one-of @script/n count 1..1\n");
}

static void
more_words_than_a_list_holds_are_a_warning(void)
{
    char line[8];
    char text[512];
    struct wr wr = wr_init(text, sizeof(text));

    learn_rig_new();
    learn_make_begin();
    for (int i = 0; i < 66; i++) {
        snprintf(line, sizeof(line), "c%d", i);
        if (i < 20) {
            learn_make_command(line);
        }
        wr_str(&wr, line);
        wr_str(&wr, " ");
    }
    wr_u8(&wr, 0);
    CHECK(wr_done(&wr).p);
    learn_make_cmdline(text);
    learn_make_end(NULL);
    learn_make_learn();
    learn_make_says("words that no list can hold are told as unknown\n  other    warn\n");
    CHECK_EQ(learn_rig_rule("cmdline")->code.reason, REASON_CMDLINE_UNKNOWN_TOKEN);
    CHECK_EQ(learn_rig_rule("cmdline")->effect, EFFECT_WARN);
}

/* ---- what a device writes steers nothing ---- */

static void
no_word_of_a_device_is_a_wildcard_or_a_hole(void)
{
    lines("ro a=* b={x} {c} d*", NULL);
    learn_make_says("  require  ro\n");
    learn_make_says("# 4 words that no list can hold are told as unknown\n");
    learn_make_says_not("a=");
    learn_make_says_not("{x}");
    CHECK_EQ(learn_rig_rule("cmdline")->code.reason, REASON_CMDLINE_UNKNOWN_TOKEN);
    CHECK_EQ(reason_of("ro a=evil"), REASON_CMDLINE_UNKNOWN_TOKEN);
    lines("ro root=UUID=10d7f09f-7852-4b75-a2b6-2355d99b4376* x=\"a b\"", NULL);
    learn_make_says("# 2 words that no list can hold");
}

static void
words_of_the_language_are_just_words(void)
{
    lines("deny other } ; # allow= require bind allow \\ $x 'y'", NULL);
    learn_make_says("  require  \"deny\" \"other\" \"}\" \";\" \"#\" allow= \"require\" \"bind\" "
                    "\"allow\" \"\\\" \"$x\" \"'y'\"\n");
    CHECK_EQ(reason_of("deny other } ; # allow= require bind allow \\ $x 'y'"), REASON_NONE);
    CHECK_EQ(reason_of("deny other } ; # allow= require bind \\ $x 'y'"),
             REASON_CMDLINE_MISSING_TOKEN);
    learn_rig_new();
    learn_make_begin();
    learn_make_command("words a");
    learn_make_command("expect b");
    learn_make_command("other warn");
    learn_make_command("} #");
    learn_make_end(NULL);
    learn_make_learn();
    learn_make_says("grubcmd n {\n  words    \"words\" \"expect\" \"other\" \"}\"\n}\n");
    CHECK_EQ(learn_rig_rule("script")->outcome, OUTCOME_PASSED);
}

static void
a_label_ends_no_string_and_begins_no_line(void)
{
    learn_rig_new();
    learn_make_begin();
    learn_make_file("/\"} \n}\npolicy evil version 1 {\n#", "grub.cfg");
    learn_make_end(NULL);
    learn_make_learn();
    learn_make_says_not("\npolicy evil");
    learn_make_says("  files sha256:");
    CHECK_EQ(rulebook_bundle(learn_rig.book)->n_policies, 1);
}

CHECK_MAIN(CASE(words_that_stand_in_every_line_must_stand), CASE(what_tells_devices_apart_is_bound),
           CASE(what_only_looks_like_an_id_stays_a_word),
           CASE(a_device_s_value_that_some_lines_lack_may_be_any),
           CASE(values_that_always_differ_may_be_any_but_denied_names),
           CASE(what_a_boot_never_had_is_denied), CASE(a_line_that_is_a_label_is_never_read),
           CASE(a_unified_image_s_line_has_a_list_of_its_own),
           CASE(commands_are_allowed_by_their_first_word),
           CASE(a_command_that_no_list_can_hold_is_a_warning),
           CASE(more_words_than_a_list_holds_are_a_warning),
           CASE(no_word_of_a_device_is_a_wildcard_or_a_hole),
           CASE(words_of_the_language_are_just_words),
           CASE(a_label_ends_no_string_and_begins_no_line))
