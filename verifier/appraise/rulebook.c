#include "appraise/rulebook.h"

#include <errno.h>
#include <stdlib.h>

#include "appraise/file-key.h"
#include "crypto/sha256-run.h"

/* When a release changes by itself; UTC seconds, UINT64_MAX: never. */
struct life {
    uint64_t active_s, retiring_s, retired_s;
};

struct digest_index {
    size_t n;
    struct rulebook_ref *refs; /* ascending by digest, then set, then record */
    uint32_t *slots;           /* 1 + place of the first ref of a key; 0: empty */
    size_t mask;
    size_t n_variants;
    struct rulebook_variant *variants; /* ascending by set, release, group */
};

struct rulebook {
    uint8_t *bytes;
    enum slot slots[LIMIT_BUNDLE_RULES];
    enum policy_dimension dimensions[LIMIT_BUNDLE_RULES];
    struct life lives[LIMIT_BUNDLE_RELEASES];
    uint64_t components[LIMIT_BUNDLE_RELEASES][RULEBOOK_WORDS];
    struct digest_index indices[HASH_N];
    uint64_t mark;
    struct rulebook_key keys[LIMIT_BUNDLE_KEYS];
    struct bundle bundle;
};

static const struct bundle_table *
table_of(const struct rulebook *book, enum hash alg, uint16_t set)
{
    return bundle_set_table(&book->bundle.sets[set], alg);
}

static uint64_t
key_of(struct bytes digest)
{
    uint64_t key = 0;

    for (size_t i = 0; i < 8; i++) {
        key = key << 8 | digest.p[i];
    }
    return key;
}

/* qsort_r's context is the book and the algorithm. */
struct sorting {
    const struct rulebook *book;
    enum hash alg;
};

static int
compare_refs(const void *a, const void *b, void *context)
{
    const struct rulebook_ref *left = a;
    const struct rulebook_ref *right = b;
    const struct sorting *sorting = context;
    struct bytes x;
    struct bytes y;
    int order;

    if (left->key != right->key) {
        return left->key < right->key ? -1 : 1;
    }
    x = rulebook_digest(sorting->book, sorting->alg, left);
    y = rulebook_digest(sorting->book, sorting->alg, right);
    order = memcmp(x.p, y.p, x.len);
    if (order != 0) {
        return order;
    }
    if (left->set != right->set) {
        return left->set < right->set ? -1 : 1;
    }
    return left->record < right->record ? -1 : left->record > right->record;
}

static int
compare_variants(const void *a, const void *b)
{
    const struct rulebook_variant *x = a;
    const struct rulebook_variant *y = b;

    if (x->set != y->set) {
        return x->set < y->set ? -1 : 1;
    }
    if (x->release != y->release) {
        return x->release < y->release ? -1 : 1;
    }
    return (int)x->group - (int)y->group;
}

/* One variant a record at first; those of one variant are then counted together. */
static void
gather_variants(struct digest_index *index)
{
    size_t n = 0;

    if (index->n > 0) {
        qsort(index->variants, index->n, sizeof(*index->variants), compare_variants);
    }
    for (size_t i = 0; i < index->n; i++) {
        if (n > 0 && compare_variants(&index->variants[n - 1], &index->variants[i]) == 0) {
            index->variants[n - 1].n_needed += index->variants[i].n_needed;
        } else {
            index->variants[n++] = index->variants[i];
        }
    }
    index->n_variants = n;
}

static size_t
count_records(const struct rulebook *book, enum hash alg)
{
    size_t n = 0;

    for (uint16_t i = 0; i < book->bundle.n_sets; i++) {
        const struct bundle_table *table = table_of(book, alg, i);

        n += table ? table->n : 0;
    }
    return n;
}

static void
fill_refs(const struct rulebook *book, enum hash alg, struct digest_index *index)
{
    for (uint16_t i = 0; i < book->bundle.n_sets; i++) {
        const struct bundle_table *table = table_of(book, alg, i);

        for (uint32_t k = 0; table && k < table->n; k++) {
            struct bundle_record record = bundle_table_at(table, k);

            index->refs[index->n] = (struct rulebook_ref){
                .key = key_of(record.digest),
                .record = k,
                .set = i,
                .release = record.release,
                .state = (uint8_t)record.state,
                .group = record.group,
                .position = record.position,
                .optional = record.optional,
            };
            index->variants[index->n++] =
                (struct rulebook_variant){i, record.release, record.group, record.optional ? 0 : 1};
        }
    }
}

/* Where a key's first ref is, or the empty place for it. */
static size_t
place_of(const struct digest_index *index, uint64_t key)
{
    size_t i = (size_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 20) & index->mask;

    while (index->slots[i] != 0 && index->refs[index->slots[i] - 1].key != key) {
        i = (i + 1) & index->mask;
    }
    return i;
}

static int
index_digests(struct rulebook *book, enum hash alg)
{
    struct digest_index *index = &book->indices[alg];
    struct sorting sorting = {book, alg};
    size_t n = count_records(book, alg);
    size_t places = 2;

    while (places < 2 * n) {
        places *= 2;
    }
    index->mask = places - 1;
    index->refs = calloc(n + 1, sizeof(*index->refs));
    index->variants = calloc(n + 1, sizeof(*index->variants));
    index->slots = calloc(places, sizeof(*index->slots));
    if (!index->refs || !index->variants || !index->slots) {
        return -ENOMEM;
    }
    fill_refs(book, alg, index);
    if (n > 0) {
        qsort_r(index->refs, n, sizeof(*index->refs), compare_refs, &sorting);
    }
    for (size_t i = n; i-- > 0;) {
        index->slots[place_of(index, index->refs[i].key)] = (uint32_t)i + 1;
    }
    gather_variants(index);
    return 0;
}

/* Who replaces whom: the older one of the name passes for the overlap, then no more. */
static void
live_on(struct rulebook *book)
{
    const struct bundle *b = &book->bundle;

    for (size_t i = 0; i < b->n_releases; i++) {
        book->lives[i] = (struct life){
            .active_s = b->releases[i].active_s,
            .retiring_s = UINT64_MAX,
            .retired_s = b->releases[i].retire_s ? b->releases[i].retire_s : UINT64_MAX,
        };
    }
    for (size_t i = 0; i < b->n_releases; i++) {
        const struct bundle_release *newer = &b->releases[i];

        for (size_t k = 0;
             newer->replaces.len > 0 && newer->state == BUNDLE_ACTIVE && k < b->n_releases; k++) {
            const struct bundle_release *older = &b->releases[k];

            if (k != i && bytes_equal(older->component, newer->component) &&
                bytes_equal(older->name, newer->name) &&
                bytes_equal(older->version, newer->replaces)) {
                uint64_t end_s = newer->active_s + newer->overlap_s;

                book->lives[k].retiring_s = newer->active_s < book->lives[k].retiring_s
                                                ? newer->active_s
                                                : book->lives[k].retiring_s;
                book->lives[k].retired_s =
                    end_s < book->lives[k].retired_s ? end_s : book->lives[k].retired_s;
            }
        }
    }
}

static void
group_components(struct rulebook *book)
{
    const struct bundle *b = &book->bundle;

    for (size_t i = 0; i < b->n_releases; i++) {
        for (size_t k = 0; k < b->n_releases; k++) {
            if (bytes_equal(b->releases[i].component, b->releases[k].component)) {
                book->components[i][k / 64] |= UINT64_C(1) << k % 64;
            }
        }
    }
}

static bool
policy_has(const struct rulebook *book, const struct bundle_policy *policy, enum slot slot)
{
    for (size_t i = 0; i < policy->n_rules; i++) {
        if (book->slots[policy->first_rule + i] == slot &&
            slot_table_claims(slot, book->bundle.rules[policy->first_rule + i].verb)) {
            return true;
        }
    }
    return false;
}

/* Every slot that must have a rule where its PCR is quoted. */
static bool
policy_is_whole(const struct rulebook *book, const struct bundle_policy *policy)
{
    unsigned needed = policy->profile.len > 0 ? SLOT_F_NEEDED_PROFILE : SLOT_F_NEEDED;

    for (enum slot slot = SLOT_NONE + 1; slot < SLOT_N; slot++) {
        const struct slot_info *info = slot_table(slot);

        if ((info->flags & needed) && (info->pcrs & policy->quote.mask) &&
            !policy_has(book, policy, slot)) {
            return false;
        }
    }
    return true;
}

static int
check_rules(struct rulebook *book, struct fault *ret_fault)
{
    const struct bundle *b = &book->bundle;

    for (size_t i = 0; i < b->n_rules; i++) {
        const struct bundle_rule *rule = &b->rules[i];

        book->slots[i] = slot_table_find(rule->slot);
        if (book->slots[i] == SLOT_NONE || !(slot_table(book->slots[i])->verbs >> rule->verb & 1)) {
            return fault_at(ret_fault, RULE_BUNDLE_SLOT, (uint32_t)i, 0);
        }
        book->dimensions[i] = policy_code(rule->slot, rule->verb, OUTCOME_UNKNOWN).dimension;
    }
    for (size_t i = 0; i < b->n_policies; i++) {
        if (b->policies[i].n_classes > 0 && !policy_is_whole(book, &b->policies[i])) {
            return fault_at(ret_fault, RULE_BUNDLE_EMPTY, FAULT_NO_EVENT, 0);
        }
    }
    return 0;
}

/* FNV-1a, eight bytes a step and then one by one. */
static uint64_t
mark_of(struct bytes body)
{
    uint64_t mark = UINT64_C(0xcbf29ce484222325) ^ body.len;
    struct rd rd = rd_init(body);

    while (rd_left(&rd) >= 8) {
        mark = (mark ^ rd_be64(&rd)) * UINT64_C(0x100000001b3);
    }
    while (rd_left(&rd) > 0) {
        mark = (mark ^ rd_u8(&rd)) * UINT64_C(0x100000001b3);
    }
    return mark | 1;
}

static int
decode_key(struct bytes spki, struct rulebook_key *ret)
{
    struct sha256_run run;
    int r = file_key_read(spki, &ret->key);

    if (r != 0) {
        return r;
    }
    r = sha256_run_init(&run);
    r = r == 0 ? sha256_run_add(&run, spki) : r;
    return r == 0 ? sha256_run_digest(&run, ret->digest) : r;
}

static int
decode_keys(struct rulebook *book, struct fault *ret_fault)
{
    for (size_t i = 0; i < book->bundle.n_keys; i++) {
        int r = decode_key(book->bundle.keys[i].spki, &book->keys[i]);

        if (r != 0) {
            return r < 0 ? r : fault_at(ret_fault, RULE_BUNDLE_KEY, (uint32_t)i, 0);
        }
    }
    return 0;
}

static int
load(struct rulebook *book, struct bytes body, struct fault *ret_fault)
{
    int r;

    book->bytes = malloc(body.len + 1);
    if (!book->bytes) {
        return -ENOMEM;
    }
    if (body.len > 0) {
        memcpy(book->bytes, body.p, body.len);
    }
    r = bundle_read(bytes_of(book->bytes, body.len), &book->bundle, ret_fault);
    r = r == 0 ? check_rules(book, ret_fault) : r;
    r = r == 0 ? decode_keys(book, ret_fault) : r;
    for (enum hash alg = 0; r == 0 && alg < HASH_N; alg++) {
        r = index_digests(book, alg);
    }
    if (r == 0) {
        live_on(book);
        group_components(book);
        book->mark = mark_of(body);
    }
    return r;
}

int
rulebook_new(struct bytes body, struct rulebook **ret, struct fault *ret_fault)
{
    struct rulebook *book;
    int r;

    if (body.len > LIMIT_BUNDLE_BYTES) {
        return fault_at(ret_fault, RULE_WIRE_BUNDLE, FAULT_NO_EVENT, 0);
    }
    book = calloc(1, sizeof(*book));
    if (!book) {
        return -ENOMEM;
    }
    r = load(book, body, ret_fault);
    if (r != 0) {
        rulebook_free(book);
        return r;
    }
    *ret = book;
    return 0;
}

void
rulebook_free(struct rulebook *book)
{
    for (size_t i = 0; book && i < HASH_N; i++) {
        free(book->indices[i].refs);
        free(book->indices[i].slots);
        free(book->indices[i].variants);
    }
    for (size_t i = 0; book && i < book->bundle.n_keys; i++) {
        pubkey_free(book->keys[i].key);
    }
    if (book) {
        free(book->bytes);
        free(book);
    }
}

void
rulebook_freep(struct rulebook **book)
{
    rulebook_free(*book);
    *book = NULL;
}

uint64_t
rulebook_mark(const struct rulebook *book)
{
    return book->mark;
}

const struct bundle *
rulebook_bundle(const struct rulebook *book)
{
    return &book->bundle;
}

enum slot
rulebook_slot(const struct rulebook *book, size_t rule)
{
    return book->slots[rule];
}

enum policy_dimension
rulebook_dimension(const struct rulebook *book, size_t rule)
{
    return book->dimensions[rule];
}

struct bytes
rulebook_digest(const struct rulebook *book, enum hash alg, const struct rulebook_ref *ref)
{
    size_t size = hash_size(alg);

    return bytes_of(
        table_of(book, alg, ref->set)->records.p + ref->record * (size + BUNDLE_RECORD_TAIL), size);
}

size_t
rulebook_find(const struct rulebook *book, enum hash alg, struct bytes digest,
              const struct rulebook_ref **ret_refs)
{
    const struct digest_index *index = &book->indices[alg];
    uint64_t key;
    size_t first;
    size_t n = 0;

    if (digest.len != hash_size(alg)) {
        return 0;
    }
    key = key_of(digest);
    first = index->slots[place_of(index, key)];
    if (first == 0) {
        return 0;
    }
    for (first--; n == 0 && first < index->n && index->refs[first].key == key; first++) {
        n = bytes_equal(rulebook_digest(book, alg, &index->refs[first]), digest);
    }
    if (n == 0) {
        return 0;
    }
    first--; /* of the one that is equal; those like it follow */
    while (first + n < index->n && index->refs[first + n].key == key &&
           bytes_equal(rulebook_digest(book, alg, &index->refs[first + n]), digest)) {
        n++;
    }
    *ret_refs = &index->refs[first];
    return n;
}

const struct rulebook_key *
rulebook_key(const struct rulebook *book, size_t i)
{
    return &book->keys[i];
}

const struct rulebook_variant *
rulebook_variant(const struct rulebook *book, enum hash alg, uint16_t set, uint16_t release,
                 uint8_t group)
{
    const struct digest_index *index = &book->indices[alg];
    struct rulebook_variant key = {set, release, group, 0};

    return index->n_variants == 0
               ? NULL
               : bsearch(&key, index->variants, index->n_variants, sizeof(key), compare_variants);
}

enum bundle_state
rulebook_state(const struct rulebook *book, const struct rulebook_ref *ref, uint64_t now_s)
{
    const struct life *life;

    if (ref->release == BUNDLE_NONE || ref->state >= BUNDLE_RETIRED) {
        return (enum bundle_state)ref->state;
    }
    life = &book->lives[ref->release];
    if (now_s >= life->retired_s) {
        return BUNDLE_RETIRED;
    }
    if (ref->state == BUNDLE_STAGED || now_s < life->active_s) {
        return BUNDLE_STAGED;
    }
    return now_s >= life->retiring_s ? BUNDLE_RETIRING : (enum bundle_state)ref->state;
}

enum bundle_state
rulebook_release_state(const struct rulebook *book, uint16_t release, uint64_t now_s)
{
    const struct rulebook_ref ref = {
        .release = release, .state = (uint8_t)rulebook_bundle(book)->releases[release].state};

    return rulebook_state(book, &ref, now_s);
}

const uint64_t *
rulebook_component(const struct rulebook *book, uint16_t release)
{
    return book->components[release];
}
