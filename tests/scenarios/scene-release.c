/* What is booted belongs to one release: scenarios 22, 23, 25. The log is
 * scene_laptop()'s, changed as each case says. */
#include "formats/evtype.h"
#include "lib/scene.h"

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

static size_t
image(unsigned nth)
{
    return scene_find(4, EV_EFI_BOOT_SERVICES_APPLICATION, nth);
}

enum { PREOS, SHIM, GRUB }; /* images of PCR 4, in the log's order */

/* A release of what the log now tells of. */
static void
release(const char *version, const char *lines)
{
    scene_add(
        scene_format("release os n %s {\n%s  shim %s\n  grub %s\n  vmlinuz %s\n  initrd %s\n}\n",
                     version, lines, scene_digest(image(SHIM)), scene_digest(image(GRUB)),
                     scene_digest(kernel()), scene_digest(initrd())));
}

static void
update(const char *what)
{
    scene_measure(kernel(), bytes_str(what));
    scene_measure(initrd(), bytes_str(what));
}

static void
a_whole_release_passes(void)
{
    scene_laptop();
    update("6.12");
    scene_says("a kernel and an initrd that nobody released", "433f 431f", TIER_CONTRAINDICATED);
    release("2", "");
    scene_says("both, released", "", TIER_AFFIRMING);
}

static void
a_new_kernel_with_the_old_initrd_is_mixed(void)
{
    struct scene_event old;

    scene_laptop();
    old = scene.events[initrd()];
    update("6.12");
    release("2", "");
    scene.events[initrd()] = old;
    scene_says("the new kernel, the old initrd", "434f", TIER_CONTRAINDICATED);
    scene_vector(2, 2, 96, 2);
}

static void
an_old_kernel_with_the_new_initrd_is_mixed(void)
{
    struct scene_event old;

    scene_laptop();
    old = scene.events[kernel()];
    update("6.12");
    release("2", "");
    scene.events[kernel()] = old;
    scene_says("the old kernel, the new initrd", "434f", TIER_CONTRAINDICATED);
}

/* The kernel measures an initrd only when it came by LoadFile2. */
static void
an_initrd_that_nobody_measured_is_missed(void)
{
    scene_laptop();
    scene_cut(initrd());
    scene_says("no event of an initrd", "432f", TIER_CONTRAINDICATED);
    CHECK_STR(learn_rig.verdict.policy_rule, "initrd");
    CHECK_EQ(learn_rig.verdict.fault.event, FAULT_NO_EVENT);
}

/* GRUB loads as many as its command names, one behind the other. */
static void
another_one_beside_it_refuses(void)
{
    scene_laptop();
    scene_copy(initrd(), initrd() + 1);
    scene_measure(initrd() + 1, bytes_str("evil"));
    scene_says("a second initrd", "431f", TIER_CONTRAINDICATED);
    scene_cause("initrd", initrd() + 1);
}

static void
a_kernel_that_is_missed_is_told_as_such(void)
{
    scene_laptop();
    scene_cut(kernel());
    scene_says("no event of a kernel", "216f", TIER_CONTRAINDICATED);
    CHECK_STR(learn_rig.verdict.policy_rule, "kernel");
}

/* grub-sb-on as it was recorded: shim measured the kernel that the firmware had measured. */
static void
a_kernel_measured_twice_is_a_quirk(void)
{
    scene_start("boot/grub-sb-on/binary_bios_measurements");
    scene_learn();
    scene_rule("rtm", "");
    scene_says("a kernel measured twice", "219n", TIER_AFFIRMING);
    scene_vector(2, 2, 3, 2);
    CHECK_EQ(learn_rig.told.map->quirks, 1u << QUIRK_KERNEL_TWICE);
    CHECK_EQ(learn_rig_rule("chain")->n_events, 3);
}

static void
a_kernel_measured_once_is_none(void)
{
    scene_start("boot/grub-sb-on/binary_bios_measurements");
    scene_learn();
    scene_rule("rtm", "");
    scene_cut(image(3));
    scene_says("the same kernel once", "", TIER_AFFIRMING);
}

static void
another_kernel_behind_it_is_no_quirk(void)
{
    scene_start("boot/grub-sb-on/binary_bios_measurements");
    scene_learn();
    scene_rule("rtm", "");
    scene_measure(image(3), bytes_str("another"));
    scene_says("another kernel behind it", "421f", TIER_CONTRAINDICATED);
    scene_cause("chain", image(3));
}

SCENE_MAIN({22,
            "a new kernel with the old initrd",
            {CASE(a_whole_release_passes), CASE(a_new_kernel_with_the_old_initrd_is_mixed),
             CASE(an_old_kernel_with_the_new_initrd_is_mixed)}},
           {23,
            "the initrd was not measured",
            {CASE(an_initrd_that_nobody_measured_is_missed), CASE(another_one_beside_it_refuses),
             CASE(a_kernel_that_is_missed_is_told_as_such)}},
           {25,
            "a kernel measured twice",
            {CASE(a_kernel_measured_twice_is_a_quirk), CASE(a_kernel_measured_once_is_none),
             CASE(another_kernel_behind_it_is_no_quirk)}})
