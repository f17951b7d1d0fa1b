/* `assay log diff`: aligns the two logs' events PCR by PCR, since only the order within one PCR is
 * measured. */
#include <stdio.h>
#include <stdlib.h>

#include "align.h"
#include "cmd-log.h"
#include "log-scan.h"

/* PCRs and, last, the events of no PCR. */
enum { N_GROUPS = LIMIT_PCRS + 1 };

/* The rows of one log in one group. */
struct side {
    const struct log_scan *scan;
    const struct log_row **row;
    size_t n;
};

struct diff {
    struct side a, b;
    json_t *found; /* NULL: print text */
    size_t n_found;
};

static uint32_t
group_of(const struct log_row *row)
{
    return row->event.pcr < LIMIT_PCRS ? row->event.pcr : LIMIT_PCRS;
}

static void
fill_side(struct side *side, uint32_t group)
{
    side->n = 0;
    for (size_t i = 0; i < side->scan->n_rows; i++) {
        if (group_of(&side->scan->row[i]) == group) {
            side->row[side->n++] = &side->scan->row[i];
        }
    }
}

/* Are type and data the same? No digest vouches for all of them. */
static bool
same_label(const struct diff *diff, size_t i, size_t j)
{
    const struct evlog_event *a = &diff->a.row[i]->event;
    const struct evlog_event *b = &diff->b.row[j]->event;

    return a->type == b->type && bytes_equal(a->data, b->data);
}

/* The same measurement: the digest in each bank that both logs have. What is not measured is the
 * same if it says the same. */
static bool
same(const void *context, size_t i, size_t j)
{
    const struct diff *diff = context;
    const struct evlog_event *a = &diff->a.row[i]->event;
    const struct evlog_event *b = &diff->b.row[j]->event;
    const struct evlog *log_b = &diff->b.scan->log;
    bool shared = false;

    if (!evlog_extends(a) || !evlog_extends(b)) {
        return same_label(diff, i, j);
    }
    for (size_t k = 0; k < a->n_digests; k++) {
        for (size_t m = 0; m < b->n_digests; m++) {
            if (diff->a.scan->log.bank[k].tpm_id == log_b->bank[m].tpm_id) {
                shared = true;
                if (!bytes_equal(a->digest[k], b->digest[m])) {
                    return false;
                }
            }
        }
    }
    return shared || same_label(diff, i, j);
}

/* Tells of a row that only one log has, or of two that stand at one place. */
static void
tell(struct diff *diff, const char *change, const struct log_row *a, const struct log_row *b)
{
    uint32_t pcr = a ? a->event.pcr : b->event.pcr;

    diff->n_found++;
    if (diff->found) {
        json_array_append_new(diff->found,
                              json_pack("{s:o, s:s, s:o, s:o}", "pcr",
                                        pcr < LIMIT_PCRS ? json_integer(pcr) : json_null(),
                                        "change", change, "a",
                                        a ? log_scan_row_json(diff->a.scan, a) : json_null(), "b",
                                        b ? log_scan_row_json(diff->b.scan, b) : json_null()));
        return;
    }
    if (a) {
        log_scan_print_row(diff->a.scan, a, "- ", NULL);
    }
    if (b) {
        log_scan_print_row(diff->b.scan, b, "+ ", NULL);
    }
}

static bool
same_type(const void *context, size_t i, size_t j)
{
    const struct diff *diff = context;

    return diff->a.row[i]->event.type == diff->b.row[j]->event.type;
}

static void
on_step(void *context, enum align_step step, size_t i, size_t j)
{
    static const char *const changes[] = {
        [ALIGN_SAME] = "label",
        [ALIGN_CHANGED] = "changed",
        [ALIGN_REMOVED] = "removed",
        [ALIGN_ADDED] = "added",
    };
    struct diff *diff = context;

    if (step != ALIGN_SAME || !same_label(diff, i, j)) {
        tell(diff, changes[step], step == ALIGN_ADDED ? NULL : diff->a.row[i],
             step == ALIGN_REMOVED ? NULL : diff->b.row[j]);
    }
}

static int
diff_groups(struct diff *diff)
{
    struct align_ask ask = {.context = diff, .same = same, .becomes = same_type, .tell = on_step};
    int r = 0;

    for (uint32_t group = 0; r == 0 && group < N_GROUPS; group++) {
        fill_side(&diff->a, group);
        fill_side(&diff->b, group);
        ask.n_a = diff->a.n;
        ask.n_b = diff->b.n;
        r = align(&ask);
    }
    return r;
}

/* Do the logs have one form and the same banks in the same order? */
static bool
same_form(const struct log_scan *a, const struct log_scan *b)
{
    if (a->opened != b->opened || a->log.format != b->log.format ||
        a->log.n_banks != b->log.n_banks) {
        return false;
    }
    for (size_t i = 0; i < a->log.n_banks; i++) {
        if (a->log.bank[i].tpm_id != b->log.bank[i].tpm_id) {
            return false;
        }
    }
    return true;
}

static bool
print_result(struct diff *diff, bool form_equal)
{
    const struct log_scan *a = diff->a.scan;
    const struct log_scan *b = diff->b.scan;
    bool equal = diff->n_found == 0 && form_equal && !a->broken && !b->broken;

    if (diff->found) {
        return cmd_print_json(json_pack("{s:b, s:b, s:O, s:o, s:o}", "equal", equal, "form_equal",
                                        form_equal, "differences", diff->found, "faults_a",
                                        log_scan_faults_json(a), "faults_b",
                                        log_scan_faults_json(b))) == 0 &&
               equal;
    }
    if (!form_equal) {
        printf("the logs differ in format or banks\n");
    }
    printf("%s", equal ? "the logs hold the same events in each PCR\n" : "");
    log_scan_print_faults(a);
    log_scan_print_faults(b);
    return fflush(stdout) == 0 && equal;
}

static int
diff_scans(const struct log_scan *a, const struct log_scan *b, bool json)
{
    struct diff diff = {.a = {.scan = a}, .b = {.scan = b}};
    bool equal = false;

    diff.a.row = calloc(LIMIT_EVENTS, sizeof(struct log_row *));
    diff.b.row = calloc(LIMIT_EVENTS, sizeof(struct log_row *));
    diff.found = json ? json_array() : NULL;
    if (!json && a->opened) {
        log_scan_print_head(a, "  ", NULL);
    }
    if (diff.a.row && diff.b.row && diff_groups(&diff) == 0) {
        equal = print_result(&diff, same_form(a, b));
    } else {
        fprintf(stderr, "assay: no memory\n");
    }
    free(diff.a.row);
    free(diff.b.row);
    json_decref(diff.found);
    return equal ? CMD_YES : CMD_NO;
}

static int
run_diff(const struct cmd *self, int argc, char **argv)
{
    static struct log_scan a; /* large */
    static struct log_scan b;
    const char *files[2] = {NULL, NULL};
    bool json;
    int r = cmd_log_args(self, argc, argv, 2, files, &json, NULL);

    if (r != 0) {
        return r;
    }
    r = CMD_NO;
    if (log_scan_file(&a, files[0]) == 0 && log_scan_file(&b, files[1]) == 0) {
        r = diff_scans(&a, &b, json);
    }
    log_scan_done(&a);
    log_scan_done(&b);
    return r;
}

const struct cmd cmd_log_diff = {
    .name = "log diff",
    .args = "A B [--json]",
    .summary = "say which events of two firmware event logs differ",
    .help =
        "Aligns the events of each PCR and prints those of A (-) and B (+) that the other log "
        "has not.\nWhere the digests agree and only type or data differ, --json calls the change "
        "\"label\".\nThe order of events in different PCRs is not compared, as no PCR holds it; "
        "banks that only\none log has are told of, not compared.\n\nExit status: 0 equal, 1 "
        "different or broken, 2 usage.\n\nExample: assay log diff before.bin after.bin\n",
    .run = run_diff,
};
