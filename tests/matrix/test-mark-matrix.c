/* The highest svn of firmware that a device was accepted with, as the keeper keeps it: moved by
 * accepted evidence alone, and by an operator's word. The log is boot/grub-sb-on; its firmware's
 * release got a svn, and an older release differs in one blob. */
#include "base/hex.h"
#include "formats/evtype.h"
#include "keeper/control.h"
#include "lib/policy-play.h"
#include "lib/scene.h"

#define MARK "firmware=svn:fw"

static char json[65536];
static char id[2 * WIRE_UEID_SIZE + 1];

static bool
command(const char *verb, const char *more)
{
    const char *words[] = {"device", verb, id, MARK, more};
    int status = keeper_rig_command(&play.rig, words, more ? 5 : 4, json, sizeof(json));

    return status == CONTROL_YES;
}

static bool
on_mark(void *context, const struct store_pin *pin)
{
    if (strcmp(pin->name, "svn:fw") == 0) {
        CHECK_STR(pin->slot, "firmware");
        CHECK(((char *)context)[0] == '\0'); /* one alone */
        snprintf(context, 32, "%.*s", (int)pin->value_len, (const char *)pin->value);
    }
    return true;
}

/* The mark that is held, or was shown; "" for none. */
static const char *
mark(enum store_pins pins)
{
    static char text[32];
    struct store_device device = policy_play_device();

    text[0] = '\0';
    CHECK_EQ(store_pin_each(play.rig.keeper.store, device.id, pins, on_mark, text), 0);
    return text;
}

/* With the older firmware, or with the newer. */
static void
boot(const char *blob)
{
    static uint8_t newer[LIMIT_BANKS][HASH_SIZE_MAX];
    size_t event = scene_find(0, EV_EFI_PLATFORM_FIRMWARE_BLOB, 0);

    if (!blob) {
        memcpy(newer, scene.events[event].digest, sizeof(newer));
    } else if (blob[0] == 'o') {
        scene_measure(event, bytes_str(blob));
    } else {
        memcpy(scene.events[event].digest, newer, sizeof(newer));
    }
    CHECK(keeper_rig_boot(&play.rig, scene_log()));
}

static void
member(const char *otherwise)
{
    struct store_device device;

    boot_log_start();
    sealing_new(&policy_play.sealing);
    policy_play.sequence = 0;
    scene_start(PLAY_LOG);
    scene_cut(scene_find(4, EV_EFI_BOOT_SERVICES_APPLICATION, 3));
    scene_learn();
    scene_rule("rtm", "");
    scene_swap("release fw n 1 {\n", "release fw n 1 {\n  svn 42\n");
    scene_swap("  rule fw : ", scene_format("  rule floor : firmware at-least floor(fw,41)%s\n"
                                            "  rule fw : ",
                                            otherwise));
    boot(NULL);
    scene_measure(scene_find(0, EV_EFI_PLATFORM_FIRMWARE_BLOB, 0), bytes_str("old"));
    scene_add(scene_format("release fw n 0 {\n  svn 41\n  variant { %s }\n}\n",
                           scene_digests(SLOT_FIRMWARE)));
    boot("newer");
    policy_play_publish(scene.policy, 0);
    device = policy_play_device();
    (void)hex_write(id, BYTES_OF(device.id));
}

static void
passes(const char *held)
{
    CHECK_EQ(policy_play_attest().tier, TIER_AFFIRMING);
    CHECK_STR(mark(PINS_HELD), held);
    CHECK_STR(mark(PINS_SHOWN), "");
}

static void
falls(enum tier tier)
{
    struct answer answer = policy_play_attest();

    CHECK_EQ(answer.tier, tier);
    CHECK_EQ(answer.reasons[0], REASON_FW_ROLLBACK);
    CHECK_EQ(answer.cwt.p != NULL, tier == TIER_WARNING);
    CHECK_STR(mark(PINS_HELD), "42");
    CHECK_STR(mark(PINS_SHOWN), "41");
    CHECK_STR(policy_play_last().fault_rule, tier == TIER_WARNING ? "" : "policy/floor");
}

static void
a_device_that_was_accepted_does_not_go_back(void)
{
    member("");
    passes("42");
    boot("old");
    falls(TIER_CONTRAINDICATED);
    falls(TIER_CONTRAINDICATED); /* however often it tries */
    boot("newer");
    passes("42");
    play_done();
}

static void
one_that_never_had_more_may_have_less_and_rises(void)
{
    member("");
    boot("old");
    passes("41");
    boot("newer");
    passes("42");
    boot("old");
    falls(TIER_CONTRAINDICATED);
    play_done();
}

/* As it is shown: the mark is then lower, and rises again with the next update. */
static void
an_operator_accepts_the_older_one(void)
{
    const char *at;
    char word[8 + 65] = "confirm=";

    member("");
    passes("42");
    CHECK(!command("accept", NULL)); /* nothing was shown */
    boot("old");
    falls(TIER_CONTRAINDICATED);
    CHECK(command("accept", NULL));
    at = strstr(json, "\"proposal\":\"");
    CHECK(at);
    snprintf(word + 8, 65, "%.64s", at + strlen("\"proposal\":\""));
    CHECK(command("accept", word));
    passes("41");
    boot("newer");
    passes("42");
    play_done();
}

static void
an_operator_drops_the_mark(void)
{
    member("");
    CHECK(!command("unpin", NULL));
    passes("42");
    CHECK(command("unpin", NULL));
    boot("old");
    passes("41");
    play_done();
}

/* A window is a bundle that warns: nobody is refused, and what is held stays for when it ends. */
static void
a_window_leaves_the_mark(void)
{
    member(" else warn");
    passes("42");
    boot("old");
    falls(TIER_WARNING);
    scene_swap(" else warn\n  rule fw : ", "\n  rule fw : ");
    policy_play_publish(scene.policy, 0);
    falls(TIER_CONTRAINDICATED);
    play_done();
}

/* What refuses by another rule moves nothing. */
static void
refused_evidence_moves_no_mark(void)
{
    member("");
    boot("old");
    passes("41");
    scene_value(scene_variable("SecureBoot"), NULL, check_hex("00"));
    boot("newer");
    CHECK_EQ(policy_play_attest().tier, TIER_CONTRAINDICATED);
    CHECK_STR(mark(PINS_HELD), "41");
    scene_value(scene_variable("SecureBoot"), NULL, check_hex("01"));
    boot("newer");
    passes("42");
    play_done();
}

CHECK_MAIN(CASE(a_device_that_was_accepted_does_not_go_back),
           CASE(one_that_never_had_more_may_have_less_and_rises),
           CASE(an_operator_accepts_the_older_one), CASE(an_operator_drops_the_mark),
           CASE(a_window_leaves_the_mark), CASE(refused_evidence_moves_no_mark))
