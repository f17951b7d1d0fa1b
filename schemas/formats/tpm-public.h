/* TPMT_PUBLIC of RSA and ECC keys: reading, the key in it, its name, and what an attestation key
 * must be. TPM 2.0 Part 2, TPMT_PUBLIC; Part 1, Names. Endorsement keys: formats/tpm-ek.h. */
#pragma once

#include "base/fault.h"
#include "base/limits.h"
#include "base/rd.h"
#include "base/wr.h"
#include "crypto/digest.h"
#include "crypto/pubkey.h"

#define TPM_ALG_RSA 0x0001u
#define TPM_ALG_AES 0x0006u
#define TPM_ALG_NULL 0x0010u
#define TPM_ALG_RSASSA 0x0014u
#define TPM_ALG_RSAPSS 0x0016u
#define TPM_ALG_ECDSA 0x0018u
#define TPM_ALG_ECC 0x0023u
#define TPM_ALG_CFB 0x0043u
#define TPM_ECC_NIST_P256 0x0003u
#define TPM_ECC_NIST_P384 0x0004u

#define TPM_RH_OWNER UINT32_C(0x40000001)
#define TPM_RH_NULL UINT32_C(0x40000007)
#define TPM_RH_ENDORSEMENT UINT32_C(0x4000000b)

/* TPMA_OBJECT */
#define TPMA_FIXED_TPM (UINT32_C(1) << 1)
#define TPMA_ST_CLEAR (UINT32_C(1) << 2)
#define TPMA_FIXED_PARENT (UINT32_C(1) << 4)
#define TPMA_SENSITIVE_DATA_ORIGIN (UINT32_C(1) << 5)
#define TPMA_USER_WITH_AUTH (UINT32_C(1) << 6)
#define TPMA_ADMIN_WITH_POLICY (UINT32_C(1) << 7)
#define TPMA_NO_DA (UINT32_C(1) << 10)
#define TPMA_RESTRICTED (UINT32_C(1) << 16)
#define TPMA_DECRYPT (UINT32_C(1) << 17)
#define TPMA_SIGN (UINT32_C(1) << 18)

/* Algorithms are kept by TPM id, unknown ones too. Views point into the bytes read. */
struct tpm_public {
    struct bytes area; /* all of the TPMT_PUBLIC */
    uint16_t type;     /* TPM_ALG_RSA or TPM_ALG_ECC */
    uint16_t name_alg;
    uint32_t attributes;
    struct bytes policy;
    uint16_t symmetric; /* TPM_ALG_NULL: then bits and mode are 0 */
    uint16_t symmetric_bits;
    uint16_t symmetric_mode;
    uint16_t scheme;       /* TPM_ALG_NULL: then scheme_hash is 0 */
    uint16_t scheme_hash;  /* 0 for RSAES */
    uint16_t scheme_count; /* ECDAA only */
    /* TPM_ALG_RSA */
    uint16_t rsa_bits;
    uint32_t rsa_exponent; /* 0 stands for 65537 */
    struct bytes rsa_n;
    /* TPM_ALG_ECC */
    uint16_t curve; /* TPM_ECC_NIST_P256 = 3, P384 = 4, P521 = 5 */
    uint16_t kdf;   /* TPM_ALG_NULL: then kdf_hash is 0 */
    uint16_t kdf_hash;
    struct bytes ecc_x;
    struct bytes ecc_y;
};

/* Reads a TPMT_PUBLIC that is all of `in`. Returns 0, or 1 with a fault of the PUBLIC_ rules; *ret
 * is untouched unless 0. */
MUST_CHECK int tpm_public_read(struct bytes in, struct tpm_public *ret, struct fault *ret_fault);

/* Unwraps a TPM2B_PUBLIC that is all of `in`. Returns 0 with a view, or 1 with PUBLIC_WRAP. */
MUST_CHECK int tpm_public_wrapped(struct bytes in, struct bytes *ret_area, struct fault *ret_fault);

/* Writes a TPMT_PUBLIC from all fields but `area`. */
void tpm_public_write(struct wr *wr, const struct tpm_public *public);

/* The name: nameAlg || H(area). Returns 0 with 2 + hash_size bytes in room, or -ENOTSUP for a
 * nameAlg that we cannot compute. */
#define TPM_NAME_MAX (2u + HASH_SIZE_MAX)
MUST_CHECK int tpm_public_name(const struct tpm_public *public, struct hasher *hasher,
                               uint8_t room[TPM_NAME_MAX], size_t *ret_len);

/* Qualified name as a primary key of the hierarchy (TPM_RH_…): nameAlg || H(handle || name). */
MUST_CHECK int tpm_public_qualified_name(const struct tpm_public *public, uint32_t hierarchy,
                                         struct hasher *hasher, uint8_t room[TPM_NAME_MAX],
                                         size_t *ret_len);

/* That `signer` (qualifiedSigner of an attestation) is this key as an endorsement primary: public
 * areas do not tell hierarchies apart, and only in this one are resetCount, restartCount and
 * firmwareVersion readable. Returns 0, 1 with AK_SIGNER, or a negative errno. */
MUST_CHECK int tpm_public_check_signer(const struct tpm_public *public, struct bytes signer,
                                       struct hasher *hasher, struct fault *ret_fault);

/* The key, decoded. Returns as pubkey_from_point() and pubkey_from_rsa(); PUBKEY_E_FORM too when
 * an RSA modulus is not of the size that the area states. */
MUST_CHECK int tpm_public_key(const struct tpm_public *public, struct pubkey **ret_key);

enum tpm_ak_sizes {
    TPM_AK_DEFAULT, /* P-256 and RSA-2048 */
    TPM_AK_LARGER,  /* P-384, P-521 and RSA up to LIMIT_RSA_BITS too */
};

/* That the area is of a key which signs only what its TPM made and never leaves it: nameAlg SHA-2;
 * fixedTPM, fixedParent, sensitiveDataOrigin, restricted and sign set; userWithAuth,
 * adminWithPolicy and noDA as they like; every other bit clear; ECDSA, RSASSA or RSAPSS with SHA-2;
 * no symmetric algorithm, no key derivation. Returns 0, or 1 with a fault of the AK_ rules. */
MUST_CHECK int tpm_public_check_ak(const struct tpm_public *public, enum tpm_ak_sizes sizes,
                                   struct fault *ret_fault);
