/* What is said of each kind of key: what it is for, what its rotation means, and what is done when
 * it has leaked. SECURITY.md has the same table. */
#pragma once

#include "main/keyset.h"

struct key_words {
    const char *use;     /* "makes the keeper's challenges" */
    const char *rotated; /* what happens now, one or two sentences */
    const char *leaked;  /* what a thief could do, what is ended at once, and what is left to do */
    const char *retired; /* what the end of an old one may leave to do; NULL: nothing */
};

const struct key_words *key_words(enum keyset_kind kind);
