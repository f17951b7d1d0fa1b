/* Digests of files for a set (formats/digest-set.h). */
#pragma once

#include "crypto/digest.h"

/* Zero but for hasher and alg at first; digests is freed with set_gather_free(). */
struct set_gather {
    struct hasher *hasher;
    enum hash alg;
    uint8_t *digests; /* n of them, one behind the other, in no order */
    size_t n, cap;
    bool progress; /* count on stderr, which is a terminal */
};

/* Adds each regular file of a tree, or the one that path is; links are not followed and other file
 * systems not entered. What cannot be read is an error: a set that silently lacks a file refuses
 * machines later. Returns 0, or 1 after a message on stderr. */
MUST_CHECK int set_gather_tree(struct set_gather *gather, const char *path);

/* Adds each regular file that a Debian package brings, unpacked by dpkg-deb(1) into a temporary
 * folder; its scripts are not run, nor in the set. Returns 0, or 1 after a message on stderr. */
MUST_CHECK int set_gather_package(struct set_gather *gather, const char *path);

void set_gather_free(struct set_gather *gather);
