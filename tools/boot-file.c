#include "boot-file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "cmd.h"

typedef int log_fn(struct hasher *hasher, struct bytes bytes, struct offline_log *ret,
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

/* Bytes as one of the logs, which has views into them. */
static int
read_log(log_fn *read, struct hasher *hasher, const char *path, struct bytes bytes,
         struct offline_log *ret)
{
    struct fault fault = {0};
    int r = read(hasher, bytes, ret, &fault);

    if (r > 0) {
        say_fault(path, &fault);
    } else if (r == -EPROTO) {
        fprintf(stderr, "assay: %s: its parts and digests do not fit together\n", path);
    } else if (r < 0) {
        fprintf(stderr, "assay: %s: no memory, or cannot hash\n", path);
    }
    return r == 0 ? 0 : 1;
}

/* Reads both logs of a file that has their bytes. */
static struct boot_file *
read_both(struct boot_file *file, struct hasher *hasher, const char *userspace)
{
    int r = read_log(offline_log_firmware, hasher, file->path, file->bytes, &file->firmware);

    if (r == 0 && file->has_userspace) {
        r = read_log(offline_log_userspace, hasher, userspace, file->userspace_bytes,
                     &file->userspace);
    }
    if (r != 0) {
        boot_file_free(file);
        return NULL;
    }
    return file;
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
    file->has_userspace = userspace != NULL;
    if (cmd_read_file(path, LIMIT_LOG_BYTES, &file->bytes) != 0 ||
        (userspace && cmd_read_file(userspace, LIMIT_LOG_BYTES, &file->userspace_bytes) != 0)) {
        boot_file_free(file);
        return NULL;
    }
    return read_both(file, hasher, userspace);
}

struct boot_file *
boot_file_of(struct hasher *hasher, const char *name, struct bytes take_firmware,
             struct bytes take_userspace)
{
    struct boot_file *file = calloc(1, sizeof(*file));

    if (!file) {
        fprintf(stderr, "assay: no memory\n");
        free((void *)(uintptr_t)take_firmware.p);
        free((void *)(uintptr_t)take_userspace.p);
        return NULL;
    }
    file->path = name;
    file->has_userspace = take_userspace.len > 0;
    file->bytes = take_firmware;
    file->userspace_bytes = take_userspace;
    return read_both(file, hasher, name);
}

void
boot_file_free(struct boot_file *file)
{
    if (file) {
        offline_log_done(&file->firmware);
        offline_log_done(&file->userspace);
        free((void *)(uintptr_t)file->bytes.p);
        free((void *)(uintptr_t)file->userspace_bytes.p);
        free(file);
    }
}

const struct event_log *
boot_file_userspace(const struct boot_file *file)
{
    return file->has_userspace ? &file->userspace.log : NULL;
}

int
boot_file_place(struct boot_file *file, struct hasher *hasher, struct pcr_set quoted)
{
    const struct event_log *log = &file->firmware.log;
    int r = slots_assign(hasher, log, boot_file_userspace(file), quoted, &file->map);

    r = r == 0 ? facts_read(hasher, log, &file->map, &file->facts) : r;
    if (r != 0) {
        fprintf(stderr, "assay: %s: cannot find the events' slots\n", file->path);
    }
    return r == 0 ? 0 : 1;
}
