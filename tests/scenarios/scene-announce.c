/* What a device alone announced: scenario 21. An announcement is said beside what it is of, and
 * approves nothing; where a release says so an initrd made on the machine is a warning. */
#include "appraise/explain.h"
#include "formats/evtype.h"
#include "lib/scene.h"

enum { HEARD_S = 1795869480 }; /* 2026-11-28 12:38Z */

static size_t
image(unsigned nth)
{
    return scene_find(4, EV_EFI_BOOT_SERVICES_APPLICATION, nth);
}

static size_t
kernel(void)
{
    return scene_text(9, "/vmlinuz-");
}

static size_t
initrd(void)
{
    return scene_text(9, "/initramfs-");
}

/* The device has said before that this event would come. */
static void
announce(size_t event)
{
    static uint8_t digests[8][32];
    size_t bank = 0;

    CHECK(learn_rig.n_announced < ARRAY_LEN(digests));
    while (scene.banks[bank].hash != HASH_SHA256) {
        bank++;
    }
    memcpy(digests[learn_rig.n_announced], scene.events[event].digest[bank], 32);
    learn_rig.announced[learn_rig.n_announced] =
        (struct rule_announced){scene.events[event].pcr, BYTES_OF(digests[0]), "os", HEARD_S};
    learn_rig.announced[learn_rig.n_announced].digest.p = digests[learn_rig.n_announced];
    learn_rig.n_announced++;
}

static bool
is_said(void)
{
    return strstr(learn_rig.verdict.seen, " announced 2026-11-28 12:38Z as os, ") != NULL;
}

/* shim and GRUB of a recorded boot with Secure Boot, and another kernel in PCR 4. */
static void
another_kernel(void)
{
    scene_start("boot/grub-sb-on/binary_bios_measurements");
    scene_learn();
    scene_rule("rtm", "");
    scene_measure(image(2), bytes_str("6.12.57"));
    scene_measure(image(3), bytes_str("6.12.57"));
}

static void
an_announced_kernel_is_refused_and_said_so(void)
{
    another_kernel();
    announce(image(2));
    scene_says("a kernel that only its device announced", "421f 219n", TIER_CONTRAINDICATED);
    scene_cause("chain", image(2));
    CHECK(is_said());
    scene_vector(2, 2, 96, 2);
}

static void
one_that_nobody_announced_is_refused_alike(void)
{
    another_kernel();
    scene_says("the same kernel, not announced", "421f 219n", TIER_CONTRAINDICATED);
    CHECK(!is_said());
    announce(image(2));
    learn_rig.announced[0].pcr = 9;
    scene_says("announced for another PCR", "421f 219n", TIER_CONTRAINDICATED);
    CHECK(!is_said());
}

/* Whether an explanation of the boot just judged has this. */
static bool
explained(const char *text)
{
    static char room[EXPLAIN_ROOM];
    const struct explain explain = {.verdict = &learn_rig.verdict,
                                    .tier = verdict_tier(&learn_rig.verdict),
                                    .ask = &learn_rig.ask,
                                    .told = &learn_rig.told};
    struct json_wr j = json_wr_init(room, sizeof(room) - 1);

    json_wr_object(&j);
    explain_write(&j, &explain);
    json_wr_end_object(&j);
    CHECK(json_wr_done(&j).p);
    room[json_wr_done(&j).len] = '\0';
    return strstr(room, text) != NULL;
}

/* An initrd made on the machine, under the kernel that was released. */
static void
local_initrd(void)
{
    scene_laptop();
    scene_measure(initrd(), bytes_str("made on the machine"));
    announce(initrd());
}

static void
allow(void)
{
    scene_swap("  vmlinuz ", "  initrd announced-by-device signed-kernel\n  vmlinuz ");
}

static void
an_announced_initrd_needs_the_policy_s_word(void)
{
    local_initrd();
    scene_says("an initrd that the device announced", "431f", TIER_CONTRAINDICATED);
    CHECK(is_said());
    allow();
    scene_says("the same where the kernel's release says so", "431w", TIER_WARNING);
    scene_vector(2, 2, 33, 2);
    CHECK(explained("\"outcome\":\"announced\"") &&
          explained(" announced 2026-11-28 12:38Z as os, "));
    learn_rig.n_announced = 0;
    scene_says("and without the announcement", "431f", TIER_CONTRAINDICATED);
    CHECK(explained("\"outcome\":\"unknown\"") && !explained("announced"));
}

static void
under_another_kernel_it_is_refused(void)
{
    local_initrd();
    allow();
    scene_measure(kernel(), bytes_str("made on the machine too"));
    announce(kernel());
    scene_says("both made on the machine and announced", "433f 431f", TIER_CONTRAINDICATED);
    scene_vector(2, 2, 96, 2);
}

static void
another_one_beside_it_refuses(void)
{
    local_initrd();
    allow();
    scene_copy(initrd(), initrd() + 1);
    scene_measure(initrd() + 1, bytes_str("evil"));
    scene_says("a second initrd behind the announced one", "431f", TIER_CONTRAINDICATED);
    scene_cause("initrd", initrd() + 1);
}

SCENE_MAIN({21,
            "a kernel that only its device announced",
            {CASE(an_announced_kernel_is_refused_and_said_so),
             CASE(one_that_nobody_announced_is_refused_alike),
             CASE(an_announced_initrd_needs_the_policy_s_word),
             CASE(under_another_kernel_it_is_refused), CASE(another_one_beside_it_refuses)}})
