/* explain-store FILE: a verifier's store for docs/golden.md, in which a server is refused after an
 * update that five others have not made and one has. Times are fixed: the page prints them. */
#include "lib/explain-rig.h"
#include "lib/kept-rig.h"
#include "lib/rule-play.h"
#include "lib/store-make.h"

enum { DEVICE = 0x3fa94c10, PEERS = 6, MINUTE_MS = 60000 };

static struct store *store;

/* The chain is not looked at. */
static int
no_hash(void *context, const struct bytes *parts, size_t n_parts, uint8_t ret[32])
{
    (void)context;
    (void)parts;
    memset(ret, (int)n_parts, 32);
    return 0;
}

static void
tell(const struct store_device *device, int64_t at_ms, const char *kind, const char *text)
{
    const struct store_audit row = {.at_ms = at_ms,
                                    .kind = kind,
                                    .device = device ? device->id : NULL,
                                    .actor = "keeper",
                                    .text = text};

    CHECK_EQ(store_audit_add(store, &row, no_hash, NULL), 0);
}

static void
put_bundle(void)
{
    const struct store_bundle bundle = {.sequence = 4, .loaded_ms = RIG_NOW_MS - MINUTE_MS};

    scene_start(RIG_BOOT);
    learn_rig.options.class_name = learn_rig.options.name = "servers";
    scene_learn();
    CHECK_EQ(store_bundle_put(store, &bundle, rule_play_body(scene.policy)), 0);
    tell(NULL, RIG_NOW_MS - MINUTE_MS, "policy", "bundle 4 sha256:00 untested");
}

/* The boot after the update, refused. */
static void
update(struct store_device *device, int64_t at_ms)
{
    struct store_last last = {
        .tier = TIER_CONTRAINDICATED,
        .n_reasons = 1,
        .reasons = {REASON_INITRD_UNKNOWN},
        .challenge_ms = at_ms - 1000,
        .arrived_ms = at_ms,
        .judged_ms = at_ms,
        .boot_ms = at_ms,
        .accepted_ms = RIG_NOW_MS,
        .reset_count = 217,
        .policy = "servers:1",
        .fault_event = 43,
        .fault_pcr = 9,
        .fault_rule = "policy/initrd",
    };
    struct store_evidence evidence;

    CHECK_EQ(store_evidence_get(store, device->id, &evidence), 0);
    CHECK_EQ(hasher_bytes(learn_rig.hasher, HASH_SHA256, check_vector(RIG_INITRD),
                          evidence.firmware_log),
             0);
    CHECK_EQ(store_log_put(store, evidence.firmware_log, LOG_FIRMWARE, check_vector(RIG_INITRD)),
             0);
    evidence.arrived_ms = at_ms;
    CHECK_EQ(store_evidence_put(store, &evidence), 0);
    CHECK_EQ(store_last_put(store, device->id, &last), 0);
    device->state = DEVICE_FAILED;
    CHECK_EQ(store_device_put(store, device), 0);
    tell(device, at_ms, "refused", "tier contraindicated code 431");
}

static void
put_devices(void)
{
    struct store_device device;

    kept_rig_class(store, "servers");
    for (uint32_t n = 0; n <= PEERS; n++) {
        device = kept_rig_member(store, DEVICE + n, "servers", check_vector(RIG_BOOT), RIG_NOW_MS);
        tell(&device, RIG_NOW_MS, "accepted", "tier warning code 306");
        if (n == PEERS) {
            update(&device, RIG_NOW_MS + 40 * MINUTE_MS);
        }
    }
    CHECK_EQ(store_device_by_prefix(store, bytes_str("3fa94c10"), &device), 0);
    update(&device, RIG_NOW_MS + 90 * MINUTE_MS);
}

int
main(int argc, char **argv)
{
    if (argc != 2) {
        return 2;
    }
    store = open_store(argv[1]);
    put_bundle();
    put_devices();
    CHECK_EQ(store_commit(store), 0);
    store_close(store);
    return 0;
}
