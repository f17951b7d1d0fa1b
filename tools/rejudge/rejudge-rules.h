/* What each rule of a bundle says of the members that it judged: how many pass, and how many would
 * fail were the policy's mode enforce; and what refuses members beside the rules. Counted while
 * they are judged; memory does not grow with the fleet. Appraisal page, section 5c (2). */
#pragma once

#include "rejudge/rejudge.h"

struct rejudge_rule_count {
    uint64_t passed, noted, warned, failed; /* members, by the rule's effect */
    uint64_t left_out;                      /* a rule of the IMA list, which is not kept */
    uint64_t newly;   /* it fails and refuses, and on the old side no rule of this id did */
    enum reason code; /* of the first member of the gravest effect; REASON_NONE: all pass */
    uint8_t device[WIRE_UEID_SIZE]; /* that member */
};

/* One more than there are codes. */
enum {
#define REASON(number, name, ...) REJUDGE_CODE_##name,
#include "base/reason.def"
#undef REASON
    REJUDGE_CODES
};

/* Of a policy; what no rule says is counted as a rule is, by its code: rejudge-cause.h. */
struct rejudge_policy_count {
    uint64_t members; /* judged by it */
    uint64_t failed;  /* of which would get no token */
    size_t n_codes;
    struct rejudge_rule_count codes[REJUDGE_CODES]; /* of a code: failed, newly, device */
};

struct rejudge_rules;

/* Of the bundle on the new side; NULL when memory ends. The book must live as long. */
struct rejudge_rules *rejudge_rules_new(const struct rulebook *book);
void rejudge_rules_free(struct rejudge_rules *rules);
void rejudge_rules_freep(struct rejudge_rules **rules);

/* A witness (rejudge_ask), who counts rules, and a visitor (rejudge_walk) behind it, who counts
 * members and codes; the context of both is the rules. */
void rejudge_rules_see(void *rules, const struct rejudge_sight *sight);
void rejudge_rules_visit(void *rules, const struct store_device *device,
                         const struct rejudge_result *result);

const struct rulebook *rejudge_rules_book(const struct rejudge_rules *rules);

/* Of policy `policy` of the bundle, or REJUDGE_NO_POLICY: those that reference events judge; and of
 * a rule by its place in the bundle's rules. */
const struct rejudge_policy_count *rejudge_rules_policy(const struct rejudge_rules *rules,
                                                        size_t policy);
const struct rejudge_rule_count *rejudge_rules_rule(const struct rejudge_rules *rules, size_t rule);

/* Over all policies: devices that would get no token, and those that one judged. */
uint64_t rejudge_rules_failed(const struct rejudge_rules *rules);
uint64_t rejudge_rules_members(const struct rejudge_rules *rules);
