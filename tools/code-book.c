#include "code-book.h"

#include <ctype.h>
#include <stdlib.h>

enum state { STATE_SAID, STATE_RESERVED };

#define ABOUT_IDENTITY "identity"
#define ABOUT_CONFIGURATION "configuration"
#define ABOUT_EXECUTABLES "executables"
#define ABOUT_HARDWARE "hardware"
#define ABOUT_SLOT "slot"
#define ABOUT_EVERY "every"
#define ABOUT_NONE "none"

static const struct code_record records[] = {
#define REASON(number, name_, effect_, state_, about_, user_, title_, impact_, causes_, action_) \
    {.reason = REASON_##name_,                                                                   \
     .name = #name_,                                                                             \
     .effect = EFFECT_##effect_,                                                                 \
     .reserved = STATE_##state_ == STATE_RESERVED,                                               \
     .about = ABOUT_##about_,                                                                    \
     .title = (title_),                                                                          \
     .impact = (impact_),                                                                        \
     .action = (action_),                                                                        \
     .causes = (causes_)},
#include "base/reason.def"
#undef REASON
};

/* Whose rules may tell a claim is policy-claim.c's; here, whether any may. */
#define S(slot) true
#define SYSTEM true
#define ITSELF false
static const struct claim_record claims[] = {
#define CLAIM(claim, number, kind, slots, name, type, meaning) {(name), (type), (meaning), (slots)},
#include "base/claim.def"
#undef CLAIM
};

const struct code_record *
code_book(size_t *ret_n)
{
    *ret_n = ARRAY_LEN(records);
    return records;
}

const struct claim_record *
code_book_claims(size_t *ret_n)
{
    *ret_n = ARRAY_LEN(claims);
    return claims;
}

static bool
is_named(const char *name, const char *text)
{
    while (*name != '\0' &&
           (toupper((unsigned char)*text) == *name || (*name == '_' && *text == '-'))) {
        name++;
        text++;
    }
    return *name == '\0' && *text == '\0';
}

const struct code_record *
code_book_find(const char *text)
{
    char *end = NULL;
    unsigned long number = isdigit((unsigned char)text[0]) ? strtoul(text, &end, 10) : 0;

    if (end && *end != '\0') {
        return NULL;
    }
    for (size_t i = 0; i < ARRAY_LEN(records); i++) {
        if (end ? (unsigned long)records[i].reason == number : is_named(records[i].name, text)) {
            return &records[i];
        }
    }
    return NULL;
}

const struct code_record *
code_book_of(enum reason reason)
{
    for (size_t i = 0; i < ARRAY_LEN(records); i++) {
        if (records[i].reason == reason) {
            return &records[i];
        }
    }
    return NULL;
}

const char *
code_book_effect(enum reason_effect effect)
{
    static const char *const words[] = {
        [EFFECT_FAIL] = "refuses", [EFFECT_WARN] = "warns", [EFFECT_NOTE] = "is noted"};

    return words[effect];
}

struct bytes
code_book_cause(const char **rest)
{
    const char *start = *rest;
    size_t len = strcspn(start, "|");

    if (*start == '\0') {
        return BYTES_NULL;
    }
    *rest = start + len + (start[len] == '|');
    return bytes_of((const uint8_t *)start, len);
}
