#include "formats/der.h"
#include "lib/check.h"

static struct rd
rd_of(const char *hex)
{
    return rd_init(check_guarded(check_hex(hex)));
}

static void
lengths_are_definite_and_minimal(void)
{
    static const char *const bad[] = {
        "04 80 00 00",       /* indefinite */
        "04 81 01 aa",       /* fits one byte */
        "04 82 00 80",       /* leading zero */
        "04 84 00000001 aa", /* four length bytes */
        "04 02 aa",          /* past the end */
        "04",
        "",
    };
    struct bytes big = check_hex("04 81 80");
    uint8_t room[3 + 128] = {0};
    struct rd rd;

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        rd = rd_of(bad[i]);
        CHECK_EQ(der_body(&rd, DER_OCTETS).len, 0);
        CHECK(rd.failed);
    }
    memcpy(room, big.p, big.len);
    rd = rd_init(check_guarded(BYTES_OF(room)));
    CHECK_EQ(der_body(&rd, DER_OCTETS).len, 128);
    CHECK(rd_end(&rd));
}

static void
another_tag_and_long_tags_fail(void)
{
    struct rd rd = rd_of("04 00");

    CHECK_EQ(der_peek(&rd), DER_OCTETS);
    (void)der_body(&rd, DER_OID);
    CHECK(rd.failed);
    CHECK_EQ(der_peek(&rd), DER_NONE);
    rd = rd_of("3f 01 00");
    CHECK_EQ(der_any(&rd).len, 0);
    CHECK(rd.failed);
}

static void
a_whole_element_keeps_its_head(void)
{
    struct rd rd = rd_of("05 00 30 03 04 01 aa 05 00");

    (void)der_any(&rd);
    CHECK_BYTES(der_whole(&rd, DER_SEQUENCE), check_hex("30 03 04 01 aa"));
    CHECK_BYTES(der_any(&rd), check_hex("05 00"));
    CHECK(rd_end(&rd));
}

static void
booleans_have_two_spellings(void)
{
    struct rd rd = rd_of("01 01 ff 01 01 00");

    CHECK(der_bool(&rd));
    CHECK(!der_bool(&rd));
    CHECK(rd_end(&rd));
    rd = rd_of("01 01 01");
    CHECK(!der_bool(&rd) && rd.failed);
    rd = rd_of("01 02 ff ff");
    CHECK(!der_bool(&rd) && rd.failed);
    rd = rd_of("01 00");
    CHECK(!der_bool(&rd) && rd.failed);
}

static void
integers_are_minimal_and_not_negative(void)
{
    static const char *const bad[] = {"02 00", "02 01 80", "02 02 00 7f", "02 02 ff 80"};
    struct rd rd = rd_of("02 01 7f 02 02 00 80 02 01 00");

    CHECK_EQ(der_small(&rd, 0x7f), 0x7f);
    CHECK_BYTES(der_positive(&rd), check_hex("80"));
    CHECK_EQ(der_small(&rd, 0), 0);
    CHECK(rd_end(&rd));
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        rd = rd_of(bad[i]);
        (void)der_positive(&rd);
        CHECK(rd.failed);
        rd = rd_of(bad[i]);
        (void)der_small(&rd, UINT32_MAX);
        CHECK(rd.failed);
    }
    rd = rd_of("02 01 00");
    CHECK(der_positive(&rd).len == 0 && rd.failed);
    rd = rd_of("02 01 06");
    CHECK(der_small(&rd, 5) == 0 && rd.failed);
    rd = rd_of("02 05 0100000000");
    CHECK(der_small(&rd, UINT32_MAX) == 0 && rd.failed);
    rd = rd_of("02 09 010000000000000000");
    CHECK(der_small(&rd, UINT32_MAX) == 0 && rd.failed);
}

static void
bit_strings_give_bytes_or_named_bits(void)
{
    struct rd rd = rd_of("03 02 00 aa 03 02 05 a0 03 03 07 06 80 03 01 00");

    CHECK_BYTES(der_bit_bytes(&rd), check_hex("aa"));
    CHECK_EQ(der_named_bits(&rd), 0xa000);
    CHECK_EQ(der_named_bits(&rd), 0x0680);
    CHECK_EQ(der_named_bits(&rd), 0);
    CHECK(rd_end(&rd));
    rd = rd_of("03 02 01 aa");
    CHECK(der_bit_bytes(&rd).len == 0 && rd.failed);
    rd = rd_of("03 02 08 aa");
    CHECK(der_named_bits(&rd) == 0 && rd.failed);
    rd = rd_of("03 04 00 aabbcc");
    CHECK(der_named_bits(&rd) == 0 && rd.failed);
    rd = rd_of("03 00");
    CHECK(der_bit_bytes(&rd).len == 0 && rd.failed);
}

static int64_t
time_of(unsigned tag, const char *text, bool *ret_failed)
{
    uint8_t room[64];
    size_t len = strlen(text);
    struct rd rd;
    int64_t value;

    room[0] = (uint8_t)tag;
    room[1] = (uint8_t)len;
    memcpy(room + 2, text, len);
    rd = rd_init(check_guarded(bytes_of(room, len + 2)));
    value = der_time(&rd);
    *ret_failed = rd.failed;
    return value;
}

/* Seconds by `date -u +%s`. */
static void
dates_are_those_of_the_calendar(void)
{
    static const struct {
        unsigned tag;
        const char *text;
        int64_t seconds;
    } rows[] = {
        {DER_UTC_TIME, "700101000000Z", 0},          {DER_UTC_TIME, "491231235959Z", 2524607999},
        {DER_UTC_TIME, "500101000000Z", -631152000}, {DER_UTC_TIME, "000229120000Z", 951825600},
        {DER_UTC_TIME, "261124143059Z", 1795530659}, {DER_TIME, "20500101000000Z", 2524608000},
        {DER_TIME, "21000301000000Z", 4107542400},   {DER_TIME, "99991231235959Z", 253402300799},
        {DER_TIME, "19000101000000Z", -2208988800},
    };
    bool failed;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        CHECK_EQ(time_of(rows[i].tag, rows[i].text, &failed), rows[i].seconds);
        CHECK(!failed);
    }
}

static void
what_is_no_date_fails(void)
{
    static const struct {
        unsigned tag;
        const char *text;
    } rows[] = {
        {DER_UTC_TIME, "260229000000Z"},     {DER_TIME, "21000229000000Z"},
        {DER_UTC_TIME, "261301000000Z"},     {DER_UTC_TIME, "260001000000Z"},
        {DER_UTC_TIME, "260100000000Z"},     {DER_UTC_TIME, "260132000000Z"},
        {DER_UTC_TIME, "260101240000Z"},     {DER_UTC_TIME, "260101006000Z"},
        {DER_UTC_TIME, "260101000060Z"},     {DER_UTC_TIME, "2601010000Z"},
        {DER_UTC_TIME, "260101000000+0100"}, {DER_UTC_TIME, "26010100000:Z"},
        {DER_UTC_TIME, "2601010000/0Z"},     {DER_TIME, "20260101000000.5Z"},
        {DER_TIME, "20260101000000"},        {DER_OCTETS, "20260101000000Z"},
    };
    bool failed;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        CHECK_EQ(time_of(rows[i].tag, rows[i].text, &failed), 0);
        CHECK(failed);
    }
}

CHECK_MAIN(CASE(lengths_are_definite_and_minimal), CASE(another_tag_and_long_tags_fail),
           CASE(a_whole_element_keeps_its_head), CASE(booleans_have_two_spellings),
           CASE(integers_are_minimal_and_not_negative), CASE(bit_strings_give_bytes_or_named_bits),
           CASE(dates_are_those_of_the_calendar), CASE(what_is_no_date_fails))
