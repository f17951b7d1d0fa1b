/* A gateway whose U-Boot measures what it boots by bootm: scenarios 34, 35, 36. No recording of one
 * is at hand: the log is that of boot/uboot-arm64 with what U-Boot's boot/bootm.c, bootm_measure(),
 * adds, and without what its UEFI does. */
#include "formats/evtype.h"
#include "lib/scene.h"

static const char policy[] =
    "policy gw version 1 schema 1 {\n"
    "  applies class in { gw }\n"
    "  profile uboot-bootm\n"
    "  quote sha256 pcrs 0-9\n"
    "  token floor warning\n"
    "  rule loader : crtm.version match \"U-Boot 2023.01*\" count 1..1\n"
    "  rule spl : firmware one-of @gw/spl count 0..4 else warn\n"
    "  rule kernel : boot.kernel one-of @os.kernel count 1..1 same-release\n"
    "  rule initrd : boot.initrd one-of @os.initrd count 1..1 same-release\n"
    "  rule dtb : boot.dtb one-of @os.dtb count 1..1 same-release\n"
    "  rule args : boot.cmdline match \"root=/dev/dm-0 *\" count 1..1\n"
    "}\n"
    "set digests gw/spl { sha256:ce2f55e9375960165858fdab0f7770f57b39172b9be9a222e8528373d74dcc0e "
    "}\n";

enum { DAY = 24 * 60 * 60 };

static void
image(const char *what, const char *version)
{
    bool kernel = strcmp(what, "linux") == 0;
    bool initrd = strcmp(what, "initrd") == 0;

    scene_put(scene.n,
              kernel   ? 8
              : initrd ? 9
                       : 1,
              kernel || initrd ? EV_COMPACT_HASH : EV_TABLE_OF_DEVICES, bytes_str(version),
              bytes_of((const uint8_t *)what, strlen(what) + 1));
}

/* Separators as bootm writes them: ffffffff when all was measured, 00000001 when it was not. */
static void
separators(const char *hex)
{
    for (uint32_t pcr = 0; pcr < 8; pcr++) {
        scene_put(scene.n, pcr, EV_SEPARATOR, check_hex(hex), check_hex(hex));
    }
}

static void
boot(const char *version)
{
    static const uint8_t args[] = "root=/dev/dm-0 ro"; /* with its NUL */

    scene_start("boot/uboot-arm64/binary_bios_measurements");
    scene.n = 2; /* its version alone */
    image("linux", version);
    image("initrd", version);
    image("dts", "dts");
    scene_put(scene.n, 1, EV_PLATFORM_CONFIG_FLAGS, BYTES_OF(args), BYTES_OF(args));
    separators("ffffffff");
}

static void
release(const char *version, const char *lines)
{
    scene_add(scene_format("release os gw %s {\n%s  kernel %s\n  initrd %s\n  dtb %s\n}\n", version,
                           lines, scene_digest(2), scene_digest(3), scene_digest(4)));
}

static void
gateway(void)
{
    boot("5.4.1");
    scene_add(policy);
    release("5.4.1", "");
}

static void
what_nobody_measured_before_u_boot_warns(void)
{
    gateway();
    scene_says("all is as released, U-Boot itself unmeasured", "806w", TIER_WARNING);
    scene_vector(2, 2, 3, 32);
}

static void
an_spl_that_is_measured_affirms_the_hardware(void)
{
    gateway();
    scene_put(2, 0, EV_EFI_PLATFORM_FIRMWARE_BLOB, bytes_str("spl"), bytes_str("SPL"));
    scene_swap("set digests gw/spl { ", scene_format("set digests gw/spl { %s ", scene_digest(2)));
    scene_says("its SPL measured it", "", TIER_AFFIRMING);
    scene_vector(2, 2, 3, 2);
}

static void
an_unknown_spl_warns(void)
{
    gateway();
    scene_put(2, 0, EV_EFI_PLATFORM_FIRMWARE_BLOB, bytes_str("evil"), bytes_str("SPL"));
    scene_says("an SPL that nobody released", "301w 806w", TIER_WARNING);
    scene_vector(2, 2, 3, 32);
}

/* Slot A has 5.4.2, slot B still 5.4.1. */
static void
replace(void)
{
    gateway();
    scene_measure(2, bytes_str("5.4.2"));
    scene_measure(3, bytes_str("5.4.2"));
    release("5.4.2", "  slots A B\n  active 2026-11-01\n  replaces 5.4.1 overlap 30d\n");
}

static void
slot_b(void)
{
    scene_measure(2, bytes_str("5.4.1"));
    scene_measure(3, bytes_str("5.4.1"));
}

static void
on_day(unsigned day)
{
    learn_rig.now_s = 1793491200 + (uint64_t)day * DAY; /* 2026-11-01 */
}

static void
both_slots_pass_within_the_overlap(void)
{
    replace();
    on_day(29);
    scene_says("slot A, day 29", "806w", TIER_WARNING);
    CHECK_EQ(learn_rig_rule("kernel")->outcome, OUTCOME_PASSED);
    slot_b();
    scene_says("slot B, day 29", "435w 806w", TIER_WARNING);
    scene_vector(2, 2, 33, 32);
}

static void
behind_it_the_old_one_is_retired(void)
{
    replace();
    slot_b();
    on_day(30);
    scene_says("slot B, day 30", "436f 806w", TIER_CONTRAINDICATED);
    CHECK_STR(learn_rig.verdict.policy_rule, "kernel");
}

static void
before_it_is_active_the_new_one_is_to_come(void)
{
    replace();
    learn_rig.now_s = 1793491199;
    scene_says("slot A, a second before", "426f 806w", TIER_CONTRAINDICATED);
    CHECK_EQ(learn_rig_rule("kernel")->outcome, OUTCOME_PENDING);
    slot_b();
    scene_says("slot B, a second before", "806w", TIER_WARNING);
}

static void
slots_of_two_releases_are_mixed(void)
{
    replace();
    on_day(1);
    scene_measure(3, bytes_str("5.4.1"));
    scene_says("the kernel of A, the initrd of B", "434f 806w", TIER_CONTRAINDICATED);
}

static void
measuring_that_failed_is_told(void)
{
    gateway();
    scene_cut(2);
    scene.n -= 8;
    separators("00000001");
    scene_says("no kernel in PCR 8, separators 00000001", "211f 208f 216f 806w",
               TIER_CONTRAINDICATED);
}

static void
each_half_of_it_refuses(void)
{
    gateway();
    scene_cut(2);
    scene_says("no kernel in PCR 8", "216f 806w", TIER_CONTRAINDICATED);
    gateway();
    scene.n -= 8;
    separators("00000001");
    scene_says("separators 00000001", "211f 208f 806w", TIER_CONTRAINDICATED);
}

SCENE_MAIN({34,
            "nothing measured U-Boot",
            {CASE(what_nobody_measured_before_u_boot_warns),
             CASE(an_spl_that_is_measured_affirms_the_hardware), CASE(an_unknown_spl_warns)}},
           {35,
            "a gateway boots its other slot",
            {CASE(both_slots_pass_within_the_overlap), CASE(behind_it_the_old_one_is_retired),
             CASE(before_it_is_active_the_new_one_is_to_come),
             CASE(slots_of_two_releases_are_mixed)}},
           {36,
            "a gateway whose measuring failed",
            {CASE(measuring_that_failed_is_told), CASE(each_half_of_it_refuses)}})
