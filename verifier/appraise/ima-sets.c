#include "appraise/ima-sets.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "base/hex.h"
#include "base/map.h"

#define FILE_MAX (DIGEST_SET_HEAD + (size_t)LIMIT_DIGEST_SET * HASH_SIZE_MAX)

const char *
ima_sets_name(struct bytes digest, char room[IMA_SETS_NAME_ROOM])
{
    hex_write(room, digest);
    memcpy(room + 2 * digest.len, ".set", sizeof(".set"));
    return room;
}

/* Whether the file is the one that the bundle means. Returns 0, 1 when not, or a negative errno. */
static int
check_digest(struct hasher *hasher, struct bytes file, struct bytes wanted)
{
    uint8_t digest[32];
    int r = hasher_bytes(hasher, HASH_SHA256, file, digest);

    return r < 0 ? r : bytes_equal(BYTES_OF(digest), wanted) ? 0 : 1;
}

/* *ret_why is NULL when the set is at hand. Returns 0, or a negative errno that is no fault of the
 * file. */
static int
open_one(struct hasher *hasher, struct bytes wanted, const char *folder, struct bytes *ret_file,
         struct digest_set *ret, const char **ret_why)
{
    char name[IMA_SETS_NAME_ROOM];
    char path[PATH_MAX];
    int r;

    if (!folder || snprintf(path, sizeof(path), "%s/%s", folder, ima_sets_name(wanted, name)) >=
                       (int)sizeof(path)) {
        *ret_why = folder ? "its path is too long" : "there is no folder of sets";
        return 0;
    }
    r = map_file(path, FILE_MAX, ret_file);
    if (r < 0) {
        *ret_why = strerror(-r);
        return r == -ENOMEM ? r : 0;
    }
    r = check_digest(hasher, *ret_file, wanted);
    if (r == 0 && digest_set_read(*ret_file, ret, NULL) == 0 && ret->n > 0) {
        *ret_why = NULL;
        return 0;
    }
    *ret_why = r == 0 ? "it is no set of digests, or one of none" : "its content is another";
    *ret = (struct digest_set){.n = 0};
    map_free(ret_file);
    return r < 0 ? r : 0;
}

int
ima_sets_open(struct hasher *hasher, const struct bundle *bundle, const char *folder,
              struct ima_sets *ret)
{
    int r = 0;

    *ret = (struct ima_sets){.absent = BUNDLE_NONE};
    for (size_t i = 0; i < bundle->n_sets && r == 0; i++) {
        const struct bundle_set *set = &bundle->sets[i];
        const char *why = NULL;

        if (set->kind != BUNDLE_SET_FILE) {
            continue;
        }
        r = open_one(hasher, set->file, folder, &ret->files[i], &ret->sets[i], &why);
        ret->n_wanted++;
        if (why) {
            ret->why = ret->n_absent == 0 ? why : ret->why;
            ret->absent = ret->n_absent == 0 ? (uint16_t)i : ret->absent;
            ret->n_absent++;
        }
    }
    return r;
}

void
ima_sets_done(struct ima_sets *sets)
{
    for (size_t i = 0; i < ARRAY_LEN(sets->files); i++) {
        map_free(&sets->files[i]);
    }
    *sets = (struct ima_sets){.absent = BUNDLE_NONE};
}
