/* Replays corpora without a fuzzer: each file as it is, cut at up to 512 places, and with one byte
 * changed at up to 512 places. One TAP case a folder; REPLAY_PLAIN=1 leaves the mutations out. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/check.h"
#include "lib/fuzz.h"

enum { PLACES = 512 };

static void
replay_mutated(struct bytes in)
{
    uint8_t *copy = malloc(in.len ? in.len : 1);
    size_t step = in.len / PLACES + 1;

    if (!copy) {
        abort();
    }
    memcpy(copy, in.p, in.len);
    for (size_t at = 0; at < in.len; at += step) {
        static const uint8_t flips[] = {0x01, 0x80, 0xff};

        LLVMFuzzerTestOneInput(copy, at);
        for (size_t i = 0; i < ARRAY_LEN(flips); i++) {
            copy[at] ^= flips[i];
            LLVMFuzzerTestOneInput(copy, in.len);
            copy[at] ^= flips[i];
        }
    }
    free(copy);
}

static size_t
replay_folder(const char *path)
{
    DIR *dir = opendir(path);
    struct dirent *entry;
    size_t n = 0;

    while (dir && (entry = readdir(dir)) != NULL) {
        char full[4096];
        struct bytes in = BYTES_NULL;

        snprintf(full, sizeof(full), "%s/%s", path, entry->d_name);
        if (entry->d_name[0] == '.' || !check_file(full, &in)) {
            continue;
        }
        LLVMFuzzerTestOneInput(in.p, in.len);
        if (!getenv("REPLAY_PLAIN")) {
            replay_mutated(in);
        }
        n++;
    }
    if (dir) {
        closedir(dir);
    }
    return n;
}

int
main(int argc, char **argv)
{
    bool failed = false;

    printf("1..%d\n", argc - 1);
    for (int i = 1; i < argc; i++) {
        size_t n = replay_folder(argv[i]);

        /* An empty corpus proves nothing. */
        printf("%sok %d %zu inputs of %s\n", n > 0 ? "" : "not ", i, n, argv[i]);
        failed = failed || n == 0;
    }
    return failed ? 1 : 0;
}
