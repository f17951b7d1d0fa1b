/* assay device explain: why is a device refused, and what would let it pass? */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "ask-args.h"
#include "base/clock.h"
#include "explain/explain-advice.h"
#include "explain/explain-device-text.h"
#include "explain/explain-device.h"
#include "flags.h"
#include "rejudge/rejudge-child.h"
#include "rejudge/rejudge-open.h"

struct job {
    struct rejudge_place place;
    const char *id;
    bool json, verbose;
    char words[EXPLAIN_PLACE_ROOM]; /* that name the place again */
};

/* Of the child: refused is told apart from a process that did not come to its end. */
enum { EXPLAINED_REFUSED = 3 };

static int
print(const struct job *job, struct bytes told)
{
    json_t *root;

    if (job->json) {
        printf("%.*s\n", (int)told.len, (const char *)told.p);
        return ferror(stdout) ? 1 : 0;
    }
    root = json_loadb((const char *)told.p, told.len, 0, NULL);
    if (!root) {
        return -ENOMEM;
    }
    explain_device_text(stdout, root, job->verbose);
    json_decref(root);
    return ferror(stdout) ? 1 : 0;
}

/* Everything that is read is open by now: what devices sent is read behind this. */
static int
explain(const struct job *job, struct explain_case *c)
{
    CLEANUP(free_p) uint8_t *room = malloc(EXPLAIN_DEVICE_ROOM);
    struct bytes told = BYTES_NULL;
    int r;

    json_object_seed(0); /* reads a file */
    r = room ? rejudge_confine() : -ENOMEM;
    r = r == 0 ? explain_case_judge(c) : r;
    r = r == 0 ? explain_device(c, room, EXPLAIN_DEVICE_ROOM, &told) : r;
    return r == 0 ? print(job, told) : r;
}

static int
work(void *context, struct rejudge_tally *unused)
{
    const struct job *job = context;
    struct explain_case *c = calloc(1, sizeof(*c));
    struct store *store = NULL;
    char room[ASK_ID_ROOM];
    int r = c ? rejudge_open_store(&job->place, &store) : -ENOMEM;

    (void)unused;
    if (r == 0) {
        c->place = job->words;
        r = explain_case_find(c, store, ask_id(room, job->id), (uint64_t)(clock_utc_ms() / 1000));
    }
    if (r == 1) {
        return CMD_USAGE; /* the words of the command line name nothing, or nothing to read */
    }
    r = r == 0 ? explain(job, c) : r;
    if (r != 0) {
        fprintf(stderr, "assay: %s\n", r < 0 ? strerror(-r) : "cannot write");
        return CMD_USAGE;
    }
    return explain_device_accepted(c) ? CMD_YES
                                      : EXPLAINED_REFUSED; /* the process ends: nothing is freed */
}

static int
run(const struct cmd *self, int argc, char **argv)
{
    struct flag_words words = {0};
    struct job job = {.json = false};
    struct rejudge_tally unused;
    const struct flag flags[] = {{.name = "json", .ret_set = &job.json},
                                 {.name = "verbose", .ret_set = &job.verbose},
                                 REJUDGE_PLACE_FLAGS(&job.place)};
    const char *problem;
    int r = flags_read(self, argc, argv, flags, ARRAY_LEN(flags), &words);

    if (r != 0) {
        return r;
    }
    problem = words.n == 1 ? rejudge_place_problem(&job.place) : "one device is needed";
    if (problem) {
        return cmd_usage(self, problem);
    }
    job.id = words.words[0];
    (void)explain_place(&job.place, job.words);
    r = rejudge_child(work, &job, &unused);
    return r == CMD_YES ? CMD_YES : r == EXPLAINED_REFUSED ? CMD_NO : CMD_USAGE;
}

extern const struct cmd cmd_device_explain;
const struct cmd cmd_device_explain = {
    .name = "device explain",
    .args = "ID " REJUDGE_PLACE_ARGS " [--verbose] [--json]",
    .summary = "why a device is refused, and what would let it pass",
    .help =
        "Judges the evidence that the verifier keeps of the device by the bundle that counts now,\n"
        "and tells, in this order: the verdict and since when; the first cause with its rule,\n"
        "event, slot, what was seen and which values the rule knows, by release and state; what\n"
        "else did not pass; what differs from the last accepted boot, slot by slot (~ changed,\n"
        "+ added, - removed, > moved, = equal); how many others of the class show the same value,\n"
        "and whether the device announced it; what was published since it passed; one command, "
        "and\n"
        "for how many devices it is; and the smallest repair: which values, were they others,\n"
        "would let this boot pass.\n\n"
        "ID is the beginning of its id or fingerprint, 8 digits at least. The store is only read,\n"
        "beside a verifier that runs: as root, in a process of its own that can open nothing "
        "more.\n"
        "Labels come from the device and are nobody's word; the device itself hears none of this.\n"
        "\n" REJUDGE_PLACE_HELP "  --verbose  each change, also where no rule asks\n"
        "  --json     one object with the same facts\n\n"
        "Exit status: 0 accepted, 1 refused, or it would be now, or has brought no evidence,\n"
        "2 usage, no such device or store, or something broke: nothing is known of it.\n\n"
        "Example:\n"
        "  $ assay device explain 3fa94c10\n"
        "  $ assay device explain 3fa94c10 --store monday.db --json\n",
    .run = run,
};
