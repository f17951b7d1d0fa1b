/* The keys and certificates of `assay setup`: those that the site's list of keys names
 * (main/keyset.h) and that are not there. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "formats/pem.h"
#include "key-bundle.h"
#include "main/key-folder.h"
#include "setup-files.h"

struct site_keys {
    struct setup *setup;
    struct keyset set;
};

static void
in_folder(const struct setup *setup, char room[SETUP_PATH], const char *file)
{
    snprintf(room, SETUP_PATH, "%.255s/%.39s", setup->keys, file);
}

/* Makes the key's file unless it is there. */
static int
secret_file(struct setup *setup, const struct keyset_key *of)
{
    struct bytes content = BYTES_NULL;
    char path[SETUP_PATH];
    int r = 0;

    in_folder(setup, path, of->file);
    if (!setup_has(setup->keys, of->file)) {
        r = key_make(of->kind, of->id, &content);
    }
    if (r < 0) {
        return setup_fail(setup, r, path, strerror(-r));
    }
    r = setup_file(setup, setup->keys, of->file, 0600, content);
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
    in_folder(setup, path, of->file);
    r = file_read(path, KEY_MAKE_PEM_MAX, &pem);
    if (r == 0) {
        r = rsa ? privkey_rsa_from_pem(pem, ret_key) : privkey_from_pem(pem, ret_key);
    }
    file_free(&pem);
    return r == 0 ? 0
                  : setup_fail(setup, r, path,
                               r < 0 ? strerror(-r)
                               : rsa ? "no unencrypted RSA key of 2048 to 4096 bits in PEM"
                                     : "no unencrypted P-256 key in PEM");
}

/* The first certificate of a file: in ca.pem that is the newest CA's. */
static int
cert_read(struct setup *setup, const char *path, uint8_t room[LIMIT_CERT_BYTES], struct bytes *ret)
{
    struct bytes pem = BYTES_NULL;
    size_t len = 0;
    struct rd rd;
    int r = file_read(path, KEY_MAKE_PEM_MAX, &pem);

    if (r < 0) {
        return setup_fail(setup, r, path, strerror(-r));
    }
    rd = rd_init(pem);
    r = pem_next(&rd, room, LIMIT_CERT_BYTES, &len);
    file_free(&pem);
    *ret = bytes_of(room, len);
    return r == 0 ? 0 : setup_fail(setup, 1, path, "no certificate in PEM");
}

/* Where none was given devices are told the certificate's names; one with a "*" is no server's, and
 * one with a line's end in it would be a setting. */
static void
take_certified(struct setup *setup)
{
    static const char host[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.:";
    size_t n = 0;

    _Static_assert(ARRAY_LEN(setup->names) >= KEY_NAMES_MAX, "all of a certificate");
    for (size_t i = 0; i < setup->certified.n; i++) {
        const char *name = setup->certified.names[i];

        if (name[strspn(name, host)] == '\0') {
            setup->names[n++] = name;
        }
    }
    setup->n_names = n > 0 ? n : setup->n_names;
}

/* Devices compare the name that they connect to with the certificate's, so that a name which it has
 * not is worth nothing to them. */
static int
names_fit(struct setup *setup, const char *path, struct bytes der)
{
    char why[400];
    bool all = true;
    int len = snprintf(why, sizeof(why), "not of that name: `assay key rotate server");

    (void)key_names_read(der, &setup->certified);
    if (!setup->named) {
        take_certified(setup);
        return 0;
    }
    for (size_t i = 0; i < setup->n_names; i++) {
        all = all && key_names_have(&setup->certified, setup->names[i]);
        if (len < (int)sizeof(why)) {
            len += snprintf(why + len, sizeof(why) - (size_t)len, " --name %s", setup->names[i]);
        }
    }
    if (len < (int)sizeof(why)) {
        snprintf(why + len, sizeof(why) - (size_t)len, "`");
    }
    return all ? 0 : setup_fail(setup, 1, path, why);
}

/* A certificate that is there is of the key, and the server's of the names. */
static int
cert_fits(struct setup *setup, const struct keyset_key *of, const struct key_certify *what)
{
    uint8_t room[LIMIT_CERT_BYTES];
    struct bytes der;
    char path[SETUP_PATH];
    char why[96];
    int r;

    in_folder(setup, path, of->cert);
    r = cert_read(setup, path, room, &der);
    if (r != 0) {
        return r;
    }
    if (!key_folder_fits(der, what->key)) {
        snprintf(why, sizeof(why), "not the certificate of %s", of->file);
        return setup_fail(setup, 1, path, why);
    }
    return of->kind == KEYSET_SERVER ? names_fit(setup, path, der) : 0;
}

static int
cert_file(struct setup *setup, const struct keyset_key *of, const struct key_certify *what)
{
    CLEANUP(free_p) char *pem = NULL;
    char path[SETUP_PATH];
    int r;

    if (setup_has(setup->keys, of->cert)) {
        r = setup_file(setup, setup->keys, of->cert, 0644, BYTES_NULL);
        return r == 0 ? cert_fits(setup, of, what) : r;
    }
    r = key_certify(what, &pem);
    if (r == 0) {
        return setup_file(setup, setup->keys, of->cert, 0644, bytes_str(pem));
    }
    in_folder(setup, path, of->cert);
    return setup_fail(setup, r, path,
                      r == X509_MAKE_E_NAME     ? "a --name or the site fits no certificate"
                      : r == X509_MAKE_E_ISSUER ? "the CA's certificate is not of its key"
                                                : strerror(-r));
}

/* The certificate is there and its key is not: a fresh key would not fit it, so none is made. The
 * CA's may be kept elsewhere. */
static int
without_key(struct setup *setup, const struct keyset_key *of)
{
    char path[SETUP_PATH];
    char why[96];

    if (of->kind == KEYSET_CA) {
        in_folder(setup, setup->elsewhere, of->file);
        return setup_file(setup, setup->keys, of->cert, 0644, BYTES_NULL);
    }
    in_folder(setup, path, of->file);
    snprintf(why, sizeof(why), "not there: put it back, or remove %s that both are made", of->cert);
    return setup_fail(setup, 1, path, why);
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
        return setup_fail(setup, 1, KEYSET_FILE, "a kind has no key");
    }
    if (setup_has(setup->keys, of->cert) && !setup_has(setup->keys, of->file)) {
        return without_key(setup, of);
    }
    if (kind != KEYSET_CA && !ca_key && !setup_has(setup->keys, of->cert)) {
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
    in_folder(setup, path, keyset_active(&keys->set, KEYSET_CA, setup->now_s)->cert);
    r = file_read(path, KEY_MAKE_PEM_MAX, &ca_pem);
    r = r == 0 ? leaves(keys, ca_key, ca_pem) : setup_fail(setup, r, path, strerror(-r));
    file_free(&ca_pem);
    if (r == 0) {
        r = key_bundle(setup->keys, &keys->set);
        r = r == 0 ? 0 : setup_fail(setup, r, setup->keys, strerror(-r));
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
    bool have = setup_has(setup->keys, of->cert);
    int r = !have || setup_has(setup->keys, of->file) ? secret_file(setup, of) : 0;

    if (r != 0 || have) {
        return r != 0 ? r : setup_file(setup, setup->keys, of->cert, 0644, BYTES_NULL);
    }
    in_folder(setup, path, of->file);
    r = file_read(path, KEY_MAKE_PEM_MAX, &pem);
    r = r == 0 ? key_public(pem, &public) : r;
    file_free(&pem);
    return r == 0 ? setup_file(setup, setup->keys, of->cert, 0644, bytes_str(public))
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
    const struct keyset_key *policy = keyset_active(&keys->set, KEYSET_POLICY, setup->now_s);
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
    r = r == 0 && policy ? policy_files(setup, policy) : r;
    setup->policy_key = r == 0 && policy && setup_has(setup->keys, policy->file);
    return r;
}

/* Under the lock of `assay key rotate` and main, as what they wrote meanwhile must not get lost. */
static int
setup_list(struct setup *setup)
{
    struct site_keys keys = {.setup = setup};
    struct conf_problem problem = {""};
    size_t n_added;
    int r = keyset_load(setup->keys, &keys.set, &problem);

    if (r != 0) {
        return setup_fail(setup, r, setup->keys, problem.text);
    }
    n_added = add_later(&keys);
    r = make_keys(&keys);
    if (r == 0 && n_added > 0) {
        r = keyset_save(setup->keys, &keys.set);
        r = r == 0 ? 0 : setup_fail(setup, r, setup->keys, strerror(-r));
    }
    return r;
}

int
setup_keys(struct setup *setup)
{
    int fd = key_folder_lock(setup->keys);
    int r;

    if (fd < 0) {
        return setup_fail(setup, fd, setup->keys,
                          fd == -EWOULDBLOCK ? "a rotation is under way" : strerror(-fd));
    }
    r = setup_list(setup);
    close(fd);
    return r;
}
