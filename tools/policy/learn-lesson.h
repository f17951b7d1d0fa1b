/* What is learnt from, and what its writers ask of it. Internal to tools/policy/learn-*.c. */
#pragma once

#include "policy/policy-learn.h"
#include "policy/policy-put.h"

struct lesson_event {
    struct rule_event rule; /* as rules see it */
    struct bytes label;     /* for people; nothing vouches for it */
    bool by_label;          /* its slot rests on the label */
};

struct lesson_boot {
    size_t n;
    struct lesson_event *events; /* of the PCRs that are quoted; owned */
    size_t counts[SLOT_N];
    struct rule_input input; /* lists, words, level and numbers */
    size_t release;          /* which of the lesson's this boot runs, from 0 */
};

struct lesson {
    const struct learn_options *options;
    size_t n_boots;
    struct lesson_boot boots[LEARN_BOOTS_MAX];
    size_t n_releases;
    FILE *rules, *blocks; /* the policy's inside, and what stands below it */
};

/* Reads the boots; *lesson is zeroed. Returns as policy_learn(). End with lesson_done() always. */
MUST_CHECK int lesson_read(struct lesson *lesson, const struct learn_options *options,
                           const struct learn_boot *boots, size_t n, size_t *ret_boot);
void lesson_done(struct lesson *lesson);

/* The next event of a slot, from place *at of a boot on, which is moved behind it; NULL behind the
 * last: for (size_t at = 0; (event = lesson_next(boot, slot, &at)) != NULL;) */
const struct lesson_event *lesson_next(const struct lesson_boot *boot, enum slot slot, size_t *at);

/* Over all boots: fewest and most events of a slot; has any boot one; are the slot's digests and
 * their order the same on all; is every text of the slot what was measured. */
size_t lesson_least(const struct lesson *lesson, enum slot slot);
size_t lesson_most(const struct lesson *lesson, enum slot slot);
bool lesson_has(const struct lesson *lesson, enum slot slot);
bool lesson_alike(const struct lesson *lesson, enum slot slot);
bool lesson_verified(const struct lesson *lesson, enum slot slot);

/* Does the boot show code behind its firmware, and what that loads for its own use? */
bool lesson_tells_of_code(const struct lesson_boot *boot);

/* Are two boots the same in a slot? */
bool lesson_same(const struct lesson_boot *a, const struct lesson_boot *b, enum slot slot);

/* Has the boot this digest in the slot? */
bool lesson_holds(const struct lesson_boot *boot, enum slot slot, struct bytes digest);

/* Is this event of boot i the first of all boots with its slot and digest? */
bool lesson_is_new(const struct lesson *lesson, size_t i, const struct lesson_event *event);

/* The word that all boots know of a slot, or an empty one; how many boots have another or none. */
struct bytes lesson_word(const struct lesson *lesson, enum slot slot);
size_t lesson_without(const struct lesson *lesson, enum slot slot, const char *word);

/* Begins a rule: the line of comment that says what it rests on, `more` behind it unless NULL, then
 * "  rule ID : SLOT ". */
void lesson_rule(struct lesson *lesson, const char *id, enum slot slot, const char *more);

/* A word, in quotes where it needs them: it must be part_is_text(). */
void lesson_text(FILE *out, struct bytes word);

/* One rule of each kind, and what it names. learn-lists.c */
void lesson_write_lists(struct lesson *lesson);
/* learn-words.c; returns 0 or -ENOMEM */
MUST_CHECK int lesson_write_script(struct lesson *lesson);
MUST_CHECK int lesson_write_lines(struct lesson *lesson, enum slot slot, const char *id);
/* learn-release.c */
void lesson_write_variants(struct lesson *lesson, const char *component, const char *version);
void lesson_write_firmware(struct lesson *lesson);
void lesson_write_os(struct lesson *lesson);
