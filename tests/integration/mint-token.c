/* Makes what the token tests hand to independent readers: two keys, their JWKS and COSE key set,
 * and one set of claims as JWT and as CWT.
 *
 *   mint-token FOLDER IAT [old]
 *
 * Writes jwks.json, keys.cose, token.jwt, token.cwt, and the same of a stranger's key as
 * other-jwks.json and other-keys.cose. `old` spells EAR as before 2026. */
#include <stdio.h>
#include <stdlib.h>

#include "base/b64.h"
#include "crypto/cose-key.h"
#include "crypto/jose.h"
#include "lib/token-sample.h"
#include "wire/token-cwt.h"
#include "wire/token-jwt.h"

struct named {
    struct privkey *key;
    struct p256 point;
    uint8_t cose_kid[P256_THUMB_SIZE];
    char jose_kid[B64_LEN(P256_THUMB_SIZE) + 1];
};

static void
must(bool ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "mint-token: %s\n", what);
        exit(1);
    }
}

static struct named
named_key(struct hasher *hasher)
{
    struct named n = {0};
    uint8_t thumb[P256_THUMB_SIZE];

    must(privkey_generate(&n.key) == 0 && privkey_point(n.key, n.point.x, n.point.y) == 0 &&
             p256_cose_thumb(&n.point, hasher, n.cose_kid) == 0 &&
             p256_jwk_thumb(&n.point, hasher, thumb) == 0,
         "no key");
    b64_write(n.jose_kid, BYTES_OF(thumb));
    return n;
}

static void
save(const char *folder, const char *name, struct bytes in)
{
    char path[4096];
    FILE *file;

    must(in.p && snprintf(path, sizeof(path), "%s/%s", folder, name) < (int)sizeof(path), name);
    file = fopen(path, "wbe");
    must(file && fwrite(in.p, 1, in.len, file) == in.len && fclose(file) == 0, path);
}

static void
save_keys(const char *folder, const struct named *n, const char *jwks, const char *cose)
{
    const struct jose_key jose_key = {n->point, bytes_str(n->jose_kid)};
    const struct cose_key cose_key = {n->point, BYTES_OF(n->cose_kid)};
    char text[1024];
    uint8_t room[1024];
    struct json_wr j = json_wr_init(text, sizeof(text));
    struct wr wr = wr_init(room, sizeof(room));

    jose_key_set_write(&j, &jose_key, 1);
    save(folder, jwks, json_wr_done(&j));
    cose_key_set_write(&wr, &cose_key, 1);
    save(folder, cose, wr_done(&wr));
}

static void
save_tokens(const char *folder, const struct named *n, const struct token_claims *claims,
            struct hasher *hasher)
{
    uint8_t room[LIMIT_TOKEN_BYTES];
    struct wr wr = wr_init(room, sizeof(room));

    must(token_jwt_sign(&wr, claims, bytes_str(n->jose_kid), n->key, hasher) == 0, "no JWT");
    save(folder, "token.jwt", wr_done(&wr));
    wr = wr_init(room, sizeof(room));
    must(token_cwt_sign(&wr, claims, BYTES_OF(n->cose_kid), n->key, hasher) == 0, "no CWT");
    save(folder, "token.cwt", wr_done(&wr));
}

int
main(int argc, char **argv)
{
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    struct token_claims claims = token_sample();
    struct named ours;
    struct named other;

    must(hasher && argc >= 3, "usage: mint-token FOLDER IAT [old]");
    claims.iat = strtoll(argv[2], NULL, 10);
    claims.nbf = claims.iat;
    claims.exp = claims.iat + 300;
    claims.spelling = argc > 3 ? TOKEN_EAR_OLD : TOKEN_EAR_NEW;
    ours = named_key(hasher);
    other = named_key(hasher);
    save_keys(argv[1], &ours, "jwks.json", "keys.cose");
    save_keys(argv[1], &other, "other-jwks.json", "other-keys.cose");
    save_tokens(argv[1], &ours, &claims, hasher);
    privkey_free(ours.key);
    privkey_free(other.key);
    return 0;
}
