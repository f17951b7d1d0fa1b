/* The keys and certificates of `assay setup`. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "crypto/digest.h"
#include "crypto/x509-make.h"
#include "setup-files.h"

enum { DAY_S = 86400, CA_DAYS = 3650, LEAF_DAYS = 825, PEM_MAX = 16384, SLOT = 1 + 32 };
enum { RSA_BITS = 2048 /* what every consumer of RS256 takes, RFC 7518 section 3.3 */ };

/* Random bytes; with_id puts the number of the first key in front. */
static int
random_file(struct setup *setup, const char *name, size_t len, bool with_id)
{
    uint8_t room[128];
    int r = len <= sizeof(room) ? random_bytes(room, len) : -EINVAL;

    if (with_id) {
        room[0] = 1;
    }
    if (r < 0) {
        return setup_fail(setup, r, name, "no randomness");
    }
    r = setup_file(setup, name, 0600, bytes_of(room, len));
    wipe(room, sizeof(room));
    return r;
}

/* Makes the key's file unless it is there, and reads what is there then. */
static int
kind_file(struct setup *setup, const char *name, enum key_kind kind, struct privkey **ret_key)
{
    CLEANUP(privkey_freep) struct privkey *fresh = NULL;
    bool rsa = kind == KEY_RSA;
    struct bytes pem = BYTES_NULL;
    char path[SETUP_PATH];
    char *text = NULL;
    int r = 0;

    if (!setup_has(setup, name)) {
        r = rsa ? privkey_rsa_generate(RSA_BITS, &fresh) : privkey_generate(&fresh);
        r = r == 0 ? privkey_to_pem(fresh, &text) : r;
    }
    if (r < 0) {
        return setup_fail(setup, r, name, strerror(-r));
    }
    r = setup_file(setup, name, 0600, text ? bytes_str(text) : BYTES_NULL);
    if (text) {
        wipe(text, strlen(text));
        free(text);
    }
    if (r < 0) {
        return r;
    }
    snprintf(path, sizeof(path), "%s/%s", setup->dir, name);
    r = file_read(path, PEM_MAX, &pem);
    if (r == 0) {
        r = rsa ? privkey_rsa_from_pem(pem, ret_key) : privkey_from_pem(pem, ret_key);
    }
    file_free(&pem);
    return r == 0 ? 0
                  : setup_fail(setup, r, name,
                               rsa ? "no unencrypted RSA key of 2048 to 4096 bits in PEM"
                                   : "no unencrypted P-256 key in PEM");
}

static int
key_file(struct setup *setup, const char *name, struct privkey **ret_key)
{
    return kind_file(setup, name, KEY_P256, ret_key);
}

static int
cert_make(struct setup *setup, const struct x509_make *what, const char *name,
          const struct privkey *key, const struct privkey *ca_key, struct bytes ca_pem)
{
    CLEANUP(free_p) char *pem = NULL;
    int r;

    if (setup_has(setup, name)) {
        return setup_file(setup, name, 0644, BYTES_NULL);
    }
    r = x509_make(what, key, ca_key, ca_pem, &pem);
    if (r == 0) {
        return setup_file(setup, name, 0644, bytes_str(pem));
    }
    return setup_fail(setup, r, name,
                      r == X509_MAKE_E_NAME ? "a --name or the site fits no certificate"
                      : r == X509_MAKE_E_ISSUER
                          ? "keys/ca.pem is not the certificate of keys/ca.key"
                          : strerror(-r));
}

/* A key NAME.key and its certificate NAME.pem. */
static int
pair(struct setup *setup, const struct x509_make *what, const char *stem,
     const struct privkey *ca_key, struct bytes ca_pem)
{
    CLEANUP(privkey_freep) struct privkey *key = NULL;
    char name[64];
    int r;

    snprintf(name, sizeof(name), "keys/%s.key", stem);
    r = key_file(setup, name, &key);
    snprintf(name, sizeof(name), "keys/%s.pem", stem);
    return r == 0 ? cert_make(setup, what, name, key, ca_key, ca_pem) : r;
}

/* Common names end in the site's, cut to what a certificate holds (64). */
static struct x509_make
plan(const struct setup *setup, enum x509_make_kind kind, char cn[65], const char *head)
{
    struct x509_make what = {.kind = kind, .cn = cn};

    snprintf(cn, 65, "%s %.*s", head, 64 - (int)strlen(head) - 1, setup->site);
    what.not_before_s = setup->now_s - DAY_S; /* a device's clock may be behind */
    what.not_after_s = setup->now_s + DAY_S * (int64_t)(kind == X509_MAKE_CA ? CA_DAYS : LEAF_DAYS);
    return what;
}

static int
leaves(struct setup *setup, const struct privkey *ca_key, struct bytes ca_pem)
{
    char cn[65];
    struct x509_make what = plan(setup, X509_MAKE_SERVER, cn, "assay verifier");
    int r;

    what.names = setup->names;
    what.n_names = setup->n_names;
    r = pair(setup, &what, "server", ca_key, ca_pem);
    if (r == 0) {
        what = plan(setup, X509_MAKE_SIGNER, cn, "assay site");
        r = pair(setup, &what, "site", ca_key, ca_pem);
    }
    return r;
}

static int
certificates(struct setup *setup)
{
    CLEANUP(privkey_freep) struct privkey *ca_key = NULL;
    struct bytes ca_pem = BYTES_NULL;
    char path[SETUP_PATH];
    char cn[65];
    struct x509_make what = plan(setup, X509_MAKE_CA, cn, "assay CA");
    int r = key_file(setup, "keys/ca.key", &ca_key);

    if (r == 0) {
        r = cert_make(setup, &what, "keys/ca.pem", ca_key, NULL, BYTES_NULL);
    }
    if (r != 0) {
        return r;
    }
    snprintf(path, sizeof(path), "%s/keys/ca.pem", setup->dir);
    r = file_read(path, PEM_MAX, &ca_pem);
    r = r == 0 ? leaves(setup, ca_key, ca_pem) : setup_fail(setup, r, path, strerror(-r));
    file_free(&ca_pem);
    return r;
}

int
setup_keys(struct setup *setup)
{
    CLEANUP(privkey_freep) struct privkey *token = NULL;
    CLEANUP(privkey_freep) struct privkey *audit = NULL;
    CLEANUP(privkey_freep) struct privkey *rsa = NULL;
    static const struct {
        const char *name;
        size_t len;
        bool with_id;
    } secrets[] = {
        {"keys/psk-masters", SLOT, true},
        {"keys/nonce-keys", SLOT, true},
        {"keys/pairwise-key", 32, false},
    };
    int r = certificates(setup);

    if (r == 0) {
        r = key_file(setup, "keys/token.key", &token);
    }
    if (r == 0) {
        r = key_file(setup, "keys/audit.key", &audit);
    }
    if (r == 0) {
        r = kind_file(setup, "keys/token-rsa.key", KEY_RSA, &rsa);
    }
    for (size_t i = 0; i < ARRAY_LEN(secrets) && r == 0; i++) {
        r = random_file(setup, secrets[i].name, secrets[i].len, secrets[i].with_id);
    }
    return r;
}
