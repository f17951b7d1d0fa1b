#include "tpm/tpm-signed.h"

#include <tss2/tss2_mu.h>

#include "base/rd.h"
#include "crypto/spki.h"
#include "tpm/tpm-signed-esys.h"

static struct bytes
without_length(const uint8_t *p, size_t len)
{
    struct rd rd = rd_init(bytes_of(p, len));

    return rd_bytes(&rd, rd_be16(&rd));
}

struct bytes
tpm_signed_info(const struct tpm_signed *attest)
{
    return without_length(attest->info, attest->info_len);
}

struct bytes
tpm_signed_signature(const struct tpm_signed *attest)
{
    return without_length(attest->signature, attest->signature_len);
}

int
tpm_signed_check(const struct tpm_signed *attest, const struct tpm_key *signer,
                 tpm_signed_verify_fn *verify, void *context)
{
    uint8_t room[SPKI_ROOM];
    struct wr wr = wr_init(room, sizeof(room));
    int r;

    if (tpm_key_spki(signer, &wr) != 0) {
        return TPM_E_SELF;
    }
    r = verify(context, wr_done(&wr), tpm_signed_info(attest), tpm_signed_signature(attest));
    return r > 0 ? (int)TPM_E_SELF : r;
}

TPM2B_DATA
tpm_signed_qualifying(const uint8_t qualifying[32])
{
    TPM2B_DATA data = {.size = 32};

    memcpy(data.buffer, qualifying, 32);
    return data;
}

static bool
write_signature(const TPMT_SIGNATURE *signature, struct tpm_signed *attest)
{
    uint8_t body[sizeof(TPMT_SIGNATURE)];
    struct wr wr = wr_init(attest->signature, sizeof(attest->signature));
    size_t len = 0;

    if (Tss2_MU_TPMT_SIGNATURE_Marshal(signature, body, sizeof(body), &len) != TSS2_RC_SUCCESS) {
        return false;
    }
    wr_be16(&wr, (uint16_t)len);
    wr_bytes(&wr, bytes_of(body, len));
    attest->signature_len = wr.len;
    return !wr.failed;
}

int
tpm_signed_from_esys(const TPM2B_ATTEST *info, const TPMT_SIGNATURE *signature, TPMI_ST_ATTEST type,
                     const uint8_t qualifying[32], struct tpm_signed *attest, TPMS_ATTEST *ret_info)
{
    struct wr wr = wr_init(attest->info, sizeof(attest->info));
    size_t at = 0;

    wr_be16(&wr, info->size);
    wr_bytes(&wr, bytes_of(info->attestationData, info->size));
    attest->info_len = wr.len;
    if (wr.failed || !write_signature(signature, attest) ||
        Tss2_MU_TPMS_ATTEST_Unmarshal(info->attestationData, info->size, &at, ret_info) !=
            TSS2_RC_SUCCESS ||
        at != info->size) {
        return TPM_E_TALK;
    }
    if (ret_info->magic != TPM2_GENERATED_VALUE || ret_info->type != type ||
        !bytes_equal(bytes_of(ret_info->extraData.buffer, ret_info->extraData.size),
                     bytes_of(qualifying, 32))) {
        return TPM_E_SELF;
    }
    return 0;
}
