/* TPML_PCR_SELECTION: which PCRs of which banks, in the order of the structure, and its text form
 * "sha1:0,1+sha256:0-7". TPM 2.0 Part 2, TPMS_PCR_SELECTION. */
#pragma once

#include "base/alg.h"
#include "base/fault.h"
#include "base/limits.h"
#include "base/rd.h"
#include "base/wr.h"

struct tpm_selection {
    uint16_t alg_id; /* as signed; may be one that we do not know */
    enum hash alg;   /* HASH_N for such a one */
    uint8_t size;    /* sizeofSelect, 1 to 4; PC clients say 3 */
    uint32_t mask;   /* bit n: PCR n */
};

struct tpm_selections {
    size_t n;
    struct tpm_selection bank[LIMIT_BANKS];
};

/* Reads the list and leaves rd behind it. Returns 0, or 1 with a fault: SELECTION_BANKS,
 * SELECTION_SIZE, SELECTION_TWICE, ATTEST_SHORT (event is the index of the bank). */
MUST_CHECK int tpm_selections_read(struct rd *rd, struct tpm_selections *ret,
                                   struct fault *ret_fault);

void tpm_selections_write(struct wr *wr, const struct tpm_selections *selections);

/* Same banks in the same order with the same PCRs; sizes are not compared. */
bool tpm_selections_equal(const struct tpm_selections *a, const struct tpm_selections *b);

/* True when no bank has a PCR. */
bool tpm_selections_empty(const struct tpm_selections *selections);

/* True when each sizeofSelect is 3, which is the only size that a TPM with 24 PCRs writes. */
bool tpm_selections_pc_client(const struct tpm_selections *selections);

/* Reads the text form: banks joined by '+', each a hash name, ':' and PCR numbers below LIMIT_PCRS
 * joined by ',' with ranges "0-7", or "none" for a bank without PCRs. Returns 0, or 1 for any other
 * text, a bank named twice, or more than LIMIT_BANKS of them. Sizes become 3. */
MUST_CHECK int tpm_selections_text(struct bytes text, struct tpm_selections *ret);
