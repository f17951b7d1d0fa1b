/* One side's word on one member: what a bundle's policy for its class, or the class's reference
 * events, say of its boot. Inside tools/rejudge. */
#pragma once

#include "appraise/boot-beside.h"
#include "rejudge/rejudge.h"
#include "store/store-group.h"
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

/* What judges a device: of NONE its class's reference events, of ONE the policy, else nothing. */
struct rejudge_choice {
    enum bundle_choice choice;
    const struct bundle_policy *two[2]; /* of TWO, else NULL */
    const struct bundle_policy *row;    /* of ONE, else NULL */
    const struct rulebook *book;        /* the same */
    size_t policy;                      /* of ONE: its place in the book's bundle */
};

/* What a book (NULL: none) has for a device of this class and these groups. */
void rejudge_choose(const struct rulebook *book, const char *class_name,
                    const struct store_groups *groups, struct rejudge_choice *ret);

/* Judges by what was chosen. *ret_partial: rules for the IMA list were left out, so that the tier
 * is at best as it says. Returns 0 or a negative errno. */
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
                               const struct rejudge_choice *choice, struct rejudge_opinion *ret,
                               bool *ret_partial);

/* The same with all that it came of: ask and told of a policy alone, until the room judges again.
 * Returns 0 or a negative errno. */
struct rejudge_judgement {
    struct boot_ask ask;
    struct verdict verdict;
    struct boot_told told;
};
MUST_CHECK int rejudge_judgement(const struct rejudge_judge *judge,
                                 const struct rejudge_case *about,
                                 const struct rejudge_choice *choice, struct rejudge_judgement *ret,
                                 struct rejudge_opinion *ret_opinion);

/* Whether a policy has a rule for the IMA list. */
bool rejudge_reads_ima(const struct rulebook *book, size_t policy);
