/* What is booted belongs to one release: scenarios 22, 23, 25, 26, 27. The log is
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

/* As keylime-mb was recorded: Lenovo's own application runs before any boot option. */
static void
a_vendor_s_application_that_is_listed_passes(void)
{
    scene_laptop();
    CHECK_EQ(learn_rig_rule("preos")->n_events, 1);
    CHECK_EQ(learn_rig_rule("preos")->outcome, OUTCOME_PASSED);
    scene_claim("boot.preos", "\"vendor\"");
    scene_rule("preos", "  rule preos : boot.preos one-of @preos/absolute count 0..1 else warn");
    scene_add(scene_format("set digests preos/absolute { %s }\n", scene_digest(image(PREOS))));
    scene_says("the same, listed as Absolute's", "", TIER_AFFIRMING);
    scene_claim("boot.preos", "\"absolute\"");
}

static void
one_that_is_not_listed_warns(void)
{
    size_t before;

    scene_laptop();
    before = image(PREOS);
    scene_rule("preos", "  rule preos : boot.preos one-of @preos/none count 0..1 else warn");
    scene_add(scene_format("set digests preos/none { %s }\n", scene_digest(image(SHIM))));
    scene_says("an application before the boot that nobody listed", "424w", TIER_WARNING);
    scene_claim("boot.preos", "\"other\"");
    CHECK_EQ(learn_rig_rule("preos")->event != RULE_NO_EVENT, true);
    CHECK_EQ(learn_rig.told.events[learn_rig_rule("preos")->event].index, before);
    scene_vector(2, 2, 33, 2);
}

static void
none_of_them_passes_too(void)
{
    scene_laptop();
    scene_cut(image(PREOS));
    scene_says("no application before the boot", "", TIER_AFFIRMING);
    scene_claim("boot.preos", "\"none\"");
}

/* The firmware took back control from what shim and GRUB had been, and called the next option. */
static void
give_up_once(void)
{
    static const char back[] = "Returning from EFI Application from Boot Option";
    size_t call = scene_text(4, "Calling EFI Application");
    size_t shim = image(SHIM);

    scene_copy(shim, shim);
    scene_put(shim + 1, 4, EV_EFI_ACTION, bytes_str(back), bytes_str(back));
    scene_copy(call, shim + 2);
}

static void
an_option_that_gave_up_warns(void)
{
    scene_laptop();
    give_up_once();
    scene_says("the first option gave up, the second is approved", "425w", TIER_WARNING);
    scene_vector(2, 2, 33, 2);
}

static void
the_shell_behind_it_refuses(void)
{
    size_t shell;

    scene_laptop();
    give_up_once();
    shell = image(SHIM + 1);
    scene_measure(shell, bytes_str("UEFI shell"));
    scene_says("the UEFI shell instead", "421f", TIER_CONTRAINDICATED);
    scene_cause("chain", shell);
}

static void
a_tool_before_it_refuses(void)
{
    size_t tool;

    scene_laptop();
    give_up_once();
    tool = image(SHIM);
    scene_measure(tool, bytes_str("a tool"));
    scene_says("a tool ran and gave up", "421f", TIER_CONTRAINDICATED);
    scene_cause("chain", tool);
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
             CASE(another_kernel_behind_it_is_no_quirk)}},
           {26,
            "a vendor's application before the boot",
            {CASE(a_vendor_s_application_that_is_listed_passes), CASE(one_that_is_not_listed_warns),
             CASE(none_of_them_passes_too)}},
           {27,
            "a boot option that gave up",
            {CASE(an_option_that_gave_up_warns), CASE(the_shell_behind_it_refuses),
             CASE(a_tool_before_it_refuses)}})
