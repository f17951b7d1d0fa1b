#include "rejudge/rejudge-rows.h"

#include "appraise/quoted.h"
#include "formats/tpm-public.h"

/* Ages as they were when this evidence came; a later one that was not genuine has moved the row. */
static int
read_beside(struct store *store, const struct store_device *device, struct rejudge_rows *rows)
{
    struct tpm_public ak;
    struct store_last last = {0};
    int r = store_last_get(store, device->id, &last);

    if (r < 0) {
        return r;
    }
    rows->era = last.era;
    rows->reset_count = last.reset_count;
    rows->has_ages = r == 0 && last.arrived_ms == rows->evidence.arrived_ms;
    rows->tpm.vendor = device->tpm_vendor; /* a chain's word, whatever came since */
    if (rows->has_ages) {
        rows->tpm = (struct advisory_tpm){device->tpm_vendor, true, last.firmware};
        rows->beside.evidence_ms = last.arrived_ms - last.challenge_ms;
        rows->beside.boot_ms = last.boot_ms > 0 ? last.arrived_ms - last.boot_ms : 0;
    }
    if (tpm_public_read(bytes_of(device->ak_public, device->ak_public_len), &ak, NULL) == 0) {
        rows->beside.key = quoted_key_kind(&ak);
    }
    return 0;
}

int
rejudge_rows_read(struct store *store, const struct store_device *device, struct rejudge_rows *ret)
{
    int r;

    *ret = (struct rejudge_rows){.has_ages = false};
    r = store_class_get(store, device->class_name, &ret->class_row);
    if (r != 0) {
        return r == STORE_NONE ? REJUDGE_NO_CLASS : r;
    }
    r = store_groups_get(store, device->id, &ret->groups);
    if (r != 0) {
        return r;
    }
    r = store_evidence_get(store, device->id, &ret->evidence);
    if (r != 0) {
        return r == STORE_NONE ? REJUDGE_NO_EVIDENCE : r;
    }
    return read_beside(store, device, ret);
}

enum rejudge_why
rejudge_rows_lack(const struct rejudge_rows *rows, const struct bundle_policy *policy)
{
    if (policy && policy->quote.mask & PCR_MASK_USERSPACE &&
        rows->evidence.userspace == EVIDENCE_LOG_UNKNOWN) {
        return REJUDGE_NO_USERSPACE;
    }
    return policy && !rows->has_ages && (policy->fresh_evidence_s > 0 || policy->fresh_boot_s > 0)
               ? REJUDGE_NO_AGE
               : REJUDGE_JUDGED;
}
