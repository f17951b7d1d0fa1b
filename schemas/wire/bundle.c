#include "wire/bundle-part.h"

enum body_key {
    BODY_SCHEMA = 1,
    BODY_POLICIES,
    BODY_SETS,
    BODY_RELEASES,
    BODY_CMDLINES,
    BODY_GRUBCMDS,
    BODY_IMAS,
    BODY_LABELS,
    BODY_ADVISORIES,
};

enum { BODY_NEEDS = 1 << BODY_SCHEMA | 1 << BODY_POLICIES };

static void
read_policies(struct cbor_rd *c, struct bundle *b)
{
    b->n_policies = part_array(c, LIMIT_BUNDLE_POLICIES, 0, LIMIT_BUNDLE_POLICIES);
    for (size_t i = 0; i < b->n_policies && !cbor_rd_failed(c); i++) {
        part_read_policy(c, b, &b->policies[i]);
    }
}

static void
read_sets(struct cbor_rd *c, struct bundle *b)
{
    b->n_sets = part_array(c, LIMIT_BUNDLE_SETS, 0, LIMIT_BUNDLE_SETS);
    for (size_t i = 0; i < b->n_sets && !cbor_rd_failed(c); i++) {
        part_read_set(c, b, &b->sets[i]);
    }
}

static void
read_releases(struct cbor_rd *c, struct bundle *b)
{
    b->n_releases = part_array(c, LIMIT_BUNDLE_RELEASES, 0, LIMIT_BUNDLE_RELEASES);
    for (size_t i = 0; i < b->n_releases && !cbor_rd_failed(c); i++) {
        part_read_release(c, &b->releases[i]);
    }
}

static size_t
read_lists(struct cbor_rd *c, struct bundle *b, struct bundle_list *lists, enum verb_args kind)
{
    size_t n = part_array(c, LIMIT_BUNDLE_LISTS, 0, LIMIT_BUNDLE_LISTS);

    for (size_t i = 0; i < n && !cbor_rd_failed(c); i++) {
        part_read_list(c, b, &lists[i], kind);
    }
    return n;
}

static void
read_imas(struct cbor_rd *c, struct bundle *b)
{
    b->n_imas = part_array(c, LIMIT_BUNDLE_LISTS, 0, LIMIT_BUNDLE_LISTS);
    for (size_t i = 0; i < b->n_imas && !cbor_rd_failed(c); i++) {
        part_read_ima(c, b, &b->imas[i]);
    }
}

static void
read_labels(struct cbor_rd *c, struct bundle *b)
{
    b->n_labels = part_array(c, LIMIT_BUNDLE_LABELS, 0, LIMIT_BUNDLE_LABELS);
    for (size_t i = 0; i < b->n_labels && !cbor_rd_failed(c); i++) {
        b->labels[i] = part_text(c);
        cbor_rd_require(c, i == 0 || part_before(b->labels[i - 1], b->labels[i]));
    }
}

static void
read_advisories(struct cbor_rd *c, struct bundle *b)
{
    b->n_advisories = part_array(c, LIMIT_BUNDLE_ADVISORIES, 0, LIMIT_BUNDLE_ADVISORIES);
    for (size_t i = 0; i < b->n_advisories && !cbor_rd_failed(c); i++) {
        struct bundle_advisory *advisory = &b->advisories[i];

        part_read_advisory(c, advisory);
        cbor_rd_require(c, i == 0 || part_before(advisory[-1].name, advisory->name));
    }
}

static void
read_body_key(struct cbor_rd *c, int64_t key, struct bundle *b)
{
    switch (key) {
    case BODY_POLICIES:
        read_policies(c, b);
        break;
    case BODY_SETS:
        read_sets(c, b);
        break;
    case BODY_RELEASES:
        read_releases(c, b);
        break;
    case BODY_CMDLINES:
        b->n_cmdlines = read_lists(c, b, b->cmdlines, ARGS_CMDLINE);
        break;
    case BODY_GRUBCMDS:
        b->n_grubcmds = read_lists(c, b, b->grubcmds, ARGS_GRUBCMD);
        break;
    case BODY_IMAS:
        read_imas(c, b);
        break;
    case BODY_LABELS:
        read_labels(c, b);
        break;
    case BODY_ADVISORIES:
        read_advisories(c, b);
        break;
    default:
        cbor_rd_fail(c);
    }
}

int
bundle_read(struct bytes in, struct bundle *ret, struct fault *ret_fault)
{
    struct cbor_rd c = cbor_rd_init(in.len > LIMIT_BUNDLE_BYTES ? BYTES_NULL : in);
    struct cbor_map map = cbor_rd_map(&c, BODY_ADVISORIES);
    unsigned seen = 0;
    int64_t key;

    memset(ret, 0, sizeof(*ret));
    while (part_key(&c, &map, &seen, &key)) {
        /* first, so that a newer schema is told as such and not as a broken one */
        if (key == BODY_SCHEMA && cbor_rd_uint(&c, UINT32_MAX) != BUNDLE_SCHEMA) {
            return fault_at(ret_fault, cbor_rd_failed(&c) ? RULE_WIRE_BUNDLE : RULE_BUNDLE_SCHEMA,
                            FAULT_NO_EVENT, rd_offset(&c.rd));
        }
        if (key != BODY_SCHEMA) {
            read_body_key(&c, key, ret);
        }
    }
    if (!cbor_rd_end(&c) || (seen & BODY_NEEDS) != BODY_NEEDS || !part_refs_hold(ret)) {
        return fault_at(ret_fault, RULE_WIRE_BUNDLE, FAULT_NO_EVENT, rd_offset(&c.rd));
    }
    return 0;
}

static bool
write_count(struct wr *wr, int64_t key, size_t n)
{
    if (n > 0) {
        cbor_wr_int(wr, key);
        cbor_wr_array(wr, n);
    }
    return n > 0;
}

static void
write_lists(struct wr *wr, const struct bundle *b)
{
    (void)write_count(wr, BODY_CMDLINES, b->n_cmdlines);
    for (size_t i = 0; i < b->n_cmdlines; i++) {
        part_write_list(wr, b, &b->cmdlines[i]);
    }
    (void)write_count(wr, BODY_GRUBCMDS, b->n_grubcmds);
    for (size_t i = 0; i < b->n_grubcmds; i++) {
        part_write_list(wr, b, &b->grubcmds[i]);
    }
    (void)write_count(wr, BODY_IMAS, b->n_imas);
    for (size_t i = 0; i < b->n_imas; i++) {
        part_write_ima(wr, b, &b->imas[i]);
    }
    (void)write_count(wr, BODY_LABELS, b->n_labels);
    for (size_t i = 0; i < b->n_labels; i++) {
        cbor_wr_tstr_view(wr, b->labels[i]);
    }
}

void
bundle_write(struct wr *wr, const struct bundle *b)
{
    cbor_wr_map(wr, 2u + (b->n_sets > 0) + (b->n_releases > 0) + (b->n_cmdlines > 0) +
                        (b->n_grubcmds > 0) + (b->n_imas > 0) + (b->n_labels > 0) +
                        (b->n_advisories > 0));
    part_write_uint(wr, BODY_SCHEMA, BUNDLE_SCHEMA);
    (void)write_count(wr, BODY_POLICIES, b->n_policies);
    for (size_t i = 0; i < b->n_policies; i++) {
        part_write_policy(wr, b, &b->policies[i]);
    }
    (void)write_count(wr, BODY_SETS, b->n_sets);
    for (size_t i = 0; i < b->n_sets; i++) {
        part_write_set(wr, b, &b->sets[i]);
    }
    (void)write_count(wr, BODY_RELEASES, b->n_releases);
    for (size_t i = 0; i < b->n_releases; i++) {
        part_write_release(wr, &b->releases[i]);
    }
    write_lists(wr, b);
    (void)write_count(wr, BODY_ADVISORIES, b->n_advisories);
    for (size_t i = 0; i < b->n_advisories; i++) {
        part_write_advisory(wr, &b->advisories[i]);
    }
}

uint16_t
bundle_set_named(const struct bundle *bundle, struct bytes name)
{
    for (size_t i = 0; i < bundle->n_sets; i++) {
        if (bytes_equal(bundle->sets[i].name, name)) {
            return (uint16_t)i;
        }
    }
    return BUNDLE_NONE;
}
