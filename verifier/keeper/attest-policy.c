/* What the class's policy says of a boot, or its reference events where no bundle names it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "appraise/boot-beside.h"
#include "appraise/quoted.h"
#include "appraise/unchosen.h"
#include "base/log.h"
#include "keeper/announced.h"
#include "keeper/attest.h"
#include "keeper/boots.h"

/* The part of the userspace log that the quote covers. */
static bool
userspace_of(const struct attest *attest, struct event_log *ret)
{
    const struct growing_userspace *userspace = &attest->userspace_log;
    size_t n = 0;

    if (!attest->userspace.claim) {
        return false;
    }
    *ret = userspace->log;
    while (n < ret->n_events && ret->events[n].offset + ret->events[n].length <= userspace->end) {
        n++;
    }
    ret->n_events = n;
    return true;
}

/* How long ago this boot brought its first evidence. */
static int64_t
boot_age_ms(const struct attest *attest, int64_t now_ms)
{
    bool known = attest->has_last && attest->order == ORDER_SAME && attest->last.boot_ms > 0;

    return known ? now_ms - attest->last.boot_ms : 0;
}

/* What a policy asks beside its rules. */
static void
judge_beside(struct attest *attest)
{
    const struct clock *clock = attest->keeper->clock;
    int64_t now_ms = clock->utc_ms(clock->context);
    const struct boot_beside beside = {
        .evidence_ms = now_ms - attest->challenge_ms,
        .boot_ms = boot_age_ms(attest, now_ms),
        .key = quoted_key_kind(&attest->ak),
    };

    boot_beside(&attest->told, &beside, &attest->verdict);
}

/* What the device announced of this boot, or of one close to it. */
static int
announced_of(const struct attest *attest, enum hash bank, struct announced **ret)
{
    struct keeper *keeper = attest->keeper;
    const struct store_moment moment = {keeper->clock->utc_ms(keeper->clock->context),
                                        attest->device.era, attest->quote.reset_count};
    int r = announced_load(keeper->store, attest->device.id, &moment, bank, ret);

    if (r == 0 && *ret && (*ret)->n_damaged > 0 && keeper_may_log(keeper)) {
        log_event(LOG_ERROR, "announced-damaged", LOG_HEX("device", BYTES_OF(attest->device.id)),
                  LOG_INT("n", (*ret)->n_damaged));
    }
    return r;
}

/* Judges, and where an event is at fault once more with what the device announced: a boot that
 * passes, nearly all, asks the store for none of it. *ret is to be freed behind *ask. */
static int
judge_boot(struct attest *attest, struct boot_ask *ask, struct announced **ret)
{
    struct keeper *keeper = attest->keeper;
    struct verdict before = attest->verdict;
    enum hash bank = rulebook_bundle(ask->book)->policies[ask->policy].quote.bank;
    int r =
        boot_judge(boots_room(keeper->boots), keeper->hasher, ask, &attest->verdict, &attest->told);

    if (r != 0 || !boot_finds_event(&attest->told, &attest->verdict)) {
        return r;
    }
    r = announced_of(attest, bank, ret);
    if (r != 0 || !*ret || (*ret)->n == 0) {
        return r;
    }
    ask->n_announced = (*ret)->n;
    ask->announced = (*ret)->rows;
    ask->ima_open = NULL; /* it has the list's files */
    attest->verdict = before;
    return boot_judge(boots_room(keeper->boots), keeper->hasher, ask, &attest->verdict,
                      &attest->told);
}

/* The files that did not pass in this boot so far; none where the list comes from its start.
 * Returns 0 or a negative errno. */
static int
read_open(struct attest *attest)
{
    CLEANUP(free_p) uint8_t *room = attest->ima.resumed ? malloc(STORE_OPEN_MAX) : NULL;
    size_t len = 0;
    int r;

    free(attest->ima_open);
    attest->ima_open = calloc(1, sizeof(*attest->ima_open));
    if (!attest->ima_open || (attest->ima.resumed && !room)) {
        return -ENOMEM;
    }
    if (!room) {
        return 0;
    }
    r = store_open_get(attest->keeper->store, attest->device.id, room, &len);
    if (r == 0 && ima_open_read(bytes_of(room, len), attest->ima_open) != 0) {
        *attest->ima_open = (struct ima_open){.lost = 1}; /* of another version: as if too many */
    }
    return r == STORE_NONE ? 0 : r;
}

static int
judge(struct attest *attest, const struct event_log *log)
{
    struct keeper *keeper = attest->keeper;
    const struct policies_choice *choice = &attest->choice;
    const struct ima_sets *sets = policies_sets(keeper->policies);
    CLEANUP(free_p) struct announced *announced = NULL;
    struct event_log userspace;
    int r = attest->ima.claim && !attest->ima_open ? read_open(attest) : 0;
    struct boot_ask ask = {
        .book = choice->book,
        .policy = choice->policy,
        .log = log,
        .userspace = userspace_of(attest, &userspace) ? &userspace : NULL,
        .quirks = attest->quirks,
        .past = boots_past(keeper->boots),
        .may_pin = true,
        .ima = attest->ima.claim ? &attest->ima_list : NULL,
        .ima_part = attest->ima.body,
        .ima_past = attest->ima.resumed ? &attest->ima_past : NULL,
        .ima_open = attest->ima_open,
        .tpm = {attest->device.tpm_vendor, true, attest->quote.firmware_version},
        .ima_files = sets ? sets->sets : NULL,
        .ima_work = &attest->ima_work,
        .now_s = choice->at_s,
    };

    if (r == 0) {
        r = boots_pins(keeper->boots, keeper->store, attest->device.id, choice->book,
                       choice->policy, &ask.pins, &ask.n_pins);
    }
    if (r == 0) {
        r = judge_boot(attest, &ask, &announced);
    }
    if (r != 0) {
        return r;
    }
    attest->claims_told = (struct boot_claims){0};
    boot_claims(&ask, &attest->told, &attest->claims_told);
    attest->by_policy = true;
    judge_beside(attest);
    snprintf(attest->policy, sizeof(attest->policy), "%.*s:%u", (int)attest->told.policy->name.len,
             (const char *)attest->told.policy->name.p, attest->told.policy->version);
    return 0;
}

static int
judge_references(struct attest *attest, const struct event_log *log)
{
    struct keeper *keeper = attest->keeper;
    const struct golden *golden = NULL;
    int r = golden_cache_get(keeper->golden, keeper->store, attest->class_row.name, &golden);

    if (r == 0) {
        golden_check(golden, log, attest->class_row.bank, &attest->verdict);
    }
    return r;
}

/* Policies for groups of its class, none or two of which are for the device. */
static void
refuse_unchosen(struct attest *attest)
{
    const struct policies_choice *choice = &attest->choice;
    const struct bundle_policy *two[2] = {NULL, NULL};

    if (choice->found == POLICY_TWO) {
        two[0] = &rulebook_bundle(choice->book)->policies[choice->policy];
        two[1] = &rulebook_bundle(choice->book)->policies[choice->other];
    }
    unchosen_refuse(&attest->verdict, two);
}

int
attest_policy(struct attest *attest, const struct event_log *log)
{
    struct verdict *verdict = &attest->verdict;

    switch (attest->choice.found) {
    case POLICY_FOUND:
        return judge(attest, log);
    case POLICY_NONE:
        return judge_references(attest, log);
    case POLICY_EXPIRED:
        (void)verdict_check(verdict, &verdict->reference, false, RULE_BUNDLE_LATE);
        return 0;
    case POLICY_APART:
    case POLICY_TWO:
        refuse_unchosen(attest);
        return 0;
    case POLICY_BROKEN:
        break;
    }
    (void)verdict_check(verdict, &verdict->reference, false, RULE_BUNDLE_SIGNATURE);
    return 0;
}

static bool
has_rule_of_files(const struct bundle *bundle, const struct bundle_policy *policy)
{
    for (size_t i = 0; i < policy->n_rules; i++) {
        if (bundle->rules[policy->first_rule + i].verb == VERB_POLICY) {
            return true;
        }
    }
    return false;
}

/* The policy of the device, where it judges what this log holds; NULL where not. */
static const struct bundle_policy *
policy_of(const struct attest *attest, enum log_kind kind)
{
    const struct bundle_policy *policy = policies_chosen(&attest->choice);

    if (policy && kind == LOG_IMA) {
        return has_rule_of_files(rulebook_bundle(attest->choice.book), policy) ? policy : NULL;
    }
    return policy && policy->quote.mask & PCR_MASK_USERSPACE ? policy : NULL;
}

/* What judges files: another bundle, another policy of it, other sets at hand, or a release whose
 * day has come, say something else. What was judged without a set that denies must be judged again.
 * Of the policy that was chosen; once a turn. */
static int
stamp(struct attest *attest)
{
    const struct ima_sets *sets = policies_sets(attest->keeper->policies);
    const struct rulebook *book = attest->choice.book;
    uint8_t at_hand[LIMIT_BUNDLE_SETS] = {0};
    uint8_t states[LIMIT_BUNDLE_RELEASES] = {0};
    struct policies_info info;
    struct bytes parts[4];
    int r;

    if (attest->stamped) {
        return 0;
    }
    for (size_t i = 0; sets && i < LIMIT_BUNDLE_SETS; i++) {
        at_hand[i] = sets->sets[i].n > 0;
    }
    for (size_t i = 0; i < rulebook_bundle(book)->n_releases; i++) {
        states[i] = (uint8_t)rulebook_release_state(book, (uint16_t)i, attest->choice.at_s);
    }
    policies_info(attest->keeper->policies, &info);
    parts[0] = BYTES_OF(info.digest);
    parts[1] = BYTES_OF(at_hand);
    parts[2] = BYTES_OF(states);
    parts[3] = policies_chosen(&attest->choice)->name;
    r = hasher_parts(attest->keeper->hasher, HASH_SHA256, parts, ARRAY_LEN(parts), attest->stamp);
    attest->stamped = r == 0;
    return r;
}

/* The first ima block that the policy names: what boot_judge() judges by. */
static size_t
block_of(const struct bundle *bundle, const struct bundle_policy *policy)
{
    for (size_t i = policy->first_rule; i < policy->first_rule + policy->n_rules; i++) {
        if (bundle->rules[i].verb == VERB_POLICY) {
            return bundle->args[bundle->rules[i].first_arg].index;
        }
    }
    return 0;
}

/* What of the policy that was chosen may not differ where files stay judged: that of its ima block,
 * and that it is the policy of this name. Whoever left a group does not keep what that one's let
 * pass. */
static int
firm_of(const struct attest *attest, uint8_t ret[32])
{
    const struct keeper *keeper = attest->keeper;
    const struct bundle_policy *policy = policies_chosen(&attest->choice);
    size_t block = block_of(rulebook_bundle(attest->choice.book), policy);
    const struct bytes parts[] = {bytes_of(policies_firm(keeper->policies, block), 32),
                                  policy->name};

    return hasher_parts(keeper->hasher, HASH_SHA256, parts, ARRAY_LEN(parts), ret);
}

/* Another bundle, or another day of this one: where it differs in what it allows alone, what did
 * not pass is looked up again and the rest stays judged. Returns 0; 1 when all of the list is
 * wanted; or a negative errno. */
static int
judge_again(struct attest *attest)
{
    const struct policies_choice *choice = &attest->choice;
    const struct bundle *bundle = rulebook_bundle(choice->book);
    const struct ima_sets *sets = policies_sets(attest->keeper->policies);
    const struct ima_judge_ask ask = {
        .book = choice->book,
        .block = &bundle->imas[block_of(bundle, policies_chosen(choice))],
        .files = sets ? sets->sets : NULL,
        .now_s = choice->at_s,
    };
    uint8_t firm[32];
    int r = firm_of(attest, firm);

    if (r != 0 || memcmp(attest->ima_past.firm, firm, sizeof(firm)) != 0) {
        return r != 0 ? r : 1;
    }
    r = read_open(attest);
    if (r != 0 || !ima_open_whole(attest->ima_open, &attest->ima_past)) {
        return r != 0 ? r : 1;
    }
    ima_open_again(attest->ima_open, &ask, &attest->ima_past);
    memcpy(attest->ima_past.by, attest->stamp, sizeof(attest->stamp));
    attest->ima_again = true;
    return 0;
}

int
attest_policy_whole(struct attest *attest, enum log_kind kind, const struct store_growing *row)
{
    const struct bundle_policy *policy = policy_of(attest, kind);
    int r;

    if (!policy || kind != LOG_IMA) {
        return policy != NULL;
    }
    /* what an earlier turn looked up was by the row and the sets of then */
    free_p(&attest->ima_open);
    attest->ima_again = false;
    r = stamp(attest);
    if (r < 0) {
        return r;
    }
    if (ima_past_read(bytes_of(row->judged, row->judged_len), &attest->ima_past) != 0) {
        return 1;
    }
    return memcmp(attest->ima_past.by, attest->stamp, sizeof(attest->stamp)) == 0
               ? 0
               : judge_again(attest);
}

static bool
judged_files(const struct attest *attest)
{
    return attest->by_policy && attest->told.ima && attest->told.ima->judged;
}

bool
attest_policy_whole_next(const struct attest *attest, enum log_kind kind)
{
    return policy_of(attest, kind) && !(kind == LOG_IMA && judged_files(attest));
}

int
attest_policy_keep(struct attest *attest, struct store_growing *row)
{
    struct wr wr = wr_init(row->judged, sizeof(row->judged));
    struct ima_past past;
    struct ima_past_by by;
    int r;

    row->judged_len = 0;
    if (!judged_files(attest)) {
        return 0;
    }
    r = firm_of(attest, by.firm);
    r = r == 0 ? stamp(attest) : r;
    if (r != 0) {
        return r;
    }
    memcpy(by.by, attest->stamp, sizeof(by.by));
    if (attest->ima.resumed && memcmp(attest->ima_past.by, by.by, sizeof(by.by)) != 0) {
        return 0; /* a bundle was published meanwhile: it did not judge what came before */
    }
    ima_past_take(attest->told.ima, &by, &past);
    ima_past_write(&wr, &past);
    row->judged_len = wr_done(&wr).len;
    return 0;
}

int
attest_policy_keep_open(const struct attest *attest)
{
    CLEANUP(free_p) uint8_t *room = malloc(STORE_OPEN_MAX);
    struct wr wr = wr_init(room, room ? STORE_OPEN_MAX : 0);

    if (!room) {
        return -ENOMEM;
    }
    if (judged_files(attest) && attest->ima_open && attest->ima_open->n > 0) {
        ima_open_write(&wr, attest->ima_open);
    }
    return store_open_put(attest->keeper->store, attest->device.id, wr_done(&wr));
}

bool
attest_policy_exit_events(const struct attest *attest)
{
    const struct bundle_policy *policy = policies_chosen(&attest->choice);

    return policy && policy->exit_events_optional;
}

/* In mode observe a boot is trusted whatever its rules say; what they would refuse pins nothing. */
static bool
would_fail(const struct boot_told *told)
{
    return told->observed && (told->judgement->unclaimed != RULE_NO_EVENT || told->slots_broken ||
                              told->judgement->n_failed > 0);
}

int
attest_policy_pins(struct attest *attest)
{
    struct keeper *keeper = attest->keeper;
    struct boots_note note = {.device = attest->device.id,
                              .at_ms = keeper->clock->utc_ms(keeper->clock->context),
                              .policy = attest->policy};
    int r = 0;

    if (!attest->by_policy) {
        return 0;
    }
    if (verdict_genuine(&attest->verdict)) {
        r = boots_show(keeper->boots, keeper->store, &note, &attest->told);
    }
    if (r != 0 || !verdict_trusted(&attest->verdict) || would_fail(&attest->told) ||
        attest->device.state == DEVICE_QUARANTINED) {
        return r;
    }
    return boots_learn(keeper->boots, keeper->store, &note, &attest->told);
}

int64_t
attest_policy_life_s(const struct attest *attest)
{
    int64_t ttl = attest->by_policy ? attest->told.policy->token_ttl_s : 0;
    int64_t life = ttl > 0 ? ttl : KEEPER_TOKEN_S;
    int64_t most = attest->nonce_age_ms < 0 ? KEEPER_TOKEN_NULL_S : KEEPER_TOKEN_MOST_S;

    return life < most ? life : most;
}

bool
attest_policy_floor(const struct attest *attest)
{
    return !attest->by_policy ||
           boot_floor_met(attest->told.policy, verdict_tier(&attest->verdict));
}
