/* The keys and certificates of `assay setup`: those that the site's list of keys names
 * (main/keyset.h) and that are not there. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "crypto/digest.h"
#include "key-bundle.h"
#include "key-make.h"
#include "main/key-folder.h"
#include "setup-files.h"

struct site_keys {
    struct setup *setup;
    struct keyset set;
};

static int
in_folder(char room[64], const char *file)
{
    return snprintf(room, 64, "keys/%s", file);
}

/* Makes the key's file unless it is there. */
static int
secret_file(struct setup *setup, const struct keyset_key *of)
{
    struct bytes content = BYTES_NULL;
    char name[64];
    int r = 0;

    in_folder(name, of->file);
    if (!setup_has(setup, name)) {
        r = key_make(of->kind, of->id, &content);
    }
    if (r < 0) {
        return setup_fail(setup, r, name, strerror(-r));
    }
    r = setup_file(setup, name, 0600, content);
    file_free(&content);
    return r;
}

/* The same, and reads what is there then. */
static int
key_file(struct setup *setup, const struct keyset_key *of, struct privkey **ret_key)
{
    bool rsa = of->kind == KEYSET_TOKEN_RSA;
    struct bytes pem = BYTES_NULL;
    char path[SETUP_PATH];
    int r = secret_file(setup, of);

    if (r < 0) {
        return r;
    }
    snprintf(path, sizeof(path), "%s/keys/%s", setup->dir, of->file);
    r = file_read(path, KEY_MAKE_PEM_MAX, &pem);
    if (r == 0) {
        r = rsa ? privkey_rsa_from_pem(pem, ret_key) : privkey_from_pem(pem, ret_key);
    }
    file_free(&pem);
    snprintf(path, sizeof(path), "keys/%s", of->file);
    return r == 0 ? 0
                  : setup_fail(setup, r, path,
                               r < 0 ? strerror(-r)
                               : rsa ? "no unencrypted RSA key of 2048 to 4096 bits in PEM"
                                     : "no unencrypted P-256 key in PEM");
}

static int
cert_file(struct setup *setup, const struct keyset_key *of, const struct key_certify *what)
{
    CLEANUP(free_p) char *pem = NULL;
    char name[64];
    int r;

    in_folder(name, of->cert);
    if (setup_has(setup, name)) {
        return setup_file(setup, name, 0644, BYTES_NULL);
    }
    r = key_certify(what, &pem);
    if (r == 0) {
        return setup_file(setup, name, 0644, bytes_str(pem));
    }
    return setup_fail(setup, r, name,
                      r == X509_MAKE_E_NAME ? "a --name or the site fits no certificate"
                      : r == X509_MAKE_E_ISSUER
                          ? "keys/ca.pem is not the certificate of keys/ca.key"
                          : strerror(-r));
}

static bool
has(const struct setup *setup, const char *file)
{
    char name[64];

    in_folder(name, file);
    return setup_has(setup, name);
}

/* The certificate is there and its key is not: a fresh key would not fit it, so none is made. The
 * CA's may be kept elsewhere. */
static int
without_key(struct setup *setup, const struct keyset_key *of)
{
    char name[64];
    char why[96];

    if (of->kind == KEYSET_CA) {
        snprintf(setup->elsewhere, sizeof(setup->elsewhere), "%s/keys/%s", setup->dir, of->file);
        in_folder(name, of->cert);
        return setup_file(setup, name, 0644, BYTES_NULL);
    }
    in_folder(name, of->file);
    snprintf(why, sizeof(why), "not there: put it back, or remove %s that both are made", of->cert);
    return setup_fail(setup, 1, name, why);
}

/* A certificate is to be made and the key that issues it is elsewhere. */
static int
without_issuer(struct setup *setup, const struct keyset_key *of)
{
    char why[96];

    snprintf(why, sizeof(why), "not there, and needed to issue %s: put it back", of->cert);
    return setup_fail(setup, 1, setup->elsewhere, why);
}

/* A key and its certificate, by the CA; of the CA itself without one. *ret_key stays NULL where
 * the CA's is kept elsewhere. */
static int
pair(struct site_keys *keys, enum keyset_kind kind, const struct privkey *ca_key,
     struct bytes ca_pem, struct privkey **ret_key)
{
    struct setup *setup = keys->setup;
    const struct keyset_key *of = keyset_active(&keys->set, kind, setup->now_s);
    struct key_certify what = {
        .kind = kind,
        .site = setup->site,
        .names = setup->names,
        .n_names = setup->n_names,
        .now_s = setup->now_s,
        .ca_key = ca_key,
        .ca_pem = ca_pem,
    };
    int r;

    if (!of) {
        return setup_fail(setup, 1, "keys/" KEYSET_FILE, "a kind has no key");
    }
    if (has(setup, of->cert) && !has(setup, of->file)) {
        return without_key(setup, of);
    }
    if (kind != KEYSET_CA && !ca_key && !has(setup, of->cert)) {
        return without_issuer(setup, of);
    }
    r = key_file(setup, of, ret_key);
    if (r == 0) {
        what.id = of->id;
        what.key = *ret_key;
        r = cert_file(setup, of, &what);
    }
    return r;
}

static int
leaves(struct site_keys *keys, const struct privkey *ca_key, struct bytes ca_pem)
{
    CLEANUP(privkey_freep) struct privkey *server = NULL;
    CLEANUP(privkey_freep) struct privkey *site = NULL;
    int r = pair(keys, KEYSET_SERVER, ca_key, ca_pem, &server);

    return r == 0 ? pair(keys, KEYSET_SITE, ca_key, ca_pem, &site) : r;
}

static int
certificates(struct site_keys *keys)
{
    CLEANUP(privkey_freep) struct privkey *ca_key = NULL;
    struct setup *setup = keys->setup;
    struct bytes ca_pem = BYTES_NULL;
    char path[SETUP_PATH];
    int r = pair(keys, KEYSET_CA, NULL, BYTES_NULL, &ca_key);

    if (r != 0) {
        return r;
    }
    snprintf(path, sizeof(path), "%s/keys/%s", setup->dir,
             keyset_active(&keys->set, KEYSET_CA, setup->now_s)->cert);
    r = file_read(path, KEY_MAKE_PEM_MAX, &ca_pem);
    r = r == 0 ? leaves(keys, ca_key, ca_pem) : setup_fail(setup, r, path, strerror(-r));
    file_free(&ca_pem);
    snprintf(path, sizeof(path), "%s/keys", setup->dir);
    if (r == 0) {
        r = key_bundle(path, &keys->set);
        r = r == 0 ? 0 : setup_fail(setup, r, path, strerror(-r));
    }
    return r;
}

/* A policy key belongs where policies are signed: where only its public half is left nothing is
 * made. */
static int
policy_files(struct setup *setup, const struct keyset_key *of)
{
    CLEANUP(free_p) char *public = NULL;
    struct bytes pem = BYTES_NULL;
    char path[SETUP_PATH];
    char name[64];
    char key[64];
    int r;

    in_folder(name, of->cert);
    in_folder(key, of->file);
    r = !setup_has(setup, name) || setup_has(setup, key) ? secret_file(setup, of) : 0;
    if (r != 0 || setup_has(setup, name)) {
        return r != 0 ? r : setup_file(setup, name, 0644, BYTES_NULL);
    }
    snprintf(path, sizeof(path), "%s/keys/%s", setup->dir, of->file);
    r = file_read(path, KEY_MAKE_PEM_MAX, &pem);
    r = r == 0 ? key_public(pem, &public) : r;
    file_free(&pem);
    return r == 0 ? setup_file(setup, name, 0644, bytes_str(public))
                  : setup_fail(setup, r, path,
                               r < 0 ? strerror(-r) : "no unencrypted P-256 key in PEM");
}

/* A list names what was there when it was first written, and that is after a day (nonce-renew.h):
 * kinds that came later get a line. Returns how many. */
static size_t
add_later(struct site_keys *keys)
{
    static const enum keyset_kind later[] = {KEYSET_TOKEN_RSA, KEYSET_PAIRWISE, KEYSET_POLICY};
    size_t n = 0;

    for (size_t i = 0; i < ARRAY_LEN(later) && keys->set.listed; i++) {
        struct keyset_key key = {
            .kind = later[i], .id = 1, .made_s = keys->setup->now_s, .from_s = keys->setup->now_s};
        const char *name = keyset_kind_name(later[i]);

        if (keyset_count(&keys->set, later[i]) > 0) {
            continue;
        }
        snprintf(key.file, sizeof(key.file), "%s-1%s", name,
                 later[i] == KEYSET_PAIRWISE ? "" : ".key");
        if (later[i] == KEYSET_POLICY) {
            snprintf(key.cert, sizeof(key.cert), "%s-1.pub", name);
        }
        n += keyset_add(&keys->set, &key) == 0;
    }
    return n;
}

static int
make_keys(struct site_keys *keys)
{
    static const enum keyset_kind secrets[] = {KEYSET_TOKEN,      KEYSET_AUDIT, KEYSET_TOKEN_RSA,
                                               KEYSET_PSK_MASTER, KEYSET_NONCE, KEYSET_PAIRWISE};
    struct setup *setup = keys->setup;
    char path[SETUP_PATH];
    int r = certificates(keys);

    for (size_t i = 0; i < ARRAY_LEN(secrets) && r == 0; i++) {
        CLEANUP(privkey_freep) struct privkey *key = NULL;
        const struct keyset_key *of = keyset_active(&keys->set, secrets[i], setup->now_s);
        bool pem = secrets[i] == KEYSET_TOKEN || secrets[i] == KEYSET_AUDIT ||
                   secrets[i] == KEYSET_TOKEN_RSA;

        if (of) {
            r = pem ? key_file(setup, of, &key) : secret_file(setup, of);
        }
    }
    if (r == 0) {
        const struct keyset_key *of = keyset_active(&keys->set, KEYSET_POLICY, setup->now_s);

        r = of ? policy_files(setup, of) : 0;
        if (of && in_folder(path, of->file) > 0 && setup_has(setup, path)) {
            setup->policy_key = true;
        }
    }
    return r;
}

/* Under the lock of `assay key rotate` and main, as what they wrote meanwhile must not get lost. */
static int
setup_list(struct setup *setup, const char *folder)
{
    struct site_keys keys = {.setup = setup};
    struct conf_problem problem = {""};
    size_t n_added;
    int r = keyset_load(folder, &keys.set, &problem);

    if (r != 0) {
        return setup_fail(setup, r, folder, problem.text);
    }
    n_added = add_later(&keys);
    r = make_keys(&keys);
    if (r == 0 && n_added > 0) {
        r = keyset_save(folder, &keys.set);
        r = r == 0 ? 0 : setup_fail(setup, r, folder, strerror(-r));
    }
    return r;
}

int
setup_keys(struct setup *setup)
{
    char folder[SETUP_PATH];
    int fd;
    int r;

    snprintf(folder, sizeof(folder), "%s/keys", setup->dir);
    fd = key_folder_lock(folder);
    if (fd < 0 && fd != -ENOENT) { /* a new site has no folder yet */
        return setup_fail(setup, fd, folder,
                          fd == -EWOULDBLOCK ? "a rotation is under way" : strerror(-fd));
    }
    r = setup_list(setup, folder);
    if (fd >= 0) {
        close(fd);
    }
    return r;
}
