/* Makes certificates with one defect each, by OpenSSL's own X.509 code, so that reader and writer
 * share nothing. */
#pragma once

#include "base/std.h"

enum mkcert_key {
    MKCERT_LEAF_EC, /* P-256 */
    MKCERT_LEAF_RSA,
    MKCERT_ROOT,  /* P-256 */
    MKCERT_INTER, /* P-384 */
    MKCERT_OTHER, /* P-521; also the third intermediate */
    MKCERT_RSA_CA,
    MKCERT_ED25519,
    MKCERT_K256, /* secp256k1: not on our list */
    MKCERT_RSA_1024,
    MKCERT_N_KEYS,
};

/* What is left zero or NULL takes the value of a good EK certificate of the root. */
struct mkcert {
    const char *subject; /* CN; "" for none; NULL: "ek" */
    const char *issuer;  /* CN; NULL: "root" */
    const char *exts;    /* OpenSSL configuration whose section [x] lists extensions; "" for none */
    const char *digest;  /* NULL: SHA256 */
    enum mkcert_key key; /* the certificate's own */
    enum mkcert_key signer; /* MKCERT_LEAF_EC (zero): the root's */
    int version;            /* 1 or 3; 0: 3 */
    const char *serial;     /* decimal; NULL: "1" */
    int64_t not_before;     /* 0: 2020-01-01 */
    int64_t not_after;      /* 0: 9999-12-31 */
    bool pss;
};

#define MKCERT_BASIC "basicConstraints=critical,CA:FALSE\n"
#define MKCERT_KU "keyUsage=critical,keyAgreement\n"
#define MKCERT_EKU "extendedKeyUsage=2.23.133.8.1\n"
#define MKCERT_SAN "subjectAltName=critical,dirName:tpm\n"
/* OpenSSL skips a name's first label there, so that two attributes can be alike */
#define MKCERT_TPM \
    "[tpm]\na.2.23.133.2.1=id:4E544300\na.2.23.133.2.2=NPCT75x\na.2.23.133.2.3=id:00070002\n"
#define MKCERT_GOOD "[x]\n" MKCERT_BASIC MKCERT_KU MKCERT_EKU MKCERT_SAN MKCERT_TPM
#define MKCERT_CA "[x]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n"

/* The certificate's DER, valid until the process ends; fails the case when it cannot be made. */
struct bytes mkcert(const struct mkcert *what);
