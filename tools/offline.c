#include "offline.h"

#include <errno.h>
#include <stdlib.h>

static const struct bundle_policy *
policy_of(const struct offline *o)
{
    return &rulebook_bundle(o->ask->book)->policies[o->ask->policy];
}

void
offline_lift(struct offline *o, enum offline_check check)
{
    o->lifted |= 1u << check;
}

void
offline_say(struct offline *o, const char *what, const char *why)
{
    if (o->n_unchecked < OFFLINE_UNCHECKED) {
        o->unchecked[o->n_unchecked++] = (struct offline_unchecked){what, why};
    }
}

int
offline_begin(struct offline *o, const struct offline_ask *ask)
{
    *o = (struct offline){.ask = ask, .hasher = hasher_new(), .room = boot_room_new()};
    offline_lift(o, OFFLINE_order);
    offline_lift(o, OFFLINE_member);
    offline_lift(o, OFFLINE_ek);
    offline_say(o, "membership", "whether the device is yours, and of this class");
    return o->hasher && o->room ? 0 : -ENOMEM;
}

void
offline_done(struct offline *o)
{
    hasher_freep(&o->hasher);
    boot_room_free(o->room);
    offline_log_done(&o->firmware);
    offline_log_done(&o->userspace);
    for (size_t i = 0; i < ARRAY_LEN(o->files); i++) {
        free((void *)(uintptr_t)o->files[i].p);
    }
    *o = (struct offline){0};
}

static bool
asks_of_tpm(const struct offline *o)
{
    const struct bundle_policy *policy = policy_of(o);
    bool any = false;

    for (size_t i = 0; i < policy->n_rules; i++) {
        enum slot slot = rulebook_slot(o->ask->book, policy->first_rule + i);

        any = any || slot == SLOT_TPM_ADVISORY || slot == SLOT_TPM_KIND;
    }
    return any;
}

int
offline_policy(struct offline *o, const struct event_log *userspace)
{
    const struct bundle_policy *policy = policy_of(o);
    int r = events_check(o->hasher, &o->firmware.log, policy->quote.bank, &o->verdict);

    o->boot = (struct boot_ask){
        .book = o->ask->book,
        .policy = o->ask->policy,
        .log = &o->firmware.log,
        .userspace = userspace,
        .quirks = o->quirks,
        .may_pin = true,
        .ima = o->ima,
        .ima_part = o->ima_part,
        .ima_files = o->ask->files,
        .tpm = o->tpm,
        .now_s = o->ask->now_s,
    };
    r = r < 0 ? r : boot_judge(o->room, o->hasher, &o->boot, &o->verdict, &o->told);
    if (r < 0) {
        return r;
    }
    o->judged = true;
    if (policy->fresh_evidence_s > 0 || policy->fresh_boot_s > 0) {
        offline_say(o, "age", "the policy's limits on evidence and boot: their times are unknown");
    }
    if (asks_of_tpm(o)) {
        offline_say(o, "tpm", "its maker, so its kind and faults: the EK's chain alone proves it");
    }
    return 0;
}

/* A fault of a log is the verdict's; 0 as the log is not read then. */
static int
refuse(struct offline *o, const struct fault *fault)
{
    o->verdict.log = CHECK_FAILED;
    verdict_add(&o->verdict, rule_reason(fault->rule), fault, FAULT_NO_EVENT, NULL, NULL);
    return 0;
}

/* Without a quote nothing of it can be checked. */
static void
without_quote(struct offline *o)
{
    static const enum offline_check of_quotes[] = {
        OFFLINE_form,      OFFLINE_magic,      OFFLINE_type,    OFFLINE_algorithm,
        OFFLINE_signature, OFFLINE_signer,     OFFLINE_binding, OFFLINE_selection,
        OFFLINE_order,     OFFLINE_pcr_digest, OFFLINE_replay,  OFFLINE_growing,
    };

    for (size_t i = 0; i < ARRAY_LEN(of_quotes); i++) {
        offline_lift(o, of_quotes[i]);
    }
    offline_say(o, "quote", "there is none: nothing vouches that a machine booted so");
}

int
offline_log_judge(struct offline *o, const struct offline_ask *ask, struct bytes firmware,
                  struct bytes userspace)
{
    struct fault fault = {.event = FAULT_NO_EVENT};
    int r = offline_begin(o, ask);

    without_quote(o);
    r = r < 0 ? r : offline_log_firmware(o->hasher, firmware, &o->firmware, &fault);
    if (r == 0 && userspace.p) {
        r = offline_log_userspace(o->hasher, userspace, &o->userspace, &fault);
    }
    if (r != 0) {
        return r < 0 ? r : refuse(o, &fault);
    }
    o->verdict.log = CHECK_PASSED;
    return offline_policy(o, userspace.p ? &o->userspace.log : NULL);
}

enum tier
offline_tier(const struct offline *o)
{
    struct verdict verdict = o->verdict;
    unsigned bit = 1;

#define LIFT(name)                                          \
    if (o->lifted & bit && verdict.name == CHECK_NOT_RUN) { \
        verdict.name = CHECK_PASSED;                        \
    }                                                       \
    bit <<= 1;
    VERDICT_CHECKS(LIFT)
#undef LIFT
    return verdict_tier(&verdict);
}
