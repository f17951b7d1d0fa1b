/* File signatures as a kernel's tools make them (Linux security/integrity/integrity.h, struct
 * signature_v2_hdr), by OpenSSL's own code, so that maker and judge share nothing. */
#pragma once

#include "base/alg.h"

enum ima_signer {
    SIGNER_RSA, /* 2048 bits */
    SIGNER_RSA_OTHER,
    SIGNER_RSA_1024,
    SIGNER_P256,
    SIGNER_P384,
    SIGNER_P521, /* signs no files here */
    SIGNER_N,
};

/* The key's SubjectPublicKeyInfo, and the id by which signatures name it. Both live as long as the
 * process. */
struct bytes ima_signer_spki(enum ima_signer signer);
uint32_t ima_signer_id(enum ima_signer signer);

/* "spki:… ", an item of a set of keys. */
const char *ima_signer_item(enum ima_signer signer);

/* The attribute of a file of that digest, to be changed in one place by a test; lives until the
 * next call. */
struct ima_signature {
    size_t len;
    uint8_t bytes[9 + 512];
};
const struct ima_signature *ima_signer_sign(enum ima_signer signer, enum hash hash,
                                            struct bytes digest);

/* The same for a digest that is one byte repeated. */
struct bytes ima_signer_attribute(enum ima_signer signer, enum hash hash, uint8_t b);
