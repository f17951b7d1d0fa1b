/* `assay setup`: what it was told, and its two halves. Whatever is there is kept. */
#pragma once

#include <sys/types.h>

#include "base/fault.h"
#include "crypto/privkey.h"

enum { SETUP_NAMES_MAX = 16, SETUP_FILES_MAX = 40, SETUP_PATH = 300 };

struct setup_done {
    char path[SETUP_PATH];
    bool made; /* or kept */
};

struct setup {
    const char *dir;
    const char *state;
    const char *run;
    const char *site;
    const char *issuer;
    const char *user; /* whom the roles run as; NULL: whoever starts them */
    long port;
    const char *names[SETUP_NAMES_MAX];
    size_t n_names;
    int64_t now_s;
    bool policy_key; /* the private one lies here */
    size_t n_done;
    struct setup_done done[SETUP_FILES_MAX];
    char elsewhere[SETUP_PATH];     /* the CA's key, which is not here; "": it is */
    char problem[SETUP_PATH + 100]; /* of the first failure */
};

/* Makes DIR/NAME unless it is there. Returns 0 or a negative errno with the problem. */
MUST_CHECK int setup_file(struct setup *setup, const char *name, mode_t mode, struct bytes content);

/* Is there such a file in DIR? */
bool setup_has(const struct setup *setup, const char *name);

/* Notes a problem; returns r. */
int setup_fail(struct setup *setup, int r, const char *what, const char *why);

/* Whether a verifier.conf of before is of this site, whose keys would not fit another's; takes the
 * port that it has. Returns 0, 1 when it is wrong or of another site, or a negative errno, with the
 * problem. */
MUST_CHECK int setup_agree(struct setup *setup);

/* Keys and certificates in DIR/keys. The CA's key may be elsewhere while nothing is to be issued.
 * Returns 0, 1 when what is there does not fit together, a key is missing that a certificate is of
 * or a name fits no certificate, or a negative errno; each with the problem. */
MUST_CHECK int setup_keys(struct setup *setup);

/* verifier.conf, attestor.conf and the README of ek-roots. Returns 0 or a negative errno with the
 * problem. */
MUST_CHECK int setup_confs(struct setup *setup);

/* The folders that verifier.conf, made or kept, names: of the store, of the public keys and of the
 * control socket, with what is above them; the store's is its user's. Returns 0, 1 when the file is
 * wrong, its user unknown or a file of the store has a second name, or a negative errno, with the
 * problem. */
MUST_CHECK int setup_places(struct setup *setup);
