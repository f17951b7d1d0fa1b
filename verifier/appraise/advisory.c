#include "appraise/advisory.h"

bool
advisory_known(const struct bundle *bundle, const struct advisory_tpm *tpm)
{
    for (size_t i = 0; tpm->vendor != 0 && tpm->quoted && i < bundle->n_advisories; i++) {
        if (bundle->advisories[i].vendor == tpm->vendor) {
            return true;
        }
    }
    return false;
}

static bool
has(const struct bundle_advisory *advisory, const struct advisory_tpm *tpm)
{
    for (size_t i = 0; advisory->vendor == tpm->vendor && i < advisory->n_spans; i++) {
        if (tpm->firmware >= advisory->spans[i].first && tpm->firmware <= advisory->spans[i].last) {
            return true;
        }
    }
    return false;
}

size_t
advisory_find(const struct bundle *bundle, const struct advisory_tpm *tpm,
              uint16_t ret[LIMIT_BUNDLE_ADVISORIES])
{
    size_t n = 0;

    for (size_t i = 0; advisory_known(bundle, tpm) && i < bundle->n_advisories; i++) {
        if (has(&bundle->advisories[i], tpm)) {
            ret[n++] = (uint16_t)i;
        }
    }
    return n;
}
