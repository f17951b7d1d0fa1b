#include "lib/slot-rig.h"

#include <stdlib.h>

#include "appraise/event-from.h"
#include "lib/check.h"

static const enum hash banks[] = {HASH_SHA1, HASH_SHA256, HASH_N};

static const uint8_t guids[][16] = {
    [RIG_GLOBAL] = {0x61, 0xdf, 0xe4, 0x8b, 0xca, 0x93, 0xd2, 0x11, 0xaa, 0x0d, 0x00, 0xe0, 0x98,
                    0x03, 0x2b, 0x8c},
    [RIG_SECURITY] = {0xcb, 0xb2, 0x19, 0xd7, 0x3a, 0x3d, 0x96, 0x45, 0xa3, 0xbc, 0xda, 0xd0, 0x0e,
                      0x67, 0x65, 0x6f},
    [RIG_SHIM] = {0x50, 0xab, 0x5d, 0x60, 0x46, 0xe0, 0x00, 0x43, 0xab, 0xb6, 0x3d, 0xd8, 0x10,
                  0xdd, 0x8b, 0x23},
    [RIG_VENDOR] = {0xb7, 0xc6, 0x4d, 0x2a},
};

void
slot_rig_new(struct slot_rig *rig)
{
    make_log_init(&rig->make, banks);
}

void
slot_rig_done(struct slot_rig *rig)
{
    make_log_done(&rig->make);
}

void
slot_rig_bound(struct slot_rig *rig, uint32_t pcr, uint32_t type, struct bytes data)
{
    make_event(&rig->make, pcr, type, data, data);
}

void
slot_rig_text(struct slot_rig *rig, uint32_t pcr, uint32_t type, const char *text)
{
    slot_rig_bound(rig, pcr, type, bytes_str(text));
}

void
slot_rig_label(struct slot_rig *rig, uint32_t pcr, uint32_t type, struct bytes data)
{
    static unsigned n;

    n++;
    make_event(&rig->make, pcr, type, bytes_of(&n, sizeof(n)), data);
}

void
slot_rig_digest(struct slot_rig *rig, uint32_t pcr, uint32_t type, struct bytes measured,
                struct bytes data)
{
    make_event(&rig->make, pcr, type, measured, data);
}

static struct wr
room(size_t cap)
{
    return wr_init(check_keep(malloc(cap)), cap);
}

struct bytes
slot_rig_variable(enum slot_rig_guid guid, const char *name, struct bytes value)
{
    struct wr wr = room(64 + 2 * strlen(name) + value.len);

    wr_bytes(&wr, BYTES_OF(guids[guid]));
    wr_le64(&wr, strlen(name));
    wr_le64(&wr, value.len);
    for (const char *c = name; *c; c++) {
        wr_le16(&wr, (uint8_t)*c);
    }
    wr_bytes(&wr, value);
    return wr_done(&wr);
}

struct bytes
slot_rig_utf16(const char *text)
{
    struct wr wr = room(2 * strlen(text) + 2);

    for (const char *c = text; *c; c++) {
        wr_le16(&wr, (uint8_t)*c);
    }
    return wr_done(&wr);
}

struct bytes
slot_rig_tag(uint32_t id, struct bytes data)
{
    struct wr wr = room(8 + data.len);

    wr_le32(&wr, id);
    wr_le32(&wr, (uint32_t)data.len);
    wr_bytes(&wr, data);
    return wr_done(&wr);
}

static void
read_events(struct slot_rig *rig, struct bytes bytes)
{
    struct evdata_check check;
    struct evlog_event event;
    struct event_from from;
    struct evlog log;

    rig->log = (struct event_log){.events = rig->events};
    CHECK_EQ(evlog_open(bytes, &log, NULL), 0);
    CHECK_EQ(evdata_init(&check, &log, rig->make.hasher), 0);
    from = event_from_log(bytes, &log, &rig->log);
    while (evlog_next(&log, &event, NULL) == 0) {
        struct evdata evdata;

        CHECK_EQ(evdata_judge(&check, &event, &evdata), 0);
        event_from(&from, &event, &evdata, &rig->events[rig->log.n_events++]);
    }
}

static void
check_same(const struct slot_map *map, const struct slot_map *other)
{
    CHECK_EQ(other->n, map->n);
    CHECK_EQ(other->quirks, map->quirks);
    CHECK(memcmp(other->counts, map->counts, sizeof(map->counts)) == 0);
    for (size_t i = 0; i < map->n; i++) {
        CHECK_EQ(other->events[i].slot, map->events[i].slot);
        CHECK_EQ(other->events[i].flags, map->events[i].flags);
        CHECK_EQ(other->events[i].detail, map->events[i].detail);
        CHECK_EQ(other->events[i].rule, map->events[i].rule);
        CHECK_EQ(other->events[i].echo, map->events[i].echo);
    }
}

/* A log that comes again falls into the same slots, whatever its map was used for meanwhile. */
static void
check_kept(const struct slot_rig *rig, struct pcr_set quoted)
{
    static struct slot_map map;
    static struct slots_kept kept;

    kept.known = false;
    for (int i = 0; i < 2; i++) {
        memset(&map, 0xa5, sizeof(map));
        CHECK_EQ(slots_assign_kept(rig->make.hasher, &rig->log, NULL, quoted, &kept, &map), 0);
        CHECK_EQ(map.n_userspace, 0);
        check_same(&rig->map, &map);
        CHECK_EQ(kept.known, rig->log.n_events <= SLOTS_KEPT_MAX);
    }
}

void
slot_rig_read(struct slot_rig *rig, struct bytes log)
{
    const struct pcr_set quoted = {HASH_SHA256, PCR_MASK_ALL};

    read_events(rig, log);
    CHECK_EQ(events_vouch(rig->make.hasher, log, &rig->log), 0);
    CHECK_EQ(slots_assign(rig->make.hasher, &rig->log, NULL, quoted, &rig->map), 0);
    check_kept(rig, quoted);
}

void
slot_rig_assign(struct slot_rig *rig)
{
    slot_rig_read(rig, make_log_bytes(&rig->make));
}

const struct slot_event *
slot_rig_event(const struct slot_rig *rig, size_t i)
{
    CHECK(i < rig->map.n);
    return &rig->map.events[i];
}

void
slot_rig_check(const struct slot_rig *rig, size_t i, enum slot slot, unsigned flags)
{
    const struct slot_event *event = slot_rig_event(rig, i);

    CHECK_STR(slot_table((enum slot)event->slot)->name, slot_table(slot)->name);
    CHECK_EQ(event->flags, flags);
    CHECK_EQ(event->rule, RULE_NONE);
    CHECK(slot_table(slot)->pcrs >> rig->log.events[i].pcr & 1);
}

void
slot_rig_other(const struct slot_rig *rig, size_t i, enum rule rule)
{
    char room[2][RULE_NAME_MAX];
    const struct slot_event *event = slot_rig_event(rig, i);

    CHECK_EQ(event->slot, SLOT_OTHER);
    CHECK_STR(rule_name((enum rule)event->rule, room[0]), rule_name(rule, room[1]));
    CHECK_EQ(event->flags, 0);
}

void
slot_rig_alone(struct slot_rig *rig, uint32_t pcr, uint32_t type, struct bytes data, bool bound)
{
    slot_rig_new(rig);
    if (bound) {
        slot_rig_bound(rig, pcr, type, data);
    } else {
        slot_rig_label(rig, pcr, type, data);
    }
    slot_rig_assign(rig);
    slot_rig_done(rig);
}
