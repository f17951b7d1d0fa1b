#include "key-rotate.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "formats/pem.h"
#include "key-bundle.h"
#include "main/key-folder.h"
#include "main/nonce-renew.h"

enum { PATH_ROOM = 400 };

/* The first problem is the one that is told. */
static int
fail_text(struct key_rotate *rotate, int r, const char *text)
{
    if (rotate->problem[0] == '\0') {
        snprintf(rotate->problem, sizeof(rotate->problem), "%.299s", text);
    }
    return r;
}

static int
fail(struct key_rotate *rotate, int r, const char *what, const char *why)
{
    char text[KEY_ROTATE_TEXT];

    snprintf(text, sizeof(text), "%.200s: %.90s", what, why);
    return fail_text(rotate, r, text);
}

static int
read_file(struct key_rotate *rotate, const char *name, struct bytes *ret)
{
    char path[PATH_ROOM];
    int r;

    snprintf(path, sizeof(path), "%s/%s", rotate->folder, name);
    r = file_read(path, KEY_MAKE_PEM_MAX, ret);
    return r < 0 ? fail(rotate, r, path, strerror(-r)) : 0;
}

static int
write_file(struct key_rotate *rotate, const char *name, mode_t mode, struct bytes content)
{
    char path[PATH_ROOM];
    int r;

    snprintf(path, sizeof(path), "%s/%s", rotate->folder, name);
    r = file_replace(path, mode, content);
    return r < 0 ? fail(rotate, r, path, strerror(-r)) : 0;
}

static int
read_key(struct key_rotate *rotate, const char *name, struct privkey **ret)
{
    struct bytes pem = BYTES_NULL;
    int r = read_file(rotate, name, &pem);

    if (r == 0) {
        r = privkey_from_pem(pem, ret);
        r = r == 0 ? 0 : fail(rotate, r, name, "no unencrypted P-256 key in PEM");
    }
    file_free(&pem);
    return r;
}

static bool
has_cert(enum keyset_kind kind)
{
    return kind == KEYSET_CA || kind == KEYSET_SERVER || kind == KEYSET_SITE;
}

static struct keyset_key
key_of(struct key_rotate *rotate, enum keyset_kind kind)
{
    struct keyset_key key = {.kind = kind, .made_s = rotate->now_s, .from_s = rotate->now_s};
    const char *name = keyset_kind_name(kind);
    bool raw = kind == KEYSET_PSK_MASTER || kind == KEYSET_NONCE || kind == KEYSET_PAIRWISE;

    key.id = keyset_next_id(&rotate->old, kind);
    if (kind != KEYSET_TICKET) {
        snprintf(key.file, sizeof(key.file), "%s-%u%s", name, key.id, raw ? "" : ".key");
    }
    if (has_cert(kind) || kind == KEYSET_POLICY) {
        snprintf(key.cert, sizeof(key.cert), "%s-%u.%s", name, key.id,
                 has_cert(kind) ? "pem" : "pub");
    }
    return key;
}

/* The issuer of a leaf: the active CA of the new list. */
static int
certify(struct key_rotate *rotate, const struct keyset_key *of, struct key_certify *what)
{
    CLEANUP(privkey_freep) struct privkey *own = NULL;
    CLEANUP(privkey_freep) struct privkey *ca = NULL;
    CLEANUP(free_p) char *pem = NULL;
    const struct keyset_key *issuer = keyset_active(&rotate->set, KEYSET_CA, rotate->now_s);
    struct bytes ca_pem = BYTES_NULL;
    int r = read_key(rotate, of->file, &own);

    if (r == 0 && of->kind != KEYSET_CA) {
        r = issuer ? read_key(rotate, issuer->file, &ca) : fail(rotate, 1, "ca", "there is none");
        r = r == 0 ? read_file(rotate, issuer->cert, &ca_pem) : r;
    }
    if (r == 0) {
        what->key = own;
        what->ca_key = ca;
        what->ca_pem = ca_pem;
        r = key_certify(what, &pem);
        if (r != 0) {
            (void)fail(rotate, r, of->cert,
                       r == X509_MAKE_E_NAME     ? "a name fits no certificate"
                       : r == X509_MAKE_E_ISSUER ? "the CA's certificate is not of its key"
                                                 : strerror(-r));
        }
    }
    file_free(&ca_pem);
    return r == 0 ? write_file(rotate, of->cert, 0644, bytes_str(pem)) : r;
}

/* Names of a new server certificate: given ones, or those of the present one. */
static int
take_names(struct key_rotate *rotate, struct key_certify *what)
{
    const struct keyset_key *now = keyset_active(&rotate->old, KEYSET_SERVER, rotate->now_s);
    struct bytes pem = BYTES_NULL;
    uint8_t der[LIMIT_CERT_BYTES];
    size_t len = 0;
    struct rd rd;
    int r;

    what->names = rotate->names;
    what->n_names = rotate->n_names;
    if (what->n_names > 0) {
        return 0;
    }
    r = now ? read_file(rotate, now->cert, &pem) : fail(rotate, 1, "server", "there is none");
    rd = rd_init(pem);
    if (r == 0 && (pem_next(&rd, der, sizeof(der), &len) != 0 ||
                   key_names_read(bytes_of(der, len), &rotate->room) == 0)) {
        r = fail(rotate, 1, now->cert, "its names cannot be read: give them by --name");
    }
    file_free(&pem);
    what->names = rotate->room.names;
    what->n_names = rotate->room.n;
    return r;
}

/* What the verifier needs of a policy key; the key itself is for elsewhere. */
static int
write_public(struct key_rotate *rotate, const struct keyset_key *of, struct bytes content)
{
    CLEANUP(free_p) char *pem = NULL;
    int r = key_public(content, &pem);

    return r == 0 ? write_file(rotate, of->cert, 0644, bytes_str(pem))
                  : fail(rotate, r, of->cert, "its public half cannot be made");
}

/* Writes the files of a new key, whose line is in the new list already. */
static int
make_files(struct key_rotate *rotate, const struct keyset_key *of)
{
    struct key_certify what = {
        .kind = of->kind, .id = of->id, .site = rotate->site, .now_s = rotate->now_s};
    struct bytes content = BYTES_NULL;
    int r = key_make(of->kind, of->id, &content);

    if (r < 0) {
        return fail(rotate, r, of->file, strerror(-r));
    }
    r = write_file(rotate, of->file, 0600, content);
    if (r == 0 && of->kind == KEYSET_POLICY) {
        r = write_public(rotate, of, content);
    }
    file_free(&content);
    if (r == 0 && of->kind == KEYSET_SERVER) {
        r = take_names(rotate, &what);
    }
    return r == 0 && has_cert(of->kind) ? certify(rotate, of, &what) : r;
}

/* Of an audit key that signs no more the public half stays, by which heads of before are believed.
 */
static int
keep_public(struct key_rotate *rotate, struct keyset_key *key)
{
    CLEANUP(privkey_freep) struct privkey *private = NULL;
    uint8_t point[64];
    int r = read_key(rotate, key->file, &private);

    if (r == 0) {
        r = privkey_point(private, point, point + 32);
        snprintf(key->file, sizeof(key->file), "audit-%u.pub", key->id);
        r = r < 0 ? fail(rotate, r, key->file, strerror(-r)) : r;
    }
    return r == 0 ? write_file(rotate, key->file, 0644, BYTES_OF(point)) : r;
}

/* Until when a key is taken that another replaces from `from_s` on; below 0: not at all. */
static int64_t
until_of(enum keyset_kind kind, int64_t from_s)
{
    switch (kind) {
    case KEYSET_PSK_MASTER:
        return from_s + KEY_MASTER_AFTER_S;
    case KEYSET_NONCE:
        return from_s + NONCE_RENEW_AFTER_S;
    case KEYSET_TOKEN:
    case KEYSET_TOKEN_RSA:
        return from_s + KEY_TOKEN_AFTER_S;
    case KEYSET_AUDIT:
    case KEYSET_CA:
    case KEYSET_POLICY:
        return 0;
    case KEYSET_TICKET:
    case KEYSET_PAIRWISE:
    case KEYSET_SITE:
    case KEYSET_SERVER:
    case KEYSET_KIND_N:
        break;
    }
    return -1;
}

/* The elders of a new key: dropped, or given an end. */
static int
end_elders(struct key_rotate *rotate, const struct keyset_key *fresh)
{
    int64_t until = rotate->leaked ? -1 : until_of(fresh->kind, fresh->from_s);
    int r = 0;

    for (size_t i = rotate->set.n; i-- > 0 && r == 0;) {
        struct keyset_key *key = &rotate->set.keys[i];

        if (key->kind != fresh->kind) {
            continue;
        }
        if (until < 0) {
            keyset_drop(&rotate->set, key->kind, key->id);
        } else if (until > 0 && (key->until_s == 0 || key->until_s > until)) {
            key->until_s = until;
        } else if (key->kind == KEYSET_AUDIT && !keyset_is_public(key)) {
            r = keep_public(rotate, key);
        }
    }
    return r;
}

/* Nonce keys end without harm: a challenge of an ended one is answered with a fresh one. */
static void
make_room(struct key_rotate *rotate, enum keyset_kind kind)
{
    const struct keyset_key *active = keyset_active(&rotate->set, kind, rotate->now_s);

    for (size_t i = rotate->set.n; kind == KEYSET_NONCE && i-- > 0;) {
        const struct keyset_key *key = &rotate->set.keys[i];

        if (key->kind == kind && active && key->id != active->id) {
            keyset_drop(&rotate->set, kind, key->id);
            active = keyset_active(&rotate->set, kind, rotate->now_s);
        }
    }
}

/* A new key of a kind, with its files, in the new list. */
static int
add_key(struct key_rotate *rotate, enum keyset_kind kind)
{
    struct keyset_key key = key_of(rotate, kind);
    int r;

    if ((kind == KEYSET_TOKEN || kind == KEYSET_TOKEN_RSA) && !rotate->leaked) {
        key.from_s += rotate->lead_s;
    }
    if (kind == KEYSET_CA && !rotate->leaked) {
        key.from_s = KEYSET_NEVER; /* devices must have it before it issues anything */
    }
    make_room(rotate, kind);
    r = end_elders(rotate, &key);
    if (r == 0 && keyset_add(&rotate->set, &key) != 0) {
        r = fail(rotate, 1, keyset_kind_name(kind),
                 "as many as may be are live: end one by --retire ID, see `assay key list`");
    }
    if (r == 0 && kind != KEYSET_TICKET) {
        r = make_files(rotate, &key);
    }
    if (r == 0 && kind == rotate->kind) {
        rotate->new_id = key.id;
    }
    return r;
}

/* ca.pem is what devices get, so a CA's own certificate moves out of that name. */
static int
free_bundle_name(struct key_rotate *rotate)
{
    int r = 0;

    for (size_t i = 0; i < rotate->set.n && r == 0; i++) {
        struct keyset_key *key = &rotate->set.keys[i];
        struct bytes pem = BYTES_NULL;

        if (key->kind != KEYSET_CA || strcmp(key->cert, KEY_BUNDLE_FILE) != 0) {
            continue;
        }
        r = read_file(rotate, key->cert, &pem);
        snprintf(key->cert, sizeof(key->cert), "ca-%u.pem", key->id);
        r = r == 0 ? write_file(rotate, key->cert, 0644, pem) : r;
        file_free(&pem);
    }
    return r;
}

/* What hangs on a CA that is gone is issued anew by the one that is active now. */
static int
reissue(struct key_rotate *rotate)
{
    int r = add_key(rotate, KEYSET_SERVER);

    return r == 0 ? add_key(rotate, KEYSET_SITE) : r;
}

static int
renew(struct key_rotate *rotate)
{
    int r = rotate->kind == KEYSET_CA && !rotate->leaked ? free_bundle_name(rotate) : 0;

    r = r == 0 ? add_key(rotate, rotate->kind) : r;
    return r == 0 && rotate->kind == KEYSET_CA && rotate->leaked ? reissue(rotate) : r;
}

/* A CA that waits for its elder's end takes over. */
static int
promote_ca(struct key_rotate *rotate)
{
    const struct keyset_key *next = keyset_active(&rotate->set, KEYSET_CA, rotate->now_s);
    struct keyset_key *key = keyset_find(&rotate->set, KEYSET_CA, next->id);

    key->from_s = rotate->now_s;
    return reissue(rotate);
}

/* Who was to replace it is gone: the last that is left has no end. */
static void
keep_one(struct key_rotate *rotate)
{
    struct keyset_key *last = NULL;

    for (size_t i = 0; i < rotate->set.n; i++) {
        struct keyset_key *key = &rotate->set.keys[i];
        bool longer =
            last && last->until_s != 0 && (key->until_s == 0 || key->until_s > last->until_s);

        if (key->kind == rotate->kind && !keyset_is_public(key) && (!last || longer)) {
            last = key;
        }
    }
    if (last && keyset_active(&rotate->set, rotate->kind, KEYSET_NEVER) == NULL) {
        last->until_s = 0;
    }
}

static int
retire(struct key_rotate *rotate)
{
    const struct keyset_key *key = keyset_find(&rotate->set, rotate->kind, rotate->retire);
    const struct keyset_key *active = keyset_active(&rotate->set, rotate->kind, rotate->now_s);
    bool was_active = key && key == active;

    if (!key) {
        return fail(rotate, 1, keyset_kind_name(rotate->kind),
                    "there is no key of this id: see `assay key list`");
    }
    if (keyset_count(&rotate->set, rotate->kind) == 1 ||
        (was_active && rotate->kind != KEYSET_CA)) {
        return fail(rotate, 1, keyset_kind_name(rotate->kind),
                    "this is the one that is used: rotate it first");
    }
    keyset_drop(&rotate->set, rotate->kind, rotate->retire);
    keep_one(rotate);
    return was_active ? promote_ca(rotate) : 0;
}

static int
do_rotate(struct key_rotate *rotate)
{
    struct conf_problem problem = {""};
    int r = keyset_load(rotate->folder, &rotate->old, &problem);
    int removed;

    if (r != 0) {
        return fail(rotate, r, rotate->folder, problem.text);
    }
    rotate->set = rotate->old;
    key_folder_tidy(rotate->folder, &rotate->set, KEYSET_KIND_N, rotate->now_s);
    r = rotate->retire ? retire(rotate) : renew(rotate);
    if (r != 0) {
        return r;
    }
    r = keyset_save(rotate->folder, &rotate->set);
    if (r < 0) {
        return fail(rotate, r, KEYSET_FILE, strerror(-r));
    }
    rotate->saved = true;
    r = key_bundle(rotate->folder, &rotate->set);
    r = r == 0 ? 0 : fail(rotate, r, KEY_BUNDLE_FILE, strerror(-r));
    removed = key_folder_clean(rotate->folder, &rotate->set, &problem);
    if (removed < 0) {
        (void)fail_text(rotate, removed, problem.text);
    }
    return r == 0 ? removed : r;
}

int
key_rotate(struct key_rotate *rotate)
{
    int fd = key_folder_lock(rotate->folder);
    int r;

    if (fd < 0) {
        return fail(rotate, fd, rotate->folder,
                    fd == -EWOULDBLOCK ? "another rotation is under way" : strerror(-fd));
    }
    r = do_rotate(rotate);
    close(fd);
    return r;
}
