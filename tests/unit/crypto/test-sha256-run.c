/* crypto/sha256-run: put aside at every length, it gives what hashing at once gives. */
#include "crypto/sha256-run.h"

#include "crypto/digest.h"
#include "lib/check.h"

enum { N = 300 };

static uint8_t bytes[N];
static struct hasher *hasher;

static void
begin(void)
{
    hasher = hasher_new();
    CHECK(hasher);
    for (size_t i = 0; i < N; i++) {
        bytes[i] = (uint8_t)(i * 7 + 1);
    }
}

static void
check_digest(const struct sha256_run *run, size_t len)
{
    uint8_t expected[32];
    uint8_t got[32];

    CHECK_EQ(hasher_bytes(hasher, HASH_SHA256, bytes_of(bytes, len), expected), 0);
    CHECK_EQ(sha256_run_digest(run, got), 0);
    CHECK_BYTES(BYTES_OF(got), BYTES_OF(expected));
    CHECK_EQ(sha256_run_length(run), len);
}

/* FIPS 180-4, the published value of the empty message. */
static void
of_nothing_it_is_the_digest_of_nothing(void)
{
    struct sha256_run run;
    uint8_t got[32];

    begin();
    CHECK_EQ(sha256_run_init(&run), 0);
    CHECK_EQ(sha256_run_digest(&run, got), 0);
    CHECK_BYTES(BYTES_OF(got),
                check_hex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
    CHECK_EQ(sha256_run_add(&run, BYTES_NULL), 0);
    check_digest(&run, 0);
}

static void
every_cut_gives_the_same(void)
{
    begin();
    for (size_t cut = 0; cut <= N; cut++) {
        struct sha256_run run;

        CHECK_EQ(sha256_run_init(&run), 0);
        CHECK_EQ(sha256_run_add(&run, bytes_of(bytes, cut)), 0);
        check_digest(&run, cut);
        CHECK_EQ(sha256_run_add(&run, bytes_of(bytes + cut, N - cut)), 0);
        check_digest(&run, N);
    }
}

static void
byte_by_byte_gives_the_same(void)
{
    struct sha256_run run;

    begin();
    CHECK_EQ(sha256_run_init(&run), 0);
    for (size_t i = 0; i < N; i++) {
        CHECK_EQ(sha256_run_add(&run, bytes_of(bytes + i, 1)), 0);
        check_digest(&run, i + 1);
    }
}

/* One state is one encoding: what of the last block is over must not show. */
static void
the_same_bytes_give_the_same_state(void)
{
    struct sha256_run once;
    struct sha256_run parts;

    begin();
    CHECK_EQ(sha256_run_init(&once), 0);
    CHECK_EQ(sha256_run_init(&parts), 0);
    CHECK_EQ(sha256_run_add(&once, bytes_of(bytes, 130)), 0);
    CHECK_EQ(sha256_run_add(&parts, bytes_of(bytes, 63)), 0);
    CHECK_EQ(sha256_run_add(&parts, bytes_of(bytes + 63, 67)), 0);
    CHECK_BYTES(BYTES_OF(once.state), BYTES_OF(parts.state));
}

/* A length whose bits need more than 32. */
static void
half_a_gigabyte_and_more_is_counted(void)
{
    struct sha256_run run;
    uint8_t before[32];
    uint8_t got[32];

    begin();
    CHECK_EQ(sha256_run_init(&run), 0);
    CHECK_EQ(sha256_run_digest(&run, before), 0);
    run.state[35] = 1; /* 2^32 bytes came */
    CHECK_EQ(sha256_run_length(&run), UINT64_C(1) << 32);
    CHECK_EQ(sha256_run_digest(&run, got), 0);
    CHECK(!bytes_equal(BYTES_OF(got), BYTES_OF(before)));
    CHECK_EQ(sha256_run_add(&run, bytes_of(bytes, 5)), 0);
    CHECK_EQ(sha256_run_length(&run), (UINT64_C(1) << 32) + 5);
}

CHECK_MAIN(CASE(of_nothing_it_is_the_digest_of_nothing), CASE(every_cut_gives_the_same),
           CASE(byte_by_byte_gives_the_same), CASE(the_same_bytes_give_the_same_state),
           CASE(half_a_gigabyte_and_more_is_counted))
