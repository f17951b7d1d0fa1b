#include "explain/explain-peers.h"

#include <errno.h>
#include <stdlib.h>

#include "rejudge/rejudge.h"

/* Distinct logs that are remembered, and so many of them at most: the table stays sparse. */
enum { LOG_PLACES = 16384, LOGS_MAX = 12288 };

enum known { UNUSED, LACKS, SHOWS, UNREADABLE };

struct seen_log {
    uint8_t known; /* enum known */
    uint8_t digest[32];
};

struct walking {
    const struct explain_peers_ask *ask;
    struct explain_peers *peers;
    struct slot_map *map;
    struct seen_log *logs;
    int r;
};

/* Whether an event of the slot has the value. */
static int
look(struct walking *walking, const struct event_log *log, bool *ret)
{
    const struct explain_peers_ask *ask = walking->ask;
    size_t bank = event_log_bank(log, ask->quoted.bank);
    int r = slots_assign(ask->hasher, log, NULL, ask->quoted, walking->map);

    *ret = false;
    for (size_t i = 0; r == 0 && bank < log->n_banks && i < log->n_events; i++) {
        /* a file of PCR 9 has its slot by a label that is nobody's word */
        bool fits =
            walking->map->events[i].slot == ask->slot || slots_movable(walking->map, log, i);

        *ret = *ret || (fits && log->events[i].pcr == ask->pcr &&
                        bytes_equal(log->events[i].digest[bank], ask->digest));
    }
    return r;
}

static int
read_log(struct walking *walking, const uint8_t digest[32], enum known *ret)
{
    const struct explain_peers_ask *ask = walking->ask;
    struct rejudge_log log = {.body = NULL};
    bool shows = false;
    int r = rejudge_log_load(ask->store, ask->hasher, digest, LOG_FIRMWARE, &log);

    if (r != 0) {
        *ret = UNREADABLE;
        return r < 0 ? r : 0;
    }
    r = look(walking, &log.read.log, &shows);
    *ret = shows ? SHOWS : LACKS;
    rejudge_log_done(&log);
    return r;
}

/* A log without these bytes needs no reading: most of a fleet's have them not. */
static int
search(struct walking *walking, const uint8_t digest[32], enum known *ret)
{
    struct bytes value = walking->ask->digest;
    uint8_t *body = NULL;
    size_t len = 0;
    bool has;
    int r = store_log_get(walking->ask->store, digest, &body, &len);

    if (r != 0) {
        *ret = UNREADABLE;
        return r < 0 ? r : 0;
    }
    has = memmem(body, len, value.p, value.len) != NULL;
    free(body);
    *ret = LACKS;
    return has ? read_log(walking, digest, ret) : 0;
}

/* The log's place, or the free one for it. */
static struct seen_log *
place_of(struct walking *walking, const uint8_t digest[32])
{
    size_t i = ((size_t)digest[0] << 8 | digest[1]) % LOG_PLACES;

    while (walking->logs[i].known != UNUSED && memcmp(walking->logs[i].digest, digest, 32) != 0) {
        i = (i + 1) % LOG_PLACES;
    }
    return &walking->logs[i];
}

static int
know(struct walking *walking, const uint8_t digest[32], enum known *ret)
{
    struct seen_log *place = place_of(walking, digest);
    int r = 0;

    *ret = (enum known)place->known;
    if (place->known == UNUSED && walking->peers->logs < LOGS_MAX) {
        r = search(walking, digest, ret);
        walking->peers->logs++;
        place->known = (uint8_t)*ret;
        memcpy(place->digest, digest, 32);
    }
    return r;
}

/* When this boot brought its first evidence, or else when what is kept came. */
static int
since(struct walking *walking, const struct store_evidence *evidence, bool counts)
{
    struct explain_peers *peers = walking->peers;
    struct store_last last;
    int64_t at = evidence->arrived_ms;
    int r = store_last_get(walking->ask->store, evidence->device, &last);

    if (r < 0) {
        return r;
    }
    if (r == 0 && last.arrived_ms == evidence->arrived_ms && last.boot_ms > 0) {
        at = last.boot_ms;
    }
    peers->since_ms = peers->since_ms == 0 || at < peers->since_ms ? at : peers->since_ms;
    if (counts) {
        peers->same++;
        peers->refused += r == 0 && last.tier != TIER_AFFIRMING && last.tier != TIER_WARNING;
    }
    return 0;
}

static int
count(struct walking *walking, const struct store_device *device)
{
    struct explain_peers *peers = walking->peers;
    bool counts = memcmp(device->id, walking->ask->device->id, sizeof(device->id)) != 0;
    struct store_evidence evidence;
    enum known known = UNUSED;
    int r = store_evidence_get(walking->ask->store, device->id, &evidence);

    peers->members += counts;
    if (r == 0) {
        r = know(walking, evidence.firmware_log, &known);
        peers->kept += counts && (known == LACKS || known == SHOWS);
        peers->not_read += counts && known == UNUSED;
    }
    if (r == 0 && known == SHOWS) {
        r = since(walking, &evidence, counts);
    }
    return r < 0 ? r : 0;
}

static bool
on_device(void *context, const struct store_device *device)
{
    struct walking *walking = context;

    if (rejudge_member(device) &&
        strcmp(device->class_name, walking->ask->device->class_name) == 0) {
        walking->r = count(walking, device);
    }
    return walking->r == 0;
}

int
explain_peers(const struct explain_peers_ask *ask, struct explain_peers *ret)
{
    CLEANUP(free_p) struct slot_map *map = malloc(sizeof(*map));
    CLEANUP(free_p) struct seen_log *logs = calloc(LOG_PLACES, sizeof(*logs));
    struct explain_peers peers = {.members = 0};
    struct walking walking = {.ask = ask, .peers = &peers, .map = map, .logs = logs};
    int r = map && logs ? store_device_each(ask->store, on_device, &walking) : -ENOMEM;

    r = r == 0 ? walking.r : r;
    if (r == 0) {
        *ret = peers;
    }
    return r;
}
