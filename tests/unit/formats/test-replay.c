/* formats/replay: start values and extends; real logs are replayed by test_log_cli.py. */
#include "formats/evtype.h"
#include "formats/replay.h"
#include "lib/check.h"
#include "lib/make-log.h"

static const enum hash two_banks[] = {HASH_SHA1, HASH_SHA256, HASH_N};

static struct replay replay;

static void
replay_made(struct make_log *make)
{
    struct evlog_event event;
    struct evlog log;

    CHECK_EQ(evlog_open(make_log_bytes(make), &log, NULL), 0);
    replay_init(&replay, &log, make->hasher);
    while (evlog_next(&log, &event, NULL) == 0) {
        CHECK_EQ(replay_event(&replay, &event), 0);
    }
    CHECK_EQ(log.ended, EVLOG_END);
}

/* The SHA-256 of a start value that ends in this byte and of the digest of "x". */
static struct bytes
extended_from(struct make_log *make, uint8_t last)
{
    static uint8_t pcr[32];
    uint8_t digest[32];

    memset(pcr, 0, sizeof(pcr));
    pcr[31] = last;
    CHECK_EQ(hasher_bytes(make->hasher, HASH_SHA256, bytes_str("x"), digest), 0);
    CHECK_EQ(hasher_extend(make->hasher, HASH_SHA256, pcr, BYTES_OF(digest)), 0);
    return BYTES_OF(pcr);
}

static void
pcrs_start_as_the_profile_says(void)
{
    struct make_log make;

    make_log_init(&make, two_banks);
    replay_made(&make);
    CHECK_EQ(replay.extended, 0);
    for (uint32_t pcr = 0; pcr < LIMIT_PCRS; pcr++) {
        uint8_t start = pcr >= 17 && pcr <= 22 ? 0xff : 0;

        CHECK_EQ(replay_pcr(&replay, 0, pcr).len, 20);
        CHECK_EQ(replay_pcr(&replay, 1, pcr).len, 32);
        CHECK_EQ(replay_pcr(&replay, 1, pcr).p[0], start);
        CHECK_EQ(replay_pcr(&replay, 1, pcr).p[31], start);
    }
    CHECK_EQ(replay_pcr(&replay, 2, 0).len, 0);
    CHECK_EQ(replay_pcr(&replay, 0, 24).len, 0);
    make_log_done(&make);
}

static void
events_extend_their_pcr_only(void)
{
    struct make_log make;

    make_log_init(&make, two_banks);
    make_no_action(&make, 4, bytes_str("x"));
    make_no_action(&make, EVLOG_PCR_NONE, bytes_str("x"));
    make_event(&make, 5, EV_ACTION, bytes_str("x"), bytes_str("x"));
    replay_made(&make);
    CHECK_EQ(replay.extended, 1u << 5);
    CHECK_BYTES(replay_pcr(&replay, 1, 5), extended_from(&make, 0));
    CHECK_EQ(replay_pcr(&replay, 1, 4).p[31], 0);
    make_log_done(&make);
}

/* PCR 0 after an optional StartupLocality and one event of this type. */
static void
check_pcr_0(int locality, uint32_t type, uint8_t start)
{
    struct make_log make;
    uint8_t data[17] = "StartupLocality";

    make_log_init(&make, two_banks);
    if (locality >= 0) {
        data[16] = (uint8_t)locality;
        make_no_action(&make, 0, BYTES_OF(data));
    }
    make_event(&make, 0, type, bytes_str("x"), bytes_str("x"));
    replay_made(&make);
    CHECK_BYTES(replay_pcr(&replay, 1, 0), extended_from(&make, start));
    make_log_done(&make);
}

static void
pcr_0_starts_from_the_locality(void)
{
    check_pcr_0(-1, EV_ACTION, 0);
    check_pcr_0(0, EV_ACTION, 0);
    check_pcr_0(3, EV_ACTION, 3);
    check_pcr_0(4, EV_ACTION, 4);
    check_pcr_0(-1, EV_EFI_HCRTM_EVENT, 4);
    check_pcr_0(4, EV_EFI_HCRTM_EVENT, 4);
}

static void
an_hcrtm_event_counts_only_first(void)
{
    struct make_log make;
    uint8_t second[32];
    uint8_t digest[32];

    make_log_init(&make, two_banks);
    make_event(&make, 0, EV_ACTION, bytes_str("x"), bytes_str("x"));
    make_event(&make, 0, EV_EFI_HCRTM_EVENT, bytes_str("y"), bytes_str("HCRTM"));
    replay_made(&make);
    memcpy(second, extended_from(&make, 0).p, sizeof(second));
    CHECK_EQ(hasher_bytes(make.hasher, HASH_SHA256, bytes_str("y"), digest), 0);
    CHECK_EQ(hasher_extend(make.hasher, HASH_SHA256, second, BYTES_OF(digest)), 0);
    CHECK_BYTES(replay_pcr(&replay, 1, 0), BYTES_OF(second));
    make_log_done(&make);
}

static void
a_bank_of_an_unknown_hash_is_not_replayed(void)
{
    static uint8_t room[128];
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    struct wr wr = wr_init(room, sizeof(room));
    struct evlog_event event;
    struct evlog log;

    make_spec_head(&wr, 33);
    make_spec_start(&wr, 1);
    wr_bytes(&wr, check_hex("9900 0300 00"));
    wr_bytes(&wr, check_hex("07000000 05000000 01000000 9900 616263 00000000"));
    CHECK_EQ(evlog_open(wr_done(&wr), &log, NULL), 0);
    replay_init(&replay, &log, hasher);
    while (evlog_next(&log, &event, NULL) == 0) {
        CHECK_EQ(replay_event(&replay, &event), 0);
    }
    CHECK_EQ(replay.extended, 1u << 7);
    CHECK_EQ(replay_pcr(&replay, 0, 7).len, 0);
}

CHECK_MAIN(CASE(pcrs_start_as_the_profile_says), CASE(events_extend_their_pcr_only),
           CASE(pcr_0_starts_from_the_locality), CASE(an_hcrtm_event_counts_only_first),
           CASE(a_bank_of_an_unknown_hash_is_not_replayed))
