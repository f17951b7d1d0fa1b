/* Verbs that compare sets: signature lists, levels, advisories. */
#include "appraise/rule-verb.h"

static const struct rule_entries *
entries_of(struct judging *j)
{
    const struct rule_entries *entries = &j->input->entries[j->slot];

    if (!entries->known) {
        judging_note(j, OUTCOME_UNAVAILABLE, judging_first(j), BYTES_NULL);
        return NULL;
    }
    return entries;
}

/* Is (kind, digest) in a set? Records of certificates are SHA-256. */
static bool
set_has(const struct bundle_set *set, enum bundle_sig sig, struct bytes digest)
{
    const struct bundle_table *table = bundle_set_table(set, HASH_SHA256);
    size_t first = 0;
    size_t n = table ? bundle_table_find(table, digest, &first) : 0;

    for (size_t i = 0; i < n; i++) {
        if (bundle_table_at(table, first + i).group == sig) {
            return true;
        }
    }
    return false;
}

/* Every entry is in the set; the first that is not is named. */
static void
judge_subset(struct judging *j, const struct rule_entries *entries)
{
    for (size_t i = 0; i < entries->n; i++) {
        if (!set_has(judging_set(j, 0), entries->entries[i].sig, entries->entries[i].digest)) {
            judging_note(j, OUTCOME_UNKNOWN, judging_first(j), entries->entries[i].digest);
            return;
        }
    }
}

static bool
number_is(const struct rule_input *input, const struct bundle_word *word)
{
    for (size_t i = 0; i < input->n_numbers; i++) {
        if (bytes_equal(input->numbers[i].name, word->name)) {
            return input->numbers[i].number >= word->number;
        }
    }
    return false;
}

/* Numbers of a set that are not reached. */
static size_t
words_missing(const struct bundle *bundle, const struct bundle_set *set,
              const struct rule_input *input)
{
    size_t n = 0;

    for (size_t i = 0; i < set->n_words; i++) {
        n += !number_is(input, &bundle->words[set->first_word + i]);
    }
    return n;
}

/* Where the entries of each kind are looked at next; records ascend by their digests alone. */
struct merge {
    const struct rule_entries *entries;
    size_t at[BUNDLE_SIG_MAX + 1];
};

static struct merge
merge_begin(const struct rule_entries *entries)
{
    struct merge merge = {.entries = entries};

    for (unsigned sig = 0; sig <= BUNDLE_SIG_MAX; sig++) {
        size_t at = sig > 0 ? merge.at[sig - 1] : 0;

        while (at < entries->n && entries->entries[at].sig < sig) {
            at++;
        }
        merge.at[sig] = at;
    }
    return merge;
}

static bool
merge_has(struct merge *merge, const struct bundle_record *record)
{
    const struct rule_entries *entries = merge->entries;
    size_t *at = &merge->at[record->group];
    int order = -1;

    while (*at < entries->n && entries->entries[*at].sig == record->group &&
           (order = memcmp(entries->entries[*at].digest.p, record->digest.p, record->digest.len)) <
               0) {
        (*at)++;
    }
    return order == 0;
}

size_t
rule_set_missing(const struct bundle *bundle, const struct bundle_set *set,
                 const struct rule_input *input, enum slot slot, size_t most)
{
    const struct bundle_table *table = bundle_set_table(set, HASH_SHA256);
    struct merge merge = merge_begin(&input->entries[slot]);
    size_t n = words_missing(bundle, set, input);

    for (size_t i = 0; table && i < table->n && n < most; i++) {
        struct bundle_record record = bundle_table_at(table, i);

        n += !merge_has(&merge, &record);
    }
    return n < most ? n : most;
}

/* Every record of the set is among the slot's entries, and every number is reached. */
static bool
holds(const struct judging *j, const struct bundle_set *set)
{
    return rule_set_missing(j->bundle, set, j->input, j->slot, 1) == 0;
}

void
verb_subset_of(struct judging *j)
{
    const struct rule_entries *entries = entries_of(j);

    if (entries) {
        judge_subset(j, entries);
    }
}

/* An authority that is none, or that was read as none, signed nothing. */
void
verb_signed_by(struct judging *j)
{
    const struct rule_entries *entries = entries_of(j);

    if (entries && entries->n == 0 && judging_first(j) != RULE_NO_EVENT) {
        judging_note(j, OUTCOME_UNKNOWN, judging_first(j), BYTES_NULL);
    } else if (entries) {
        judge_subset(j, entries);
    }
}

void
verb_equals(struct judging *j)
{
    const struct rule_entries *entries = entries_of(j);

    if (!entries) {
        return;
    }
    judge_subset(j, entries);
    if (!holds(j, judging_set(j, 0))) {
        judging_note(j, OUTCOME_MISSING, judging_first(j), BYTES_NULL);
    }
}

/* A baseline is met when it or any that supersedes it is. The bundle's reader refuses circles. */
void
verb_includes(struct judging *j)
{
    const struct rule_entries *entries = entries_of(j);
    uint16_t set = judging_arg(j, 0)->index;

    while (entries && set != BUNDLE_NONE) {
        if (holds(j, &j->bundle->sets[set])) {
            return;
        }
        set = j->bundle->sets[set].next;
    }
    if (entries) {
        judging_note(j, judging_set(j, 0)->kind == BUNDLE_SET_DBX ? OUTCOME_OLD : OUTCOME_MISSING,
                     judging_first(j), judging_set(j, 0)->name);
    }
}

void
verb_at_least(struct judging *j)
{
    const struct bundle_arg *arg = judging_arg(j, 0);

    if (arg->text.len > 0) {
        judge_floor(j, arg);
    } else if (j->input->level == 0) {
        judging_note(j, OUTCOME_UNAVAILABLE, judging_first(j), BYTES_NULL);
    } else if (arg->index != BUNDLE_NONE ? words_missing(j->bundle, judging_set(j, 0), j->input) > 0
                                         : j->input->level < arg->number) {
        judging_note(j, OUTCOME_OLD, judging_first(j), BYTES_NULL);
    }
}

static void
judge_advisories(struct judging *j)
{
    const struct bundle_set *set = judging_set(j, 0);

    if (!j->input->advisories_known) {
        judging_note(j, OUTCOME_UNAVAILABLE, RULE_NO_EVENT, BYTES_NULL);
    }
    for (size_t i = 0; i < j->input->n_advisories; i++) {
        for (size_t k = 0; k < set->n_words; k++) {
            if (bytes_equal(j->input->advisories[i], j->bundle->words[set->first_word + k].name)) {
                judging_note(j, i < j->input->n_critical ? OUTCOME_DENIED : OUTCOME_REVOKED,
                             RULE_NO_EVENT, j->input->advisories[i]);
            }
        }
    }
}

/* Of a slot with lists no entry, of others no event's digest, may be in the set. */
void
verb_not_in(struct judging *j)
{
    const struct rule_entries *entries = &j->input->entries[j->slot];
    uint16_t set = judging_arg(j, 0)->index;
    enum bundle_state state;

    if (j->slot == SLOT_TPM_ADVISORY) {
        judge_advisories(j);
        return;
    }
    if (slot_table(j->slot)->verbs >> VERB_SUBSET_OF & 1 && !entries->known &&
        judging_first(j) != RULE_NO_EVENT) { /* measured, and nobody could read it */
        judging_note(j, OUTCOME_UNAVAILABLE, judging_first(j), BYTES_NULL);
    }
    for (size_t i = 0; entries->known && i < entries->n; i++) {
        if (set_has(judging_set(j, 0), entries->entries[i].sig, entries->entries[i].digest)) {
            judging_note(j, OUTCOME_REVOKED, judging_first(j), entries->entries[i].digest);
        }
    }
    if (!(j->room->sets[set / 64] >> set % 64 & 1)) {
        return; /* no event of any slot is in it */
    }
    for (uint32_t i = judging_first(j); i != RULE_NO_EVENT; i = judging_next(j, i)) {
        if (judging_state(j, i, set, &state)) {
            judging_note(j, OUTCOME_REVOKED, i, BYTES_NULL);
        }
    }
}

/* Each status of a list is told as an outcome, the gravest first: a rule tells one. */
static void
judge_files(struct judging *j, const struct bundle_ima *block)
{
    static const struct {
        enum ima_status status;
        enum policy_outcome outcome;
    } order[] = {
        {IMA_DENIED, OUTCOME_DENIED},     {IMA_BAD_SIGNATURE, OUTCOME_BAD_SIGNATURE},
        {IMA_KEY_WEAK, OUTCOME_KEY_WEAK}, {IMA_KEY_UNKNOWN, OUTCOME_KEY_UNKNOWN},
        {IMA_UNKNOWN, OUTCOME_UNKNOWN},   {IMA_PENDING, OUTCOME_PENDING},
        {IMA_WEAK, OUTCOME_WEAK},         {IMA_VIOLATED, OUTCOME_VIOLATED},
    };
    const struct ima_judgement *ima = j->input->ima;

    for (size_t i = 0; i < ARRAY_LEN(order); i++) {
        enum ima_status status = order[i].status;

        if (ima->n[status] > 0) {
            judging_note_as(j, order[i].outcome, ima_judge_effect(block, ima, status),
                            RULE_NO_EVENT, ima->worst[status].path);
        }
    }
}

/* Lists of files are judged by their own part; where it has nothing to say nothing is known. */
void
verb_policy(struct judging *j)
{
    const struct ima_judgement *ima = j->input->ima;
    const struct bundle_ima *block = &j->bundle->imas[judging_arg(j, 0)->index];

    if (ima && ima->judged && ima->block == block) {
        judge_files(j, block);
    } else {
        judging_note(j, OUTCOME_UNAVAILABLE, RULE_NO_EVENT, BYTES_NULL);
    }
}
