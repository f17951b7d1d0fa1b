#include "appraise/quoted.h"

#include "wire/bundle-policy.h"

/* The signed selection in our own banks; a bank that is none of ours is no selection of ours. */
static int
selection_from(const struct tpm_selections *signed_ones, struct selection *ret,
               struct fault *ret_fault)
{
    if (!tpm_selections_pc_client(signed_ones)) {
        return fault_at(ret_fault, RULE_QUOTE_BANKS, FAULT_NO_EVENT, 0);
    }
    for (size_t i = 0; i < signed_ones->n; i++) {
        if (signed_ones->bank[i].alg == HASH_N || (signed_ones->bank[i].mask & ~PCR_MASK_ALL)) {
            return fault_at(ret_fault, RULE_QUOTE_BANKS, (uint32_t)i, 0);
        }
        ret->sets[ret->n++] = (struct pcr_set){signed_ones->bank[i].alg, signed_ones->bank[i].mask};
    }
    return 0;
}

int
quoted_read(struct bytes in, struct quoted *ret, struct fault *ret_fault)
{
    struct quoted quoted = {0};
    struct rd rd = rd_init(in);
    uint16_t len = rd_be16(&rd);

    quoted.attest = rd_bytes(&rd, len);
    quoted.signature_bytes = rd_rest(&rd);
    if (rd.failed) {
        return fault_at(ret_fault, RULE_ATTEST_WRAP, FAULT_NO_EVENT, 0);
    }
    if (tpm_attest_read(quoted.attest, TPM_ATTEST_QUOTE, &quoted.quote, ret_fault) != 0 ||
        tpm_signature_read(quoted.signature_bytes, &quoted.signature, ret_fault) != 0 ||
        selection_from(&quoted.quote.selections, &quoted.selection, ret_fault) != 0) {
        return 1;
    }
    *ret = quoted;
    return 0;
}

static const enum hash banks[] = {HASH_SHA1, HASH_SHA256, HASH_SHA384, HASH_SHA512};

unsigned
quoted_unnamed(const struct selection *selection)
{
    unsigned unnamed = 0;

    for (size_t i = 0; i < ARRAY_LEN(banks); i++) {
        unnamed |= selection_names(selection, banks[i]) ? 0 : 1u << banks[i];
    }
    return unnamed;
}

bool
quoted_covers_firmware(const struct selection *selection)
{
    for (size_t i = 0; i < ARRAY_LEN(banks); i++) {
        uint32_t mask = selection_mask(selection, banks[i]);

        if (mask != 0 && (mask & PCR_MASK_FIRMWARE) != PCR_MASK_FIRMWARE) {
            return false;
        }
    }
    return true;
}

unsigned
quoted_key_kind(const struct tpm_public *ak)
{
    if (ak->type == TPM_ALG_ECC) {
        return ak->curve == TPM_ECC_NIST_P256   ? BUNDLE_KEY_P256
               : ak->curve == TPM_ECC_NIST_P384 ? BUNDLE_KEY_P384
                                                : 0u;
    }
    return ak->rsa_bits == 2048   ? BUNDLE_KEY_RSA2048
           : ak->rsa_bits == 3072 ? BUNDLE_KEY_RSA3072
           : ak->rsa_bits == 4096 ? BUNDLE_KEY_RSA4096
                                  : 0u;
}
