#include "import/import.h"

#include "policy/policy-put.h"
#include "wire/bundle-part.h"

const char *
import_last_part(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

int
import_origin(FILE *out, struct hasher *hasher, const char *kind, const struct import_file *file)
{
    uint8_t digest[HASH_SIZE_MAX];
    int r = hasher_bytes(hasher, HASH_SHA256, file->bytes, digest);

    if (r < 0) {
        return r;
    }
    fprintf(out, "# %s ", kind);
    policy_put_quoted(out, bytes_str(import_last_part(file->path)));
    fputs(", ", out);
    policy_put_digest(out, HASH_SHA256, bytes_of(digest, hash_size(HASH_SHA256)));
    fputc('\n', out);
    return 0;
}

const char *
import_name(const struct import_file *file, const char *prefix, char room[IMPORT_NAME_ROOM])
{
    const char *stem = import_last_part(file->path);
    const char *dot = strrchr(stem, '.');
    size_t len = dot && dot > stem ? (size_t)(dot - stem) : strlen(stem);
    size_t before = strlen(prefix);

    if (file->name) {
        snprintf(room, IMPORT_NAME_ROOM, "%s", file->name);
        return room;
    }
    snprintf(room, IMPORT_NAME_ROOM, "%s%.*s", prefix, (int)(len < 64 ? len : 64), stem);
    for (char *p = room + before; *p != '\0'; p++) {
        *p = part_is_name(bytes_of(p, 1)) && !strchr("/:", *p) ? *p : '-';
    }
    return room;
}
