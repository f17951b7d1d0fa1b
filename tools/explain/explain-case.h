/* One device as the verifier's store has it, judged again by the policy of now: what an explanation
 * is made of. Nothing is written. Appraisal page, section 4. */
#pragma once

#include "bundle-file.h"
#include "keeper/announced.h"
#include "keeper/boots.h"
#include "rejudge/rejudge-opinion.h"
#include "rejudge/rejudge-rows.h"

/* Why its last evidence does not pass, or would not in mode enforce. */
struct explain_cause {
    enum reason reason;
    size_t rule;                    /* of the policy, from 0; EXPLAIN_NO_RULE: none */
    enum rule check;                /* of ours, where no rule of the policy is it */
    const struct rule_event *event; /* NULL: of none */
    uint32_t index, pcr;            /* of it, for people; FAULT_NO_EVENT: none */
    char seen[160], expected[160];
};
#define EXPLAIN_NO_RULE SIZE_MAX

/* Large; zeroed, then explain_case_open(); explain_case_done() whatever came of it. */
struct explain_case {
    struct store *store; /* borrowed */
    /* Words that name the store as the caller did, for a shell, with a space before; NULL: none. */
    const char *place;
    uint64_t now_s;
    struct hasher *hasher;
    struct boots *boots;
    struct golden_cache *golden;
    struct store_device device;
    bool has_last;
    struct store_last last;
    bool has_bundle;
    struct store_bundle bundle_row;
    struct bundle_file bundle;

    /* The rest says nothing unless JUDGED; ages may be unknown all the same. */
    enum rejudge_why why;
    bool no_ages;                /* the policy limits ages, and nobody knows them any more */
    struct rejudge_rows rows;    /* with why NO_CLASS and NO_EVIDENCE of no use */
    struct rejudge_case about;   /* views into this */
    struct announced *announced; /* what it said of boots to come; NULL: nothing that stands */
    struct rejudge_choice chosen;
    const struct bundle_policy *row; /* chosen.row: NULL where no policy judges */
    struct pcr_set quoted;           /* what it asks for */
    struct rejudge_log firmware, userspace, accepted;
    bool has_accepted; /* the firmware's log of the last accepted evidence is in the store */

    struct rejudge_judgement judged; /* until somebody judges again in `room`; ask of policies */
    struct rejudge_opinion opinion;
    bool partial; /* rules for the IMA list were left out */
    bool has_cause;
    struct explain_cause cause;
};

/* The device whose id, or fingerprint, begins with these digits, 8 at least. Returns 0, or 1 after
 * a message on stderr. */
MUST_CHECK int explain_case_device(struct store *store, const char *digits,
                                   struct store_device *ret);

/* Its case. Returns 0, 1 after a message on stderr (no such device, or the bundle in the store is
 * none), or a negative errno. */
MUST_CHECK int explain_case_find(struct explain_case *c, struct store *store, const char *digits,
                                 uint64_t now_s);

/* Reads and judges what is kept of it. Returns 0 with c->why, or a negative errno. */
MUST_CHECK int explain_case_judge(struct explain_case *c);
void explain_case_done(struct explain_case *c);

/* The judge of this case, in the room whose judgements last until the next. */
struct rejudge_judge explain_case_judging(struct explain_case *c);

/* Whether the kept evidence is that of the last verdict; else the last was not genuine, and of it
 * nothing is kept. */
bool explain_case_is_last(const struct explain_case *c);

/* Rule i of the policy, and its outcome; whether it is for the list that is not kept. */
const struct bundle_rule *explain_case_rule(const struct explain_case *c, size_t i);
bool explain_case_left_out(const struct explain_case *c, size_t i);

/* The rule (from 0) that fails first in the order of the boot and is not in `past`, or
 * EXPLAIN_NO_RULE; effects from `worst` on count. past: a bool a rule, or NULL. */
size_t explain_case_next(const struct explain_case *c, const struct boot_told *told,
                         const bool *past, enum reason_effect worst);
