/* The members of a store, judged by two bundles over the evidence that is kept of each: whose
 * verdict would another bundle change? Judged by the keeper's own functions; what no bundle decides
 * (signature, freshness of the challenge, order of boots) held when the evidence was kept. Nothing
 * is written. Appraisal page, section 5c (8). */
#pragma once

#include "rejudge/rejudge-cause.h"
#include "rejudge/rejudge-kept.h"

enum rejudge_side { REJUDGE_OLD, REJUDGE_NEW, REJUDGE_SIDES };

struct rejudge_sight;

struct rejudge_ask {
    struct store *store; /* borrowed, as are the books */
    const struct rulebook
        *books[REJUDGE_SIDES]; /* NULL: no bundle, classes have reference events */
    uint64_t now_s;            /* UTC: what sets of which date, and releases, say */
    int64_t since_ms;          /* evidence that came before is left out */
    bool alone;                /* the new side only: there is nothing to compare */
    bool enforced;             /* what observes is judged as if it enforced */
    /* Shown each judgement by a policy, the old side first; then members share none. NULL: nobody
     * looks. */
    void (*witness)(void *context, const struct rejudge_sight *sight);
    void *witness_context;
};

/* One judgement, while it lasts. */
struct rejudge_sight {
    enum rejudge_side side;
    const struct store_device *device;
    const struct store_evidence *evidence;
    int64_t since_ms; /* when the boot first came, or this evidence where that is not known */
    const struct boot_ask *ask;
    const struct boot_told *told;
    const struct verdict *verdict;
};

/* What a side says of a member. */
struct rejudge_opinion {
    enum tier tier;
    bool token;          /* good enough for one */
    enum reason code;    /* the first cause of a tier that is not affirming; else REASON_NONE */
    uint32_t event, pcr; /* of it; FAULT_NO_EVENT when none */
    char rule[64];       /* of it: a policy's, or a check's name */
    char policy[BOOT_POLICY_MAX];  /* NAME:VERSION; "": the class's reference events */
    char seen[160], expected[160]; /* of the first cause; "": nothing to say */
    struct rejudge_causes causes;  /* all, where there is no token. A class that has a policy on the
                                    * old side only has one: 801 */
};

enum rejudge_change { REJUDGE_SAME, REJUDGE_BETTER, REJUDGE_WORSE };

struct rejudge_result {
    enum rejudge_why why;       /* the rest says nothing unless REJUDGE_JUDGED; the sides do if
                                 * rejudge_why_heard() */
    enum rejudge_change change; /* REJUDGE_SAME where one side is alone */
    bool fails;                 /* it would get tokens by the old bundle, and none by the new one */
    struct rejudge_opinion sides[REJUDGE_SIDES];
};

struct rejudge;

/* NULL when memory ends. About 20 MB with its rooms, however many members there are. */
struct rejudge *rejudge_new(const struct rejudge_ask *ask);
void rejudge_free(struct rejudge *rejudge);
void rejudge_freep(struct rejudge **rejudge);

/* Whether a bundle matters to it: approved, and not removed. */
bool rejudge_member(const struct store_device *device);

/* Judges one member. Members whose logs, pins and class are alike share a judgement. Returns 0 or a
 * negative errno. */
MUST_CHECK int rejudge_judge(struct rejudge *rejudge, const struct store_device *device,
                             struct rejudge_result *ret);

/* How many of those that were judged shared another's. */
size_t rejudge_shared(const struct rejudge *rejudge);
