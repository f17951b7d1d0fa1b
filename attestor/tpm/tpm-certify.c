#include "tpm/tpm-certify.h"

#include "tpm/tpm-signed-esys.h"
#include "tpm/tpm-key-make.h"

static int
take_certification(const TPM2B_ATTEST *info, const TPMT_SIGNATURE *signature,
                   const struct tpm_key *key, const uint8_t qualifying[32],
                   struct tpm_signed *ret_attest)
{
    struct tpm_signed attest = {.info_len = 0};
    const TPM2B_NAME *name;
    TPMS_ATTEST read;
    int r;

    r = tpm_signed_from_esys(info, signature, TPM2_ST_ATTEST_CERTIFY, qualifying, &attest, &read);
    if (r != 0) {
        return r;
    }
    name = &read.attested.certify.name;
    if (!bytes_equal(bytes_of(name->name, name->size), tpm_key_name(key))) {
        return TPM_E_SELF;
    }
    *ret_attest = attest;
    return 0;
}

int
tpm_certify(const struct tpm_key *key, const struct tpm_key *ak, const uint8_t qualifying[32],
            struct tpm_signed *ret_attest, struct tpm_error *ret_error)
{
    static const TPMT_SIG_SCHEME scheme = {.scheme = TPM2_ALG_NULL};
    CLEANUP(tpm_esys_freep) TPM2B_ATTEST *info = NULL;
    CLEANUP(tpm_esys_freep) TPMT_SIGNATURE *signature = NULL;
    TPM2B_DATA data = tpm_signed_qualifying(qualifying);
    unsigned n_tries = 0;
    TSS2_RC rc;
    int r;

    do {
        rc = Esys_Certify(ak->tpm->esys, key->handle, ak->handle, ESYS_TR_PASSWORD,
                          ESYS_TR_PASSWORD, ESYS_TR_NONE, &data, &scheme, &info, &signature);
    } while (tpm_esys_again(ak->tpm, rc, &n_tries));
    if (rc != TSS2_RC_SUCCESS) {
        return tpm_esys_result("TPM2_Certify", rc, ret_error);
    }
    r = take_certification(info, signature, key, qualifying, ret_attest);
    return r == 0 ? 0
                  : tpm_esys_refuse("TPM2_Certify: not the statement that was asked for",
                                    (enum tpm_outcome)r, ret_error);
}
