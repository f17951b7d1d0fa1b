/* The policy bundle that counts: what of the store's bundle the keeper may judge by. Appraisal
 * page, sections 5a and 5b.
 *
 * A site has no bundle, or one. A bundle that is there and cannot be used (no key that we have
 * vouches for it, its bytes are broken, it was written for another schema, its end has passed) is
 * not as if there were none: a class that it may name has no policy then, and is not judged by
 * something weaker in its place. Loading checks the signature again each time, so that whoever can
 * write the store cannot write policy.
 *
 * A bundle that was published counts from the commit of the turn that took it; until then all that
 * is asked here is answered by the one before. Nothing allocates but starting and publishing. */
#pragma once

#include "appraise/ima-sets.h"
#include "appraise/rulebook.h"
#include "crypto/p256.h"
#include "store/store-group.h"

struct policies;

enum policies_state {
    POLICIES_NONE,    /* none was ever published */
    POLICIES_READY,   /* there is one to judge by */
    POLICIES_BROKEN,  /* there is one, and it must not be used */
    POLICIES_EXPIRED, /* there is one, whole and ours, and its end has passed */
};

enum policies_found {
    POLICY_FOUND,
    POLICY_NONE,    /* no bundle, no policy for this class in it, or its mode is off */
    POLICY_BROKEN,  /* the bundle must not be used; whether it names this class nobody knows: 801 */
    POLICY_EXPIRED, /* the bundle has a policy for this class, and its end has passed: 802 */
    POLICY_APART,   /* it has policies for groups of this class alone, and the device is in none of
                     * them: as of one that is nowhere, references are not its word. 801 */
    POLICY_TWO, /* two are for groups that the device is in, and neither is before the other: 801 */
};

/* What judges a device, as of one moment; until the turn ends: a later turn asks again. */
struct policies_choice {
    enum policies_found found;
    uint64_t at_s;               /* UTC: when it was asked */
    const struct rulebook *book; /* of FOUND and TWO */
    size_t policy;               /* the same: index in the bundle's policies */
    size_t other;                /* of TWO: the second */
};

/* What is known of the bundle that counts. All 0 without one. */
struct policies_info {
    uint64_t sequence;    /* as the store has it, of a broken one too */
    uint64_t issued_s;    /* UTC; of a broken one 0, as not_after_s */
    uint64_t not_after_s; /* 0: never ends */
    int64_t loaded_ms;    /* when it was published here */
    uint8_t digest[32];   /* SHA-256 of the sealed bytes */
    enum rule why;        /* of a broken one: what is wrong with it */
};

/* Holds no bundle and no key. NULL without memory. */
struct policies *policies_new(void);
void policies_free(struct policies *policies);

/* The folder of the sets that bundles keep outside themselves (ima-sets.h); before the start. A
 * path that is too long is -ENAMETOOLONG: the keeper does not start then. */
#define POLICIES_FOLDER_ROOM 512u
MUST_CHECK int policies_folder(struct policies *policies, const char *folder);
void policies_folder_as(struct policies *policies, const struct policies *other);

/* Takes keys (POLICIES_KEYS_MAX at most; more are -EINVAL) and loads the store's bundle anew: at
 * the keeper's start and when its keys change, never within a batch. Keys that are no points are
 * -EINVAL. A bundle that cannot be used is no failure: the state says so. Returns 0 or a negative
 * errno; then all is as it was. */
#define POLICIES_KEYS_MAX 2u /* the key, and the next or the last one while it is rotated */
MUST_CHECK int policies_start(struct policies *policies, struct store *store, struct hasher *hasher,
                              const struct p256 *keys, size_t n_keys);

/* What came of an offer. */
enum policies_outcome {
    POLICIES_TAKEN,  /* it is in the store's batch, and counts when that is committed */
    POLICIES_SAME,   /* these very bytes count already; nothing was written */
    POLICIES_E_RULE, /* *ret_fault: it is not ours, not newer, not for now, or no bundle of ours */
    POLICIES_E_TWIN, /* another bundle of this sequence was published */
    POLICIES_E_KEYLESS, /* there is no key to check it with */
    POLICIES_E_BUSY,    /* one was taken in this turn already */
};

struct policies_offer {
    struct bytes sealed;
    int64_t now_ms; /* UTC */
};

/* Judges a signed bundle as policies_start() would, and its sequence and times, and puts it into
 * the store's batch, in the present piece (keeper.h). Returns an outcome, or a negative errno. The
 * bundle that counts stays the same in any case; *ret_info is the offered one's for TAKEN and SAME,
 * else untouched. */
MUST_CHECK int policies_publish(struct policies *policies, struct store *store,
                                struct hasher *hasher, const struct policies_offer *offer,
                                struct policies_info *ret_info, struct fault *ret_fault);

/* The keeper's turn, as in sessions.h: a piece begins; what it took is undone; the batch was
 * committed (what was taken counts from here) or lost. */
void policies_piece(struct policies *policies);
void policies_undo(struct policies *policies);
void policies_settle(struct policies *policies, bool held);

/* How many keys bundles are checked with. */
size_t policies_keys(const struct policies *policies);

enum policies_state policies_state(const struct policies *policies, uint64_t now_s);

/* Sequence of the bundle that counts, whatever its state; 0 without one. */
uint64_t policies_sequence(const struct policies *policies);
void policies_info(const struct policies *policies, struct policies_info *ret);

/* The book of the bundle that counts, an expired one's too; NULL when there is none or it is
 * broken. Valid as policies_find() says. */
const struct rulebook *policies_book(const struct policies *policies);

/* The book that was taken in this turn and counts from its commit; NULL when there is none. */
const struct rulebook *policies_taken(const struct policies *policies);

/* Sets outside the bundle that counts, looked for when it was loaded: what is asked for in
 * ima_judge_ask.files. NULL: it names none, or is broken. As long as its book. */
const struct ima_sets *policies_sets(const struct policies *policies);

/* ima-firm.h of an ima block of the bundle that counts, worked out when it was loaded. */
const uint8_t *policies_firm(const struct policies *policies, size_t block);

/* What judges a device of this class that is in these groups (NULL: in none): wire/bundle.h's
 * choice. Returns ret->found. */
enum policies_found policies_find(const struct policies *policies, const char *class_name,
                                  const struct store_groups *groups, uint64_t now_s,
                                  struct policies_choice *ret);

/* The policy that was found, else NULL. */
const struct bundle_policy *policies_chosen(const struct policies_choice *choice);
