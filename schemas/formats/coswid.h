/* CoSWID, concise software identification tags: RFC 9393, as tags of a CoRIM. What is read are the
 * files of the payload that have a digest. Strict and without allocation as corim.h says. */
#pragma once

#include "formats/comid.h"

#define COSWID_PATH_MAX 512u

struct coswid {
    struct corim_name id;
    struct bytes name;    /* of the software */
    struct bytes version; /* of it, may be empty */
    struct bytes entity;  /* name of the first entity, may be empty */
    struct bytes payload; /* item, empty without one */
    bool has_evidence;    /* what was found on some machine, which is no reference */
    struct corim_tag tag;
};

/* Reads the tag's map. Returns 0 or CORIM_E_FAULT (COSWID_FORM); *ret is untouched unless 0. */
MUST_CHECK int coswid_read(const struct corim_tag *tag, struct coswid *ret,
                           struct fault *ret_fault);

/* One file of the payload: its path as the folders and the file say it, with slashes between, cut
 * at COSWID_PATH_MAX, and its digest, or NULL for one without. Borrowed for the call. */
typedef void coswid_file_fn(void *context, struct bytes path, const struct comid_digest *digest);

/* Calls for each file, folder by folder. Returns 0 or CORIM_E_FAULT (COSWID_FORM, COMID_DIGEST). */
MUST_CHECK int coswid_files(const struct coswid *coswid, coswid_file_fn *call, void *context,
                            struct fault *ret_fault);
