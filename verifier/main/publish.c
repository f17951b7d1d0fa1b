#include "main/publish.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/b64.h"
#include "base/file.h"
#include "crypto/cose-key.h"
#include "crypto/jose.h"

static int
save(const char *folder, const char *name, struct bytes in)
{
    char path[400];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return in.p ? file_replace(path, 0644, in) : -ENOSPC;
}

enum {
    EC_MAX = 1 + SETUP_TOKEN_MORE,
    RSA_MAX = 1 + SETUP_TOKEN_MORE,
    AUDIT_MAX = 1 + SETUP_AUDIT_OLD,
    JWKS_ROOM = 8192,
    COSE_ROOM = 1024,
};

struct keys {
    size_t n;
    struct p256 points[EC_MAX];
    size_t n_rsa;
    struct keyring_rsa rsa[RSA_MAX];
};

_Static_assert(AUDIT_MAX <= EC_MAX, "a set of either kind has room");

/* Each world names a key by its own thumbprint. */
static int
jwk_fill(const struct keys *keys, size_t i, struct hasher *hasher, char kid[], struct jose_key *ret)
{
    bool rsa = i >= keys->n;
    struct bytes n =
        rsa ? bytes_of(keys->rsa[i - keys->n].n, keys->rsa[i - keys->n].len) : BYTES_NULL;
    uint8_t thumb[P256_THUMB_SIZE];
    int r =
        rsa ? jose_rsa_thumb(n, hasher, thumb) : p256_jwk_thumb(&keys->points[i], hasher, thumb);

    if (r == 0) {
        b64_write(kid, BYTES_OF(thumb));
        *ret = (struct jose_key){.kid = bytes_str(kid), .rsa_n = n};
        ret->point = rsa ? ret->point : keys->points[i];
    }
    return r;
}

static int
save_jwks(const char *folder, const struct keys *keys, struct hasher *hasher)
{
    char kid[EC_MAX + RSA_MAX][B64_LEN(P256_THUMB_SIZE) + 1];
    struct jose_key set[EC_MAX + RSA_MAX];
    CLEANUP(free_p) char *text = malloc(JWKS_ROOM);
    struct json_wr j = json_wr_init(text, text ? JWKS_ROOM : 0);
    int r = text ? 0 : -ENOMEM;

    for (size_t i = 0; i < keys->n + keys->n_rsa && r == 0; i++) {
        r = jwk_fill(keys, i, hasher, kid[i], &set[i]);
    }
    if (r < 0) {
        return r;
    }
    jose_key_set_write(&j, set, keys->n + keys->n_rsa);
    return save(folder, "jwks.json", json_wr_done(&j));
}

static int
save_cose(const char *folder, const char *name, const struct p256 *points, size_t n,
          struct hasher *hasher)
{
    uint8_t thumbs[EC_MAX][P256_THUMB_SIZE];
    struct cose_key set[EC_MAX];
    uint8_t room[COSE_ROOM];
    struct wr wr = wr_init(room, sizeof(room));
    int r = 0;

    for (size_t i = 0; i < n && r == 0; i++) {
        r = p256_cose_thumb(&points[i], hasher, thumbs[i]);
        set[i] = (struct cose_key){points[i], BYTES_OF(thumbs[i])};
    }
    if (r < 0) {
        return r;
    }
    cose_key_set_write(&wr, set, n);
    return save(folder, name, wr_done(&wr));
}

static int
point_of(struct bytes pem, struct p256 *ret)
{
    CLEANUP(privkey_freep) struct privkey *key = NULL;
    int r = privkey_from_pem(pem, &key);

    if (r == 0) {
        r = privkey_point(key, ret->x, ret->y);
    }
    return r > 0 ? -EINVAL : r;
}

static int
rsa_of(struct bytes pem, struct keyring_rsa *ret)
{
    CLEANUP(privkey_freep) struct privkey *key = NULL;
    int r = privkey_rsa_from_pem(pem, &key);

    if (r == 0) {
        r = privkey_rsa_modulus(key, ret->n, &ret->len);
    }
    return r > 0 ? -EINVAL : r;
}

static int
token_keys(const struct keyring *keyring, struct keys *ret)
{
    int r = point_of(keyring->token_key, &ret->points[0]);

    ret->n = 1 + keyring->n_token_more;
    memcpy(&ret->points[1], keyring->token_more, sizeof(keyring->token_more));
    if (r == 0 && keyring->rsa_key.p) {
        r = rsa_of(keyring->rsa_key, &ret->rsa[0]);
        ret->n_rsa = 1 + keyring->n_rsa_more;
        memcpy(&ret->rsa[1], keyring->rsa_more, sizeof(keyring->rsa_more));
    }
    return r;
}

static int
save_audit(const char *folder, const struct keyring *keyring, struct hasher *hasher)
{
    struct p256 points[AUDIT_MAX];
    int r = point_of(keyring->audit_key, &points[0]);

    memcpy(&points[1], keyring->audit_old, sizeof(keyring->audit_old));
    return r == 0 ? save_cose(folder, "audit-keys.cbor", points, 1 + keyring->n_audit_old, hasher)
                  : r;
}

int
publish_keys(const char *folder, const struct keyring *keyring)
{
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    CLEANUP(free_p) struct keys *keys = calloc(1, sizeof(*keys));
    int r = hasher && keys ? token_keys(keyring, keys) : -ENOMEM;

    if (r == 0) {
        r = file_folder(folder, 0755);
    }
    if (r == 0) {
        r = save_jwks(folder, keys, hasher);
    }
    if (r == 0) {
        r = save_cose(folder, "keys.cbor", keys->points, keys->n, hasher);
    }
    return r == 0 ? save_audit(folder, keyring, hasher) : r;
}
