/* slot-diff: two logs by hand, and what changed in which slot. */
#include "explain/slot-diff.h"

#include <stdlib.h>

#include "lib/check.h"
#include "lib/slot-rig.h"

enum { APPLICATION = 0x80000003, BOOT_VARIABLE = 0x80000002, IPL = 0x0d, SEPARATOR = 4 };

static struct slot_rig before, after;
static struct slot_diff diff;

static void
start(void)
{
    slot_rig_new(&before);
    slot_rig_new(&after);
}

static void
image(struct slot_rig *rig, const char *what)
{
    slot_rig_digest(rig, 4, APPLICATION, bytes_str(what), bytes_str("an image"));
}

static void
compare(void)
{
    const struct slot_side a = {&before.log, &before.map};
    const struct slot_side b = {&after.log, &after.map};

    slot_rig_assign(&before);
    slot_rig_assign(&after);
    CHECK_EQ(slot_diff(&a, &b, HASH_SHA256, &diff), 0);
}

static void
done(void)
{
    slot_rig_done(&before);
    slot_rig_done(&after);
}

static void
is_item(size_t i, enum slot_change change, int64_t was, int64_t is)
{
    const struct slot_diff_item *item = &diff.items[i];

    CHECK(i < diff.n);
    CHECK_STR(slot_change_name(item->change), slot_change_name(change));
    CHECK_EQ(item->before ? (int64_t)item->before->index : -1, was);
    CHECK_EQ(item->after ? (int64_t)item->after->index : -1, is);
}

static size_t
n_same(void)
{
    size_t n = 0;

    for (size_t i = 0; i < SLOT_N; i++) {
        n += diff.same[i];
    }
    return n;
}

static void
equal_logs_differ_in_nothing(void)
{
    start();
    for (size_t i = 0; i < 2; i++) {
        struct slot_rig *rig = i == 0 ? &before : &after;

        image(rig, "one");
        image(rig, "two");
    }
    compare();
    CHECK_EQ(diff.n_changed, 0);
    CHECK_EQ(diff.n_before, 2);
    CHECK_EQ(diff.n_after, 2);
    CHECK_EQ(n_same(), 2);
    done();
}

static void
a_value_in_the_place_of_another_is_changed(void)
{
    start();
    image(&before, "one");
    image(&before, "two");
    image(&after, "one");
    image(&after, "TWO");
    compare();
    CHECK_EQ(diff.n, 1);
    is_item(0, SLOT_CHANGED, 2, 2);
    CHECK_EQ(diff.changed[diff.items[0].slot], 1);
    CHECK_EQ(n_same(), 1);
    done();
}

static void
more_and_less_are_added_and_removed(void)
{
    start();
    image(&before, "one");
    image(&after, "one");
    image(&after, "two");
    compare();
    CHECK_EQ(diff.n, 1);
    is_item(0, SLOT_ADDED, -1, 2);
    done();
    start();
    image(&before, "zero");
    image(&before, "one");
    image(&after, "one");
    compare();
    CHECK_EQ(diff.n, 1);
    is_item(0, SLOT_REMOVED, 1, -1);
    done();
}

/* One event, and it counts once. */
static void
what_stands_elsewhere_in_its_slot_has_moved(void)
{
    start();
    image(&before, "one");
    image(&before, "two");
    image(&before, "three");
    image(&after, "two");
    image(&after, "three");
    image(&after, "one");
    compare();
    CHECK_EQ(diff.n, 1);
    is_item(0, SLOT_MOVED, 1, 3);
    CHECK_EQ(diff.n_changed, 1);
    CHECK_EQ(diff.changed[diff.items[0].slot], 1);
    done();
}

/* The order of events of different slots is nobody's word. */
static void
slots_are_compared_apart(void)
{
    start();
    image(&before, "one");
    slot_rig_text(&before, 8, IPL, "grub_cmd: boot");
    slot_rig_text(&after, 8, IPL, "grub_cmd: boot");
    image(&after, "one");
    compare();
    CHECK_EQ(diff.n_changed, 0);
    done();
}

static void
a_value_of_another_pcr_is_another(void)
{
    start();
    slot_rig_label(&before, 1, BOOT_VARIABLE,
                   slot_rig_variable(RIG_GLOBAL, "Boot0001", bytes_str("x")));
    slot_rig_label(&after, 5, BOOT_VARIABLE,
                   slot_rig_variable(RIG_GLOBAL, "Boot0001", bytes_str("x")));
    compare();
    for (size_t i = 0; i < diff.n; i++) {
        CHECK(diff.items[i].change == SLOT_ADDED || diff.items[i].change == SLOT_REMOVED);
    }
    CHECK_EQ(diff.n_changed, 2);
    done();
}

static void
a_log_without_the_bank_has_no_events(void)
{
    const struct slot_side a = {&before.log, &before.map};
    const struct slot_side b = {&after.log, &after.map};

    start();
    image(&before, "one");
    image(&after, "one");
    slot_rig_assign(&before);
    slot_rig_assign(&after);
    CHECK_EQ(slot_diff(&a, &b, HASH_SHA512, &diff), 0);
    CHECK(diff.n_before == 0 && diff.n_after == 0 && diff.n_changed == 0);
    done();
}

/* A recorded boot against itself, and against another of the machine: shim's kernel, measured
 * twice, is one event. */
static void
recorded_boots_differ_in_what_was_changed(void)
{
    const struct slot_side a = {&before.log, &before.map};
    const struct slot_side b = {&after.log, &after.map};

    start();
    slot_rig_read(&before, check_vector("boot/grub-sb-on/binary_bios_measurements"));
    slot_rig_read(&after, check_vector("boot/tampered-initrd/binary_bios_measurements"));
    CHECK_EQ(slot_diff(&a, &a, HASH_SHA256, &diff), 0);
    CHECK(diff.n_changed == 0 && diff.n_before == 45);
    CHECK_EQ(slot_diff(&a, &b, HASH_SHA256, &diff), 0);
    CHECK_EQ(diff.n, 1);
    CHECK_EQ(diff.items[0].slot, SLOT_BOOT_INITRD);
    done();
}

/* What finds no room is counted all the same. */
static void
more_changes_than_are_told_are_counted(void)
{
    static struct event events[2][SLOT_DIFF_MAX + 10];
    static uint8_t digests[2][SLOT_DIFF_MAX + 10][32];
    static struct slot_map maps[2];
    struct event_log logs[2];
    struct slot_side sides[2];

    for (size_t k = 0; k < 2; k++) {
        for (size_t i = 0; i < ARRAY_LEN(events[k]); i++) {
            digests[k][i][0] = (uint8_t)i;
            digests[k][i][1] = (uint8_t)(i >> 8);
            digests[k][i][2] = (uint8_t)k;
            events[k][i] = (struct event){.pcr = 4, .digest = {BYTES_OF(digests[k][i])}};
            maps[k].events[i].slot = SLOT_BOOT_IMAGES;
        }
        logs[k] = (struct event_log){.n_banks = 1,
                                     .banks = {HASH_SHA256},
                                     .n_events = ARRAY_LEN(events[k]),
                                     .events = events[k]};
        maps[k].n = ARRAY_LEN(events[k]);
        sides[k] = (struct slot_side){&logs[k], &maps[k]};
    }
    CHECK_EQ(slot_diff(&sides[0], &sides[1], HASH_SHA256, &diff), 0);
    CHECK_EQ(diff.n, SLOT_DIFF_MAX);
    CHECK_EQ(diff.n_changed, SLOT_DIFF_MAX + 10);
    CHECK_EQ(diff.changed[SLOT_BOOT_IMAGES], SLOT_DIFF_MAX + 10);
}

CHECK_MAIN(CASE(equal_logs_differ_in_nothing), CASE(a_value_in_the_place_of_another_is_changed),
           CASE(more_and_less_are_added_and_removed),
           CASE(what_stands_elsewhere_in_its_slot_has_moved), CASE(slots_are_compared_apart),
           CASE(a_value_of_another_pcr_is_another), CASE(a_log_without_the_bank_has_no_events),
           CASE(recorded_boots_differ_in_what_was_changed),
           CASE(more_changes_than_are_told_are_counted))
