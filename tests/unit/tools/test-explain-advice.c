/* explain-advice: one command for each kind of cause, and whom it is for. */
#include "explain/explain-advice.h"

#include "lib/explain-rig.h"

static struct explain_advice advice;

/* The device booted the log as scene.h has it, by scene.policy. */
static void
advise(enum reason reason)
{
    static uint64_t sequence = 1;

    explain_rig_publish(++sequence);
    explain_rig_boot(scene_log(), TIER_CONTRAINDICATED, reason);
    CHECK_EQ(explain_advice(explain_rig_case(), NULL, &advice), 0);
    CHECK_EQ(advice.devices, 1);
    CHECK(advice.what[0] != '\0');
}

/* Another initrd, of a release in this state; "": of none. */
static void
other_initrd(const char *state)
{
    explain_rig_start();
    scene_measure(43, bytes_str("second initrd"));
    if (state[0] != '\0') {
        scene_add(scene_format("\nrelease os n 2 {\n  state %s\n  initrd %s\n}\n", state,
                               scene_digest(43)));
    }
    advise(REASON_INITRD_UNKNOWN);
}

static void
what_nobody_knows_is_learnt(void)
{
    other_initrd("");
    CHECK_STR(advice.command, "assay device log 00000001 --out boot.log && assay policy learn "
                              "--class c --out update.policy boot.log");
    CHECK(!explain_known(&explain_rig.c).release);
}

static void
what_waits_is_promoted(void)
{
    other_initrd("staged");
    CHECK_STR(advice.command, "assay golden promote FILE os/n/2");
    CHECK_EQ(explain_known(&explain_rig.c).state, BUNDLE_STAGED);
}

/* What has ended comes back for nobody: the device is brought forward. */
static void
what_has_ended_is_left_behind(void)
{
    other_initrd("retired");
    CHECK_STR(advice.command, "");
    CHECK(strstr(advice.what, "os/n/2, which it started, has ended"));
}

static void
what_was_revoked_is_shut(void)
{
    other_initrd("revoked");
    CHECK_STR(advice.command, "assay device quarantine 00000001 --why TEXT");
}

/* A release that another rule asks has it: to promote that one helps nothing. */
static void
what_another_rules_release_has_is_not_known(void)
{
    explain_rig_start();
    scene_measure(43, bytes_str("second initrd"));
    scene_add(
        scene_format("\nrelease tool n 2 {\n  state staged\n  files %s\n}\n", scene_digest(43)));
    advise(REASON_INITRD_UNKNOWN);
    CHECK(!explain_known(&explain_rig.c).release);
    CHECK(!strstr(advice.command, "promote"));
}

/* Of what several releases hold the one that lives longest is told. */
static void
of_several_releases_the_longest_living_counts(void)
{
    explain_rig_start();
    scene_measure(43, bytes_str("second initrd"));
    scene_add(scene_format("\nrelease os n 2 {\n  state revoked\n  initrd %s\n}\n"
                           "\nrelease os n 3 {\n  state staged\n  initrd %s\n}\n",
                           scene_digest(43), scene_digest(43)));
    advise(REASON_BOOT_IMAGE_PENDING);
    CHECK_STR(advice.command, "assay golden promote FILE os/n/3");
}

static void
show_pin(const char *slot, const char *name)
{
    struct store_pin pin = {.value = {7}, .value_len = 1};

    snprintf(pin.slot, sizeof(pin.slot), "%s", slot);
    snprintf(pin.name, sizeof(pin.name), "%s", name);
    CHECK_EQ(store_pin_put(explain_rig.store, explain_rig.device.id, PINS_SHOWN, &pin), 0);
}

static void
what_is_pinned_otherwise_is_accepted_for_one(void)
{
    struct store_pin pin = {.slot = "gpt", .value = {9}, .value_len = 32};

    explain_rig_start();
    scene_rule("gpt", "rule gpt : gpt device-pin");
    CHECK_EQ(store_pin_put(explain_rig.store, explain_rig.device.id, PINS_HELD, &pin), 0);
    show_pin("gpt", "");
    show_pin("boot.vars", "");
    advise(REASON_GPT_CHANGED);
    CHECK_STR(advice.command, "assay device accept 00000001 gpt");
}

/* Nobody takes a shorter list of forbidden programs because a command stands there. */
static void
a_list_that_lost_something_is_mended_on_the_device(void)
{
    struct store_pin pin = {.slot = "sb.dbx", .value = {9}, .value_len = 32};

    explain_rig_start();
    scene_rule("dbx", "rule dbx : sb.dbx device-pin");
    CHECK_EQ(store_pin_put(explain_rig.store, explain_rig.device.id, PINS_HELD, &pin), 0);
    show_pin("sb.dbx", "");
    advise(REASON_DBX_SHRUNK);
    CHECK_STR(advice.command, "fwupdmgr update");
    CHECK(strstr(advice.what, "only if you know who shortened its list"));
}

static void
a_hole_is_named_and_several_are_the_slot(void)
{
    struct store_pin pin = {.slot = "gpt", .value = {9}, .value_len = 32};

    explain_rig_start();
    scene_rule("gpt", "rule gpt : gpt device-pin");
    CHECK_EQ(store_pin_put(explain_rig.store, explain_rig.device.id, PINS_HELD, &pin), 0);
    show_pin("gpt", "root");
    advise(REASON_GPT_CHANGED);
    CHECK_STR(advice.command, "assay device accept 00000001 gpt=root");
    show_pin("gpt", "uuid");
    advise(REASON_GPT_CHANGED);
    CHECK_STR(advice.command, "assay device accept 00000001 gpt");
}

/* What the device also showed is no remedy for another cause. */
static void
pins_that_are_not_at_fault_are_not_accepted(void)
{
    explain_rig_start();
    scene_rule("cmdline", "rule cmdline : boot.cmdline tokens @cmdline/mine count 1..1");
    scene_add("\ncmdline mine {\n  require lockdown=integrity\n  allow *\n}\n");
    show_pin("boot.cmdline", "root");
    advise(REASON_CMDLINE_MISSING_TOKEN);
    CHECK_STR(advice.command, "");
    CHECK(strstr(advice.what, "start the kernel with the word"));
}

static void
what_the_machine_must_do_is_no_command_here(void)
{
    explain_rig_start();
    scene_value(4, NULL, check_hex("00")); /* Secure Boot is off */
    advise(REASON_SB_OFF);
    CHECK_EQ(explain_rig.c.cause.reason, REASON_SB_OFF);
    CHECK_STR(advice.command, "");
    CHECK(strstr(advice.what, "switch Secure Boot on"));
}

static void
what_the_policy_denies_is_shut(void)
{
    explain_rig_start();
    scene_swap("rule script", "rule bad : boot.files not-in @bad\n  rule script");
    scene_add(scene_format("\nset digests bad { %s }\n", scene_digest(35)));
    advise(REASON_BOOT_FILE_UNKNOWN);
    CHECK_STR(advice.command, "assay device quarantine 00000001 --why TEXT");
}

static void
who_is_shut_stays_so_until_released(void)
{
    explain_rig_start();
    explain_rig.device.state = DEVICE_QUARANTINED;
    CHECK_EQ(store_device_put(explain_rig.store, &explain_rig.device), 0);
    scene_measure(43, bytes_str("second initrd"));
    advise(REASON_INITRD_UNKNOWN);
    CHECK_STR(advice.command, "");
    CHECK(strstr(advice.what, "assay device release 00000001"));
}

static void
a_class_of_an_odd_name_is_not_pasted(void)
{
    explain_rig_start();
    scene_measure(43, bytes_str("second initrd"));
    explain_rig_boot(scene_log(), TIER_CONTRAINDICATED, REASON_INITRD_UNKNOWN);
    (void)explain_rig_case();
    snprintf(explain_rig.c.device.class_name, sizeof(explain_rig.c.device.class_name), "a;rm");
    CHECK_EQ(explain_advice(&explain_rig.c, NULL, &advice), 0);
    CHECK(strstr(advice.command, "--class CLASS") && !strstr(advice.command, "rm"));
}

static void
peers_count_for_what_is_for_all_of_them(void)
{
    const struct explain_peers peers = {.same = 5};

    other_initrd("staged");
    CHECK_EQ(explain_advice(explain_rig_case(), &peers, &advice), 0);
    CHECK_EQ(advice.devices, 6);
    other_initrd("revoked");
    CHECK_EQ(explain_advice(explain_rig_case(), &peers, &advice), 0);
    CHECK_EQ(advice.devices, 1);
}

/* Pasted, a command asks the store that was asked. */
static void
commands_name_the_place_that_the_caller_did(void)
{
    char room[EXPLAIN_PLACE_ROOM];
    char path[EXPLAIN_PLACE_ROOM + 1];

    CHECK_STR(explain_place(&(struct rejudge_place){.store = NULL}, room), "");
    CHECK_STR(explain_place(&(struct rejudge_place){.store = "a b.db"}, room), " --store 'a b.db'");
    CHECK_STR(explain_place(&(struct rejudge_place){.conf = "/etc/a-b.conf"}, room),
              " --conf /etc/a-b.conf");
    CHECK_STR(explain_place(&(struct rejudge_place){.store = ""}, room), " --store ''");
    CHECK_STR(explain_place(&(struct rejudge_place){.conf = "it's;$(x)"}, room),
              " --conf 'it'\\''s;$(x)'");
    CHECK_STR(explain_place(&(struct rejudge_place){.conf = "a\nb"}, room), " --conf FILE");
    for (size_t n = 1; n < sizeof(path); n++) {
        memset(path, n % 2 ? '\'' : 'x', n);
        path[n] = '\0';
        (void)explain_place(&(struct rejudge_place){.store = path}, room);
        CHECK(strcmp(room, " --store FILE") == 0 || room[strlen(room) - 1] == '\'' || n % 2 == 0);
    }
    CHECK_STR(room, " --store FILE");
    other_initrd("staged");
    explain_rig.c.place = " --store 'x'";
    CHECK_EQ(explain_advice(&explain_rig.c, NULL, &advice), 0);
    CHECK_STR(advice.command, "assay golden promote FILE os/n/2 --store 'x'");
}

static void
a_boot_is_copied_out_of_the_store_that_was_asked(void)
{
    other_initrd("");
    explain_rig.c.place = " --conf 'x'";
    CHECK_EQ(explain_advice(&explain_rig.c, NULL, &advice), 0);
    CHECK_STR(advice.command, "assay device log 00000001 --out boot.log --conf 'x' && assay policy "
                              "learn --class c --out update.policy boot.log");
}

CHECK_MAIN(CASE(what_nobody_knows_is_learnt), CASE(what_waits_is_promoted),
           CASE(what_has_ended_is_left_behind), CASE(what_was_revoked_is_shut),
           CASE(what_another_rules_release_has_is_not_known),
           CASE(of_several_releases_the_longest_living_counts),
           CASE(what_is_pinned_otherwise_is_accepted_for_one),
           CASE(a_list_that_lost_something_is_mended_on_the_device),
           CASE(a_hole_is_named_and_several_are_the_slot),
           CASE(pins_that_are_not_at_fault_are_not_accepted),
           CASE(what_the_machine_must_do_is_no_command_here), CASE(what_the_policy_denies_is_shut),
           CASE(who_is_shut_stays_so_until_released), CASE(a_class_of_an_odd_name_is_not_pasted),
           CASE(peers_count_for_what_is_for_all_of_them),
           CASE(commands_name_the_place_that_the_caller_did),
           CASE(a_boot_is_copied_out_of_the_store_that_was_asked))
