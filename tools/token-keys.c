#include "token-keys.h"

#include <jansson.h>

#include "base/b64.h"

static bool
coordinate(const json_t *key, const char *name, uint8_t out[32])
{
    const char *text = json_string_value(json_object_get(key, name));
    size_t len = 0;

    return text && b64_read(bytes_str(text), out, 32, &len) == 0 && len == 32;
}

static bool
is(const json_t *key, const char *name, const char *want)
{
    const char *text = json_string_value(json_object_get(key, name));

    return text && strcmp(text, want) == 0;
}

/* Absent, or as wanted. */
static bool
may(const json_t *key, const char *name, const char *want)
{
    return !json_object_get(key, name) || is(key, name, want);
}

/* Returns false for a key that is not for us. */
static bool
key_is_ours(const json_t *key)
{
    const char *kid = json_string_value(json_object_get(key, "kid"));

    return kid && strlen(kid) > 0 && strlen(kid) <= LIMIT_KID_BYTES && may(key, "use", "sig") &&
           ((is(key, "kty", "EC") && is(key, "crv", "P-256") && may(key, "alg", "ES256")) ||
            (is(key, "kty", "RSA") && is(key, "e", "AQAB") && may(key, "alg", "RS256")));
}

/* Reads the numbers of a key that is for us. Returns NULL or the problem. */
static const char *
numbers(const json_t *key, struct token_key *to)
{
    const char *n = json_string_value(json_object_get(key, "n"));

    to->rsa = is(key, "kty", "RSA");
    if (to->rsa) {
        return n && b64_read(bytes_str(n), to->n, sizeof(to->n), &to->n_len) == 0
                   ? NULL
                   : "an RSA key without a modulus, or with one that is too long";
    }
    return coordinate(key, "x", to->point.x) && coordinate(key, "y", to->point.y)
               ? NULL
               : "a key without the coordinates of P-256";
}

static const char *
json_keys(const json_t *set, struct token_keys *keys)
{
    const json_t *list = json_object_get(set, "keys");
    const json_t *key;
    size_t i;

    if (!json_is_array(list)) {
        return "no array `keys`";
    }
    json_array_foreach(list, i, key)
    {
        struct token_key *to = &keys->keys[keys->n];
        const char *kid = json_string_value(json_object_get(key, "kid"));
        const char *problem;

        if (json_object_get(key, "d")) {
            return "a private key lies in the set";
        }
        if (!key_is_ours(key)) {
            continue;
        }
        if (keys->n == LIMIT_KEYS) {
            return "too many keys";
        }
        problem = numbers(key, to);
        if (problem) {
            return problem;
        }
        to->kid_len = strlen(kid);
        memcpy(to->kid, kid, to->kid_len);
        keys->n++;
    }
    return NULL;
}

static const char *
jwks_read(struct bytes in, struct token_keys *keys)
{
    json_t *set = json_loadb((const char *)in.p, in.len, JSON_REJECT_DUPLICATES, NULL);
    const char *problem = set ? json_keys(set, keys) : "not JSON";

    json_decref(set);
    return problem;
}

static const char *
cose_read(struct bytes in, struct token_keys *keys)
{
    struct cose_key list[LIMIT_KEYS];
    size_t n = 0;
    int r = cose_key_set_read(in, list, LIMIT_KEYS, &n);

    if (r != 0) {
        return r == COSE_KEY_E_SECRET ? "a private key lies in the set"
               : r == COSE_KEY_E_MANY ? "too many keys"
                                      : "neither a JWKS nor a COSE key set";
    }
    for (size_t i = 0; i < n; i++) {
        keys->keys[i].point = list[i].point;
        keys->keys[i].kid_len = list[i].kid.len;
        memcpy(keys->keys[i].kid, list[i].kid.p, list[i].kid.len);
    }
    keys->n = n;
    return NULL;
}

int
token_keys_read(struct bytes in, struct token_keys *ret_keys, const char **ret_problem)
{
    struct token_keys keys = {0};
    const char *problem =
        in.len > 0 && in.p[0] == '{' ? jwks_read(in, &keys) : cose_read(in, &keys);

    if (!problem && keys.n == 0) {
        problem = "no usable P-256 or RSA key with a kid in it";
    }
    if (problem) {
        *ret_problem = problem;
        return 1;
    }
    *ret_keys = keys;
    return 0;
}

const struct token_key *
token_keys_find(const struct token_keys *keys, struct bytes kid)
{
    const struct token_key *found = NULL;

    for (size_t i = 0; i < keys->n; i++) {
        if (bytes_equal(bytes_of(keys->keys[i].kid, keys->keys[i].kid_len), kid)) {
            if (found) {
                return NULL;
            }
            found = &keys->keys[i];
        }
    }
    return found;
}

int
token_keys_decode(const struct token_key *key, struct pubkey **ret_key)
{
    return key->rsa ? pubkey_from_rsa(bytes_of(key->n, key->n_len), 65537, ret_key)
                    : pubkey_from_point(KEY_P256, BYTES_OF(key->point.x), BYTES_OF(key->point.y),
                                        ret_key);
}
