/* suggest-trust: which slots are trusted more than what a boot starts, and that one remembered log
 * is not another. */
#include "suggest/suggest-trust.h"

#include "formats/evtype.h"
#include "lib/cohort-rig.h"

static const struct pcr_set quote = {HASH_SHA256, 0x43ff};

static struct suggest_trusted
trusted_of(struct bytes log, struct pcr_set as)
{
    struct suggest_trust *trust = suggest_trust_new();
    struct learn_rig_boot *boot;
    struct suggest_trusted trusted;

    CHECK(trust);
    learn_rig_new();
    boot = learn_rig_add(log, BYTES_NULL);
    CHECK_EQ(suggest_trust_of(trust, learn_rig.hasher, &boot->log, as, &trusted), 0);
    suggest_trust_free(trust);
    return trusted;
}

static void
differ(struct bytes a, struct bytes b, bool firmware, bool keys)
{
    struct suggest_trusted one = trusted_of(a, quote);
    struct suggest_trusted other = trusted_of(b, quote);

    CHECK_EQ(memcmp(one.firmware, other.firmware, 32) != 0, firmware);
    CHECK_EQ(memcmp(one.keys, other.keys, 32) != 0, keys);
}

static void
each_slot_has_its_level(void)
{
    static const struct {
        enum slot slot;
        enum suggest_level level;
    } rows[] = {
        {SLOT_CRTM_VERSION, SUGGEST_OF_FIRMWARE}, {SLOT_FIRMWARE, SUGGEST_OF_FIRMWARE},
        {SLOT_NONHOST_INFO, SUGGEST_OF_FIRMWARE}, {SLOT_SECUREBOOT, SUGGEST_OF_KEYS},
        {SLOT_SB_MODE, SUGGEST_OF_KEYS},          {SLOT_SB_PK, SUGGEST_OF_KEYS},
        {SLOT_SB_KEK, SUGGEST_OF_KEYS},           {SLOT_SB_DB, SUGGEST_OF_KEYS},
        {SLOT_SB_DBX, SUGGEST_OF_OTHERS},         {SLOT_BOOT_IMAGES, SUGGEST_OF_OTHERS},
        {SLOT_DRIVER, SUGGEST_OF_OTHERS},         {SLOT_CONFIG, SUGGEST_OF_OTHERS},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        CHECK_EQ(suggest_level(rows[i].slot), rows[i].level);
    }
}

static void
what_a_boot_starts_is_not_of_it(void)
{
    struct bytes before;

    scene_laptop();
    before = scene_log();
    scene_measure(scene_find(4, EV_EFI_BOOT_SERVICES_APPLICATION, 2), bytes_str("grub"));
    scene_measure(scene_text(9, "vmlinuz-6.11.5"), bytes_str("kernel"));
    differ(before, scene_log(), false, false);
}

static void
a_firmware_blob_is_and_so_is_its_order(void)
{
    struct bytes before;
    struct scene_event one;
    size_t first, second;

    scene_laptop();
    before = scene_log();
    first = scene_find(0, EV_EFI_PLATFORM_FIRMWARE_BLOB, 1);
    second = scene_find(0, EV_EFI_PLATFORM_FIRMWARE_BLOB, 2);
    one = scene.events[first];
    scene.events[first] = scene.events[second];
    scene.events[second] = one;
    differ(before, scene_log(), true, false);
    scene_start_again("evlog/keylime-mb.bin");
    scene_value(scene_variable("SecureBoot"), NULL, check_hex("01"));
    differ(before, scene_log(), false, false);
    scene_cut(scene_find(0, EV_EFI_PLATFORM_FIRMWARE_BLOB, 2));
    differ(before, scene_log(), true, false);
}

static void
keys_are_told_apart_from_firmware(void)
{
    struct bytes before;

    scene_laptop();
    before = scene_log();
    scene_value(scene_variable("db"), NULL, BYTES_NULL);
    differ(before, scene_log(), false, true);
}

/* A bank that is not there vouches for nothing. */
static void
a_log_without_the_bank_has_none(void)
{
    struct suggest_trust *trust = suggest_trust_new();
    struct suggest_trusted trusted;
    struct learn_rig_boot *boot;

    scene_laptop();
    learn_rig_new();
    boot = learn_rig_add(scene_log(), BYTES_NULL);
    CHECK_EQ(suggest_trust_of(trust, learn_rig.hasher, &boot->log,
                              (struct pcr_set){HASH_SHA512, 0xff}, &trusted),
             STORE_NONE);
    suggest_trust_free(trust);
    suggest_trust_free(NULL);
}

/* Two logs whose digests begin alike have one place: neither is taken for the other. */
static void
what_is_remembered_is_of_that_log_and_quote(void)
{
    struct suggest_trust *trust = suggest_trust_new();
    const struct pcr_set other = {HASH_SHA256, 0x4};
    const uint8_t absent[32] = {9};
    uint8_t one[32] = {5, 1};
    uint8_t two[32] = {5, 2};
    struct suggest_trusted first, second;
    struct store *store;

    cohort_rig_start();
    store = cohort_rig.store;
    CHECK_EQ(store_log_put(store, one, LOG_FIRMWARE, scene_log()), 0);
    scene_measure(scene_find(0, EV_EFI_PLATFORM_FIRMWARE_BLOB, 2), bytes_str("2"));
    CHECK_EQ(store_log_put(store, two, LOG_FIRMWARE, scene_log()), 0);
    for (unsigned i = 0; i < 2; i++) { /* the second time from memory */
        CHECK_EQ(suggest_trust_kept(trust, store, learn_rig.hasher, one, quote, &first), 0);
        CHECK_EQ(suggest_trust_kept(trust, store, learn_rig.hasher, one, quote, &first), 0);
        CHECK_EQ(suggest_trust_kept(trust, store, learn_rig.hasher, two, quote, &second), 0);
        CHECK(memcmp(first.firmware, second.firmware, 32) != 0);
        CHECK(memcmp(first.keys, second.keys, 32) == 0);
    }
    CHECK_EQ(suggest_trust_kept(trust, store, learn_rig.hasher, two, other, &first), 0);
    CHECK(memcmp(first.firmware, second.firmware, 32) != 0);
    CHECK_EQ(suggest_trust_kept(trust, store, learn_rig.hasher, absent, quote, &first), STORE_NONE);
    suggest_trust_free(trust);
}

CHECK_MAIN(CASE(each_slot_has_its_level), CASE(what_a_boot_starts_is_not_of_it),
           CASE(a_firmware_blob_is_and_so_is_its_order), CASE(keys_are_told_apart_from_firmware),
           CASE(a_log_without_the_bank_has_none), CASE(what_is_remembered_is_of_that_log_and_quote))
