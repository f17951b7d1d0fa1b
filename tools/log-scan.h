/* A whole event log in memory, judged and replayed: what the `log` subcommands print. */
#pragma once

#include <jansson.h>

#include "formats/evdata.h"
#include "formats/evtext.h"
#include "formats/evtype.h"
#include "formats/replay.h"

struct log_row {
    struct evlog_event event;
    struct evdata evdata;
};

struct log_scan {
    struct bytes file; /* owned; the rows are views into it */
    struct evlog log;
    struct log_row *row;
    size_t n_rows;
    struct fault *fault; /* in the order of the log, the one that ended it last */
    size_t n_faults;
    struct hasher *hasher;
    struct replay replay;
    bool opened; /* the log's format is known */
    bool broken; /* its form broke: the last fault says where */
};

/* Reads and judges a file. Returns 0, or 1 after a message on stderr (no such file, too long, no
 * memory). A log that is broken is no failure: see `broken`. Free with log_scan_done() always. */
MUST_CHECK int log_scan_file(struct log_scan *scan, const char *path);
void log_scan_done(struct log_scan *scan);

/* The row as {index, pcr, type, type_name, digests, data_len, data_bound, summary}; NULL when
 * memory ends. */
json_t *log_scan_row_json(const struct log_scan *scan, const struct log_row *row);

/* [{code, …, event, offset}] */
json_t *log_scan_faults_json(const struct log_scan *scan);

/* One line of the table; `mark` comes first; slot: what its own column holds, NULL: there is none.
 */
void log_scan_print_row(const struct log_scan *scan, const struct log_row *row, const char *mark,
                        const char *slot);
void log_scan_print_head(const struct log_scan *scan, const char *mark, const char *slot);
void log_scan_print_faults(const struct log_scan *scan);
