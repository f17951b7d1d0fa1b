/* policy NAME version N schema 1 { … } */
#include "policy/policy-draft.h"
#include "policy/policy-words.h"

static void
take_classes(struct draft *d, struct bundle_policy *policy)
{
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
    if (draft_skip(d, "group")) {
        policy->group = draft_name(d, "a group");
    }
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

/* What the policy says itself before or after `extends` stands; the rest is the base's. */
static void
inherit(struct bundle_policy *own, const struct bundle_policy *base)
{
    own->profile = own->profile.len > 0 ? own->profile : base->profile;
    own->quote = own->quote.mask != 0 ? own->quote : base->quote;
    own->ak = own->ak != 0 ? own->ak : base->ak;
    own->min_hash = own->min_hash < HASH_N ? own->min_hash : base->min_hash;
    own->token_ttl_s = own->token_ttl_s > 0 ? own->token_ttl_s : base->token_ttl_s;
    own->token_floor = own->token_floor > 0 ? own->token_floor : base->token_floor;
    if (own->fresh_evidence_s == 0 && own->fresh_boot_s == 0) {
        own->fresh_evidence_s = base->fresh_evidence_s;
        own->fresh_boot_s = base->fresh_boot_s;
        own->fresh_else = base->fresh_else;
    }
    own->log_bytes = own->log_bytes > 0 ? own->log_bytes : base->log_bytes;
    own->datagrams = own->datagrams > 0 ? own->datagrams : base->datagrams;
    own->mode = own->mode != 0 ? own->mode : base->mode;
}

/* Its rules come first. */
static void
take_base(struct draft *d, struct bundle_policy *policy)
{
    const struct policy_token *at = d->at;
    struct bytes name = draft_name(d, "the name of a policy above");
    uint32_t version = draft_version(d);
    struct policy_guess guess = policy_guess(name);
    char room[GUESS_ROOM];

    for (size_t i = 0; i < d->b->n_policies && !d->failed; i++) {
        const struct bundle_policy *base = &d->b->policies[i];

        policy_guess_try(&guess, base->name);
        if (!bytes_equal(base->name, name)) {
            continue;
        }
        if (base->version != version) {
            draft_error_at(d, at, "this policy has version %u", base->version);
        }
        if (base->base.len > 0) {
            draft_error_at(d, at, "a base extends nothing itself");
        }
        if (policy->n_rules > 0 || d->b->n_rules + base->n_rules > LIMIT_BUNDLE_RULES) {
            draft_error_at(d, at, "extends stands before the first rule");
            return;
        }
        inherit(policy, base);
        policy->base = name;
        policy->base_version = version;
        policy->first_rule = d->b->n_rules;
        policy->n_rules = base->n_rules;
        for (size_t k = 0; k < base->n_rules; k++) {
            d->rule_at[d->b->n_rules] = at;
            d->b->rules[d->b->n_rules++] = d->b->rules[base->first_rule + k];
        }
        return;
    }
    draft_error_at(d, at, "no policy of this name above%s", policy_guess_text(&guess, room));
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
take_quote(struct draft *d, struct bundle_policy *policy)
{
    policy->quote.bank = draft_hash(d);
    if (!draft_skip(d, "pcrs")) {
        draft_error(d, "pcrs and a list such as 0-9,14 are wanted here");
        return;
    }
    policy->quote.mask = take_pcrs(d);
}

static void
take_tier(struct draft *d, struct bundle_policy *policy)
{
    if (draft_skip(d, "affirming")) {
        policy->token_floor = BUNDLE_TIER_AFFIRMING;
    } else if (draft_skip(d, "warning")) {
        policy->token_floor = BUNDLE_TIER_WARNING;
    } else {
        draft_error(d, "affirming or warning is wanted here");
    }
}

static void
take_mode(struct draft *d, struct bundle_policy *policy)
{
    for (unsigned i = 0; i < POLICY_MODES; i++) {
        if (draft_skip(d, policy_modes[i])) {
            policy->mode = (enum bundle_mode)(i + 1);
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

struct setting {
    const char *word;
    void (*take)(struct draft *d, struct bundle_policy *policy);
};

static void
take_ak(struct draft *d, struct bundle_policy *policy)
{
    policy->ak = draft_keys(d);
}

static void
take_min_hash(struct draft *d, struct bundle_policy *policy)
{
    policy->min_hash = draft_hash(d);
}

static void
take_ttl(struct draft *d, struct bundle_policy *policy)
{
    policy->token_ttl_s = draft_span(d);
}

static void
take_evidence(struct draft *d, struct bundle_policy *policy)
{
    policy->fresh_evidence_s = draft_span(d);
}

static void
take_boot(struct draft *d, struct bundle_policy *policy)
{
    policy->fresh_boot_s = draft_span(d);
}

static void
take_fresh_else(struct draft *d, struct bundle_policy *policy)
{
    policy->fresh_else = draft_effect(d);
    if (policy->fresh_evidence_s == 0 && policy->fresh_boot_s == 0) {
        draft_error(d, "else of what? `fresh evidence 5m else warn`");
    }
}

static void
take_log(struct draft *d, struct bundle_policy *policy)
{
    policy->log_bytes = take_size(d);
}

static void
take_datagrams(struct draft *d, struct bundle_policy *policy)
{
    policy->datagrams = (uint32_t)draft_number(d, "a number of datagrams", LIMIT_EVENTS);
}

static void
take_profile(struct draft *d, struct bundle_policy *policy)
{
    policy->profile = draft_name(d, "a profile such as uboot-bootm");
}

static void
take_schema(struct draft *d, struct bundle_policy *policy)
{
    (void)policy;
    if (draft_number(d, "a schema", UINT32_MAX) != BUNDLE_SCHEMA) {
        draft_error(d, "this compiler knows schema %u", BUNDLE_SCHEMA);
    }
}

/* Words that only group the ones behind them. */
static bool
heading(struct draft *d)
{
    return draft_skip(d, "token") || draft_skip(d, "fresh") || draft_skip(d, "limits");
}

static void
take_setting(struct draft *d, struct bundle_policy *policy)
{
    static const struct setting settings[] = {
        {"applies", take_classes},
        {"extends", take_base},
        {"profile", take_profile},
        {"quote", take_quote},
        {"ak", take_ak},
        {"min-hash", take_min_hash},
        {"ttl", take_ttl},
        {"floor", take_tier},
        {"evidence", take_evidence},
        {"boot", take_boot},
        {"else", take_fresh_else},
        {"log", take_log},
        {"datagrams", take_datagrams},
        {"mode", take_mode},
        {"schema", take_schema},
    };
    struct policy_guess guess = policy_guess(d->at->text);
    char room[GUESS_ROOM];

    policy_guess_try(&guess, bytes_str("rule"));
    for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
        policy_guess_try(&guess, bytes_str(settings[i].word));
        if (draft_skip(d, settings[i].word)) {
            settings[i].take(d, policy);
            return;
        }
    }
    draft_error(d,
                "a policy has applies, extends, profile, quote, token, fresh, limits, mode and "
                "rules%s",
                policy_guess_text(&guess, room));
}

/* A rule of the base's name replaces it in its place. */
static void
take_rule(struct draft *d, struct bundle_policy *policy, size_t n_base)
{
    const struct policy_token *at = d->at;
    struct bundle_rule rule;

    draft_rule(d, &rule);
    draft_end_line(d);
    if (d->failed) {
        return;
    }
    for (size_t i = 0; i < policy->n_rules; i++) {
        struct bundle_rule *one = &d->b->rules[policy->first_rule + i];

        if (!bytes_equal(one->id, rule.id)) {
            continue;
        }
        if (i >= n_base) {
            draft_error_at(d, at, "a rule of this name stands above");
            return;
        }
        *one = rule;
        d->rule_at[one - d->b->rules] = at;
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
take_lines(struct draft *d, struct bundle_policy *policy)
{
    size_t n_base = 0;

    while (draft_more(d)) {
        if (draft_skip(d, "rule")) {
            take_rule(d, policy, n_base);
            continue;
        }
        do {
            ignore(heading(d), "the settings behind it tell all");
            take_setting(d, policy);
        } while (!d->failed && !draft_line_ends(d));
        n_base = policy->base.len > 0 && n_base == 0 ? policy->n_rules : n_base;
    }
}

void
draft_policy_block(struct draft *d)
{
    const struct policy_token *at = d->at;
    struct bundle_policy *policy = &d->b->policies[d->b->n_policies % LIMIT_BUNDLE_POLICIES];

    *policy = (struct bundle_policy){
        .min_hash = HASH_N,
        .first_rule = d->b->n_rules,
    };
    policy->name = draft_name(d, "a name for the policy");
    policy->version = draft_version(d);
    if (draft_skip(d, "schema")) {
        take_schema(d, policy);
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
    take_lines(d, policy);
    policy->token_floor = policy->token_floor > 0 ? policy->token_floor : BUNDLE_TIER_WARNING;
    policy->mode = policy->mode != 0 ? policy->mode : BUNDLE_MODE_ENFORCE;
    sort_classes(policy);
    draft_policy_check(d, policy, at);
    d->b->n_policies++;
}
