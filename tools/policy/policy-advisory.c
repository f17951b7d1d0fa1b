/* advisory NAME { vendor V  firmware A..B …  severity S  [cve C …]  [effect "text"] } */
#include <stdlib.h>
#include <string.h>

#include "formats/tpm-vendor.h"
#include "policy/policy-draft.h"
#include "policy/policy-words.h"

static void
take_vendor(struct draft *d, struct bundle_advisory *advisory)
{
    struct bytes name = draft_name(d, "a maker of TPMs: its letters, or 0x and eight digits");

    advisory->vendor = d->failed ? 0 : tpm_vendor_named(name);
    if (!d->failed && advisory->vendor == 0) {
        d->at--;
        draft_error(d, "a maker of TPMs is one to four letters, or 0x and eight digits");
    }
}

/* "4.0..4.33": where the ends are written alike, or one version. */
static bool
span_named(struct bytes text, struct bundle_span *ret)
{
    uint64_t other;
    size_t n = 0;

    while (n + 1 < text.len && !(text.p[n] == '.' && text.p[n + 1] == '.')) {
        n++;
    }
    if (n + 1 >= text.len) {
        return tpm_firmware_named(text, &ret->first, &ret->last);
    }
    return tpm_firmware_named(bytes_of(text.p, n), &ret->first, &other) &&
           tpm_firmware_named(bytes_of(text.p + n + 2, text.len - n - 2), &other, &ret->last) &&
           ret->first <= ret->last;
}

static void
take_spans(struct draft *d, struct bundle_advisory *advisory)
{
    do {
        const struct policy_token *at = d->at;
        struct bytes text = draft_name(d, "versions, as 7.2 or 4.0..4.33");
        struct bundle_span span;

        if (!d->failed && !span_named(text, &span)) {
            draft_error_at(d, at, "versions are 7.2, 4.0..4.33 or 0x and 16 digits");
        } else if (!d->failed && advisory->n_spans == LIMIT_ADVISORY_SPANS) {
            draft_error_at(d, at, "more than %u spans of versions", LIMIT_ADVISORY_SPANS);
        } else if (!d->failed) {
            advisory->spans[advisory->n_spans++] = span;
        }
    } while (!d->failed && !draft_line_ends(d));
}

static void
take_cves(struct draft *d, struct bundle_advisory *advisory)
{
    do {
        struct bytes name = draft_name(d, "a CVE");

        if (!d->failed && advisory->n_cves == LIMIT_ADVISORY_CVES) {
            d->at--;
            draft_error(d, "more than %u CVEs", LIMIT_ADVISORY_CVES);
        } else if (!d->failed) {
            advisory->cves[advisory->n_cves++] = name;
        }
    } while (!d->failed && !draft_line_ends(d));
}

static void
take_severity(struct draft *d, struct bundle_advisory *advisory)
{
    advisory->severity = d->at->kind == LEX_WORD ? bundle_severity_from(d->at->text) : 0;
    if (advisory->severity == 0) {
        draft_error(d, "severity is low, medium, high or critical");
    } else {
        d->at++;
    }
}

static void
take_line(struct draft *d, struct bundle_advisory *advisory, struct draft_seen *seen)
{
    if (draft_skip_once(d, "vendor", seen)) {
        take_vendor(d, advisory);
    } else if (draft_skip_once(d, "severity", seen)) {
        take_severity(d, advisory);
    } else if (draft_skip_once(d, "effect", seen)) {
        advisory->effect = draft_text(d, "what it does, in quotes");
    } else if (draft_skip(d, "firmware")) {
        take_spans(d, advisory);
    } else if (draft_skip(d, "cve")) {
        take_cves(d, advisory);
    } else {
        draft_error(d, "an advisory has lines of vendor, firmware, severity, cve and effect");
    }
}

static int
by_first(const void *a, const void *b)
{
    const struct bundle_span *x = a;
    const struct bundle_span *y = b;

    return x->first < y->first ? -1 : x->first > y->first;
}

/* Ascending, and what overlaps or touches is one. */
static void
join_spans(struct bundle_advisory *advisory)
{
    size_t n = 0;

    qsort(advisory->spans, advisory->n_spans, sizeof(advisory->spans[0]), by_first);
    for (size_t i = 0; i < advisory->n_spans; i++) {
        struct bundle_span span = advisory->spans[i];
        struct bundle_span *last = n > 0 ? &advisory->spans[n - 1] : NULL;

        if (last && (span.first <= last->last || span.first - last->last == 1)) {
            last->last = span.last > last->last ? span.last : last->last;
        } else {
            advisory->spans[n++] = span;
        }
    }
    advisory->n_spans = n;
}

static int
by_text(const void *a, const void *b)
{
    return policy_order(*(const struct bytes *)a, *(const struct bytes *)b);
}

static void
sort_cves(struct draft *d, const struct policy_token *at, struct bundle_advisory *advisory)
{
    qsort(advisory->cves, advisory->n_cves, sizeof(advisory->cves[0]), by_text);
    for (size_t i = 1; i < advisory->n_cves; i++) {
        if (bytes_equal(advisory->cves[i - 1], advisory->cves[i])) {
            draft_error_at(d, at, "%.*s stands twice in the advisory", (int)advisory->cves[i].len,
                           (const char *)advisory->cves[i].p);
        }
    }
}

static void
check_whole(struct draft *d, const struct policy_token *at, const struct bundle_advisory *advisory)
{
    if (advisory->vendor == 0) {
        draft_error_at(d, at, "the advisory names no vendor");
    }
    if (advisory->n_spans == 0) {
        draft_error_at(d, at, "the advisory names no firmware");
    }
    if (advisory->severity == 0) {
        draft_error_at(d, at, "the advisory names no severity");
    }
}

void
draft_advisory_block(struct draft *d)
{
    struct bundle_advisory *advisory = &d->b->advisories[d->b->n_advisories];
    const struct policy_token *at = d->at;
    struct bundle_advisory room = {.name = draft_name(d, "a name for the advisory")};
    struct draft_seen seen = {0};
    size_t n_errors = d->say->n_errors;

    for (size_t i = 0; i < d->b->n_advisories; i++) {
        if (bytes_equal(d->b->advisories[i].name, room.name)) {
            draft_error_at(d, at, "there is an advisory of this name already");
        }
    }
    if (d->b->n_advisories == LIMIT_BUNDLE_ADVISORIES) {
        draft_error_at(d, at, "more than %u advisories", LIMIT_BUNDLE_ADVISORIES);
    }
    if (d->failed || !draft_open(d)) {
        draft_skip_block(d);
        return;
    }
    while (draft_more(d)) {
        take_line(d, &room, &seen);
    }
    if (d->say->n_errors == n_errors) {
        check_whole(d, at, &room);
        join_spans(&room);
        sort_cves(d, at, &room);
    }
    if (d->say->n_errors == n_errors) {
        *advisory = room;
        d->b->n_advisories++;
    }
}

static int
by_name(const void *a, const void *b)
{
    return policy_order(((const struct bundle_advisory *)a)->name,
                        ((const struct bundle_advisory *)b)->name);
}

void
draft_sort_advisories(struct draft *d)
{
    qsort(d->b->advisories, d->b->n_advisories, sizeof(d->b->advisories[0]), by_name);
}
