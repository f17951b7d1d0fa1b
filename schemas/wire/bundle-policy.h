/* Policies, rules and their lists as a bundle holds them. bundle.cddl; appraisal page, section 5b.
 * What follows from a rule that does not pass (reason, dimension) is not here: policy-code.h. */
#pragma once

#include "base/fault.h"
#include "wire/selection.h"

enum bundle_verb {
    VERB_NONE,
#define VERB(number, name, text, args, flags) VERB_##name = number,
#include "wire/policy-verb.def"
#undef VERB
    VERB_MAX = VERB_POLICY,
};

enum verb_args {
    ARGS_NONE,
    ARGS_SET,     /* one set */
    ARGS_LIST,    /* 1 to LIMIT_RULE_ARGS sets or words, each min to max times, in this order */
    ARGS_TEXT,    /* one text: for `is` a word, for `match` a glob */
    ARGS_LEAST,   /* a number; or the floor of a component; or a level of SBAT */
    ARGS_CMDLINE, /* index of a list of that kind */
    ARGS_GRUBCMD,
    ARGS_IMA, /* index into imas */
};

enum { VERB_TEXT = 1, VERB_CERTS = 2 };

/* "one-of"; NULL out of range. The other way: VERB_NONE when it is none. */
const char *bundle_verb_name(enum bundle_verb verb);
enum bundle_verb bundle_verb_from(struct bytes name);
enum verb_args bundle_verb_args(enum bundle_verb verb);
unsigned bundle_verb_flags(enum bundle_verb verb);

/* One argument; what is unused is BUNDLE_NONE, empty, 0. */
struct bundle_arg {
    uint16_t index;    /* of a set (ARGS_SET, _LIST; _LEAST: of kind SBAT), cmdline, grubcmd, ima */
    struct bytes text; /* a word; of ARGS_LEAST: the component whose floor `number` is */
    uint64_t number;   /* of ARGS_LEAST: the least svn, version or SBAT level */
    uint16_t min, max; /* of ARGS_LIST: how often, 1 and 1 unless said; else 0 */
};

enum {
    RULE_WHOLE = 1,        /* one-of: the slot's events are, in order, one whole variant */
    RULE_PREFIX_OK = 2,    /* sequence: it may end early */
    RULE_SAME_RELEASE = 4, /* releases of all matched digests of all such rules must meet: 434 */
    RULE_UNPINNED = 8,     /* `any` on a slot of unverified code: executables at most 33, 442 */
    RULE_FLAGS_ALL = 15,
};

struct bundle_rule {
    struct bytes id;   /* unique in its policy */
    struct bytes slot; /* name as in verifier/appraise/slot.def; a name unknown there refuses 810 */
    enum bundle_verb verb;
    size_t first_arg, n_args;      /* in the bundle's args */
    uint16_t count_min, count_max; /* events of the slot: below 216, above 217. Always set; without
                                    * meaning for slots that no event carries */
    uint8_t flags;
    uint8_t or_pin;                 /* one-of: so many of the slot's values may be pinned instead */
    enum reason_effect otherwise;   /* when it does not pass */
    uint32_t for_s;                 /* 0, or: `otherwise` so long from the set's publication, */
    enum reason_effect then_effect; /* then this; else equal to otherwise */
    struct bytes claim;             /* told with the verdict; empty: none */
};

enum bundle_mode { BUNDLE_MODE_OFF = 1, BUNDLE_MODE_OBSERVE, BUNDLE_MODE_ENFORCE };
enum { BUNDLE_TIER_AFFIRMING = 2, BUNDLE_TIER_WARNING = 32 }; /* AR4SI section 3.2 */

enum {
    BUNDLE_KEY_P256 = 1,
    BUNDLE_KEY_P384 = 2,
    BUNDLE_KEY_RSA2048 = 4,
    BUNDLE_KEY_RSA3072 = 8,
    BUNDLE_KEY_RSA4096 = 16,
    BUNDLE_KEYS_ALL = 31,
};

struct bundle_policy {
    struct bytes name; /* unique in the bundle */
    uint32_t version;  /* at least 1 */
    size_t n_classes;  /* 0: a base that others extend; never applied to a device */
    struct bytes classes[LIMIT_POLICY_CLASSES]; /* ascending; no class in two of the same group */
    struct bytes group;                         /* whose devices alone it is for; empty: all */
    struct bytes base;     /* the policy that it extends, whose rules are in it already; or empty */
    uint32_t base_version; /* 0 without base */
    struct bytes profile;  /* how the boot measures, as in "uboot-bootm"; empty: UEFI */
    struct pcr_set quote;  /* bank and PCRs to be quoted; a base may have mask 0 */
    uint8_t ak;            /* BUNDLE_KEY_ bits of the AKs that are taken; 0: any that we speak */
    enum hash min_hash;    /* weakest bank that may stand alone; HASH_N: not said */
    uint32_t token_ttl_s;  /* 0: the service's own */
    uint8_t token_floor;   /* BUNDLE_TIER_, worst tier that gets a token */
    uint32_t fresh_evidence_s, fresh_boot_s; /* 0: not said; beyond: 112 */
    enum reason_effect fresh_else;
    uint32_t log_bytes;        /* 0: the service's own */
    uint32_t datagrams;        /* 0: any */
    bool exit_events_optional; /* a log may lack the events of ExitBootServices: told as 219 */
    enum bundle_mode mode; /* off: not judged by it; observe: recorded, never refused by it, 807 */
    size_t first_rule, n_rules; /* in the bundle's rules, in the order written */
};

/* Items of lists. Globs: `*` is any run of characters in a token; in paths `*` stops at `/` and
 * `**` does not. There is no escape; everything else stands for itself. {name} is a hole: in `bind`
 * a value that is learnt at enrolment and pinned, in `expect` any run without blanks. */
enum bundle_item_kind {
    ITEM_REQUIRE = 1, /* cmdline: must stand; 501 */
    ITEM_BIND,        /* cmdline: must stand with the device's own value; 504 */
    ITEM_ALLOW,       /* cmdline */
    ITEM_DENY,        /* cmdline: beats all others; 502 */
    ITEM_WORD,        /* grubcmd: a command that may run */
    ITEM_EXPECT,      /* grubcmd: commands of this first word run only in such a form; 505 */
    ITEM_DENY_SET,    /* ima: digests; 605 */
    ITEM_DENY_PATH,   /* ima: 605 */
    ITEM_ALLOW_SET,   /* ima: digests */
    ITEM_SIGNED_SET,  /* ima: a set of keys; 606, 607, 608 */
    ITEM_SKIP_PATH,   /* ima */
    ITEM_KIND_MAX = ITEM_SKIP_PATH,
};

struct bundle_item {
    enum bundle_item_kind kind;
    struct bytes text; /* empty for kinds that name a set */
    uint16_t set;      /* or BUNDLE_NONE */
};

/* A cmdline or grubcmd block. */
struct bundle_list {
    struct bytes name;            /* unique in its kind */
    size_t first_item, n_items;   /* in the bundle's items: ascending by kind, then as written */
    enum reason_effect otherwise; /* what stands in no item: 503, 505 */
};

/* An ima block. Order of evaluation: deny digest, deny path, allow, signed, skip, unknown; deny
 * beats a signature. Appraisal page, section 3. */
struct bundle_ima {
    struct bundle_list list;         /* its otherwise: files that nothing names, 604 */
    uint8_t pcr;                     /* 10 unless the kernel was built otherwise */
    enum hash min_digest;            /* 609 */
    uint8_t keys;                    /* BUNDLE_KEY_ bits; 608 */
    enum reason_effect violations;   /* 610 */
    uint16_t violations_max;         /* more than so many fail; 0 when violations fail at once */
    uint32_t unknown_for_s;          /* 0, or: list.otherwise so long, */
    enum reason_effect unknown_then; /* then this; else equal to list.otherwise */
    bool unknown_pending; /* the span is given only while an update of the set is pending */
};

/* May an item of that kind stand in that list, and does it name a set? */
bool bundle_item_fits(enum bundle_item_kind kind, enum verb_args list);
bool bundle_item_is_set(enum bundle_item_kind kind);
