/* The folder in which hooks of this machine leave announcements (wire/announce.h) for us to send:
 * one file each, written whole under another name and renamed to one that ends in
 * SOURCE_ANNOUNCE_END. All else in it is nobody's announcement. Folder and files are root's or
 * ours, and writable to nobody beside their owner: what lies there is said in this machine's name.
 */
#pragma once

#include <sys/stat.h>

#include "source/source-file.h"

#define SOURCE_ANNOUNCE_PATH "/var/lib/assay/announce"
#define SOURCE_ANNOUNCE_END ".cbor"
#define SOURCE_ANNOUNCE_FILES 16u /* of one look: a verifier keeps eight of a device */

struct source_announce {
    int folder;
    size_t n;
    size_t n_loose; /* files that others may write, or that are none: left where they are */
    struct source_announce_file {
        char name[256];
        struct stat stat;
    } files[SOURCE_ANNOUNCE_FILES]; /* the oldest first */
};

/* Returns 0 (source_announce_close() it), SOURCE_E_ABSENT, SOURCE_E_UNREADABLE, or SOURCE_E_LOOSE:
 * others may write the folder, or it is a link or a file. *ret is untouched unless 0. */
MUST_CHECK int source_announce_open(const char *path, struct source_announce *ret);
void source_announce_close(struct source_announce *announce);

/* Reads one of the files. Returns 0 (source_file_done() it), SOURCE_E_ABSENT (also of one that was
 * replaced since the look: it waits for the next), SOURCE_E_UNREADABLE, SOURCE_E_LARGE, or -ENOMEM.
 */
MUST_CHECK int source_announce_read(const struct source_announce *announce,
                                    const struct source_announce_file *file, size_t limit,
                                    struct source_data *ret);

/* Removes one, unless another has taken its place: that one was not sent. Returns 0 or -errno. */
MUST_CHECK int source_announce_remove(const struct source_announce *announce,
                                      const struct source_announce_file *file);
