/* The check of a TPM quote against what was expected: pure, each part a field that starts as not
 * run. It judges the cryptography; what bank, key or nonce length is good enough is policy's. */
#pragma once

#include "formats/tpm-attest.h"
#include "formats/tpm-signature.h"

enum quote_check { QUOTE_NOT_RUN, QUOTE_FAILED, QUOTE_PASSED };

/* PCR values that came beside the quote, or out of a replay. Nobody vouches for them until they
 * hash to pcrDigest. */
struct quote_bank {
    enum hash alg;
    uint32_t known; /* bit n: value[n] is set */
    uint8_t value[LIMIT_PCRS][HASH_SIZE_MAX];
};

struct quote_values {
    size_t n;
    struct quote_bank bank[LIMIT_BANKS];
};

/* The bank, added if it is new; NULL when there is no room. */
struct quote_bank *quote_values_bank(struct quote_values *values, enum hash alg);

struct quote_input {
    struct bytes attest;                /* TPMS_ATTEST */
    struct bytes signature;             /* TPMT_SIGNATURE */
    const struct tpm_public *ak;        /* NULL when only a bare key is known */
    struct pubkey *key;                 /* the same key, decoded */
    struct bytes nonce;                 /* extraData must be equal, whatever its length */
    const struct tpm_selections *asked; /* banks in the quote's order */
    const struct quote_values *values;  /* NULL: pcrDigest is not compared */
};

enum quote_weak {
    QUOTE_WEAK_HASH = 1, /* signature over SHA-1 */
    QUOTE_WEAK_BANK = 2, /* a SHA-1 bank is quoted */
    QUOTE_WEAK_KEY = 4,  /* RSA below 2048 bits */
};

struct quote_verdict {
    enum quote_check magic;
    enum quote_check type;
    enum quote_check form; /* both structures, no byte more */
    enum quote_check signature;
    enum quote_check nonce;
    enum quote_check selection; /* equal to what was asked, not empty, sizeofSelect 3 */
    enum quote_check pcr_digest;
    struct fault fault;       /* the first that failed; rule NONE if nothing did */
    unsigned weak;            /* of quote_weak; only facts, no refusal */
    struct tpm_attest attest; /* set when form passed; true only when signature passed too */
};

/* Runs every check that can be run. Returns 0 with the verdict (good or not), or a negative errno;
 * *ret is then untouched. */
MUST_CHECK int quote_check(const struct quote_input *input, struct hasher *hasher,
                           struct quote_verdict *ret);

/* The conjunction. without_values: the caller has no PCR values and says so to whoever asks; then
 * pcr_digest may be not run, but never failed. */
bool quote_trusted(const struct quote_verdict *verdict, bool without_values);

/* pcrDigest over the values in the order of the selection, with the hash of the signature: TPM 2.0
 * Part 3, TPM2_Quote. Returns 0, 1 with QUOTE_VALUE_MISSING (event is the PCR), or a negative
 * errno. */
MUST_CHECK int quote_pcr_digest(const struct tpm_selections *selections,
                                const struct quote_values *values, enum hash alg,
                                struct hasher *hasher, struct digest *ret_digest,
                                struct fault *ret_fault);
