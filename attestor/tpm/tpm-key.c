#include "tpm/tpm-key.h"

#include <stdlib.h>

#include "crypto/spki.h"
#include "tpm/tpm-key-make.h"

struct bytes
tpm_key_public(const struct tpm_key *key)
{
    return bytes_of(key->public, key->public_len);
}

struct bytes
tpm_key_name(const struct tpm_key *key)
{
    return bytes_of(key->name.name, key->name.size);
}

static int
spki_point(const TPMT_PUBLIC *area, struct wr *wr)
{
    struct bytes x = bytes_of(area->unique.ecc.x.buffer, area->unique.ecc.x.size);
    struct bytes y = bytes_of(area->unique.ecc.y.buffer, area->unique.ecc.y.size);

    switch (area->parameters.eccDetail.curveID) {
    case TPM2_ECC_NIST_P256:
        return spki_from_ec(wr, SPKI_P256, x, y);
    case TPM2_ECC_NIST_P384:
        return spki_from_ec(wr, SPKI_P384, x, y);
    case TPM2_ECC_NIST_P521:
        return spki_from_ec(wr, SPKI_P521, x, y);
    default:
        return SPKI_E_FORM;
    }
}

int
tpm_key_spki(const struct tpm_key *key, struct wr *wr)
{
    const TPMT_PUBLIC *area = &key->area;
    int r = SPKI_E_FORM;

    /* exponent 0 means 65537, Part 2 section 12.2.3.5 */
    if (area->type == TPM2_ALG_RSA && (area->parameters.rsaDetail.exponent == 0 ||
                                       area->parameters.rsaDetail.exponent == 65537)) {
        r = spki_from_rsa(wr, bytes_of(area->unique.rsa.buffer, area->unique.rsa.size));
    } else if (area->type == TPM2_ALG_ECC) {
        r = spki_point(area, wr);
    }
    return r > 0 ? (int)TPM_E_LACKS : r;
}

int
tpm_key_fingerprint(const struct tpm_key *key, uint8_t ret_sha256[32])
{
    uint8_t room[SPKI_ROOM];
    struct wr wr = wr_init(room, sizeof(room));
    int r = tpm_key_spki(key, &wr);

    return r != 0 ? r : hasher_bytes(key->tpm->hasher, HASH_SHA256, wr_done(&wr), ret_sha256);
}

void
tpm_key_free(struct tpm_key *key)
{
    if (!key) {
        return;
    }
    if (key->made) {
        tpm_esys_flush(key->tpm, &key->handle);
    } else {
        tpm_esys_forget(key->tpm, &key->handle);
    }
    free(key);
}

void
tpm_key_freep(struct tpm_key **key)
{
    tpm_key_free(*key);
    *key = NULL;
}
