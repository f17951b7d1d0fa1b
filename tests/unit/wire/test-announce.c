/* wire/announce. What its reader refuses of each field is in test_cddl.py. */
#include "base/cbor-wr.h"
#include "lib/check.h"
#include "wire/announce.h"

static const uint8_t digest[HASH_SIZE_MAX] = {1, 2, 3};
static struct announce announce;

static void
make(size_t n_events)
{
    announce = (struct announce){.component = bytes_str("os"),
                                 .version = bytes_str("6.12.57"),
                                 .n_events = n_events,
                                 .made_ms = 5,
                                 .life_s = ANNOUNCE_LIFE_MAX_S};
    for (size_t i = 0; i < n_events; i++) {
        announce.events[i].pcr = 9;
        announce.events[i].digests[HASH_SHA256] = bytes_of(digest, 32);
    }
}

static struct bytes
written(void)
{
    static uint8_t room[2 * LIMIT_ANNOUNCE_BYTES];
    struct wr wr = wr_init(room, sizeof(room));

    announce_write(&wr, &announce);
    return wr_done(&wr);
}

static void
what_is_written_reads_back(void)
{
    static struct announce got;

    make(2);
    announce.events[1].pcr = 4;
    announce.events[1].label = bytes_str("shim");
    announce.events[1].digests[HASH_SHA3_512] = bytes_of(digest, 64);
    CHECK_EQ(announce_read(check_guarded(written()), &got, NULL), 0);
    CHECK_BYTES(got.component, announce.component);
    CHECK_BYTES(got.version, announce.version);
    CHECK_EQ(got.n_events, 2);
    CHECK_EQ(got.events[0].pcr, 9);
    CHECK_BYTES(got.events[0].digests[HASH_SHA256], bytes_of(digest, 32));
    CHECK(!got.events[0].digests[HASH_SHA1].p && !got.events[0].label.p);
    CHECK_EQ(got.events[1].pcr, 4);
    CHECK_BYTES(got.events[1].digests[HASH_SHA3_512], bytes_of(digest, 64));
    CHECK_BYTES(got.events[1].label, bytes_str("shim"));
    CHECK_EQ(got.made_ms, 5);
    CHECK_EQ(got.life_s, 604800);
}

/* As many events as there may be fit, with room for labels; with two long banks each they do not.
 */
static void
what_is_longer_than_may_be_said_is_not_written(void)
{
    make(LIMIT_ANNOUNCE_EVENTS);
    CHECK(written().p);
    for (size_t i = 0; i < announce.n_events; i++) {
        announce.events[i].digests[HASH_SHA512] = bytes_of(digest, 64);
        announce.events[i].label = bytes_str("a label as long as most are");
    }
    CHECK(!written().p);
    announce.n_events /= 2;
    CHECK(written().p);
}

static void
every_cut_is_refused_and_leaves_the_result_alone(void)
{
    static struct announce got;
    struct fault fault;
    struct bytes whole;

    make(1);
    whole = written();
    for (size_t n = 0; n < whole.len; n++) {
        CHECK_EQ(announce_read(check_guarded(bytes_of(whole.p, n)), &got, &fault), 1);
        CHECK_EQ(fault.rule, RULE_WIRE_ANNOUNCE);
    }
    CHECK(!got.component.p);
    CHECK_EQ(rule_reason(fault.rule), REASON_EVIDENCE_MALFORMED);
}

/* No flip of one bit is read as what it was. */
static void
every_flip_is_refused_or_says_something_else(void)
{
    static struct announce got;
    static uint8_t room[2 * LIMIT_ANNOUNCE_BYTES];
    uint8_t copy[256];
    struct bytes whole;
    size_t read = 0;

    make(1);
    whole = written();
    memcpy(copy, whole.p, whole.len);
    for (size_t bit = 0; bit < 8 * whole.len; bit++) {
        struct wr wr = wr_init(room, sizeof(room));

        copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (announce_read(check_guarded(bytes_of(copy, whole.len)), &got, NULL) == 0) {
            announce_write(&wr, &got);
            CHECK_BYTES(wr_done(&wr), bytes_of(copy, whole.len));
            read++;
        }
        copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    CHECK(read >= 8 * 32 && read < 8 * whole.len); /* a digest may be any */
}

CHECK_MAIN(CASE(what_is_written_reads_back), CASE(what_is_longer_than_may_be_said_is_not_written),
           CASE(every_cut_is_refused_and_leaves_the_result_alone),
           CASE(every_flip_is_refused_or_says_something_else))
