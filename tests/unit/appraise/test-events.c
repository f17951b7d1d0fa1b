/* appraise/events: start values, localities and a second log, which no recorded boot shows alone.
 */
#include "appraise/events.h"
#include "lib/check.h"

enum { N = 3 };

static struct hasher *hasher;
static struct event events[N];
static uint8_t digests[N][HASH_SIZE_MAX];
static struct pcr_values values;

/* A log with one event a PCR given, in one bank; the digest's bytes are its place. */
static struct event_log
log_of(enum hash bank, size_t n, const uint32_t *pcrs)
{
    hasher = hasher ? hasher : hasher_new();
    CHECK(hasher && n <= N);
    for (size_t i = 0; i < n; i++) {
        memset(digests[i], (int)i + 1, sizeof(digests[i]));
        events[i] = (struct event){.index = (uint32_t)i, .pcr = pcrs[i], .type = 13};
        events[i].digest[0] = bytes_of(digests[i], hash_size(bank));
    }
    return (struct event_log){.n_banks = 1, .banks = {bank}, .n_events = n, .events = events};
}

static void
values_of(const struct event_log *log, enum hash bank)
{
    struct selection selection = {1, {{bank, 0xffffff}}};

    CHECK_EQ(events_values(hasher, log, &selection, &values), 0);
    CHECK_EQ(values.selection.n, 1);
}

/* Whether what the log gives is what was quoted. */
static void
replay(const struct event_log *log, struct verdict *verdict)
{
    static struct pcr_values given;

    CHECK_EQ(events_values(hasher, log, &values.selection, &given), 0);
    CHECK_EQ(events_replay(log, &given, &values, verdict), verdict->replay == CHECK_PASSED);
}

static bool
is_filled(const uint8_t *value, enum hash bank, uint8_t byte)
{
    for (size_t i = 0; i < hash_size(bank); i++) {
        if (value[i] != byte) {
            return false;
        }
    }
    return true;
}

static void
without_events_each_pcr_has_its_start_value(void)
{
    static const enum hash banks[] = {HASH_SHA1, HASH_SHA256, HASH_SHA384};

    for (size_t i = 0; i < ARRAY_LEN(banks); i++) {
        struct event_log log = log_of(banks[i], 0, NULL);

        values_of(&log, banks[i]);
        for (uint32_t pcr = 0; pcr < LIMIT_PCRS; pcr++) {
            uint8_t start = pcr >= 17 && pcr <= 22 ? 0xff : 0;

            CHECK(is_filled(values.value[0][pcr], banks[i], start));
        }
    }
}

static void
the_locality_is_in_the_last_byte_of_pcr_0_only(void)
{
    struct event_log log = log_of(HASH_SHA256, 0, NULL);

    log.locality = 3;
    values_of(&log, HASH_SHA256);
    CHECK_EQ(values.value[0][0][31], 3);
    values.value[0][0][31] = 0;
    for (uint32_t pcr = 0; pcr < 17; pcr++) {
        CHECK(is_filled(values.value[0][pcr], HASH_SHA256, 0));
    }
}

static void
an_event_extends_its_pcr_and_no_other(void)
{
    struct event_log log = log_of(HASH_SHA256, 1, (const uint32_t[]){5});
    uint8_t expected[32] = {0};

    values_of(&log, HASH_SHA256);
    CHECK_EQ(hasher_extend(hasher, HASH_SHA256, expected, events[0].digest[0]), 0);
    CHECK_BYTES(bytes_of(values.value[0][5], 32), BYTES_OF(expected));
    CHECK(is_filled(values.value[0][4], HASH_SHA256, 0));
    CHECK(is_filled(values.value[0][6], HASH_SHA256, 0));
}

static void
what_is_not_extended_changes_nothing(void)
{
    struct event_log log = log_of(HASH_SHA256, 3, (const uint32_t[]){5, UINT32_MAX, LIMIT_PCRS});

    events[0].type = EVENT_NO_ACTION;
    values_of(&log, HASH_SHA256);
    CHECK(is_filled(values.value[0][5], HASH_SHA256, 0));
    events[0].type = 13;
    events[0].digest[0] = BYTES_NULL;
    values_of(&log, HASH_SHA256);
    CHECK(is_filled(values.value[0][5], HASH_SHA256, 0));
}

/* A log that lies about its locality does not give the quoted PCR 0. */
static void
another_locality_is_another_pcr_0(void)
{
    struct event_log log = log_of(HASH_SHA256, 1, (const uint32_t[]){0});

    log.locality = 3;
    values_of(&log, HASH_SHA256);
    for (uint8_t locality = 0; locality <= 4; locality++) {
        struct verdict verdict = {0};

        log.locality = locality;
        replay(&log, &verdict);
        CHECK_EQ(verdict.replay, locality == 3 ? CHECK_PASSED : CHECK_FAILED);
        CHECK_EQ(verdict.pcr, 0);
    }
}

static void
a_bank_that_the_log_lacks_has_start_values_and_no_index(void)
{
    struct event_log log = log_of(HASH_SHA256, 1, (const uint32_t[]){5});

    CHECK_EQ(event_log_bank(&log, HASH_SHA256), 0);
    CHECK_EQ(event_log_bank(&log, HASH_SHA1), log.n_banks);
    values_of(&log, HASH_SHA1);
    CHECK(is_filled(values.value[0][5], HASH_SHA1, 0));
}

/* One bit of one judged PCR, in each byte of it, is enough to refuse. */
static void
every_byte_of_every_pcr_counts_but_pcr_10(void)
{
    struct event_log log = log_of(HASH_SHA256, 2, (const uint32_t[]){0, 14});

    values_of(&log, HASH_SHA256);
    for (uint32_t pcr = 0; pcr < LIMIT_PCRS; pcr++) {
        for (size_t i = 0; i < hash_size(HASH_SHA256); i++) {
            struct verdict verdict = {0};

            values.value[0][pcr][i] ^= 0x80;
            replay(&log, &verdict);
            CHECK_EQ(verdict.replay, pcr == 10 ? CHECK_PASSED : CHECK_FAILED);
            CHECK(pcr == 10 || verdict.pcr == pcr);
            values.value[0][pcr][i] ^= 0x80;
        }
    }
}

static struct event_memo *
memo_new(void)
{
    static struct event_memo memo[LIMIT_BANKS];

    memset(memo, 0, sizeof(memo));
    return memo;
}

/* What was replayed once is not replayed again: an event that changes behind its back is not seen,
 * which is why a kept log never changes. */
static void
a_memo_is_filled_once_and_then_believed(void)
{
    struct event_log log = log_of(HASH_SHA256, 2, (const uint32_t[]){4, 4});
    static struct pcr_values first;
    struct event_memo *memo = memo_new();

    values_of(&log, HASH_SHA256);
    first = values;
    log.memo = memo;
    values_of(&log, HASH_SHA256);
    CHECK(memcmp(&values, &first, sizeof(first)) == 0);
    CHECK(memo[0].known && !memo[1].known);
    digests[1][0] ^= 1;
    values_of(&log, HASH_SHA256);
    CHECK(memcmp(&values, &first, sizeof(first)) == 0);
    log.memo = NULL;
    values_of(&log, HASH_SHA256);
    CHECK(memcmp(&values, &first, sizeof(first)) != 0);
}

/* Replaying to a quote reads the same memo, and a quote that differs is refused as before. */
static void
a_memo_answers_for_the_quote_too(void)
{
    struct event_log log = log_of(HASH_SHA384, 1, (const uint32_t[]){7});
    static struct verdict verdict;

    log.memo = memo_new();
    values_of(&log, HASH_SHA384);
    for (int again = 0; again < 2; again++) {
        replay(&log, &verdict);
        CHECK_EQ(verdict.replay, CHECK_PASSED);
    }
    values.value[0][7][3] ^= 1;
    replay(&log, &verdict);
    CHECK_EQ(verdict.replay, CHECK_FAILED);
    CHECK_EQ(verdict.reasons[0], REASON_LOG_REPLAY);
}

/* Each bank has its own. */
static void
a_memo_is_of_one_bank(void)
{
    struct event_log log = log_of(HASH_SHA256, 2, (const uint32_t[]){4, 9});
    static struct pcr_values alone;
    struct event_memo *memo = memo_new();

    values_of(&log, HASH_SHA256);
    alone = values;
    log.memo = memo;
    for (int again = 0; again < 2; again++) {
        values_of(&log, HASH_SHA256);
        CHECK(memcmp(&values, &alone, sizeof(alone)) == 0);
    }
    values_of(&log, HASH_SHA1); /* a bank that the log lacks */
    CHECK(is_filled(values.value[0][4], HASH_SHA1, 0));
    CHECK(!memo[1].known);
}

/* One event of two banks over "lead: text", whose digest is of `measured`. */
static struct event_log
bound_log(const char *measured, uint32_t offset, uint32_t length)
{
    static uint8_t digest[2][HASH_SIZE_MAX];
    static const enum hash banks[] = {HASH_SHA1, HASH_SHA256};
    struct event_log log = {.n_banks = 2, .n_events = 1, .events = events};

    hasher = hasher ? hasher : hasher_new();
    events[0] = (struct event){.pcr = 8, .type = 13, .bound = BOUND_TRUE};
    events[0].offset = offset;
    events[0].length = length;
    events[0].data_length = 10;
    for (size_t i = 0; i < 2; i++) {
        log.banks[i] = banks[i];
        CHECK_EQ(hasher_bytes(hasher, banks[i], bytes_str(measured), digest[i]), 0);
        events[0].digest[i] = bytes_of(digest[i], hash_size(banks[i]));
    }
    return log;
}

static const char body[] = "lead: text";

static int
vouch(struct event_log *log)
{
    return events_vouch(hasher, check_guarded(bytes_str(body)), log);
}

static void
a_bound_part_is_text_once_it_was_hashed_here(void)
{
    struct event_log log = bound_log("text", 6, 4);

    CHECK_EQ(event_text(&log, &events[0]).len, 0);
    CHECK_EQ(event_data(&log, &events[0]).len, 0);
    CHECK_EQ(vouch(&log), 0);
    CHECK(log.vouched);
    CHECK_BYTES(event_text(&log, &events[0]), bytes_str("text"));
    CHECK_BYTES(event_data(&log, &events[0]), bytes_str(body));
    events[0].bound = BOUND_UNKNOWN;
    CHECK_EQ(event_text(&log, &events[0]).len, 0);
    events[0].bound = BOUND_FALSE;
    CHECK_EQ(event_text(&log, &events[0]).len, 0);
}

static void
a_lie_about_what_a_digest_is_of_is_found(void)
{
    static const struct {
        const char *measured;
        uint32_t offset, length, data_length;
    } lies[] = {
        {"Text", 6, 4, 10},         {"text", 5, 4, 10},          {"text", 6, 3, 10},
        {"text", 6, 5, 10},         {"text", UINT32_MAX, 4, 10}, {"text", 6, UINT32_MAX, 10},
        {"text", 6, 4, UINT32_MAX}, {"text", 6, 4, 11},          {"", 11, 0, 10},
    };

    for (size_t i = 0; i < ARRAY_LEN(lies); i++) {
        struct event_log log = bound_log(lies[i].measured, lies[i].offset, lies[i].length);

        events[0].data_length = lies[i].data_length;
        CHECK_EQ(vouch(&log), EVENTS_E_LIE);
        CHECK(!log.vouched && !log.body.p);
    }
}

/* Else a reader could have one part hashed as often as a log has events. */
static void
parts_are_no_more_than_the_log(void)
{
    struct event_log log = bound_log("text", 6, 4);

    events[1] = events[2] = events[0];
    log.n_events = 2; /* 8 of 10 bytes */
    CHECK_EQ(vouch(&log), 0);
    log.vouched = false;
    log.body = BYTES_NULL;
    log.n_events = 3;
    CHECK_EQ(vouch(&log), EVENTS_E_LIE);
    CHECK(!log.vouched && !log.body.p);
    events[1].bound = BOUND_UNKNOWN; /* and is not hashed */
    CHECK_EQ(vouch(&log), 0);
}

static void
each_bank_must_be_of_the_part(void)
{
    for (size_t i = 0; i < 2; i++) {
        struct event_log log = bound_log("text", 6, 4);
        uint8_t other[HASH_SIZE_MAX];

        memcpy(other, events[0].digest[i].p, events[0].digest[i].len);
        other[0] ^= 1;
        events[0].digest[i].p = other;
        CHECK_EQ(vouch(&log), EVENTS_E_LIE);
        events[0].digest[i] = BYTES_NULL;
        CHECK_EQ(vouch(&log), EVENTS_E_LIE);
    }
}

/* Without a digest that we can make, "bound" is a word. */
static void
a_log_without_banks_binds_nothing(void)
{
    struct event_log log = bound_log("text", 6, 4);

    log.n_banks = 0;
    CHECK_EQ(vouch(&log), EVENTS_E_LIE);
    events[0].bound = BOUND_UNKNOWN;
    CHECK_EQ(vouch(&log), 0);
    CHECK_EQ(event_text(&log, &events[0]).len, 0);
}

CHECK_MAIN(CASE(without_events_each_pcr_has_its_start_value),
           CASE(the_locality_is_in_the_last_byte_of_pcr_0_only),
           CASE(an_event_extends_its_pcr_and_no_other), CASE(what_is_not_extended_changes_nothing),
           CASE(another_locality_is_another_pcr_0),
           CASE(a_bank_that_the_log_lacks_has_start_values_and_no_index),
           CASE(every_byte_of_every_pcr_counts_but_pcr_10),
           CASE(a_memo_is_filled_once_and_then_believed), CASE(a_memo_answers_for_the_quote_too),
           CASE(a_memo_is_of_one_bank), CASE(a_bound_part_is_text_once_it_was_hashed_here),
           CASE(a_lie_about_what_a_digest_is_of_is_found), CASE(parts_are_no_more_than_the_log),
           CASE(each_bank_must_be_of_the_part), CASE(a_log_without_banks_binds_nothing))
