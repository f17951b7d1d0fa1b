#include "log-scan.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/hex.h"
#include "cmd.h"

/* A fault of each event, of the log's end and of its padding; digest bytes that the table shows. */
enum { MAX_FAULTS = LIMIT_EVENTS + 2, SHOWN_BYTES = 8 };

static void
add_fault(struct log_scan *scan, enum rule rule, uint32_t event, uint64_t offset)
{
    if (scan->n_faults < MAX_FAULTS) {
        scan->fault[scan->n_faults++] = (struct fault){rule, event, offset};
    }
}

static int
scan_event(struct log_scan *scan, const struct evdata_check *check, const struct evlog_event *event)
{
    struct log_row *row = &scan->row[scan->n_rows];

    row->event = *event;
    if (evdata_judge(check, event, &row->evdata) < 0 || replay_event(&scan->replay, event) < 0) {
        return -1;
    }
    if (row->evdata.rule != RULE_NONE) {
        add_fault(scan, row->evdata.rule, event->index, event->offset);
    }
    scan->n_rows++;
    return 0;
}

static int
scan_events(struct log_scan *scan)
{
    static struct evdata_check check; /* large */
    struct evlog_event event;
    struct fault fault = {0};
    int r;

    if (evdata_init(&check, &scan->log, scan->hasher) < 0) {
        return -1;
    }
    replay_init(&scan->replay, &scan->log, scan->hasher);
    while ((r = evlog_next(&scan->log, &event, &fault)) == 0) {
        if (scan_event(scan, &check, &event) < 0) {
            return -1;
        }
    }
    scan->broken = r == EVLOG_FAULT;
    if (scan->broken) {
        add_fault(scan, fault.rule, fault.event, fault.offset);
    } else if (scan->log.padding > 0) {
        add_fault(scan, RULE_EVLOG_PADDING, FAULT_NO_EVENT, evlog_padding_offset(&scan->log));
    }
    return 0;
}

int
log_scan_file(struct log_scan *scan, const char *path)
{
    struct fault fault = {0};
    int r;

    memset(scan, 0, sizeof(*scan));
    if (cmd_read_file(path, LIMIT_LOG_BYTES, &scan->file) != 0) {
        return 1;
    }
    scan->row = calloc(LIMIT_EVENTS, sizeof(*scan->row));
    scan->fault = calloc(MAX_FAULTS, sizeof(*scan->fault));
    scan->hasher = hasher_new();
    if (!scan->row || !scan->fault || !scan->hasher) {
        fprintf(stderr, "assay: no memory\n");
        return 1;
    }
    if (evlog_open(scan->file, &scan->log, &fault) != 0) {
        add_fault(scan, fault.rule, fault.event, fault.offset);
        scan->broken = true;
        return 0;
    }
    scan->opened = true;
    r = scan_events(scan);
    if (r != 0) {
        fprintf(stderr, "assay: cannot hash\n");
    }
    return r == 0 ? 0 : 1;
}

void
log_scan_done(struct log_scan *scan)
{
    free((void *)(uintptr_t)scan->file.p);
    free(scan->row);
    free(scan->fault);
    hasher_freep(&scan->hasher);
    memset(scan, 0, sizeof(*scan));
}

static json_t *
digests_json(const struct log_scan *scan, const struct evlog_event *event)
{
    json_t *digests = json_object();

    for (size_t i = 0; i < event->n_digests; i++) {
        char room[EVLOG_BANK_NAME_MAX];

        json_object_set_new(digests, evlog_bank_name(&scan->log.bank[i], room),
                            cmd_hex_json(event->digest[i]));
    }
    return digests;
}

static json_t *
bound_json(enum evdata_bound bound)
{
    return bound == EVDATA_UNKNOWN ? json_null() : json_boolean(bound == EVDATA_BOUND);
}

json_t *
log_scan_row_json(const struct log_scan *scan, const struct log_row *row)
{
    const struct evlog_event *event = &row->event;
    char name[EVTYPE_NAME_MAX];
    char line[EVTEXT_MAX];

    return json_pack("{s:I, s:I, s:I, s:s, s:o, s:I, s:o, s:s}", "index", (json_int_t)event->index,
                     "pcr", (json_int_t)event->pcr, "type", (json_int_t)event->type, "type_name",
                     evtype_name(event->type, name), "digests", digests_json(scan, event),
                     "data_len", (json_int_t)event->data.len, "data_bound",
                     bound_json(row->evdata.bound), "summary", evtext_line(event, line));
}

json_t *
log_scan_faults_json(const struct log_scan *scan)
{
    json_t *faults = json_array();

    for (size_t i = 0; i < scan->n_faults; i++) {
        json_array_append_new(faults, cmd_fault_json(&scan->fault[i]));
    }
    return faults;
}

static void
print_slot(const char *slot)
{
    if (slot) {
        printf("%-16s  ", slot);
    }
}

/* The bank whose digests the table shows: SHA-256 if there is one, else the first. */
static size_t
shown_bank(const struct log_scan *scan)
{
    size_t bank = evlog_bank(&scan->log, HASH_SHA256);

    return bank < scan->log.n_banks ? bank : 0;
}

void
log_scan_print_head(const struct log_scan *scan, const char *mark, const char *slot)
{
    char room[EVLOG_BANK_NAME_MAX];

    printf("%s%4s %3s  %-32s  %-16s  %-5s  ", mark, "#", "PCR", "type",
           evlog_bank_name(&scan->log.bank[shown_bank(scan)], room), "bound");
    print_slot(slot);
    printf("what it says\n");
}

void
log_scan_print_row(const struct log_scan *scan, const struct log_row *row, const char *mark,
                   const char *slot)
{
    static const char *const bound[] = {"-", "yes", "NO"};
    const struct evlog_event *event = &row->event;
    char digest[2 * SHOWN_BYTES + 1] = "";
    char pcr[12] = "-";
    char name[EVTYPE_NAME_MAX];
    char line[EVTEXT_MAX];

    if (event->n_digests > 0) {
        struct bytes b = event->digest[shown_bank(scan)];

        hex_write(digest, bytes_of(b.p, b.len < SHOWN_BYTES ? b.len : SHOWN_BYTES));
    }
    if (event->pcr != EVLOG_PCR_NONE) {
        snprintf(pcr, sizeof(pcr), "%u", event->pcr);
    }
    printf("%s%4u %3s  %-32s  %-16s  %-5s  ", mark, event->index, pcr,
           evtype_name(event->type, name), digest, bound[row->evdata.bound]);
    print_slot(slot);
    printf("%s\n", evtext_line(event, line));
}

void
log_scan_print_faults(const struct log_scan *scan)
{
    for (size_t i = 0; i < scan->n_faults; i++) {
        cmd_fault_print(&scan->fault[i]);
    }
}
