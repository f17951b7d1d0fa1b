/* The folder of TPM makers' certificates. */
#pragma once

#include "base/conf.h"
#include "base/std.h"

/* Reads each certificate of the files that end in .pem, .crt, .cer or .der, in the order of their
 * names, as DER that the caller frees; other files are passed over. Returns 0, 1 with the problem
 * (a file that holds no certificate, or too many of them), or a negative errno with the problem.
 * What was read until then is in ret and *ret_n also on failure. */
MUST_CHECK int ek_roots_load(const char *folder, struct bytes *ret, size_t cap, size_t *ret_n,
                             struct conf_problem *problem);

/* Adds the certificates of one file's content, PEM or DER. Returns 0, 1 when there is none or one
 * that cannot be read, -ENOSPC when they are too many, or -ENOMEM. */
MUST_CHECK int ek_roots_add(struct bytes file, struct bytes *ret, size_t cap, size_t *ret_n);
