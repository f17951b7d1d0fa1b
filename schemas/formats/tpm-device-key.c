#include "formats/tpm-device-key.h"

enum { ECC_NIST_P256 = 3 };

#define MUST_SET (TPMA_FIXED_TPM | TPMA_FIXED_PARENT | TPMA_SENSITIVE_DATA_ORIGIN | TPMA_SIGN)
#define MAY_SET (TPMA_USER_WITH_AUTH | TPMA_ADMIN_WITH_POLICY | TPMA_NO_DA)

static enum rule
attributes_rule(uint32_t attributes)
{
    if (!(attributes & TPMA_FIXED_TPM) || !(attributes & TPMA_FIXED_PARENT)) {
        return RULE_DEVKEY_NOT_FIXED;
    }
    if (!(attributes & TPMA_SENSITIVE_DATA_ORIGIN)) {
        return RULE_DEVKEY_IMPORTED;
    }
    if (attributes & TPMA_RESTRICTED) {
        return RULE_DEVKEY_RESTRICTED;
    }
    if (!(attributes & TPMA_SIGN)) {
        return RULE_DEVKEY_NOT_SIGN;
    }
    return attributes & ~(MUST_SET | MAY_SET) ? RULE_DEVKEY_OTHER_ATTRIBUTE : RULE_NONE;
}

static bool
kind_good(const struct tpm_public *public)
{
    return public->type == TPM_ALG_ECC && public->curve == TPM_ECC_NIST_P256 &&
           hash_from_tpm_id(public->name_alg) == HASH_SHA256 && public->scheme == TPM_ALG_ECDSA &&
           hash_from_tpm_id(public->scheme_hash) == HASH_SHA256 &&
           public->symmetric == TPM_ALG_NULL && public->kdf == TPM_ALG_NULL;
}

int
tpm_device_key_check(const struct tpm_public *public, struct fault *ret_fault)
{
    enum rule rule = attributes_rule(public->attributes);

    if (rule == RULE_NONE && !kind_good(public)) {
        rule = RULE_DEVKEY_KIND;
    }
    return rule == RULE_NONE ? 0 : fault_at(ret_fault, rule, FAULT_NO_EVENT, 0);
}

int
tpm_device_key_certified(const struct tpm_public *public, const struct tpm_attest *attest,
                         struct hasher *hasher, struct fault *ret_fault)
{
    uint8_t name[TPM_NAME_MAX];
    size_t len = 0;
    int r = tpm_public_name(public, hasher, name, &len);

    if (r < 0) {
        return r;
    }
    if (!bytes_equal(attest->name, bytes_of(name, len))) {
        return fault_at(ret_fault, RULE_DEVKEY_NAME, FAULT_NO_EVENT, 0);
    }
    r = tpm_public_qualified_name(public, TPM_RH_ENDORSEMENT, hasher, name, &len);
    if (r < 0) {
        return r;
    }
    return bytes_equal(attest->qualified_name, bytes_of(name, len))
               ? 0
               : fault_at(ret_fault, RULE_DEVKEY_PARENT, FAULT_NO_EVENT, 0);
}
