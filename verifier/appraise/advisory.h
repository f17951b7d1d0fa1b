/* What a bundle's advisories say of one TPM: by its maker, which a verified chain of its EK proves,
 * and the firmware version that its quote signs. Nothing unproven counts. Pure. Appraisal page,
 * sections 5b (tpm.advisory) and 5d (tpm.vendor, tpm.fw, tpm.cves). */
#pragma once

#include "wire/bundle.h"

struct advisory_tpm {
    uint32_t vendor;   /* formats/tpm-vendor.h; 0: nobody vouches for one */
    bool quoted;       /* firmware was signed by the TPM */
    uint64_t firmware; /* firmwareVersion */
};

/* Whether anything is known of such a TPM: maker and version are, and some advisory is of that
 * maker. A maker that no advisory names may have faults that nobody wrote down here. */
bool advisory_known(const struct bundle *bundle, const struct advisory_tpm *tpm);

/* Places in bundle->advisories of those that the TPM has; how many. None unless known. */
size_t advisory_find(const struct bundle *bundle, const struct advisory_tpm *tpm,
                     uint16_t ret[LIMIT_BUNDLE_ADVISORIES]);
