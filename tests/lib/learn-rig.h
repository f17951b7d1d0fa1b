/* Boots of tests/vectors as the keeper sees them, what is learnt from them, and what that says of a
 * boot. One at a time; the fault that ends a case names the file. */
#pragma once

#include "appraise/boot.h"
#include "policy/policy-learn.h"

struct learn_rig_boot {
    struct bytes bytes; /* of the firmware log; a test may change them before learn_rig_read() */
    struct event_log log;
    bool has_userspace;
    struct event_log userspace;
    struct slot_map map;
    struct boot_facts facts;
    struct event events[LIMIT_EVENTS], userspace_events[LIMIT_USERLOG_RECORDS];
    uint8_t records[4 * 1024 * 1024], userspace_records[256 * 1024];
};

extern struct learn_rig {
    struct hasher *hasher;
    struct learn_options options;
    size_t n;
    struct learn_rig_boot *boots[8];
    char *text; /* what was learnt */
    size_t text_len;
    struct rulebook *book;
    size_t policy; /* of the book, by which is judged; 0 unless a test says otherwise */
    struct boot_room *room;
    bool check_events;       /* judging looks at separators, types and bound data too */
    struct advisory_tpm tpm; /* that the boot is of; zero: not known */
    struct boot_ask ask;     /* what was asked last */
    struct boot_told told;
    struct verdict verdict;
    size_t n_pins;
    struct rule_pin pins[RULE_PINS_MAX]; /* of learn_rig_pin() */
    size_t n_announced;
    bool may_pin;          /* also what has pins, as the service does */
    struct rule_past past; /* gives what learn_rig_pin() kept */
    struct bytes past_digest, past_list;
    struct rule_announced announced[8]; /* by the device that is judged; a test sets them */
    uint64_t now_s;                     /* by which is judged; a test may change it */
} learn_rig;

/* Forgets all. */
void learn_rig_new(void);

/* Adds a boot; userspace: systemd's log of it, or BYTES_NULL. Bank and PCRs of the options become
 * what fits all boots: SHA-256 if it can be, and PCRs with events. */
struct learn_rig_boot *learn_rig_add(struct bytes log, struct bytes userspace);
struct learn_rig_boot *learn_rig_file(const char *vector);

/* Reads a boot's bytes, as the options say. */
void learn_rig_read(struct learn_rig_boot *boot);

/* Learns from all boots; as policy_learn(). */
int learn_rig_learn(size_t *ret_boot);

/* Loads a policy's text (learn_rig.text, or what a test made of it); it must compile. Pins stay. */
void learn_rig_load(const char *text);

/* Judges a boot by what is loaded, by pins of learn_rig_pin() unless that was not called. Nothing
 * but policy can be wrong with it, and its events where check_events says so. */
void learn_rig_judge(const struct learn_rig_boot *boot);

/* Reasons of the boot just judged, each with f, w or n for its effect: "421f 306w". */
#define LEARN_RIG_SAID 160u
const char *learn_rig_said(char room[LEARN_RIG_SAID]);

/* A claim of the boot just judged as JSON (boot-claims.h); "" when it is absent. Static memory. */
const char *learn_rig_claim(const char *name);

/* Pins what the boot just judged has to be known by, as copies. */
void learn_rig_pin(void);

/* The judged boot's result of a rule, by its id; NULL: the policy has none. */
const struct rule_result *learn_rig_rule(const char *id);

/* Learns from one boot alone, loads what was learnt, pins the boot and judges it by both. */
void learn_rig_pinned(const char *vector);
