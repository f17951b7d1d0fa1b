#include "explain/tell.h"

#include "base/fault.h"
#include "base/hex.h"

enum { HEX_MAX = 64 };

void
tell_null(struct json_wr *j, const char *key)
{
    json_wr_key(j, key);
    json_wr_null(j);
}

void
tell_view(struct json_wr *j, const char *key, struct bytes utf8)
{
    if (utf8.len == 0) {
        tell_null(j, key);
        return;
    }
    json_wr_key(j, key);
    json_wr_text(j, utf8);
}

void
tell_text(struct json_wr *j, const char *key, const char *text)
{
    tell_view(j, key, text ? bytes_str(text) : BYTES_NULL);
}

void
tell_int(struct json_wr *j, const char *key, uint64_t value)
{
    if (value >> 53) {
        tell_null(j, key);
        return;
    }
    json_wr_key(j, key);
    json_wr_int(j, (int64_t)value);
}

void
tell_time(struct json_wr *j, const char *key, int64_t ms)
{
    if (ms <= 0) {
        tell_null(j, key);
    } else {
        tell_int(j, key, (uint64_t)ms);
    }
}

void
tell_place(struct json_wr *j, const char *key, uint32_t at)
{
    if (at == FAULT_NO_EVENT) {
        tell_null(j, key);
    } else {
        tell_int(j, key, at);
    }
}

void
tell_hex(struct json_wr *j, const char *key, struct bytes value)
{
    char digits[2 * HEX_MAX + 1];

    tell_text(j, key, value.len <= HEX_MAX ? hex_write(digits, value) : NULL);
}

void
tell_bool(struct json_wr *j, const char *key, bool value)
{
    json_wr_key(j, key);
    json_wr_bool(j, value);
}
