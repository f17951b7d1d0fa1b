/* Contents of the OBJECT IDENTIFIERs that certificates use here; views of static bytes. */
#pragma once

#include "base/std.h"

/* A string literal as bytes, so that an OID is one constant expression. */
#define X509_OID(literal) bytes_of(literal, sizeof(literal) - 1)

#define OID_SKI X509_OID("\x55\x1d\x0e")            /* 2.5.29.14 */
#define OID_KEY_USAGE X509_OID("\x55\x1d\x0f")      /* 2.5.29.15 */
#define OID_SAN X509_OID("\x55\x1d\x11")            /* 2.5.29.17 */
#define OID_BASIC X509_OID("\x55\x1d\x13")          /* 2.5.29.19 */
#define OID_POLICIES X509_OID("\x55\x1d\x20")       /* 2.5.29.32 */
#define OID_AKI X509_OID("\x55\x1d\x23")            /* 2.5.29.35 */
#define OID_EKU X509_OID("\x55\x1d\x25")            /* 2.5.29.37 */
#define OID_DIR_ATTRIBUTES X509_OID("\x55\x1d\x09") /* 2.5.29.9 */

#define OID_KP_EK X509_OID("\x67\x81\x05\x08\x01")       /* 2.23.133.8.1 */
#define OID_TPM_MAKER X509_OID("\x67\x81\x05\x02\x01")   /* 2.23.133.2.1 */
#define OID_TPM_MODEL X509_OID("\x67\x81\x05\x02\x02")   /* 2.23.133.2.2 */
#define OID_TPM_VERSION X509_OID("\x67\x81\x05\x02\x03") /* 2.23.133.2.3 */

#define OID_RSA X509_OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01")      /* 1.2.840.113549.1.1.1 */
#define OID_RSA_OAEP X509_OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x07") /* 1.2.840.113549.1.1.7 */
#define OID_MGF1 X509_OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08")     /* 1.2.840.113549.1.1.8 */
#define OID_RSA_PSS X509_OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a")  /* 1.2.840.113549.1.1.10 */
#define OID_EC X509_OID("\x2a\x86\x48\xce\x3d\x02\x01")               /* 1.2.840.10045.2.1 */
#define OID_P256 X509_OID("\x2a\x86\x48\xce\x3d\x03\x01\x07")         /* 1.2.840.10045.3.1.7 */
#define OID_P384 X509_OID("\x2b\x81\x04\x00\x22")                     /* 1.3.132.0.34 */
#define OID_P521 X509_OID("\x2b\x81\x04\x00\x23")                     /* 1.3.132.0.35 */
