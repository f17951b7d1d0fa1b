/* Entries of signature lists on their way to a set. Internal to tools/import. */
#pragma once

#include <stdio.h>

#include "crypto/digest.h"
#include "formats/siglist.h"
#include "wire/bundle-set.h"

#define IMPORT_SVNS 64u /* applications whose versions are revoked; three are known */

struct import_sig {
    uint8_t sig; /* a bundle_sig */
    uint8_t digest[32];
};

struct import_svn {
    uint8_t guid[16];
    uint32_t version;
};

struct import_sigs {
    size_t n_raw, n_other; /* entries taken; those of kinds that no set can hold */
    size_t n_hashes, n_certs, n_svns;
    struct import_sig *hashes, *certs;   /* owned; sorted and each once after import_sigs_sort() */
    struct import_svn svns[IMPORT_SVNS]; /* the highest version of each */
};

/* Room for n entries. Returns 0 or -ENOMEM; end with import_sigs_done() in both cases. */
MUST_CHECK int import_sigs_init(struct import_sigs *sigs, size_t n);
void import_sigs_done(struct import_sigs *sigs);

/* Takes one more entry, n at most. Returns 0, 1 when there are too many versions, or a negative
 * errno. */
MUST_CHECK int import_sigs_add(struct import_sigs *sigs, struct hasher *hasher,
                               const struct siglist_entry *entry);
void import_sigs_sort(struct import_sigs *sigs);

/* The items of a `certs` set, or of a `dbx` set, a line each. */
void import_sigs_put(FILE *out, const struct import_sig *list, size_t n, bool dbx);
void import_svns_put(FILE *out, const struct import_sigs *sigs);
