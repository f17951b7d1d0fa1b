/* Enveloped XML signatures, as base RIMs have them: one Signature among the children of the root,
 * over the whole document but itself. XML Signature Syntax and Processing, sections 3.2 and 4. Of
 * its key information nothing is read: who signed is whom the caller's key belongs to. */
#pragma once

#include "base/limits.h"
#include "crypto/digest.h"
#include "crypto/pubkey.h"
#include "formats/xml-c14n.h"

enum xmldsig_outcome { XMLDSIG_OK, XMLDSIG_E_FAULT, XMLDSIG_E_NONE };

#define XMLDSIG_SIGNATURE_MAX 512u /* RSA of 4096 bits */

struct xmldsig {
    struct xml_span whole; /* the Signature */
    struct xml_span info;  /* what the key signs: SignedInfo */
    enum sig_scheme scheme;
    enum hash hash;       /* of the signature */
    struct digest digest; /* of the document */
    uint8_t signature[XMLDSIG_SIGNATURE_MAX];
    size_t signature_len;
};

/* Finds and reads the signature. Only Canonical XML 1.0 without comments, one reference, to the
 * whole document and as enveloped, RSA (PKCS #1 v1.5) and ECDSA over SHA-2. Returns 0;
 * XMLDSIG_E_NONE; XMLDSIG_E_FAULT with XMLDSIG_FORM, XMLDSIG_ALGORITHM or a rule of xml.h; or
 * -ENOMEM. *ret is of no use unless 0. */
MUST_CHECK int xmldsig_read(struct bytes file, struct xmldsig *ret, struct fault *ret_fault);

/* Is the document as it was signed, by this key? Some tools sign first and indent then: text of
 * white space alone is left out at a second try, and *ret_indented says so. Returns 0;
 * XMLDSIG_E_FAULT with XMLDSIG_DIGEST, XMLDSIG_WRONG, XMLDSIG_ALGORITHM (the key is of another
 * kind) or a rule of xml.h; or a negative errno. */
MUST_CHECK int xmldsig_verify(struct bytes file, const struct xmldsig *sig, struct pubkey *key,
                              struct hasher *hasher, bool *ret_indented, struct fault *ret_fault);
