/* base/cbor-rd and base/cbor-wr */
#include "base/cbor-rd.h"
#include "base/cbor-wr.h"
#include "lib/check.h"

static struct cbor_rd
reader(const char *hex)
{
    return cbor_rd_init(check_guarded(check_hex(hex)));
}

/* True when the whole input is one acceptable item. */
static bool
acceptable(const char *hex)
{
    struct cbor_rd c = reader(hex);

    (void)cbor_rd_raw(&c);
    return cbor_rd_end(&c);
}

static void
well_formed_items_are_accepted(void)
{
    static const char *const good[] = {
        "00",           "17",
        "1818",         "190100",
        "1a00010000",   "1b0000000100000000",
        "20",           "3818",
        "40",           "4101",
        "60",           "6161",
        "80",           "820102",
        "a0",           "a1 01 02",
        "a2 0102 0304", "c100",
        "f4",           "f5",
        "f6",           "a3 0100 2000 616100",
        "d8 3d 80",
    };

    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        if (!acceptable(good[i])) {
            check_fail(__FILE__, __LINE__, "refused: %s", good[i]);
        }
    }
}

static void
all_that_is_not_deterministic_is_refused(void)
{
    static const char *const bad[] = {
        "",     /* nothing */
        "1800", /* not the shortest */
        "1900ff",
        "1a0000ffff",
        "1b00000000ffffffff",
        "3817",
        "580100",
        "7801 61",
        "5f4101ff", /* indefinite lengths */
        "7f6161ff",
        "9f01ff",
        "bf0102ff",
        "ff",
        "f7",
        "f90000",
        "fa00000000",
        "fb0000000000000000",
        "f8ff",
        "e0",           /* types we do not speak */
        "a2 0102 0103", /* the same key twice */
        "a2 0302 0103", /* keys out of order */
        "a2 616100 0100",
        "a1 8000 00", /* a key that is neither number nor text */
        "62c328",     /* not UTF-8 */
        "0000",       /* trailing bytes */
        "41",
        "5b0000000010000000",
        "9b0000000010000000",
        "bb0000000010000000",
        "9bffffffffffffffff",
        "bbffffffffffffffff",
        "5bffffffffffffffff",
        "7bffffffffffffffff",
        "81818181818181818100", /* deeper than we read */
    };

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        if (acceptable(bad[i])) {
            check_fail(__FILE__, __LINE__, "accepted: %s", bad[i]);
        }
    }
}

static void
every_truncation_is_refused(void)
{
    struct bytes good = check_hex("a3 01 43010203 02 8301820203f5 6161 1a00010000");

    for (size_t n = 0; n < good.len; n++) {
        struct cbor_rd c = cbor_rd_init(check_guarded(bytes_of(good.p, n)));

        (void)cbor_rd_raw(&c);
        CHECK(!cbor_rd_end(&c));
    }
}

static void
numbers_keep_their_bounds(void)
{
    struct cbor_rd c = reader("1b7fffffffffffffff");

    CHECK_EQ(cbor_rd_int(&c), INT64_MAX);
    c = reader("3b7fffffffffffffff");
    CHECK_EQ(cbor_rd_int(&c), INT64_MIN);
    c = reader("1b8000000000000000");
    CHECK_EQ(cbor_rd_int(&c), 0);
    CHECK(cbor_rd_failed(&c));
    c = reader("3b8000000000000000");
    CHECK_EQ(cbor_rd_int(&c), 0);
    CHECK(cbor_rd_failed(&c));
    c = reader("05");
    CHECK_EQ(cbor_rd_uint(&c, 4), 0);
    CHECK(cbor_rd_failed(&c));
    c = reader("1bffffffffffffffff");
    CHECK(cbor_rd_uint(&c, UINT64_MAX) == UINT64_MAX);
    CHECK(cbor_rd_end(&c));
}

static void
strings_keep_their_bounds(void)
{
    uint8_t out[2] = {7, 7};
    struct cbor_rd c = reader("43010203");

    CHECK_EQ(cbor_rd_bstr(&c, 2).len, 0);
    CHECK(cbor_rd_failed(&c));
    c = reader("420102");
    cbor_rd_bstr_copy(&c, out, 2);
    CHECK_BYTES(BYTES_OF(out), check_hex("0102"));
    c = reader("4101");
    cbor_rd_bstr_copy(&c, out, 2);
    CHECK(cbor_rd_failed(&c));
    CHECK_BYTES(BYTES_OF(out), check_hex("0000"));
    c = reader("6161");
    CHECK_EQ(cbor_rd_bstr(&c, 9).len, 0);
    CHECK(cbor_rd_failed(&c));
    c = reader("626161");
    CHECK_EQ(cbor_rd_tstr(&c, 1).len, 0);
    CHECK(cbor_rd_failed(&c));
}

static void
a_map_gives_its_keys_in_order(void)
{
    struct cbor_rd c = reader("a3 01 f5 20 f6 6161 05");
    struct cbor_map m = cbor_rd_map(&c, 3);
    struct cbor_key key;

    CHECK(cbor_map_next(&c, &m, &key));
    CHECK_EQ(key.number, 1);
    CHECK(cbor_rd_bool(&c));
    CHECK(cbor_map_next(&c, &m, &key));
    CHECK_EQ(key.number, -1);
    CHECK(cbor_rd_null(&c));
    CHECK(cbor_map_next(&c, &m, &key));
    CHECK_BYTES(key.text, bytes_str("a"));
    CHECK(!cbor_rd_null(&c));
    CHECK_EQ(cbor_rd_uint(&c, 5), 5);
    CHECK(!cbor_map_next(&c, &m, &key));
    CHECK(cbor_rd_end(&c));
}

static void
counts_are_not_believed(void)
{
    struct cbor_rd c = reader("a2 0100");
    struct cbor_map m = cbor_rd_map(&c, 1);
    int64_t key;

    CHECK(!cbor_map_next_int(&c, &m, &key));
    CHECK(cbor_rd_failed(&c));
    c = reader("8100");
    cbor_rd_array(&c, 2);
    CHECK(cbor_rd_failed(&c));
    c = reader("a1616100");
    m = cbor_rd_map(&c, 4);
    CHECK(!cbor_map_next_int(&c, &m, &key));
    CHECK(cbor_rd_failed(&c));
}

static void
the_writer_uses_the_shortest_form(void)
{
    uint8_t room[128];
    struct wr wr = wr_init(room, sizeof(room));

    cbor_wr_map(&wr, 2);
    cbor_wr_uint(&wr, 1);
    cbor_wr_array(&wr, 6);
    cbor_wr_uint(&wr, 23);
    cbor_wr_uint(&wr, 24);
    cbor_wr_uint(&wr, 65535);
    cbor_wr_int(&wr, -65537);
    cbor_wr_bool(&wr, false);
    cbor_wr_null(&wr);
    cbor_wr_tstr(&wr, "a");
    cbor_wr_tag(&wr, 18);
    cbor_wr_bstr(&wr, check_hex("0102"));
    CHECK_BYTES(wr_done(&wr), check_hex("a2 01 86 17 1818 19ffff 3a00010000 f4 f6 6161 d2 420102"));
}

static void
the_writer_stops_at_its_room(void)
{
    for (size_t cap = 0; cap < 11; cap++) {
        uint8_t room[16];
        struct wr wr = wr_init((uint8_t *)(uintptr_t)check_guarded(bytes_of(room, cap)).p, cap);

        cbor_wr_array(&wr, 3);
        cbor_wr_uint(&wr, 1000);
        cbor_wr_bstr(&wr, check_hex("010203"));
        cbor_wr_tstr(&wr, "ab");
        CHECK(wr_done(&wr).p == NULL);
    }
}

static void
every_tag_reads_in_its_shortest_form_only(void)
{
    static const char *const good[] = {
        "c0", "c6", "d2", "d7", "d818", "d8ff", "d90100", "da00010000", "db0000000100000000"};
    static const char *const bad[] = {"d817", "d900ff", "da0000ffff", "db00000000ffffffff",
                                      "dc",   "df",     "d8",         "d901"};

    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        struct cbor_rd c = cbor_rd_init(check_guarded(check_hex(good[i])));

        CHECK_EQ(cbor_rd_peek(&c), CBOR_TAG);
        (void)cbor_rd_tag(&c);
        CHECK(cbor_rd_end(&c));
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct cbor_rd c = cbor_rd_init(check_guarded(check_hex(bad[i])));

        CHECK_EQ(cbor_rd_tag(&c), 0);
        CHECK(cbor_rd_failed(&c));
    }
}

/* What others write: keys as they like, but none twice, however many stand between. */
static void
keys_may_come_in_any_order_but_once(void)
{
    static const char *const good[] = {"a3020101010001", "a2616101 0001", "a2 20 a2 0101 0001 0001",
                                       "a2 616101 62616101"};
    static const char *const bad[] = {"a2 0001 0001", "a3 0001 0101 0001", "a2 616101 616101",
                                      "a1 01 a2 2001 2001", "a1 180001"};

    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        struct cbor_rd c = cbor_rd_init_any_order(check_guarded(check_hex(good[i])));

        (void)cbor_rd_raw(&c);
        CHECK(cbor_rd_end(&c));
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct cbor_rd c = cbor_rd_init_any_order(check_guarded(check_hex(bad[i])));

        CHECK(cbor_rd_raw(&c).p == NULL && cbor_rd_failed(&c));
    }
}

static void
keys_in_any_order_and_depth_are_bounded(void)
{
    uint8_t room[4 * LIMIT_CBOR_ITEMS];

    for (size_t n = LIMIT_CBOR_ITEMS; n <= LIMIT_CBOR_ITEMS + 1; n++) {
        struct wr wr = wr_init(room, sizeof(room));
        struct cbor_rd c;

        cbor_wr_map(&wr, n);
        for (size_t i = 0; i < n; i++) {
            cbor_wr_uint(&wr, n - i);
            cbor_wr_null(&wr);
        }
        c = cbor_rd_init_any_order(wr_done(&wr));
        (void)cbor_rd_raw(&c);
        CHECK_EQ(cbor_rd_failed(&c), n > LIMIT_CBOR_ITEMS);
    }
    for (size_t n = LIMIT_CBOR_DEEP - 1; n <= LIMIT_CBOR_DEEP; n++) {
        struct cbor_rd c;

        memset(room, 0x81, n); /* arrays of one, in each other */
        room[n] = 0;
        c = cbor_rd_init_any_order(bytes_of(room, n + 1));
        (void)cbor_rd_raw(&c);
        CHECK_EQ(cbor_rd_failed(&c), n == LIMIT_CBOR_DEEP);
    }
}

CHECK_MAIN(CASE(keys_may_come_in_any_order_but_once), CASE(keys_in_any_order_and_depth_are_bounded),
           CASE(every_tag_reads_in_its_shortest_form_only), CASE(well_formed_items_are_accepted),
           CASE(all_that_is_not_deterministic_is_refused), CASE(every_truncation_is_refused),
           CASE(numbers_keep_their_bounds), CASE(strings_keep_their_bounds),
           CASE(a_map_gives_its_keys_in_order), CASE(counts_are_not_believed),
           CASE(the_writer_uses_the_shortest_form), CASE(the_writer_stops_at_its_room))
