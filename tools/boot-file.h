/* A boot's logs from files, read as the service's reader reads them and placed as the keeper does,
 * for subcommands that learn from boots or judge them. */
#pragma once

#include "appraise/facts.h"

struct boot_file {
    const char *path; /* borrowed */
    struct event_log log;
    bool has_userspace;
    struct event_log userspace;
    struct slot_map map;     /* of boot_file_place() */
    struct boot_facts facts; /* likewise */

    /* Private */
    struct bytes bytes, records, userspace_records;
    struct event events[LIMIT_EVENTS];
    struct event userspace_events[LIMIT_USERLOG_RECORDS];
};

/* Reads a firmware log and, unless it is NULL, systemd's log of the same boot. Returns the boot,
 * owned by the caller, or NULL after a message on stderr. */
struct boot_file *boot_file_new(struct hasher *hasher, const char *path, const char *userspace);
void boot_file_free(struct boot_file *file);

/* Finds slots and facts for a bank and PCRs. Returns 0, or 1 after a message on stderr. */
MUST_CHECK int boot_file_place(struct boot_file *file, struct hasher *hasher,
                               struct pcr_set quoted);
