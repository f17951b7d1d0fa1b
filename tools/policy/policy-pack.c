/* From what was collected to what a bundle holds: sorted, packed, by index. */
#include <stdlib.h>

#include "policy/policy-draft.h"
#include "policy/policy-words.h"

static int
order_releases(const struct bundle_release *a, const struct bundle_release *b)
{
    int r = policy_order(a->component, b->component);

    r = r != 0 ? r : policy_order(a->name, b->name);
    return r != 0 ? r : policy_order(a->version, b->version);
}

/* Where each release of the text stands in the bundle, and the bundle's in order. */
void
draft_sort_releases(struct draft *d)
{
    struct bundle_release *releases = d->b->releases;
    size_t from[LIMIT_BUNDLE_RELEASES];

    for (size_t i = 0; i < d->b->n_releases; i++) {
        struct bundle_release one = releases[i];
        size_t k = i;

        for (; k > 0 && order_releases(&releases[k - 1], &one) > 0; k--) {
            releases[k] = releases[k - 1];
            from[k] = from[k - 1];
        }
        releases[k] = one;
        from[k] = i;
    }
    for (size_t i = 0; i < d->b->n_releases; i++) {
        d->release_order[from[i]] = i;
    }
}

static void
sort_named(struct bundle_list *lists, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        for (size_t k = i; k > 0 && policy_order(lists[k - 1].name, lists[k].name) > 0; k--) {
            struct bundle_list list = lists[k];

            lists[k] = lists[k - 1];
            lists[k - 1] = list;
        }
    }
}

void
draft_sort_lists(struct draft *d)
{
    sort_named(d->b->cmdlines, d->b->n_cmdlines);
    sort_named(d->b->grubcmds, d->b->n_grubcmds);
}

static int
by_text(const void *a, const void *b)
{
    return policy_order(*(const struct bytes *)a, *(const struct bytes *)b);
}

/* The labels of all records, each once. */
static void
collect_labels(struct draft *d)
{
    struct bytes *all = calloc(d->n_records + 1, sizeof(*all));
    size_t n = 0;

    for (size_t i = 0; all && i < d->n_records; i++) {
        if (d->records[i].label.len > 0) {
            all[n++] = d->records[i].label;
        }
    }
    if (!all) {
        draft_error(d, "memory ends");
        return;
    }
    qsort(all, n, sizeof(*all), by_text);
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && bytes_equal(all[i - 1], all[i])) {
            continue;
        }
        if (d->b->n_labels == LIMIT_BUNDLE_LABELS) {
            draft_error(d, "more than %u labels", LIMIT_BUNDLE_LABELS);
            break;
        }
        d->b->labels[d->b->n_labels++] = all[i];
    }
    free(all);
}

static uint16_t
label_index(const struct bundle *b, struct bytes label)
{
    const struct bytes *found =
        label.len > 0 ? bsearch(&label, b->labels, b->n_labels, sizeof(label), by_text) : NULL;

    return found ? (uint16_t)(found - b->labels) : BUNDLE_NONE;
}

static int
by_set(const void *a, const void *b)
{
    const struct draft_record *x = a;
    const struct draft_record *y = b;

    if (x->set != y->set) {
        return x->set < y->set ? -1 : 1;
    }
    return x->alg != y->alg ? (x->alg < y->alg ? -1 : 1) : 0;
}

static int
by_bytes(const void *a, const void *b, void *size)
{
    return memcmp(a, b, *(size_t *)size);
}

static void
pack_record(struct draft *d, struct draft_record *record, struct wr *wr)
{
    struct bundle_record *packed = &record->packed;

    packed->digest = bytes_of(record->digest, hash_size(record->alg));
    packed->release = BUNDLE_NONE;
    if (record->release != SIZE_MAX) {
        packed->release = (uint16_t)d->release_order[record->release];
        packed->state = d->b->releases[packed->release].state;
    }
    packed->label = label_index(d->b, record->label);
    bundle_record_write(wr, packed);
}

/* One digest said twice with different words is a contradiction; said twice alike it is once. */
static size_t
unique(struct draft *d, const struct draft_set *set, uint8_t *p, size_t n, size_t size)
{
    size_t key = size - 4; /* all but state, flags and label */
    size_t kept = 0;

    for (size_t i = 0; i < n; i++) {
        bool same = kept > 0 && memcmp(p + (kept - 1) * size, p + i * size, key) == 0;

        if (same && memcmp(p + (kept - 1) * size, p + i * size, size) != 0) {
            draft_error_at(d, set->at, "a digest stands twice with other state or label");
        }
        if (!same) {
            memmove(p + kept++ * size, p + i * size, size);
        }
    }
    return kept;
}

/* Records first to first + n, of one set and algorithm. */
static void
pack_table(struct draft *d, size_t first, size_t n)
{
    struct draft_record *records = &d->records[first];
    struct draft_set *set = &d->sets[records->set];
    size_t size = bundle_record_size(records->alg);
    uint8_t *room = n <= LIMIT_SET_RECORDS ? draft_alloc(d, n * size) : NULL;
    struct wr wr = wr_init(room, n * size);

    if (n > LIMIT_SET_RECORDS || set->set.n_tables == LIMIT_SET_TABLES) {
        draft_error_at(d, set->at, "more than %u digests of one hash, or %u hashes",
                       LIMIT_SET_RECORDS, LIMIT_SET_TABLES);
    }
    if (!room || d->failed) {
        return;
    }
    for (size_t i = 0; i < n; i++) {
        pack_record(d, &records[i], &wr);
    }
    qsort_r(room, n, size, by_bytes, &size);
    n = unique(d, set, room, n, size);
    set->set.tables[set->set.n_tables++] =
        (struct bundle_table){.alg = records->alg, .n = n, .records = bytes_of(room, n * size)};
}

static void
pack_tables(struct draft *d)
{
    size_t first = 0;

    if (d->n_records > 0) {
        qsort(d->records, d->n_records, sizeof(*d->records), by_set);
    }
    for (size_t i = 1; i <= d->n_records; i++) {
        if (i == d->n_records || by_set(&d->records[first], &d->records[i]) != 0) {
            pack_table(d, first, i - first);
            first = i;
        }
    }
}

static int
by_name(const void *a, const void *b)
{
    return policy_order(((const struct draft_set *)a)->set.name,
                        ((const struct draft_set *)b)->set.name);
}

static void
sort_words(struct draft *d, const struct draft_set *set)
{
    struct bundle_word *words = &d->b->words[set->set.first_word];

    for (size_t i = 1; i < set->set.n_words; i++) {
        for (size_t k = i; k > 0 && policy_order(words[k - 1].name, words[k].name) >= 0; k--) {
            struct bundle_word word = words[k];

            if (bytes_equal(words[k - 1].name, word.name)) {
                draft_error_at(d, set->at, "%.*s stands twice in the set", (int)word.name.len,
                               (const char *)word.name.p);
                return;
            }
            words[k] = words[k - 1];
            words[k - 1] = word;
        }
    }
}

static void
check_next(struct draft *d, size_t i)
{
    const struct draft_set *at = &d->sets[i];
    const struct bundle_set *set = &d->b->sets[i];
    size_t steps = 0;

    while (set->next != BUNDLE_NONE && steps++ <= d->b->n_sets) {
        set = &d->b->sets[set->next];
    }
    if (at->set.kind != BUNDLE_SET_DBX || set->kind != BUNDLE_SET_DBX) {
        draft_error_at(d, at->at, "only a dbx set has a next one, of the kind dbx");
    } else if (set->next != BUNDLE_NONE) {
        draft_error_at(d, at->at, "the sets supersede each other in a circle");
    }
}

void
draft_pack_sets(struct draft *d)
{
    collect_labels(d);
    pack_tables(d);
    qsort(d->sets, d->n_sets, sizeof(d->sets[0]), by_name);
    for (size_t i = 0; i < d->n_sets; i++) {
        sort_words(d, &d->sets[i]);
        draft_sort_keys(d, &d->sets[i]);
        d->b->sets[d->b->n_sets++] = d->sets[i].set;
    }
    for (size_t i = 0; i < d->n_sets; i++) {
        if (d->sets[i].next.len > 0) {
            d->b->sets[i].next = draft_set_find(d, d->sets[i].at, d->sets[i].next);
        }
    }
    for (size_t i = 0; i < d->n_sets; i++) {
        if (d->sets[i].next.len > 0 && !d->failed) {
            check_next(d, i);
        }
    }
    d->failed = false;
}
