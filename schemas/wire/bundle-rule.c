/* Rules of a policy and the table of verbs. */
#include "wire/bundle-rule.h"

enum rule_key {
    RULE_KEY_ID = 1,
    RULE_KEY_SLOT,
    RULE_KEY_VERB,
    RULE_KEY_ARGS,
    RULE_KEY_COUNT,
    RULE_KEY_FLAGS,
    RULE_KEY_PIN,
    RULE_KEY_ELSE,
    RULE_KEY_FOR,
    RULE_KEY_THEN,
    RULE_KEY_CLAIM,
};

enum arg_key { ARG_INDEX = 1, ARG_TEXT, ARG_NUMBER, ARG_MIN, ARG_MAX };

enum {
    RULE_NEEDS = 1 << RULE_KEY_ID | 1 << RULE_KEY_SLOT | 1 << RULE_KEY_VERB | 1 << RULE_KEY_COUNT,
    PIN_MAX = 64, /* of 22 measured files of a boot, page 2a, 10 are no package's */
};

static const struct {
    const char *name;
    enum verb_args args;
    unsigned flags;
} verbs[] = {
#define VERB(number, name, text, args, flags) [number] = {text, args, flags},
#include "wire/policy-verb.def"
#undef VERB
};

static bool
is_verb(enum bundle_verb verb)
{
    return verb >= 1 && verb <= VERB_MAX;
}

const char *
bundle_verb_name(enum bundle_verb verb)
{
    return is_verb(verb) ? verbs[verb].name : NULL;
}

enum bundle_verb
bundle_verb_from(struct bytes name)
{
    for (unsigned i = 1; i <= VERB_MAX; i++) {
        if (bytes_equal(name, bytes_str(verbs[i].name))) {
            return (enum bundle_verb)i;
        }
    }
    return VERB_NONE;
}

enum verb_args
bundle_verb_args(enum bundle_verb verb)
{
    return is_verb(verb) ? verbs[verb].args : ARGS_NONE;
}

unsigned
bundle_verb_flags(enum bundle_verb verb)
{
    return is_verb(verb) ? verbs[verb].flags : 0;
}

static void
read_arg_key(struct cbor_rd *c, int64_t key, struct bundle_arg *arg)
{
    switch (key) {
    case ARG_INDEX:
        arg->index = (uint16_t)cbor_rd_uint(c, LIMIT_BUNDLE_SETS - 1);
        break;
    case ARG_TEXT:
        arg->text = part_text(c);
        break;
    case ARG_NUMBER:
        arg->number = part_uint(c, INT64_MAX);
        break;
    case ARG_MIN:
        arg->min = (uint16_t)cbor_rd_uint(c, LIMIT_RULE_TIMES);
        cbor_rd_require(c, arg->min != 1);
        break;
    case ARG_MAX:
        arg->max = (uint16_t)cbor_rd_uint(c, LIMIT_RULE_TIMES);
        cbor_rd_require(c, arg->max > 1);
        break;
    default:
        cbor_rd_fail(c);
    }
}

/* Are those keys there that the verb's arguments have, and no other? */
static bool
arg_holds(enum verb_args args, unsigned seen, const struct bundle_arg *arg)
{
    const unsigned index = 1u << ARG_INDEX;
    const unsigned text = 1u << ARG_TEXT;
    const unsigned number = 1u << ARG_NUMBER;
    unsigned what = seen & (index | text | number);

    if (args != ARGS_LIST && seen != what) {
        return false;
    }
    switch (args) {
    case ARGS_NONE:
        return false;
    case ARGS_SET:
    case ARGS_CMDLINE:
    case ARGS_GRUBCMD:
    case ARGS_IMA:
        return what == index;
    case ARGS_LIST:
        return (what == index || (what == text && part_is_name(arg->text))) && arg->min <= arg->max;
    case ARGS_TEXT:
        return what == text;
    case ARGS_LEAST:
        return what == number || what == (number | index) ||
               (what == (number | text) && part_is_name(arg->text));
    }
    return false;
}

static void
read_arg(struct cbor_rd *c, enum verb_args args, struct bundle_arg *arg)
{
    struct cbor_map map = cbor_rd_map(c, ARG_MAX);
    bool list = args == ARGS_LIST;
    unsigned seen = 0;
    int64_t key;

    *arg = (struct bundle_arg){.index = BUNDLE_NONE, .min = list, .max = list};
    while (part_key(c, &map, &seen, &key)) {
        read_arg_key(c, key, arg);
    }
    cbor_rd_require(c, arg_holds(args, seen, arg));
}

/* The verb is read before, as keys ascend; without one this fails. */
static void
read_args(struct cbor_rd *c, struct bundle *b, struct bundle_rule *rule)
{
    enum verb_args args = bundle_verb_args(rule->verb);

    rule->first_arg = b->n_args;
    rule->n_args =
        part_array(c, args == ARGS_LIST ? LIMIT_RULE_ARGS : 1, b->n_args, LIMIT_BUNDLE_ARGS);
    for (size_t i = 0; i < rule->n_args && !cbor_rd_failed(c); i++) {
        read_arg(c, args, &b->args[b->n_args++]);
    }
}

static void
read_count(struct cbor_rd *c, struct bundle_rule *rule)
{
    cbor_rd_array(c, 2);
    rule->count_min = (uint16_t)cbor_rd_uint(c, LIMIT_EVENTS);
    rule->count_max = (uint16_t)cbor_rd_uint(c, LIMIT_EVENTS);
    cbor_rd_require(c, rule->count_min <= rule->count_max);
}

/* What the rule asks. */
static void
read_question(struct cbor_rd *c, int64_t key, struct bundle *b, struct bundle_rule *rule)
{
    switch (key) {
    case RULE_KEY_ID:
        rule->id = part_name(c);
        break;
    case RULE_KEY_SLOT:
        rule->slot = part_name(c);
        break;
    case RULE_KEY_VERB:
        rule->verb = (enum bundle_verb)part_uint(c, VERB_MAX);
        break;
    case RULE_KEY_ARGS:
        read_args(c, b, rule);
        break;
    case RULE_KEY_COUNT:
        read_count(c, rule);
        break;
    case RULE_KEY_FLAGS:
        rule->flags = (uint8_t)part_uint(c, RULE_FLAGS_ALL);
        break;
    case RULE_KEY_PIN:
        rule->or_pin = (uint8_t)part_uint(c, PIN_MAX);
        break;
    default:
        cbor_rd_fail(c);
    }
}

/* What follows when it does not pass. */
static void
read_rule_key(struct cbor_rd *c, int64_t key, struct bundle *b, struct bundle_rule *rule)
{
    switch (key) {
    case RULE_KEY_ELSE:
        rule->otherwise = part_effect(c);
        break;
    case RULE_KEY_FOR:
        rule->for_s = (uint32_t)part_uint(c, LIMIT_BUNDLE_S);
        break;
    case RULE_KEY_THEN:
        rule->then_effect = part_effect(c);
        break;
    case RULE_KEY_CLAIM:
        rule->claim = part_name(c);
        break;
    default:
        read_question(c, key, b, rule);
    }
}

static bool
flags_hold(const struct bundle_rule *rule)
{
    bool one_of = rule->verb == VERB_ONE_OF;
    bool any = rule->verb == VERB_ANY;
    bool digests = one_of || rule->verb == VERB_SEQUENCE;

    return (one_of || !(rule->flags & RULE_WHOLE)) && (one_of || rule->or_pin == 0) &&
           (rule->verb == VERB_SEQUENCE || !(rule->flags & RULE_PREFIX_OK)) &&
           (any || !(rule->flags & RULE_UNPINNED)) &&
           (digests || !(rule->flags & RULE_SAME_RELEASE)) &&
           !((rule->flags & RULE_WHOLE) && rule->or_pin > 0);
}

static bool
rule_holds(struct bundle_rule *rule, unsigned seen)
{
    bool args = bundle_verb_args(rule->verb) != ARGS_NONE;
    bool then = seen & 1u << RULE_KEY_THEN;

    if (rule->for_s == 0) {
        rule->then_effect = rule->otherwise;
    }
    return (seen & RULE_NEEDS) == RULE_NEEDS && args == (rule->n_args > 0) && flags_hold(rule) &&
           (rule->for_s > 0 ? rule->then_effect < rule->otherwise : !then);
}

void
part_read_rule(struct cbor_rd *c, struct bundle *b, struct bundle_rule *rule)
{
    struct cbor_map map = cbor_rd_map(c, RULE_KEY_CLAIM);
    unsigned seen = 0;
    int64_t key;

    while (part_key(c, &map, &seen, &key)) {
        read_rule_key(c, key, b, rule);
    }
    cbor_rd_require(c, rule_holds(rule, seen));
}

static void
write_arg(struct wr *wr, const struct bundle_arg *arg, bool list)
{
    bool min = list && arg->min != 1;
    bool max = list && arg->max != 1;

    cbor_wr_map(wr, 0u + (arg->index != BUNDLE_NONE) + (arg->text.len > 0) + (arg->number > 0) +
                        min + max);
    if (arg->index != BUNDLE_NONE) {
        cbor_wr_int(wr, ARG_INDEX);
        cbor_wr_uint(wr, arg->index);
    }
    part_write_text(wr, ARG_TEXT, arg->text);
    part_write_uint(wr, ARG_NUMBER, arg->number);
    if (min) {
        cbor_wr_int(wr, ARG_MIN);
        cbor_wr_uint(wr, arg->min);
    }
    part_write_uint(wr, ARG_MAX, max ? arg->max : 0);
}

static void
write_args(struct wr *wr, const struct bundle *b, const struct bundle_rule *rule)
{
    if (rule->n_args == 0) {
        return;
    }
    cbor_wr_int(wr, RULE_KEY_ARGS);
    cbor_wr_array(wr, rule->n_args);
    for (size_t i = 0; i < rule->n_args; i++) {
        write_arg(wr, &b->args[rule->first_arg + i], bundle_verb_args(rule->verb) == ARGS_LIST);
    }
}

void
part_write_rule(struct wr *wr, const struct bundle *b, const struct bundle_rule *rule)
{
    unsigned then = rule->for_s > 0 ? rule->then_effect : 0;

    cbor_wr_map(wr, 4u + (rule->n_args > 0) + (rule->flags > 0) + (rule->or_pin > 0) +
                        (rule->otherwise != 0) + (rule->for_s > 0) + (then > 0) +
                        (rule->claim.len > 0));
    part_write_text(wr, RULE_KEY_ID, rule->id);
    part_write_text(wr, RULE_KEY_SLOT, rule->slot);
    part_write_uint(wr, RULE_KEY_VERB, rule->verb);
    write_args(wr, b, rule);
    cbor_wr_int(wr, RULE_KEY_COUNT);
    cbor_wr_array(wr, 2);
    cbor_wr_uint(wr, rule->count_min);
    cbor_wr_uint(wr, rule->count_max);
    part_write_uint(wr, RULE_KEY_FLAGS, rule->flags);
    part_write_uint(wr, RULE_KEY_PIN, rule->or_pin);
    part_write_uint(wr, RULE_KEY_ELSE, rule->otherwise);
    part_write_uint(wr, RULE_KEY_FOR, rule->for_s);
    part_write_uint(wr, RULE_KEY_THEN, then);
    part_write_text(wr, RULE_KEY_CLAIM, rule->claim);
}
