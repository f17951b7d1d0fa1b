/* The bundle: policies with all that they refer to, as the service loads it. bundle.cddl; appraisal
 * page, section 5a. `assay policy compile` writes the body, `assay policy sign` seals it; people
 * write text, only this is loaded.
 *
 * A body is deterministic CBOR: equal policies are equal bytes. The reader is strict and allocates
 * nothing; what it returns is checked as a whole: every index is in range and names the right kind,
 * every name is unique, every verb has the arguments that it takes. It does not know slots: whoever
 * evaluates looks each rule's slot up and refuses a bundle that names one that it does not have. */
#pragma once

#include "crypto/cose.h"
#include "wire/bundle-advisory.h"
#include "wire/bundle-policy.h"
#include "wire/bundle-set.h"

#define BUNDLE_SCHEMA 1u /* the table of slots that policies are written for */
#define BUNDLE_PROFILE "tag:assay.dev,2026:bundle-1" /* external_aad of the signature */

/* One release of a component; its digests are records of sets. */
struct bundle_release {
    struct bytes component; /* "fw", "os" */
    struct bytes name;      /* "debian-12-corp" */
    struct bytes version;   /* (component, name, version) is unique, and the order of releases */
    uint64_t svn;           /* rises with what must not be undone */
    enum bundle_state state;
    struct bytes source_kind, source; /* "pipeline", "build-2026"; both may be empty */
    uint64_t active_s;                /* UTC; before it: as if staged. 0: from ever */
    uint64_t retire_s;                /* UTC; from it on: as if retired. 0: never */
    struct bytes replaces;            /* version of the same name that it replaces, or empty */
    uint32_t overlap_s;    /* so long after active_s the replaced one passes, with 435; 0 without */
    struct bytes slots;    /* names of its boot slots with blanks between, or empty */
    uint16_t cmdline;      /* index of the list that it is started with, or BUNDLE_NONE */
    bool announced_initrd; /* an unknown initrd that the device announced warns, does not fail, when
                            * its kernel is of this release; executables at most 33 */
};

/* A whole bundle; about 550 kB, so keep it in memory that lives as long as it is used. Texts and
 * tables are views into the bytes that were read. */
struct bundle {
    size_t n_policies; /* at least 1; ascending by name, as sets, releases and lists are */
    struct bundle_policy policies[LIMIT_BUNDLE_POLICIES];
    size_t n_sets;
    struct bundle_set sets[LIMIT_BUNDLE_SETS];
    size_t n_releases;
    struct bundle_release releases[LIMIT_BUNDLE_RELEASES];
    size_t n_cmdlines, n_grubcmds, n_imas;
    struct bundle_list cmdlines[LIMIT_BUNDLE_LISTS], grubcmds[LIMIT_BUNDLE_LISTS];
    struct bundle_ima imas[LIMIT_BUNDLE_LISTS];
    size_t n_labels; /* texts of records, ascending */
    struct bytes labels[LIMIT_BUNDLE_LABELS];
    size_t n_advisories; /* ascending by name */
    struct bundle_advisory advisories[LIMIT_BUNDLE_ADVISORIES];
    /* pools that policies, rules, sets and lists point into by first and n */
    size_t n_rules, n_args, n_words, n_items, n_keys;
    struct bundle_rule rules[LIMIT_BUNDLE_RULES];
    struct bundle_arg args[LIMIT_BUNDLE_ARGS];
    struct bundle_word words[LIMIT_BUNDLE_WORDS];
    struct bundle_item items[LIMIT_BUNDLE_ITEMS];
    struct bundle_key keys[LIMIT_BUNDLE_KEYS];
};

/* Reads a body. Returns 0, or 1 with the fault (RULE_WIRE_BUNDLE, RULE_BUNDLE_SCHEMA). *ret must
 * not be used unless 0. Views into in. */
MUST_CHECK int bundle_read(struct bytes in, struct bundle *ret, struct fault *ret_fault);

/* Writes a bundle that bundle_read() would take, in the order that it holds. Errors latch in wr. */
void bundle_write(struct wr *wr, const struct bundle *bundle);

/* The policy for this class and this group, or with an empty group for the class alone; or NULL. */
const struct bundle_policy *bundle_policy_of(const struct bundle *bundle, struct bytes class,
                                             struct bytes group);

/* Which policy is for a device. One for its class and a group that it is in comes before that for
 * the class alone; one whose mode is off is not asked. */
enum bundle_choice {
    BUNDLE_CHOICE_NONE, /* the bundle says nothing of the class, or that it is not to be judged */
    BUNDLE_CHOICE_ONE,
    BUNDLE_CHOICE_APART, /* the class has policies for groups alone, none of which it is in */
    BUNDLE_CHOICE_TWO,   /* two are for groups that it is in: neither is before the other */
};

/* *ret is the policy of ONE; ret[0] and ret[1] are the first two of TWO; else they are NULL. */
enum bundle_choice bundle_choose(const struct bundle *bundle, struct bytes class,
                                 const struct bytes *groups, size_t n_groups,
                                 const struct bundle_policy *ret[2]);

/* Index of a set by name, or BUNDLE_NONE. */
uint16_t bundle_set_named(const struct bundle *bundle, struct bytes name);

/* What the signature covers: a body and when it counts. */
struct bundle_seal {
    uint64_t sequence;    /* at least 1; a verifier never takes a lower one than it has seen */
    uint64_t issued_s;    /* UTC */
    uint64_t not_after_s; /* UTC, above issued_s; 0: never ends */
    struct bytes body;
};

/* The payload of the COSE_Sign1: a seal. The reader takes it whole, the body unread.
 * Returns 0 or 1 with the fault RULE_WIRE_BUNDLE; *ret is untouched then. */
MUST_CHECK int bundle_seal_read(struct bytes in, struct bundle_seal *ret, struct fault *ret_fault);
void bundle_seal_write(struct wr *wr, const struct bundle_seal *seal);

/* Is this a signed bundle by its first byte (tag 18), or a body? */
bool bundle_is_signed(struct bytes in);

/* Signs a seal as COSE_Sign1 with BUNDLE_PROFILE as external data, so that no signature made for
 * something else counts; kid (may be empty) names the key. room: scratch of the seal's size and 64
 * bytes more. Returns 0, -ENOSPC when wr or room is too small, or another errno. */
MUST_CHECK int bundle_sign(struct wr *wr, const struct bundle_seal *seal, struct bytes kid,
                           struct wr *room, struct privkey *key, struct hasher *hasher);

/* Opens a signed bundle: signature first, then the seal's form, sequence and end. `last` is the
 * highest sequence seen (0: none), an equal one is taken; now_s 0: do not look at times.
 * Returns 0; 1 with the fault RULE_BUNDLE_SIGNATURE, RULE_WIRE_BUNDLE, RULE_BUNDLE_BACK or
 * RULE_BUNDLE_LATE; or a negative errno. *ret is untouched unless 0; its body is a view into in. */
MUST_CHECK int bundle_open(struct bytes in, struct pubkey *key, struct hasher *hasher,
                           uint64_t last, uint64_t now_s, struct bundle_seal *ret,
                           struct fault *ret_fault);
