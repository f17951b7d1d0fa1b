/* Advisories of a bundle: which firmware of a maker's TPMs has which faults. bundle.cddl; appraisal
 * page, sections 5b (tpm.advisory) and 5d (tpm.cves). */
#pragma once

#include "base/std.h"
#include "base/limits.h"

enum bundle_severity {
    SEVERITY_LOW = 1,
    SEVERITY_MEDIUM,
    SEVERITY_HIGH,
    SEVERITY_CRITICAL,
    SEVERITY_MAX = SEVERITY_CRITICAL,
};

/* Both ends are meant. firmwareVersion as quotes sign it: TPM_PT_FIRMWARE_VERSION_1, then _2. */
struct bundle_span {
    uint64_t first, last;
};

struct bundle_advisory {
    struct bytes name;
    uint32_t vendor; /* TPM_PT_MANUFACTURER, without blanks at its end (formats/tpm-vendor.h) */
    size_t n_spans;  /* at least 1; ascending, none touches the next */
    struct bundle_span spans[LIMIT_ADVISORY_SPANS];
    enum bundle_severity severity;
    size_t n_cves; /* as written; none may be known yet */
    struct bytes cves[LIMIT_ADVISORY_CVES];
    struct bytes effect; /* what it does, for people; or empty */
};

/* "high"; "unknown" out of range. The other way: 0 when it is none. */
const char *bundle_severity_name(enum bundle_severity severity);
enum bundle_severity bundle_severity_from(struct bytes name);
