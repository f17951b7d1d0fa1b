/* suggest, as releases: what belongs together, what a release must hold to be whole, what the dry
 * run says of it, and what is printed. */
#include <errno.h>
#include <stdlib.h>

#include "formats/evtype.h"
#include "lib/cohort-rig.h"

static const char *
change(uint32_t pcr, const char *text, const char *content)
{
    size_t event = scene_text(pcr, text);

    scene_measure(event, bytes_str(content));
    return scene_digest(event);
}

static const char *
kernel(const char *content)
{
    return change(9, "vmlinuz-6.11.5", content);
}

static const char *
initrd(const char *content)
{
    return change(9, "initramfs-6.11.5", content);
}

static const char *
firmware(const char *content)
{
    size_t event = scene_find(0, EV_EFI_PLATFORM_FIRMWARE_BLOB, 2);

    scene_measure(event, bytes_str(content));
    return scene_digest(event);
}

static const char *
release_text(const struct suggest_group *group)
{
    char *text = NULL;

    CHECK_EQ(suggest_text(cohort_rig.suggest, group, BUNDLE_STAGED, &text), 0);
    return check_keep(text);
}

static const struct suggest_group *
group_of(const char *component)
{
    for (size_t i = 0; i < cohort_rig.suggest->n_groups; i++) {
        const struct suggest_group *group = &cohort_rig.suggest->groups[i];
        char room[SUGGEST_NAME_ROOM];

        suggest_text_name(cohort_rig.suggest, group, room);
        if (strncmp(room, component, strlen(component)) == 0) {
            return group;
        }
    }
    check_fail(__FILE__, __LINE__, "no suggestion of %s", component);
    abort();
}

static void
is_better(const struct suggest_group *group, uint64_t n)
{
    const struct suggest_dry *dry = &cohort_rig.dries[group - cohort_rig.suggest->groups];

    CHECK(dry->made);
    CHECK_EQ(dry->better, n);
    CHECK_EQ(dry->still, 0);
}

/* ---- releases ---- */

/* What the same devices show is one release, with what else belongs to it. */
static void
a_kernel_and_its_initrd_are_one_release(void)
{
    const char *new_kernel, *new_initrd, *text;

    cohort_rig_start();
    new_kernel = kernel("6.12.57");
    new_initrd = initrd("of 6.12.57");
    cohort_rig_devices(5, scene_log());
    cohort_rig_look(5);
    CHECK_EQ(cohort_rig_only()->n_values, 2);
    text = release_text(cohort_rig_only());
    cohort_rig_has(text, scene_format("\n  vmlinuz %s ", new_kernel));
    cohort_rig_has(text, scene_format("\n  initrd %s ", new_initrd));
    cohort_rig_has(text, "\n  shim sha256:94896c17");
    cohort_rig_has(text, "\n  grub sha256:a49a607a");
    cohort_rig_has(text, "  source cohort c\n  state staged\n");
    is_better(cohort_rig_only(), 5);
}

/* Staged, as it is printed, it lets nobody pass; that is what promoting is for. */
static void
staged_it_changes_no_verdict(void)
{
    cohort_rig_start();
    (void)kernel("6.12.57");
    cohort_rig_devices(5, scene_log());
    scene_says("a kernel that nobody knows", "433f", TIER_CONTRAINDICATED);
    cohort_rig_look(5);
    scene_add(release_text(cohort_rig_only()));
    scene_says("the same, staged as it was suggested", "426f", TIER_CONTRAINDICATED);
    scene_swap(scene_format("  source cohort c\n  state staged\n"), "  source cohort c\n");
    scene_says("the same, promoted", "", TIER_AFFIRMING);
}

/* An initrd that each machine builds for itself is nobody else's. */
static void
what_each_has_of_its_own_is_not_suggested(void)
{
    const char *own[5];
    const char *new_kernel;

    cohort_rig_start();
    new_kernel = kernel("6.12.57");
    for (uint32_t i = 0; i < 5; i++) {
        own[i] = initrd(scene_format("built on %u", i));
        (void)cohort_rig_device(i + 1, scene_log());
    }
    cohort_rig_look(5);
    CHECK_EQ(cohort_rig_only()->n_values, 1);
    cohort_rig_has(release_text(cohort_rig_only()), new_kernel);
    for (uint32_t i = 0; i < 5; i++) {
        cohort_rig_lacks(release_text(cohort_rig_only()), own[i]);
        CHECK_EQ(cohort_rig_barred(own[i], SUGGEST_COUNTS), 1);
    }
    CHECK_EQ(cohort_rig.dries[0].still, 5); /* each is refused for its initrd */
    CHECK_EQ(cohort_rig.dries[0].code, REASON_INITRD_UNKNOWN);
}

/* Two kernels, each on five devices, are two releases. */
static void
other_devices_make_another_release(void)
{
    cohort_rig_start();
    (void)kernel("6.12.57");
    cohort_rig_devices(5, scene_log());
    (void)kernel("6.12.58");
    for (uint32_t i = 6; i <= 10; i++) {
        (void)cohort_rig_device(i, scene_log());
    }
    cohort_rig_look(5);
    CHECK_EQ(cohort_rig.suggest->n_groups, 2);
    CHECK(strcmp(cohort_rig.suggest->groups[0].id, cohort_rig.suggest->groups[1].id) != 0);
    is_better(&cohort_rig.suggest->groups[0], 5);
    is_better(&cohort_rig.suggest->groups[1], 5);
}

/* Firmware is a whole variant, in its order. A person may take it first, and the kernel after. */
static void
firmware_is_suggested_whole_and_by_itself(void)
{
    const char *blob, *text;

    cohort_rig_start();
    blob = firmware("2");
    (void)kernel("6.12.57");
    cohort_rig_devices(5, scene_log());
    cohort_rig_look(5);
    CHECK_EQ(cohort_rig.suggest->n_groups, 1); /* firmware bars the kernel */
    text = release_text(group_of("fw/n/suggested-"));
    cohort_rig_has(text, "  variant {\n    sha256:0cc511a9");
    cohort_rig_has(text, scene_format("\n    %s ", blob));
    cohort_rig_has(text, "(544 bytes)\"\n  }\n}\n");
    CHECK_EQ(cohort_rig.dries[0].still, 5);
    CHECK_EQ(cohort_rig.dries[0].code, REASON_KERNEL_UNKNOWN);
}

/* The release would be the first device's whole firmware: what it has for itself must not come
 * along with what all show. */
static void
what_one_device_has_beside_it_makes_no_release(void)
{
    char *text = NULL;
    size_t other;

    cohort_rig_start();
    (void)firmware("2");
    for (uint32_t n = 2; n <= 6; n++) {
        (void)cohort_rig_device(n, scene_log());
    }
    other = scene_find(0, EV_EFI_PLATFORM_FIRMWARE_BLOB, 1);
    scene_measure(other, bytes_str("its own"));
    (void)cohort_rig_device(1, scene_log());
    cohort_rig_look(5);
    CHECK_EQ(cohort_rig.suggest->n_groups, 1);
    CHECK_EQ(suggest_text(cohort_rig.suggest, &cohort_rig.suggest->groups[0], BUNDLE_STAGED, &text),
             -EINVAL);
    CHECK(!text);
    CHECK(!cohort_rig.dries[0].made);
    cohort_rig_has(cohort_rig_say(false, false), "  no stage   one of the devices has");
    cohort_rig_lacks(cohort_rig_say(false, false), "--text");
}

static void
firmware_beside_other_keys_is_not_suggested(void)
{
    const char *blob;

    cohort_rig_start();
    blob = firmware("2");
    scene_value(scene_variable("KEK"), NULL, BYTES_NULL);
    cohort_rig_devices(5, scene_log());
    cohort_rig_look(5);
    CHECK_EQ(cohort_rig.suggest->n_groups, 0);
    CHECK_EQ(cohort_rig_barred(blob, SUGGEST_KEYS), 5);
}

/* A driver's set is nobody's release: it has no state, and a person writes it. */
static void
values_of_a_set_are_for_a_person_to_write(void)
{
    const char *said;
    size_t driver;

    cohort_rig_start();
    driver = scene_find(2, EV_EFI_BOOT_SERVICES_DRIVER, 0);
    scene_measure(driver, bytes_str("another driver"));
    cohort_rig_devices(5, scene_log());
    cohort_rig_look(5);
    CHECK_EQ(cohort_rig_only()->kind, SUGGEST_SET);
    CHECK(!cohort_rig.dries[0].made);
    said = cohort_rig_say(false, false);
    cohort_rig_has(said, "  class c  no release\n");
    cohort_rig_has(said, "slot driver  rule optrom  @optrom/n\n");
    cohort_rig_has(said, "  write      the digests into the set");
    cohort_rig_lacks(said, "golden promote");
}

/* The floor of a rule is no device's to say: the release has no svn, and the dry run tells. */
static void
a_floor_is_left_to_a_person(void)
{
    cohort_rig_start();
    scene_swap("release os n 1 {\n", "release os n 1 {\n  svn 42\n");
    scene_swap("  rule kernel : ",
               "  rule floor : boot.kernel at-least floor(os,42)\n  rule kernel : ");
    (void)kernel("6.12.57");
    cohort_rig_devices(5, scene_log());
    cohort_rig_look(5);
    CHECK_EQ(cohort_rig.dries[0].still, 5);
    CHECK_EQ(cohort_rig.dries[0].code, REASON_OS_ROLLBACK);
    CHECK_STR(cohort_rig.dries[0].rule, "floor");
    cohort_rig_lacks(release_text(cohort_rig_only()), "svn");
    cohort_rig_has(cohort_rig_say(false, false),
                   "  still      5 of these devices would get none: 437 OS_ROLLBACK  rule floor\n");
}

/* ---- releases that are staged already ---- */

static void
stage(const char *source, const char *digest)
{
    scene_add(scene_format("release os n 2 {\n  source %s x\n  state staged\n  vmlinuz %s\n"
                           "  shim %s\n  grub %s\n  initrd %s\n}\n",
                           source, digest,
                           scene_digest(scene_find(4, EV_EFI_BOOT_SERVICES_APPLICATION, 1)),
                           scene_digest(scene_find(4, EV_EFI_BOOT_SERVICES_APPLICATION, 2)),
                           scene_digest(scene_text(9, "initramfs-6.11.5"))));
}

static void
of_a_vendors_release_one_device_is_enough(void)
{
    const char *said;

    cohort_rig_start();
    stage("vendor", kernel("6.12.57"));
    cohort_rig_devices(1, scene_log());
    cohort_rig.need_sites = 2;
    cohort_rig_look(5);
    CHECK(cohort_rig_only()->kind == SUGGEST_STAGED && cohort_rig_only()->vendor);
    is_better(cohort_rig_only(), 1);
    said = cohort_rig_say(false, false);
    cohort_rig_has(said, "  promote    assay golden promote FILE os/n/2\n");
    cohort_rig_lacks(said, "--text");
}

static void
of_anybody_elses_staged_release_five_are_wanted(void)
{
    const char *digest;

    cohort_rig_start();
    digest = kernel("6.12.57");
    stage("pipeline", digest);
    cohort_rig_devices(4, scene_log());
    cohort_rig_look(5);
    CHECK_EQ(cohort_rig.suggest->n_groups, 0);
    CHECK_EQ(cohort_rig_barred(digest, SUGGEST_COUNTS), 4);
    (void)cohort_rig_device(5, scene_log());
    cohort_rig_look(5);
    CHECK(cohort_rig_only()->kind == SUGGEST_STAGED && !cohort_rig_only()->vendor);
    is_better(cohort_rig_only(), 5);
}

static void
what_was_retired_is_not_wanted_back(void)
{
    const char *digest;

    cohort_rig_start();
    digest = kernel("6.10");
    scene_add(scene_format("release os n 0 {\n  state retired\n  vmlinuz %s\n}\n", digest));
    cohort_rig_devices(5, scene_log());
    cohort_rig_look(5);
    CHECK_EQ(cohort_rig.suggest->n_groups, 0);
    CHECK_EQ(cohort_rig.suggest->n_seen, 0);
}

static void
what_a_device_has_pinned_is_not_unknown(void)
{
    struct store_pin pin = {.slot = "boot.files", .value_len = 32};
    const char *file;

    cohort_rig_start();
    file = change(9, "grubenv", "another environment");
    (void)kernel("6.12.57");
    for (uint32_t i = 1; i <= 5; i++) {
        struct store_device device = cohort_rig_device(i, scene_log());
        struct bytes digest = check_hex(strchr(file, ':') + 1);

        memcpy(pin.value, digest.p, digest.len);
        CHECK_EQ(store_pin_put(cohort_rig.store, device.id, PINS_HELD, &pin), 0);
    }
    cohort_rig_look(5);
    CHECK_EQ(cohort_rig_only()->n_values, 1);
    cohort_rig_lacks(release_text(cohort_rig_only()), file);
}

/* ---- what is said ---- */

/* The name is of the values: who shows them may grow, and the command stays the same. */
static void
a_name_stays_while_its_values_do(void)
{
    char name[SUGGEST_ID_ROOM];

    cohort_rig_start();
    (void)kernel("6.12.57");
    cohort_rig_devices(5, scene_log());
    cohort_rig_look(5);
    memcpy(name, cohort_rig_only()->id, sizeof(name));
    (void)cohort_rig_device(6, scene_log());
    cohort_rig_look(5);
    CHECK_STR(cohort_rig_only()->id, name);
    for (uint32_t i = 1; i <= 6; i++) {
        struct store_device device;
        uint8_t id[WIRE_UEID_SIZE] = {1, 0, 0, 0, (uint8_t)i};

        CHECK_EQ(store_device_get(cohort_rig.store, id, &device), 0);
        (void)initrd("of 6.12.57");
        cohort_rig_boots(&device, scene_log());
    }
    cohort_rig_look(5);
    CHECK(strcmp(cohort_rig_only()->id, name) != 0);
}

/* A label is a device's word: it cannot end the string that it stands in, nor steer a terminal. */
static void
a_hostile_label_is_text_and_no_more(void)
{
    static const char hostile[] = "/EFI/x\" } release os n 9 { shim sha256:00\x1b[31m.efi";
    size_t event;

    cohort_rig_start();
    event = scene_text(9, "vmlinuz-6.11.5");
    scene_measure(event, bytes_str("6.12.57"));
    scene.events[event].data = bytes_of(hostile, sizeof(hostile));
    cohort_rig_devices(5, scene_log());
    cohort_rig_look(5);
    for (size_t i = 0; i < cohort_rig.suggest->n_groups; i++) {
        const char *text = release_text(&cohort_rig.suggest->groups[i]);

        cohort_rig_lacks(text, "\x1b");
        cohort_rig_lacks(text, "\" } release");
        CHECK(cohort_rig.dries[i].made); /* it compiles, and is what it seems */
    }
    cohort_rig_lacks(cohort_rig_say(false, true), "\x1b");
    cohort_rig_lacks(cohort_rig_say(true, true), "\x1b");
}

static void
people_read_what_it_admits_who_shows_it_and_what_to_do(void)
{
    const char *digest, *said, *id;

    cohort_rig_start();
    digest = kernel("6.12.57");
    cohort_rig_devices(9, scene_log());
    cohort_rig_look(5);
    id = cohort_rig_only()->id;
    said = cohort_rig_say(false, false);
    cohort_rig_has(said, scene_format("suggestion %s  class c  os/n/suggested-%s\n"
                                      "  admits     slot boot.kernel  rule kernel  @os.vmlinuz\n"
                                      "             %s  label ",
                                      id, id, strchr(digest, ':') + 1));
    cohort_rig_has(said, " (unverified)\n  shown by   9 devices at 1 sites since 2026-09-21 ");
    cohort_rig_has(said, ": 00000001 00000002 00000003 00000004 00000005 00000006 00000007 "
                         "00000008 ...\n");
    cohort_rig_has(said, "  changes    if it is promoted: 9 devices get better, 0 worse, 0 would "
                         "lose their token\n");
    cohort_rig_has(said,
                   scene_format("  stage      assay golden suggest --devices 5 --sites 1 --text "
                                "%s >> FILE; it is staged",
                                id));
    cohort_rig_has(said, scene_format("assay golden promote FILE os/n/suggested-%s\n", id));
    cohort_rig_has(said, "  or pin     not by this rule");
    cohort_rig_has(said, "  or refuse  nothing to do; assay device quarantine 00000001 --why TEXT");
    cohort_rig_has(said, "\n1 suggestions, nothing is changed by them; 0 unknown values without\n");
}

/* Where the rule takes pins, one device alone may have the value. */
static void
a_value_that_could_be_pinned_says_how(void)
{
    cohort_rig_start();
    scene_swap("boot.files one-of @os.files or-pin 3", "boot.files one-of @os.files or-pin 1");
    (void)change(9, "grubenv", "another environment");
    (void)change(9, "grub2/grub.cfg", "another configuration");
    cohort_rig_devices(5, scene_log());
    cohort_rig_look(5);
    cohort_rig_has(cohort_rig_say(false, false),
                   "  or pin     for one device: assay device accept 00000001 boot.files\n");
}

static void
why_a_value_is_not_suggested_is_said_when_asked(void)
{
    struct store_device device;
    const char *digest, *said;

    cohort_rig_start();
    digest = kernel("6.12.57");
    cohort_rig_devices(3, scene_log());
    device = cohort_rig_device(4, scene_log());
    device.ek_chain = EK_CHAIN_LISTED;
    cohort_rig_put(&device);
    cohort_rig_look(5);
    said = cohort_rig_say(false, false);
    CHECK_STR(said, "0 suggestions, nothing is changed by them; 1 unknown values without (--all "
                    "says why)\n");
    said = cohort_rig_say(false, true);
    cohort_rig_has(said, "not suggested  class c\n             slot boot.kernel  rule kernel  "
                         "@os.vmlinuz\n");
    cohort_rig_has(said, strchr(digest, ':') + 1);
    cohort_rig_has(said, "  too few    3 devices count, 5 are needed\n"
                         "  not        1 devices: no verified chain of its EK\n");
    said = cohort_rig_say(true, true);
    cohort_rig_has(said, "{\"suggestions\":[],\"others\":[{\"class\":\"c\",\"slot\":"
                         "\"boot.kernel\",\"rule\":\"kernel\",\"set\":\"os.vmlinuz\",");
    cohort_rig_has(said, "\"n_devices\":3,\"n_sites\":1,\"not\":{\"ek-chain\":1}}],\"counts\":{"
                         "\"suggestions\":0,\"others\":1,\"complete\":true}}\n");
}

static void
programs_read_the_same(void)
{
    const char *said, *id;

    cohort_rig_start();
    (void)kernel("6.12.57");
    cohort_rig_devices(5, scene_log());
    cohort_rig_look(5);
    id = cohort_rig_only()->id;
    said = cohort_rig_say(true, false);
    cohort_rig_has(said, scene_format("{\"suggestions\":[{\"id\":\"%s\",\"class\":\"c\","
                                      "\"kind\":\"release\",\"release\":\"os/n/suggested-%s\","
                                      "\"values\":[{\"slot\":\"boot.kernel\",",
                                      id, id));
    cohort_rig_has(said, "\"n_devices\":5,\"n_sites\":1,\"devices\":[\"0100000001");
    cohort_rig_has(said, "\"dry_run\":{\"better\":5,\"worse\":0,\"fails\":0,\"still\":0,"
                         "\"code\":0,\"rule\":null},\"text\":\"\\nrelease os n suggested-");
    cohort_rig_has(said, "],\"others\":[],\"counts\":{\"suggestions\":1,\"others\":0,"
                         "\"complete\":true}}\n");
}

CHECK_MAIN(CASE(a_kernel_and_its_initrd_are_one_release), CASE(staged_it_changes_no_verdict),
           CASE(what_each_has_of_its_own_is_not_suggested),
           CASE(other_devices_make_another_release),
           CASE(firmware_is_suggested_whole_and_by_itself),
           CASE(what_one_device_has_beside_it_makes_no_release),
           CASE(firmware_beside_other_keys_is_not_suggested),
           CASE(values_of_a_set_are_for_a_person_to_write), CASE(a_floor_is_left_to_a_person),
           CASE(of_a_vendors_release_one_device_is_enough),
           CASE(of_anybody_elses_staged_release_five_are_wanted),
           CASE(what_was_retired_is_not_wanted_back), CASE(what_a_device_has_pinned_is_not_unknown),
           CASE(a_name_stays_while_its_values_do), CASE(a_hostile_label_is_text_and_no_more),
           CASE(people_read_what_it_admits_who_shows_it_and_what_to_do),
           CASE(a_value_that_could_be_pinned_says_how),
           CASE(why_a_value_is_not_suggested_is_said_when_asked), CASE(programs_read_the_same))
