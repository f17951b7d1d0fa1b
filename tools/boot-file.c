#include "boot-file.h"

#include <stdio.h>
#include <stdlib.h>

#include "cmd.h"
#include "reader/reader-userlog.h"
#include "reader/reader.h"
#include "roles/records.h"

enum { RECORDS_MAX = 8 * 1024 * 1024 }; /* the worst firmware log takes 3.1 MB */

typedef int read_fn(struct bytes log, struct hasher *hasher, struct wr *records,
                    struct fault *ret_fault);

static void
say_fault(const char *path, const struct fault *fault)
{
    enum reason reason = rule_reason(fault->rule);

    fprintf(stderr, "assay: %s: %u %s: %s", path, reason, reason_name(reason),
            rule_text(fault->rule));
    if (fault->event != FAULT_NO_EVENT) {
        fprintf(stderr, " (event %u)", fault->event);
    }
    fprintf(stderr, "\n");
}

/* Bytes to records, which the caller frees. */
static int
to_records(read_fn *read, struct hasher *hasher, const char *path, struct bytes log,
           struct bytes *ret)
{
    struct fault fault = {0};
    uint8_t *room = malloc(RECORDS_MAX);
    struct wr wr = wr_init(room, room ? RECORDS_MAX : 0);
    int r = room ? read(log, hasher, &wr, &fault) : -1;

    if (r > 0) {
        say_fault(path, &fault);
    } else if (r < 0) {
        fprintf(stderr, "assay: %s: no memory, or cannot hash\n", path);
    }
    if (r != 0) {
        free(room);
        return 1;
    }
    *ret = wr_done(&wr);
    return 0;
}

static int
lies(const char *path)
{
    fprintf(stderr, "assay: %s: its parts and digests do not fit together\n", path);
    return 1;
}

static int
read_firmware(struct boot_file *file, struct hasher *hasher)
{
    if (cmd_read_file(file->path, LIMIT_LOG_BYTES, &file->bytes) != 0 ||
        to_records(reader_parse, hasher, file->path, file->bytes, &file->records) != 0) {
        return 1;
    }
    if (records_read(file->records, file->events, &file->log) != 0 ||
        events_vouch(hasher, file->bytes, &file->log) != 0) {
        return lies(file->path);
    }
    return 0;
}

static int
read_userspace(struct boot_file *file, struct hasher *hasher, const char *path)
{
    struct bytes bytes;
    int r;

    if (cmd_read_file(path, LIMIT_LOG_BYTES, &bytes) != 0) {
        return 1;
    }
    r = to_records(reader_userlog, hasher, path, bytes, &file->userspace_records);
    free((void *)(uintptr_t)bytes.p); /* records are copies */
    if (r == 0 &&
        records_read(file->userspace_records, file->userspace_events, &file->userspace) != 0) {
        r = lies(path);
    }
    file->has_userspace = r == 0;
    return r;
}

struct boot_file *
boot_file_new(struct hasher *hasher, const char *path, const char *userspace)
{
    struct boot_file *file = calloc(1, sizeof(*file));

    if (!file) {
        fprintf(stderr, "assay: no memory\n");
        return NULL;
    }
    file->path = path;
    if (read_firmware(file, hasher) != 0 ||
        (userspace && read_userspace(file, hasher, userspace) != 0)) {
        boot_file_free(file);
        return NULL;
    }
    return file;
}

void
boot_file_free(struct boot_file *file)
{
    if (file) {
        free((void *)(uintptr_t)file->bytes.p);
        free((void *)(uintptr_t)file->records.p);
        free((void *)(uintptr_t)file->userspace_records.p);
        free(file);
    }
}

int
boot_file_place(struct boot_file *file, struct hasher *hasher, struct pcr_set quoted)
{
    int r = slots_assign(hasher, &file->log, file->has_userspace ? &file->userspace : NULL, quoted,
                         &file->map);

    r = r == 0 ? facts_read(hasher, &file->log, &file->map, &file->facts) : r;
    if (r != 0) {
        fprintf(stderr, "assay: %s: cannot find the events' slots\n", file->path);
    }
    return r == 0 ? 0 : 1;
}
