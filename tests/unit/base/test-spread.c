/* base/spread: where keys go. */
#include "base/spread.h"

#include "lib/check.h"

enum { PLACES = 256, KEYS = PLACES * 16 };

static uint64_t
of_text(uint64_t seed, const char *text)
{
    return spread(seed, bytes_str(text));
}

static void
one_key_has_one_place_a_seed(void)
{
    CHECK_EQ(of_text(7, "192.0.2.1"), of_text(7, "192.0.2.1"));
    CHECK(of_text(7, "192.0.2.1") != of_text(8, "192.0.2.1"));
    CHECK(of_text(7, "") != of_text(8, ""));
}

static void
every_bit_and_the_length_count(void)
{
    uint8_t key[24] = {0};
    uint64_t whole = spread(7, BYTES_OF(key));

    for (size_t bit = 0; bit < 8 * sizeof(key); bit++) {
        key[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CHECK(spread(7, BYTES_OF(key)) != whole);
        key[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t n = 0; n < sizeof(key); n++) {
        CHECK(spread(7, bytes_of(key, n)) != whole);
    }
}

/* Keys that follow each other, as addresses do, by low and by high bits: no place has more than
 * four times its part. */
static void
neighbours_do_not_meet(void)
{
    static uint32_t low[PLACES];
    static uint32_t high[PLACES];

    for (uint32_t i = 0; i < KEYS; i++) {
        const uint8_t key[4] = {10, (uint8_t)(i >> 8), (uint8_t)i, 1};
        uint64_t h = spread(0x5eed5eed5eed5eedu, BYTES_OF(key));

        low[h % PLACES]++;
        high[h >> 56]++;
    }
    for (size_t i = 0; i < PLACES; i++) {
        CHECK(low[i] <= 4 * KEYS / PLACES);
        CHECK(high[i] <= 4 * KEYS / PLACES);
    }
}

static void
a_key_that_may_not_be_zero_is_not(void)
{
    CHECK_EQ(spread(0, BYTES_NULL), 0);
    CHECK_EQ(spread_key(0, BYTES_NULL), 1);
    CHECK_EQ(spread_key(7, bytes_str("a")), spread(7, bytes_str("a")));
}

CHECK_MAIN(CASE(one_key_has_one_place_a_seed), CASE(every_bit_and_the_length_count),
           CASE(neighbours_do_not_meet), CASE(a_key_that_may_not_be_zero_is_not))
