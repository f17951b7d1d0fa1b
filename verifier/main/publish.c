#include "main/publish.h"

#include <errno.h>
#include <stdio.h>

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

struct keys {
    struct p256 point;
    uint8_t n[RS256_SIG_MAX];
    size_t n_len; /* 0: no RSA key */
};

/* Each world names a key by its own thumbprint. */
static int
save_jwks(const char *folder, const struct keys *keys, struct hasher *hasher)
{
    struct bytes n = bytes_of(keys->n, keys->n_len);
    uint8_t thumb[2][P256_THUMB_SIZE];
    char kid[2][B64_LEN(P256_THUMB_SIZE) + 1];
    char text[2048];
    struct json_wr j = json_wr_init(text, sizeof(text));
    int r = p256_jwk_thumb(&keys->point, hasher, thumb[0]);

    if (r == 0) {
        r = jose_rsa_thumb(n, hasher, thumb[1]);
    }
    if (r < 0) {
        return r;
    }
    b64_write(kid[0], BYTES_OF(thumb[0]));
    b64_write(kid[1], BYTES_OF(thumb[1]));
    jose_key_set_write(&j,
                       (struct jose_key[]){
                           {.point = keys->point, .kid = bytes_str(kid[0])},
                           {.kid = bytes_str(kid[1]), .rsa_n = n},
                       },
                       keys->n_len ? 2 : 1);
    return save(folder, "jwks.json", json_wr_done(&j));
}

static int
save_cose(const char *folder, const struct keys *keys, struct hasher *hasher)
{
    uint8_t thumb[P256_THUMB_SIZE];
    uint8_t room[512];
    struct wr wr = wr_init(room, sizeof(room));
    int r = p256_cose_thumb(&keys->point, hasher, thumb);

    if (r < 0) {
        return r;
    }
    cose_key_set_write(&wr, &(struct cose_key){keys->point, BYTES_OF(thumb)}, 1);
    return save(folder, "keys.cbor", wr_done(&wr));
}

static int
keys_read(struct bytes token_key_pem, struct bytes rsa_pem, struct keys *ret)
{
    CLEANUP(privkey_freep) struct privkey *key = NULL;
    CLEANUP(privkey_freep) struct privkey *rsa = NULL;
    int r = privkey_from_pem(token_key_pem, &key);

    if (r == 0) {
        r = privkey_point(key, ret->point.x, ret->point.y);
    }
    if (r == 0 && rsa_pem.p) {
        r = privkey_rsa_from_pem(rsa_pem, &rsa);
    }
    if (r == 0 && rsa) {
        r = privkey_rsa_modulus(rsa, ret->n, &ret->n_len);
    }
    return r > 0 ? -EINVAL : r;
}

static int
save_audit(const char *folder, const struct p256 *point, struct hasher *hasher)
{
    uint8_t kid[P256_THUMB_SIZE];
    uint8_t room[512];
    struct wr wr = wr_init(room, sizeof(room));
    int r = p256_cose_thumb(point, hasher, kid);

    if (r < 0) {
        return r;
    }
    cose_key_set_write(&wr, &(struct cose_key){*point, BYTES_OF(kid)}, 1);
    return save(folder, "audit-keys.cbor", wr_done(&wr));
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

int
publish_keys(const char *folder, struct bytes token_key_pem, struct bytes rsa_pem,
             struct bytes audit_key_pem)
{
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    struct keys keys = {.n_len = 0};
    struct p256 audit;
    int r = hasher ? keys_read(token_key_pem, rsa_pem, &keys) : -ENOMEM;

    if (r == 0) {
        r = point_of(audit_key_pem, &audit);
    }
    if (r == 0) {
        r = file_folder(folder, 0755);
    }
    if (r == 0) {
        r = save_jwks(folder, &keys, hasher);
    }
    if (r == 0) {
        r = save_cose(folder, &keys, hasher);
    }
    return r == 0 ? save_audit(folder, &audit, hasher) : r;
}
