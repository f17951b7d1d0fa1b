/* keeper/ek-cache */
#include "keeper/ek-cache.h"

#include "lib/check.h"

static struct ek_cache *cache;

static void
put(uint8_t name, enum ek_chain chain, int64_t from_s, int64_t until_s)
{
    const uint8_t digest[32] = {name};
    const struct ek_worth worth = {.chain = chain, .from_s = from_s, .until_s = until_s};

    ek_cache_put(cache, digest, &worth);
}

static const struct ek_worth *
get(uint8_t name, int64_t now_s)
{
    const uint8_t digest[32] = {name};

    return ek_cache_get(cache, digest, now_s);
}

static void
worth_is_told_within_its_time(void)
{
    cache = ek_cache_new();
    CHECK(!get(1, 15));
    put(1, EK_CHAIN_VERIFIED, 10, 20);
    put(2, EK_CHAIN_LISTED, 10, 30);
    CHECK(!get(1, 9));
    CHECK(get(1, 10) && get(1, 10)->chain == EK_CHAIN_VERIFIED);
    CHECK(get(1, 20));
    CHECK(!get(1, 21));
    CHECK_EQ(get(2, 21)->chain, EK_CHAIN_LISTED);
    CHECK(!get(3, 15));
    ek_cache_free(cache);
}

static void
a_later_word_replaces(void)
{
    cache = ek_cache_new();
    put(1, EK_CHAIN_LISTED, 0, 10);
    put(1, EK_CHAIN_VERIFIED, 11, 20);
    CHECK(!get(1, 5));
    CHECK_EQ(get(1, 15)->chain, EK_CHAIN_VERIFIED);
    ek_cache_free(cache);
    ek_cache_free(NULL);
}

static void
the_oldest_makes_room(void)
{
    const struct ek_worth worth = {.chain = EK_CHAIN_LISTED, .until_s = 10};
    uint8_t digest[32] = {0};

    cache = ek_cache_new();
    put(1, EK_CHAIN_LISTED, 0, 10);
    for (size_t i = 1; i < EK_CACHE_MAX; i++) {
        digest[30] = (uint8_t)(i >> 8);
        digest[31] = (uint8_t)i;
        ek_cache_put(cache, digest, &worth);
    }
    CHECK(get(1, 5));
    put(2, EK_CHAIN_LISTED, 0, 10);
    CHECK(!get(1, 5));
    CHECK(get(2, 5));
    CHECK(ek_cache_get(cache, digest, 5));
    ek_cache_free(cache);
}

CHECK_MAIN(CASE(worth_is_told_within_its_time), CASE(a_later_word_replaces),
           CASE(the_oldest_makes_room))
