/* Reference values of others as policy text: one function a format, each over whole files in memory
 * that may be anybody's. The text is for a person to read; what a file holds and the text does not
 * say stands in it as a comment. The appraisal page, section 5a, Import. */
#pragma once

#include <stdio.h>

#include "base/fault.h"
#include "crypto/digest.h"
#include "crypto/pubkey.h"

#define IMPORT_FILES_MAX 60u /* one command names no more */

struct import_file {
    const char *path; /* its last part is told, escaped */
    struct bytes bytes;
    const char *name; /* of what the file becomes: part_is_name(), or NULL for one made of path */
    const char *published; /* policy_date(), or NULL */
};

struct import_ask {
    const char *component; /* import_pcrlock: all files are one release of it; import_corim: all
                            * releases are of it; or NULL */
    const char *release;   /* its version, that of keylime's, and of a CoRIM's without one; or NULL
                            */
    struct pubkey *key;    /* whose signature each CoRIM, or the base RIM, must have; or NULL */
    bool unverified;       /* without a key: signed files are taken as if they were not */
    uint64_t now_s;        /* UTC; signatures must be valid at it */
    size_t n;
    const struct import_file *files;
};

/* What is wrong with the n-th file; with FAULT_NO_EVENT and offset 0 it is as a whole. */
struct import_fault {
    size_t file;
    struct fault fault;
};

/* Each writes text to `out` and returns 0, 1 with *ret_fault, or a negative errno; unless it is 0
 * what was written is of no use. Errors of `out` are the caller's to look for. */

/* Updates of dbx, the oldest first: a baseline each, met by the later ones, too; certificates are
 * baselines of their own, since they are revoked at another pace (appraisal page, section 2d). */
MUST_CHECK int import_dbx(FILE *out, struct hasher *hasher, const struct import_ask *ask,
                          struct import_fault *ret_fault);

/* Files of systemd-pcrlock: a release each, of the component that the file or, for a variant, its
 * folder names, with a part for each PCR; with ask->component all together one release, whose parts
 * have the components' names before them. */
MUST_CHECK int import_pcrlock(FILE *out, struct hasher *hasher, const struct import_ask *ask,
                              struct import_fault *ret_fault);

/* keylime's reference states of measured boot: releases of fw and os, lists of keys, dbx and MOK.
 * What is a regular expression there, or not known, is told. */
MUST_CHECK int import_keylime_boot(FILE *out, struct hasher *hasher, const struct import_ask *ask,
                                   struct import_fault *ret_fault);

/* keylime's runtime policies: no policy text but lines "sha256:… PATH" of what files may hold, in
 * the policy's order. What else decides there is told in lines that begin with #. */
MUST_CHECK int import_keylime_runtime(FILE *out, struct hasher *hasher,
                                      const struct import_ask *ask, struct import_fault *ret_fault);

/* CoRIM: reference triples as releases of what they measure, files of CoSWID tags as sets. What is
 * left out is told with its place, counted from 0: tag, triple, measurement. */
MUST_CHECK int import_corim(FILE *out, struct hasher *hasher, const struct import_ask *ask,
                            struct import_fault *ret_fault);

/* A TCG RIM bundle: the first file is the base RIM, the others are all files of its payload, each
 * once, found by name and held against size and hashes. Its support logs become one release of the
 * firmware, a variant for each that differs. */
MUST_CHECK int import_rim(FILE *out, struct hasher *hasher, const struct import_ask *ask,
                          struct import_fault *ret_fault);

/* Public keys and certificates, PEM or DER: a set of keys a file. An id is the end of a
 * certificate's subject key identifier, which is what kernels look its key up by. Nothing else of a
 * certificate counts: neither its issuer nor its time. */
MUST_CHECK int import_keys(FILE *out, struct hasher *hasher, const struct import_ask *ask,
                           struct import_fault *ret_fault);

/* ---- for the importers ---- */

/* "# KIND "FILE", sha256:…": where the text comes from. Returns 0 or a negative errno. */
MUST_CHECK int import_origin(FILE *out, struct hasher *hasher, const char *kind,
                             const struct import_file *file);

/* The last part of a path. */
const char *import_last_part(const char *path);

/* The file's name if it has one, else `prefix` and the path's last part without its end, with a '-'
 * for every byte that no name holds. Returns room. */
#define IMPORT_NAME_ROOM 49u /* LIMIT_BUNDLE_NAME and the NUL */
const char *import_name(const struct import_file *file, const char *prefix,
                        char room[IMPORT_NAME_ROOM]);
