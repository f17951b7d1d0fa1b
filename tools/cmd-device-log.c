/* assay device log: what the verifier keeps of a device's boot, as a file. Nothing of it is read
 * here. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "ask-args.h"
#include "base/file.h"
#include "explain/explain-case.h"
#include "flags.h"
#include "rejudge/rejudge-open.h"

struct job {
    struct rejudge_place place;
    const char *id, *out;
    bool accepted, userspace;
};

static bool
is_zero(const uint8_t digest[32])
{
    static const uint8_t none[32];

    return memcmp(digest, none, sizeof(none)) == 0;
}

static const uint8_t *
digest_of(const struct job *job, const struct store_evidence *evidence)
{
    return job->accepted    ? evidence->accepted_log
           : job->userspace ? evidence->userspace_log
                            : evidence->firmware_log;
}

static int
write_log(const struct job *job, struct bytes log)
{
    if (job->out) {
        return file_replace(job->out, 0600, log);
    }
    return fwrite(log.p, 1, log.len, stdout) == log.len && fflush(stdout) == 0 ? 0 : -EIO;
}

static int
copy(const struct job *job, struct store *store, const struct store_device *device)
{
    CLEANUP(free_p) uint8_t *body = NULL;
    struct store_evidence evidence;
    const uint8_t *digest;
    size_t len = 0;
    int r = store_evidence_get(store, device->id, &evidence);

    if (r == 0) {
        digest = digest_of(job, &evidence);
        r = is_zero(digest) ? STORE_NONE : store_log_get(store, digest, &body, &len);
    }
    if (r == 0) {
        r = write_log(job, bytes_of(body, len));
    }
    if (r != 0) {
        fprintf(stderr, "assay: %s\n",
                r < 0 ? strerror(-r) : "no such log of this device is in the store");
    }
    return r == 0 ? CMD_YES : CMD_NO;
}

static const char *
problem_of(const struct job *job, const struct flag_words *words)
{
    if (words->n != 1) {
        return "one device is needed";
    }
    if (job->accepted && job->userspace) {
        return "--accepted and --userspace: of systemd's log the last alone is kept";
    }
    if (!job->out && isatty(STDOUT_FILENO)) {
        return "a log is no text: --out names a file for it";
    }
    return rejudge_place_problem(&job->place);
}

static int
run(const struct cmd *self, int argc, char **argv)
{
    struct flag_words words = {0};
    struct job job = {.out = NULL};
    CLEANUP(store_closep) struct store *store = NULL;
    struct store_device device;
    char room[ASK_ID_ROOM];
    const struct flag flags[] = {{.name = "accepted", .ret_set = &job.accepted},
                                 {.name = "userspace", .ret_set = &job.userspace},
                                 {.name = "out", .ret_value = &job.out},
                                 REJUDGE_PLACE_FLAGS(&job.place)};
    const char *problem;
    int r = flags_read(self, argc, argv, flags, ARRAY_LEN(flags), &words);

    if (r != 0) {
        return r;
    }
    problem = problem_of(&job, &words);
    if (problem) {
        return cmd_usage(self, problem);
    }
    r = rejudge_open_store(&job.place, &store);
    r = r == 0 ? explain_case_device(store, ask_id(room, words.words[0]), &device) : r;
    return r == 0 ? copy(&job, store, &device) : CMD_USAGE;
}

extern const struct cmd cmd_device_log;
const struct cmd cmd_device_log = {
    .name = "device log",
    .args = "ID [--out FILE] [--accepted | --userspace]\n       " REJUDGE_PLACE_ARGS,
    .summary = "save the boot log that the verifier keeps of a device",
    .help =
        "Copies the firmware's event log of the last genuine evidence out of the verifier's "
        "store,\n"
        "as the device sent it: for `assay policy learn`, `assay log show` and `assay log diff`.\n"
        "ID is the beginning of its id or fingerprint, 8 digits at least. The store is only read,\n"
        "beside a verifier that runs: as root.\n\n"
        "  --out        where to write it, mode 0600; standard output unless given\n"
        "  --accepted   that of the last accepted evidence\n"
        "  --userspace  systemd's log of the last genuine evidence, where it is kept "
        "whole\n" REJUDGE_PLACE_HELP "\n"
        "Exit status: 0 written, 1 no such log is kept, or it cannot be written, 2 usage, no such\n"
        "device, no such store.\n\n"
        "Example:\n"
        "  $ assay device log 3fa94c10 --out now.log\n"
        "  $ assay device log 3fa94c10 --accepted --out before.log\n"
        "  $ assay log diff before.log now.log\n",
    .run = run,
};
