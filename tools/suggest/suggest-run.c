#include "suggest/suggest-run.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "policy/policy-compile.h"
#include "rejudge/rejudge-walk.h"
#include "suggest/suggest-text.h"

struct trying {
    const struct suggest *suggest;
    const struct suggest_group *group;
    struct suggest_dry *dry;
    size_t next; /* of the group's devices: both walks have them in one order */
};

static bool
is_of_group(struct trying *trying, const uint8_t id[WIRE_UEID_SIZE])
{
    size_t n = 0;
    const uint32_t *devices = suggest_group_devices(trying->suggest, trying->group, &n);

    if (trying->next == n ||
        memcmp(trying->suggest->devices[devices[trying->next]].id, id, WIRE_UEID_SIZE) != 0) {
        return false;
    }
    trying->next++;
    return true;
}

static void
try_device(void *context, const struct store_device *device, const struct rejudge_result *result)
{
    struct trying *trying = context;
    struct suggest_dry *dry = trying->dry;
    const struct rejudge_opinion *new = &result->sides[REJUDGE_NEW];

    if (is_of_group(trying, device->id) && result->why == REJUDGE_JUDGED && !new->token) {
        if (dry->still == 0) {
            dry->code = new->code;
            snprintf(dry->rule, sizeof(dry->rule), "%s", new->rule);
        }
        dry->still++;
    }
}

static int
try_group(const struct suggest *suggest, const struct suggest_group *group,
          const struct rejudge_ask *as, const struct rulebook *book, struct suggest_dry *dry)
{
    struct rejudge_ask ask = {.store = as->store, .now_s = as->now_s, .since_ms = as->since_ms};
    struct trying trying = {.suggest = suggest, .group = group, .dry = dry};
    const struct rejudge_walk walk = {
        .class_name = suggest->classes[group->of_class], .visit = try_device, .context = &trying};
    struct rejudge_tally tally = {.members = 0};
    CLEANUP(rejudge_freep) struct rejudge *rejudge = NULL;
    int r;

    ask.books[REJUDGE_OLD] = suggest->book;
    ask.books[REJUDGE_NEW] = book;
    rejudge = rejudge_new(&ask);
    r = rejudge ? rejudge_walk(rejudge, &ask, &walk, &tally) : -ENOMEM;
    dry->made = true;
    dry->better = tally.better;
    dry->worse = tally.worse;
    dry->fails = tally.fails;
    return r;
}

int
suggest_run_dry(const struct suggest *suggest, const struct rejudge_ask *ask, const char *text,
                struct suggest_dry *dries)
{
    int r = 0;

    for (size_t i = 0; text && r >= 0 && i < suggest->n_groups; i++) {
        struct rulebook *book = NULL;

        r = suggest_text_book(suggest, &suggest->groups[i], text, &book);
        if (r == 0) {
            r = try_group(suggest, &suggest->groups[i], ask, book, &dries[i]);
        }
        rulebook_free(book);
    }
    return r < 0 ? r : 0;
}

static int
print_release(const struct suggest_run *run, const struct suggest *suggest)
{
    for (size_t i = 0; i < suggest->n_groups; i++) {
        CLEANUP(free_p) char *text = NULL;

        if (strcmp(suggest->groups[i].id, run->text) == 0) {
            int r = suggest_text(suggest, &suggest->groups[i], BUNDLE_STAGED, &text);

            if (r < 0) {
                fprintf(stderr, "assay: %s\n",
                        r == -EINVAL ? "this suggestion makes no release: see it without --text"
                                     : strerror(-r));
                return 1;
            }
            fputs(text, run->say.out);
            return 0;
        }
    }
    fprintf(stderr, "assay: there is no such suggestion now\n");
    return 1;
}

static int
say(const struct suggest_run *run, struct suggest *suggest, const struct rejudge_ask *ask,
    const char *text)
{
    CLEANUP(free_p) struct suggest_dry *dries = calloc(suggest->n_groups + 1, sizeof(*dries));
    int r = dries ? suggest_run_dry(suggest, ask, text, dries) : -ENOMEM;

    if (r == 0) {
        suggest_say(&run->say, suggest, dries);
    }
    return r;
}

static int
look(const struct suggest_run *run, const struct rejudge_ask *ask, struct suggest *suggest,
     const char *text)
{
    CLEANUP(rejudge_freep) struct rejudge *rejudge = rejudge_new(ask);
    const struct rejudge_walk walk = {.class_name = run->class_name,
                                      .progress = isatty(STDERR_FILENO) == 1};
    struct rejudge_tally tally = {.members = 0};
    int r = rejudge ? rejudge_confine() : -ENOMEM;

    r = r == 0 ? rejudge_walk(rejudge, ask, &walk, &tally) : r;
    r = r == 0 ? suggest_count(suggest) : r;
    if (r == 0 && run->text) {
        return print_release(run, suggest);
    }
    r = r == 0 ? say(run, suggest, ask, text) : r;
    if (r < 0) {
        fprintf(stderr, "assay: %s\n", strerror(-r));
    }
    return r < 0 || ferror(run->say.out);
}

static int
work(void *context, struct rejudge_tally *tally)
{
    struct suggest_run *run = context;
    struct rejudge_ask ask = {
        .now_s = (uint64_t)(clock_utc_ms() / 1000), .since_ms = INT64_MIN, .alone = true};
    struct bundle_file file = {.signature = ""};
    struct suggest *suggest;
    char *text = NULL;
    int r = rejudge_open_store(&run->place, &ask.store);

    (void)tally;
    r = r == 0 ? rejudge_open_active(ask.store, &file) : r;
    if (r != 0 || !file.book) {
        fputs(r == 0 ? "assay: no bundle was ever published: there is nothing to add to\n" : "",
              stderr);
        return 1;
    }
    suggest = suggest_new(ask.store, file.book, run->need, run->need_sites);
    if (!suggest || policy_text_of(rulebook_bundle(file.book), file.seal.body, &text) < 0) {
        fprintf(stderr, "assay: %s\n", strerror(ENOMEM));
        return 1;
    }
    ask.books[REJUDGE_NEW] = file.book;
    ask.witness = suggest_see;
    ask.witness_context = suggest;
    return look(run, &ask, suggest, text); /* the process ends: nothing is given back */
}

int
suggest_run(struct suggest_run *run)
{
    struct rejudge_tally tally;

    return rejudge_child(work, run, &tally);
}
