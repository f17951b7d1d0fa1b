/* Log lines of the daemons: one JSON object a line on stderr, with a stable message id. Libraries
 * never call this. Every value is escaped, so that no device writes a line of its own. Neither the
 * C library's calendar (which reads the time zone's file) nor its formats are used, so that a
 * confined process may log, and a signal handler too. */
#pragma once

#include "base/std.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_NOTICE, LOG_WARNING, LOG_ERROR };

enum log_type { LOG_T_TEXT, LOG_T_INT, LOG_T_HEX };

struct log_field {
    const char *key;
    enum log_type type;
    struct bytes text;
    int64_t number;
};

#define LOG_TEXT(key, view) ((struct log_field){(key), LOG_T_TEXT, (view), 0})
#define LOG_STR(key, s) ((struct log_field){(key), LOG_T_TEXT, bytes_str(s), 0})
#define LOG_HEX(key, view) ((struct log_field){(key), LOG_T_HEX, (view), 0})
#define LOG_INT(key, value) ((struct log_field){(key), LOG_T_INT, BYTES_NULL, (int64_t)(value)})

/* Time as in "2026-11-27T10:00:00.000Z"; what is before 1970 is its beginning, what is after 9999
 * has that year's last day. */
#define LOG_STAMP_SIZE 25
void log_stamp(int64_t utc_ms, char ret[LOG_STAMP_SIZE]);

/* Name of the process in each line, and the lowest level printed (default LOG_INFO). */
void log_setup(const char *role, enum log_level lowest);

/* The lowest level printed, from now. */
void log_from(enum log_level lowest);

/* "debug" to "error" by enum log_level, NULL behind them. */
extern const char *const log_level_names[];

/* id is a short stable name, as in "device-refused". */
void log_fields(enum log_level level, const char *id, const struct log_field *fields,
                size_t n_fields);

#define log_event(level, id, ...)                                      \
    log_fields((level), (id), (const struct log_field[]){__VA_ARGS__}, \
               sizeof((const struct log_field[]){__VA_ARGS__}) / sizeof(struct log_field))
