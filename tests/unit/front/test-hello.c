/* front/hello and front/cookie: what is read of a stranger's datagram, and the answer to it. */
#include "front/cookie.h"
#include "lib/alloc-count.h"
#include "lib/check.h"

/* record, handshake head, version, random, session id, cookie, suites, compression, extensions */
#define HEAD "16 fefd 0000 000000000005 0045 01 000039 0000 000000 000039"
#define RANDOM "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define BODY "fefd " RANDOM " 02 aabb 03 c1c2c3 0004 ccac c02b 01 00 0006 0017 0002 1234"

static struct bytes
good(void)
{
    return check_hex(HEAD BODY);
}

static int
outcome(const char *hex)
{
    struct hello hello;

    return hello_read(check_guarded(check_hex(hex)), &hello);
}

static void
a_hello_is_read(void)
{
    struct hello hello;

    CHECK_EQ(hello_read(check_guarded(good()), &hello), HELLO_OK);
    CHECK_EQ(hello.version, 0xfefd);
    CHECK_BYTES(BYTES_OF(hello.random), check_hex(RANDOM));
    CHECK_BYTES(BYTES_OF(hello.record_seq), check_hex("000000000005"));
    CHECK_BYTES(hello.cookie, check_hex("c1c2c3"));
}

static void
every_truncation_and_a_trailing_byte_are_refused(void)
{
    struct bytes in = good();
    struct hello hello = {.version = 7};
    uint8_t longer[256] = {0};

    for (size_t n = 0; n < in.len; n++) {
        CHECK(hello_read(check_guarded(bytes_of(in.p, n)), &hello) != HELLO_OK);
    }
    memcpy(longer, in.p, in.len);
    CHECK_EQ(hello_read(check_guarded(bytes_of(longer, in.len + 1)), &hello), HELLO_E_MALFORMED);
    CHECK_EQ(hello.version, 7);
}

/* Any one length byte off by one. */
static void
each_wrong_length_is_refused(void)
{
    static const size_t at[] = {11, 12, 14, 15, 16, 19, 20, 21, 22,
                                23, 24, 59, 62, 66, 67, 72, 74, 75};
    struct bytes in = good();
    uint8_t copy[256];
    struct hello hello;

    for (size_t i = 0; i < ARRAY_LEN(at); i++) {
        for (int step = -1; step <= 1; step += 2) {
            memcpy(copy, in.p, in.len);
            copy[at[i]] = (uint8_t)(copy[at[i]] + step);
            CHECK(hello_read(check_guarded(bytes_of(copy, in.len)), &hello) != HELLO_OK);
        }
    }
}

static void
what_is_no_hello_is_said_to_be_other(void)
{
    CHECK_EQ(outcome(""), HELLO_E_OTHER);
    CHECK_EQ(outcome("17 fefd 0000 000000000005 0001 00"), HELLO_E_OTHER);
    CHECK_EQ(outcome("16 fefd 0001 000000000005 0001 01"), HELLO_E_OTHER);
    CHECK_EQ(outcome("16 0303 0000 000000000005 0001 01"), HELLO_E_OTHER);
    CHECK_EQ(outcome("16 fefd 0000 000000000005 0001 10"), HELLO_E_OTHER);
    CHECK_EQ(outcome("16 fefd 0000 000000000005 0000"), HELLO_E_MALFORMED);
}

static void
a_part_is_said_to_be_one(void)
{
    CHECK_EQ(outcome("16 fefd 0000 000000000005 0045 01 000039 0000 000001 000038" BODY),
             HELLO_E_FRAGMENT);
    CHECK_EQ(outcome("16 fefd 0000 000000000005 000d 01 00003b 0000 000000 000001 fe"),
             HELLO_E_FRAGMENT);
}

static void
suites_and_compression_must_be_there(void)
{
    CHECK_EQ(outcome("16 fefd 0000 000000000005 0034 01 000028 0000 000000 000028 fefd " RANDOM
                     " 00 00 0000 01 00"),
             HELLO_E_MALFORMED);
    CHECK_EQ(outcome("16 fefd 0000 000000000005 0035 01 000029 0000 000000 000029 fefd " RANDOM
                     " 00 00 0002 ccac 00"),
             HELLO_E_MALFORMED);
    CHECK_EQ(outcome("16 fefd 0000 000000000005 0036 01 00002a 0000 000000 00002a fefd " RANDOM
                     " 00 00 0002 ccac 01 00"),
             HELLO_OK);
}

static const struct cookie_secrets secrets = {.current = {1}, .previous = {2}};

static int
checked(const struct cookie_secrets *with, const struct addr *peer, const struct hello *hello,
        uint8_t out[COOKIE_REQUEST_LEN])
{
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();

    return cookie_check(hasher, with, peer, hello, out);
}

/* A hello of this peer with the cookie that it was given, which lives in out. */
static struct hello
second_hello(const struct addr *peer, uint8_t out[COOKIE_REQUEST_LEN])
{
    struct hello hello;

    CHECK_EQ(hello_read(good(), &hello), HELLO_OK);
    CHECK_EQ(checked(&secrets, peer, &hello, out), COOKIE_E_NONE);
    hello.cookie = bytes_of(out + COOKIE_REQUEST_LEN - COOKIE_LEN, COOKIE_LEN);
    return hello;
}

static void
the_cookie_request_is_shorter_than_any_hello_and_well_formed(void)
{
    struct addr peer = {.ip = {192, 0, 2, 1}, .port = 9};
    uint8_t out[COOKIE_REQUEST_LEN];

    (void)second_hello(&peer, out);
    CHECK_BYTES(bytes_of(out, 28),
                check_hex("16 feff 0000 000000000005 002f 03 000023 0000 000000 000023 feff 20"));
}

static void
a_cookie_is_good_for_one_address_and_one_random(void)
{
    struct addr peer = {.ip = {192, 0, 2, 1}, .port = 9};
    uint8_t out[COOKIE_REQUEST_LEN];
    uint8_t other[COOKIE_REQUEST_LEN] = {0};
    struct hello hello = second_hello(&peer, out);

    CHECK_EQ(checked(&secrets, &peer, &hello, other), 0);
    CHECK_EQ(other[0], 0); /* no answer was made */
    peer.port = 10;
    CHECK_EQ(checked(&secrets, &peer, &hello, other), COOKIE_E_NONE);
    peer = (struct addr){.ip = {192, 0, 2, 1}, .port = 9, .v6 = true};
    CHECK_EQ(checked(&secrets, &peer, &hello, other), COOKIE_E_NONE);
    peer.v6 = false;
    hello.random[31] ^= 1;
    CHECK_EQ(checked(&secrets, &peer, &hello, other), COOKIE_E_NONE);
}

/* Its end is missing, its last bit is another, or there is none. */
static void
what_is_not_the_whole_cookie_gets_another_request(void)
{
    struct addr peer = {.ip = {192, 0, 2, 1}, .port = 9};
    uint8_t out[COOKIE_REQUEST_LEN];
    uint8_t other[COOKIE_REQUEST_LEN];
    struct hello hello = second_hello(&peer, out);
    const uint8_t *cookie = hello.cookie.p;

    for (size_t n = 0; n < COOKIE_LEN; n++) {
        hello.cookie = bytes_of(cookie, n);
        CHECK_EQ(checked(&secrets, &peer, &hello, other), COOKIE_E_NONE);
        CHECK_BYTES(BYTES_OF(other), BYTES_OF(out)); /* of the same secret and peer */
    }
    hello.cookie = bytes_of(cookie, COOKIE_LEN);
    out[COOKIE_REQUEST_LEN - 1] ^= 1;
    CHECK_EQ(checked(&secrets, &peer, &hello, other), COOKIE_E_NONE);
}

static void
the_previous_secrets_cookie_holds_and_the_one_before_does_not(void)
{
    static const struct cookie_secrets next = {.current = {3}, .previous = {1}};
    static const struct cookie_secrets later = {.current = {4}, .previous = {3}};
    struct addr peer = {.ip = {192, 0, 2, 1}, .port = 9};
    uint8_t out[COOKIE_REQUEST_LEN];
    uint8_t other[COOKIE_REQUEST_LEN];
    struct hello hello = second_hello(&peer, out);

    CHECK_EQ(checked(&next, &peer, &hello, other), 0);
    CHECK_EQ(checked(&later, &peer, &hello, other), COOKIE_E_NONE);
    hello.cookie = bytes_of(other + COOKIE_REQUEST_LEN - COOKIE_LEN, COOKIE_LEN);
    CHECK_EQ(checked(&later, &peer, &hello, other), 0);
}

/* A flood must not be able to ask our code for memory, not even for what is given back at once. */
static void
a_stranger_makes_nothing_allocate(void)
{
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    struct addr peer = {.ip = {192, 0, 2, 1}, .port = 9};
    struct bytes datagram = good();
    uint8_t out[COOKIE_REQUEST_LEN];
    uint8_t wrong[COOKIE_LEN] = {0};
    struct hello hello;
    size_t before = alloc_count();

    CHECK(before > 0); /* the hasher: it is counted */
    for (uint16_t port = 1; port < 100; port++) {
        peer.port = port;
        CHECK_EQ(hello_read(datagram, &hello), HELLO_OK);
        CHECK_EQ(cookie_check(hasher, &secrets, &peer, &hello, out), COOKIE_E_NONE);
        hello.cookie = BYTES_OF(wrong);
        CHECK_EQ(cookie_check(hasher, &secrets, &peer, &hello, out), COOKIE_E_NONE);
    }
    CHECK_EQ(alloc_count(), before);
}

CHECK_MAIN(CASE(a_hello_is_read), CASE(every_truncation_and_a_trailing_byte_are_refused),
           CASE(each_wrong_length_is_refused), CASE(what_is_no_hello_is_said_to_be_other),
           CASE(a_part_is_said_to_be_one), CASE(suites_and_compression_must_be_there),
           CASE(the_cookie_request_is_shorter_than_any_hello_and_well_formed),
           CASE(a_cookie_is_good_for_one_address_and_one_random),
           CASE(what_is_not_the_whole_cookie_gets_another_request),
           CASE(the_previous_secrets_cookie_holds_and_the_one_before_does_not),
           CASE(a_stranger_makes_nothing_allocate))
