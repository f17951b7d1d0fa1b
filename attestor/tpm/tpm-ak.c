#include "tpm/tpm-ak.h"

#include "tpm/tpm-key-make.h"
#include "tpm/tpm-template.h"

/* The NUL keeps label and site apart for good, whatever labels come later. */
static int
unique_of(struct hasher *hasher, const char *label, struct bytes site, uint8_t ret_unique[32])
{
    static const uint8_t nul[1] = {0};
    struct bytes parts[] = {bytes_str(label), BYTES_OF(nul), site};

    return hasher_parts(hasher, HASH_SHA256, parts, ARRAY_LEN(parts), ret_unique);
}

int
tpm_ak_unique(struct hasher *hasher, struct bytes site, uint8_t ret_unique[32])
{
    return unique_of(hasher, "assay-ak-1", site, ret_unique);
}

int
tpm_ak_dev_unique(struct hasher *hasher, struct bytes site, uint8_t ret_unique[32])
{
    return unique_of(hasher, "assay-dev-1", site, ret_unique);
}

/* Asked, not tried: a passing fault must not make a device change its AK. */
static int
has_p256(struct tpm *tpm, bool *ret_has, struct tpm_error *ret_error)
{
    CLEANUP(tpm_esys_freep) TPMS_CAPABILITY_DATA *data = NULL;
    const TPML_ECC_CURVE *list;
    int r;

    r = tpm_esys_capability(tpm, TPM2_CAP_ECC_CURVES, TPM2_ECC_NIST_P256, 1, &data, ret_error);
    if (r != 0) {
        return r;
    }
    list = &data->data.eccCurves;
    *ret_has = list->count > 0 && list->eccCurves[0] == TPM2_ECC_NIST_P256;
    return 0;
}

int
tpm_ak_load(struct tpm *tpm, struct bytes site, enum tpm_ak_kind kind, struct tpm_key **ret,
            struct tpm_error *ret_error)
{
    bool p256 = kind == TPM_AK_P256;
    TPM2B_PUBLIC template;
    uint8_t unique[32];
    int r;

    r = tpm_ak_unique(tpm->hasher, site, unique);
    if (r == 0 && kind == TPM_AK_ANY) {
        r = has_p256(tpm, &p256, ret_error);
    }
    if (r != 0) {
        return r;
    }
    template = p256 ? tpm_template_ak_p256(unique) : tpm_template_ak_rsa(unique);
    return tpm_key_make_primary(tpm, &template, ret, ret_error);
}

int
tpm_ak_load_dev(struct tpm *tpm, struct bytes site, struct tpm_key **ret,
                struct tpm_error *ret_error)
{
    TPM2B_PUBLIC template;
    uint8_t unique[32];
    int r;

    r = tpm_ak_dev_unique(tpm->hasher, site, unique);
    if (r != 0) {
        return r;
    }
    template = tpm_template_dev(unique);
    return tpm_key_make_primary(tpm, &template, ret, ret_error);
}
