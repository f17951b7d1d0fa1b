/* A support bundle of `assay-attestor --collect`: its archive, or a folder with its files. Nothing
 * is written anywhere and no name in it is a path. */
#pragma once

#include "base/limits.h"
#include "formats/tar-in.h"

enum support_file {
    SUPPORT_INFO,
    SUPPORT_EVIDENCE,
    SUPPORT_QUOTE,
    SUPPORT_SIGNATURE,
    SUPPORT_AK,
    SUPPORT_FIRMWARE,
    SUPPORT_IMA,
    SUPPORT_USERSPACE,
    SUPPORT_N,
};

struct support {
    struct bytes file[SUPPORT_N];  /* p NULL: not in it */
    struct bytes owned[SUPPORT_N]; /* what is freed with it: the archive, or each file */
};

/* Reads an archive; the views are into in. Files that we do not know are passed over, one that we
 * know may be there once. Returns 0, or 1 with a fault (TAR_ rules, SUPPORT_TWICE). */
MUST_CHECK int support_read(struct bytes in, struct support *ret, struct fault *ret_fault);

/* Opens an archive, or a folder with files of those names, which must be regular ones. Returns 0,
 * 1 with a fault as support_read() (free it too), or -1 after a message on stderr. */
MUST_CHECK int support_open(const char *path, struct support *ret, struct fault *ret_fault);
void support_done(struct support *support);

/* The site that info.json names. Returns 0, or 1: there is none, or it is longer than LIMIT_SITE.
 */
MUST_CHECK int support_site(const struct support *support, char ret[LIMIT_SITE + 1]);
