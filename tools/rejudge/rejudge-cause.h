/* Why a member gets no token, as an operator acknowledges it: a rule of its policy by its id, and
 * what no rule says (an age, a key, the token's floor, a class without a policy) by its code, as
 * `code 801`. No id has a space, so that neither is taken for the other. */
#pragma once

#include <stdio.h>

#include "appraise/boot-beside.h"

#define REJUDGE_NO_POLICY UINT32_MAX
#define REJUDGE_CAUSE_ROOM (LIMIT_BUNDLE_NAME + 1u)
#define REJUDGE_CODES_MAX (LIMIT_REASONS + 4u) /* a verdict's, and those that stand beside it */

/* Of a side that gives a token it has none. */
struct rejudge_causes {
    uint32_t policy; /* its place in the side's bundle; REJUDGE_NO_POLICY: reference events */
    uint32_t n_codes;
    uint16_t codes[REJUDGE_CODES_MAX];     /* each once */
    bool more;                             /* there may be others, which nobody can acknowledge */
    uint8_t rules[LIMIT_POLICY_RULES / 8]; /* a bit a rule, by its place in the policy */
};

/* What refuses a boot that a policy judged. apart: rules for the IMA list say nothing. Never empty:
 * for a boot that is refused. */
void rejudge_causes_by_policy(const struct boot_ask *ask, const struct boot_told *told,
                              const struct boot_beside *beside, const struct verdict *verdict,
                              bool apart, struct rejudge_causes *ret);

/* The same of one that reference events refuse. */
void rejudge_causes_by_references(const struct verdict *verdict, struct rejudge_causes *ret);

bool rejudge_causes_code(const struct rejudge_causes *causes, enum reason code);

/* The next name, rules first; *at begins at 0. book: of the causes' side. False at the end. */
bool rejudge_causes_next(const struct rejudge_causes *causes, const struct rulebook *book,
                         size_t *at, char ret[REJUDGE_CAUSE_ROOM]);

/* "code 801" */
const char *rejudge_cause_name(enum reason code, char room[REJUDGE_CAUSE_ROOM]);

/* Is the name among those of a list with commas between? NULL: nobody's. */
bool rejudge_cause_among(const char *list, struct bytes name);

/* Are all causes among them? False where there are none. */
bool rejudge_causes_among(const struct rejudge_causes *causes, const struct rulebook *book,
                          const char *list);

/* Is each word of the list a rule of the book, or a code of ours? Else tells `out` which is none,
 * and what there is. */
bool rejudge_cause_list_good(const char *list, const struct rulebook *book, FILE *out);
