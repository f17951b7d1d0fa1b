#include "appraise/golden.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/hex.h"

enum { FIRMWARE_PCRS = 8 };

struct golden {
    size_t n;
    struct golden_ref *refs; /* sorted by PCR, algorithm and digest */
};

static int
compare_key(uint32_t pcr, enum hash alg, const uint8_t *digest, const struct golden_ref *ref)
{
    if (pcr != ref->pcr) {
        return pcr < ref->pcr ? -1 : 1;
    }
    if (alg != ref->digest.alg) {
        return alg < ref->digest.alg ? -1 : 1;
    }
    return memcmp(digest, ref->digest.b, hash_size(alg));
}

static int
compare_refs(const void *a, const void *b)
{
    const struct golden_ref *left = a;

    return compare_key(left->pcr, left->digest.alg, left->digest.b, b);
}

struct golden *
golden_new(const struct golden_ref *refs, size_t n_refs)
{
    struct golden *golden = calloc(1, sizeof(*golden));

    if (!golden) {
        return NULL;
    }
    golden->refs = calloc(n_refs ? n_refs : 1, sizeof(*golden->refs));
    if (!golden->refs) {
        free(golden);
        return NULL;
    }
    golden->n = n_refs;
    if (n_refs > 0) {
        memcpy(golden->refs, refs, n_refs * sizeof(*refs));
        qsort(golden->refs, n_refs, sizeof(*refs), compare_refs);
    }
    return golden;
}

void
golden_free(struct golden *golden)
{
    if (golden) {
        free(golden->refs);
        free(golden);
    }
}

void
golden_freep(struct golden **golden)
{
    golden_free(*golden);
    *golden = NULL;
}

size_t
golden_count(const struct golden *golden)
{
    return golden->n;
}

static const struct golden_ref *
find(const struct golden *golden, uint32_t pcr, enum hash alg, const uint8_t *digest)
{
    size_t low = 0;
    size_t high = golden->n;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = compare_key(pcr, alg, digest, &golden->refs[mid]);

        if (order == 0) {
            return &golden->refs[mid];
        }
        if (order < 0) {
            high = mid;
        } else {
            low = mid + 1;
        }
    }
    return NULL;
}

enum rule
golden_rule(uint32_t pcr)
{
    switch (pcr) {
    case 0:
        return RULE_GOLDEN_FIRMWARE;
    case 2:
        return RULE_GOLDEN_DRIVER;
    case 4:
        return RULE_GOLDEN_IMAGE;
    default:
        return RULE_GOLDEN_EVENT;
    }
}

static bool
among(const struct golden *golden, const struct event *event, size_t at, enum hash bank)
{
    return event->digest[at].p && find(golden, event->pcr, bank, event->digest[at].p);
}

/* The reference that most likely stood where this event stands: one of its PCR whose label is the
 * same, else one that no event of this log has. */
static const struct golden_ref *
counterpart(const struct golden *golden, const struct event_log *log, const struct event *event,
            size_t at, enum hash bank)
{
    const struct golden_ref *unused = NULL;

    for (size_t i = 0; i < golden->n; i++) {
        const struct golden_ref *ref = &golden->refs[i];
        bool used = false;

        if (ref->pcr != event->pcr || ref->digest.alg != bank) {
            continue;
        }
        for (size_t k = 0; k < log->n_events && !used; k++) {
            used = log->events[k].pcr == ref->pcr && log->events[k].digest[at].p &&
                   memcmp(log->events[k].digest[at].p, ref->digest.b, hash_size(bank)) == 0;
        }
        if (!used && bytes_equal(event->label, bytes_str(ref->label))) {
            return ref;
        }
        if (!used && !unused) {
            unused = ref;
        }
    }
    return unused;
}

/* Looking for a counterpart walks references and log: only the first one is shown, so only for it.
 */
static void
note_unknown(const struct golden *golden, const struct event_log *log, const struct event *event,
             size_t at, enum hash bank, bool first, struct verdict *verdict)
{
    const struct golden_ref *ref = first ? counterpart(golden, log, event, at, bank) : NULL;
    enum rule rule = golden_rule(event->pcr);
    struct fault fault = {.rule = rule, .event = event->index, .offset = event->offset};
    char expected[160] = "nothing more in this PCR";
    char seen[160];
    char text[2 * HASH_SIZE_MAX + 1];

    if (ref) {
        snprintf(expected, sizeof(expected), "%s:%s %.40s", hash_name(bank),
                 hex_write(text, digest_bytes(&ref->digest)), ref->label);
    }
    snprintf(seen, sizeof(seen), "%s:%s %.*s", hash_name(bank), hex_write(text, event->digest[at]),
             (int)(event->label.len < 40 ? event->label.len : 40), (const char *)event->label.p);
    /* a class without a richer policy refuses what it does not know, whatever the reason's usual
     * effect is */
    verdict_add(verdict,
                reason_effect(rule_reason(rule)) == EFFECT_FAIL ? rule_reason(rule)
                                                                : REASON_EVT_UNCLAIMED,
                &fault, event->pcr, expected, seen);
}

void
golden_check(const struct golden *golden, const struct event_log *log, enum hash bank,
             struct verdict *verdict)
{
    size_t at = event_log_bank(log, bank);
    size_t judged = 0;
    size_t unknown = 0;

    verdict->reference = CHECK_FAILED;
    if (!golden || golden->n == 0) {
        (void)verdict_check(verdict, &verdict->reference, false, RULE_GOLDEN_EMPTY);
        return;
    }
    for (size_t i = 0; at < log->n_banks && i < log->n_events; i++) {
        const struct event *event = &log->events[i];

        if (event->type == EVENT_NO_ACTION || event->pcr >= FIRMWARE_PCRS) {
            continue;
        }
        judged++;
        if (!among(golden, event, at, bank)) {
            note_unknown(golden, log, event, at, bank, unknown == 0, verdict);
            unknown++;
        }
    }
    verdict->reference = judged > 0 && unknown == 0 ? CHECK_PASSED : CHECK_FAILED;
}
