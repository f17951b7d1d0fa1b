#include "wire/bundle-rule.h"

enum policy_key {
    POLICY_NAME = 1,
    POLICY_VERSION,
    POLICY_CLASSES,
    POLICY_GROUP,
    POLICY_BASE,
    POLICY_PROFILE,
    POLICY_QUOTE,
    POLICY_AK,
    POLICY_MIN_HASH,
    POLICY_TTL,
    POLICY_FLOOR,
    POLICY_EVIDENCE,
    POLICY_BOOT,
    POLICY_FRESH_ELSE,
    POLICY_LOG_BYTES,
    POLICY_DATAGRAMS,
    POLICY_MODE,
    POLICY_RULES,
    POLICY_EXIT_EVENTS, /* of later than the rest */
};

enum {
    POLICY_NEEDS = 1 << POLICY_NAME | 1 << POLICY_VERSION | 1 << POLICY_FLOOR | 1 << POLICY_MODE,
    APPLIED_NEEDS = 1 << POLICY_QUOTE | 1 << POLICY_RULES,
};

static void
read_classes(struct cbor_rd *c, struct bundle_policy *policy)
{
    policy->n_classes = part_array(c, LIMIT_POLICY_CLASSES, 0, LIMIT_POLICY_CLASSES);
    for (size_t i = 0; i < policy->n_classes && !cbor_rd_failed(c); i++) {
        policy->classes[i] = part_name(c);
        cbor_rd_require(c, i == 0 || part_before(policy->classes[i - 1], policy->classes[i]));
    }
}

static void
read_base(struct cbor_rd *c, struct bundle_policy *policy)
{
    cbor_rd_array(c, 2);
    policy->base = part_name(c);
    policy->base_version = (uint32_t)part_uint(c, UINT32_MAX);
}

static void
read_quote(struct cbor_rd *c, struct bundle_policy *policy)
{
    cbor_rd_array(c, 2);
    policy->quote.bank = part_hash(c);
    policy->quote.mask = (uint32_t)part_uint(c, PCR_MASK_ALL);
}

static void
read_rules(struct cbor_rd *c, struct bundle *b, struct bundle_policy *policy)
{
    policy->first_rule = b->n_rules;
    policy->n_rules = part_array(c, LIMIT_POLICY_RULES, b->n_rules, LIMIT_BUNDLE_RULES);
    for (size_t i = 0; i < policy->n_rules && !cbor_rd_failed(c); i++) {
        struct bundle_rule *rule = &b->rules[b->n_rules++];

        part_read_rule(c, b, rule);
        for (size_t k = 0; k < i && !cbor_rd_failed(c); k++) {
            cbor_rd_require(c, !bytes_equal(rule[-1 - (ptrdiff_t)k].id, rule->id));
        }
    }
}

/* Whom the policy is for, and what is quoted. */
static void
read_head_key(struct cbor_rd *c, int64_t key, struct bundle_policy *policy)
{
    switch (key) {
    case POLICY_NAME:
        policy->name = part_name(c);
        break;
    case POLICY_VERSION:
        policy->version = (uint32_t)part_uint(c, UINT32_MAX);
        break;
    case POLICY_CLASSES:
        read_classes(c, policy);
        break;
    case POLICY_GROUP:
        policy->group = part_name(c);
        break;
    case POLICY_BASE:
        read_base(c, policy);
        break;
    case POLICY_PROFILE:
        policy->profile = part_name(c);
        break;
    case POLICY_QUOTE:
        read_quote(c, policy);
        break;
    case POLICY_AK:
        policy->ak = (uint8_t)part_uint(c, BUNDLE_KEYS_ALL);
        break;
    case POLICY_MIN_HASH:
        policy->min_hash = part_hash(c);
        break;
    default:
        cbor_rd_fail(c);
    }
}

static void
read_policy_key(struct cbor_rd *c, int64_t key, struct bundle *b, struct bundle_policy *policy)
{
    switch (key) {
    case POLICY_TTL:
        policy->token_ttl_s = (uint32_t)part_uint(c, LIMIT_BUNDLE_S);
        break;
    case POLICY_FLOOR:
        policy->token_floor = (uint8_t)cbor_rd_uint(c, BUNDLE_TIER_WARNING);
        cbor_rd_require(c, policy->token_floor == BUNDLE_TIER_WARNING ||
                               policy->token_floor == BUNDLE_TIER_AFFIRMING);
        break;
    case POLICY_EVIDENCE:
        policy->fresh_evidence_s = (uint32_t)part_uint(c, LIMIT_BUNDLE_S);
        break;
    case POLICY_BOOT:
        policy->fresh_boot_s = (uint32_t)part_uint(c, LIMIT_BUNDLE_S);
        break;
    case POLICY_FRESH_ELSE:
        policy->fresh_else = part_effect(c);
        cbor_rd_require(c, policy->fresh_evidence_s > 0 || policy->fresh_boot_s > 0);
        break;
    case POLICY_LOG_BYTES:
        policy->log_bytes = (uint32_t)part_uint(c, LIMIT_LOG_BYTES);
        break;
    case POLICY_DATAGRAMS:
        policy->datagrams = (uint32_t)part_uint(c, LIMIT_EVENTS);
        break;
    case POLICY_MODE:
        policy->mode = (enum bundle_mode)part_uint(c, BUNDLE_MODE_ENFORCE);
        break;
    case POLICY_RULES:
        read_rules(c, b, policy);
        break;
    case POLICY_EXIT_EVENTS:
        policy->exit_events_optional = part_uint(c, 1) == 1;
        break;
    default:
        read_head_key(c, key, policy);
    }
}

void
part_read_policy(struct cbor_rd *c, struct bundle *b, struct bundle_policy *policy)
{
    struct cbor_map map = cbor_rd_map(c, POLICY_EXIT_EVENTS);
    unsigned seen = 0;
    unsigned needs;
    int64_t key;

    policy->min_hash = HASH_N;
    while (part_key(c, &map, &seen, &key)) {
        read_policy_key(c, key, b, policy);
    }
    needs = POLICY_NEEDS | (policy->n_classes > 0 ? APPLIED_NEEDS : 0u);
    cbor_rd_require(c, (seen & needs) == needs);
}

static void
write_classes(struct wr *wr, const struct bundle_policy *policy)
{
    if (policy->n_classes == 0) {
        return;
    }
    cbor_wr_int(wr, POLICY_CLASSES);
    cbor_wr_array(wr, policy->n_classes);
    for (size_t i = 0; i < policy->n_classes; i++) {
        cbor_wr_tstr_view(wr, policy->classes[i]);
    }
}

static void
write_head(struct wr *wr, const struct bundle_policy *policy)
{
    part_write_text(wr, POLICY_NAME, policy->name);
    part_write_uint(wr, POLICY_VERSION, policy->version);
    write_classes(wr, policy);
    part_write_text(wr, POLICY_GROUP, policy->group);
    if (policy->base.len > 0) {
        cbor_wr_int(wr, POLICY_BASE);
        cbor_wr_array(wr, 2);
        cbor_wr_tstr_view(wr, policy->base);
        cbor_wr_uint(wr, policy->base_version);
    }
    part_write_text(wr, POLICY_PROFILE, policy->profile);
    if (policy->quote.mask != 0) {
        cbor_wr_int(wr, POLICY_QUOTE);
        cbor_wr_array(wr, 2);
        cbor_wr_uint(wr, hash_tpm_id(policy->quote.bank));
        cbor_wr_uint(wr, policy->quote.mask);
    }
    part_write_uint(wr, POLICY_AK, policy->ak);
    part_write_uint(wr, POLICY_MIN_HASH,
                    policy->min_hash < HASH_N ? hash_tpm_id(policy->min_hash) : 0);
}

static size_t
policy_count(const struct bundle_policy *p)
{
    size_t head = 2u + (p->n_classes > 0) + (p->group.len > 0) + (p->base.len > 0) +
                  (p->profile.len > 0) + (p->quote.mask != 0) + (p->ak > 0) +
                  (p->min_hash < HASH_N);

    return head + 2u + (p->token_ttl_s > 0) + (p->fresh_evidence_s > 0) + (p->fresh_boot_s > 0) +
           (p->fresh_else != 0) + (p->log_bytes > 0) + (p->datagrams > 0) + (p->n_rules > 0) +
           p->exit_events_optional;
}

void
part_write_policy(struct wr *wr, const struct bundle *b, const struct bundle_policy *policy)
{
    cbor_wr_map(wr, policy_count(policy));
    write_head(wr, policy);
    part_write_uint(wr, POLICY_TTL, policy->token_ttl_s);
    part_write_uint(wr, POLICY_FLOOR, policy->token_floor);
    part_write_uint(wr, POLICY_EVIDENCE, policy->fresh_evidence_s);
    part_write_uint(wr, POLICY_BOOT, policy->fresh_boot_s);
    part_write_uint(wr, POLICY_FRESH_ELSE, policy->fresh_else);
    part_write_uint(wr, POLICY_LOG_BYTES, policy->log_bytes);
    part_write_uint(wr, POLICY_DATAGRAMS, policy->datagrams);
    part_write_uint(wr, POLICY_MODE, policy->mode);
    if (policy->n_rules > 0) {
        cbor_wr_int(wr, POLICY_RULES);
        cbor_wr_array(wr, policy->n_rules);
    }
    for (size_t i = 0; i < policy->n_rules; i++) {
        part_write_rule(wr, b, &b->rules[policy->first_rule + i]);
    }
    part_write_uint(wr, POLICY_EXIT_EVENTS, policy->exit_events_optional);
}
