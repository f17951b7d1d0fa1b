#include "formats/tpm-ek.h"

/* Computed again from their definitions in the unit test. */
static const uint8_t policy_a_sha256[32] = {
    0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xb3, 0xf8, 0x1a, 0x90, 0xcc, 0x8d, 0x46, 0xa5, 0xd7, 0x24,
    0xfd, 0x52, 0xd7, 0x6e, 0x06, 0x52, 0x0b, 0x64, 0xf2, 0xa1, 0xda, 0x1b, 0x33, 0x14, 0x69, 0xaa,
};
static const uint8_t policy_a_sha384[48] = {
    0x8b, 0xbf, 0x22, 0x66, 0x53, 0x7c, 0x17, 0x1c, 0xb5, 0x6e, 0x40, 0x3c, 0x4d, 0xc1, 0xd4, 0xb6,
    0x4f, 0x43, 0x26, 0x11, 0xdc, 0x38, 0x6e, 0x6f, 0x53, 0x20, 0x50, 0xc3, 0x27, 0x8c, 0x93, 0x0e,
    0x14, 0x3e, 0x8b, 0xb1, 0x13, 0x38, 0x24, 0xcc, 0xb4, 0x31, 0x05, 0x38, 0x71, 0xc6, 0xdb, 0x53,
};
static const uint8_t policy_a_sha512[64] = {
    0x1e, 0x3b, 0x76, 0x50, 0x2c, 0x8a, 0x14, 0x25, 0xaa, 0x0b, 0x7b, 0x3f, 0xc6, 0x46, 0xa1, 0xb0,
    0xfa, 0xe0, 0x63, 0xb0, 0x3b, 0x53, 0x68, 0xf9, 0xc4, 0xcd, 0xde, 0xca, 0xff, 0x08, 0x91, 0xdd,
    0x68, 0x2b, 0xac, 0x1a, 0x85, 0xd4, 0xd8, 0x32, 0xb7, 0x81, 0xea, 0x45, 0x19, 0x15, 0xde, 0x5f,
    0xc5, 0xbf, 0x0d, 0xc4, 0xa1, 0x91, 0x7c, 0xd4, 0x2f, 0xa0, 0x41, 0xe3, 0xf9, 0x98, 0xe0, 0xee,
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
static const uint8_t policy_b_sha512[64] = {
    0xb8, 0x22, 0x1c, 0xa6, 0x9e, 0x85, 0x50, 0xa4, 0x91, 0x4d, 0xe3, 0xfa, 0xa6, 0xa1, 0x8c, 0x07,
    0x2c, 0xc0, 0x12, 0x08, 0x07, 0x3a, 0x92, 0x8d, 0x5d, 0x66, 0xd5, 0x9e, 0xf7, 0x9e, 0x49, 0xa4,
    0x29, 0xc4, 0x1a, 0x6b, 0x26, 0x95, 0x71, 0xd5, 0x7e, 0xdb, 0x25, 0xfb, 0xdb, 0x18, 0x38, 0x42,
    0x56, 0x08, 0xb4, 0x13, 0xcd, 0x61, 0x6a, 0x5f, 0x6d, 0xb5, 0xb6, 0x07, 0x1a, 0xf9, 0x9b, 0xea,
};

#define EK_LOW                                                                           \
    (TPMA_FIXED_TPM | TPMA_FIXED_PARENT | TPMA_SENSITIVE_DATA_ORIGIN | TPMA_RESTRICTED | \
     TPMA_DECRYPT | TPMA_ADMIN_WITH_POLICY)
#define EK_HIGH (EK_LOW | TPMA_USER_WITH_AUTH)

/* Low templates carry policy A, high ones policy B, by the hash of the name. */
static const struct {
    enum tpm_ek_template which;
    const char *name;
    uint32_t attributes;
    uint16_t type;
    uint16_t size; /* bits of RSA, TPM_ECC_CURVE of ECC */
    enum hash hash;
    uint16_t aes_bits;
} templates[] = {
    {TPM_EK_L1, "L-1", EK_LOW, TPM_ALG_RSA, 2048, HASH_SHA256, 128},
    {TPM_EK_L2, "L-2", EK_LOW, TPM_ALG_ECC, 3, HASH_SHA256, 128},
    {TPM_EK_H1, "H-1", EK_HIGH, TPM_ALG_RSA, 2048, HASH_SHA256, 128},
    {TPM_EK_H2, "H-2", EK_HIGH, TPM_ALG_ECC, 3, HASH_SHA256, 128},
    {TPM_EK_H3, "H-3", EK_HIGH, TPM_ALG_ECC, 4, HASH_SHA384, 256},
    {TPM_EK_H4, "H-4", EK_HIGH, TPM_ALG_ECC, 5, HASH_SHA512, 256},
    {TPM_EK_H6, "H-6", EK_HIGH, TPM_ALG_RSA, 3072, HASH_SHA384, 256},
    {TPM_EK_H7, "H-7", EK_HIGH, TPM_ALG_RSA, 4096, HASH_SHA384, 256},
};

const char *
tpm_ek_name(enum tpm_ek_template which)
{
    for (size_t i = 0; i < ARRAY_LEN(templates); i++) {
        if (templates[i].which == which) {
            return templates[i].name;
        }
    }
    return "none";
}

struct bytes
tpm_ek_policy_a(enum hash alg)
{
    switch (alg) {
    case HASH_SHA256:
        return BYTES_OF(policy_a_sha256);
    case HASH_SHA384:
        return BYTES_OF(policy_a_sha384);
    case HASH_SHA512:
        return BYTES_OF(policy_a_sha512);
    default:
        return BYTES_NULL;
    }
}

struct bytes
tpm_ek_policy_b(enum hash alg)
{
    switch (alg) {
    case HASH_SHA256:
        return BYTES_OF(policy_b_sha256);
    case HASH_SHA384:
        return BYTES_OF(policy_b_sha384);
    case HASH_SHA512:
        return BYTES_OF(policy_b_sha512);
    default:
        return BYTES_NULL;
    }
}

/* What all templates share. An exponent of 0 is the templates' way to say 65537. */
static bool
is_ek_shaped(const struct tpm_public *public)
{
    return public->symmetric == TPM_ALG_AES && public->symmetric_mode == TPM_ALG_CFB &&
           public->scheme == TPM_ALG_NULL && public->rsa_exponent == 0 &&
           (public->type != TPM_ALG_ECC || public->kdf == TPM_ALG_NULL);
}

static bool
is_template(const struct tpm_public *public, size_t i)
{
    uint16_t size = public->type == TPM_ALG_RSA ? public->rsa_bits : public->curve;
    struct bytes policy = templates[i].attributes == EK_HIGH ? tpm_ek_policy_b(templates[i].hash)
                                                             : tpm_ek_policy_a(templates[i].hash);

    return public->type == templates[i].type && size == templates[i].size &&
           public->attributes == templates[i].attributes &&
           public->name_alg == hash_tpm_id(templates[i].hash) &&
           public->symmetric_bits == templates[i].aes_bits && bytes_equal(public->policy, policy);
}

static bool
is_coordinate(struct bytes coord, enum tpm_ek_template which)
{
    size_t size = which == TPM_EK_H3 ? 48 : which == TPM_EK_H4 ? 66 : 32;

    return coord.len > 0 && coord.len <= size; /* some TPMs strip leading zeros */
}

static bool
unique_fits(const struct tpm_public *public, enum tpm_ek_template which)
{
    if (public->type == TPM_ALG_RSA) {
        return public->rsa_n.len * 8 == public->rsa_bits;
    }
    return is_coordinate(public->ecc_x, which) && is_coordinate(public->ecc_y, which);
}

int
tpm_public_check_ek(const struct tpm_public *public, enum tpm_ek_template *ret_template,
                    struct fault *ret_fault)
{
    for (size_t i = 0; i < ARRAY_LEN(templates) && is_ek_shaped(public); i++) {
        if (!is_template(public, i)) {
            continue;
        }
        if (!unique_fits(public, templates[i].which)) {
            return fault_at(ret_fault, RULE_EK_UNIQUE, FAULT_NO_EVENT, 0);
        }
        *ret_template = templates[i].which;
        return 0;
    }
    return fault_at(ret_fault, RULE_EK_TEMPLATE, FAULT_NO_EVENT, 0);
}
