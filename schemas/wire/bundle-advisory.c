#include "wire/bundle-advisory.h"

#include "wire/bundle-part.h"

enum advisory_key {
    ADVISORY_NAME = 1,
    ADVISORY_VENDOR,
    ADVISORY_SPANS,
    ADVISORY_SEVERITY,
    ADVISORY_CVES,
    ADVISORY_EFFECT,
};

enum {
    ADVISORY_NEEDS =
        1 << ADVISORY_NAME | 1 << ADVISORY_VENDOR | 1 << ADVISORY_SPANS | 1 << ADVISORY_SEVERITY
};

static const char *const severity_names[] = {"", "low", "medium", "high", "critical"};

const char *
bundle_severity_name(enum bundle_severity severity)
{
    return severity >= 1 && severity <= SEVERITY_MAX ? severity_names[severity] : "unknown";
}

enum bundle_severity
bundle_severity_from(struct bytes name)
{
    for (unsigned i = 1; i <= SEVERITY_MAX; i++) {
        if (bytes_equal(name, bytes_str(severity_names[i]))) {
            return (enum bundle_severity)i;
        }
    }
    return 0;
}

static void
read_spans(struct cbor_rd *c, struct bundle_advisory *advisory)
{
    advisory->n_spans = part_array(c, LIMIT_ADVISORY_SPANS, 0, LIMIT_ADVISORY_SPANS);
    for (size_t i = 0; i < advisory->n_spans && !cbor_rd_failed(c); i++) {
        struct bundle_span *span = &advisory->spans[i];

        cbor_rd_array(c, 2);
        span->first = cbor_rd_uint(c, UINT64_MAX);
        span->last = cbor_rd_uint(c, UINT64_MAX);
        cbor_rd_require(c, span->first <= span->last);
        /* what touches is one span, so that equal advisories are equal bytes */
        cbor_rd_require(c,
                        i == 0 || (span[-1].last < span->first && span->first - span[-1].last > 1));
    }
}

static void
read_cves(struct cbor_rd *c, struct bundle_advisory *advisory)
{
    advisory->n_cves = part_array(c, LIMIT_ADVISORY_CVES, 0, LIMIT_ADVISORY_CVES);
    for (size_t i = 0; i < advisory->n_cves && !cbor_rd_failed(c); i++) {
        advisory->cves[i] = part_name(c);
        cbor_rd_require(c, i == 0 || part_before(advisory->cves[i - 1], advisory->cves[i]));
    }
}

static void
read_key(struct cbor_rd *c, int64_t key, struct bundle_advisory *advisory)
{
    switch (key) {
    case ADVISORY_NAME:
        advisory->name = part_name(c);
        break;
    case ADVISORY_VENDOR:
        advisory->vendor = (uint32_t)part_uint(c, UINT32_MAX);
        cbor_rd_require(c, (advisory->vendor & 0xff) != ' ');
        break;
    case ADVISORY_SPANS:
        read_spans(c, advisory);
        break;
    case ADVISORY_SEVERITY:
        advisory->severity = (enum bundle_severity)part_uint(c, SEVERITY_MAX);
        break;
    case ADVISORY_CVES:
        read_cves(c, advisory);
        break;
    case ADVISORY_EFFECT:
        advisory->effect = part_text(c);
        break;
    default:
        cbor_rd_fail(c);
    }
}

void
part_read_advisory(struct cbor_rd *c, struct bundle_advisory *advisory)
{
    struct cbor_map map = cbor_rd_map(c, ADVISORY_EFFECT);
    unsigned seen = 0;
    int64_t key;

    while (part_key(c, &map, &seen, &key)) {
        read_key(c, key, advisory);
    }
    cbor_rd_require(c, (seen & ADVISORY_NEEDS) == ADVISORY_NEEDS);
}

void
part_write_advisory(struct wr *wr, const struct bundle_advisory *advisory)
{
    cbor_wr_map(wr, 4u + (advisory->n_cves > 0) + (advisory->effect.len > 0));
    part_write_text(wr, ADVISORY_NAME, advisory->name);
    part_write_uint(wr, ADVISORY_VENDOR, advisory->vendor);
    cbor_wr_int(wr, ADVISORY_SPANS);
    cbor_wr_array(wr, advisory->n_spans);
    for (size_t i = 0; i < advisory->n_spans; i++) {
        cbor_wr_array(wr, 2);
        cbor_wr_uint(wr, advisory->spans[i].first);
        cbor_wr_uint(wr, advisory->spans[i].last);
    }
    part_write_uint(wr, ADVISORY_SEVERITY, advisory->severity);
    if (advisory->n_cves > 0) {
        cbor_wr_int(wr, ADVISORY_CVES);
        cbor_wr_array(wr, advisory->n_cves);
        for (size_t i = 0; i < advisory->n_cves; i++) {
            cbor_wr_tstr_view(wr, advisory->cves[i]);
        }
    }
    part_write_text(wr, ADVISORY_EFFECT, advisory->effect);
}
