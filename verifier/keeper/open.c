#include "keeper/open.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "keeper/attest.h"
#include "keeper/audit-sign.h"
#include "keeper/backup.h"
#include "keeper/boots.h"
#include "keeper/enrol-read.h"
#include "keeper/keys.h"
#include "keeper/policies.h"

int
keeper_fail(const char *what, int r)
{
    log_event(LOG_ERROR, "keeper-setup", LOG_STR("what", what), LOG_INT("errno", r < 0 ? -r : r));
    return r < 0 ? r : -EINVAL;
}

/* EK anchors as views into the DER; one that cannot be used is named and left out, as an operator
 * may drop files there. Instead of the keeper's, unless it fails. What a reader makes of the old
 * ones is not believed of the new ones, and is asked for again. */
static int
open_anchors(struct keeper *keeper, const struct bytes *der, size_t n_der)
{
    struct ek_anchors fresh;
    int r = ek_anchors_read(keeper->hasher, der, n_der, &fresh);

    if (r < 0) {
        ek_anchors_done(&fresh);
        return r;
    }
    ek_anchors_done(&keeper->anchors);
    keeper->anchors = fresh;
    return 0;
}

static int
open_store(struct keeper *keeper)
{
    char path[STORE_PATH_MAX];
    int r;

    if (keeper->setup.store_path.len >= sizeof(path)) {
        return -ENAMETOOLONG;
    }
    memset(path, 0, sizeof(path));
    memcpy(path, keeper->setup.store_path.p, keeper->setup.store_path.len);
    r = store_open(path, &keeper->store);
    return r == 0 ? 0 : keeper_fail(path, r);
}

/* `sets` beside the store: nothing else of the file system is the keeper's to read. */
static int
open_sets_folder(struct keeper *keeper)
{
    char folder[POLICIES_FOLDER_ROOM];
    struct bytes path = keeper->setup.store_path;
    int n;

    while (path.len > 0 && path.p[path.len - 1] != '/') {
        path.len--;
    }
    if (path.len == 0) { /* a store in memory */
        return 0;
    }
    n = snprintf(folder, sizeof(folder), "%.*ssets", (int)path.len, (const char *)path.p);
    return n < (int)sizeof(folder) ? policies_folder(keeper->policies, folder) : -ENAMETOOLONG;
}

static int
open_policies(struct keeper *keeper)
{
    int r = open_sets_folder(keeper);

    r = r < 0 ? r
              : policies_start(keeper->policies, keeper->store, keeper->hasher,
                               keeper->setup.policy_keys, keeper->setup.n_policy_keys);

    if (r == 0) {
        keeper_policies_tell(keeper);
    }
    return r;
}

/* Sets that the bundle names and nobody brought: once for each bundle. */
static void
tell_absent(struct keeper *keeper)
{
    const struct ima_sets *sets = policies_sets(keeper->policies);
    uint64_t sequence = policies_sequence(keeper->policies);

    if (sets && sets->n_absent > 0 && keeper->sets_told != sequence) {
        const struct bundle *bundle = rulebook_bundle(policies_book(keeper->policies));
        const struct bundle_set *set = &bundle->sets[sets->absent];
        char name[IMA_SETS_NAME_ROOM];

        log_event(LOG_ERROR, "policy-set-absent", LOG_INT("sequence", sequence),
                  LOG_INT("sets", sets->n_absent), LOG_TEXT("set", set->name),
                  LOG_STR("file", ima_sets_name(set->file, name)), LOG_STR("why", sets->why));
    }
    keeper->sets_told = sequence;
}

void
keeper_policies_tell(struct keeper *keeper)
{
    uint64_t now_s = (uint64_t)(keeper->clock->utc_ms(keeper->clock->context) / 1000);
    enum policies_state state = policies_state(keeper->policies, now_s);
    struct policies_info info;

    tell_absent(keeper);
    if ((int)state == keeper->policies_told) {
        return;
    }
    keeper->policies_told = (int)state;
    policies_info(keeper->policies, &info);
    if (state == POLICIES_BROKEN) {
        log_event(LOG_ERROR, "policy-broken", LOG_INT("sequence", info.sequence),
                  LOG_STR("why", rule_text(info.why)));
    } else if (state == POLICIES_EXPIRED) {
        log_event(LOG_ERROR, "policy-expired", LOG_INT("sequence", info.sequence),
                  LOG_INT("not_after", info.not_after_s));
    }
}

static int
open_parts(struct keeper *keeper)
{
    keeper->hasher = hasher_new();
    keeper->jobs = jobs_new();
    keeper->logs = logs_new();
    keeper->sessions = sessions_new();
    keeper->outbox = outbox_new();
    keeper->golden = golden_cache_new();
    keeper->boots = boots_new();
    keeper->aks = ak_cache_new();
    keeper->ek_cache = ek_cache_new();
    keeper->cost = cost_new();
    keeper->policies = policies_new();
    keeper->lane = lane_new(keeper->clock->mono_ms(keeper->clock->context));
    return keeper->hasher && keeper->jobs && keeper->logs && keeper->sessions && keeper->outbox &&
                   keeper->golden && keeper->boots && keeper->aks && keeper->ek_cache &&
                   keeper->lane && keeper->cost && keeper->policies
               ? 0
               : -ENOMEM;
}

int
keeper_open(struct keeper *keeper, const struct clock *clock, struct bytes setup)
{
    int r;

    *keeper = (struct keeper){.clock = clock};
    keeper->started_ms = clock->utc_ms(clock->context);
    keeper->setup_bytes = malloc(setup.len ? setup.len : 1);
    if (!keeper->setup_bytes) {
        return -ENOMEM;
    }
    memcpy(keeper->setup_bytes, setup.p, setup.len);
    keeper->setup_len = setup.len;
    if (keeper_setup_read(bytes_of(keeper->setup_bytes, setup.len), &keeper->setup) != 0) {
        return keeper_fail("setup message", -EPROTO);
    }
    r = open_parts(keeper);
    if (r == 0) {
        r = keys_open(keeper);
    }
    if (r == 0) {
        r = open_anchors(keeper, keeper->setup.anchors, keeper->setup.n_anchors);
    }
    if (r == 0) {
        r = open_store(keeper);
    }
    if (r == 0) {
        r = open_policies(keeper);
        r = r == 0 ? 0 : keeper_fail("policy bundle", r);
    }
    if (r == 0) {
        r = audit_sign_begin(keeper);
        r = r == 0 ? 0 : keeper_fail("audit head", r);
    }
    return r;
}

int
keeper_limits(struct keeper *keeper, struct bytes body)
{
    CLEANUP(free_p) uint8_t *copy = malloc(body.len ? body.len : 1);
    struct keeper_limits limits;
    int r;

    if (!copy) {
        return -ENOMEM;
    }
    memcpy(copy, body.p, body.len);
    r = keeper_limits_read(bytes_of(copy, body.len), &limits);
    if (r == 0) {
        r = open_anchors(keeper, limits.anchors, limits.n_anchors);
    }
    if (r != 0) {
        return r;
    }
    keeper->setup.pending_max = limits.pending_max;
    keeper->setup.pending_days = limits.pending_days;
    keeper->setup.log_level = limits.log_level;
    free(keeper->anchor_bytes);
    keeper->anchor_bytes = copy;
    copy = NULL;
    return 0;
}

void
keeper_close(struct keeper *keeper)
{
    attest_drop_all(keeper);
    enrol_drop_all(keeper);
    lane_free(keeper->lane);
    cost_free(keeper->cost);
    ek_cache_free(keeper->ek_cache);
    backup_end(keeper);
    audit_sign_end(keeper);
    store_close(keeper->store);
    policies_free(keeper->policies);
    ak_cache_free(keeper->aks);
    golden_cache_free(keeper->golden);
    boots_free(keeper->boots);
    outbox_free(keeper->outbox);
    sessions_free(keeper->sessions);
    logs_free(keeper->logs);
    jobs_free(keeper->jobs);
    ek_anchors_done(&keeper->anchors);
    free(keeper->anchor_bytes);
    privkey_free(keeper->site_key);
    privkey_free(keeper->rsa_key);
    privkey_free(keeper->token_key);
    hasher_free(keeper->hasher);
    keys_forget(keeper);
    wipe(keeper->setup_bytes, keeper->setup_len);
    free(keeper->setup_bytes);
    wipe(keeper, sizeof(*keeper));
}
