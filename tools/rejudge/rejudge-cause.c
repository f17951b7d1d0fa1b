#include "rejudge/rejudge-cause.h"

#include <stdlib.h>

#include "base/text.h"

static const char code_word[] = "code ";

/* ---- what refuses ---- */

bool
rejudge_causes_code(const struct rejudge_causes *causes, enum reason code)
{
    for (size_t i = 0; i < causes->n_codes; i++) {
        if (causes->codes[i] == code) {
            return true;
        }
    }
    return false;
}

static void
add_code(struct rejudge_causes *causes, enum reason code)
{
    if (rejudge_causes_code(causes, code)) {
        return;
    }
    if (causes->n_codes == ARRAY_LEN(causes->codes)) {
        causes->more = true;
        return;
    }
    causes->codes[causes->n_codes++] = (uint16_t)code;
}

static bool
has_rule(const struct rejudge_causes *causes, size_t i)
{
    return causes->rules[i / 8] >> i % 8 & 1;
}

static bool
is_empty(const struct rejudge_causes *causes)
{
    bool any = causes->n_codes > 0;

    for (size_t i = 0; i < LIMIT_POLICY_RULES; i++) {
        any = any || has_rule(causes, i);
    }
    return !any;
}

static bool
has_effect(const struct boot_told *told, size_t i, enum reason_effect effect)
{
    const struct rule_result *result = &told->judgement->rules[i];

    return result->outcome != OUTCOME_PASSED && result->effect == effect;
}

static bool
left_out(const struct boot_ask *ask, const struct boot_told *told, size_t i, bool apart)
{
    return apart && rulebook_slot(ask->book, told->policy->first_rule + i) == SLOT_IMA;
}

/* What is observed refuses nobody. */
static void
add_rules(const struct boot_ask *ask, const struct boot_told *told, bool apart,
          struct rejudge_causes *causes)
{
    for (size_t i = 0; !told->observed && i < told->judgement->n; i++) {
        if (has_effect(told, i, EFFECT_FAIL) && !left_out(ask, told, i, apart)) {
            causes->rules[i / 8] |= (uint8_t)(1u << i % 8);
        }
    }
}

/* Those that are known without the verdict, where a rule may say the same code. */
static void
add_beside(const struct boot_told *told, const struct boot_beside *beside,
           struct rejudge_causes *causes)
{
    unsigned amiss = told->observed ? 0 : boot_beside_amiss(told->policy, beside);

    if (amiss & (BESIDE_EVIDENCE_OLD | BESIDE_BOOT_OLD) &&
        told->policy->fresh_else == EFFECT_FAIL) {
        add_code(causes, rule_reason(RULE_POLICY_AGE));
    }
    if (amiss & BESIDE_KEY_OTHER) {
        add_code(causes, rule_reason(RULE_POLICY_AK));
    }
    if (!told->observed && told->judgement->unclaimed != RULE_NO_EVENT) {
        add_code(causes, REASON_EVT_UNCLAIMED);
    }
}

/* A rule's code stands in the verdict without its name. */
static bool
a_rule_says(const struct boot_told *told, enum reason code)
{
    for (size_t i = 0; !told->observed && i < told->judgement->n; i++) {
        if (has_effect(told, i, EFFECT_FAIL) && told->judgement->rules[i].code.reason == code) {
            return true;
        }
    }
    return false;
}

/* What the verdict says with that effect and no rule does; without the list nothing of it is
 * affirmed, which is nobody's fault. told NULL: there are no rules. */
static void
add_verdict(const struct verdict *verdict, const struct boot_told *told, enum reason_effect effect,
            bool apart, struct rejudge_causes *causes)
{
    size_t n = 0;

    for (size_t i = 0; i < verdict->n_reasons; i++) {
        enum reason code = verdict->reasons[i];

        if (verdict->effects[i] == effect) {
            n++;
            if (!(told && a_rule_says(told, code)) &&
                !(apart && code == REASON_DIMENSION_UNASSERTED)) {
                add_code(causes, code);
            }
        }
    }
    causes->more = causes->more || n == LIMIT_REASONS; /* what it had no room for */
}

static void
add_warnings(const struct boot_ask *ask, const struct boot_told *told, bool apart,
             struct rejudge_causes *causes)
{
    for (size_t i = 0; i < told->judgement->n; i++) {
        if (has_effect(told, i, EFFECT_WARN) && !left_out(ask, told, i, apart)) {
            add_code(causes, told->judgement->rules[i].code.reason);
        }
    }
}

/* Whatever it is, who is refused is refused by something. */
static void
end(const struct verdict *verdict, struct rejudge_causes *causes)
{
    if (is_empty(causes)) {
        add_code(causes, verdict->n_reasons > 0 ? verdict->reasons[0] : REASON_INTERNAL);
    }
}

void
rejudge_causes_by_policy(const struct boot_ask *ask, const struct boot_told *told,
                         const struct boot_beside *beside, const struct verdict *verdict,
                         bool apart, struct rejudge_causes *ret)
{
    *ret = (struct rejudge_causes){.policy = (uint32_t)ask->policy};
    add_rules(ask, told, apart, ret);
    add_beside(told, beside, ret);
    add_verdict(verdict, told, EFFECT_FAIL, apart, ret);
    if (is_empty(ret)) { /* it is below the floor */
        add_warnings(ask, told, apart, ret);
        if (!apart) {
            add_verdict(verdict, NULL, EFFECT_WARN, apart, ret);
        }
    }
    end(verdict, ret);
}

void
rejudge_causes_by_references(const struct verdict *verdict, struct rejudge_causes *ret)
{
    *ret = (struct rejudge_causes){.policy = REJUDGE_NO_POLICY};
    add_verdict(verdict, NULL, EFFECT_FAIL, false, ret);
    end(verdict, ret);
}

/* ---- names ---- */

const char *
rejudge_cause_name(enum reason code, char room[REJUDGE_CAUSE_ROOM])
{
    snprintf(room, REJUDGE_CAUSE_ROOM, "%s%d", code_word, (int)code);
    return room;
}

bool
rejudge_causes_next(const struct rejudge_causes *causes, const struct rulebook *book, size_t *at,
                    char ret[REJUDGE_CAUSE_ROOM])
{
    for (; *at < LIMIT_POLICY_RULES; ++*at) {
        if (has_rule(causes, *at)) {
            const struct bundle *bundle = rulebook_bundle(book);
            struct bytes id =
                bundle->rules[bundle->policies[causes->policy].first_rule + (*at)++].id;

            snprintf(ret, REJUDGE_CAUSE_ROOM, "%.*s", (int)id.len, (const char *)id.p);
            return true;
        }
    }
    if (*at - LIMIT_POLICY_RULES < causes->n_codes) {
        (void)rejudge_cause_name(causes->codes[(*at)++ - LIMIT_POLICY_RULES], ret);
        return true;
    }
    return false;
}

/* The next word of a list, which is moved behind it; false at its end. */
static bool
next_word(const char **list, struct bytes *ret)
{
    size_t len = *list ? strcspn(*list, ",") : 0;

    if (!*list) {
        return false;
    }
    *ret = bytes_of(*list, len);
    *list = (*list)[len] == ',' ? *list + len + 1 : NULL;
    return true;
}

bool
rejudge_cause_among(const char *list, struct bytes name)
{
    struct bytes word;

    while (next_word(&list, &word)) {
        if (name.len > 0 && bytes_equal(word, name)) {
            return true;
        }
    }
    return false;
}

bool
rejudge_causes_among(const struct rejudge_causes *causes, const struct rulebook *book,
                     const char *list)
{
    char name[REJUDGE_CAUSE_ROOM];
    size_t at = 0;
    bool all = !causes->more && !is_empty(causes);

    while (all && rejudge_causes_next(causes, book, &at, name)) {
        all = rejudge_cause_among(list, bytes_str(name));
    }
    return all;
}

static bool
is_code(struct bytes word)
{
    char room[REJUDGE_CAUSE_ROOM];
    char name[REJUDGE_CAUSE_ROOM];
    enum reason code;

    snprintf(room, sizeof(room), "%.*s", (int)word.len, (const char *)word.p);
    if (strncmp(room, code_word, sizeof(code_word) - 1) != 0) {
        return false;
    }
    code = (enum reason)strtoul(room + sizeof(code_word) - 1, NULL, 10);
    return code != REASON_NONE && reason_name(code) &&
           bytes_equal(word, bytes_str(rejudge_cause_name(code, name)));
}

/* The place of the first rule of that id among the bundle's; n_rules: there is none. */
static size_t
rule_of(const struct bundle *bundle, struct bytes id)
{
    size_t i = 0;

    while (i < bundle->n_rules && !bytes_equal(bundle->rules[i].id, id)) {
        i++;
    }
    return i;
}

static void
tell_names(const struct bundle *bundle, FILE *out)
{
    const char *before = "";

    for (size_t i = 0; i < bundle->n_rules; i++) {
        struct bytes id = bundle->rules[i].id;

        if (rule_of(bundle, id) == i) { /* policies have rules of the same id */
            fprintf(out, "%s%.*s", before, (int)id.len, (const char *)id.p);
            before = ", ";
        }
    }
}

bool
rejudge_cause_list_good(const char *list, const struct rulebook *book, FILE *out)
{
    const struct bundle *bundle = rulebook_bundle(book);
    struct bytes word;

    while (next_word(&list, &word)) {
        char room[4 * REJUDGE_CAUSE_ROOM];

        if (rule_of(bundle, word) == bundle->n_rules && !is_code(word)) {
            fprintf(out, "assay: --acknowledge: no rule and no code is called \"%s\"; rules: ",
                    text_printable(room, sizeof(room), word));
            tell_names(bundle, out);
            fprintf(out, "; codes are written as `%s%d`\n", code_word, REASON_POLICY_MISSING);
            return false;
        }
    }
    return true;
}
