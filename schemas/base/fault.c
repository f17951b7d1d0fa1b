#include "base/fault.h"

#include <ctype.h>

enum user {
#define REASON_USER(word, text) USER_##word,
#include "base/reason-user.def"
#undef REASON_USER
};

static const char *const user_texts[] = {
#define REASON_USER(word, text) [USER_##word] = (text),
#include "base/reason-user.def"
#undef REASON_USER
};

static const struct known_reason {
    enum reason reason;
    const char *name;
    enum reason_effect effect;
    enum user user;
} reasons[] = {
/* the rest of a record is the operator's: tools/code-book.c */
#define REASON(number, name, effect, state, about, user, ...) \
    {REASON_##name, #name, EFFECT_##effect, USER_##user},
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

static const struct known_reason *
find(enum reason reason)
{
    for (size_t i = 0; i < ARRAY_LEN(reasons); i++) {
        if (reasons[i].reason == reason) {
            return &reasons[i];
        }
    }
    return NULL;
}

const char *
reason_name(enum reason reason)
{
    const struct known_reason *known = find(reason);

    if (reason == REASON_NONE) {
        return "NONE";
    }
    return known ? known->name : NULL;
}

enum reason_effect
reason_effect(enum reason reason)
{
    const struct known_reason *known = find(reason);

    return known ? known->effect : EFFECT_FAIL;
}

const char *
reason_user(enum reason reason)
{
    const struct known_reason *known = find(reason);

    return known ? user_texts[known->user] : "";
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
