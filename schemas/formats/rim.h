/* Base RIMs: TCG PC Client Reference Integrity Manifest 1.04 over ISO/IEC 19770-2:2015, the signed
 * list of files that say what a machine's firmware measures. What is read are the root's own
 * children, so that nothing inside a signature or an unknown element counts as the manifest's. */
#pragma once

#include "crypto/digest.h"
#include "formats/xml.h"

#define RIM_FILES_MAX 32u /* one support log is usual */
#define RIM_TEXT_MAX 512u /* of an attribute, raw; addresses have some hundred */

struct rim_file {
    struct bytes name; /* raw; its last part is the file's */
    uint64_t size;
    bool has[HASH_N]; /* SHA-256, SHA-384, SHA-512; at least one */
    uint8_t hash[HASH_N][HASH_SIZE_MAX];
};

/* All texts are raw (xml.h), and empty when the manifest does not say them. */
struct rim {
    struct bytes name, version, tag_id; /* of what it is about */
    struct bytes entity;                /* who made the manifest */
    struct bytes binding;               /* the specification: "PC Client RIM" */
    struct bytes platform_maker, platform_model, platform_version;
    struct bytes firmware_maker, firmware_model, firmware_version;
    bool corpus, patch, supplemental;
    size_t n_other; /* elements that are not known, but the signature */
    size_t n_files;
    struct rim_file files[RIM_FILES_MAX];
};

/* Reads a whole file. Returns 0, or 1 with RIM_FORM, RIM_HASH, RIM_FILES (the event is the
 * file's place in the payload) or a rule of xml.h; or -ENOMEM. *ret is of no use unless
 * 0. Views are into in. */
MUST_CHECK int rim_read(struct bytes in, struct rim *ret, struct fault *ret_fault);

/* Are the bytes those of a listed file? Returns 0, 1 or a negative errno. */
MUST_CHECK int rim_file_check(const struct rim_file *file, struct hasher *hasher,
                              struct bytes content);
