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

/* Each world names the key by its own thumbprint. */
static int
save_sets(const char *folder, const struct p256 *point, struct hasher *hasher)
{
    uint8_t jwk[P256_THUMB_SIZE];
    uint8_t cose[P256_THUMB_SIZE];
    char kid[B64_LEN(P256_THUMB_SIZE) + 1];
    char text[1024];
    uint8_t room[512];
    struct json_wr j = json_wr_init(text, sizeof(text));
    struct wr wr = wr_init(room, sizeof(room));
    int r = p256_jwk_thumb(point, hasher, jwk);

    if (r == 0) {
        r = p256_cose_thumb(point, hasher, cose);
    }
    if (r < 0) {
        return r;
    }
    b64_write(kid, BYTES_OF(jwk));
    jose_key_set_write(&j, &(struct jose_key){*point, bytes_str(kid)}, 1);
    cose_key_set_write(&wr, &(struct cose_key){*point, BYTES_OF(cose)}, 1);
    r = save(folder, "jwks.json", json_wr_done(&j));
    return r < 0 ? r : save(folder, "keys.cbor", wr_done(&wr));
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
publish_keys(const char *folder, struct bytes token_key_pem, struct bytes audit_key_pem)
{
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    struct p256 token;
    struct p256 audit;
    int r = hasher ? point_of(token_key_pem, &token) : -ENOMEM;

    if (r == 0) {
        r = point_of(audit_key_pem, &audit);
    }
    if (r == 0) {
        r = file_folder(folder, 0755);
    }
    if (r == 0) {
        r = save_sets(folder, &token, hasher);
    }
    return r == 0 ? save_audit(folder, &audit, hasher) : r;
}
