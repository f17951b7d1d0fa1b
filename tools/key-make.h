/* New keys and certificates of a site, as file contents: what `assay setup` and `assay key` share.
 */
#pragma once

#include "crypto/x509-make.h"
#include "main/keyset.h"

#define KEY_MAKE_PEM_MAX 16384u

/* Content of a fresh key file of a kind (not of a ticket, which has none); file_free() wipes it.
 * Returns 0 or a negative errno. */
MUST_CHECK int key_make(enum keyset_kind kind, uint32_t id, struct bytes *ret);

/* The public half of such a content, a P-256 key's, as PEM; the caller's to free. Returns 0, an
 * outcome of privkey_from_pem(), or a negative errno. */
MUST_CHECK int key_public(struct bytes pem, char **ret_pem);

/* Whose certificate, and by whom. */
struct key_certify {
    enum keyset_kind kind; /* CA, server or site */
    uint32_t id;           /* from the second CA on it stands in its name */
    const char *site;
    const char *const *names; /* of a server */
    size_t n_names;
    int64_t now_s;
    const struct privkey *key;
    const struct privkey *ca_key; /* NULL: the key's own, a CA */
    struct bytes ca_pem;
};

/* Returns as x509_make(). The PEM is the caller's to free. */
MUST_CHECK int key_certify(const struct key_certify *what, char **ret_pem);

/* DNS names and IP addresses of a server's certificate (RFC 5280 section 4.2.1.6), as x509_make()
 * takes them: texts in room. Returns their number; 0 when there is none, or one that is neither. */
#define KEY_NAMES_MAX 16u
struct key_names {
    size_t n;
    const char *names[KEY_NAMES_MAX];
    char room[KEY_NAMES_MAX][256];
};
size_t key_names_read(struct bytes der, struct key_names *ret);

/* Whether a name or address, as text, is among them, as a device's TLS has it: names without regard
 * to case, "*." for one label (RFC 6125 section 6.4), addresses by value. */
bool key_names_have(const struct key_names *names, const char *name);
