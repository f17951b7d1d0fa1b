#include "formats/cel-digests.h"

#include "base/hex.h"

static bool
digest_read(const json_t *object, struct digest *ret)
{
    const json_t *alg = json_object_get(object, "hashAlg");
    const json_t *digest = json_object_get(object, "digest");
    size_t len;

    if (!json_is_string(alg) || !json_is_string(digest)) {
        return false;
    }
    ret->alg = hash_from_name(bytes_of(json_string_value(alg), json_string_length(alg)));
    return ret->alg != HASH_N &&
           hex_read(bytes_of(json_string_value(digest), json_string_length(digest)), ret->b,
                    hash_size(ret->alg), &len) == 0 &&
           len == hash_size(ret->alg);
}

int
cel_digests(const json_t *record, struct digest ret[LIMIT_BANKS], size_t *ret_n)
{
    const json_t *array = json_object_get(record, "digests");
    size_t n = json_array_size(array); /* 0 for anything that is no array */

    if (n == 0 || n > LIMIT_BANKS) {
        return 1;
    }
    for (size_t i = 0; i < n; i++) {
        if (!digest_read(json_array_get(array, i), &ret[i])) {
            return 1;
        }
        for (size_t j = 0; j < i; j++) {
            if (ret[j].alg == ret[i].alg) {
                return 1;
            }
        }
    }
    *ret_n = n;
    return 0;
}
