/* The kernel's IMA list, binary_runtime_measurements: what was opened, run or loaded since boot.
 * Linux ima_fs.c (ima_measurements_show), Documentation/security/IMA-templates.rst. A record is
 *     u32 pcr | template hash | u32 length, template name | template data
 * with data of u32 length and {u32 length, bytes} a field; only the template "ima" writes its
 * digest (20 bytes) without a length. Numbers are little-endian: what a big-endian machine writes
 * without ima_canonical_fmt is refused. Nothing is allocated; all views point into the list. */
#pragma once

#include "base/alg.h"
#include "base/fault.h"
#include "base/rd.h"
#include "formats/ima-template.h"

/* A digest field. value.p is NULL where the entry has none. */
struct ima_digest {
    struct bytes type; /* "ima" or "verity" (d-ngv2), else empty */
    struct bytes algo; /* as the kernel spells it, "sha3-256"; empty in the field "d" */
    enum hash hash;    /* HASH_N for an algorithm that we do not know (md5, rmd160, …) */
    struct bytes value;
};

struct ima_field {
    enum ima_field_id id;
    struct bytes data; /* with the NUL of a name; "ima" logs its name without one */
};

struct ima_entry {
    uint32_t number; /* from 0 at boot */
    uint64_t offset; /* of the record in the bytes given to ima_open() */
    uint32_t pcr;
    struct bytes template_hash; /* as logged: nobody has recomputed it (ima-replay.h does) */
    bool violation;             /* template hash all zero: the PCR was extended with all 0xff */
    struct ima_template template;
    struct ima_field fields[LIMIT_IMA_FIELDS]; /* template.n_fields of them */
    struct bytes data;                         /* template data as hashed; empty for "ima" */

    /* The first field of each kind, read; empty where the template has none. */
    struct ima_digest digest;
    struct ima_digest modsig_digest;
    struct bytes name; /* without NUL; the kernel wrote _ for each space */
    struct bytes sig;
    struct bytes buf;
    struct bytes modsig;
    struct bytes evmsig;
};

struct ima {
    struct rd rd;
    enum hash column;
    uint32_t number; /* of the next entry */
    uint32_t n_read;
    struct ima_template template; /* of the entry before */
    struct fault fault;           /* sticky: rule is RULE_NONE until something is wrong */
};

enum { IMA_E_FAULT = 1, IMA_E_END = 2 };

/* `column` is the hash of the template-hash column: HASH_SHA1, or the bank of a per-bank file
 * (binary_runtime_measurements_sha256). `first` is the number of the first entry in these bytes: 0,
 * or where a device goes on. Returns 0, or IMA_E_FAULT when the list exceeds LIMIT_IMA_BYTES. */
MUST_CHECK int ima_open(struct ima *ima, struct bytes list, enum hash column, uint32_t first,
                        struct fault *ret_fault);

/* Reads the next entry. Returns 0; IMA_E_END after the last; or IMA_E_FAULT with *ret_fault (event
 * = entry number), at once and again at every later call. *ret is untouched unless 0. */
MUST_CHECK int ima_next(struct ima *ima, struct ima_entry *ret, struct fault *ret_fault);

/* For readers of other spellings of the list: reads what follows the template's name in a binary
 * record into *e, whose number, violation and template are set. Returns 0 or IMA_E_FAULT. */
MUST_CHECK int ima_entry_fields(struct ima_entry *e, struct rd *rd, struct fault *ret_fault);

/* Says whether a logged template hash marks a violation. */
bool ima_is_violation(struct bytes template_hash);
