/* From boots that somebody trusts to a policy text that allows them, for a person to read and edit.
 * Nothing of it is taken on faith: a rule says what it rests on, and text of a device comes into
 * the policy as a quoted word, a label or not at all, never as a wildcard. Appraisal page, sections
 * 2a and 5c (1). */
#pragma once

#include <stdio.h>

#include "appraise/facts.h"

#define LEARN_BOOTS_MAX 60u /* one command names no more files */
#define LEARN_NAME_MAX 32u  /* what is learnt makes longer names of it */

/* One boot, placed by slots_assign() with the bank and PCRs of the options, and read by
 * facts_read(); its log was vouched for. */
struct learn_boot {
    const struct event_log *log;
    const struct event_log *userspace; /* or NULL */
    const struct slot_map *map;
    struct boot_facts *facts; /* facts_events() writes into them */
};

struct learn_options {
    const char *class_name; /* that the policy applies to */
    const char *name;       /* of the policy, its releases and its sets */
    uint32_t version;
    struct bytes source_kind, source; /* that releases name: part_is_name(), or both empty */
    enum hash bank;
    uint32_t pcrs; /* to be quoted; what is measured into others is not looked at */
};

enum {
    LEARN_E_NAME = 1, /* class or policy: policy_learn_name() */
    LEARN_E_BANK,     /* a boot's log has no such bank */
    LEARN_E_CODE,     /* a boot tells in these PCRs of no code behind the firmware */
};

/* May it name a policy or a class: a name of the language, and not longer than LEARN_NAME_MAX? */
bool policy_learn_name(const char *text);

/* PCRs 0 to 15 that the log has events of. */
uint32_t policy_learn_pcrs(const struct event_log *log);

/* Writes the policy: equal boots in equal order give equal bytes. n is 1 to LEARN_BOOTS_MAX.
 * Returns 0; a LEARN_E_ outcome, with the boot's place in *ret_boot if it is one's; or -ENOMEM,
 * -EIO. Unless it returns 0 what was written is of no use. */
MUST_CHECK int policy_learn(FILE *out, struct hasher *hasher, const struct learn_options *options,
                            const struct learn_boot *boots, size_t n, size_t *ret_boot);

/* Writes just the release of what the firmware measures of itself: of the component and of the
 * options' name and source, with a variant for each boot that differs. *ret_others counts the
 * boots' other events. Returns 0; LEARN_E_BANK; LEARN_E_CODE when no boot measures firmware; or
 * -ENOMEM. */
MUST_CHECK int policy_learn_firmware(FILE *out, const struct learn_options *options,
                                     const char *component, const char *version,
                                     const struct learn_boot *boots, size_t n, size_t *ret_others);
