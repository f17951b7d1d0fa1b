/* rule ID : SLOT VERB ARGS [count a..b] [same-release] [else E [for D then E]] [claim NAME] */
#include <stdio.h>

#include "policy/policy-draft.h"
#include "appraise/slot-table.h"
#include "formats/tpm-vendor.h"
#include "wire/bundle-part.h"

static const struct slot_info *
take_slot(struct draft *d)
{
    struct policy_guess guess = policy_guess(d->at->text);
    enum slot found = slot_table_find(d->at->text);
    char room[GUESS_ROOM];

    for (size_t i = 0; found == SLOT_NONE && i < SLOT_N; i++) {
        if (slot_table((enum slot)i)->verbs != 0) {
            policy_guess_try(&guess, bytes_str(slot_table((enum slot)i)->name));
        }
    }
    if (found == SLOT_NONE) {
        draft_error(d, "no slot of this name%s", policy_guess_text(&guess, room));
        return NULL;
    }
    if (!d->failed) {
        d->at++;
    }
    return slot_table(found);
}

/* The verbs that the slot allows, as a sentence. */
static const char *
allowed(const struct slot_info *slot, char *room, size_t cap)
{
    size_t len = 0;

    room[0] = '\0';
    for (int i = 1; i <= VERB_MAX; i++) {
        if (slot->verbs >> i & 1 && len < cap) {
            len += (size_t)snprintf(room + len, cap - len, "%s%s", len ? ", " : "",
                                    bundle_verb_name((enum bundle_verb)i));
        }
    }
    return room;
}

static enum bundle_verb
take_verb(struct draft *d, const struct slot_info *slot)
{
    struct policy_guess guess = policy_guess(d->at->text);
    enum bundle_verb verb = d->at->kind == LEX_WORD ? bundle_verb_from(d->at->text) : VERB_NONE;
    char room[GUESS_ROOM];
    char list[160];

    for (int i = 1; verb == VERB_NONE && i <= VERB_MAX; i++) {
        policy_guess_try(&guess, bytes_str(bundle_verb_name((enum bundle_verb)i)));
    }
    if (!slot || d->failed) {
        return VERB_NONE;
    }
    if (verb == VERB_NONE) {
        draft_error(d, "no verb of this name%s", policy_guess_text(&guess, room));
    } else if (!(slot->verbs >> verb & 1) && bundle_verb_flags(verb) & VERB_TEXT &&
               !(slot->flags & SLOT_F_TEXT)) {
        draft_error(d, "%s reads text, but no digest vouches for the text of %s; allowed: %s",
                    bundle_verb_name(verb), slot->name, allowed(slot, list, sizeof(list)));
    } else if (!(slot->verbs >> verb & 1)) {
        draft_error(d, "%s does not fit %s; allowed: %s", bundle_verb_name(verb), slot->name,
                    allowed(slot, list, sizeof(list)));
    } else {
        d->at++;
    }
    return verb;
}

uint16_t
draft_set_find(struct draft *d, const struct policy_token *at, struct bytes name)
{
    struct policy_guess guess = policy_guess(name);
    uint16_t index = bundle_set_named(d->b, name);
    char room[GUESS_ROOM];

    for (size_t i = 0; index == BUNDLE_NONE && i < d->b->n_sets; i++) {
        policy_guess_try(&guess, d->b->sets[i].name);
    }
    if (index == BUNDLE_NONE) {
        draft_error_at(d, at, "no set of this name%s", policy_guess_text(&guess, room));
    }
    return index;
}

/* Splits "name{1..2}" and "name#7". */
static struct bytes
until(struct bytes text, char mark, struct bytes *ret_rest)
{
    const uint8_t *at = text.len > 0 ? memchr(text.p, mark, text.len) : NULL;

    *ret_rest = BYTES_NULL;
    if (!at) {
        return text;
    }
    *ret_rest = bytes_of(at + 1, text.len - (size_t)(at + 1 - text.p));
    return bytes_of(text.p, (size_t)(at - text.p));
}

/* "1..2" */
static bool
span(struct bytes text, unsigned most, uint16_t *ret_min, uint16_t *ret_max)
{
    struct bytes rest;
    struct bytes first = until(text, '.', &rest);
    uint64_t min;
    uint64_t max;

    if (rest.len < 2 || rest.p[0] != '.' || !draft_decimal(first, most, &min) ||
        !draft_decimal(bytes_of(rest.p + 1, rest.len - 1), most, &max) || min > max) {
        return false;
    }
    *ret_min = (uint16_t)min;
    *ret_max = (uint16_t)max;
    return true;
}

static uint16_t
set_by_text(struct draft *d, struct bytes text)
{
    struct bytes version_text;
    struct bytes name = until(bytes_of(text.p + 1, text.len - 1), '#', &version_text);
    uint16_t index = draft_set_find(d, d->at, name);
    uint64_t version;

    /* `@set#` pins nothing and looks as if it did */
    if (index != BUNDLE_NONE && version_text.p &&
        (!draft_decimal(version_text, UINT32_MAX, &version) ||
         d->b->sets[index].version != version)) {
        draft_error(d, "the set has version %u, written #%u", d->b->sets[index].version,
                    d->b->sets[index].version);
    }
    return index;
}

uint16_t
draft_set_ref(struct draft *d)
{
    uint16_t index;

    if (d->failed || d->at->kind != LEX_WORD || d->at->text.len < 2 || d->at->text.p[0] != '@') {
        draft_error(d, "a set such as @sb/db is wanted here");
        return BUNDLE_NONE;
    }
    index = set_by_text(d, d->at->text);
    d->at += !d->failed;
    return index;
}

/* Sets of the kinds that the verb can compare with; what the reader refuses is told here. */
static void
check_kind(struct draft *d, const struct policy_token *at, enum bundle_verb verb, uint16_t index)
{
    enum bundle_set_kind kind = index == BUNDLE_NONE ? 0 : d->b->sets[index].kind;
    bool lists = kind == BUNDLE_SET_CERTS || kind == BUNDLE_SET_DBX;
    bool fits = kind == BUNDLE_SET_DIGESTS;

    if (verb == VERB_NOT_IN) {
        fits = fits || lists || kind == BUNDLE_SET_ADVISORIES;
    } else if (bundle_verb_flags(verb) & VERB_CERTS) {
        fits = lists;
    }
    if (!d->failed && !fits) {
        draft_error_at(d, at, "%s does not compare with a set of %s", bundle_verb_name(verb),
                       bundle_set_kind_name(kind));
    }
}

static void
set_arg(struct draft *d, enum bundle_verb verb, struct bundle_arg *arg)
{
    const struct policy_token *at = d->at;

    if (d->at->kind == LEX_WORD && d->at->text.len > 5 && memcmp(d->at->text.p, "cert:", 5) == 0 &&
        verb == VERB_INCLUDES) {
        arg->index = draft_set_find(d, at, at->text);
        d->at += !d->failed;
    } else {
        arg->index = draft_set_ref(d);
    }
    check_kind(d, at, verb, arg->index);
}

/* @set, @set{1..2}, word */
static void
list_arg(struct draft *d, struct bundle_arg *arg)
{
    struct bytes bounds;
    struct bytes text = until(d->at->text, '{', &bounds);

    arg->min = arg->max = 1;
    if (bounds.p &&
        (bounds.len < 2 || bounds.p[bounds.len - 1] != '}' ||
         !span(bytes_of(bounds.p, bounds.len - 1), LIMIT_RULE_TIMES, &arg->min, &arg->max) ||
         arg->max == 0)) {
        draft_error(d, "how often is written {1..2}, the first not above the second, at most %u",
                    LIMIT_RULE_TIMES);
        return;
    }
    if (text.len > 1 && text.p[0] == '@') {
        const struct policy_token *at = d->at;

        arg->index = set_by_text(d, text);
        check_kind(d, at, VERB_SEQUENCE, arg->index);
        d->at += !d->failed;
    } else {
        arg->text = draft_name(d, "a set or a word");
    }
}

static bool
rule_word(const struct draft *d)
{
    static const char *const words[] = {"count",     "same-release", "else",  "claim",
                                        "prefix-ok", "whole",        "or-pin"};

    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (draft_sees(d, words[i])) {
            return true;
        }
    }
    return draft_line_ends(d);
}

static bool
named(const struct bundle_list *list, struct bytes name, const char *kind)
{
    size_t len = strlen(kind);

    if (name.len > len && memcmp(name.p, kind, len) == 0) {
        name = bytes_of(name.p + len, name.len - len);
    }
    return bytes_equal(list->name, name);
}

/* @cmdline/laptop, @grubcmd/debian, ima/laptop */
static void
block_arg(struct draft *d, enum verb_args kind, struct bundle_arg *arg)
{
    const struct bundle *b = d->b;
    bool cmdline = kind == ARGS_CMDLINE;
    const char *head = cmdline ? "@cmdline/" : kind == ARGS_GRUBCMD ? "@grubcmd/" : "ima/";
    size_t n = cmdline ? b->n_cmdlines : kind == ARGS_GRUBCMD ? b->n_grubcmds : b->n_imas;
    struct policy_guess guess = policy_guess(d->at->text);
    char room[GUESS_ROOM];

    for (size_t i = 0; i < n && d->at->kind == LEX_WORD; i++) {
        const struct bundle_list *list = cmdline                ? &b->cmdlines[i]
                                         : kind == ARGS_GRUBCMD ? &b->grubcmds[i]
                                                                : &b->imas[i].list;

        policy_guess_try(&guess, draft_join(d, bytes_str(head), "", list->name));
        if (named(list, d->at->text, head)) {
            arg->index = (uint16_t)i;
            d->at++;
            return;
        }
    }
    draft_error(d, "no block of this name; it is written %sNAME%s", head,
                policy_guess_text(&guess, room));
}

/* The lowest svn of the component's accepted releases. */
static uint64_t
floor_of(struct draft *d, struct bytes component)
{
    struct policy_guess guess = policy_guess(component);
    uint64_t least = 0;
    char room[GUESS_ROOM];

    for (size_t i = 0; i < d->b->n_releases; i++) {
        const struct bundle_release *r = &d->b->releases[i];
        bool accepted = r->state == BUNDLE_ACTIVE || r->state == BUNDLE_RETIRING;

        policy_guess_try(&guess, r->component);
        if (accepted && bytes_equal(r->component, component) && r->svn > 0 &&
            (least == 0 || r->svn < least)) {
            least = r->svn;
        }
    }
    if (least == 0) {
        draft_error(d, "no active or retiring release of this component has an svn%s",
                    policy_guess_text(&guess, room));
    }
    return least;
}

/* The verifier compares a level with SBAT's and a floor with a release's svn, nothing else. */
static void
check_least(struct draft *d, enum slot slot, const struct bundle_arg *arg)
{
    bool level = arg->text.len == 0;

    if (arg->number == 0) {
        draft_error(d, "at-least takes a number from 1 on, floor(COMPONENT) or sbat:LEVEL");
    } else if (level && slot != SLOT_SB_SBAT) {
        draft_error(d, "a level is sb.sbat's; the svn of releases is floor(COMPONENT) or "
                       "floor(COMPONENT,N)");
    } else if (!level && slot == SLOT_SB_SBAT) {
        draft_error(d, "sb.sbat has a level, such as sbat:2024040900; it is no release's");
    } else if (arg->index != BUNDLE_NONE && d->b->sets[arg->index].kind != BUNDLE_SET_SBAT) {
        draft_error(d, "a level needs a set of the kind sbat");
    }
}

/* 7, floor(fw), floor(fw,41), sbat:2024040900 */
static void
least_arg(struct draft *d, enum slot slot, struct bundle_arg *arg)
{
    struct bytes text = d->at->text;
    struct bytes number;
    uint64_t value = 0;

    if (d->at->kind == LEX_WORD && text.len > 7 && memcmp(text.p, "floor(", 6) == 0 &&
        text.p[text.len - 1] == ')') {
        arg->text = until(bytes_of(text.p + 6, text.len - 7), ',', &number);
        if (!part_is_name(arg->text)) {
            draft_error(d, "a floor is that of a component: floor(fw)");
        } else if (number.p && draft_decimal(number, INT64_MAX, &value) && value > 0) {
            arg->number = value;
        } else {
            arg->number = number.p ? 0 : floor_of(d, arg->text);
        }
    } else if (d->at->kind == LEX_WORD && text.len > 5 && memcmp(text.p, "sbat:", 5) == 0) {
        arg->index = draft_set_find(d, d->at, text);
        /* a zero in front would name another set than the number tells */
        if (text.p[5] == '0' ||
            !draft_decimal(bytes_of(text.p + 5, text.len - 5), INT64_MAX, &value)) {
            draft_error(d, "a level is a number such as sbat:2024040900");
        }
        arg->number = value;
    } else if (d->at->kind == LEX_WORD && draft_decimal(text, INT64_MAX, &value)) {
        arg->number = value;
    }
    check_least(d, slot, arg);
    d->at += !d->failed;
}

/* As the service tells it. */
static bool
is_maker(struct bytes text)
{
    uint32_t vendor = tpm_vendor_named(text);
    char room[TPM_VENDOR_ROOM];

    return vendor != 0 && bytes_equal(text, bytes_str(tpm_vendor_text(vendor, room)));
}

/* The word of `is`. What a TPM is made of has one that can be asked for: any other would refuse
 * every device under a reason that does not fit. */
static struct bytes
is_arg(struct draft *d, enum slot slot)
{
    if (slot == SLOT_TPM_KIND && !bytes_equal(d->at->text, bytes_str("hardware"))) {
        draft_error(d, "a policy asks of tpm.kind that it is hardware");
    } else if (slot == SLOT_TPM_VENDOR && !is_maker(d->at->text)) {
        draft_error(d, "a maker of TPMs is written as TCG's registry has it, such as IFX or STM");
    }
    return draft_name(d, "a word");
}

static void
take_arg(struct draft *d, struct bundle_rule *rule)
{
    struct bundle_arg arg = {.index = BUNDLE_NONE};
    enum verb_args kind = bundle_verb_args(rule->verb);

    switch (kind) {
    case ARGS_NONE:
        return;
    case ARGS_SET:
        set_arg(d, rule->verb, &arg);
        break;
    case ARGS_LIST:
        list_arg(d, &arg);
        break;
    case ARGS_TEXT:
        arg.text = rule->verb == VERB_IS ? is_arg(d, slot_table_find(rule->slot))
                                         : draft_text(d, "a \"glob\"");
        break;
    case ARGS_LEAST:
        least_arg(d, slot_table_find(rule->slot), &arg);
        break;
    default:
        block_arg(d, kind, &arg);
    }
    if (rule->n_args == LIMIT_RULE_ARGS || d->b->n_args == LIMIT_BUNDLE_ARGS) {
        draft_error(d, "more than %u members of a sequence, or %u arguments of all rules",
                    LIMIT_RULE_ARGS, LIMIT_BUNDLE_ARGS);
    }
    if (!d->failed) {
        d->b->args[d->b->n_args++] = arg;
        rule->n_args++;
    }
}

static void
take_args(struct draft *d, struct bundle_rule *rule)
{
    rule->first_arg = d->b->n_args;
    take_arg(d, rule);
    while (!d->failed && bundle_verb_args(rule->verb) == ARGS_LIST && !rule_word(d)) {
        take_arg(d, rule);
    }
}

static void
take_count(struct draft *d, struct bundle_rule *rule)
{
    if (d->at->kind != LEX_WORD ||
        !span(d->at->text, LIMIT_EVENTS, &rule->count_min, &rule->count_max)) {
        draft_error(d, "a count is written a..b, the first not above the second, at most %u",
                    LIMIT_EVENTS);
        return;
    }
    d->at++;
}

/* A span counts from a publication, so that no device resets it by staying away. */
static bool
is_published(const struct draft *d, const struct bundle_rule *rule)
{
    for (size_t i = 0; i < rule->n_args; i++) {
        const struct bundle_arg *arg = &d->b->args[rule->first_arg + i];
        enum verb_args kind = bundle_verb_args(rule->verb);
        bool set = kind == ARGS_SET || kind == ARGS_LIST || kind == ARGS_LEAST;

        if (set && arg->index != BUNDLE_NONE && d->b->sets[arg->index].published_s > 0) {
            return true;
        }
    }
    return false;
}

static void
take_else(struct draft *d, const struct slot_info *slot, struct bundle_rule *rule)
{
    const struct policy_token *at = d->at;

    rule->otherwise = rule->then_effect = draft_effect(d);
    /* a note leaves the tier as it is: unknown code would be affirmed, which not even `any` is */
    if (rule->otherwise == EFFECT_NOTE && slot->flags & SLOT_F_CODE) {
        draft_error_at(d, at, "%s carries code, which is a warning at least: fail or warn",
                       slot->name);
    }
    at = d->at;
    if (!draft_skip(d, "for")) {
        return;
    }
    rule->for_s = draft_span(d);
    if (!draft_skip(d, "then")) {
        draft_error(d, "then and an effect are wanted here");
        return;
    }
    rule->then_effect = draft_effect(d);
    if (!d->failed && rule->then_effect >= rule->otherwise) {
        draft_error_at(d, at, "a span ends in something worse: warn then fail, note then warn");
    } else if (!is_published(d, rule)) {
        draft_error_at(d, at,
                       "a span counts from the day that a set was published: give the set "
                       "`published DATE`");
    }
}

static void
take_flag(struct draft *d, const struct slot_info *slot, struct bundle_rule *rule,
          struct draft_seen *seen)
{
    const struct policy_token *at = d->at;
    bool one_of = rule->verb == VERB_ONE_OF;
    bool sequence = rule->verb == VERB_SEQUENCE;

    if (one_of && draft_skip_once(d, "whole", seen)) {
        rule->flags |= RULE_WHOLE;
    } else if (one_of && draft_skip_once(d, "or-pin", seen)) {
        rule->or_pin = (uint8_t)draft_number(d, "a number from 1 to 64", 64);
    } else if (sequence && draft_skip_once(d, "prefix-ok", seen)) {
        rule->flags |= RULE_PREFIX_OK;
    } else if ((one_of || sequence) && draft_skip_once(d, "same-release", seen)) {
        rule->flags |= RULE_SAME_RELEASE;
        if (!(slot->flags & SLOT_F_RELEASE)) {
            draft_error_at(d, at, "%s has no release: its values are not a release's", slot->name);
        }
    } else {
        draft_error(d, "count, same-release, else or claim is wanted here%s",
                    one_of     ? ", or whole, or-pin"
                    : sequence ? ", or prefix-ok"
                               : "");
    }
    if (rule->flags & RULE_WHOLE && rule->or_pin > 0) {
        draft_error_at(d, at, "whole and or-pin exclude each other");
    }
}

void
draft_rule(struct draft *d, struct bundle_rule *rule)
{
    const struct slot_info *slot;
    struct draft_seen seen = {0};

    *rule = (struct bundle_rule){.id = draft_name(d, "a name for the rule")};
    if (!draft_skip(d, ":")) {
        draft_error(d, ": is wanted here, with blanks around it");
        return;
    }
    rule->slot = d->at->text;
    slot = take_slot(d);
    rule->verb = take_verb(d, slot);
    if (d->failed || !slot) {
        return;
    }
    /* what carries code must be there; everything may be as often as a log is long */
    rule->count_min =
        slot->flags & SLOT_F_CODE && rule->verb != VERB_NOT_IN && rule->verb != VERB_FORBID;
    rule->count_max = LIMIT_EVENTS;
    rule->flags = rule->verb == VERB_ANY && slot->flags & SLOT_F_CODE ? RULE_UNPINNED : 0;
    take_args(d, rule);
    while (!d->failed && !draft_line_ends(d)) {
        if (draft_skip_once(d, "count", &seen)) {
            take_count(d, rule);
        } else if (draft_skip_once(d, "else", &seen)) {
            take_else(d, slot, rule);
        } else if (draft_skip_once(d, "claim", &seen)) {
            rule->claim = draft_claim(d, slot_table_find(rule->slot));
        } else {
            take_flag(d, slot, rule, &seen);
        }
    }
}
