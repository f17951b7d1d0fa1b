#include "formats/der.h"

unsigned
der_peek(const struct rd *rd)
{
    struct rd probe = *rd;

    return rd_u8(&probe); /* zero at the end: no element has that tag here */
}

/* Length, X.690 section 10.1: definite, in the fewest bytes. */
static size_t
der_length(struct rd *rd)
{
    uint8_t first = rd_u8(rd);
    unsigned n = first & 0x7fu;
    size_t len = 0;

    if (first < 0x80) {
        return first;
    }
    if (n == 0 || n > 3) {
        rd_fail(rd);
        return 0;
    }
    for (unsigned i = 0; i < n; i++) {
        len = len << 8 | rd_u8(rd);
    }
    if (len < 0x80 || (n > 1 && len >> (8 * (n - 1)) == 0)) {
        rd_fail(rd);
    }
    return len;
}

struct rd
der_enter(struct rd *rd, unsigned tag)
{
    uint8_t found = rd_u8(rd);
    size_t len;

    /* 1f in the low bits announces a tag of several bytes, which no certificate needs */
    if (found != tag || (found & 0x1f) == 0x1f) {
        rd_fail(rd);
    }
    len = der_length(rd);
    return rd_sub(rd, len);
}

struct bytes
der_body(struct rd *rd, unsigned tag)
{
    struct rd body = der_enter(rd, tag);

    return rd_rest(&body);
}

struct bytes
der_whole(struct rd *rd, unsigned tag)
{
    struct rd start = *rd;
    struct rd body = der_enter(rd, tag);

    ignore(body.failed, "the parent fails with it");
    return rd->failed ? BYTES_NULL : rd_bytes(&start, rd_left(&start) - rd_left(rd));
}

struct bytes
der_any(struct rd *rd)
{
    return der_whole(rd, der_peek(rd));
}

bool
der_bool(struct rd *rd)
{
    struct bytes body = der_body(rd, DER_BOOL);
    struct rd in = rd_init(body);
    uint8_t value = rd_u8(&in);

    if (!rd_end(&in) || (value != 0 && value != 0xff)) {
        rd_fail(rd);
    }
    return !rd->failed && value == 0xff;
}

/* Content of a minimal INTEGER that is not negative, its sign byte kept. */
static struct rd
der_unsigned(struct rd *rd)
{
    struct rd in = der_enter(rd, DER_INTEGER);
    struct rd probe = in;
    uint8_t first = rd_u8(&probe);

    if (probe.failed || first >= 0x80 ||
        (first == 0 && rd_left(&probe) > 0 && rd_u8(&probe) < 0x80)) {
        rd_fail(rd);
    }
    return in;
}

struct bytes
der_positive(struct rd *rd)
{
    struct rd in = der_unsigned(rd);

    if (der_peek(&in) == 0) {
        (void)rd_u8(&in);
    }
    if (rd_left(&in) == 0) {
        rd_fail(rd);
    }
    return rd->failed ? BYTES_NULL : rd_rest(&in);
}

uint32_t
der_small(struct rd *rd, uint32_t max)
{
    struct rd in = der_unsigned(rd);
    uint64_t value = 0;

    if (rd_left(&in) > 5) {
        rd_fail(rd);
    }
    while (!rd->failed && rd_left(&in) > 0) {
        value = value << 8 | rd_u8(&in);
    }
    if (value > max) {
        rd_fail(rd);
    }
    return rd->failed ? 0 : (uint32_t)value;
}

struct bytes
der_bit_bytes(struct rd *rd)
{
    struct rd in = der_enter(rd, DER_BITS);

    if (rd_u8(&in) != 0 || in.failed) {
        rd_fail(rd);
    }
    return rd->failed ? BYTES_NULL : rd_rest(&in);
}

uint16_t
der_named_bits(struct rd *rd)
{
    struct rd in = der_enter(rd, DER_BITS);
    uint8_t unused = rd_u8(&in);
    uint16_t bits = 0;

    if (in.failed || unused > 7 || rd_left(&in) > 2) {
        rd_fail(rd);
    } else if (rd_left(&in) > 0) {
        bits = (uint16_t)(rd_u8(&in) << 8);
        bits = rd_left(&in) > 0 ? (uint16_t)(bits | rd_u8(&in)) : bits;
    }
    return rd->failed ? 0 : bits;
}

/* Two decimal digits below `below`. */
static int
two_digits(struct rd *rd, int below)
{
    int tens = rd_u8(rd) - '0';
    int ones = rd_u8(rd) - '0';
    int value = 10 * tens + ones;

    if (rd->failed || tens < 0 || tens > 9 || ones < 0 || ones > 9 || value >= below) {
        rd_fail(rd);
        return 0;
    }
    return value;
}

static bool
is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Days from 1970-01-01 to the first of the month; proleptic Gregorian, year >= 0. */
static int64_t
days_to(int year, int month)
{
    static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    int64_t y = year;
    int64_t leaps = year == 0 ? 0 : (y - 1) / 4 - (y - 1) / 100 + (y - 1) / 400 + 1;

    return 365 * y + leaps + before[month - 1] + (month > 2 && is_leap(year)) - 719528;
}

static int
days_in(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return days[month - 1] + (month == 2 && is_leap(year));
}

int64_t
der_time(struct rd *rd)
{
    bool is_utc = der_peek(rd) == DER_UTC_TIME;
    struct rd in = der_enter(rd, is_utc ? DER_UTC_TIME : DER_TIME);
    int century = is_utc ? 0 : two_digits(&in, 100);
    int year = two_digits(&in, 100);
    int month = two_digits(&in, 13);
    int day = two_digits(&in, 32);
    int64_t seconds = two_digits(&in, 24) * 3600LL;

    seconds += two_digits(&in, 60) * 60LL;
    seconds += two_digits(&in, 60);
    year += is_utc ? (year < 50 ? 2000 : 1900) : 100 * century;
    if (rd_u8(&in) != 'Z' || !rd_end(&in) || month == 0 || day == 0 || day > days_in(year, month)) {
        rd_fail(rd);
    }
    return rd->failed ? 0 : (days_to(year, month) + day - 1) * 86400 + seconds;
}
