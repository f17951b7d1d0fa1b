/* A boot's logs from files, read as the service's reader reads them and placed as the keeper does,
 * for subcommands that learn from boots or judge them. */
#pragma once

#include "appraise/facts.h"
#include "offline-log.h"

struct boot_file {
    const char *path; /* borrowed */
    struct offline_log firmware;
    struct slot_map map;     /* of boot_file_place() */
    struct boot_facts facts; /* likewise */

    /* Private */
    bool has_userspace;
    struct offline_log userspace;
    struct bytes bytes, userspace_bytes;
};

/* Reads a firmware log and, unless it is NULL, systemd's log of the same boot. Returns the boot,
 * owned by the caller, or NULL after a message on stderr. */
struct boot_file *boot_file_new(struct hasher *hasher, const char *path, const char *userspace);
/* The same of bytes that are at hand and now its own; name: for messages, borrowed. An empty
 * userspace is none. */
struct boot_file *boot_file_of(struct hasher *hasher, const char *name, struct bytes take_firmware,
                               struct bytes take_userspace);
void boot_file_free(struct boot_file *file);

/* The other log, or NULL: none was given. */
const struct event_log *boot_file_userspace(const struct boot_file *file);

/* Finds slots and facts for a bank and PCRs. Returns 0, or 1 after a message on stderr. */
MUST_CHECK int boot_file_place(struct boot_file *file, struct hasher *hasher,
                               struct pcr_set quoted);
