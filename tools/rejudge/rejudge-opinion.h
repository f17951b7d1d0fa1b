/* One side's word on one member: what a bundle's policy for its class, or the class's reference
 * events, say of its boot. Inside tools/rejudge. */
#pragma once

#include "appraise/boot-beside.h"
#include "rejudge/rejudge.h"
#include "keeper/golden-cache.h"

/* A member with its evidence; views. */
struct rejudge_case {
    const struct store_device *device;
    const struct store_class *class_row;
    const struct event_log *firmware;
    const struct event_log *userspace; /* NULL: none */
    const struct rule_pin *pins;
    size_t n_pins;
    const struct rule_announced *announced; /* what it said of boots to come */
    size_t n_announced;
    struct rule_past *past;    /* what pinned lists were; NULL: nobody knows */
    struct boot_beside beside; /* as it was when the evidence came */
    struct advisory_tpm tpm;   /* the same */
};

/* Judges by policy `policy` of a book, or with NULL by reference events. *ret_partial: rules for
 * the IMA list were left out, so that the tier is at best as it says. Returns 0 or a negative
 * errno. */
struct rejudge_judge {
    struct store *store;
    struct hasher *hasher;
    struct boot_room *room;
    struct golden_cache *golden;
    uint64_t now_s;
    bool enforced;
    void (*witness)(void *context, const struct rejudge_sight *sight); /* or NULL */
    void *witness_context;
    struct rejudge_sight sight; /* what of it is not of the judgement */
};
MUST_CHECK int rejudge_opinion(const struct rejudge_judge *judge, const struct rejudge_case *about,
                               const struct rulebook *book, size_t policy,
                               struct rejudge_opinion *ret, bool *ret_partial);

/* The same with all that it came of: by a policy, until the room judges again, and by the class's
 * reference events. Each returns 0 or a negative errno. */
struct rejudge_judgement {
    struct boot_ask ask;
    struct verdict verdict;
    struct boot_told told;
};
MUST_CHECK int rejudge_by_policy(const struct rejudge_judge *judge,
                                 const struct rejudge_case *about, const struct rulebook *book,
                                 size_t policy, struct rejudge_judgement *ret,
                                 struct rejudge_opinion *ret_opinion);
MUST_CHECK int rejudge_by_references(const struct rejudge_judge *judge,
                                     const struct rejudge_case *about, struct verdict *ret,
                                     struct rejudge_opinion *ret_opinion);

/* The policy that a book has for a class, or false: its reference events judge. */
bool rejudge_policy(const struct rulebook *book, const char *class_name, size_t *ret);

/* Whether a policy has a rule for the IMA list. */
bool rejudge_reads_ima(const struct rulebook *book, size_t policy);
