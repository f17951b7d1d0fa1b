/* keeper/logs */
#include "keeper/logs.h"

#include <stdlib.h>

#include "lib/check.h"
#include "roles/records.h"

static uint8_t room[4096];

/* Records of a log of n events in one bank, its digests all of one byte. */
static struct bytes
make_records(size_t n, uint8_t byte, const char *label)
{
    struct wr wr = wr_init(room, sizeof(room));
    struct event_log log = {.n_banks = 1, .banks = {HASH_SHA256}, .locality = 3};
    uint8_t digest[32];

    memset(digest, byte, sizeof(digest));
    records_begin(&wr, &log);
    for (size_t i = 0; i < n; i++) {
        struct event event = {.index = (uint32_t)i, .pcr = 4, .type = 13};

        event.digest[0] = BYTES_OF(digest);
        event.label = bytes_str(label);
        records_event(&wr, &log, &event);
    }
    CHECK(wr_done(&wr).p);
    return wr_done(&wr);
}

static void
name_of(uint8_t digest[32], size_t n)
{
    memset(digest, 0x55, 32);
    digest[0] = (uint8_t)n;
    digest[31] = (uint8_t)(n >> 8);
}

static int
add_log(struct logs *logs, const uint8_t digest[32], struct bytes body, struct bytes records,
        const struct known_events **ret)
{
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    struct logs_read read = {.body = body, .records = records};

    memcpy(read.digest, digest, sizeof(read.digest));
    return logs_add(logs, hasher, &read, ret);
}

static int
add_records(struct logs *logs, const uint8_t digest[32], struct bytes records,
            const struct known_events **ret)
{
    return add_log(logs, digest, BYTES_NULL, records, ret);
}

static void
add(struct logs *logs, size_t n)
{
    const struct known_events *known = NULL;
    uint8_t digest[32];

    name_of(digest, n);
    CHECK_EQ(add_records(logs, digest, make_records(1, (uint8_t)n, "x"), &known), 0);
    CHECK_BYTES(BYTES_OF(known->digest), BYTES_OF(digest));
}

static const struct known_events *
find(struct logs *logs, size_t n)
{
    uint8_t digest[32];

    name_of(digest, n);
    return logs_find(logs, digest);
}

static void
a_log_is_kept_as_a_copy(void)
{
    struct logs *logs = logs_new();
    const struct known_events *added = NULL;
    const struct known_events *found;
    uint8_t digest[32];
    uint8_t want[32];

    name_of(digest, 1);
    memset(want, 0xab, sizeof(want));
    CHECK_EQ(add_records(logs, digest, make_records(3, 0xab, "grubx64.efi"), &added), 0);
    memset(room, 0, sizeof(room)); /* the caller's bytes are gone */
    found = logs_find(logs, digest);
    CHECK(found && found == added);
    CHECK_EQ(found->log.n_events, 3);
    CHECK_EQ(found->log.locality, 3);
    CHECK_EQ(found->log.banks[0], HASH_SHA256);
    CHECK_EQ(found->log.events[2].index, 2);
    CHECK(found->log.vouched);
    CHECK_BYTES(found->log.events[2].digest[0], BYTES_OF(want));
    CHECK_BYTES(found->log.events[2].label, bytes_str("grubx64.efi"));
    logs_free(logs);
}

static void
an_unknown_log_is_none(void)
{
    struct logs *logs = logs_new();

    CHECK(!find(logs, 0));
    add(logs, 1);
    CHECK(!find(logs, 2));
    CHECK(!logs_find(logs, (uint8_t[32]){0})); /* free slots have no name */
    CHECK(find(logs, 1));
    logs_free(logs);
    logs_free(NULL);
}

static void
records_of_a_wrong_form_are_refused(void)
{
    struct logs *logs = logs_new();
    const struct known_events *known = NULL;
    struct bytes good = make_records(1, 9, "label");
    uint8_t digest[32];

    name_of(digest, 7);
    for (size_t n = 0; n < good.len; n++) {
        int r = add_records(logs, digest, check_guarded(bytes_of(good.p, n)), &known);

        /* a cut between records is a shorter list: the head alone is a log of no events */
        CHECK_EQ(r, n == 4 ? 0 : 1);
    }
    room[good.len] = 0;
    CHECK_EQ(add_records(logs, digest, bytes_of(good.p, good.len + 1), &known), 1);
    room[good.len - 1] = '\x1b'; /* a label that would steer a terminal */
    CHECK_EQ(add_records(logs, digest, good, &known), 1);
    logs_free(logs);
}

static void
a_refused_log_leaves_no_trace(void)
{
    struct logs *logs = logs_new();
    const struct known_events *known = NULL;
    struct bytes good = make_records(1, 9, "label");
    uint8_t digest[32];

    name_of(digest, 7);
    CHECK_EQ(add_records(logs, digest, bytes_of(good.p, good.len - 1), &known), 1);
    CHECK(!known);
    CHECK(!find(logs, 7));
    logs_free(logs);
}

static void
the_log_unused_longest_makes_room(void)
{
    struct logs *logs = logs_new();

    for (size_t i = 0; i < LOGS_MAX; i++) {
        add(logs, i);
    }
    CHECK(find(logs, 0)); /* used again: now 1 is the one unused longest */
    add(logs, LOGS_MAX);
    CHECK(find(logs, 0));
    CHECK(!find(logs, 1));
    CHECK(find(logs, LOGS_MAX));
    add(logs, LOGS_MAX + 1);
    CHECK(!find(logs, 2));
    for (size_t i = 3; i < LOGS_MAX; i++) {
        CHECK(find(logs, i));
    }
    logs_free(logs);
}

static void
a_refused_log_evicts_nothing(void)
{
    struct logs *logs = logs_new();
    const struct known_events *known = NULL;
    uint8_t digest[32];

    for (size_t i = 0; i < LOGS_MAX; i++) {
        add(logs, i);
    }
    name_of(digest, 5000);
    CHECK_EQ(add_records(logs, digest, bytes_str("rubbish"), &known), 1);
    for (size_t i = 0; i < LOGS_MAX; i++) {
        CHECK(find(logs, i));
    }
    logs_free(logs);
}

/* One event that says that its digest is of a part of "lead: text". */
static struct bytes
bound_record(const char *measured, uint32_t offset, uint32_t length)
{
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    struct event_log log = {.n_banks = 1, .banks = {HASH_SHA256}};
    struct wr wr = wr_init(room, sizeof(room));
    struct event event = {.pcr = 8, .type = 13, .bound = BOUND_TRUE};
    uint8_t digest[32];

    CHECK_EQ(hasher_bytes(hasher, HASH_SHA256, bytes_str(measured), digest), 0);
    event.digest[0] = BYTES_OF(digest);
    event.offset = offset;
    event.length = length;
    event.data_length = offset + length;
    records_begin(&wr, &log);
    records_event(&wr, &log, &event);
    return wr_done(&wr);
}

static void
what_is_said_to_be_bound_is_hashed_over_the_log_itself(void)
{
    struct logs *logs = logs_new();
    const struct known_events *known = NULL;
    struct bytes body = bytes_str("lead: text");
    uint8_t digest[32];

    name_of(digest, 1);
    CHECK_EQ(add_log(logs, digest, body, bound_record("text", 6, 4), &known), 0);
    CHECK_BYTES(event_text(&known->log, &known->log.events[0]), bytes_str("text"));
    CHECK(known->log.body.p != body.p); /* a copy */
    name_of(digest, 2);
    CHECK_EQ(add_log(logs, digest, body, bound_record("other", 6, 4), &known), 1);
    CHECK_EQ(add_log(logs, digest, body, bound_record("text", 5, 4), &known), 1);
    CHECK_EQ(add_log(logs, digest, body, bound_record("text", 6, 5), &known), 1);
    CHECK(!find(logs, 2));
    logs_free(logs);
}

/* A slot that is used again must not know the values of the log that had it before. */
static void
each_log_has_an_empty_memo_of_its_own(void)
{
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    const struct selection selection = {1, {{HASH_SHA256, 0x10}}};
    static struct pcr_values values;
    static struct pcr_values before;
    struct logs *logs = logs_new();
    const struct known_events *known = NULL;

    for (size_t i = 0; i < LOGS_MAX + 8; i++) {
        add(logs, i);
        known = find(logs, i);
        CHECK(known->log.memo && !known->log.memo[0].known);
        CHECK_EQ(events_values(hasher, &known->log, &selection, &values), 0);
        CHECK(known->log.memo[0].known);
        CHECK(memcmp(values.value[0][4], before.value[0][4], 32) != 0);
        before = values;
    }
    logs_free(logs);
}

static void
a_dropped_log_is_gone_and_no_other(void)
{
    struct logs *logs = logs_new();
    uint8_t digest[32];

    add(logs, 1);
    add(logs, 2);
    name_of(digest, 1);
    logs_drop(logs, digest);
    logs_drop(logs, digest);
    CHECK(!find(logs, 1));
    CHECK(find(logs, 2));
    add(logs, 1);
    CHECK(find(logs, 1));
    logs_free(logs);
}

CHECK_MAIN(CASE(a_log_is_kept_as_a_copy), CASE(an_unknown_log_is_none),
           CASE(records_of_a_wrong_form_are_refused), CASE(a_refused_log_leaves_no_trace),
           CASE(what_is_said_to_be_bound_is_hashed_over_the_log_itself),
           CASE(the_log_unused_longest_makes_room), CASE(a_refused_log_evicts_nothing),
           CASE(each_log_has_an_empty_memo_of_its_own), CASE(a_dropped_log_is_gone_and_no_other))
