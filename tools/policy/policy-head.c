/* policy NAME version N schema 1 { … } */
#include "base/name.h"
#include "policy/policy-draft.h"
#include "policy/policy-words.h"

/* A policy on its way, and what it has from its base. */
struct head {
    struct bundle_policy *policy;
    const struct bundle_policy *base;   /* or NULL */
    const struct policy_token *extends; /* where its name stands */
    size_t n_base;                      /* rules that were the base's, the first ones */
    struct draft_seen seen;
};

/* One group: for devices of two a policy would have to say which of both it is for. */
static void
take_group(struct draft *d, struct bundle_policy *policy)
{
    const struct policy_token *at;

    if (d->failed || !draft_skip(d, "group")) {
        return;
    }
    at = d->at;
    policy->group = draft_name(d, "a group");
    if (!d->failed && !name_good(policy->group)) {
        draft_error_at(d, at, "groups are named by " NAME_RULE);
    }
}

static void
take_classes(struct draft *d, struct head *head)
{
    struct bundle_policy *policy = head->policy;

    if (!draft_skip(d, "class") || !draft_skip(d, "in")) {
        draft_error(d, "`class in { NAME … }` is wanted here");
        return;
    }
    if (!draft_open(d)) {
        return;
    }
    policy->n_classes = 0;
    while (draft_more(d)) {
        struct bytes name = draft_name(d, "a class");
        size_t at = 0;

        if (policy->n_classes == LIMIT_POLICY_CLASSES) {
            draft_error(d, "more than %u classes", LIMIT_POLICY_CLASSES);
        }
        while (!d->failed && at < policy->n_classes && !bytes_equal(policy->classes[at], name)) {
            at++;
        }
        if (!d->failed && at == policy->n_classes) {
            policy->classes[policy->n_classes++] = name;
        }
    }
    if (policy->n_classes == 0) {
        draft_error(d, "a policy applies to one class at least; without applies it is a base");
    }
    take_group(d, policy);
}

static void
sort_classes(struct bundle_policy *policy)
{
    struct bytes *names = policy->classes;

    for (size_t i = 1; i < policy->n_classes; i++) {
        for (size_t k = i; k > 0 && policy_order(names[k], names[k - 1]) < 0; k--) {
            struct bytes name = names[k];

            names[k] = names[k - 1];
            names[k - 1] = name;
        }
    }
}

/* What the policy does not say itself is the base's, each setting by itself, wherever they stand.
 */
static void
inherit(const struct head *head)
{
    struct bundle_policy *own = head->policy;
    const struct bundle_policy *base = head->base;

    own->profile = own->profile.len > 0 ? own->profile : base->profile;
    own->quote = own->quote.mask != 0 ? own->quote : base->quote;
    own->ak = own->ak != 0 ? own->ak : base->ak;
    own->min_hash = own->min_hash < HASH_N ? own->min_hash : base->min_hash;
    own->token_ttl_s = own->token_ttl_s > 0 ? own->token_ttl_s : base->token_ttl_s;
    own->token_floor = own->token_floor > 0 ? own->token_floor : base->token_floor;
    own->fresh_evidence_s =
        own->fresh_evidence_s > 0 ? own->fresh_evidence_s : base->fresh_evidence_s;
    own->fresh_boot_s = own->fresh_boot_s > 0 ? own->fresh_boot_s : base->fresh_boot_s;
    own->fresh_else = draft_was_seen(&head->seen, "else") ? own->fresh_else : base->fresh_else;
    own->log_bytes = own->log_bytes > 0 ? own->log_bytes : base->log_bytes;
    own->datagrams = own->datagrams > 0 ? own->datagrams : base->datagrams;
    own->exit_events_optional = draft_was_seen(&head->seen, "exit-events")
                                    ? own->exit_events_optional
                                    : base->exit_events_optional;
    own->mode = own->mode != 0 ? own->mode : base->mode;
}

static const struct bundle_policy *
find_base(struct draft *d, const struct policy_token *at, struct bytes name)
{
    struct policy_guess guess = policy_guess(name);
    char room[GUESS_ROOM];

    for (size_t i = 0; i < d->b->n_policies; i++) {
        policy_guess_try(&guess, d->b->policies[i].name);
        if (bytes_equal(d->b->policies[i].name, name)) {
            return &d->b->policies[i];
        }
    }
    draft_error_at(d, at, "no policy of this name above%s", policy_guess_text(&guess, room));
    return NULL;
}

/* Its rules come first. */
static void
take_base(struct draft *d, struct head *head)
{
    const struct policy_token *at = d->at;
    struct bytes name = draft_name(d, "the name of a policy above");
    uint32_t version = draft_version(d);
    const struct bundle_policy *base = d->failed ? NULL : find_base(d, at, name);
    struct bundle_policy *policy = head->policy;

    if (!base) {
        return;
    }
    if (base->version != version) {
        draft_error_at(d, at, "this policy has version %u", base->version);
    } else if (base->base.len > 0) {
        draft_error_at(d, at, "a base extends nothing itself");
    } else if (policy->n_rules > 0) {
        draft_error_at(d, at, "extends stands before the first rule");
    } else if (d->b->n_rules + base->n_rules > LIMIT_BUNDLE_RULES) {
        draft_error_at(d, at, "with those of the base it is more than %u rules in all",
                       LIMIT_BUNDLE_RULES);
    }
    if (d->failed) {
        return;
    }
    head->base = base;
    head->extends = at;
    head->n_base = base->n_rules;
    policy->base = name;
    policy->base_version = version;
    policy->first_rule = d->b->n_rules;
    policy->n_rules = base->n_rules;
    for (size_t k = 0; k < base->n_rules; k++) {
        d->rule_at[d->b->n_rules] = at;
        d->b->rules[d->b->n_rules++] = d->b->rules[base->first_rule + k];
    }
}

/* "0-12,14,15" */
static uint32_t
take_pcrs(struct draft *d)
{
    struct bytes text = d->at->text;
    uint32_t mask = 0;
    unsigned first = 0;
    unsigned value = 0;
    bool digit = false;
    bool range = false;
    bool bad = d->at->kind != LEX_WORD;

    for (size_t i = 0; i <= text.len && !bad; i++) {
        uint8_t c = i < text.len ? text.p[i] : ',';

        if (c >= '0' && c <= '9' && value < LIMIT_PCRS) {
            value = value * 10 + c - '0';
            digit = true;
            continue;
        }
        bad = !digit || value >= LIMIT_PCRS || (c != ',' && (c != '-' || range)) ||
              (range && first > value);
        for (unsigned k = range ? first : value; !bad && c == ',' && k <= value; k++) {
            mask |= 1u << k;
        }
        range = c == '-';
        first = value;
        value = 0;
        digit = false;
    }
    if (bad || d->failed) {
        draft_error(d, "PCRs are written 0-9,14, none above 23");
        return 0;
    }
    d->at++;
    return mask;
}

static void
take_quote(struct draft *d, struct head *head)
{
    head->policy->quote.bank = draft_hash(d);
    if (!draft_skip(d, "pcrs")) {
        draft_error(d, "pcrs and a list such as 0-9,14 are wanted here");
        return;
    }
    head->policy->quote.mask = take_pcrs(d);
}

static void
take_tier(struct draft *d, struct head *head)
{
    if (draft_skip(d, "affirming")) {
        head->policy->token_floor = BUNDLE_TIER_AFFIRMING;
    } else if (draft_skip(d, "warning")) {
        head->policy->token_floor = BUNDLE_TIER_WARNING;
    } else {
        draft_error(d, "affirming or warning is wanted here");
    }
}

static void
take_mode(struct draft *d, struct head *head)
{
    for (unsigned i = 0; i < POLICY_MODES; i++) {
        if (draft_skip(d, policy_modes[i])) {
            head->policy->mode = (enum bundle_mode)(i + 1);
            return;
        }
    }
    draft_error(d, "off, observe or enforce is wanted here");
}

/* 4KiB, 1MiB or bytes */
static uint32_t
take_size(struct draft *d)
{
    static const struct {
        const char *text;
        uint32_t unit;
    } units[] = {{"KiB", 1024}, {"MiB", 1024 * 1024}, {"", 1}};
    uint64_t value = 0;
    size_t n = 0;
    struct bytes text = d->at->text;

    while (n < text.len && text.p[n] >= '0' && text.p[n] <= '9' && value <= LIMIT_LOG_BYTES) {
        value = value * 10 + (uint64_t)text.p[n++] - '0';
    }
    for (size_t i = 0; !d->failed && n > 0 && i < ARRAY_LEN(units); i++) {
        if (bytes_equal(bytes_of(text.p + n, text.len - n), bytes_str(units[i].text)) &&
            value > 0 && value * units[i].unit <= LIMIT_LOG_BYTES) {
            d->at++;
            return (uint32_t)value * units[i].unit;
        }
    }
    draft_error(d, "a size such as 4KiB is wanted here, 1MiB at most");
    return 0;
}

static void
take_ak(struct draft *d, struct head *head)
{
    head->policy->ak = draft_keys(d);
}

static void
take_min_hash(struct draft *d, struct head *head)
{
    head->policy->min_hash = draft_hash(d);
}

static void
take_ttl(struct draft *d, struct head *head)
{
    head->policy->token_ttl_s = draft_span(d);
}

static void
take_evidence(struct draft *d, struct head *head)
{
    head->policy->fresh_evidence_s = draft_span(d);
}

static void
take_boot(struct draft *d, struct head *head)
{
    head->policy->fresh_boot_s = draft_span(d);
}

static void
take_fresh_else(struct draft *d, struct head *head)
{
    if (head->policy->fresh_evidence_s == 0 && head->policy->fresh_boot_s == 0) {
        draft_error_at(d, d->at - 1, "else of what? `fresh evidence 5m else warn`");
    }
    head->policy->fresh_else = draft_effect(d);
    draft_end_line(d); /* it is of both: what stood behind it would look as if it had none */
}

static void
take_log(struct draft *d, struct head *head)
{
    head->policy->log_bytes = take_size(d);
}

static void
take_datagrams(struct draft *d, struct head *head)
{
    head->policy->datagrams = (uint32_t)draft_number(d, "a number of datagrams", LIMIT_EVENTS);
    if (!d->failed && head->policy->datagrams == 0) {
        draft_error_at(d, d->at - 1, "a number of datagrams is 1 at least");
    }
}

static void
take_exit_events(struct draft *d, struct head *head)
{
    head->policy->exit_events_optional = draft_sees(d, "optional");
    if (!draft_skip(d, "optional") && !draft_skip(d, "logged")) {
        draft_error(d, "exit-events are logged, or optional where a firmware does not log them");
    }
}

static void
take_profile(struct draft *d, struct head *head)
{
    head->policy->profile = draft_name(d, "a profile such as uboot-bootm");
}

static void
take_schema(struct draft *d, struct head *head)
{
    (void)head;
    if (draft_number(d, "a schema", UINT32_MAX) != BUNDLE_SCHEMA) {
        draft_error(d, "this compiler knows schema %u", BUNDLE_SCHEMA);
    }
}

struct setting {
    const char *heading; /* word that it stands behind on its line, or NULL */
    const char *word;
    void (*take)(struct draft *d, struct head *head);
};

static const struct setting settings[] = {
    {NULL, "applies", take_classes}, {NULL, "extends", take_base},
    {NULL, "profile", take_profile}, {NULL, "quote", take_quote},
    {NULL, "ak", take_ak},           {NULL, "min-hash", take_min_hash},
    {NULL, "mode", take_mode},       {NULL, "exit-events", take_exit_events},
    {NULL, "schema", take_schema},   {"token", "ttl", take_ttl},
    {"token", "floor", take_tier},   {"fresh", "evidence", take_evidence},
    {"fresh", "boot", take_boot},    {"fresh", "else", take_fresh_else},
    {"limits", "log", take_log},     {"limits", "datagrams", take_datagrams},
};

/* The next setting: directly behind a heading (`headed`) one of the heading's, else any other, too.
 */
static void
take_setting(struct draft *d, struct head *head, const char **heading, bool headed)
{
    struct policy_guess guess = policy_guess(d->at->text);
    char room[GUESS_ROOM];

    policy_guess_try(&guess, bytes_str("rule"));
    for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
        const struct setting *one = &settings[i];
        bool fits = one->heading ? *heading && strcmp(one->heading, *heading) == 0 : !headed;

        policy_guess_try(&guess, bytes_str(one->word));
        if (draft_sees(d, one->word) && !fits) {
            draft_error(d, "%s is written %s %s, on the same line", one->word,
                        one->heading ? "behind" : "apart from",
                        one->heading ? one->heading : *heading);
            return;
        }
        if (draft_skip_once(d, one->word, &head->seen)) {
            *heading = one->heading;
            one->take(d, head);
            return;
        }
    }
    draft_error(d,
                "a policy has applies, extends, profile, quote, token, fresh, limits, mode, "
                "exit-events and rules%s",
                policy_guess_text(&guess, room));
}

/* Of one line: settings, some behind the heading that they belong to. An `else` is of all that is
 * fresh, so fresh is one line. */
static void
take_settings(struct draft *d, struct head *head)
{
    const char *heading = NULL;

    do {
        bool headed = true;

        if (draft_skip_once(d, "fresh", &head->seen)) {
            heading = "fresh";
        } else if (draft_skip(d, "token")) {
            heading = "token";
        } else if (draft_skip(d, "limits")) {
            heading = "limits";
        } else {
            headed = false;
        }
        take_setting(d, head, &heading, headed);
    } while (!d->failed && !draft_line_ends(d));
}

/* A rule of the base's name replaces it in its place. */
static void
take_rule(struct draft *d, const struct head *head)
{
    const struct policy_token *at = d->at;
    struct bundle_policy *policy = head->policy;
    struct bundle_rule rule;

    draft_rule(d, &rule);
    draft_end_line(d);
    if (d->failed) {
        return;
    }
    for (size_t i = 0; i < policy->n_rules; i++) {
        size_t place = policy->first_rule + i;

        if (!bytes_equal(d->b->rules[place].id, rule.id)) {
            continue;
        }
        if (i >= head->n_base || d->rule_at[place] != head->extends) {
            draft_error_at(d, at, "a rule of this name stands above");
            return;
        }
        d->b->rules[place] = rule;
        d->rule_at[place] = at;
        return;
    }
    if (policy->n_rules == LIMIT_POLICY_RULES || d->b->n_rules == LIMIT_BUNDLE_RULES) {
        draft_error_at(d, at, "more than %u rules of a policy, or %u in all", LIMIT_POLICY_RULES,
                       LIMIT_BUNDLE_RULES);
        return;
    }
    d->rule_at[d->b->n_rules] = at;
    d->b->rules[d->b->n_rules++] = rule;
    policy->n_rules++;
}

static void
take_lines(struct draft *d, struct head *head)
{
    while (draft_more(d)) {
        if (draft_skip(d, "rule")) {
            take_rule(d, head);
        } else {
            take_settings(d, head);
        }
    }
    if (head->base) {
        inherit(head);
    }
}

void
draft_policy_block(struct draft *d)
{
    const struct policy_token *at = d->at;
    struct bundle_policy *policy = &d->b->policies[d->b->n_policies % LIMIT_BUNDLE_POLICIES];
    struct head head = {.policy = policy};

    *policy = (struct bundle_policy){
        .min_hash = HASH_N,
        .first_rule = d->b->n_rules,
    };
    policy->name = draft_name(d, "a name for the policy");
    policy->version = draft_version(d);
    if (draft_skip_once(d, "schema", &head.seen)) {
        take_schema(d, &head);
    }
    for (size_t i = 0; i < d->b->n_policies; i++) {
        if (bytes_equal(d->b->policies[i].name, policy->name)) {
            draft_error_at(d, at, "a policy of this name stands above");
        }
    }
    if (d->b->n_policies == LIMIT_BUNDLE_POLICIES) {
        draft_error_at(d, at, "more than %u policies", LIMIT_BUNDLE_POLICIES);
    }
    if (!draft_open(d)) {
        draft_skip_block(d);
        return;
    }
    take_lines(d, &head);
    policy->token_floor = policy->token_floor > 0 ? policy->token_floor : BUNDLE_TIER_WARNING;
    policy->mode = policy->mode != 0 ? policy->mode : BUNDLE_MODE_ENFORCE;
    sort_classes(policy);
    draft_policy_check(d, policy, at);
    d->b->n_policies++;
}
