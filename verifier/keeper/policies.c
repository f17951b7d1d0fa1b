#include "keeper/policies.h"

#include <errno.h>
#include <stdlib.h>

#include "appraise/ima-firm.h"

/* A bundle of the store, and what became of it. */
struct loaded {
    bool there;
    struct policies_info info;
    struct rulebook *book; /* NULL: broken, for info.why */
    struct ima_sets *sets; /* NULL: none are named */
    uint8_t firm[LIMIT_BUNDLE_LISTS][32];
};

struct policies {
    size_t n_keys;
    struct pubkey *keys[POLICIES_KEYS_MAX];
    struct loaded now;
    struct loaded next;                /* taken in this turn */
    bool next_in_piece;                /* by the present piece */
    char folder[POLICIES_FOLDER_ROOM]; /* of sets; "": none */
};

static void
loaded_done(struct loaded *loaded)
{
    rulebook_free(loaded->book);
    if (loaded->sets) {
        ima_sets_done(loaded->sets);
        free(loaded->sets);
    }
    *loaded = (struct loaded){.there = false};
}

static void
keys_done(struct pubkey *keys[POLICIES_KEYS_MAX])
{
    for (size_t i = 0; i < POLICIES_KEYS_MAX; i++) {
        pubkey_freep(&keys[i]);
    }
}

struct policies *
policies_new(void)
{
    return calloc(1, sizeof(struct policies));
}

void
policies_free(struct policies *policies)
{
    if (policies) {
        loaded_done(&policies->now);
        loaded_done(&policies->next);
        keys_done(policies->keys);
        free(policies);
    }
}

int
policies_folder(struct policies *policies, const char *folder)
{
    size_t len = strlen(folder);

    if (len >= sizeof(policies->folder)) {
        return -ENAMETOOLONG;
    }
    memcpy(policies->folder, folder, len + 1);
    return 0;
}

void
policies_folder_as(struct policies *policies, const struct policies *other)
{
    memcpy(policies->folder, other->folder, sizeof(policies->folder));
}

static int
keys_from(const struct p256 *points, size_t n, struct pubkey *ret[POLICIES_KEYS_MAX])
{
    for (size_t i = 0; i < n; i++) {
        int r = pubkey_from_point(KEY_P256, BYTES_OF(points[i].x), BYTES_OF(points[i].y), &ret[i]);

        if (r != 0) {
            keys_done(ret);
            return r < 0 ? r : -EINVAL;
        }
    }
    return 0;
}

/* Sealed bytes, and what judges them. */
struct opening {
    struct bytes sealed;
    struct pubkey *const *keys;
    size_t n_keys;
    struct hasher *hasher;
    const char *folder; /* of sets */
    uint64_t last;      /* as bundle_open() has it */
    uint64_t now_s;     /* the same */
};

/* Whichever key vouches for it; without any key nothing does. Returns as bundle_open(). */
static int
open_seal(const struct opening *opening, struct bundle_seal *ret, struct fault *ret_fault)
{
    int r = fault_at(ret_fault, RULE_BUNDLE_SIGNATURE, FAULT_NO_EVENT, 0);

    for (size_t i = 0; i < opening->n_keys; i++) {
        r = bundle_open(opening->sealed, opening->keys[i], opening->hasher, opening->last,
                        opening->now_s, ret, ret_fault);
        if (r <= 0 || ret_fault->rule != RULE_BUNDLE_SIGNATURE) {
            return r;
        }
    }
    return r;
}

/* The sets that the book's bundle keeps elsewhere. One that is not at hand is no fault of the
 * bundle: what needs it says so when it judges. */
static int
open_sets(const struct opening *opening, struct loaded *loaded)
{
    const struct bundle *bundle = rulebook_bundle(loaded->book);
    bool any = false;

    for (size_t i = 0; i < bundle->n_sets; i++) {
        any = any || bundle->sets[i].kind == BUNDLE_SET_FILE;
    }
    if (!any) {
        return 0;
    }
    loaded->sets = calloc(1, sizeof(*loaded->sets));
    return loaded->sets ? ima_sets_open(opening->hasher, bundle,
                                        opening->folder[0] ? opening->folder : NULL, loaded->sets)
                        : -ENOMEM;
}

static int
take_firm(struct loaded *loaded)
{
    const struct bundle *bundle = rulebook_bundle(loaded->book);
    int r = 0;

    for (size_t i = 0; i < bundle->n_imas && r == 0; i++) {
        r = ima_firm(loaded->book, &bundle->imas[i], loaded->sets ? loaded->sets->sets : NULL,
                     loaded->firm[i]);
    }
    return r;
}

/* From sealed bytes to a book. Returns 0, 1 with the fault, or a negative errno; *ret is untouched
 * unless 0. */
static int
open_book(const struct opening *opening, struct loaded *ret, struct fault *ret_fault)
{
    struct loaded loaded = {.there = true};
    struct bundle_seal seal;
    int r = hasher_bytes(opening->hasher, HASH_SHA256, opening->sealed, loaded.info.digest);

    r = r == 0 ? open_seal(opening, &seal, ret_fault) : r;
    r = r == 0 ? rulebook_new(seal.body, &loaded.book, ret_fault) : r;
    r = r == 0 ? open_sets(opening, &loaded) : r;
    r = r == 0 ? take_firm(&loaded) : r;
    if (r != 0) {
        loaded_done(&loaded);
    } else {
        loaded.info.sequence = seal.sequence;
        loaded.info.issued_s = seal.issued_s;
        loaded.info.not_after_s = seal.not_after_s;
        *ret = loaded;
    }
    return r;
}

/* A broken bundle is told by its row and bytes alone. */
static int
load_broken(const struct opening *opening, const struct store_bundle *row, enum rule why,
            struct loaded *ret)
{
    struct loaded loaded = {.there = true, .info = {.sequence = row->sequence, .why = why}};
    int r = hasher_bytes(opening->hasher, HASH_SHA256, opening->sealed, loaded.info.digest);

    loaded.info.loaded_ms = row->loaded_ms;
    if (r == 0) {
        *ret = loaded;
    }
    return r;
}

/* Row and seal must tell one sequence: no later bundle may fall below the row's. */
static int
load_row(const struct opening *opening, const struct store_bundle *row, struct loaded *ret)
{
    struct loaded loaded = {.there = false};
    struct fault fault;
    int r = open_book(opening, &loaded, &fault);

    if (r == 0 && loaded.info.sequence == row->sequence) {
        loaded.info.loaded_ms = row->loaded_ms;
        *ret = loaded;
        return 0;
    }
    loaded_done(&loaded);
    return r < 0 ? r : load_broken(opening, row, r == 0 ? RULE_WIRE_BUNDLE : fault.rule, ret);
}

static int
load_stored(const struct opening *with, struct store *store, struct loaded *ret)
{
    struct opening opening = *with;
    CLEANUP(free_p) uint8_t *sealed = NULL;
    struct store_bundle row = {0};
    size_t len = 0;
    int r = store_bundle_get(store, &row, &sealed, &len);

    if (r == STORE_NONE) {
        *ret = (struct loaded){.there = false};
        return 0;
    }
    if (r != 0) {
        return r < 0 ? r : -EIO;
    }
    opening.sealed = bytes_of(sealed, len);
    opening.last = row.sequence;
    return load_row(&opening, &row, ret);
}

int
policies_start(struct policies *policies, struct store *store, struct hasher *hasher,
               const struct p256 *keys, size_t n_keys)
{
    struct pubkey *fresh[POLICIES_KEYS_MAX] = {NULL};
    const struct opening with = {
        .keys = fresh, .n_keys = n_keys, .hasher = hasher, .folder = policies->folder};
    struct loaded loaded = {.there = false};
    int r = n_keys <= POLICIES_KEYS_MAX ? keys_from(keys, n_keys, fresh) : -EINVAL;

    if (r == 0) {
        r = load_stored(&with, store, &loaded);
    }
    if (r < 0) {
        keys_done(fresh);
        return r;
    }
    keys_done(policies->keys);
    loaded_done(&policies->now);
    memcpy(policies->keys, fresh, sizeof(fresh));
    policies->n_keys = n_keys;
    policies->now = loaded;
    return 0;
}

/* Whether a whole bundle of ours may follow the one that counts. */
static int
judge_sequence(const struct policies *policies, const struct loaded *offered)
{
    const struct policies_info *now = &policies->now.info;
    const struct policies_info *fresh = &offered->info;

    if (fresh->sequence != now->sequence) {
        return POLICIES_TAKEN;
    }
    if (memcmp(fresh->digest, now->digest, sizeof(now->digest)) != 0) {
        return POLICIES_E_TWIN;
    }
    return policies->now.book ? POLICIES_SAME : POLICIES_TAKEN;
}

static int
put(struct store *store, const struct policies_offer *offer, struct loaded *loaded,
    struct fault *ret_fault)
{
    const struct store_bundle row = {.sequence = loaded->info.sequence, .loaded_ms = offer->now_ms};
    int r = store_bundle_put(store, &row, offer->sealed);

    if (r == STORE_EXISTS) { /* the store knows of a higher one than was loaded */
        (void)fault_at(ret_fault, RULE_BUNDLE_BACK, FAULT_NO_EVENT, 0);
        return POLICIES_E_RULE;
    }
    loaded->info.loaded_ms = offer->now_ms;
    return r > 0 ? -EIO : r;
}

int
policies_publish(struct policies *policies, struct store *store, struct hasher *hasher,
                 const struct policies_offer *offer, struct policies_info *ret_info,
                 struct fault *ret_fault)
{
    const struct opening opening = {.sealed = offer->sealed,
                                    .keys = policies->keys,
                                    .n_keys = policies->n_keys,
                                    .hasher = hasher,
                                    .folder = policies->folder,
                                    .last = policies->now.info.sequence,
                                    .now_s = (uint64_t)(offer->now_ms / 1000)};
    struct loaded loaded = {.there = false};
    int r;

    if (policies->n_keys == 0 || policies->next.there) {
        return policies->n_keys == 0 ? POLICIES_E_KEYLESS : POLICIES_E_BUSY;
    }
    r = open_book(&opening, &loaded, ret_fault);
    if (r != 0) {
        return r < 0 ? r : POLICIES_E_RULE;
    }
    r = judge_sequence(policies, &loaded);
    if (r == POLICIES_SAME) {
        *ret_info = policies->now.info;
    } else if (r == POLICIES_TAKEN) {
        r = put(store, offer, &loaded, ret_fault);
    }
    if (r != POLICIES_TAKEN) {
        loaded_done(&loaded);
        return r;
    }
    *ret_info = loaded.info;
    policies->next = loaded;
    policies->next_in_piece = true;
    return POLICIES_TAKEN;
}

void
policies_piece(struct policies *policies)
{
    policies->next_in_piece = false;
}

void
policies_undo(struct policies *policies)
{
    if (policies->next_in_piece) {
        loaded_done(&policies->next);
        policies->next_in_piece = false;
    }
}

void
policies_settle(struct policies *policies, bool held)
{
    if (held && policies->next.there) {
        loaded_done(&policies->now);
        policies->now = policies->next;
        policies->next = (struct loaded){.there = false};
    }
    loaded_done(&policies->next);
    policies->next_in_piece = false;
}

size_t
policies_keys(const struct policies *policies)
{
    return policies->n_keys;
}

enum policies_state
policies_state(const struct policies *policies, uint64_t now_s)
{
    const struct policies_info *info = &policies->now.info;

    if (!policies->now.there) {
        return POLICIES_NONE;
    }
    if (!policies->now.book) {
        return POLICIES_BROKEN;
    }
    return info->not_after_s > 0 && now_s >= info->not_after_s ? POLICIES_EXPIRED : POLICIES_READY;
}

uint64_t
policies_sequence(const struct policies *policies)
{
    return policies->now.info.sequence;
}

void
policies_info(const struct policies *policies, struct policies_info *ret)
{
    *ret = policies->now.info;
}

const struct rulebook *
policies_book(const struct policies *policies)
{
    return policies->now.book;
}

const struct rulebook *
policies_taken(const struct policies *policies)
{
    return policies->next.book;
}

const struct ima_sets *
policies_sets(const struct policies *policies)
{
    return policies->now.sets;
}

const uint8_t *
policies_firm(const struct policies *policies, size_t block)
{
    return policies->now.firm[block];
}

/* What the book's bundle says of such a device. */
static enum policies_found
choose(const struct rulebook *book, const char *class_name, const struct store_groups *groups,
       struct policies_choice *ret)
{
    const struct bundle *bundle = rulebook_bundle(book);
    const struct bundle_policy *found[2];
    struct bytes names[STORE_GROUPS_MAX];
    size_t n = groups ? store_groups_names(groups, names) : 0;
    enum bundle_choice choice = bundle_choose(bundle, bytes_str(class_name), names, n, found);

    if (choice == BUNDLE_CHOICE_NONE || choice == BUNDLE_CHOICE_APART) {
        return choice == BUNDLE_CHOICE_NONE ? POLICY_NONE : POLICY_APART;
    }
    ret->book = book;
    ret->policy = (size_t)(found[0] - bundle->policies);
    ret->other = found[1] ? (size_t)(found[1] - bundle->policies) : ret->policy;
    return choice == BUNDLE_CHOICE_ONE ? POLICY_FOUND : POLICY_TWO;
}

enum policies_found
policies_find(const struct policies *policies, const char *class_name,
              const struct store_groups *groups, uint64_t now_s, struct policies_choice *ret)
{
    enum policies_state state = policies_state(policies, now_s);

    *ret = (struct policies_choice){.found = POLICY_NONE, .at_s = now_s};
    if (state == POLICIES_BROKEN) {
        ret->found = POLICY_BROKEN;
    } else if (state != POLICIES_NONE) {
        ret->found = choose(policies->now.book, class_name, groups, ret);
    }
    if (state == POLICIES_EXPIRED && ret->found != POLICY_NONE) {
        ret->found = POLICY_EXPIRED;
    }
    return ret->found;
}

const struct bundle_policy *
policies_chosen(const struct policies_choice *choice)
{
    return choice->found == POLICY_FOUND ? &rulebook_bundle(choice->book)->policies[choice->policy]
                                         : NULL;
}
