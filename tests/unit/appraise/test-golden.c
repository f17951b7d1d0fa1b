/* appraise/events and appraise/golden over a small log made here. */
#include "appraise/golden.h"
#include "base/clock.h"
#include "lib/check.h"

#include <stdlib.h>

enum { N = 11, TYPE_APPLICATION = (int)0x80000003, KERNEL = 9 };

static struct hasher *hasher;
static struct event events[N];
static uint8_t digests[N][32];
static struct event_log log_made;
static struct pcr_values values;

static struct bytes
sha256(struct bytes in, uint8_t out[32])
{
    CHECK_EQ(hasher_bytes(hasher, HASH_SHA256, in, out), 0);
    return bytes_of(out, 32);
}

static void
put(uint32_t i, uint32_t pcr, uint32_t type, struct bytes measured, const char *label)
{
    events[i] = (struct event){
        .index = i,
        .pcr = pcr,
        .type = type,
        .bound = type == EVENT_SEPARATOR ? BOUND_TRUE : BOUND_UNKNOWN,
        .label = bytes_str(label),
    };
    events[i].digest[0] = sha256(measured, digests[i]);
}

/* PCR values that the log gives. */
static void
quote(void)
{
    values = (struct pcr_values){.selection = {1, {{HASH_SHA256, 0xff}}}};
    for (size_t i = 0; i < log_made.n_events; i++) {
        if (events[i].type != EVENT_NO_ACTION) {
            CHECK_EQ(hasher_extend(hasher, HASH_SHA256, values.value[0][events[i].pcr],
                                   events[i].digest[0]),
                     0);
        }
    }
}

static void
make(void)
{
    static const uint8_t zero[4] = {0};

    hasher = hasher_new();
    for (uint32_t pcr = 0; pcr < 8; pcr++) {
        put(pcr, pcr, EVENT_SEPARATOR, BYTES_OF(zero), "separator");
    }
    put(8, 4, (uint32_t)TYPE_APPLICATION, bytes_str("shim"), "shim");
    put(KERNEL, 4, (uint32_t)TYPE_APPLICATION, bytes_str("kernel"), "kernel");
    put(10, 14, 0xd, bytes_str("mok"), "MokList");
    log_made =
        (struct event_log){.n_banks = 1, .banks = {HASH_SHA256}, .n_events = N, .events = events};
    quote();
}

static struct golden *
learned(void)
{
    struct golden_ref refs[N] = {0};
    size_t n = 0;
    struct golden *golden;

    for (size_t i = 0; i < N; i++) {
        if (events[i].pcr < 8) {
            refs[n].pcr = events[i].pcr;
            refs[n].digest.alg = HASH_SHA256;
            memcpy(refs[n].digest.b, events[i].digest[0].p, 32);
            snprintf(refs[n].label, sizeof(refs[n].label), "%.*s", (int)events[i].label.len,
                     (const char *)events[i].label.p);
            n++;
        }
    }
    golden = golden_new(refs, n);
    CHECK(golden);
    return golden;
}

/* Whether what the log gives is what was quoted. */
static void
replay(const struct event_log *log, struct verdict *verdict)
{
    static struct pcr_values given;

    CHECK_EQ(events_values(hasher, log, &values.selection, &given), 0);
    CHECK_EQ(events_replay(log, &given, &values, verdict), verdict->replay == CHECK_PASSED);
}

static void
the_log_replays_and_every_extra_extend_is_named(void)
{
    make();
    for (uint32_t pcr = 0; pcr < 8; pcr++) {
        struct verdict verdict = {0};

        replay(&log_made, &verdict);
        CHECK_EQ(verdict.replay, CHECK_PASSED);
        values.value[0][pcr][5] ^= 1;
        replay(&log_made, &verdict);
        CHECK_EQ(verdict.replay, CHECK_FAILED);
        CHECK_EQ(verdict.reasons[0], REASON_LOG_REPLAY);
        CHECK_EQ(verdict.pcr, pcr);
        values.value[0][pcr][5] ^= 1;
    }
}

static void
pcr_10_is_left_to_the_ima_list(void)
{
    struct verdict verdict = {0};

    make();
    values.selection.sets[0].mask |= 1u << 10;
    values.value[0][10][0] = 1;
    replay(&log_made, &verdict);
    CHECK_EQ(verdict.replay, CHECK_PASSED);
    values.selection.sets[0].mask |= 1u << 11;
    values.value[0][11][0] = 1;
    replay(&log_made, &verdict);
    CHECK_EQ(verdict.replay, CHECK_FAILED);
    CHECK_EQ(verdict.pcr, 11);
}

static void
an_active_bank_that_the_log_lacks_refuses(void)
{
    struct verdict verdict = {0};

    make();
    values.selection.n = 2;
    values.selection.sets[1] = (struct pcr_set){HASH_SHA1, 0xff};
    replay(&log_made, &verdict);
    CHECK_EQ(verdict.replay, CHECK_FAILED);
    CHECK_EQ(verdict.reasons[0], REASON_BANK_MISSING_IN_LOG);
    values.selection.sets[1].mask = 0; /* named, not active */
    verdict = (struct verdict){0};
    replay(&log_made, &verdict);
    CHECK_EQ(verdict.replay, CHECK_PASSED);
}

static void
nothing_active_is_nothing_proved(void)
{
    struct verdict verdict = {0};

    make();
    values.selection.sets[0].mask = 0;
    replay(&log_made, &verdict);
    CHECK_EQ(verdict.replay, CHECK_FAILED);
}

static enum reason
checked(void)
{
    struct verdict verdict = {0};

    CHECK_EQ(events_check(hasher, &log_made, HASH_SHA256, &verdict), 0);
    CHECK_EQ(verdict.events == CHECK_PASSED, verdict.n_reasons == 0);
    return verdict.reasons[0];
}

static void
separators_are_one_a_pcr_and_honest(void)
{
    static const uint8_t zero[4] = {0};
    static const uint8_t one[4] = {1, 0, 0, 0};
    static const uint8_t ones[4] = {0xff, 0xff, 0xff, 0xff};

    make();
    CHECK_EQ(checked(), 0);
    put(3, 3, EVENT_SEPARATOR, BYTES_OF(ones), "separator");
    CHECK_EQ(checked(), 0);
    put(3, 3, EVENT_SEPARATOR, BYTES_OF(one), "separator");
    CHECK_EQ(checked(), REASON_FIRMWARE_ERROR_SEPARATOR);
    put(3, 3, 5, BYTES_OF(zero), "action");
    CHECK_EQ(checked(), REASON_SEPARATOR_DISGUISED);
    put(3, 2, EVENT_SEPARATOR, BYTES_OF(zero), "separator");
    CHECK_EQ(checked(), REASON_SEPARATOR_DUPLICATE);
    put(3, 14, EVENT_SEPARATOR, BYTES_OF(zero), "separator");
    CHECK_EQ(checked(), REASON_SEPARATOR_MISSING);
}

static void
data_that_should_be_bound_and_is_not_refuses(void)
{
    make();
    events[8].bound = BOUND_FALSE;
    CHECK_EQ(checked(), REASON_EVT_DATA_MISMATCH);
}

static void
what_was_learned_passes(void)
{
    struct verdict verdict = {0};
    CLEANUP(golden_freep) struct golden *golden = NULL;

    make();
    golden = learned();
    golden_check(golden, &log_made, HASH_SHA256, &verdict);
    CHECK_EQ(verdict.reference, CHECK_PASSED);
    CHECK_EQ(verdict.n_reasons, 0);
}

static void
another_kernel_is_named_with_what_was_expected(void)
{
    struct verdict verdict = {0};
    CLEANUP(golden_freep) struct golden *golden = NULL;

    make();
    golden = learned();
    put(KERNEL, 4, (uint32_t)TYPE_APPLICATION, bytes_str("evil kernel"), "kernel");
    golden_check(golden, &log_made, HASH_SHA256, &verdict);
    CHECK_EQ(verdict.reference, CHECK_FAILED);
    CHECK_EQ(verdict.reasons[0], REASON_BOOT_IMAGE_UNKNOWN);
    CHECK_EQ(verdict.fault.event, KERNEL);
    CHECK_EQ(verdict.pcr, 4);
    CHECK(strstr(verdict.expected, "kernel"));
    CHECK(strcmp(verdict.expected, verdict.seen) != 0);
}

static void
an_event_in_another_pcr_or_above_seven_is_another_matter(void)
{
    struct verdict verdict = {0};
    CLEANUP(golden_freep) struct golden *golden = NULL;

    make();
    golden = learned();
    put(10, 14, 0xd, bytes_str("other mok"), "MokList");
    golden_check(golden, &log_made, HASH_SHA256, &verdict);
    CHECK_EQ(verdict.reference, CHECK_PASSED);
    put(10, 5, 0xd, bytes_str("kernel"), "kernel");
    golden_check(golden, &log_made, HASH_SHA256, &verdict);
    CHECK_EQ(verdict.reasons[0], REASON_EVT_UNCLAIMED);
}

static void
no_references_and_no_events_refuse(void)
{
    struct verdict verdict = {0};
    CLEANUP(golden_freep) struct golden *none = golden_new(NULL, 0);
    CLEANUP(golden_freep) struct golden *golden = NULL;

    make();
    golden = learned();
    golden_check(none, &log_made, HASH_SHA256, &verdict);
    CHECK_EQ(verdict.reasons[0], REASON_REFSET_EMPTY);
    verdict = (struct verdict){0};
    log_made.n_events = 0;
    golden_check(golden, &log_made, HASH_SHA256, &verdict);
    CHECK_EQ(verdict.reference, CHECK_FAILED);
    log_made.n_events = N;
    golden_check(golden, &log_made, HASH_SHA1, &verdict);
    CHECK_EQ(verdict.reference, CHECK_FAILED);
}

/* A device may make its log of nothing but events that nobody knows: that costs one look a
 * reference and event, not one for each pair of both. With the latter this test runs for minutes.
 */
static void
a_log_of_strange_events_is_judged_soon(void)
{
    static struct golden_ref refs[LIMIT_EVENTS];
    static struct event strange[LIMIT_EVENTS];
    static uint8_t bytes[LIMIT_EVENTS][32];
    struct event_log log = {
        .n_banks = 1, .banks = {HASH_SHA256}, .n_events = LIMIT_EVENTS, .events = strange};
    struct verdict verdict = {0};
    CLEANUP(golden_freep) struct golden *golden = NULL;
    int64_t began = clock_mono_ms();

    for (size_t i = 0; i < LIMIT_EVENTS; i++) {
        refs[i] = (struct golden_ref){.pcr = 4, .digest = {.alg = HASH_SHA256}};
        memcpy(refs[i].digest.b, &i, sizeof(i));
        memcpy(bytes[i], &i, sizeof(i));
        bytes[i][31] = 1;
        strange[i] = (struct event){.pcr = 4, .label = bytes_str("strange")};
        strange[i].digest[0] = BYTES_OF(bytes[i]);
    }
    golden = golden_new(refs, LIMIT_EVENTS);
    golden_check(golden, &log, HASH_SHA256, &verdict);
    CHECK_EQ(verdict.reference, CHECK_FAILED);
    CHECK(verdict.expected[0]);
    CHECK(clock_mono_ms() - began < 5000);
}

CHECK_MAIN(CASE(the_log_replays_and_every_extra_extend_is_named),
           CASE(pcr_10_is_left_to_the_ima_list), CASE(an_active_bank_that_the_log_lacks_refuses),
           CASE(nothing_active_is_nothing_proved), CASE(separators_are_one_a_pcr_and_honest),
           CASE(data_that_should_be_bound_and_is_not_refuses), CASE(what_was_learned_passes),
           CASE(another_kernel_is_named_with_what_was_expected),
           CASE(an_event_in_another_pcr_or_above_seven_is_another_matter),
           CASE(no_references_and_no_events_refuse), CASE(a_log_of_strange_events_is_judged_soon))
