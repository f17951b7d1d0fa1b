/* Logs that were altered after the fact, and events that are not what they say: scenarios 32, 33.
 * The logs are boot/grub-sb-on, against a keeper to which its device quoted honestly, and
 * scene_laptop()'s. */
#include "formats/evtype.h"
#include "lib/boot-log.h"
#include "lib/scene.h"

/* One byte of what the log says of an event whose digest tells it. */
static void
alter_boot_order(void)
{
    struct evlog_event order = boot_log_find(1, EV_EFI_VARIABLE_BOOT, 0);

    ((uint8_t *)(uintptr_t)order.data.p)[order.data.len - 1] ^= 1;
}

/* Digest and label of an event whose digest tells nothing: it is as good as any other. */
static void
alter_firmware(void)
{
    struct evlog_event blob = boot_log_find(0, EV_EFI_PLATFORM_FIRMWARE_BLOB, 0);

    boot_log_measure(&blob, bytes_str("other firmware"), false);
}

static void
alter_both(void)
{
    alter_boot_order();
    alter_firmware();
}

static void
what_no_digest_tells_is_found_by_the_quote(void)
{
    static const struct boot_log_row rows[] = {
        {"nothing altered", NULL, REASON_NONE},
        {"BootOrder", alter_boot_order, REASON_EVT_DATA_MISMATCH},
        {"a firmware volume", alter_firmware, REASON_LOG_REPLAY},
        {"both", alter_both, REASON_LOG_REPLAY},
    };

    boot_log_rows(rows, ARRAY_LEN(rows), true);
}

static void
what_a_digest_tells_is_found_without_a_quote(void)
{
    size_t order;

    scene_laptop();
    order = scene_variable("BootOrder");
    scene_copy(order, order); /* the copy's data is altered, its digest is not */
    scene_cut(order + 1);
    scene.events[order].data = scene.events[scene_variable("Boot0001")].data;
    scene_says("BootOrder altered, no quote at hand", "207f 506n", TIER_CONTRAINDICATED);
    CHECK_EQ(learn_rig.verdict.fault.event, order);
}

static void
a_type_that_has_no_place_refuses(void)
{
    size_t blob;

    scene_laptop();
    blob = scene_find(0, EV_EFI_PLATFORM_FIRMWARE_BLOB, 0);
    scene.events[blob].type = EV_EFI_BOOT_SERVICES_DRIVER;
    scene_says("firmware under the type of a driver", "206f 301f", TIER_CONTRAINDICATED);
    CHECK_EQ(learn_rig.verdict.fault.event, blob);
}

static void
a_separator_under_another_type_refuses(void)
{
    size_t separator;

    scene_laptop();
    separator = scene_find(4, EV_SEPARATOR, 0);
    scene.events[separator].type = EV_EFI_ACTION;
    scene_says("the separator of PCR 4 called an action", "210f 208f 215f", TIER_CONTRAINDICATED);
    CHECK_EQ(learn_rig.verdict.fault.event, separator);
}

static void
a_second_separator_refuses(void)
{
    size_t separator;

    scene_laptop();
    separator = scene_find(4, EV_SEPARATOR, 0);
    scene_copy(separator, separator + 1);
    scene_says("two separators in PCR 4", "209f", TIER_CONTRAINDICATED);
    CHECK_EQ(learn_rig.verdict.fault.event, separator + 1);
}

static void
an_error_of_the_firmware_refuses(void)
{
    size_t separator;

    scene_laptop();
    separator = scene_find(4, EV_SEPARATOR, 0);
    scene_data(separator, check_hex("00000001"));
    scene_says("a separator of 00000001 in PCR 4", "211f 208f", TIER_CONTRAINDICATED);
    CHECK_EQ(learn_rig.verdict.fault.event, separator);
}

SCENE_MAIN({32,
            "a log that was altered after the fact",
            {CASE(what_no_digest_tells_is_found_by_the_quote),
             CASE(what_a_digest_tells_is_found_without_a_quote)}},
           {33,
            "events that are not what they say",
            {CASE(a_type_that_has_no_place_refuses), CASE(a_separator_under_another_type_refuses),
             CASE(a_second_separator_refuses), CASE(an_error_of_the_firmware_refuses)}})
