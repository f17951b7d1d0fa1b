/* The shape of an IMA entry: which fields a template has, in order.
 * Linux Documentation/security/IMA-templates.rst, ima_template.c. */
#pragma once

#include "base/limits.h"
#include "base/std.h"

/* The kernel's field identifiers, "d-ng" and so on. */
enum ima_field_id {
    IMA_FIELD_D,            /* 20 (SHA-1) or 16 (MD5) bytes of digest */
    IMA_FIELD_N,            /* name, NUL-ended */
    IMA_FIELD_D_NG,         /* "sha256:" NUL digest */
    IMA_FIELD_D_NGV2,       /* "ima:sha256:" or "verity:sha256:", NUL, digest */
    IMA_FIELD_N_NG,         /* name, NUL-ended */
    IMA_FIELD_SIG,          /* file signature, or empty */
    IMA_FIELD_BUF,          /* measured buffer (a kexec command line, a key), or empty */
    IMA_FIELD_D_MODSIG,     /* as D_NG: digest that the appended signature covers, or empty */
    IMA_FIELD_MODSIG,       /* appended PKCS#7 signature, or empty */
    IMA_FIELD_EVMSIG,       /* EVM portable signature, or empty */
    IMA_FIELD_XATTRNAMES,   /* names with | between, NUL-ended, or empty */
    IMA_FIELD_XATTRLENGTHS, /* u32 each */
    IMA_FIELD_XATTRVALUES,  /* one after the other */
    IMA_FIELD_IUID,         /* u32, or empty where there is no file */
    IMA_FIELD_IGID,         /* u32, or empty */
    IMA_FIELD_IMODE,        /* u16, or empty */
    IMA_FIELD_N_IDS,
};

struct ima_template {
    struct bytes name; /* a view of what ima_template_read() was given */
    bool legacy;       /* "ima": no lengths in front of the fields, neither logged nor hashed */
    size_t n_fields;
    uint8_t ids[LIMIT_IMA_FIELDS]; /* enum ima_field_id */
};

/* Reads a template's name, one of the built-in ones or a format string of known fields
 * ("d-ng|n-ng", as ima_template_fmt= gives). Returns 0, or 1 when it is neither; *ret is then
 * untouched. */
MUST_CHECK int ima_template_read(struct bytes name, struct ima_template *ret);

/* The identifier as the kernel spells it; id < IMA_FIELD_N_IDS. */
const char *ima_field_name(enum ima_field_id id);
