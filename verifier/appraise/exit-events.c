#include "appraise/exit-events.h"

#include <errno.h>
#include <stdlib.h>

enum { INVOCATION, FAILURE, SUCCESS, STRINGS, MOST = 3 };

static const char *const strings[STRINGS] = {
    [INVOCATION] = "Exit Boot Services Invocation",
    [FAILURE] = "Exit Boot Services Returned with Failure",
    [SUCCESS] = "Exit Boot Services Returned with Success",
};

/* In the order in which they are measured. */
static const struct variant {
    enum slot_quirk quirk;
    size_t n;
    uint8_t of[MOST];
} variants[] = {
    {QUIRK_EXIT_SUCCESS, 2, {INVOCATION, SUCCESS}},
    {QUIRK_EXIT_FAILURE, 2, {INVOCATION, FAILURE}},
    {QUIRK_EXIT_RETRY, 3, {INVOCATION, FAILURE, SUCCESS}},
};

static int
string_digest(struct hasher *hasher, enum hash bank, size_t which, uint8_t *out)
{
    return hasher_bytes(hasher, bank, bytes_str(strings[which]), out);
}

/* Returns 1 when one of the strings stands in PCR 5 of this bank of the log, 0, or a negative
 * errno. */
static int
is_logged(struct hasher *hasher, const struct event_log *log, size_t bank)
{
    uint8_t digest[HASH_SIZE_MAX];
    int r = 0;

    for (size_t i = 0; i < STRINGS && r == 0; i++) {
        r = string_digest(hasher, log->banks[bank], i, digest);
        for (size_t k = 0; k < log->n_events && r == 0; k++) {
            const struct event *event = &log->events[k];

            r = event->pcr == EXIT_EVENTS_PCR &&
                bytes_equal(event->digest[bank], bytes_of(digest, hash_size(log->banks[bank])));
        }
    }
    return r;
}

static int
any_logged(struct hasher *hasher, const struct event_log *log)
{
    int r = 0;

    for (size_t bank = 0; bank < log->n_banks && r == 0; bank++) {
        r = is_logged(hasher, log, bank);
    }
    return r;
}

static int
extend(struct hasher *hasher, const struct variant *variant, struct pcr_values *values)
{
    uint8_t digest[HASH_SIZE_MAX];
    int r = 0;

    for (size_t i = 0; i < values->selection.n; i++) {
        enum hash bank = values->selection.sets[i].bank;

        for (size_t k = 0; k < variant->n && r == 0; k++) {
            r = string_digest(hasher, bank, variant->of[k], digest);
            if (r == 0) {
                r = hasher_extend(hasher, bank, values->value[i][EXIT_EVENTS_PCR],
                                  bytes_of(digest, hash_size(bank)));
            }
        }
    }
    return r;
}

int
exit_events_match(const struct growing_quote *quote, const struct event_log *log,
                  struct pcr_values *firmware, struct pcr_values *logs,
                  struct growing_userspace *userspace, struct growing_ima *ima,
                  enum slot_quirk *ret_quirk)
{
    CLEANUP(free_p) struct pcr_values *tried = calloc(2, sizeof(*tried));
    int r = tried ? any_logged(quote->hasher, log) : -ENOMEM;
    size_t i;

    if (r != 0) {
        return r < 0 ? r : GROWING_E_NONE;
    }
    r = GROWING_E_NONE;
    for (i = 0; i < ARRAY_LEN(variants) && r == GROWING_E_NONE; i++) {
        tried[0] = *firmware;
        r = extend(quote->hasher, &variants[i], &tried[0]);
        tried[1] = tried[0];
        if (r == 0) {
            r = growing_match(quote, &tried[1], userspace, ima);
        }
    }
    if (r == 0) {
        *ret_quirk = variants[i - 1].quirk;
        *firmware = tried[0];
        *logs = tried[1];
    }
    return r;
}
