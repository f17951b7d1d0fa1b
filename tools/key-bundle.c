#include "key-bundle.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "key-make.h"

enum { PATH_ROOM = 400, BUNDLE_ROOM = KEYSET_KIND_MAX * KEY_MAKE_PEM_MAX };

static int
append(const char *folder, const char *cert, char *room, size_t *len)
{
    struct bytes pem = BYTES_NULL;
    char path[PATH_ROOM];
    int r;

    snprintf(path, sizeof(path), "%s/%s", folder, cert);
    r = file_read(path, KEY_MAKE_PEM_MAX, &pem);
    if (r == 0) {
        memcpy(room + *len, pem.p, pem.len);
        *len += pem.len;
    }
    file_free(&pem);
    return r;
}

int
key_bundle(const char *folder, const struct keyset *set)
{
    CLEANUP(free_p) char *room = malloc(BUNDLE_ROOM);
    char path[PATH_ROOM];
    size_t len = 0;
    int r = room ? 0 : -ENOMEM;

    for (size_t i = 0; i < set->n && r == 0; i++) {
        if (set->keys[i].kind != KEYSET_CA) {
            continue;
        }
        if (strcmp(set->keys[i].cert, KEY_BUNDLE_FILE) == 0) {
            return 0;
        }
        r = append(folder, set->keys[i].cert, room, &len);
    }
    if (r != 0 || len == 0) {
        return r;
    }
    snprintf(path, sizeof(path), "%s/%s", folder, KEY_BUNDLE_FILE);
    return file_replace(path, 0644, bytes_of(room, len));
}
