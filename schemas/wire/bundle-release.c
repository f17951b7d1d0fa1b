/* Releases of a bundle. */
#include "wire/bundle-part.h"

enum release_key {
    RELEASE_COMPONENT = 1,
    RELEASE_NAME,
    RELEASE_VERSION,
    RELEASE_SVN,
    RELEASE_STATE,
    RELEASE_SOURCE,
    RELEASE_ACTIVE,
    RELEASE_RETIRE,
    RELEASE_REPLACES,
    RELEASE_OVERLAP,
    RELEASE_SLOTS,
    RELEASE_CMDLINE,
    RELEASE_ANNOUNCED,
};

enum {
    RELEASE_NEEDS =
        1 << RELEASE_COMPONENT | 1 << RELEASE_NAME | 1 << RELEASE_VERSION | 1 << RELEASE_STATE,
};

static void
read_source(struct cbor_rd *c, struct bundle_release *release)
{
    cbor_rd_array(c, 2);
    release->source_kind = part_name(c);
    release->source = part_name(c);
}

static void
read_identity(struct cbor_rd *c, int64_t key, struct bundle_release *release)
{
    switch (key) {
    case RELEASE_COMPONENT:
        release->component = part_name(c);
        break;
    case RELEASE_NAME:
        release->name = part_name(c);
        break;
    case RELEASE_VERSION:
        release->version = part_name(c);
        break;
    case RELEASE_SVN:
        release->svn = part_uint(c, INT64_MAX);
        break;
    case RELEASE_STATE:
        release->state = (enum bundle_state)part_uint(c, BUNDLE_STATE_MAX);
        break;
    case RELEASE_SOURCE:
        read_source(c, release);
        break;
    default:
        cbor_rd_fail(c);
    }
}

static void
read_release_key(struct cbor_rd *c, int64_t key, struct bundle_release *release)
{
    switch (key) {
    case RELEASE_ACTIVE:
        release->active_s = part_uint(c, UINT32_MAX);
        break;
    case RELEASE_RETIRE:
        release->retire_s = part_uint(c, UINT32_MAX);
        cbor_rd_require(c, release->retire_s > release->active_s);
        break;
    case RELEASE_REPLACES:
        release->replaces = part_name(c);
        break;
    case RELEASE_OVERLAP:
        release->overlap_s = (uint32_t)part_uint(c, LIMIT_BUNDLE_S);
        /* it counts from active_s */
        cbor_rd_require(c, release->replaces.len > 0 && release->active_s > 0);
        break;
    case RELEASE_SLOTS:
        release->slots = part_text(c);
        break;
    case RELEASE_CMDLINE:
        release->cmdline = (uint16_t)cbor_rd_uint(c, LIMIT_BUNDLE_LISTS - 1);
        break;
    case RELEASE_ANNOUNCED:
        release->announced_initrd = cbor_rd_bool(c);
        cbor_rd_require(c, release->announced_initrd);
        break;
    default:
        read_identity(c, key, release);
    }
}

void
part_read_release(struct cbor_rd *c, struct bundle_release *release)
{
    struct cbor_map map = cbor_rd_map(c, RELEASE_ANNOUNCED);
    unsigned seen = 0;
    int64_t key;

    release->cmdline = BUNDLE_NONE;
    while (part_key(c, &map, &seen, &key)) {
        read_release_key(c, key, release);
    }
    cbor_rd_require(c, (seen & RELEASE_NEEDS) == RELEASE_NEEDS);
}

static size_t
release_count(const struct bundle_release *r)
{
    return 4u + (r->svn > 0) + (r->source.len > 0) + (r->active_s > 0) + (r->retire_s > 0) +
           (r->replaces.len > 0) + (r->overlap_s > 0) + (r->slots.len > 0) +
           (r->cmdline != BUNDLE_NONE) + r->announced_initrd;
}

void
part_write_release(struct wr *wr, const struct bundle_release *r)
{
    cbor_wr_map(wr, release_count(r));
    part_write_text(wr, RELEASE_COMPONENT, r->component);
    part_write_text(wr, RELEASE_NAME, r->name);
    part_write_text(wr, RELEASE_VERSION, r->version);
    part_write_uint(wr, RELEASE_SVN, r->svn);
    part_write_uint(wr, RELEASE_STATE, r->state);
    if (r->source.len > 0) {
        cbor_wr_int(wr, RELEASE_SOURCE);
        cbor_wr_array(wr, 2);
        cbor_wr_tstr_view(wr, r->source_kind);
        cbor_wr_tstr_view(wr, r->source);
    }
    part_write_uint(wr, RELEASE_ACTIVE, r->active_s);
    part_write_uint(wr, RELEASE_RETIRE, r->retire_s);
    part_write_text(wr, RELEASE_REPLACES, r->replaces);
    part_write_uint(wr, RELEASE_OVERLAP, r->overlap_s);
    part_write_text(wr, RELEASE_SLOTS, r->slots);
    if (r->cmdline != BUNDLE_NONE) {
        cbor_wr_int(wr, RELEASE_CMDLINE);
        cbor_wr_uint(wr, r->cmdline);
    }
    if (r->announced_initrd) {
        cbor_wr_int(wr, RELEASE_ANNOUNCED);
        cbor_wr_bool(wr, true);
    }
}
