#include "main/keyring.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "crypto/privkey.h"
#include "formats/x509.h"
#include "main/ek-roots.h"
#include "main/key-folder.h"
#include "main/policy-keys.h"

enum { PEM_FILE_MAX = 16384, SLOT = KEYSET_SLOT_SIZE, PATH_ROOM = 400 };

/* Reading a keyring: where, and the first problem. */
struct loading {
    const struct settings *settings;
    struct conf_problem *problem;
    int64_t now_s; /* which keys are active */
    bool dates;    /* certificates must be valid by then */
};

static int
say(const struct loading *loading, int r, const char *name, const char *why)
{
    snprintf(loading->problem->text, sizeof(loading->problem->text), "%.140s/%.40s: %.70s",
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

/* The active key of a kind; NULL after say(). */
static const struct keyset_key *
active(const struct loading *loading, const struct keyring *keyring, enum keyset_kind kind)
{
    const struct keyset_key *key = keyset_active(&keyring->set, kind, loading->now_s);

    if (!key) {
        (void)say(loading, 1, KEYSET_FILE, "a kind has no key; `assay key rotate` makes one");
    }
    return key;
}

/* A secret file that need not be there in a folder without a list; one that is there and empty is
 * no key. */
static int
take_file_if(const struct loading *loading, const struct keyring *keyring, enum keyset_kind kind,
             const char **ret_name, struct bytes *ret)
{
    const struct keyset_key *key = keyset_active(&keyring->set, kind, loading->now_s);
    char path[PATH_ROOM];
    int r;

    if (!key) {
        return 0;
    }
    *ret_name = key->file;
    snprintf(path, sizeof(path), "%s/%s", loading->settings->keys, key->file);
    if (!keyring->set.listed && access(path, F_OK) < 0 && errno == ENOENT) {
        return 0;
    }
    r = take_file(loading, key->file, true, ret);
    return r == 0 && ret->len == 0 ? say(loading, 1, key->file, "the file is empty") : r;
}

/* The key of an id among the one or two of a file; ids are not zero and not alike. */
static int
take_slot(const struct loading *loading, const struct keyset_key *of, uint8_t ret_key[32])
{
    struct bytes file = BYTES_NULL;
    int r = take_file(loading, of->file, true, &file);
    bool found = false;

    if (r == 0 && file.len != SLOT && file.len != 2 * SLOT) {
        r = say(loading, 1, of->file, "wrong length: one or two times 33 bytes are expected");
    }
    if (r == 0 &&
        (file.p[0] == 0 || (file.len > SLOT && (file.p[SLOT] == 0 || file.p[SLOT] == file.p[0])))) {
        r = say(loading, 1, of->file, "a key's id is zero, or both are alike");
    }
    for (size_t i = 0; r == 0 && !found && i < file.len / SLOT; i++) {
        found = file.p[i * SLOT] == of->id;
        if (found) {
            memcpy(ret_key, file.p + i * SLOT + 1, 32);
        }
    }
    file_free(&file);
    return r != 0 || found ? r : say(loading, 1, of->file, "it has no key of the list's id");
}

/* The active key of a kind, and the one that is still taken if there is one. */
static int
take_slots(const struct loading *loading, const struct keyring *keyring, enum keyset_kind kind,
           uint8_t ids[2], uint8_t *keys[2])
{
    const struct keyset_key *first = active(loading, keyring, kind);
    int r = first ? take_slot(loading, first, keys[0]) : 1;

    if (r != 0) {
        return r;
    }
    ids[0] = (uint8_t)first->id;
    for (size_t i = 0; i < keyring->set.n && r == 0; i++) {
        const struct keyset_key *key = &keyring->set.keys[i];

        if (key->kind == kind && key != first &&
            keyset_state(&keyring->set, key, loading->now_s) != KEYSET_RETIRED) {
            r = take_slot(loading, key, keys[1]);
            ids[1] = (uint8_t)key->id;
        }
    }
    return r;
}

static int
take_masters(const struct loading *loading, struct keyring *ret)
{
    uint8_t ids[2] = {0, 0};
    uint8_t *keys[2] = {ret->masters[0].key, ret->masters[1].key};
    int r = take_slots(loading, ret, KEYSET_PSK_MASTER, ids, keys);

    ret->masters[0].id = ids[0];
    ret->masters[1].id = ids[1];
    return r;
}

static int
take_nonces(const struct loading *loading, struct keyring *ret)
{
    uint8_t ids[2] = {0, 0};
    uint8_t *keys[2] = {ret->nonce_keys[0].key, ret->nonce_keys[1].key};
    int r = take_slots(loading, ret, KEYSET_NONCE, ids, keys);

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
    const char *name = "";
    int r = take_file_if(loading, ret, KEYSET_TOKEN_RSA, &name, &ret->rsa_key);

    if (r == 0 && ret->rsa_key.p) {
        r = privkey_rsa_from_pem(ret->rsa_key, &rsa);
        r = r == 0 ? 0 : say(loading, r, name, "no unencrypted RSA key of 2048 to 4096 bits");
    }
    if (r == 0) {
        r = take_file_if(loading, ret, KEYSET_PAIRWISE, &name, &ret->pairwise_key);
    }
    if (r == 0 && ret->pairwise_key.p && ret->pairwise_key.len != SETUP_PAIRWISE_SIZE) {
        r = say(loading, 1, name, "wrong length: 32 bytes are expected");
    }
    return r;
}

/* A certificate chain and its key; the chain's DER is for the caller to free. */
static int
take_pair(const struct loading *loading, const struct keyset_key *of, struct bytes *ret_pem,
          struct bytes *ret_key, struct bytes chain[LIMIT_CHAIN], size_t *ret_n)
{
    CLEANUP(privkey_freep) struct privkey *key = NULL;
    int r = of ? take_key(loading, of->file, ret_key, &key) : 1;

    if (r == 0) {
        r = take_file(loading, of->cert, false, ret_pem);
    }
    if (r != 0) {
        return r;
    }
    if (ek_roots_add(*ret_pem, chain, LIMIT_CHAIN, ret_n) != 0) {
        return say(loading, 1, of->cert, "no certificates in PEM, or too many");
    }
    return key_folder_fits(chain[0], key)
               ? 0
               : say(loading, 1, of->cert, "not the certificate of the key");
}

/* A server whose certificate has ended starts all the same: devices refuse it, operators do not. */
static int
check_dates(const struct loading *loading, const char *name, const struct bytes *chain, size_t n)
{
    for (size_t i = 0; i < n && loading->dates; i++) {
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
    const struct keyset_key *of = active(loading, ret, KEYSET_TOKEN);

    return of ? take_key(loading, of->file, &ret->token_key, &key) : 1;
}

static int
take_audit(const struct loading *loading, struct keyring *ret)
{
    CLEANUP(privkey_freep) struct privkey *key = NULL;
    const struct keyset_key *of = active(loading, ret, KEYSET_AUDIT);

    return of ? take_key(loading, of->file, &ret->audit_key, &key) : 1;
}

static int
take_server(const struct loading *loading, struct keyring *ret)
{
    const struct keyset_key *of = active(loading, ret, KEYSET_SERVER);
    struct bytes chain[LIMIT_CHAIN];
    size_t n = 0;
    int r = take_pair(loading, of, &ret->server_cert, &ret->server_key, chain, &n);

    if (r == 0) {
        r = check_dates(loading, of->cert, chain, n);
    }
    list_free(chain, n);
    return r;
}

static int
take_site(const struct loading *loading, struct keyring *ret)
{
    const struct keyset_key *of = active(loading, ret, KEYSET_SITE);
    struct bytes pem = BYTES_NULL;
    int r = take_pair(loading, of, &pem, &ret->site_key, ret->chain, &ret->n_chain);

    file_free(&pem);
    return r == 0 ? check_dates(loading, of->cert, ret->chain, ret->n_chain) : r;
}

/* Public half of a token key that does not sign now. */
static int
more_token(const struct loading *loading, const struct keyset_key *of, struct keyring *ret)
{
    CLEANUP(privkey_freep) struct privkey *key = NULL;
    struct p256 *point = &ret->token_more[ret->n_token_more];
    struct bytes pem = BYTES_NULL;
    int r = ret->n_token_more < SETUP_TOKEN_MORE ? take_key(loading, of->file, &pem, &key) : 0;

    file_free(&pem);
    if (r == 0 && key) {
        r = privkey_point(key, point->x, point->y);
        r = r == 0 ? 0 : say(loading, r, of->file, "its public half cannot be read");
        ret->n_token_more += r == 0;
    }
    return r;
}

static int
more_rsa(const struct loading *loading, const struct keyset_key *of, struct keyring *ret)
{
    CLEANUP(privkey_freep) struct privkey *key = NULL;
    struct keyring_rsa *rsa = &ret->rsa_more[ret->n_rsa_more];
    struct bytes pem = BYTES_NULL;
    int r = ret->n_rsa_more < SETUP_TOKEN_MORE ? take_file(loading, of->file, true, &pem) : 0;

    if (r == 0 && pem.p && privkey_rsa_from_pem(pem, &key) != 0) {
        r = say(loading, 1, of->file, "no unencrypted RSA key of 2048 to 4096 bits");
    }
    file_free(&pem);
    if (r == 0 && key) {
        r = privkey_rsa_modulus(key, rsa->n, &rsa->len);
        r = r == 0 ? 0 : say(loading, r, of->file, "its public half cannot be read");
        ret->n_rsa_more += r == 0;
    }
    return r;
}

/* Of an audit key that has been replaced the two coordinates are all that is left. */
static int
more_audit(const struct loading *loading, const struct keyset_key *of, struct keyring *ret)
{
    CLEANUP(pubkey_freep) struct pubkey *key = NULL;
    struct p256 *point = &ret->audit_old[ret->n_audit_old];
    struct bytes file = BYTES_NULL;
    int r = ret->n_audit_old < SETUP_AUDIT_OLD ? take_file(loading, of->file, false, &file) : 0;

    if (r == 0 && file.p) {
        if (file.len != sizeof(*point) || pubkey_from_point(KEY_P256, bytes_of(file.p, 32),
                                                            bytes_of(file.p + 32, 32), &key) != 0) {
            r = say(loading, 1, of->file, "not a P-256 key's two coordinates");
        } else {
            memcpy(point, file.p, sizeof(*point));
            ret->n_audit_old++;
        }
    }
    file_free(&file);
    return r;
}

/* What is published before its time or after it, and what is still believed. */
static int
take_more(const struct loading *loading, struct keyring *ret)
{
    static int (*const more[KEYSET_KIND_N])(const struct loading *, const struct keyset_key *,
                                            struct keyring *) = {
        [KEYSET_TOKEN] = more_token,
        [KEYSET_TOKEN_RSA] = more_rsa,
        [KEYSET_AUDIT] = more_audit,
    };
    int r = 0;

    for (size_t i = 0; i < ret->set.n && r == 0; i++) {
        const struct keyset_key *key = &ret->set.keys[i];
        enum keyset_state state = keyset_state(&ret->set, key, loading->now_s);

        if (more[key->kind] && (state == KEYSET_NEXT || state == KEYSET_ACCEPTED)) {
            r = more[key->kind](loading, key, ret);
        }
    }
    return r;
}

static int
take_policy(const struct loading *loading, struct keyring *ret)
{
    const struct settings *settings = loading->settings;
    char path[PATH_ROOM];
    int r = 0;

    if (settings->policy_key[0]) {
        return policy_keys_load(settings->policy_key, ret->policy_keys, &ret->n_policy_keys,
                                loading->problem);
    }
    for (size_t i = 0; i < ret->set.n && r == 0; i++) {
        const struct keyset_key *key = &ret->set.keys[i];

        if (key->kind == KEYSET_POLICY &&
            keyset_state(&ret->set, key, loading->now_s) != KEYSET_RETIRED) {
            snprintf(path, sizeof(path), "%s/%s", settings->keys, key->cert);
            r = policy_keys_load(path, ret->policy_keys, &ret->n_policy_keys, loading->problem);
        }
    }
    return r;
}

static int
take_roots(const struct loading *loading, struct keyring *ret)
{
    return ek_roots_load(loading->settings->ek_roots, ret->anchors, ARRAY_LEN(ret->anchors),
                         &ret->n_anchors, loading->problem);
}

static int (*const parts[])(const struct loading *loading, struct keyring *ret) = {
    take_masters, take_nonces, take_token, take_audit,  take_later_keys,
    take_server,  take_site,   take_more,  take_policy, take_roots,
};

static int
take_list(const struct loading *loading, struct keyring *ret)
{
    int r;

    memset(ret, 0, sizeof(*ret));
    r = keyset_load(loading->settings->keys, &ret->set, loading->problem);
    if (r != 0) {
        return r;
    }
    r = keyset_stamp(&ret->set, ret->stamp);
    return r < 0 ? say(loading, r, KEYSET_FILE, strerror(-r)) : r;
}

int
keyring_load(const struct settings *settings, int64_t now_s, struct keyring *ret,
             struct conf_problem *problem)
{
    const struct loading loading = {settings, problem, now_s, false};
    int r = take_list(&loading, ret);

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
    const struct loading loading = {settings, &problem, now_s, true};
    int n = 0;

    if (take_list(&loading, ret) != 0) {
        tell(context, problem.text); /* what the rest would be about is not known */
        return 1;
    }
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        if (parts[i](&loading, ret) != 0) {
            tell(context, problem.text);
            n++;
        }
    }
    return n;
}

uint32_t
keyring_ticket_id(const struct keyring *keyring)
{
    for (size_t i = 0; i < keyring->set.n; i++) {
        if (keyring->set.keys[i].kind == KEYSET_TICKET) {
            return keyring->set.keys[i].id;
        }
    }
    return 0;
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
