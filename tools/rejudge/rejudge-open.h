/* What re-judging begins with: the verifier's store, and bundles from files or from it. Messages go
 * to stderr. */
#pragma once

#include "bundle-file.h"
#include "store/store.h"

/* The words of the command line; NULL where they were not given. */
struct rejudge_place {
    const char *store; /* --store */
    const char *conf;  /* --conf */
};

#define REJUDGE_PLACE_ARGS "[--store FILE | --conf FILE]"
#define REJUDGE_PLACE_FLAGS(place)                   \
    {.name = "store", .ret_value = &(place)->store}, \
    {                                                \
        .name = "conf", .ret_value = &(place)->conf  \
    }
#define REJUDGE_PLACE_HELP                                                         \
    "  --conf   the verifier's configuration, which names its store; without it\n" \
    "           /etc/assay/verifier.conf\n"                                        \
    "  --store  the store itself, or a backup of it\n"

/* NULL, or what is wrong with the words. */
const char *rejudge_place_problem(const struct rejudge_place *place);

/* Opens the store to be read. Returns 0, or 1 after a message. */
MUST_CHECK int rejudge_open_store(const struct rejudge_place *place, struct store **ret);

/* A bundle, signed or not, whose bytes are at hand, whoever signed it and whether or not its time
 * has come; name: for messages. take_bytes is freed with *ret, or at once on a failure. Returns 0,
 * to be freed by bundle_file_done(), or 1 after a message. */
MUST_CHECK int rejudge_open_bytes(struct bytes take_bytes, const char *name,
                                  struct bundle_file *ret);

/* The bundle that is in the store: the service alone says whether it counts (`assay policy
 * active`). With none ret->book is NULL. Returns as above. */
MUST_CHECK int rejudge_open_active(struct store *store, struct bundle_file *ret);

/* The bundle that a text compiles to; path: for messages. Returns as above. */
MUST_CHECK int rejudge_open_text(struct bytes source, const char *path, struct bundle_file *ret);

/* A bundle by its word: "active", or a file that is text, a compiled body or a signed bundle.
 * Returns as above. */
MUST_CHECK int rejudge_open_bundle(struct store *store, const char *word, uint64_t now_s,
                                   struct bundle_file *ret);
