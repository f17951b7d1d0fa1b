/* The answer to /enroll on a certificate connection, inside a COSE_Sign1 by the site key: a
 * credential that only the TPM with this EK and this AK can open, and whom it was made for. The
 * blob alone is public and unauthenticated, so the attestor checks all of this at each start.
 * credential.cddl; protocol page, Identity 3. */
#pragma once

#include "base/fault.h"
#include "base/limits.h"
#include "base/wr.h"

#define CREDENTIAL_LABEL "assay-credential-1"

struct credential {
    struct bytes site;      /* text */
    struct bytes identity;  /* text: the PSK identity */
    struct bytes id_object; /* TPM2B_ID_OBJECT */
    struct bytes secret;    /* TPM2B_ENCRYPTED_SECRET */
    struct bytes ek;        /* SHA-256 of the EK's TPMT_PUBLIC, 32 bytes */
    struct bytes ak_name;   /* TPM name: nameAlg || digest */
};

/* Views into in; no field may be empty. Returns 0 or 1 with the fault; *ret is untouched then. */
MUST_CHECK int credential_read(struct bytes in, struct credential *ret, struct fault *ret_fault);
void credential_write(struct wr *wr, const struct credential *credential);
