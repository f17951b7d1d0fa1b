/* The cursor of a draft: one token after the other, and what is said when it is another. */
#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hex.h"
#include "policy/policy-draft.h"
#include "policy/policy-words.h"
#include "wire/bundle-part.h"

void
draft_error_at(struct draft *d, const struct policy_token *at, const char *format, ...)
{
    char text[SAY_TEXT];
    va_list args;

    if (d->failed) {
        return;
    }
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    policy_say(d->say, at->line, at->column, false, "%s", text);
    d->failed = true;
}

void
draft_error(struct draft *d, const char *format, ...)
{
    char text[SAY_TEXT];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    draft_error_at(d, d->at, "%s", text);
}

static void
wanted(struct draft *d, const char *what)
{
    const char *seen = d->at->kind == LEX_END ? "the end of the file" : "the end of the line";

    if (d->at->text.len > 0 || d->at->kind == LEX_STRING) {
        draft_error(d, "%s is wanted here, not %.*s", what,
                    (int)(d->at->text.len > 48 ? 48 : d->at->text.len),
                    (const char *)d->at->text.p);
    } else {
        draft_error(d, "%s is wanted here, not %s", what, seen);
    }
}

static bool
is_word(const struct draft *d)
{
    return !d->failed && d->at->kind == LEX_WORD;
}

bool
draft_sees(const struct draft *d, const char *word)
{
    return is_word(d) && bytes_equal(d->at->text, bytes_str(word));
}

bool
draft_skip(struct draft *d, const char *word)
{
    bool seen = draft_sees(d, word);

    d->at += seen;
    return seen;
}

bool
draft_was_seen(const struct draft_seen *seen, const char *word)
{
    for (size_t i = 0; i < seen->n; i++) {
        if (strcmp(seen->words[i], word) == 0) {
            return true;
        }
    }
    return false;
}

void
draft_once(struct draft *d, const struct policy_token *at, struct draft_seen *seen,
           const char *word)
{
    if (draft_was_seen(seen, word)) {
        draft_error_at(d, at, "%s stands above already, and is said once", word);
        return;
    }
    assert(seen->n < ARRAY_LEN(seen->words));
    seen->words[seen->n++] = word;
}

bool
draft_skip_once(struct draft *d, const char *word, struct draft_seen *seen)
{
    const struct policy_token *at = d->at;

    if (!draft_skip(d, word)) {
        return false;
    }
    draft_once(d, at, seen, word);
    return true;
}

bool
draft_line_ends(const struct draft *d)
{
    return d->at->kind == LEX_LINE || d->at->kind == LEX_END || d->at->kind == LEX_CLOSE;
}

void
draft_end_line(struct draft *d)
{
    if (!d->failed && !draft_line_ends(d)) {
        wanted(d, "the end of the line");
    }
}

void
draft_resume(struct draft *d)
{
    size_t depth = 0; /* of blocks that begin behind the error: their ends are not this one's */

    while (d->failed && d->at->kind != LEX_LINE && (d->at->kind != LEX_CLOSE || depth > 0) &&
           d->at->kind != LEX_END) {
        depth += d->at->kind == LEX_OPEN;
        depth -= d->at->kind == LEX_CLOSE;
        d->at++;
    }
    d->failed = false;
}

void
draft_skip_lines(struct draft *d)
{
    while (d->at->kind == LEX_LINE) {
        d->at++;
    }
}

void
draft_skip_block(struct draft *d)
{
    size_t depth = 0;

    while (d->at->kind != LEX_END) {
        if (d->at->kind == LEX_OPEN) {
            depth++;
        } else if (d->at->kind == LEX_CLOSE && depth > 0) {
            depth--;
        } else if (d->at->kind == LEX_LINE && depth == 0) {
            return;
        }
        d->at++;
    }
}

bool
draft_open(struct draft *d)
{
    if (!d->failed && d->at->kind == LEX_OPEN) {
        d->at++;
        return true;
    }
    wanted(d, "{");
    return false;
}

bool
draft_more(struct draft *d)
{
    draft_resume(d);
    draft_skip_lines(d);
    if (d->at->kind == LEX_CLOSE) {
        d->at++;
        return false;
    }
    if (d->at->kind == LEX_END) {
        wanted(d, "}");
        return false;
    }
    return true;
}

struct bytes
draft_name(struct draft *d, const char *what)
{
    if (!is_word(d) || !part_is_name(d->at->text)) {
        wanted(d, what);
        return BYTES_NULL;
    }
    return (d->at++)->text;
}

struct bytes
draft_text(struct draft *d, const char *what)
{
    bool text = d->at->kind == LEX_WORD || d->at->kind == LEX_STRING;

    if (d->failed || !text || !part_is_text(d->at->text)) {
        wanted(d, what);
        return BYTES_NULL;
    }
    return (d->at++)->text;
}

struct bytes
draft_label(struct draft *d)
{
    if (d->failed || d->at->kind != LEX_STRING) {
        return BYTES_NULL;
    }
    return draft_text(d, "a label of 1 to 128 characters");
}

/* Digits at the start of text; returns how many, 0 when the value is above max. */
static size_t
digits(struct bytes text, uint64_t max, uint64_t *ret)
{
    size_t n = 0;

    *ret = 0;
    while (n < text.len && text.p[n] >= '0' && text.p[n] <= '9') {
        uint64_t digit = (uint64_t)text.p[n] - '0';

        if (digit > max || *ret > (max - digit) / 10) {
            return 0;
        }
        *ret = *ret * 10 + digit;
        n++;
    }
    return n;
}

bool
draft_decimal(struct bytes text, uint64_t max, uint64_t *ret)
{
    return text.len > 0 && digits(text, max, ret) == text.len;
}

uint64_t
draft_number(struct draft *d, const char *what, uint64_t max)
{
    uint64_t value;

    if (!is_word(d) || !draft_decimal(d->at->text, max, &value)) {
        wanted(d, what);
        return 0;
    }
    d->at++;
    return value;
}

uint32_t
draft_version(struct draft *d)
{
    uint32_t version = 1;

    if (draft_skip(d, "version")) {
        version = (uint32_t)draft_number(d, "a version from 1 on", UINT32_MAX);
        if (version == 0 && !d->failed) {
            d->at--;
            wanted(d, "a version from 1 on");
        }
    }
    return version;
}

uint32_t
draft_span(struct draft *d)
{
    static const struct {
        char unit;
        uint32_t seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
    uint64_t value = 0;
    size_t n = is_word(d) ? digits(d->at->text, LIMIT_BUNDLE_S, &value) : 0;

    for (size_t i = 0; n > 0 && n + 1 == d->at->text.len && i < ARRAY_LEN(units); i++) {
        if (d->at->text.p[n] == (uint8_t)units[i].unit && value > 0 &&
            value <= LIMIT_BUNDLE_S / units[i].seconds) {
            d->at++;
            return (uint32_t)value * units[i].seconds;
        }
    }
    wanted(d, "a span such as 30s, 5m, 24h or 14d, ten years at most,");
    return 0;
}

/* Days since 1970-01-01 of a day of the Gregorian calendar, 1970 to 2105. */
static bool
days_of(uint64_t year, uint64_t month, uint64_t day, uint64_t *ret)
{
    static const uint8_t lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    if (year < 1970 || year > 2105 || month < 1 || month > 12 || day < 1 ||
        day > lengths[month - 1] + (uint64_t)(leap && month == 2)) {
        return false;
    }
    *ret = day - 1 + (uint64_t)(leap && month > 2);
    for (uint64_t y = 1970; y < year; y++) {
        *ret += 365 + (uint64_t)((y % 4 == 0 && y % 100 != 0) || y % 400 == 0);
    }
    for (uint64_t m = 1; m < month; m++) {
        *ret += lengths[m - 1];
    }
    return true;
}

bool
policy_date(struct bytes text, uint64_t *ret_s)
{
    uint64_t year;
    uint64_t month;
    uint64_t day;
    uint64_t days;

    if (text.len != 10 || text.p[4] != '-' || text.p[7] != '-' ||
        digits(bytes_of(text.p, 4), 9999, &year) != 4 ||
        digits(bytes_of(text.p + 5, 2), 99, &month) != 2 ||
        digits(bytes_of(text.p + 8, 2), 99, &day) != 2 || !days_of(year, month, day, &days)) {
        return false;
    }
    *ret_s = days * 86400;
    return true;
}

uint64_t
draft_date(struct draft *d)
{
    uint64_t seconds = 0;

    if (!is_word(d) || !policy_date(d->at->text, &seconds) || seconds == 0) {
        wanted(d, "a date such as 2026-11-27");
        return 0;
    }
    d->at++;
    return seconds;
}

enum reason_effect
draft_effect(struct draft *d)
{
    for (unsigned i = 0; i < POLICY_EFFECTS; i++) {
        if (draft_skip(d, policy_effects[i])) {
            return (enum reason_effect)i;
        }
    }
    wanted(d, "fail, warn or note");
    return EFFECT_FAIL;
}

enum hash
draft_hash(struct draft *d)
{
    enum hash alg = is_word(d) ? hash_from_name(d->at->text) : HASH_N;

    if (alg == HASH_N) {
        wanted(d, "a hash such as sha256");
        return HASH_N;
    }
    d->at++;
    return alg;
}

static enum hash
digest_head(struct bytes text, struct bytes *ret_hex)
{
    const uint8_t *colon = text.len > 0 ? memchr(text.p, ':', text.len) : NULL;

    if (!colon) {
        return HASH_N;
    }
    *ret_hex = bytes_of(colon + 1, text.len - (size_t)(colon + 1 - text.p));
    return hash_from_name(bytes_of(text.p, (size_t)(colon - text.p)));
}

bool
draft_sees_digest(const struct draft *d)
{
    struct bytes hex;

    return is_word(d) && digest_head(d->at->text, &hex) != HASH_N;
}

enum hash
draft_digest(struct draft *d, uint8_t digest[HASH_SIZE_MAX])
{
    struct bytes hex = BYTES_NULL;
    enum hash alg = is_word(d) ? digest_head(d->at->text, &hex) : HASH_N;
    size_t n = 0;

    if (alg == HASH_N) {
        wanted(d, "a digest such as sha256:3a9c…");
        return HASH_N;
    }
    if (hex_read(hex, digest, HASH_SIZE_MAX, &n) != 0 || n != hash_size(alg)) {
        draft_error(d, "%s takes %zu hex digits, here are %zu characters", hash_name(alg),
                    2 * hash_size(alg), hex.len);
        return HASH_N;
    }
    d->at++;
    return alg;
}

uint8_t
draft_keys(struct draft *d)
{
    uint8_t keys = 0;
    bool more = true;

    while (more) {
        more = false;
        for (unsigned i = 0; i < POLICY_KEYS; i++) {
            if (draft_skip(d, policy_keys[i])) {
                keys |= (uint8_t)(1u << i);
                more = true;
            }
        }
    }
    if (keys == 0) {
        wanted(d, "a key such as ecc-p256, ecc-p384, rsa-2048, rsa-3072 or rsa-4096");
    }
    return keys;
}
