#include "main/keyring.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "crypto/digest.h"
#include "crypto/privkey.h"
#include "formats/x509.h"
#include "main/ek-roots.h"

enum { PEM_FILE_MAX = 16384, SLOT = 1 + 32, PATH_ROOM = 400 };

/* Reading a keyring: where, and the first problem. */
struct loading {
    const struct settings *settings;
    struct conf_problem *problem;
    int64_t now_s; /* when certificates must be valid; below 0: whenever */
};

static int
say(const struct loading *loading, int r, const char *name, const char *why)
{
    snprintf(loading->problem->text, sizeof(loading->problem->text), "%.180s/%s: %s",
             loading->settings->keys, name, why);
    return r;
}

static int
take_file(const struct loading *loading, const char *name, bool secret, struct bytes *ret)
{
    char path[PATH_ROOM];
    struct stat stat_of;
    int r;

    snprintf(path, sizeof(path), "%s/%s", loading->settings->keys, name);
    r = file_read(path, PEM_FILE_MAX, ret);
    if (r == -ENOENT) {
        return say(loading, r, name,
                   "is not there; `assay setup`, run again, makes what is missing");
    }
    if (r < 0) {
        return say(loading, r, name, strerror(-r));
    }
    if (secret &&
        (stat(path, &stat_of) < 0 || (stat_of.st_mode & KEYRING_SECRET_FILES_MODE) != 0)) {
        return say(loading, 1, name, "others than its owner may use it; chmod 600 it");
    }
    return 0;
}

/* A secret file that need not be there; one that is there and empty is no key. */
static int
take_file_if(const struct loading *loading, const char *name, struct bytes *ret)
{
    char path[PATH_ROOM];
    int r;

    snprintf(path, sizeof(path), "%s/%s", loading->settings->keys, name);
    if (access(path, F_OK) < 0 && errno == ENOENT) {
        return 0;
    }
    r = take_file(loading, name, true, ret);
    return r == 0 && ret->len == 0 ? say(loading, 1, name, "the file is empty") : r;
}

/* One or two slots of id and key, ids not zero and not alike. */
static int
take_slots(const struct loading *loading, const char *name, uint8_t ids[2], uint8_t *keys[2])
{
    struct bytes file = BYTES_NULL;
    int r = take_file(loading, name, true, &file);

    if (r == 0 && file.len != SLOT && file.len != 2 * SLOT) {
        r = say(loading, 1, name, "wrong length: one or two times 33 bytes are expected");
    }
    for (size_t i = 0; r == 0 && i < file.len / SLOT; i++) {
        ids[i] = file.p[i * SLOT];
        memcpy(keys[i], file.p + i * SLOT + 1, 32);
        if (ids[i] == 0 || (i == 1 && ids[0] == ids[1])) {
            r = say(loading, 1, name, "a key's id is zero, or both are alike");
        }
    }
    file_free(&file);
    return r;
}

static int
take_masters(const struct loading *loading, struct keyring *ret)
{
    uint8_t ids[2] = {0, 0};
    uint8_t *keys[2] = {ret->masters[0].key, ret->masters[1].key};
    int r = take_slots(loading, "psk-masters", ids, keys);

    ret->masters[0].id = ids[0];
    ret->masters[1].id = ids[1];
    return r;
}

static int
take_nonces(const struct loading *loading, struct keyring *ret)
{
    uint8_t ids[2] = {0, 0};
    uint8_t *keys[2] = {ret->nonce_keys[0].key, ret->nonce_keys[1].key};
    int r = take_slots(loading, "nonce-keys", ids, keys);

    ret->nonce_keys[0].id = ids[0];
    ret->nonce_keys[1].id = ids[1];
    return r;
}

static int
take_key(const struct loading *loading, const char *name, struct bytes *ret,
         struct privkey **ret_key)
{
    int r = take_file(loading, name, true, ret);

    if (r != 0) {
        return r;
    }
    r = privkey_from_pem(*ret, ret_key);
    return r == 0 ? 0 : say(loading, r, name, "no unencrypted P-256 key in PEM");
}

/* Keys that sites of before 0.2 do not have; `assay setup` adds them. */
static int
take_later_keys(const struct loading *loading, struct keyring *ret)
{
    CLEANUP(privkey_freep) struct privkey *rsa = NULL;
    int r = take_file_if(loading, "token-rsa.key", &ret->rsa_key);

    if (r == 0 && ret->rsa_key.p) {
        r = privkey_rsa_from_pem(ret->rsa_key, &rsa);
        r = r == 0
                ? 0
                : say(loading, r, "token-rsa.key", "no unencrypted RSA key of 2048 to 4096 bits");
    }
    if (r == 0) {
        r = take_file_if(loading, "pairwise-key", &ret->pairwise_key);
    }
    if (r == 0 && ret->pairwise_key.p && ret->pairwise_key.len != SETUP_PAIRWISE_SIZE) {
        r = say(loading, 1, "pairwise-key", "wrong length: 32 bytes are expected");
    }
    return r;
}

static bool
is_of_key(struct bytes der, const struct privkey *key)
{
    CLEANUP(pubkey_freep) struct pubkey *own = NULL;
    uint8_t a[64];
    uint8_t b[64];
    struct x509 cert;

    return x509_read(der, NULL, &cert) == 0 && x509_key(&cert, &own) == 0 &&
           pubkey_kind(own) == KEY_P256 && pubkey_point(own, a, a + 32) == 0 &&
           privkey_point(key, b, b + 32) == 0 && memcmp(a, b, sizeof(a)) == 0;
}

/* A certificate chain and its key; the chain's DER is for the caller to free. */
static int
take_pair(const struct loading *loading, const char *name, struct bytes *ret_pem,
          struct bytes *ret_key, struct bytes chain[LIMIT_CHAIN], size_t *ret_n)
{
    CLEANUP(privkey_freep) struct privkey *key = NULL;
    char file[32];
    int r;

    snprintf(file, sizeof(file), "%s.key", name);
    r = take_key(loading, file, ret_key, &key);
    snprintf(file, sizeof(file), "%s.pem", name);
    if (r == 0) {
        r = take_file(loading, file, false, ret_pem);
    }
    if (r != 0) {
        return r;
    }
    if (ek_roots_add(*ret_pem, chain, LIMIT_CHAIN, ret_n) != 0) {
        return say(loading, 1, file, "no certificates in PEM, or too many");
    }
    return is_of_key(chain[0], key) ? 0 : say(loading, 1, file, "not the certificate of the key");
}

/* A server whose certificate has ended starts all the same: devices refuse it, operators do not. */
static int
check_dates(const struct loading *loading, const char *name, const struct bytes *chain, size_t n)
{
    for (size_t i = 0; i < n && loading->now_s >= 0; i++) {
        struct x509 cert;
        struct fault fault;

        if (x509_read(chain[i], NULL, &cert) == 0 &&
            x509_check_time(&cert, loading->now_s, (uint32_t)i, &fault) != 0) {
            return say(loading, 1, name, rule_text(fault.rule));
        }
    }
    return 0;
}

static void
list_free(struct bytes *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        file_free(&list[i]);
    }
}

static int
take_token(const struct loading *loading, struct keyring *ret)
{
    CLEANUP(privkey_freep) struct privkey *key = NULL;

    return take_key(loading, "token.key", &ret->token_key, &key);
}

static int
take_audit(const struct loading *loading, struct keyring *ret)
{
    CLEANUP(privkey_freep) struct privkey *key = NULL;

    return take_key(loading, "audit.key", &ret->audit_key, &key);
}

static int
take_server(const struct loading *loading, struct keyring *ret)
{
    struct bytes chain[LIMIT_CHAIN];
    size_t n = 0;
    int r = take_pair(loading, "server", &ret->server_cert, &ret->server_key, chain, &n);

    if (r == 0) {
        r = check_dates(loading, "server.pem", chain, n);
    }
    list_free(chain, n);
    return r;
}

static int
take_site(const struct loading *loading, struct keyring *ret)
{
    struct bytes pem = BYTES_NULL;
    int r = take_pair(loading, "site", &pem, &ret->site_key, ret->chain, &ret->n_chain);

    file_free(&pem);
    return r == 0 ? check_dates(loading, "site.pem", ret->chain, ret->n_chain) : r;
}

static int
take_roots(const struct loading *loading, struct keyring *ret)
{
    return ek_roots_load(loading->settings->ek_roots, ret->anchors, ARRAY_LEN(ret->anchors),
                         &ret->n_anchors, loading->problem);
}

static int (*const parts[])(const struct loading *loading, struct keyring *ret) = {
    take_masters,    take_nonces, take_token, take_audit,
    take_later_keys, take_server, take_site,  take_roots,
};

int
keyring_load(const struct settings *settings, struct keyring *ret, struct conf_problem *problem)
{
    const struct loading loading = {settings, problem, -1};
    int r = 0;

    memset(ret, 0, sizeof(*ret));
    for (size_t i = 0; i < ARRAY_LEN(parts) && r == 0; i++) {
        r = parts[i](&loading, ret);
    }
    return r;
}

int
keyring_check(const struct settings *settings, int64_t now_s, struct keyring *ret,
              keyring_tell_fn *tell, void *context)
{
    struct conf_problem problem = {""};
    const struct loading loading = {settings, &problem, now_s};
    int n = 0;

    memset(ret, 0, sizeof(*ret));
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        if (parts[i](&loading, ret) != 0) {
            tell(context, problem.text);
            n++;
        }
    }
    return n;
}

void
keyring_free(struct keyring *keyring)
{
    file_free(&keyring->server_cert);
    file_free(&keyring->server_key);
    file_free(&keyring->token_key);
    file_free(&keyring->rsa_key);
    file_free(&keyring->pairwise_key);
    file_free(&keyring->site_key);
    file_free(&keyring->audit_key);
    list_free(keyring->chain, keyring->n_chain);
    list_free(keyring->anchors, keyring->n_anchors);
    wipe(keyring, sizeof(*keyring));
}
