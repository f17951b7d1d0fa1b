/* The key that tokens are bound to: what its public area must be, and that a certification is of
 * it. Protocol page, Tokens; TPM 2.0 Part 3, TPM2_Certify. Whose signature stands under the
 * certification is the caller's to check. */
#pragma once

#include "formats/tpm-attest.h"
#include "formats/tpm-public.h"

/* That the area is of a key which never leaves the TPM that made it and is nothing but a signing
 * key for everyday use: P-256, nameAlg SHA-256, ECDSA with SHA-256; fixedTPM, fixedParent,
 * sensitiveDataOrigin and sign set, restricted clear (a restricted key would be another AK, and
 * could not sign a handshake); userWithAuth, adminWithPolicy and noDA as they like; every other bit
 * clear. Returns 0, or 1 with a fault of the DEVKEY_ rules. */
MUST_CHECK int tpm_device_key_check(const struct tpm_public *public, struct fault *ret_fault);

/* That the statement, read as TPM_ATTEST_CERTIFY, is of this area as an endorsement primary: public
 * areas do not tell hierarchies apart, and the owner's go with TPM2_Clear. Returns 0, 1 with
 * DEVKEY_NAME or DEVKEY_PARENT, or a negative errno. */
MUST_CHECK int tpm_device_key_certified(const struct tpm_public *public,
                                        const struct tpm_attest *attest, struct hasher *hasher,
                                        struct fault *ret_fault);
