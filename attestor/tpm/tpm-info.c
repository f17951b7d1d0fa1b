#include "tpm/tpm-info.h"

#include "tpm/tpm-esys.h"

/* Four characters of a property, to out[0..3]; NULs end it. */
static void
four_chars(uint32_t value, char *out)
{
    for (unsigned i = 0; i < 4; i++) {
        char c = (char)(value >> (24 - 8 * i) & 0xff);

        out[i] = c == 0 || (c >= 0x20 && c < 0x7f) ? c : '?';
    }
}

static void
take_property(const TPMS_TAGGED_PROPERTY *property, struct tpm_info *info)
{
    switch (property->property) {
    case TPM2_PT_MANUFACTURER:
        four_chars(property->value, info->manufacturer);
        break;
    case TPM2_PT_VENDOR_STRING_1:
    case TPM2_PT_VENDOR_STRING_2:
    case TPM2_PT_VENDOR_STRING_3:
    case TPM2_PT_VENDOR_STRING_4:
        four_chars(property->value,
                   &info->vendor[4 * (property->property - TPM2_PT_VENDOR_STRING_1)]);
        break;
    case TPM2_PT_FIRMWARE_VERSION_1:
        info->firmware_version |= (uint64_t)property->value << 32;
        break;
    case TPM2_PT_FIRMWARE_VERSION_2:
        info->firmware_version |= property->value;
        break;
    case TPM2_PT_REVISION:
        info->spec_revision = property->value;
        break;
    case TPM2_PT_YEAR:
        info->spec_year = (uint16_t)property->value;
        break;
    case TPM2_PT_DAY_OF_YEAR:
        info->spec_day = (uint16_t)property->value;
        break;
    default:
        break;
    }
}

static int
read_properties(struct tpm *tpm, struct tpm_info *info, struct tpm_error *ret_error)
{
    CLEANUP(tpm_esys_freep) TPMS_CAPABILITY_DATA *data = NULL;
    const TPML_TAGGED_TPM_PROPERTY *list;
    int r;

    r = tpm_esys_capability(tpm, TPM2_CAP_TPM_PROPERTIES, TPM2_PT_FIXED, TPM2_MAX_TPM_PROPERTIES,
                            &data, ret_error);
    if (r != 0) {
        return r;
    }
    list = &data->data.tpmProperties;
    for (uint32_t i = 0; i < list->count && i < TPM2_MAX_TPM_PROPERTIES; i++) {
        take_property(&list->tpmProperty[i], info);
    }
    return 0;
}

static int
read_clock(struct tpm *tpm, struct tpm_info *info, struct tpm_error *ret_error)
{
    CLEANUP(tpm_esys_freep) TPMS_TIME_INFO *now = NULL;
    unsigned n_tries = 0;
    TSS2_RC rc;

    do {
        rc = Esys_ReadClock(tpm->esys, TPM_NONE, &now);
    } while (tpm_esys_again(tpm, rc, &n_tries));
    if (rc != TSS2_RC_SUCCESS) {
        return tpm_esys_result("TPM2_ReadClock", rc, ret_error);
    }
    info->clock_ms = now->clockInfo.clock;
    info->reset_count = now->clockInfo.resetCount;
    info->restart_count = now->clockInfo.restartCount;
    info->clock_safe = now->clockInfo.safe == TPM2_YES;
    return 0;
}

int
tpm_info_read(struct tpm *tpm, struct tpm_info *ret, struct tpm_error *ret_error)
{
    struct tpm_info info = {0};
    int r;

    r = read_properties(tpm, &info, ret_error);
    if (r == 0) {
        r = tpm_pcr_banks(tpm, false, &info.banks, ret_error);
    }
    if (r == 0) {
        r = read_clock(tpm, &info, ret_error);
    }
    if (r == 0) {
        *ret = info;
    }
    return r;
}
