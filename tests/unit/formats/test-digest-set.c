/* formats/digest-set */
#include "formats/digest-set.h"

#include <stdlib.h>

#include "crypto/digest.h"
#include "lib/check.h"

enum { MANY = 3000, SIZE = 32 };

static uint8_t room[DIGEST_SET_HEAD + MANY * HASH_SIZE_MAX];

/* A file of n digests that are given, of whatever order. */
static struct bytes
file_of(enum hash alg, const uint8_t *digests, size_t n)
{
    struct wr wr = wr_init(room, sizeof(room));

    digest_set_head(&wr, alg, n);
    CHECK_EQ(wr.len, DIGEST_SET_HEAD);
    wr_bytes(&wr, bytes_of(digests, n * hash_size(alg)));
    return check_guarded(wr_done(&wr));
}

static struct bytes
digest_at(const struct digest_set *set, size_t i)
{
    return bytes_of(set->digests + i * hash_size(set->alg), hash_size(set->alg));
}

/* Of the numbers from first, in their order. */
static void
digests_of(enum hash alg, uint32_t first, size_t n, uint8_t *ret)
{
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();

    for (uint32_t i = 0; i < n; i++) {
        uint32_t number = first + i;

        CHECK_EQ(
            hasher_bytes(hasher, alg, bytes_of(&number, sizeof(number)), ret + i * hash_size(alg)),
            0);
    }
}

static void
a_set_has_what_was_put_in_and_no_more(void)
{
    static const enum hash algs[] = {HASH_SHA1, HASH_SHA256, HASH_SHA384, HASH_SHA512};
    static uint8_t in[MANY * HASH_SIZE_MAX];
    static uint8_t out[MANY * HASH_SIZE_MAX];

    for (size_t k = 0; k < ARRAY_LEN(algs); k++) {
        size_t size = hash_size(algs[k]);
        struct digest_set set;

        digests_of(algs[k], 0, MANY, in);
        digests_of(algs[k], MANY, MANY, out);
        CHECK_EQ(digest_set_sort(in, MANY, algs[k]), MANY);
        CHECK_EQ(digest_set_read(file_of(algs[k], in, MANY), &set, NULL), 0);
        CHECK_EQ(set.n, MANY);
        CHECK_EQ(set.alg, algs[k]);
        for (size_t i = 0; i < MANY; i++) {
            CHECK(digest_set_has(&set, digest_at(&set, i)));
            CHECK(!digest_set_has(&set, bytes_of(out + i * size, size)));
        }
    }
}

/* What a search by guess is bad at: digests that are all alike but for one byte, wherever. */
static void
a_set_that_is_not_spread_evenly_answers_as_well(void)
{
    static const size_t places[] = {0, 1, 3, 7, 31};
    uint8_t digests[128][SIZE];

    for (size_t k = 0; k < 2 * ARRAY_LEN(places); k++) {
        uint8_t fill = k % 2 ? 0xff : 0;
        struct digest_set set;

        memset(digests, fill, sizeof(digests));
        for (size_t i = 0; i < ARRAY_LEN(digests); i++) {
            digests[i][places[k / 2]] = (uint8_t)(2 * i);
        }
        CHECK_EQ(digest_set_read(file_of(HASH_SHA256, digests[0], ARRAY_LEN(digests)), &set, NULL),
                 0);
        for (size_t i = 0; i < 256; i++) {
            uint8_t asked[SIZE];

            memset(asked, fill, sizeof(asked));
            asked[places[k / 2]] = (uint8_t)i;
            CHECK_EQ(digest_set_has(&set, BYTES_OF(asked)), i % 2 == 0);
        }
    }
}

static void
both_ends_of_what_there_can_be_are_found(void)
{
    uint8_t digests[3][SIZE] = {{0}, {1}, {0}};
    struct digest_set set;

    memset(digests[2], 0xff, SIZE);
    CHECK_EQ(digest_set_read(file_of(HASH_SHA256, digests[0], 3), &set, NULL), 0);
    for (size_t i = 0; i < 3; i++) {
        CHECK(digest_set_has(&set, BYTES_OF(digests[i])));
    }
}

static void
a_digest_of_another_length_is_in_no_set(void)
{
    uint8_t digests[2][SIZE] = {{1}, {2}};
    struct digest_set set;

    CHECK_EQ(digest_set_read(file_of(HASH_SHA256, digests[0], 2), &set, NULL), 0);
    CHECK(!digest_set_has(&set, BYTES_NULL));
    CHECK(!digest_set_has(&set, bytes_of(digests[0], 20)));
    CHECK(!digest_set_has(&set, bytes_of(digests[0], 64)));
}

static void
a_set_of_none_has_nothing(void)
{
    uint8_t none[SIZE] = {0};
    struct digest_set set;

    CHECK_EQ(digest_set_read(file_of(HASH_SHA256, none, 0), &set, NULL), 0);
    CHECK_EQ(set.n, 0);
    CHECK(!digest_set_has(&set, BYTES_OF(none)));
}

static void
sorting_drops_what_stands_twice(void)
{
    uint8_t digests[5][SIZE] = {{3}, {1}, {3}, {2}, {1}};

    CHECK_EQ(digest_set_sort(digests[0], 5, HASH_SHA256), 3);
    for (uint8_t i = 0; i < 3; i++) {
        CHECK_EQ(digests[i][0], i + 1);
    }
    CHECK_EQ(digest_set_sort(NULL, 0, HASH_SHA256), 0);
}

static enum rule
broken(struct bytes in, struct fault *ret_fault)
{
    struct digest_set set = {.n = 7};

    *ret_fault = (struct fault){0};
    CHECK_EQ(digest_set_read(check_guarded(in), &set, ret_fault), 1);
    CHECK_EQ(set.n, 7);
    return ret_fault->rule;
}

static void
digests_out_of_order_or_twice_are_refused(void)
{
    uint8_t twice[3][SIZE] = {{1}, {2}, {2}};
    uint8_t back[3][SIZE] = {{2}, {1}, {3}};
    struct fault fault;

    CHECK_EQ(broken(file_of(HASH_SHA256, twice[0], 3), &fault), RULE_DIGEST_SET_ORDER);
    CHECK_EQ(fault.event, 2);
    CHECK_EQ(fault.offset, DIGEST_SET_HEAD + 2 * SIZE);
    CHECK_EQ(broken(file_of(HASH_SHA256, back[0], 3), &fault), RULE_DIGEST_SET_ORDER);
    CHECK_EQ(fault.event, 1);
}

static void
each_cut_and_each_byte_too_many_is_refused(void)
{
    uint8_t digests[2][SIZE] = {{1}, {2}};
    uint8_t longer[DIGEST_SET_HEAD + 2 * SIZE + 1] = {0};
    struct bytes file = file_of(HASH_SHA256, digests[0], 2);
    struct fault fault;

    for (size_t len = 0; len < file.len; len++) {
        CHECK_EQ(broken(bytes_of(file.p, len), &fault),
                 len < DIGEST_SET_HEAD ? RULE_DIGEST_SET_HEAD : RULE_DIGEST_SET_LENGTH);
    }
    memcpy(longer, file.p, file.len);
    CHECK_EQ(broken(BYTES_OF(longer), &fault), RULE_DIGEST_SET_LENGTH);
}

static void
each_bit_of_the_head_counts(void)
{
    uint8_t digests[2][SIZE] = {{1}, {2}};
    uint8_t copy[DIGEST_SET_HEAD + 2 * SIZE];
    struct bytes file = file_of(HASH_SHA256, digests[0], 2);
    struct fault fault;

    for (size_t bit = 0; bit < DIGEST_SET_HEAD * 8; bit++) {
        memcpy(copy, file.p, sizeof(copy));
        copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CHECK(broken(BYTES_OF(copy), &fault) != RULE_NONE);
        CHECK(fault.offset <= sizeof(copy));
    }
}

/* Times the digest's size they are small numbers again. */
static void
counts_that_overflow_are_refused(void)
{
    static const uint64_t counts[] = {LIMIT_DIGEST_SET + 1, UINT64_MAX, UINT64_C(1) << 59,
                                      (UINT64_C(1) << 59) + 1};
    struct fault fault;

    for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
        uint8_t file[DIGEST_SET_HEAD + SIZE] = {0};
        struct wr wr = wr_init(file, sizeof(file));

        digest_set_head(&wr, HASH_SHA256, (size_t)counts[i]);
        CHECK_EQ(broken(BYTES_OF(file), &fault), RULE_DIGEST_SET_LENGTH);
        CHECK_EQ(fault.offset, DIGEST_SET_HEAD);
    }
}

CHECK_MAIN(CASE(a_set_has_what_was_put_in_and_no_more),
           CASE(a_set_that_is_not_spread_evenly_answers_as_well),
           CASE(both_ends_of_what_there_can_be_are_found),
           CASE(a_digest_of_another_length_is_in_no_set), CASE(a_set_of_none_has_nothing),
           CASE(sorting_drops_what_stands_twice), CASE(digests_out_of_order_or_twice_are_refused),
           CASE(each_cut_and_each_byte_too_many_is_refused), CASE(each_bit_of_the_head_counts),
           CASE(counts_that_overflow_are_refused))
