#include "rejudge/rejudge-run.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"

enum { HOUR_S = 3600, DAY_S = 86400, DAYS_MAX = 3660 };

struct visiting {
    struct rejudge_run *run;
    struct rejudge_tally *tally;
};

static void
visit(void *context, const struct store_device *device, const struct rejudge_result *result)
{
    struct visiting *visiting = context;
    const struct rejudge_run *run = visiting->run;

    visiting->tally->acknowledged +=
        result->fails &&
        rejudge_causes_among(&result->sides[REJUDGE_NEW].causes, run->say.book, run->acknowledged);
    rejudge_say_member(&visiting->run->say, device, result);
}

/* Everything that is read is open by now. */
static int
judge(struct rejudge_run *run, const struct rejudge_ask *ask, struct rejudge_tally *tally)
{
    CLEANUP(rejudge_freep) struct rejudge *rejudge = rejudge_new(ask);
    struct visiting visiting = {run, tally};
    const struct rejudge_walk walk = {
        .class_name = run->class_name,
        .progress = isatty(STDERR_FILENO) == 1,
        .visit = visit,
        .context = &visiting,
    };
    int r = rejudge ? rejudge_confine() : -ENOMEM;

    if (r == 0) {
        run->say.book = ask->books[REJUDGE_NEW];
        rejudge_say_begin(&run->say);
        r = rejudge_walk(rejudge, ask, &walk, tally);
    }
    if (r < 0) {
        fprintf(stderr, "assay: %s\n", strerror(-r));
        return 1;
    }
    rejudge_say_end(&run->say, tally);
    return ferror(run->say.out) ? 1 : 0;
}

/* The bytes of a bundle that was given are the caller's, in whose copy this process works. */
static int
open_side(const struct rejudge_run *run, const struct rejudge_ask *ask, int side,
          struct bundle_file *ret)
{
    if (side == REJUDGE_NEW && run->sealed.p) {
        return rejudge_open_bytes(run->sealed, "the bundle", ret);
    }
    return rejudge_open_bundle(ask->store, run->words[side], ask->now_s, ret);
}

static int
digest_old(const struct bundle_file *old, struct rejudge_tally *tally)
{
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    int r = hasher ? 0 : -ENOMEM;

    tally->has_old = old->book != NULL;
    if (r == 0 && tally->has_old) {
        r = hasher_bytes(hasher, HASH_SHA256, old->bytes, tally->old_digest);
    }
    return r;
}

static int
work(void *context, struct rejudge_tally *tally)
{
    struct rejudge_run *run = context;
    int64_t now_ms = clock_utc_ms();
    struct rejudge_ask ask = {.now_s = (uint64_t)(now_ms / 1000)};
    struct bundle_file files[REJUDGE_SIDES] = {{.signature = ""}, {.signature = ""}};
    int r = rejudge_open_store(&run->place, &ask.store);

    ask.since_ms = run->last_s > 0 ? now_ms - run->last_s * 1000 : INT64_MIN;
    for (int side = 0; r == 0 && side < REJUDGE_SIDES; side++) {
        r = open_side(run, &ask, side, &files[side]);
        ask.books[side] = files[side].book;
    }
    r = r == 0 ? digest_old(&files[REJUDGE_OLD], tally) : r;
    if (r == 0 && run->acknowledged &&
        !rejudge_cause_list_good(run->acknowledged, files[REJUDGE_NEW].book, stderr)) {
        return REJUDGE_NO_NAME;
    }
    return r == 0 ? judge(run, &ask, tally) : 1; /* the process ends: nothing is given back */
}

int
rejudge_run(struct rejudge_run *run, struct rejudge_tally *ret)
{
    return rejudge_child(work, run, ret);
}

bool
rejudge_last(const char *text, int64_t *ret_s)
{
    size_t digits = strspn(text, "0123456789");
    long n = digits > 0 && digits < 6 ? strtol(text, NULL, 10) : 0;
    bool days = strcmp(text + digits, "d") == 0;

    if (n < 1 || (!days && strcmp(text + digits, "h") != 0) || n > DAYS_MAX * (days ? 1 : 24)) {
        return false;
    }
    *ret_s = n * (days ? DAY_S : HOUR_S);
    return true;
}
