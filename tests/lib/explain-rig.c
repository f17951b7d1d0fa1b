#include "lib/explain-rig.h"

#include <stdlib.h>

#include "explain/explain-device-text.h"
#include "lib/check.h"
#include "lib/kept-rig.h"
#include "lib/rule-play.h"
#include "lib/store-make.h"

enum { MINUTE_MS = 60000 };

struct explain_rig explain_rig;

void
explain_rig_publish(uint64_t sequence)
{
    const struct store_bundle bundle = {.sequence = sequence, .loaded_ms = RIG_NOW_MS};

    CHECK_EQ(store_bundle_put(explain_rig.store, &bundle, rule_play_body(scene.policy)), 0);
}

void
explain_rig_start(void)
{
    explain_case_done(&explain_rig.c);
    json_decref(explain_rig.told);
    store_close(explain_rig.store);
    memset(&explain_rig, 0, sizeof(explain_rig));
    scene_start(RIG_BOOT);
    scene_learn();
    explain_rig.store = open_store(":memory:");
    kept_rig_class(explain_rig.store, "c");
    explain_rig.device =
        kept_rig_member(explain_rig.store, 1, "c", check_vector(RIG_BOOT), RIG_NOW_MS);
    explain_rig_publish(1);
}

static void
put_evidence(const struct store_device *device, const uint8_t firmware_log[32], int64_t at_ms)
{
    struct store_evidence evidence = {.arrived_ms = at_ms};

    memcpy(evidence.device, device->id, sizeof(device->id));
    memcpy(evidence.firmware_log, firmware_log, 32);
    CHECK_EQ(store_evidence_put(explain_rig.store, &evidence), 0); /* the accepted one stays */
}

static void
put_last(const struct store_device *device, int64_t at_ms, enum tier tier, enum reason reason)
{
    struct store_last last = {
        .tier = tier,
        .arrived_ms = at_ms,
        .judged_ms = at_ms,
        .challenge_ms = at_ms - 1000,
        .boot_ms = at_ms - 500,
        .accepted_ms = RIG_NOW_MS,
        .reset_count = 217,
        .n_reasons = reason != REASON_NONE,
        .reasons = {(uint16_t)reason},
        .policy = "c:1",
        .fault_event = FAULT_NO_EVENT,
        .fault_pcr = FAULT_NO_EVENT,
    };

    CHECK_EQ(store_last_put(explain_rig.store, device->id, &last), 0);
}

void
explain_rig_boot(struct bytes log, enum tier tier, enum reason reason)
{
    uint8_t digest[32];

    CHECK_EQ(hasher_bytes(learn_rig.hasher, HASH_SHA256, log, digest), 0);
    CHECK_EQ(store_log_put(explain_rig.store, digest, LOG_FIRMWARE, log), 0);
    put_evidence(&explain_rig.device, digest, RIG_NOW_MS + MINUTE_MS);
    put_last(&explain_rig.device, RIG_NOW_MS + MINUTE_MS, tier, reason);
}

struct store_device
explain_rig_peer(uint32_t n, struct bytes log, enum tier tier)
{
    struct store_device peer =
        kept_rig_member(explain_rig.store, n, "c", log, RIG_NOW_MS + n * MINUTE_MS);

    put_last(&peer, RIG_NOW_MS + n * MINUTE_MS, tier, REASON_NONE);
    return peer;
}

struct explain_case *
explain_rig_case(void)
{
    explain_case_done(&explain_rig.c);
    CHECK_EQ(explain_case_find(&explain_rig.c, explain_rig.store, "0100000001", RIG_NOW_MS / 1000),
             0);
    CHECK_EQ(explain_case_judge(&explain_rig.c), 0);
    return &explain_rig.c;
}

const json_t *
explain_rig_tell(void)
{
    CLEANUP(free_p) uint8_t *room = malloc(EXPLAIN_DEVICE_ROOM);
    struct bytes told = BYTES_NULL;

    CHECK(room);
    CHECK_EQ(explain_device(explain_rig_case(), room, EXPLAIN_DEVICE_ROOM, &told), 0);
    json_decref(explain_rig.told);
    explain_rig.told = check_keep(json_loadb((const char *)told.p, told.len, 0, NULL));
    CHECK(explain_rig.told);
    return explain_rig.told;
}

const json_t *
explain_rig_at(const char *path)
{
    const json_t *at = explain_rig.told;
    const char *word = path;

    while (at && *word != '\0') {
        size_t len = strcspn(word, ".");
        char name[64];

        snprintf(name, sizeof(name), "%.*s", (int)len, word);
        at = json_is_array(at) ? json_array_get(at, strtoul(name, NULL, 10))
                               : json_object_get(at, name);
        word += len + (word[len] == '.');
    }
    if (!at) {
        check_fail(__FILE__, __LINE__, "no %s", path);
    }
    return at;
}

const char *
explain_rig_word(const char *path)
{
    const json_t *at = explain_rig_at(path);

    CHECK(json_is_string(at) || json_is_null(at));
    return json_is_string(at) ? json_string_value(at) : "";
}

int64_t
explain_rig_number(const char *path)
{
    const json_t *at = explain_rig_at(path);

    CHECK(json_is_integer(at) || json_is_null(at));
    return json_is_integer(at) ? json_integer_value(at) : -1;
}

const char *
explain_rig_text(bool verbose)
{
    FILE *out;

    memset(explain_rig.text, 0, sizeof(explain_rig.text));
    out = fmemopen(explain_rig.text, sizeof(explain_rig.text), "w");
    CHECK(out);
    explain_device_text(out, explain_rig_tell(), verbose);
    CHECK_EQ(fclose(out), 0);
    return explain_rig.text;
}

bool
explain_rig_says(const char *line)
{
    for (const char *at = strstr(explain_rig.text, line); at; at = strstr(at + 1, line)) {
        if (at == explain_rig.text || at[-1] == '\n') {
            return true;
        }
    }
    return false;
}

/* The chain is another test's. */
static int
no_hash(void *context, const struct bytes *parts, size_t n_parts, uint8_t ret[32])
{
    CHECK(!context && parts && n_parts == 2);
    memset(ret, 7, 32);
    return 0;
}

void
explain_rig_audit(int64_t n, const char *kind, bool of_device, const char *text)
{
    const struct store_audit row = {
        .at_ms = RIG_NOW_MS + n * MINUTE_MS,
        .kind = kind,
        .device = of_device ? explain_rig.device.id : NULL,
        .actor = "keeper",
        .text = text,
    };

    CHECK_EQ(store_audit_add(explain_rig.store, &row, no_hash, NULL), 0);
}
