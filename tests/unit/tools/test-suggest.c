/* suggest: what enough devices show alike, and what keeps a device from being counted: each with
 * the nearest case that is not suggested. Logs are the laptop's of lib/scene.h with the changes
 * that each case names. With a real verifier: policy_test. */
#include "formats/evtype.h"
#include "lib/cohort-rig.h"

/* Another kernel, and what GRUB says of it stays. */
static const char *
other_kernel(const char *content)
{
    size_t event = scene_text(9, "vmlinuz-6.11.5");

    scene_measure(event, bytes_str(content));
    return scene_digest(event);
}

static const char *
other_firmware(const char *content)
{
    size_t event = scene_find(0, EV_EFI_PLATFORM_FIRMWARE_BLOB, 2);

    scene_measure(event, bytes_str(content));
    return scene_digest(event);
}

/* Five devices of a new kernel; the fifth row is the test's to change. */
static struct store_device
five(const char **ret_kernel)
{
    cohort_rig_start();
    *ret_kernel = other_kernel("6.12.57");
    cohort_rig_devices(4, scene_log());
    return cohort_rig_device(5, scene_log());
}

static void
is_suggested(void)
{
    size_t n = 0;

    cohort_rig_look(5);
    (void)suggest_group_devices(cohort_rig.suggest, cohort_rig_only(), &n);
    CHECK_EQ(n, 5);
}

static void
is_not_suggested(const char *digest, enum suggest_bar bar)
{
    cohort_rig_look(5);
    CHECK_EQ(cohort_rig.suggest->n_groups, 0);
    CHECK_EQ(cohort_rig_barred(digest, bar), 1);
    CHECK_EQ(cohort_rig_barred(digest, SUGGEST_COUNTS), 4);
}

static void
the_fifth_device_makes_it(void)
{
    const char *kernel;
    const struct suggest_group *group;
    char room[SUGGEST_NAME_ROOM];

    (void)five(&kernel);
    is_suggested();
    group = cohort_rig_only();
    CHECK(group->kind == SUGGEST_RELEASE && group->n_values == 1 && !group->vendor);
    CHECK_STR(suggest_text_name(cohort_rig.suggest, group, room),
              scene_format("os/n/suggested-%s", group->id));
    cohort_rig_has(cohort_rig_say(false, false), strchr(kernel, ':') + 1);
    CHECK(cohort_rig.dries[0].made && cohort_rig.dries[0].better == 5);
    CHECK(cohort_rig.dries[0].worse == 0 && cohort_rig.dries[0].still == 0);
}

static void
four_devices_do_not(void)
{
    const char *kernel;

    cohort_rig_start();
    kernel = other_kernel("6.12.57");
    cohort_rig_devices(4, scene_log());
    cohort_rig_look(5);
    CHECK_EQ(cohort_rig.suggest->n_groups, 0);
    CHECK_EQ(cohort_rig_barred(kernel, SUGGEST_COUNTS), 4);
    cohort_rig_look(4);
    CHECK_EQ(cohort_rig.suggest->n_groups, 1);
}

static void
devices_of_another_class_are_another_cohort(void)
{
    struct store_device device;
    const char *kernel;

    device = five(&kernel);
    scene_swap("applies class in { c }", "applies class in { c d }");
    cohort_rig_class("d");
    snprintf(device.class_name, sizeof(device.class_name), "d");
    cohort_rig_put(&device);
    cohort_rig_look(5);
    CHECK_EQ(cohort_rig.suggest->n_groups, 0);
    CHECK_EQ(cohort_rig.suggest->n_values > 1, true);
}

/* ---- where they stand ---- */

/* Five devices, the first `n` at one site and the others at another; NULL: at none. */
static const char *
stand(uint32_t n, const char *first, const char *others)
{
    const char *kernel;

    (void)five(&kernel);
    cohort_rig.need_sites = 2;
    for (uint32_t i = 1; i <= 5; i++) {
        const char *site = i <= n ? first : others;
        struct store_device device;
        uint8_t id[WIRE_UEID_SIZE] = {1, 0, 0, 0, (uint8_t)i};

        CHECK_EQ(store_device_get(cohort_rig.store, id, &device), 0);
        if (site) {
            cohort_rig_site(&device, site);
        }
    }
    return kernel;
}

static void
two_sites_make_it(void)
{
    (void)stand(4, "lyon", "nice");
    is_suggested();
    cohort_rig_has(cohort_rig_say(false, false), "5 devices at 2 sites since ");
    cohort_rig_has(cohort_rig_say(true, false), "\"n_sites\":2,");
    cohort_rig_has(cohort_rig_say(false, false), "assay golden suggest --text ");
}

static void
one_site_does_not(void)
{
    static const struct {
        const char *first, *others;
    } rows[] = {{"lyon", "lyon"}, {"lyon", NULL}, {NULL, NULL}};

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const char *kernel = stand(3, rows[i].first, rows[i].others);

        cohort_rig_look(5);
        CHECK_EQ(cohort_rig.suggest->n_groups, 0);
        CHECK_EQ(cohort_rig_barred(kernel, SUGGEST_COUNTS), 5);
        cohort_rig_has(cohort_rig_say(false, true),
                       "  one place  1 sites, 2 are needed (assay group add --site)\n");
        cohort_rig.need_sites = 1;
        is_suggested();
    }
}

/* A second site of devices that do not count is none. */
static void
who_does_not_count_stands_nowhere(void)
{
    const char *kernel = stand(5, "lyon", NULL);
    struct store_device device = cohort_rig_device(6, scene_log());

    cohort_rig_site(&device, "nice");
    device.tpm_vendor = 0x49424d00;
    cohort_rig_put(&device);
    cohort_rig_look(5);
    CHECK_EQ(cohort_rig.suggest->n_groups, 0);
    CHECK_EQ(cohort_rig_barred(kernel, SUGGEST_COUNTS), 5);
    CHECK_EQ(cohort_rig_barred(kernel, SUGGEST_VIRTUAL), 1);
}

/* ---- who counts ---- */

static void
a_virtual_tpm_does_not_count(void)
{
    static const uint32_t makers[] = {0x49424d00 /* IBM */, 0x00001014 /* swtpm's */,
                                      0x564d5700 /* VMW */, 0x12345678, 0};

    for (size_t i = 0; i < ARRAY_LEN(makers); i++) {
        const char *kernel;
        struct store_device device = five(&kernel);

        device.tpm_vendor = makers[i];
        cohort_rig_put(&device);
        is_not_suggested(kernel, SUGGEST_VIRTUAL);
    }
}

static void
a_firmware_tpm_counts(void)
{
    const char *kernel;
    struct store_device device = five(&kernel);

    device.tpm_vendor = 0x494e5443; /* INTC */
    cohort_rig_put(&device);
    is_suggested();
}

static void
a_chain_that_nobody_verified_does_not_count(void)
{
    static const enum ek_chain chains[] = {EK_CHAIN_NONE, EK_CHAIN_LISTED};

    for (size_t i = 0; i < ARRAY_LEN(chains); i++) {
        const char *kernel;
        struct store_device device = five(&kernel);

        device.ek_chain = chains[i];
        cohort_rig_put(&device);
        is_not_suggested(kernel, SUGGEST_CHAIN);
    }
}

static void
a_stranger_who_was_accepted_does_not_count(void)
{
    const char *kernel;
    struct store_device device = five(&kernel);

    memset(device.ek_fingerprint, 0xee, sizeof(device.ek_fingerprint));
    cohort_rig_put(&device);
    is_not_suggested(kernel, SUGGEST_INVENTORY);
}

static void
a_quarantined_device_does_not_count_and_a_refused_one_does(void)
{
    static const struct {
        enum device_state state;
        bool counts;
    } rows[] = {{DEVICE_QUARANTINED, false},
                {DEVICE_PROVISIONAL, false},
                {DEVICE_FAILED, true},
                {DEVICE_STALE, true}};

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const char *kernel;
        struct store_device device = five(&kernel);

        device.state = rows[i].state;
        cohort_rig_put(&device);
        if (rows[i].counts) {
            is_suggested();
        } else {
            is_not_suggested(kernel, SUGGEST_STATE);
        }
    }
}

/* ---- what else changed ---- */

static void
other_firmware_beside_it_does_not_count(void)
{
    const char *kernel;
    struct store_device device = five(&kernel);

    (void)other_firmware("2");
    cohort_rig_boots(&device, scene_log());
    is_not_suggested(kernel, SUGGEST_FIRMWARE);
    cohort_rig_accepted(&device, scene_log()); /* it was accepted with that firmware */
    is_suggested();
}

static void
another_version_text_beside_it_does_not_count(void)
{
    const char *kernel;
    struct store_device device = five(&kernel);

    scene_data(scene_find(0, EV_S_CRTM_VERSION, 0), check_hex("320000 00"));
    cohort_rig_boots(&device, scene_log());
    is_not_suggested(kernel, SUGGEST_FIRMWARE);
}

static void
other_keys_beside_it_do_not_count(void)
{
    static const char *const names[] = {"SecureBoot", "PK", "KEK", "db"};

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const char *kernel;
        struct store_device device = five(&kernel);
        size_t variable = scene_variable(names[i]);

        scene_value(variable, NULL, i == 0 ? check_hex("00") : BYTES_NULL);
        cohort_rig_boots(&device, scene_log());
        is_not_suggested(kernel, SUGGEST_KEYS);
    }
}

/* dbx grows by itself, and is no key. */
static void
another_dbx_beside_it_counts(void)
{
    const char *kernel;
    struct store_device device = five(&kernel);

    scene_value(scene_variable("dbx"), NULL, BYTES_NULL);
    cohort_rig_boots(&device, scene_log());
    is_suggested();
    CHECK_EQ(cohort_rig.dries[0].still, 1); /* which its own rule judges: 411 */
    CHECK_EQ(cohort_rig.dries[0].code, REASON_DBX_OLD);
    CHECK_STR(cohort_rig.dries[0].rule, "dbx");
}

static void
a_device_without_a_last_accepted_log_does_not_count(void)
{
    const char *kernel;
    struct store_device device = five(&kernel);

    cohort_rig_accepted(&device, bytes_str("no log"));
    is_not_suggested(kernel, SUGGEST_NO_LAST);
}

static void
a_revoked_value_beside_it_does_not_count(void)
{
    const char *kernel;
    struct store_device device = five(&kernel);
    size_t file = scene_text(9, "grubenv");

    scene_measure(file, bytes_str("a file that is known to be bad"));
    scene_add(
        scene_format("release os n 0 {\n  state revoked\n  files %s\n}\n", scene_digest(file)));
    cohort_rig_boots(&device, scene_log());
    is_not_suggested(kernel, SUGGEST_REVOKED);
}

/* What a rule denies by name is revoked too. */
static void
a_denied_image_beside_it_does_not_count(void)
{
    const char *kernel;
    struct store_device device = five(&kernel);
    size_t image = scene_find(4, EV_EFI_BOOT_SERVICES_APPLICATION, 2);

    scene_measure(image, bytes_str("a loader that is known to be bad"));
    scene_add(scene_format("set digests revoked/images { %s }\n", scene_digest(image)));
    scene_swap("  rule chain : ", "  rule revoked : boot.images not-in @revoked/images\n"
                                  "  rule chain : ");
    cohort_rig_boots(&device, scene_log());
    is_not_suggested(kernel, SUGGEST_REVOKED);
}

/* What a release that is in force shares with a revoked one goes on being good. */
static void
a_value_that_is_revoked_and_active_counts(void)
{
    const char *kernel;

    (void)five(&kernel);
    scene_add(scene_format("release os n 0 {\n  state revoked\n  files %s\n}\n",
                           scene_digest(scene_text(9, "grubenv"))));
    is_suggested();
}

static void
a_boot_that_breaks_the_profile_does_not_count(void)
{
    const char *kernel;
    struct store_device device = five(&kernel);
    size_t separator = scene_find(4, EV_SEPARATOR, 0);

    scene_copy(separator, separator);
    cohort_rig_boots(&device, scene_log());
    is_not_suggested(kernel, SUGGEST_BROKEN);
}

static void
a_boot_of_which_most_is_unknown_does_not_count(void)
{
    const char *kernel;
    struct store_device device = five(&kernel);

    for (unsigned i = 0; i < SUGGEST_NEW_MAX; i++) {
        size_t file = scene_text(9, "grubenv");

        scene_copy(file, file);
        scene_measure(file, bytes_str(scene_format("file %u", i)));
    }
    cohort_rig_boots(&device, scene_log());
    is_not_suggested(kernel, SUGGEST_MANY);
    CHECK_EQ(cohort_rig.suggest->n_values > SUGGEST_NEW_MAX, true);
}

CHECK_MAIN(CASE(the_fifth_device_makes_it), CASE(four_devices_do_not),
           CASE(devices_of_another_class_are_another_cohort), CASE(two_sites_make_it),
           CASE(one_site_does_not), CASE(who_does_not_count_stands_nowhere),
           CASE(a_virtual_tpm_does_not_count), CASE(a_firmware_tpm_counts),
           CASE(a_chain_that_nobody_verified_does_not_count),
           CASE(a_stranger_who_was_accepted_does_not_count),
           CASE(a_quarantined_device_does_not_count_and_a_refused_one_does),
           CASE(other_firmware_beside_it_does_not_count),
           CASE(another_version_text_beside_it_does_not_count),
           CASE(other_keys_beside_it_do_not_count), CASE(another_dbx_beside_it_counts),
           CASE(a_device_without_a_last_accepted_log_does_not_count),
           CASE(a_revoked_value_beside_it_does_not_count),
           CASE(a_denied_image_beside_it_does_not_count),
           CASE(a_value_that_is_revoked_and_active_counts),
           CASE(a_boot_that_breaks_the_profile_does_not_count),
           CASE(a_boot_of_which_most_is_unknown_does_not_count))
