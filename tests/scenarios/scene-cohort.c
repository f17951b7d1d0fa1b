/* Firmware that several devices show and nobody knows: scenarios 9 and 10. The log is
 * scene_laptop()'s with another firmware blob; devices are rows of a store, as a verifier leaves
 * them behind. */
#include "formats/evtype.h"
#include "lib/cohort-rig.h"

enum { MAKER_IBM = 0x49424d00 };

static const char *
update(void)
{
    size_t blob;

    cohort_rig_start();
    blob = scene_find(0, EV_EFI_PLATFORM_FIRMWARE_BLOB, 2);
    scene_measure(blob, bytes_str("the vendor's update"));
    return scene_digest(blob);
}

/* The first devices at one site, the last at another; two sites are asked for. */
static void
devices_at_two_sites(uint32_t n)
{
    cohort_rig.need_sites = SUGGEST_SITES;
    for (uint32_t i = 1; i <= n; i++) {
        struct store_device device = cohort_rig_device(i, scene_log());

        cohort_rig_site(&device, i < n ? "lyon" : "nice");
    }
}

static void
tell(const char *what)
{
    printf("# %s: %zu suggestions\n", what, cohort_rig.suggest->n_groups);
}

static char *
release_text(enum bundle_state state)
{
    char *text = NULL;

    CHECK_EQ(suggest_text(cohort_rig.suggest, cohort_rig_only(), state, &text), 0);
    return check_keep(text);
}

static void
five_devices_make_a_suggestion(void)
{
    const char *blob = update();

    devices_at_two_sites(5);
    cohort_rig_look(SUGGEST_DEVICES);
    tell("new firmware on 5 devices at 2 sites");
    CHECK_EQ(cohort_rig_only()->kind, SUGGEST_RELEASE);
    cohort_rig_has(cohort_rig_say(false, false), strchr(blob, ':') + 1);
    CHECK_EQ(cohort_rig.dries[0].better, 5);
}

/* What is suggested lets nobody pass, nor does what is staged. */
static void
no_verdict_changes_until_a_person_promotes(void)
{
    (void)update();
    devices_at_two_sites(5);
    cohort_rig_look(SUGGEST_DEVICES);
    scene_says("suggested", "301f", TIER_CONTRAINDICATED);
    scene_add(release_text(BUNDLE_STAGED));
    scene_says("staged", "305f", TIER_CONTRAINDICATED);
    scene_swap("  source cohort c\n  state staged\n", "  source cohort c\n");
    scene_says("promoted", "", TIER_AFFIRMING);
    cohort_rig_look(SUGGEST_DEVICES);
    CHECK_EQ(cohort_rig.suggest->n_groups, 0);
}

static void
four_devices_make_none(void)
{
    const char *blob = update();

    devices_at_two_sites(4);
    cohort_rig_look(SUGGEST_DEVICES);
    tell("new firmware on 4 devices at 2 sites");
    CHECK_EQ(cohort_rig.suggest->n_groups, 0);
    CHECK_EQ(cohort_rig_barred(blob, SUGGEST_COUNTS), 4);
}

static void
five_devices_at_one_site_make_none(void)
{
    const char *blob = update();

    cohort_rig.need_sites = SUGGEST_SITES;
    for (uint32_t i = 1; i <= 5; i++) {
        struct store_device device = cohort_rig_device(i, scene_log());

        cohort_rig_site(&device, "lyon");
    }
    cohort_rig_look(SUGGEST_DEVICES);
    tell("new firmware on 5 devices at 1 site");
    CHECK_EQ(cohort_rig.suggest->n_groups, 0);
    CHECK_EQ(cohort_rig_barred(blob, SUGGEST_COUNTS), 5);
}

static void
make_virtual(uint32_t n)
{
    struct store_device device = cohort_rig_device(n, scene_log());

    device.tpm_vendor = MAKER_IBM;
    cohort_rig_put(&device);
}

static void
five_virtual_tpms_make_none(void)
{
    const char *blob = update();

    for (uint32_t n = 1; n <= 5; n++) {
        make_virtual(n);
    }
    cohort_rig_look(SUGGEST_DEVICES);
    tell("new firmware on 5 virtual TPMs");
    CHECK_EQ(cohort_rig.suggest->n_groups, 0);
    CHECK_EQ(cohort_rig_barred(blob, SUGGEST_VIRTUAL), 5);
    cohort_rig_has(cohort_rig_say(false, true), "  not        5 devices: a virtual TPM");
}

/* However many there are, they are no fifth device. */
static void
four_devices_and_any_number_of_virtual_tpms_make_none(void)
{
    const char *blob = update();

    cohort_rig_devices(4, scene_log());
    for (uint32_t n = 5; n <= 30; n++) {
        make_virtual(n);
    }
    cohort_rig_look(SUGGEST_DEVICES);
    tell("new firmware on 4 devices and 26 virtual TPMs");
    CHECK_EQ(cohort_rig.suggest->n_groups, 0);
    CHECK_EQ(cohort_rig_barred(blob, SUGGEST_VIRTUAL), 26);
    (void)cohort_rig_device(31, scene_log());
    cohort_rig_look(SUGGEST_DEVICES);
    tell("and on a fifth device");
    CHECK_EQ(cohort_rig_only()->kind, SUGGEST_RELEASE);
    CHECK_EQ(cohort_rig.dries[0].better, 31); /* all of them would pass once a person promotes */
}

static void
five_without_a_verified_chain_make_none(void)
{
    const char *blob = update();

    for (uint32_t n = 1; n <= 5; n++) {
        struct store_device device = cohort_rig_device(n, scene_log());

        device.ek_chain = EK_CHAIN_LISTED;
        cohort_rig_put(&device);
    }
    cohort_rig_look(SUGGEST_DEVICES);
    tell("new firmware on 5 devices whose EKs an operator listed");
    CHECK_EQ(cohort_rig.suggest->n_groups, 0);
    CHECK_EQ(cohort_rig_barred(blob, SUGGEST_CHAIN), 5);
}

SCENE_MAIN({9,
            "the same new firmware on five devices at two sites",
            {CASE(five_devices_make_a_suggestion), CASE(no_verdict_changes_until_a_person_promotes),
             CASE(four_devices_make_none), CASE(five_devices_at_one_site_make_none)}},
           {10,
            "the same on virtual TPMs",
            {CASE(five_virtual_tpms_make_none),
             CASE(four_devices_and_any_number_of_virtual_tpms_make_none),
             CASE(five_without_a_verified_chain_make_none)}})
