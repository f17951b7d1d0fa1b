/* A quote as evidence carries it, read and nothing more: TPM2B_ATTEST || TPMT_SIGNATURE. Not a word
 * of it is true before its signature was verified. Protocol page, Attestation. */
#pragma once

#include "formats/tpm-attest.h"
#include "formats/tpm-signature.h"
#include "wire/selection.h"

/* Views point into the bytes read. */
struct quoted {
    struct bytes attest; /* TPMS_ATTEST: what is signed */
    struct tpm_attest quote;
    struct tpm_signature signature;
    struct bytes signature_bytes;
    struct selection selection; /* the signed one, in our banks */
};

/* Reads a quote that is all of in, and its selection: each bank one of ours with PCR 0 to 23, in a
 * PC client's form. Returns 0, or 1 with a fault of the ATTEST_, SELECTION_ and SIGNATURE_ rules or
 * QUOTE_BANKS; *ret is untouched unless 0. */
MUST_CHECK int quoted_read(struct bytes in, struct quoted *ret, struct fault *ret_fault);

/* Banks that a TPM may implement and every quote therefore names: 1 << enum hash of those that this
 * one does not. */
unsigned quoted_unnamed(const struct selection *selection);

/* Whether each bank with any PCR has PCR 0 to 7: a bank that is left out can be extended unseen. */
bool quoted_covers_firmware(const struct selection *selection);

/* The BUNDLE_KEY_ bit of an AK's kind, as policies name it; 0 for another. */
unsigned quoted_key_kind(const struct tpm_public *ak);
