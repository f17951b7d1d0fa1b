/* base/rd and base/wr: exhaustive over all lengths 0..64 on guard pages. */
#include "base/rd.h"
#include "base/wr.h"
#include "lib/check.h"

static uint8_t pattern[64];

static struct bytes
pattern_of(size_t len)
{
    for (size_t i = 0; i < sizeof(pattern); i++) {
        pattern[i] = (uint8_t)(i * 7 + 1);
    }
    return check_guarded(bytes_of(pattern, len));
}

static void
each_length_reads_exactly_what_is_there(void)
{
    for (size_t len = 0; len <= 64; len++) {
        struct bytes in = pattern_of(len);

        for (size_t n = 0; n <= 65; n++) {
            struct rd rd = rd_init(in);
            struct bytes view = rd_bytes(&rd, n);

            CHECK_EQ(rd.failed, n > len);
            CHECK_EQ(view.len, n > len ? 0 : n);
            CHECK_EQ(rd_end(&rd), n == len);
        }
    }
}

static void
numbers_have_their_byte_order(void)
{
    struct rd rd = rd_init(check_guarded(check_hex("01 0102 01020304 0102030405060708")));

    CHECK_EQ(rd_u8(&rd), 1);
    CHECK_EQ(rd_le16(&rd), 0x0201);
    CHECK_EQ(rd_be32(&rd), 0x01020304);
    CHECK_EQ(rd_le64(&rd), 0x0807060504030201);
    CHECK(rd_end(&rd));
    rd = rd_init(check_guarded(check_hex("0102 01020304 0102030405060708")));
    CHECK_EQ(rd_be16(&rd), 0x0102);
    CHECK_EQ(rd_le32(&rd), 0x04030201);
    CHECK_EQ(rd_be64(&rd), 0x0102030405060708);
    CHECK(rd_end(&rd));
}

static void
a_failure_latches_and_yields_zero(void)
{
    uint8_t out[4] = {9, 9, 9, 9};
    struct rd rd = rd_init(check_guarded(check_hex("010203")));

    CHECK_EQ(rd_be32(&rd), 0);
    CHECK(rd.failed);
    CHECK_EQ(rd_u8(&rd), 0);
    CHECK_EQ(rd_left(&rd), 0);
    rd_copy(&rd, out, sizeof(out));
    CHECK_BYTES(BYTES_OF(out), check_hex("00000000"));
    CHECK(!rd_end(&rd));
}

static void
a_huge_length_does_not_wrap(void)
{
    struct rd rd = rd_init(check_guarded(check_hex("0102")));

    (void)rd_u8(&rd);
    CHECK_EQ(rd_bytes(&rd, SIZE_MAX).len, 0);
    CHECK(rd.failed);
}

static void
a_sub_reader_keeps_absolute_offsets_and_its_bounds(void)
{
    struct rd rd = rd_init(check_guarded(check_hex("00 112233 44")));
    struct rd sub;

    (void)rd_u8(&rd);
    sub = rd_sub(&rd, 3);
    CHECK_EQ(rd_offset(&sub), 1);
    CHECK_EQ(rd_be16(&sub), 0x1122);
    CHECK_EQ(rd_offset(&sub), 3);
    CHECK_EQ(rd_be16(&sub), 0);
    CHECK(sub.failed);
    CHECK(!rd.failed);
    CHECK_EQ(rd_u8(&rd), 0x44);
    sub = rd_sub(&rd, 1);
    CHECK(sub.failed && rd.failed);
}

static void
rest_takes_all_that_is_left(void)
{
    struct rd rd = rd_init(check_guarded(check_hex("010203")));

    (void)rd_u8(&rd);
    CHECK_BYTES(rd_rest(&rd), check_hex("0203"));
    CHECK(rd_end(&rd));
    rd_fail(&rd);
    CHECK(!rd_end(&rd));
}

static void
the_writer_stops_at_its_room(void)
{
    for (size_t cap = 0; cap <= 64; cap++) {
        struct bytes room = pattern_of(cap);

        for (size_t n = 0; n <= 65; n++) {
            struct wr wr = wr_init((uint8_t *)(uintptr_t)room.p, cap);

            for (size_t i = 0; i < n; i++) {
                wr_u8(&wr, 1);
            }
            CHECK_EQ(wr.failed, n > cap);
            CHECK_EQ(wr_done(&wr).len, n > cap ? 0 : n);
        }
    }
}

static void
what_was_written_reads_back(void)
{
    uint8_t room[64];
    struct wr wr = wr_init(room, sizeof(room));

    wr_le16(&wr, 0x0102);
    wr_le32(&wr, 0x01020304);
    wr_le64(&wr, 1);
    wr_be16(&wr, 0x0102);
    wr_be32(&wr, 0x01020304);
    wr_be64(&wr, 1);
    wr_str(&wr, "ab");
    wr_bytes(&wr, check_hex("ff"));
    CHECK_BYTES(wr_done(&wr), check_hex("0201 04030201 0100000000000000"
                                        "0102 01020304 0000000000000001 6162 ff"));
}

CHECK_MAIN(CASE(each_length_reads_exactly_what_is_there), CASE(numbers_have_their_byte_order),
           CASE(a_failure_latches_and_yields_zero), CASE(a_huge_length_does_not_wrap),
           CASE(a_sub_reader_keeps_absolute_offsets_and_its_bounds),
           CASE(rest_takes_all_that_is_left), CASE(the_writer_stops_at_its_room),
           CASE(what_was_written_reads_back))
