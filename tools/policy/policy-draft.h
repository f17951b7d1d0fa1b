/* A policy text on its way to a bundle. Internal to tools/policy. */
#pragma once

#include "appraise/slot-table.h"
#include "policy/policy-compile.h"
#include "policy/policy-lex.h"

struct draft_record {
    size_t set;     /* index into the draft's sets */
    size_t release; /* index into the draft's releases before they are sorted, or SIZE_MAX */
    enum hash alg;
    uint8_t digest[HASH_SIZE_MAX];
    struct bytes label;
    struct bundle_record packed; /* group, position, state, optional */
};

struct draft_set {
    struct bundle_set set;
    struct bytes next; /* name of the successor, or empty */
    bool derived;      /* made by releases */
    const struct policy_token *at;
};

struct draft_cert {
    struct bytes name;
    uint8_t digest[32];
};

/* Words of a block or rule that were taken, each of which stands once. */
struct draft_seen {
    size_t n;
    const char *words[24];
};

struct draft {
    struct policy_say *say;
    const struct policy_token *at; /* the cursor */
    bool failed;                   /* since the last draft_resume(): what follows is not said */
    struct bundle *b;
    struct policy_memory **memory;
    size_t n_sets;
    struct draft_set sets[LIMIT_BUNDLE_SETS];
    const struct policy_token *rule_at[LIMIT_BUNDLE_RULES]; /* as the bundle's rules */
    size_t release_order[LIMIT_BUNDLE_RELEASES];            /* from draft to bundle */
    size_t n_certs;
    struct draft_cert certs[LIMIT_BUNDLE_SETS];
    size_t n_records, cap_records;
    struct draft_record *records;
};

/* Memory that lives as long as the compiled bundle; NULL at its end, which is said. */
void *draft_alloc(struct draft *d, size_t size);
struct bytes draft_join(struct draft *d, struct bytes a, const char *between, struct bytes b);

/* The cursor. Each take function consumes one token of the wanted form, or says what would be right
 * (`what`: "a class name") and fails the draft; nothing is consumed then. */
__attribute__((format(printf, 2, 3))) void draft_error(struct draft *d, const char *format, ...);
__attribute__((format(printf, 3, 4))) void
draft_error_at(struct draft *d, const struct policy_token *at, const char *format, ...);
bool draft_sees(const struct draft *d, const char *word);
bool draft_skip(struct draft *d, const char *word); /* consumes it if it is next */
/* The same for a word that stands once: the second time it is an error at `at`, since one of the
 * two would be lost. draft_skip_once() consumes the word in both cases. */
void draft_once(struct draft *d, const struct policy_token *at, struct draft_seen *seen,
                const char *word);
bool draft_skip_once(struct draft *d, const char *word, struct draft_seen *seen);
bool draft_was_seen(const struct draft_seen *seen, const char *word);
bool draft_line_ends(const struct draft *d);
void draft_end_line(struct draft *d);   /* nothing else may stand on this line */
void draft_resume(struct draft *d);     /* after an error: to the end of the line */
void draft_skip_lines(struct draft *d); /* ends of lines */
void draft_skip_block(struct draft *d); /* behind the block that the cursor is before or in */
bool draft_open(struct draft *d);       /* { */
/* Is there another item of a block? Consumes ends of lines and the closing brace. */
bool draft_more(struct draft *d);
struct bytes draft_name(struct draft *d, const char *what);
struct bytes draft_text(struct draft *d, const char *what); /* a word or a string */
struct bytes draft_label(struct draft *d);                  /* a string, or empty */
uint64_t draft_number(struct draft *d, const char *what, uint64_t max);
/* Is all of text a number of digits, max at most? *ret is undefined when not. */
bool draft_decimal(struct bytes text, uint64_t max, uint64_t *ret);
uint32_t draft_version(struct draft *d); /* "version N", 1 when it does not stand */
uint32_t draft_span(struct draft *d);    /* 90d */
uint64_t draft_date(struct draft *d);    /* 2026-11-10, UTC */
enum reason_effect draft_effect(struct draft *d);
enum hash draft_hash(struct draft *d);
bool draft_sees_digest(const struct draft *d);
enum hash draft_digest(struct draft *d, uint8_t digest[HASH_SIZE_MAX]);
uint8_t draft_keys(struct draft *d); /* ecc-p256 rsa-2048 …, at least one */

/* "@name" or "@name#7": index of a set, or BUNDLE_NONE after a message. */
uint16_t draft_set_ref(struct draft *d);
uint16_t draft_set_find(struct draft *d, const struct policy_token *at, struct bytes name);

/* Begins a set and returns its index, SIZE_MAX after a message. */
size_t draft_set_add(struct draft *d, struct bytes name, enum bundle_set_kind kind,
                     const struct policy_token *at);
struct draft_record *draft_record_add(struct draft *d, size_t set);

/* Adds an item to the list whose items end the draft's, and sorts it: items ascend by kind, those
 * of one kind stay as written. */
void draft_item_add(struct draft *d, struct bundle_list *list, struct bundle_item item);
void draft_items_sort(struct draft *d, const struct bundle_list *list);

/* An item of a set of keys; and those of a set put in order, in which none stands twice. */
void draft_key_item(struct draft *d, size_t set);
void draft_sort_keys(struct draft *d, const struct draft_set *set);

/* Blocks; the cursor is behind the block's first word. */
void draft_advisory_block(struct draft *d);
void draft_cert_block(struct draft *d);
void draft_set_block(struct draft *d);
void draft_release_block(struct draft *d);
void draft_cmdline_block(struct draft *d);
void draft_grubcmd_block(struct draft *d);
void draft_ima_block(struct draft *d);
void draft_policy_block(struct draft *d);

/* One rule, behind its first word, into *rule. */
void draft_rule(struct draft *d, struct bundle_rule *rule);
/* The name of a claim that a rule of this slot may tell; empty after a message. */
struct bytes draft_claim(struct draft *d, enum slot slot);
/* What is wrong with a whole policy: said at `at`. */
void draft_policy_check(struct draft *d, const struct bundle_policy *policy,
                        const struct policy_token *at);

/* Says which sets have a name as the releases of a component give them, and are not theirs. */
void draft_check_names(struct draft *d);

/* Sorts releases, lists and advisories, then makes sets of what was collected. */
void draft_sort_releases(struct draft *d);
void draft_sort_lists(struct draft *d);
void draft_sort_advisories(struct draft *d);
void draft_pack_sets(struct draft *d);
