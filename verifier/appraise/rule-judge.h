/* A boot judged by the rules of a policy. Nothing is allocated, every outcome is recorded, and what
 * no rule allows refuses: an event whose slot has no rule, a dimension that nothing affirmed.
 * Appraisal page, sections 5b and 5f. */
#pragma once

#include "appraise/ima-judge.h"
#include "appraise/rulebook.h"
#include "wire/answer.h"
#include "wire/policy-code.h"

#define RULE_EVENTS_MAX (LIMIT_EVENTS + LIMIT_USERLOG_RECORDS)
#define RULE_NO_EVENT UINT32_MAX

/* An event as rules see it. Echoes of other events (slots.h) are not among them. */
struct rule_event {
    enum slot slot;
    bool verified;       /* the digest binds text */
    uint8_t attempt;     /* how often the firmware took back control before it */
    uint32_t index, pcr; /* in its log, for people */
    struct bytes digest; /* in the policy's bank */
    struct bytes text;   /* what was measured, when verified */
};

/* An entry of a signature list, of a slot that has lists. Owners' GUIDs do not count. */
struct rule_entry {
    enum bundle_sig sig;
    struct bytes digest; /* 32 bytes, as records have it */
};

struct rule_entries {
    bool known; /* the variable was measured, and read */
    size_t n;
    const struct rule_entry *entries; /* each once */
};

/* What is pinned for this device: a digest that a slot had, or the value that a hole of the slot's
 * command lines had. Both empty: the slot had nothing when it was pinned. A pin is of its slot and
 * hole, whatever the rule is called that asks for it, and of which policy. */
#define RULE_PINS_MAX 256u      /* of a device */
#define RULE_PIN_VALUE_MAX 256u /* bytes: a digest, or what a hole of a command line took */
struct rule_pin {
    enum slot slot;
    struct bytes name; /* of the hole; empty: value is a digest */
    struct bytes value;
    bool instead; /* learnt: in the place of what is pinned of that name */
};

/* What a list was whose event had a pinned digest, as list-kept.h writes it; it is asked for only
 * where the digest is another one now. get() returns 0 with a view that is valid as long as the
 * judgement, 1 when nobody knows, or a negative errno, which stays in r. */
struct rule_past {
    int (*get)(void *context, struct bytes digest, struct bytes *ret);
    void *context;
    int r;
};

/* The svn that a device was accepted with, of the component behind the colon. */
#define RULE_MARK "svn:"

/* What the device said that a boot would measure: its own word, which explains and vouches for
 * nothing. */
struct rule_announced {
    uint32_t pcr;
    struct bytes digest; /* in the policy's bank */
    const char *component;
    int64_t heard_s; /* UTC */
};

struct rule_number {
    struct bytes name; /* a component of SBAT; the GUID of an SVN row */
    uint64_t number;
};

/* Everything that rules look at. Views; what is unknown stays zero. */
struct rule_input {
    enum hash bank; /* of the digests */
    size_t n_events;
    const struct rule_event *events;     /* in the order of their logs */
    struct rule_entries entries[SLOT_N]; /* sb.pk, sb.kek, sb.db, sb.dbx, boot.authority */
    struct bytes words[SLOT_N];          /* facts for `is`: secureboot "on", rtm "hw" */
    uint64_t level;                      /* of sb.sbat; 0: unknown */
    size_t n_numbers;
    const struct rule_number *numbers; /* of sb.sbat and, by GUID, sb.dbx */
    bool advisories_known;
    size_t n_advisories;
    const struct bytes *advisories; /* that this TPM has: their names, and their CVEs */
    size_t n_critical;              /* the first so many are of critical ones */
    size_t n_pins;
    const struct rule_pin *pins;
    size_t n_announced;
    const struct rule_announced *announced;
    struct rule_past *past; /* NULL: nobody knows */
    bool may_pin;  /* a rule without pins learns instead of failing: enrolment, or observe. What the
                    * running system measures is learnt no earlier than it can all be there */
    bool enforced; /* mode observe counts as enforce */
    /* What came of the IMA list by the first ima block that a rule names; NULL: nothing. */
    const struct ima_judgement *ima;
    uint64_t now_s; /* UTC */
};

#define OUTCOME_PASSED ((enum policy_outcome)0)

struct rule_result {
    enum policy_outcome outcome; /* OUTCOME_PASSED, or why not */
    enum reason_effect effect;   /* unless passed */
    struct policy_code code;     /* the same */
    bool learns;                 /* passed because nothing is pinned yet: see learnt */
    uint16_t n_events;           /* of the slot */
    uint32_t event;              /* first cause: place in input->events, or RULE_NO_EVENT */
    struct bytes token;          /* word or command at fault, or what should have stood; or empty */
    uint16_t release;            /* that the slot's last event is of, or BUNDLE_NONE */
};

struct rule_judgement {
    size_t n; /* as the policy's rules */
    struct rule_result rules[LIMIT_POLICY_RULES];
    uint32_t unclaimed; /* first event that no rule of its slot claims (slot_table_claims()), or
                         * RULE_NO_EVENT: 205 */
    unsigned affirmed;  /* bit of each dimension that a rule affirmed */
    enum tier tiers[DIMENSION_MAX + 1];
    enum tier tier;    /* the worst; in mode observe always warning */
    uint16_t n_failed; /* rules whose effect is FAIL, in mode observe too */
    size_t n_learnt;
    /* Of rules that learn: to be pinned if all is well. */
    struct rule_pin learnt[RULE_PINS_MAX];
    size_t n_shown;
    struct rule_pin shown[RULE_PINS_MAX]; /* what rules that pin and did not pass saw: to be pinned
                                           * if an operator says so; as many as there is room for */
};

/* Records of a set of certificates or of a dbx that are not among a slot's entries, and numbers of
 * it that are not reached; counts no further than most. Entries ascend by (sig, digest), as facts
 * have them. */
size_t rule_set_missing(const struct bundle *bundle, const struct bundle_set *set,
                        const struct rule_input *input, enum slot slot, size_t most);

/* Memory of a judgement under way; large, one for each who judges. */
struct rule_room;
struct rule_room *rule_room_new(void); /* NULL when memory ends */
void rule_room_free(struct rule_room *room);
void rule_room_freep(struct rule_room **room);

/* What was announced of an event; NULL: nothing. */
const struct rule_announced *rule_announced_of(const struct rule_announced *announced, size_t n,
                                               const struct rule_event *event);

/* Judges by policy `policy` of the book. input has at most RULE_EVENTS_MAX events. A rule that does
 * not pass has the effect that it names, after `for D then` the later one; a value that passes with
 * a remark (retiring, retried, unpinned code) is never worse than a warning. Identity is affirmed
 * by the quote itself; of executables nothing affirmed fails, of other dimensions it is a warning
 * (806). */
void rule_judge(const struct rulebook *book, size_t policy, const struct rule_input *input,
                struct rule_room *room, struct rule_judgement *ret);
