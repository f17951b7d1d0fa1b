#include "lib/kept-rig.h"

#include <stdio.h>
#include <stdlib.h>

#include "crypto/digest.h"
#include "lib/check.h"
#include "lib/slot-rig.h"
#include "store/store-group.h"

static struct hasher *
hasher(void)
{
    static struct hasher *made;

    made = made ? made : check_keep(hasher_new());
    return made;
}

void
kept_rig_class(struct store *store, const char *name)
{
    struct store_class row = {.bank = HASH_SHA256, .pcr_mask = 0x43ff, .interval_s = 300};

    snprintf(row.name, sizeof(row.name), "%s", name);
    CHECK_EQ(store_class_put(store, &row), 0);
}

static void
digest_of(struct bytes body, uint8_t ret[32])
{
    CHECK_EQ(hasher_bytes(hasher(), HASH_SHA256, body, ret), 0);
}

/* Whatever is unique holds n. */
static struct store_device
device_of(uint32_t n, const char *class_name)
{
    struct store_device device = {.state = DEVICE_FRESH, .enrolled_ms = 1000 + n};
    uint8_t *const unique[] = {device.id + 1, device.ident, device.ek_fingerprint, device.ak_name};

    for (size_t i = 0; i < ARRAY_LEN(unique); i++) {
        for (size_t k = 0; k < 4; k++) {
            unique[i][k] = (uint8_t)(n >> (24 - 8 * k));
        }
    }
    device.id[0] = 1;
    device.ak_name_len = 34;
    snprintf(device.class_name, sizeof(device.class_name), "%s", class_name);
    return device;
}

struct store_device
kept_rig_member(struct store *store, uint32_t n, const char *class_name, struct bytes log,
                int64_t at_ms)
{
    struct store_device device = device_of(n, class_name);
    struct store_evidence evidence = {.arrived_ms = at_ms};
    struct store_last last = {.tier = TIER_WARNING,
                              .arrived_ms = at_ms,
                              .challenge_ms = at_ms - 1000,
                              .boot_ms = at_ms - 3600000};

    digest_of(log, evidence.firmware_log);
    memcpy(evidence.accepted_log, evidence.firmware_log, 32);
    memcpy(last.firmware_log, evidence.firmware_log, 32);
    memcpy(evidence.device, device.id, sizeof(device.id));
    CHECK_EQ(store_device_put(store, &device), 0);
    CHECK_EQ(store_log_put(store, evidence.firmware_log, LOG_FIRMWARE, log), 0);
    CHECK_EQ(store_last_put(store, device.id, &last), 0);
    CHECK_EQ(store_evidence_put(store, &evidence), 0);
    return device;
}

void
kept_rig_groups(struct store *store, const struct store_device *device, size_t n,
                const char *const *names)
{
    struct store_groups groups = {.n = n};

    for (size_t i = 0; i < n; i++) {
        snprintf(groups.groups[i].name, STORE_CLASS_MAX, "%s", names[i]);
        CHECK_EQ(store_group_put(store, &groups.groups[i]), 0);
    }
    CHECK_EQ(store_groups_set(store, device->id, &groups), 0);
}

void
kept_rig_userspace(struct store *store, const struct store_device *device, struct bytes log)
{
    struct store_evidence evidence;

    CHECK_EQ(store_evidence_get(store, device->id, &evidence), 0);
    evidence.userspace = log.len > 0 ? EVIDENCE_LOG_KEPT : EVIDENCE_LOG_NONE;
    if (log.len > 0) {
        digest_of(log, evidence.userspace_log);
        CHECK_EQ(store_log_put(store, evidence.userspace_log, LOG_USERSPACE, log), 0);
    }
    CHECK_EQ(store_evidence_put(store, &evidence), 0);
}

/* Every place of a digest: shim measures a kernel twice. */
static void
replace_all(uint8_t *log, size_t len, const uint8_t *digest, size_t size, uint32_t n)
{
    uint8_t old[HASH_SIZE_MAX];

    memcpy(old, digest, size);
    for (size_t at = 0; at + size <= len; at++) {
        if (memcmp(log + at, old, size) == 0) {
            for (size_t k = 0; k < 4; k++) {
                log[at + k] = (uint8_t)(n >> (24 - 8 * k));
            }
        }
    }
}

struct bytes
kept_rig_kernel(struct bytes log, uint32_t n)
{
    static struct slot_rig rig;
    uint8_t *copy = check_keep(malloc(log.len));
    const struct event *kernel = NULL;

    memcpy(copy, log.p, log.len);
    slot_rig_new(&rig);
    slot_rig_read(&rig, log);
    for (size_t i = 0; i < rig.log.n_events; i++) {
        kernel = rig.log.events[i].pcr == 4 ? &rig.log.events[i] : kernel;
    }
    CHECK(kernel);
    for (size_t bank = 0; bank < rig.log.n_banks; bank++) {
        replace_all(copy, log.len, kernel->digest[bank].p, kernel->digest[bank].len, n);
    }
    slot_rig_done(&rig);
    return bytes_of(copy, log.len);
}
