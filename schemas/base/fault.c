#include "base/fault.h"

#include <ctype.h>

static const struct {
    enum reason reason;
    const char *name;
    enum reason_effect effect;
} reasons[] = {
#define REASON(number, name, effect) {REASON_##name, #name, EFFECT_##effect},
#include "base/reason.def"
#undef REASON
};

static const struct {
    const char *name;
    enum reason reason;
    const char *clause;
    const char *text;
} rules[RULE_N] = {
    [RULE_NONE] = {"NONE", REASON_NONE, "", "nothing is wrong"},
#define RULE(name, reason, clause, text) [RULE_##name] = {#name, REASON_##reason, clause, text},
#include "base/rule.def"
#undef RULE
};

const char *
reason_name(enum reason reason)
{
    if (reason == REASON_NONE) {
        return "NONE";
    }
    for (size_t i = 0; i < ARRAY_LEN(reasons); i++) {
        if (reasons[i].reason == reason) {
            return reasons[i].name;
        }
    }
    return NULL;
}

enum reason_effect
reason_effect(enum reason reason)
{
    for (size_t i = 0; i < ARRAY_LEN(reasons); i++) {
        if (reasons[i].reason == reason) {
            return reasons[i].effect;
        }
    }
    return EFFECT_FAIL;
}

enum reason
rule_reason(enum rule rule)
{
    return rule < RULE_N ? rules[rule].reason : REASON_INTERNAL;
}

const char *
rule_name(enum rule rule, char room[RULE_NAME_MAX])
{
    const char *name = rule < RULE_N ? rules[rule].name : "unknown";
    size_t n = 0;

    for (; name[n] != '\0' && n + 1 < RULE_NAME_MAX; n++) {
        room[n] = name[n] == '_' ? '-' : (char)tolower((unsigned char)name[n]);
    }
    room[n] = '\0';
    return room;
}

const char *
rule_clause(enum rule rule)
{
    return rule < RULE_N ? rules[rule].clause : "";
}

const char *
rule_text(enum rule rule)
{
    return rule < RULE_N ? rules[rule].text : "";
}

int
fault_at(struct fault *ret_fault, enum rule rule, uint32_t event, uint64_t offset)
{
    if (ret_fault) {
        *ret_fault = (struct fault){.rule = rule, .event = event, .offset = offset};
    }
    return 1;
}
