/* What is wrong with an input, told to people: the reason of the catalogue, the finer rule, the
 * clause that it breaks, and where. Faults are values; libraries return them and never print. */
#pragma once

#include "base/std.h"

enum reason {
    REASON_NONE = 0,
#define REASON(number, name, ...) REASON_##name = number,
#include "base/reason.def"
#undef REASON
};

enum reason_effect { EFFECT_FAIL, EFFECT_WARN, EFFECT_NOTE };

enum rule {
    RULE_NONE,
#define RULE(name, reason, clause, text) RULE_##name,
#include "base/rule.def"
#undef RULE
    RULE_N,
};

#define FAULT_NO_EVENT UINT32_MAX

struct fault {
    enum rule rule;
    uint32_t event;  /* index of the event, entry or item at fault, or FAULT_NO_EVENT */
    uint64_t offset; /* of the first byte at fault in the outermost bytes */
};

/* Catalogue name as in "LOG_PARSE"; "NONE" for REASON_NONE, NULL for a number that is not ours. */
const char *reason_name(enum reason reason);
enum reason_effect reason_effect(enum reason reason);

/* What the user of a device is told: one sentence for people who are no operators, and nothing of
 * which check failed. "" for REASON_NONE and a number that is not ours. */
const char *reason_user(enum reason reason);

/* Reason, printed name ("evlog-short"; room of RULE_NAME_MAX), clause and text of a rule. */
#define RULE_NAME_MAX 48u
enum reason rule_reason(enum rule rule);
const char *rule_name(enum rule rule, char room[RULE_NAME_MAX]);
const char *rule_clause(enum rule rule);
const char *rule_text(enum rule rule);

/* Fills *ret_fault, unless it is NULL, and returns 1, so that a reader can `return fault_at(…)`. */
int fault_at(struct fault *ret_fault, enum rule rule, uint32_t event, uint64_t offset);
