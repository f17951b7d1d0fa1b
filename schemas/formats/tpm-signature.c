#include "formats/tpm-signature.h"

#include <errno.h>

static const struct {
    uint16_t tpm_id;
    enum sig_scheme scheme;
} schemes[] = {
    {TPM_ALG_RSASSA, SIG_RSASSA},
    {TPM_ALG_RSAPSS, SIG_RSAPSS},
    {TPM_ALG_ECDSA, SIG_ECDSA},
};

static enum sig_scheme
scheme_from_tpm(uint16_t tpm_id)
{
    for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
        if (schemes[i].tpm_id == tpm_id) {
            return schemes[i].scheme;
        }
    }
    return SIG_NONE;
}

static uint16_t
scheme_to_tpm(enum sig_scheme scheme)
{
    for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
        if (schemes[i].scheme == scheme) {
            return schemes[i].tpm_id;
        }
    }
    return TPM_ALG_NULL;
}

static int
refuse(struct fault *ret_fault, enum rule rule, size_t at)
{
    return fault_at(ret_fault, rule, FAULT_NO_EVENT, at);
}

int
tpm_signature_read(struct bytes in, struct tpm_signature *ret, struct fault *ret_fault)
{
    struct rd rd = rd_init(in);
    struct tpm_signature signature = {0};
    uint16_t scheme = rd_be16(&rd);
    uint16_t hash = rd_be16(&rd);

    if (rd.failed) {
        return refuse(ret_fault, RULE_SIGNATURE_SHORT, 0);
    }
    signature.scheme = scheme_from_tpm(scheme);
    signature.alg = hash_from_tpm_id(hash);
    if (signature.scheme == SIG_NONE) {
        return refuse(ret_fault, RULE_SIGNATURE_ALG, 0);
    }
    if (signature.alg == HASH_N) {
        return refuse(ret_fault, RULE_SIGNATURE_HASH, 2);
    }
    if (signature.scheme == SIG_ECDSA) {
        signature.r = rd_bytes(&rd, rd_be16(&rd));
        signature.s = rd_bytes(&rd, rd_be16(&rd));
    } else {
        signature.rsa = rd_bytes(&rd, rd_be16(&rd));
    }
    if (rd.failed) {
        return refuse(ret_fault, RULE_SIGNATURE_SHORT, rd_offset(&rd));
    }
    if (!rd_end(&rd)) {
        return refuse(ret_fault, RULE_SIGNATURE_TRAILING, rd_offset(&rd));
    }
    *ret = signature;
    return 0;
}

static void
sized_write(struct wr *wr, struct bytes in)
{
    wr_be16(wr, (uint16_t)in.len);
    wr_bytes(wr, in);
}

void
tpm_signature_write(struct wr *wr, const struct tpm_signature *signature)
{
    wr_be16(wr, scheme_to_tpm(signature->scheme));
    wr_be16(wr, hash_tpm_id(signature->alg));
    if (signature->scheme == SIG_ECDSA) {
        sized_write(wr, signature->r);
        sized_write(wr, signature->s);
    } else {
        sized_write(wr, signature->rsa);
    }
}

int
tpm_signature_verify(const struct tpm_public *signer, struct pubkey *key,
                     const struct tpm_signature *signature, struct bytes message,
                     struct hasher *hasher, struct fault *ret_fault)
{
    struct digest digest = {.alg = signature->alg};
    int r;

    if (signer && (signer->scheme != scheme_to_tpm(signature->scheme) ||
                   signer->scheme_hash != hash_tpm_id(signature->alg))) {
        return refuse(ret_fault, RULE_SIGNATURE_SCHEME, 0);
    }
    r = hasher_bytes(hasher, signature->alg, message, digest.b);
    if (r == -ENOTSUP) {
        return refuse(ret_fault, RULE_SIGNATURE_HASH, 2);
    }
    if (r < 0) {
        return r;
    }
    if (signature->scheme == SIG_ECDSA) {
        r = pubkey_verify_ecdsa(key, digest_bytes(&digest), signature->r, signature->s);
    } else {
        r = pubkey_verify_rsa(key, signature->scheme, signature->alg, digest_bytes(&digest),
                              signature->rsa);
    }
    if (r == PUBKEY_E_ALG) {
        return refuse(ret_fault, RULE_SIGNATURE_KEY, 0);
    }
    return r == PUBKEY_E_WRONG ? refuse(ret_fault, RULE_SIGNATURE_WRONG, 4) : r;
}
