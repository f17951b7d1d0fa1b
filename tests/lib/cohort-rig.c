#include "lib/cohort-rig.h"

#include <stdlib.h>

#include "base/hex.h"
#include "lib/kept-rig.h"
#include "lib/rule-play.h"
#include "lib/store-make.h"
#include "policy/policy-compile.h"
#include "rejudge/rejudge-walk.h"
#include "store/store-group.h"

#define NOW_MS INT64_C(1790000000000)

enum { MAKER_NTC = 0x4e544300 };

struct cohort_rig cohort_rig;

void
cohort_rig_start(void)
{
    scene_laptop();
    cohort_rig = (struct cohort_rig){.before = scene_log(), .need_sites = 1};
    cohort_rig.store = check_keep(open_store(":memory:"));
    kept_rig_class(cohort_rig.store, "c");
}

static void
put_log(struct bytes log, uint8_t ret_digest[32])
{
    CHECK_EQ(hasher_bytes(learn_rig.hasher, HASH_SHA256, log, ret_digest), 0);
    CHECK_EQ(store_log_put(cohort_rig.store, ret_digest, LOG_FIRMWARE, log), 0);
}

void
cohort_rig_class(const char *name)
{
    kept_rig_class(cohort_rig.store, name);
}

void
cohort_rig_site(const struct store_device *device, const char *site)
{
    struct store_groups groups = {.n = 2};

    snprintf(groups.groups[0].name, sizeof(groups.groups[0].name), "floor-2");
    snprintf(groups.groups[1].name, sizeof(groups.groups[1].name), "%s", site);
    groups.groups[1].site = true;
    for (size_t i = 0; i < groups.n; i++) {
        CHECK_EQ(store_group_put(cohort_rig.store, &groups.groups[i]), 0);
    }
    CHECK_EQ(store_groups_set(cohort_rig.store, device->id, &groups), 0);
}

void
cohort_rig_boots(const struct store_device *device, struct bytes log)
{
    struct store_evidence evidence;

    CHECK_EQ(store_evidence_get(cohort_rig.store, device->id, &evidence), 0);
    put_log(log, evidence.firmware_log);
    CHECK_EQ(store_evidence_put(cohort_rig.store, &evidence), 0);
}

void
cohort_rig_accepted(const struct store_device *device, struct bytes log)
{
    struct store_evidence evidence;

    CHECK_EQ(store_evidence_get(cohort_rig.store, device->id, &evidence), 0);
    put_log(log, evidence.accepted_log);
    CHECK_EQ(store_evidence_put(cohort_rig.store, &evidence), 0);
}

void
cohort_rig_put(const struct store_device *device)
{
    CHECK_EQ(store_device_put(cohort_rig.store, device), 0);
}

struct store_device
cohort_rig_device(uint32_t n, struct bytes log)
{
    struct store_device device = kept_rig_member(cohort_rig.store, n, "c", log, NOW_MS + n);

    device.ek_chain = EK_CHAIN_VERIFIED;
    device.tpm_vendor = MAKER_NTC;
    cohort_rig_put(&device);
    CHECK_EQ(store_inventory_put(cohort_rig.store, device.ek_fingerprint, "c"), 0);
    cohort_rig_accepted(&device, cohort_rig.before);
    return device;
}

void
cohort_rig_devices(uint32_t n, struct bytes log)
{
    for (uint32_t i = 1; i <= n; i++) {
        (void)cohort_rig_device(i, log);
    }
}

static void
no_visit(void *context, const struct store_device *device, const struct rejudge_result *result)
{
    CHECK(context == NULL && device && result->why == REJUDGE_JUDGED);
}

/* The text of the book, as a service's store would give it. */
static char *
text_of(const struct rulebook *book, struct bytes body)
{
    char *text = NULL;

    CHECK_EQ(policy_text_of(rulebook_bundle(book), body, &text), 0);
    return check_keep(text);
}

void
cohort_rig_look(uint32_t need)
{
    const struct rejudge_walk walk = {.visit = no_visit};
    struct bytes body = rule_play_body(scene.policy);
    struct rulebook *book = NULL;
    struct rejudge_tally tally = {.members = 0};
    struct rejudge *rejudge;
    struct fault fault;
    char *text;

    CHECK_EQ(rulebook_new(body, &book, &fault), 0);
    check_keep(book);
    text = text_of(book, body);
    cohort_rig.suggest =
        check_keep(suggest_new(cohort_rig.store, book, need, cohort_rig.need_sites));
    cohort_rig.ask = (struct rejudge_ask){.store = cohort_rig.store,
                                          .now_s = NOW_MS / 1000,
                                          .since_ms = INT64_MIN,
                                          .alone = true,
                                          .witness = suggest_see,
                                          .witness_context = cohort_rig.suggest};
    cohort_rig.ask.books[REJUDGE_NEW] = book;
    rejudge = check_keep(rejudge_new(&cohort_rig.ask));
    CHECK_EQ(rejudge_walk(rejudge, &cohort_rig.ask, &walk, &tally), 0);
    CHECK_EQ(suggest_count(cohort_rig.suggest), 0);
    cohort_rig.dries =
        check_keep(calloc(cohort_rig.suggest->n_groups + 1, sizeof(struct suggest_dry)));
    CHECK_EQ(suggest_run_dry(cohort_rig.suggest, &cohort_rig.ask, text, cohort_rig.dries), 0);
}

const struct suggest_group *
cohort_rig_only(void)
{
    CHECK_EQ(cohort_rig.suggest->n_groups, 1);
    return &cohort_rig.suggest->groups[0];
}

uint64_t
cohort_rig_barred(const char *digest, enum suggest_bar bar)
{
    const struct suggest *suggest = cohort_rig.suggest;
    char digits[2 * HASH_SIZE_MAX + 1];

    for (size_t i = 0; i < suggest->n_values; i++) {
        const struct suggest_value *value = &suggest->values[i];
        const struct suggest_seen *seen = &suggest->seen[value->first];

        hex_write(digits, bytes_of(seen->digest, seen->len));
        if (strcmp(digits, strchr(digest, ':') + 1) == 0) {
            CHECK(!value->taken);
            return value->bars[bar];
        }
    }
    check_fail(__FILE__, __LINE__, "nobody showed %s", digest);
    abort();
}

const char *
cohort_rig_say(bool json, bool all)
{
    struct suggest_say say = {.json = json, .all = all};
    char *said = NULL;
    size_t len = 0;

    say.out = open_memstream(&said, &len);
    CHECK(say.out);
    suggest_say(&say, cohort_rig.suggest, cohort_rig.dries);
    CHECK_EQ(fclose(say.out), 0);
    return check_keep(said);
}

void
cohort_rig_has(const char *said, const char *text)
{
    if (!strstr(said, text)) {
        check_fail(__FILE__, __LINE__, "no \"%s\" in: %s", text, said);
    }
}

void
cohort_rig_lacks(const char *said, const char *text)
{
    if (strstr(said, text)) {
        check_fail(__FILE__, __LINE__, "\"%s\" in: %s", text, said);
    }
}
