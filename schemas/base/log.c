#include "base/log.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hex.h"
#include "base/wr.h"

enum { LINE_MAX_SIZE = 2048, VALUE_MAX = 512 };

static const char *log_role = "assay";
static enum log_level log_lowest = LOG_INFO;

void
log_setup(const char *role, enum log_level lowest)
{
    log_role = role;
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
        snprintf(text, sizeof(text), "%lld", (long long)field->number);
        wr_str(wr, text);
        break;
    }
}

static void
write_head(struct wr *wr, enum log_level level, const char *id)
{
    static const char *const names[] = {"debug", "info", "notice", "warning", "error"};
    int64_t now = clock_utc_ms();
    time_t seconds = (time_t)(now / 1000);
    struct tm tm;
    char stamp[64];

    gmtime_r(&seconds, &tm);
    (void)strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &tm);
    wr_str(wr, "{\"time\":\"");
    wr_str(wr, stamp);
    snprintf(stamp, sizeof(stamp), ".%03dZ\",\"role\":\"", (int)(now % 1000));
    wr_str(wr, stamp);
    wr_str(wr, log_role);
    wr_str(wr, "\",\"level\":\"");
    wr_str(wr, names[level]);
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
