/* File signatures in IMA lists: the security.ima or security.evm attribute as it was.
 * Linux security/integrity/integrity.h, struct signature_v2_hdr. */
#pragma once

#include "base/alg.h"
#include "base/fault.h"

enum ima_sig_type {
    IMA_SIG_FILE = 3,   /* over the file's digest */
    IMA_SIG_EVM = 5,    /* EVM portable signature, over the file's attributes */
    IMA_SIG_VERITY = 6, /* over a fs-verity digest */
};

struct ima_sig {
    enum ima_sig_type type;
    uint8_t version; /* 2, or 3 for IMA_SIG_VERITY */
    enum hash hash;  /* HASH_N for an algorithm that we do not know */
    uint32_t key_id; /* last four bytes of the subject key identifier */
    struct bytes value;
};

/* Reads a non-empty signature field. Returns 0, or 1 with the fault (offset in the field);
 * *ret is untouched unless 0. */
MUST_CHECK int ima_sig_read(struct bytes field, struct ima_sig *ret, struct fault *ret_fault);
