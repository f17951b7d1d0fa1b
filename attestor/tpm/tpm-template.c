#include "tpm/tpm-template.h"

#include <tss2/tss2_mu.h>

#define EK_LOW                                                                          \
    (TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN | \
     TPMA_OBJECT_ADMINWITHPOLICY | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT)
#define EK_HIGH (EK_LOW | TPMA_OBJECT_USERWITHAUTH)

/* Without userWithAuth the AK is made but every quote fails with TPM_RC_AUTH_UNAVAILABLE. */
#define DEVICE_KEY                                                                      \
    (TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN | \
     TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA | TPMA_OBJECT_SIGN_ENCRYPT)
#define AK (DEVICE_KEY | TPMA_OBJECT_RESTRICTED)

/* PolicyA = PolicySecret(TPM_RH_ENDORSEMENT); PolicyB = PolicyOR(A, PolicyAuthorizeNV(0x01c07f01)).
 * EK Credential Profile 2.5 section B.6. */
static const uint8_t policy_a_sha256[32] = {
    0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xb3, 0xf8, 0x1a, 0x90, 0xcc, 0x8d, 0x46, 0xa5, 0xd7, 0x24,
    0xfd, 0x52, 0xd7, 0x6e, 0x06, 0x52, 0x0b, 0x64, 0xf2, 0xa1, 0xda, 0x1b, 0x33, 0x14, 0x69, 0xaa,
};
static const uint8_t policy_b_sha256[32] = {
    0xca, 0x3d, 0x0a, 0x99, 0xa2, 0xb9, 0x39, 0x06, 0xf7, 0xa3, 0x34, 0x24, 0x14, 0xef, 0xcf, 0xb3,
    0xa3, 0x85, 0xd4, 0x4c, 0xd1, 0xfd, 0x45, 0x90, 0x89, 0xd1, 0x9b, 0x50, 0x71, 0xc0, 0xb7, 0xa0,
};
static const uint8_t policy_b_sha384[48] = {
    0xb2, 0x6e, 0x7d, 0x28, 0xd1, 0x1a, 0x50, 0xbc, 0x53, 0xd8, 0x82, 0xbc, 0xf5, 0xfd, 0x3a, 0x1a,
    0x07, 0x41, 0x48, 0xbb, 0x35, 0xd3, 0xb4, 0xe4, 0xcb, 0x1c, 0x0a, 0xd9, 0xbd, 0xe4, 0x19, 0xca,
    0xcb, 0x47, 0xba, 0x09, 0x69, 0x96, 0x46, 0x15, 0x0f, 0x9f, 0xc0, 0x00, 0xf3, 0xf8, 0x0e, 0x12,
};

/* unique_len: the L templates are filled with zeros, the H templates are empty; another length is
 * another key. */
static const struct {
    TPMI_ALG_PUBLIC type;
    TPMI_ALG_HASH name_alg;
    TPMA_OBJECT attributes;
    struct bytes policy;
    uint16_t aes_bits;
    uint16_t rsa_bits;
    TPMI_ECC_CURVE curve;
    uint16_t unique_len;
} ek_rows[TPM_ENDORSE_N] = {
    [TPM_ENDORSE_L2_P256] = {TPM2_ALG_ECC, TPM2_ALG_SHA256, EK_LOW, BYTES_OF(policy_a_sha256), 128,
                             0, TPM2_ECC_NIST_P256, 32},
    [TPM_ENDORSE_H2_P256] = {TPM2_ALG_ECC, TPM2_ALG_SHA256, EK_HIGH, BYTES_OF(policy_b_sha256), 128,
                             0, TPM2_ECC_NIST_P256, 0},
    [TPM_ENDORSE_H3_P384] = {TPM2_ALG_ECC, TPM2_ALG_SHA384, EK_HIGH, BYTES_OF(policy_b_sha384), 256,
                             0, TPM2_ECC_NIST_P384, 0},
    [TPM_ENDORSE_L1_RSA2048] = {TPM2_ALG_RSA, TPM2_ALG_SHA256, EK_LOW, BYTES_OF(policy_a_sha256),
                                128, 2048, 0, 256},
    [TPM_ENDORSE_H1_RSA2048] = {TPM2_ALG_RSA, TPM2_ALG_SHA256, EK_HIGH, BYTES_OF(policy_b_sha256),
                                128, 2048, 0, 0},
    [TPM_ENDORSE_H6_RSA3072] = {TPM2_ALG_RSA, TPM2_ALG_SHA384, EK_HIGH, BYTES_OF(policy_b_sha384),
                                256, 3072, 0, 0},
};

TPM2B_PUBLIC
tpm_template_ek(enum tpm_endorse_kind kind)
{
    TPM2B_PUBLIC template = {0};
    TPMT_PUBLIC *area = &template.publicArea;
    TPMT_SYM_DEF_OBJECT aes = {.algorithm = TPM2_ALG_AES, .mode.aes = TPM2_ALG_CFB};

    aes.keyBits.aes = ek_rows[kind].aes_bits;
    area->type = ek_rows[kind].type;
    area->nameAlg = ek_rows[kind].name_alg;
    area->objectAttributes = ek_rows[kind].attributes;
    area->authPolicy.size = (uint16_t)ek_rows[kind].policy.len;
    memcpy(area->authPolicy.buffer, ek_rows[kind].policy.p, ek_rows[kind].policy.len);
    if (area->type == TPM2_ALG_RSA) {
        area->parameters.rsaDetail.symmetric = aes;
        area->parameters.rsaDetail.scheme.scheme = TPM2_ALG_NULL;
        area->parameters.rsaDetail.keyBits = ek_rows[kind].rsa_bits;
        area->unique.rsa.size = ek_rows[kind].unique_len;
    } else {
        area->parameters.eccDetail.symmetric = aes;
        area->parameters.eccDetail.scheme.scheme = TPM2_ALG_NULL;
        area->parameters.eccDetail.kdf.scheme = TPM2_ALG_NULL;
        area->parameters.eccDetail.curveID = ek_rows[kind].curve;
        area->unique.ecc.x.size = ek_rows[kind].unique_len;
        area->unique.ecc.y.size = ek_rows[kind].unique_len;
    }
    return template;
}

static size_t
without_unique(const TPMT_PUBLIC *area, uint8_t *out, size_t cap)
{
    TPMT_PUBLIC copy = *area;
    size_t len = 0;

    if (copy.type == TPM2_ALG_RSA) {
        copy.unique.rsa.size = 0;
    } else if (copy.type == TPM2_ALG_ECC) {
        copy.unique.ecc.x.size = 0;
        copy.unique.ecc.y.size = 0;
    } else {
        return 0;
    }
    return Tss2_MU_TPMT_PUBLIC_Marshal(&copy, out, cap, &len) == TSS2_RC_SUCCESS ? len : 0;
}

bool
tpm_template_matches(const TPMT_PUBLIC *area, const TPM2B_PUBLIC *template)
{
    uint8_t a[sizeof(TPMT_PUBLIC)];
    uint8_t b[sizeof(TPMT_PUBLIC)];
    size_t a_len = without_unique(area, a, sizeof(a));
    size_t b_len = without_unique(&template->publicArea, b, sizeof(b));

    return a_len > 0 && bytes_equal(bytes_of(a, a_len), bytes_of(b, b_len));
}

static TPM2B_PUBLIC
ecdsa_p256(TPMA_OBJECT attributes, const uint8_t unique[32])
{
    TPM2B_PUBLIC template = {0};
    TPMT_PUBLIC *area = &template.publicArea;

    area->type = TPM2_ALG_ECC;
    area->nameAlg = TPM2_ALG_SHA256;
    area->objectAttributes = attributes;
    area->parameters.eccDetail.symmetric.algorithm = TPM2_ALG_NULL;
    area->parameters.eccDetail.scheme.scheme = TPM2_ALG_ECDSA;
    area->parameters.eccDetail.scheme.details.ecdsa.hashAlg = TPM2_ALG_SHA256;
    area->parameters.eccDetail.kdf.scheme = TPM2_ALG_NULL;
    area->parameters.eccDetail.curveID = TPM2_ECC_NIST_P256;
    area->unique.ecc.x.size = 32;
    memcpy(area->unique.ecc.x.buffer, unique, 32);
    return template;
}

TPM2B_PUBLIC
tpm_template_ak_p256(const uint8_t unique[32])
{
    return ecdsa_p256(AK, unique);
}

TPM2B_PUBLIC
tpm_template_dev(const uint8_t unique[32])
{
    return ecdsa_p256(DEVICE_KEY, unique);
}

TPM2B_PUBLIC
tpm_template_ak_rsa(const uint8_t unique[32])
{
    TPM2B_PUBLIC template = {0};
    TPMT_PUBLIC *area = &template.publicArea;

    area->type = TPM2_ALG_RSA;
    area->nameAlg = TPM2_ALG_SHA256;
    area->objectAttributes = AK;
    area->parameters.rsaDetail.symmetric.algorithm = TPM2_ALG_NULL;
    area->parameters.rsaDetail.scheme.scheme = TPM2_ALG_RSASSA;
    area->parameters.rsaDetail.scheme.details.rsassa.hashAlg = TPM2_ALG_SHA256;
    area->parameters.rsaDetail.keyBits = 2048;
    /* As long as the modulus, as in template L-1: what every TPM is known to take. */
    area->unique.rsa.size = 256;
    memcpy(area->unique.rsa.buffer, unique, 32);
    return template;
}
