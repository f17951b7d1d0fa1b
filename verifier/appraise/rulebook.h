/* A bundle made ready to judge by: slots looked up, digests indexed, lives of releases worked out.
 * Loaded once, then only read; nothing allocates after that. Appraisal page, section 5f. */
#pragma once

#include "appraise/slot-table.h"
#include "crypto/pubkey.h"
#include "wire/bundle.h"
#include "wire/policy-code.h"

struct rulebook;

/* A record that has a digest, unpacked. Those of one digest follow each other. */
struct rulebook_ref {
    uint64_t key; /* first 8 bytes of the digest, big-endian */
    uint32_t record;
    uint16_t set;
    uint16_t release; /* or BUNDLE_NONE */
    uint8_t state;    /* enum bundle_state, as written */
    uint8_t group;
    uint8_t position;
    bool optional;
};

/* One whole variant of a set: what `one-of @set whole` compares with. */
struct rulebook_variant {
    uint16_t set;
    uint16_t release;
    uint8_t group;
    uint32_t n_needed; /* events that are not optional */
};

/* Takes a copy of a body. Returns 0; 1 with the fault: the body is not of its form
 * (RULE_WIRE_BUNDLE, RULE_BUNDLE_SCHEMA), names a slot that this table does not have or asks of one
 * what it cannot tell (RULE_BUNDLE_SLOT), leaves a slot without the rule that it needs
 * (RULE_BUNDLE_EMPTY), or holds a key that signs no files (RULE_BUNDLE_KEY, its place as the
 * event); or a negative errno. */
MUST_CHECK int rulebook_new(struct bytes body, struct rulebook **ret, struct fault *ret_fault);
void rulebook_free(struct rulebook *book);
void rulebook_freep(struct rulebook **book);

const struct bundle *rulebook_bundle(const struct rulebook *book);

/* Never 0; differs between books of different bodies, but by chance of one in 2^64: what was worked
 * out by a book holds for another one of the same mark. No defence: bundles are an operator's. */
uint64_t rulebook_mark(const struct rulebook *book);

/* Slot and dimension of a rule, by its place in the bundle's rules. */
enum slot rulebook_slot(const struct rulebook *book, size_t rule);
enum policy_dimension rulebook_dimension(const struct rulebook *book, size_t rule);

/* Records with this digest in tables of alg, in all sets: how many, and the first in *ret_refs. */
size_t rulebook_find(const struct rulebook *book, enum hash alg, struct bytes digest,
                     const struct rulebook_ref **ret_refs);
struct bytes rulebook_digest(const struct rulebook *book, enum hash alg,
                             const struct rulebook_ref *ref);

/* A key of the bundle's sets, decoded; by its place in the bundle's keys. */
struct rulebook_key {
    struct pubkey *key;
    uint8_t digest[32]; /* SHA-256 of its SPKI */
};
const struct rulebook_key *rulebook_key(const struct rulebook *book, size_t i);

/* The variant of a set that is (release, group) in a bank, or NULL. */
const struct rulebook_variant *rulebook_variant(const struct rulebook *book, enum hash alg,
                                                uint16_t set, uint16_t release, uint8_t group);

/* State of a record at a time: its own, or that of its release with active_s, retire_s and what
 * replaces it counted in. A revoked one stays revoked. */
enum bundle_state rulebook_state(const struct rulebook *book, const struct rulebook_ref *ref,
                                 uint64_t now_s);

/* State of a release at a time, as of a record of it. */
enum bundle_state rulebook_release_state(const struct rulebook *book, uint16_t release,
                                         uint64_t now_s);

/* Releases of the same component as this one, as a bit set of LIMIT_BUNDLE_RELEASES. */
#define RULEBOOK_WORDS (LIMIT_BUNDLE_RELEASES / 64u)
const uint64_t *rulebook_component(const struct rulebook *book, uint16_t release);
