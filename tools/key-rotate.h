/* `assay key rotate`: a new key of a kind into the folder and the list of keys, so that whatever
 * ends it in between leaves the old keys or the new ones, whole:
 *
 *   1. files of names that the list has not are written, each whole and synced;
 *   2. the list is replaced, at once: from here the new keys hold;
 *   3. files of ours that it does not name are removed, and ca.pem for the devices is made anew.
 *
 * What 1 left behind and 3 left undone the next rotation puts right. */
#pragma once

#include "key-make.h"

#define KEY_ROTATE_TEXT 300u
#define KEY_LEAD_S 900        /* a token key is published before it signs: caches of consumers */
#define KEY_TOKEN_AFTER_S 600 /* and after it: the longest token, and clocks that differ */
#define KEY_MASTER_AFTER_S (INT64_C(30) * 86400) /* one epoch of PSKs */

/* What is wanted, and what was done. */
struct key_rotate {
    const char *folder; /* of the keys */
    const char *site;
    int64_t now_s;
    enum keyset_kind kind;
    bool leaked;     /* nothing of the old keys is taken any more */
    uint32_t retire; /* this one ends now and nothing new is made; 0: make a new one */
    int64_t lead_s;  /* a token key signs after so many seconds */
    size_t n_names;  /* of a new server certificate; 0: those of the present one */
    const char *const *names;

    struct keyset set; /* as it was, then as it is */
    struct keyset old;
    uint32_t new_id; /* 0: none was made */
    struct key_names room;
    bool saved; /* the list is replaced, whatever came after: the verifier is to be told */
    char problem[KEY_ROTATE_TEXT];
};

/* Returns 0, 1 with the problem (it cannot be done so), or a negative errno with the problem. Only
 * one at a time works on a folder: -EWOULDBLOCK while another does. */
MUST_CHECK int key_rotate(struct key_rotate *rotate);
