/* `assay setup`: what it was told, and its two halves. Whatever is there is kept. */
#pragma once

#include <sys/types.h>

#include "base/fault.h"
#include "crypto/privkey.h"
#include "key-make.h"
#include "main/settings.h"

enum { SETUP_NAMES_MAX = 16, SETUP_FILES_MAX = 40, SETUP_PATH = 300, SETUP_PROBLEM = 700 };

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
    bool named;                 /* the names were given; else they are the machine's own */
    char keys[SETUP_PATH];      /* folder of the keys */
    char roots[SETUP_PATH];     /* of TPM makers' certificates */
    bool kept;                  /* a verifier.conf was there, and decided about these and more */
    struct settings settings;   /* that one's */
    struct key_names certified; /* of the server's certificate that was there */
    int64_t now_s;
    bool policy_key; /* the private one lies here */
    size_t n_done;
    struct setup_done done[SETUP_FILES_MAX];
    char elsewhere[SETUP_PATH];  /* the CA's key, which is not here; "": it is */
    char problem[SETUP_PROBLEM]; /* of the first failure */
};

/* Makes FOLDER/NAME unless it is there. Returns 0 or a negative errno with the problem. */
MUST_CHECK int setup_file(struct setup *setup, const char *folder, const char *name, mode_t mode,
                          struct bytes content);

/* Is there such a file in a folder? */
bool setup_has(const char *folder, const char *name);

/* Notes a problem; returns r. */
int setup_fail(struct setup *setup, int r, const char *what, const char *why);

/* Whether a verifier.conf of before is of this site, whose keys would not fit another's; takes from
 * it the port, the issuer and the folders, or without one works out the folders. Returns 0, 1 when
 * it is wrong or of another site, or a negative errno, with the problem. */
MUST_CHECK int setup_agree(struct setup *setup);

/* Keys and certificates in setup->keys, whose lock it holds meanwhile. The CA's key may be
 * elsewhere while nothing is to be issued. Where no names were given those of the server's
 * certificate are taken. Returns 0, 1 when what is there does not fit together, a key is missing
 * that a certificate is of, a name fits no certificate or the server's has it not, or a negative
 * errno, -EWOULDBLOCK while another changes the folder; each with the problem. */
MUST_CHECK int setup_keys(struct setup *setup);

/* verifier.conf, attestor.conf and the README of ek-roots. Returns 0 or a negative errno with the
 * problem. */
MUST_CHECK int setup_confs(struct setup *setup);

/* The folders that verifier.conf, made or kept, names: of the store, of the public keys and of the
 * control socket, with what is above them; the store's is its user's. Returns 0, 1 when the file is
 * wrong, its user unknown or a file of the store has a second name, or a negative errno, with the
 * problem. */
MUST_CHECK int setup_places(struct setup *setup);
