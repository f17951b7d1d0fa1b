/* Verbs that read text, and those that compare lists, levels and advisories. */
#include "lib/check.h"
#include "lib/rule-play.h"

#define LAPTOP                                                                                   \
    "cmdline laptop {\n  require ro lockdown=integrity\n  bind root=UUID={root}\n"               \
    "  allow BOOT_IMAGE=* quiet console=*\n  deny init=* console=ttyS9 module.sig_enforce=0\n  " \
    "other warn\n}\n"

static void
line(const char *text)
{
    rule_play_rules("  rule mine : boot.cmdline tokens @cmdline/laptop\n", LAPTOP);
    rule_play_event(SLOT_BOOT_CMDLINE, 1, text);
    rule_play_pin(SLOT_BOOT_CMDLINE, "root", bytes_str("12-34"));
}

#define GOOD "BOOT_IMAGE=/vmlinuz root=UUID=12-34 ro lockdown=integrity"

static void
a_command_line_is_judged_word_by_word(void)
{
    static const struct {
        const char *text;
        enum reason reason;
        enum reason_effect effect;
        const char *token;
    } rows[] = {
        {GOOD, REASON_NONE, EFFECT_FAIL, ""},
        {GOOD " quiet", REASON_NONE, EFFECT_FAIL, ""},
        {GOOD " init=/bin/sh", REASON_CMDLINE_DENIED_TOKEN, EFFECT_FAIL, "init=/bin/sh"},
        {GOOD " \"init=/bin/sh\"", REASON_CMDLINE_DENIED_TOKEN, EFFECT_FAIL, "\"init=/bin/sh\""},
        {GOOD " module.sig-enforce=0", REASON_CMDLINE_DENIED_TOKEN, EFFECT_FAIL,
         "module.sig-enforce=0"},
        {GOOD " console=tty0", REASON_NONE, EFFECT_FAIL, ""},
        {GOOD " console=ttyS9", REASON_CMDLINE_DENIED_TOKEN, EFFECT_FAIL, "console=ttyS9"},
        {GOOD " splash", REASON_CMDLINE_UNKNOWN_TOKEN, EFFECT_WARN, "splash"},
        {GOOD " splash init=/x", REASON_CMDLINE_DENIED_TOKEN, EFFECT_FAIL, "init=/x"},
        {"root=UUID=12-34 lockdown=integrity", REASON_CMDLINE_MISSING_TOKEN, EFFECT_FAIL, "ro"},
        {"root=UUID=56-78 ro lockdown=integrity", REASON_CMDLINE_BIND_CHANGED, EFFECT_FAIL,
         "root=UUID=56-78"},
        {"ro lockdown=integrity", REASON_CMDLINE_MISSING_TOKEN, EFFECT_FAIL, "root=UUID={root}"},
        {"", REASON_CMDLINE_MISSING_TOKEN, EFFECT_FAIL, "ro"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        line(rows[i].text);
        CHECK_EQ(rule_play_reason("mine"), rows[i].reason);
        CHECK_BYTES(rule_play_rule("mine")->token, bytes_str(rows[i].token));
        CHECK_EQ(rule_play_rule("mine")->effect, rows[i].effect);
    }
}

static void
two_roots_are_not_one(void)
{
    line(GOOD " root=UUID=56-78");
    CHECK_EQ(rule_play_reason("mine"), REASON_CMDLINE_BIND_CHANGED);
}

static void
a_bound_value_is_learnt_once(void)
{
    line(GOOD);
    rule_play.input.n_pins = 0;
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_CHANGED);
    rule_play.input.may_pin = true;
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_PASSED);
    CHECK(rule_play_rule("mine")->learns);
    rule_play.input.n_pins = 1;
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_PASSED);
    CHECK(!rule_play_rule("mine")->learns);
    rule_play.pins[0].value = bytes_str("12-3"); /* may_pin does not learn again */
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_CHANGED);
}

/* Quotes are no part of it, and the words behind it leave it as it was. */
static void
what_a_hole_learns_outlives_its_line(void)
{
    line("root=UUID=\"12\"-34 ro lockdown=integrity BOOT_IMAGE=/a-long-word-behind-it");
    rule_play.input.n_pins = 0;
    rule_play.input.may_pin = true;
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_PASSED);
    CHECK_EQ(rule_play.judgement.n_learnt, 1);
    CHECK_BYTES(rule_play.judgement.learnt[0].name, bytes_str("root"));
    CHECK_BYTES(rule_play.judgement.learnt[0].value, bytes_str("12-34"));
}

/* Values of all lines together have a bound. */
static void
more_than_can_be_learnt_refuses(void)
{
    static char text[32 + 2 * 210];
    struct wr wr = wr_init(text, sizeof(text));

    wr_str(&wr, "ro lockdown=integrity");
    for (size_t word = 0; word < 2; word++) {
        wr_str(&wr, " root=UUID=");
        memset(wr_room(&wr, 190), 'x', 190);
    }
    wr_u8(&wr, 0);
    CHECK(wr_done(&wr).p);
    rule_play_rules("  rule mine : boot.cmdline tokens @cmdline/laptop\n", LAPTOP);
    rule_play.input.may_pin = true;
    for (size_t i = 0; i < 43; i++) {
        rule_play_event(SLOT_BOOT_CMDLINE, 1, text);
    }
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_PASSED);
    CHECK_EQ(rule_play.judgement.n_learnt, 86);
    CHECK_EQ(rule_play.judgement.learnt[85].value.len, 190);
    rule_play_event(SLOT_BOOT_CMDLINE, 1, text);
    CHECK_EQ(rule_play_reason("mine"), REASON_CMDLINE_UNKNOWN_TOKEN);
}

static void
a_value_is_pinned_for_its_own_hole(void)
{
    rule_play_rules("  rule mine : boot.cmdline tokens @cmdline/two\n",
                    "cmdline two {\n  bind root={root} resume={swap}\n}\n");
    rule_play_event(SLOT_BOOT_CMDLINE, 1, "root=a resume=b");
    rule_play_pin(SLOT_BOOT_CMDLINE, "root", bytes_str("a"));
    rule_play_pin(SLOT_BOOT_CMDLINE, "swap", bytes_str("b"));
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_PASSED);
    rule_play.events[0].text = bytes_str("root=b resume=a");
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_CHANGED);
}

/* A policy that binds one more word learns it, and what it has stays. */
static void
a_new_hole_is_learnt_beside_the_old_ones(void)
{
    rule_play_rules("  rule mine : boot.cmdline tokens @cmdline/two\n",
                    "cmdline two {\n  bind root={root} resume={swap}\n}\n");
    rule_play_event(SLOT_BOOT_CMDLINE, 1, "root=a resume=b");
    rule_play_pin(SLOT_BOOT_CMDLINE, "root", bytes_str("a"));
    rule_play.input.may_pin = true;
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_PASSED);
    CHECK_EQ(rule_play.judgement.n_learnt, 1);
    CHECK_BYTES(rule_play.judgement.learnt[0].name, bytes_str("swap"));
    rule_play.events[0].text = bytes_str("root=c resume=b");
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_CHANGED);
    CHECK_EQ(rule_play.judgement.n_learnt, 0);
    CHECK_EQ(rule_play.judgement.n_shown, 2);
    CHECK_BYTES(rule_play.judgement.shown[0].name, bytes_str("root"));
    CHECK_BYTES(rule_play.judgement.shown[0].value, bytes_str("c"));
}

static void
a_line_that_is_a_label_says_nothing(void)
{
    line(GOOD);
    rule_play.events[0].verified = false;
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_UNKNOWN);
}

static void
a_word_too_long_for_the_kernel_refuses(void)
{
    static char text[4096] = GOOD " quiet";

    memset(text + strlen(text), 'x', 3000);
    line(text);
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_UNKNOWN);
    CHECK_EQ(rule_play_rule("mine")->effect, EFFECT_FAIL);
}

#define DEBIAN                                                                                \
    "grubcmd debian {\n  words set [ menuentry linux\n  expect linux /boot/vmlinuz-{ver} *\n" \
    "  expect configfile ({dev})/boot/grub/grub.cfg\n}\n"

static void
commands_are_words_and_forms(void)
{
    static const struct {
        const char *text;
        enum policy_outcome outcome;
    } rows[] = {
        {"set root=hd0", OUTCOME_PASSED},
        {"[ x = y ]", OUTCOME_PASSED},
        {"", OUTCOME_PASSED},
        {"linux /boot/vmlinuz-6.12 ro quiet", OUTCOME_PASSED},
        {"linux /boot/vmlinuz-6.12", OUTCOME_PASSED},
        {"linux /tmp/vmlinuz-6.12 ro", OUTCOME_UNKNOWN},
        {"linux", OUTCOME_UNKNOWN},
        {"configfile (hd0,gpt2)/boot/grub/grub.cfg", OUTCOME_PASSED},
        {"configfile (hd0,gpt2)/boot/grub/grub.cfg x", OUTCOME_UNKNOWN},
        {"configfile (hd0 gpt2)/boot/grub/grub.cfg", OUTCOME_UNKNOWN},
        {"cat /etc/shadow", OUTCOME_UNKNOWN},
        {"settle", OUTCOME_UNKNOWN},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        rule_play_rules("  rule mine : boot.script commands @grubcmd/debian\n", DEBIAN);
        rule_play_event(SLOT_BOOT_SCRIPT, 1, rows[i].text);
        CHECK_EQ(rule_play_outcome("mine"), rows[i].outcome);
    }
    rule_play.events[0].verified = false;
    CHECK_EQ(rule_play_reason("mine"), REASON_SCRIPT_COMMAND_UNKNOWN);
}

static void
a_version_is_matched_where_it_is_bound(void)
{
    rule_play_rules("  rule mine : crtm.version match \"U-Boot 2025.07-gw*\"\n", "");
    rule_play_event(SLOT_CRTM_VERSION, 1, "U-Boot 2025.07-gw3");
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_PASSED);
    rule_play.events[0].text = bytes_str("U-Boot 2024.07-gw3");
    CHECK_EQ(rule_play_reason("mine"), REASON_FW_TEXT_MISMATCH);
    rule_play.events[0] = (struct rule_event){.slot = SLOT_CRTM_VERSION,
                                              .text = bytes_str("U-Boot 2025.07-gw3"),
                                              .digest = BYTES_OF(rule_play.digests[1])};
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_UNKNOWN);
}

/* A version is text: whoever says it has not said which code runs. */
static void
text_does_not_affirm_the_hardware(void)
{
    rule_play_start("policy p version 1 schema 1 {\n  applies class in { c }\n  profile uboot\n"
                    "  quote sha256 pcrs 0,9\n  rule v : crtm.version match \"U*\"\n"
                    "  rule spl : firmware one-of @spl count 0..4 else warn\n"
                    "  rule k : boot.kernel one-of @k\n}\n"
                    "set digests spl { " D("05") "}\nset digests k { " D("02") "}\n");
    rule_play_event(SLOT_CRTM_VERSION, 1, "U-Boot");
    rule_play_event(SLOT_BOOT_KERNEL, 2, NULL);
    CHECK_EQ(rule_play_outcome("v"), OUTCOME_PASSED);
    CHECK_EQ(rule_play.judgement.tiers[DIMENSION_HARDWARE], TIER_WARNING);
    CHECK_EQ(rule_play.judgement.tiers[DIMENSION_EXECUTABLES], TIER_AFFIRMING);
    rule_play_event(SLOT_FIRMWARE, 5, NULL);
    (void)rule_play_rule("v");
    CHECK_EQ(rule_play.judgement.tiers[DIMENSION_HARDWARE], TIER_AFFIRMING);
}

static void
secure_boot_is_a_fact_or_unknown(void)
{
    rule_play_rules("  rule mine : secureboot is on\n", "");
    CHECK_EQ(rule_play_reason("mine"), REASON_SB_UNKNOWN);
    rule_play.input.words[SLOT_SECUREBOOT] = bytes_str("off");
    rule_play_event(SLOT_SECUREBOOT, 1, "x");
    CHECK_EQ(rule_play_reason("mine"), REASON_SB_OFF);
    CHECK_BYTES(rule_play_rule("mine")->token, bytes_str("off"));
    rule_play.input.words[SLOT_SECUREBOOT] = bytes_str("on");
    CHECK_EQ(rule_play_reason("mine"), REASON_NONE);
}

static void
setup_mode_is_told_as_such(void)
{
    rule_play_rules("  rule mine : sb.mode is deployed else note\n", "");
    CHECK_EQ(rule_play_reason("mine"), REASON_SB_NOT_DEPLOYED);
    rule_play.input.words[SLOT_SB_MODE] = bytes_str("user");
    CHECK_EQ(rule_play_reason("mine"), REASON_SB_NOT_DEPLOYED);
    rule_play.input.words[SLOT_SB_MODE] = bytes_str("setup");
    CHECK_EQ(rule_play_reason("mine"), REASON_SB_SETUP_MODE);
    CHECK_EQ(rule_play_rule("mine")->effect, EFFECT_NOTE);
    rule_play.input.words[SLOT_SB_MODE] = bytes_str("deployed");
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_PASSED);
}

static void
a_text_slot_may_be_one_word(void)
{
    rule_play_rules("  rule mine : nonhost.info is tdx\n", "");
    rule_play_event(SLOT_NONHOST_INFO, 1, "tdx");
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_PASSED);
    rule_play_event(SLOT_NONHOST_INFO, 2, "sev");
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_UNKNOWN);
}

#define LISTS                                                                  \
    "set certs sb/db { " D("01") D("02") "}\n"                                 \
                                         "set dbx dbx/1 next dbx/2 { " D("05") \
                                             D("06") "}\n"                     \
                                                     "set dbx dbx/2 { " D("05") D("07") "}\n"

static enum policy_outcome
db(const char *rule, const char *digests)
{
    char text[128];

    snprintf(text, sizeof(text), "  rule mine : sb.db %s\n", rule);
    rule_play_rules(text, LISTS);
    rule_play_event(SLOT_SB_DB, 0x60, "x");
    for (; *digests; digests++) {
        rule_play_cert(SLOT_SB_DB, (uint8_t)(*digests - '0'));
    }
    return rule_play_outcome("mine");
}

static void
lists_are_compared_as_sets(void)
{
    CHECK_EQ(db("equals @sb/db", "12"), OUTCOME_PASSED);
    CHECK_EQ(db("equals @sb/db", "1"), OUTCOME_MISSING);
    CHECK_EQ(db("equals @sb/db", "123"), OUTCOME_UNKNOWN);
    CHECK_EQ(db("subset-of @sb/db", "1"), OUTCOME_PASSED);
    CHECK_EQ(db("subset-of @sb/db", "13"), OUTCOME_UNKNOWN);
    CHECK_EQ(db("includes @sb/db", "123"), OUTCOME_PASSED);
    CHECK_EQ(db("includes @sb/db", "13"), OUTCOME_MISSING);
    CHECK_EQ(db("not-in @sb/db", "34"), OUTCOME_PASSED);
    CHECK_EQ(db("not-in @sb/db", "342"), OUTCOME_REVOKED);
    CHECK_EQ(db("equals @sb/db", ""), OUTCOME_UNAVAILABLE); /* nobody read it */
    CHECK_EQ(db("subset-of @sb/db", ""), OUTCOME_UNAVAILABLE);
    CHECK_EQ(db("not-in @sb/db", ""), OUTCOME_UNAVAILABLE);
}

static void
an_entry_of_another_kind_is_another_entry(void)
{
    CHECK_EQ(db("subset-of @sb/db", "1"), OUTCOME_PASSED);
    rule_play.entries[0].sig = BUNDLE_SIG_SHA256;
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_UNKNOWN);
    CHECK_BYTES(rule_play_rule("mine")->token, BYTES_OF(rule_play.digests[1]));
}

static void
dbx(const char *digests)
{
    rule_play_rules("  rule mine : sb.dbx includes @dbx/1\n", LISTS);
    rule_play_event(SLOT_SB_DBX, 0x60, "x");
    for (; *digests; digests++) {
        rule_play_cert(SLOT_SB_DBX, (uint8_t)(*digests - '0'));
        rule_play.entries[rule_play.input.entries[SLOT_SB_DBX].n - 1].sig = BUNDLE_SIG_SHA256;
    }
}

static void
a_baseline_is_met_by_what_supersedes_it(void)
{
    dbx("56");
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_PASSED);
    dbx("57"); /* the newer list does not hold the older one */
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_PASSED);
    dbx("5");
    CHECK_EQ(rule_play_reason("mine"), REASON_DBX_OLD);
    CHECK_BYTES(rule_play_rule("mine")->token, bytes_str("dbx/1"));
}

static void
signers_must_be_known_and_there(void)
{
    rule_play_rules("  rule mine : boot.authority signed-by @sb/db\n", LISTS);
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_UNAVAILABLE);
    rule_play_event(SLOT_BOOT_AUTHORITY, 0x60, "x");
    rule_play_cert(SLOT_BOOT_AUTHORITY, 1);
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_PASSED);
    rule_play_cert(SLOT_BOOT_AUTHORITY, 9);
    CHECK_EQ(rule_play_reason("mine"), REASON_AUTHORITY_UNKNOWN);
    rule_play.input.entries[SLOT_BOOT_AUTHORITY].n = 0;
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_UNKNOWN);
}

static void
levels_have_a_least(void)
{
    struct rule_number numbers[] = {{bytes_str("shim"), 4}, {bytes_str("grub"), 3}};

    rule_play_rules("  rule mine : sb.sbat at-least sbat:7\n",
                    "set sbat sbat:7 { shim 4 grub 3 }\n");
    rule_play_event(SLOT_SB_SBAT, 1, "x");
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_UNAVAILABLE);
    rule_play.input.level = 2024040900;
    CHECK_EQ(rule_play_reason("mine"), REASON_SBAT_OLD);
    rule_play.input.numbers = numbers;
    rule_play.input.n_numbers = 2;
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_PASSED);
    numbers[1].number = 2;
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_OLD);
}

static void
an_older_release_is_below_the_floor(void)
{
    rule_play_rules("  rule mine : boot.kernel at-least floor(os,5)\n",
                    "release os corp 1 { svn 4 kernel " D(
                        "01") "}\n"
                              "release os corp 2 { svn 5 kernel " D(
                                  "02") "}\n"
                                        "release os corp 3 { svn 6 kernel " D("01") D("03") "}\n");
    rule_play_event(SLOT_BOOT_KERNEL, 2, NULL);
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_PASSED);
    rule_play.events[0].digest = BYTES_OF(rule_play.digests[1]); /* it is of a newer one too */
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_PASSED);
    rule_play.events[0].digest = BYTES_OF(rule_play.digests[9]);
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_UNKNOWN);
    rule_play_rules("  rule mine : boot.kernel at-least floor(os,5)\n",
                    "release os corp 1 { svn 4 kernel " D("01") "}\n");
    rule_play_event(SLOT_BOOT_KERNEL, 1, NULL);
    CHECK_EQ(rule_play_reason("mine"), REASON_OS_ROLLBACK);
}

static void
advisories_are_named_or_nothing_is_known(void)
{
    struct bytes has[] = {bytes_str("CVE-2"), bytes_str("CVE-1")};

    rule_play_rules("  rule mine : tpm.advisory not-in @adv/high else warn\n",
                    "set advisories adv/high { CVE-1 CVE-3 }\n");
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_UNAVAILABLE);
    rule_play.input.advisories_known = true;
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_PASSED);
    rule_play.input.advisories = has;
    rule_play.input.n_advisories = 1;
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_PASSED);
    rule_play.input.n_advisories = 2;
    CHECK_EQ(rule_play_reason("mine"), REASON_TPM_ADVISORY);
    CHECK_BYTES(rule_play_rule("mine")->token, bytes_str("CVE-1"));
    rule_play.input.n_critical = 1; /* the other one is */
    CHECK_EQ(rule_play_reason("mine"), REASON_TPM_ADVISORY);
    rule_play.input.n_critical = 2;
    CHECK_EQ(rule_play_reason("mine"), REASON_TPM_FW_REVOKED);
    CHECK_EQ(rule_play_rule("mine")->effect, EFFECT_WARN);
}

/* Nobody vouches for a maker; one that makes others; and one that makes hardware, which says
 * nothing of the firmware that measures. */
static void
a_tpm_is_hardware_or_it_is_told(void)
{
    rule_play_rules("  rule mine : tpm.kind is hardware\n", "");
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_UNAVAILABLE);
    CHECK_EQ(rule_play_reason("mine"), REASON_TPM_VIRTUAL);
    rule_play.input.words[SLOT_TPM_KIND] = bytes_str("virtual");
    CHECK_EQ(rule_play_reason("mine"), REASON_TPM_VIRTUAL);
    CHECK_BYTES(rule_play_rule("mine")->token, bytes_str("virtual"));
    rule_play.input.words[SLOT_TPM_KIND] = bytes_str("hardware");
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_PASSED);
    CHECK(!(rule_play.judgement.affirmed >> DIMENSION_HARDWARE & 1));
}

static void
files_are_not_judged_yet(void)
{
    rule_play_rules("  rule mine : ima policy ima/corp else warn\n",
                    "ima corp { skip path /run/** }\n");
    CHECK_EQ(rule_play_reason("mine"), REASON_IMA_OFF);
}

CHECK_MAIN(CASE(a_command_line_is_judged_word_by_word), CASE(two_roots_are_not_one),
           CASE(a_bound_value_is_learnt_once), CASE(what_a_hole_learns_outlives_its_line),
           CASE(more_than_can_be_learnt_refuses), CASE(a_value_is_pinned_for_its_own_hole),
           CASE(a_new_hole_is_learnt_beside_the_old_ones),
           CASE(a_line_that_is_a_label_says_nothing), CASE(a_word_too_long_for_the_kernel_refuses),
           CASE(commands_are_words_and_forms), CASE(a_version_is_matched_where_it_is_bound),
           CASE(text_does_not_affirm_the_hardware), CASE(secure_boot_is_a_fact_or_unknown),
           CASE(setup_mode_is_told_as_such), CASE(a_text_slot_may_be_one_word),
           CASE(lists_are_compared_as_sets), CASE(an_entry_of_another_kind_is_another_entry),
           CASE(a_baseline_is_met_by_what_supersedes_it), CASE(signers_must_be_known_and_there),
           CASE(levels_have_a_least), CASE(an_older_release_is_below_the_floor),
           CASE(advisories_are_named_or_nothing_is_known), CASE(a_tpm_is_hardware_or_it_is_told),
           CASE(files_are_not_judged_yet))
