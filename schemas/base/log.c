#include "base/log.h"

#include <unistd.h>

#include "base/clock.h"
#include "base/hex.h"
#include "base/wr.h"

enum { LINE_MAX_SIZE = 2048, VALUE_MAX = 512, DAY_S = 86400, LATEST_YEAR = 9999 };

static const char *log_role = "assay";
static enum log_level log_lowest = LOG_INFO;

const char *const log_level_names[] = {"debug", "info", "notice", "warning", "error", NULL};

void
log_setup(const char *role, enum log_level lowest)
{
    log_role = role;
    log_lowest = lowest;
}

void
log_from(enum log_level lowest)
{
    log_lowest = lowest;
}

/* A JSON string; whatever is not printable ASCII becomes \u00NN, what is too long is cut. */
static void
write_string(struct wr *wr, struct bytes in)
{
    wr_u8(wr, '"');
    for (size_t i = 0; i < in.len && i < VALUE_MAX; i++) {
        uint8_t c = in.p[i];

        if (c >= 0x20 && c <= 0x7e && c != '"' && c != '\\') {
            wr_u8(wr, c);
        } else {
            char escaped[3];

            wr_str(wr, "\\u00");
            wr_str(wr, hex_write(escaped, bytes_of(&c, 1)));
        }
    }
    if (in.len > VALUE_MAX) {
        wr_str(wr, "...");
    }
    wr_u8(wr, '"');
}

/* At least `digits` digits. */
static void
write_number(struct wr *wr, uint64_t number, size_t digits)
{
    char text[20]; /* of 2^64 */
    size_t n = sizeof(text);

    do {
        text[--n] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0 || sizeof(text) - n < digits);
    wr_bytes(wr, bytes_of(text + n, sizeof(text) - n));
}

static void
write_signed(struct wr *wr, int64_t number)
{
    if (number < 0) {
        wr_u8(wr, '-');
        write_number(wr, -(uint64_t)number, 1);
    } else {
        write_number(wr, (uint64_t)number, 1);
    }
}

static void
write_value(struct wr *wr, const struct log_field *field)
{
    char text[2 * 64 + 1];
    struct bytes view = field->text;

    switch (field->type) {
    case LOG_T_TEXT:
        write_string(wr, view);
        break;
    case LOG_T_HEX:
        view.len = view.len > 64 ? 64 : view.len;
        write_string(wr, bytes_str(hex_write(text, view)));
        break;
    case LOG_T_INT:
        write_signed(wr, field->number);
        break;
    }
}

static bool
is_leap(unsigned year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* The day's date; `days` since the epoch. */
static void
write_date(struct wr *wr, uint64_t days)
{
    static const uint8_t lengths[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    unsigned year = 1970;
    unsigned month = 0;

    while (year < LATEST_YEAR && days >= (is_leap(year) ? 366u : 365u)) {
        days -= is_leap(year) ? 366u : 365u;
        year++;
    }
    while (month < 11 && days >= lengths[month] + (month == 1 && is_leap(year) ? 1u : 0u)) {
        days -= lengths[month] + (month == 1 && is_leap(year) ? 1u : 0u);
        month++;
    }
    write_number(wr, year, 4);
    wr_u8(wr, '-');
    write_number(wr, month + 1, 2);
    wr_u8(wr, '-');
    write_number(wr, days < 31 ? days + 1 : 31, 2);
}

void
log_stamp(int64_t utc_ms, char ret[LOG_STAMP_SIZE])
{
    struct wr wr = wr_init(ret, LOG_STAMP_SIZE - 1);
    uint64_t ms = utc_ms < 0 ? 0 : (uint64_t)utc_ms;
    uint64_t second = ms / 1000 % DAY_S;

    write_date(&wr, ms / 1000 / DAY_S);
    wr_u8(&wr, 'T');
    write_number(&wr, second / 3600, 2);
    wr_u8(&wr, ':');
    write_number(&wr, second / 60 % 60, 2);
    wr_u8(&wr, ':');
    write_number(&wr, second % 60, 2);
    wr_u8(&wr, '.');
    write_number(&wr, ms % 1000, 3);
    wr_u8(&wr, 'Z');
    ret[wr.len] = '\0';
}

static void
write_head(struct wr *wr, enum log_level level, const char *id)
{
    char stamp[LOG_STAMP_SIZE];

    log_stamp(clock_utc_ms(), stamp);
    wr_str(wr, "{\"time\":\"");
    wr_str(wr, stamp);
    wr_str(wr, "\",\"role\":\"");
    wr_str(wr, log_role);
    wr_str(wr, "\",\"level\":\"");
    wr_str(wr, log_level_names[level]);
    wr_str(wr, "\",\"id\":\"");
    wr_str(wr, id);
    wr_u8(wr, '"');
}

void
log_fields(enum log_level level, const char *id, const struct log_field *fields, size_t n_fields)
{
    uint8_t line[LINE_MAX_SIZE];
    struct wr wr = wr_init(line, sizeof(line) - 2);

    if (level < log_lowest) {
        return;
    }
    write_head(&wr, level, id);
    for (size_t i = 0; i < n_fields; i++) {
        struct wr before = wr;

        wr_str(&wr, ",\"");
        wr_str(&wr, fields[i].key);
        wr_str(&wr, "\":");
        write_value(&wr, &fields[i]);
        if (wr.failed) {
            wr = before; /* a line too long loses fields, never its form */
        }
    }
    line[wr.len] = '}';
    line[wr.len + 1] = '\n';
    if (write(STDERR_FILENO, line, wr.len + 2) < 0) {
        return; /* nobody to tell */
    }
}
