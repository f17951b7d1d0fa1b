#include "explain/explain-history.h"

#include <stdio.h>

struct walking {
    const uint8_t *device;
    int64_t accepted_ms;
    struct explain_history *history;
    int verdict; /* of the device's last row: 1 accepted, -1 refused */
};

static bool
is_kind(const struct audit_row *row, const char *kind)
{
    return bytes_equal(row->kind, bytes_str(kind));
}

/* "bundle 17 sha256:…", as the keeper writes it; 0 for what is no such text. */
static uint64_t
sequence_of(struct bytes text)
{
    static const char word[] = "bundle ";
    size_t at = sizeof(word) - 1;
    uint64_t sequence = 0;

    if (text.len < at || memcmp(text.p, word, at) != 0) {
        return 0;
    }
    for (; at < text.len && text.p[at] >= '0' && text.p[at] <= '9' && sequence < UINT64_MAX / 16;
         at++) {
        sequence = 10 * sequence + (uint64_t)(text.p[at] - '0');
    }
    return sequence;
}

static void
on_verdict(struct walking *walking, const struct audit_row *row)
{
    int verdict = is_kind(row, "accepted") ? 1 : is_kind(row, "refused") ? -1 : 0;

    if (verdict != 0 && verdict != walking->verdict) {
        walking->verdict = verdict;
        walking->history->since_ms = row->at_ms;
    }
}

static void
on_policy(struct walking *walking, const struct audit_row *row)
{
    struct explain_history *history = walking->history;

    history->now = sequence_of(row->text);
    history->published_ms = row->at_ms;
    if (row->at_ms <= walking->accepted_ms) {
        history->then = history->now;
    } else {
        history->n_published++;
    }
}

static void
on_release(struct walking *walking, const struct audit_row *row)
{
    struct explain_history *history = walking->history;

    if (row->at_ms <= walking->accepted_ms) {
        return;
    }
    if (history->n_moves < HISTORY_MOVES) {
        snprintf(history->moves[history->n_moves], sizeof(history->moves[0]), "%.*s",
                 (int)row->text.len, (const char *)row->text.p);
    }
    history->n_moves++;
}

static bool
on_row(void *context, const struct audit_row *row, const uint8_t hash[32])
{
    struct walking *walking = context;

    (void)hash;
    if (row->at_ms <= walking->accepted_ms) {
        walking->history->known = true;
    }
    if (row->device) {
        if (memcmp(row->device, walking->device, WIRE_UEID_SIZE) == 0) {
            on_verdict(walking, row);
        }
    } else if (is_kind(row, "policy")) {
        on_policy(walking, row);
    } else if (is_kind(row, "release")) {
        on_release(walking, row);
    }
    return true;
}

int
explain_history(struct store *store, const uint8_t device[WIRE_UEID_SIZE], int64_t accepted_ms,
                struct explain_history *ret)
{
    struct explain_history history = {.since_ms = 0};
    struct walking walking = {.device = device, .accepted_ms = accepted_ms, .history = &history};
    uint8_t hash[32];
    int64_t last = 0;
    int64_t first;
    int r = store_audit_head(store, &last, hash);

    if (r != 0) {
        *ret = history;
        return r == STORE_NONE ? 0 : r;
    }
    first = last > HISTORY_ROWS ? last - HISTORY_ROWS + 1 : 1;
    history.known = first == 1; /* from the beginning: what is not there was not */
    r = store_audit_each(store, first, on_row, &walking);
    if (r == 0) {
        *ret = history;
    }
    return r;
}
