/* appraise/exit-events: what a firmware measured and did not log, and nothing else, is found. */
#include "appraise/exit-events.h"

#include "lib/check.h"

static const char invocation[] = "Exit Boot Services Invocation";
static const char failure[] = "Exit Boot Services Returned with Failure";
static const char success[] = "Exit Boot Services Returned with Success";

static const struct selection quoted = {
    .n = 2, .sets = {{HASH_SHA1, 1u << 5 | 1}, {HASH_SHA256, 1u << 5 | 1u << 14}}};

static struct hasher *hasher;
static struct event event;
static struct event_log log_of_one = {
    .n_banks = 2, .banks = {HASH_SHA1, HASH_SHA256}, .events = &event};
static struct pcr_values before, firmware, logs;
static uint8_t digests[2][32];

static void
start(void)
{
    hasher = hasher_new();
    log_of_one.n_events = 0;
    before = (struct pcr_values){.selection = quoted};
    before.value[1][5][0] = 7; /* what the log gives */
    before.value[1][14][3] = 9;
    firmware = logs = before;
}

/* What pcrDigest is of these values with this text behind them in PCR 5 of each bank. */
static void
measure(struct pcr_values *values, const char *text)
{
    for (size_t i = 0; i < quoted.n; i++) {
        enum hash bank = quoted.sets[i].bank;
        uint8_t digest[32];

        CHECK_EQ(hasher_bytes(hasher, bank, bytes_str(text), digest), 0);
        CHECK_EQ(
            hasher_extend(hasher, bank, values->value[i][5], bytes_of(digest, hash_size(bank))), 0);
    }
}

/* pcrDigest: TPM 2.0 part 1 section 16, the PCRs of each bank by number. */
static void
digest_of(const struct pcr_values *values, uint8_t out[32])
{
    struct bytes parts[8];
    size_t n = 0;

    for (size_t i = 0; i < quoted.n; i++) {
        for (size_t pcr = 0; pcr < LIMIT_PCRS; pcr++) {
            if (quoted.sets[i].mask >> pcr & 1) {
                parts[n++] = bytes_of(values->value[i][pcr], hash_size(quoted.sets[i].bank));
            }
        }
    }
    CHECK_EQ(hasher_parts(hasher, HASH_SHA256, parts, n, out), 0);
}

/* Tries after these texts were measured; *ret_quirk is QUIRK_N when none was named. */
static int
tried(const char *const *texts, size_t n, enum slot_quirk *ret_quirk)
{
    struct pcr_values was = before;
    uint8_t digest[32];
    struct growing_quote quote = {hasher, HASH_SHA256, BYTES_OF(digest)};

    for (size_t i = 0; i < n; i++) {
        measure(&was, texts[i]);
    }
    digest_of(&was, digest);
    *ret_quirk = QUIRK_N;
    return exit_events_match(&quote, &log_of_one, &firmware, &logs, NULL, NULL, ret_quirk);
}

static void
each_variant_is_found_and_named(void)
{
    static const struct {
        const char *texts[3];
        size_t n;
        enum slot_quirk quirk;
        const char *name;
    } rows[] = {
        {{invocation, success}, 2, QUIRK_EXIT_SUCCESS, "exit-success-unlogged"},
        {{invocation, failure}, 2, QUIRK_EXIT_FAILURE, "exit-failure-unlogged"},
        {{invocation, failure, success}, 3, QUIRK_EXIT_RETRY, "exit-retry-unlogged"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        enum slot_quirk quirk;
        struct pcr_values was;

        start();
        was = before;
        CHECK_EQ(tried(rows[i].texts, rows[i].n, &quirk), 0);
        CHECK_EQ(quirk, rows[i].quirk);
        CHECK_STR(slots_quirk_name(quirk), rows[i].name);
        for (size_t k = 0; k < rows[i].n; k++) {
            measure(&was, rows[i].texts[k]);
        }
        for (size_t k = 0; k < quoted.n; k++) {
            CHECK_BYTES(BYTES_OF(firmware.value[k][5]), BYTES_OF(was.value[k][5]));
            CHECK_BYTES(BYTES_OF(logs.value[k][5]), BYTES_OF(was.value[k][5]));
            CHECK_BYTES(BYTES_OF(logs.value[k][14]), BYTES_OF(before.value[k][14]));
        }
        hasher_free(hasher);
    }
}

static void
other_sequences_are_not_and_change_nothing(void)
{
    static const struct {
        const char *texts[3];
        size_t n;
    } rows[] = {
        {{NULL}, 0}, /* nothing is missing: the caller has tried that */
        {{invocation}, 1},
        {{success}, 1},
        {{success, invocation}, 2},
        {{invocation, "Exit Boot Services"}, 2},
        {{invocation, success, failure}, 3},
        {{invocation, invocation, success}, 3},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        enum slot_quirk quirk;

        start();
        CHECK_EQ(tried(rows[i].texts, rows[i].n, &quirk), GROWING_E_NONE);
        CHECK_EQ(quirk, QUIRK_N);
        CHECK(memcmp(firmware.value, before.value, sizeof(before.value)) == 0);
        CHECK(memcmp(logs.value, before.value, sizeof(before.value)) == 0);
        hasher_free(hasher);
    }
}

/* In any bank; the same digest in another PCR is another matter. */
static void
what_the_log_has_in_part_is_not_missing(void)
{
    static const char *const all[] = {invocation, failure, success};

    for (size_t i = 0; i < 4 * ARRAY_LEN(all); i++) {
        size_t bank = i / 2 % 2;
        uint32_t pcr = i % 2 ? 5 : 4;
        enum hash alg = log_of_one.banks[bank];
        enum slot_quirk quirk;

        start();
        CHECK_EQ(hasher_bytes(hasher, alg, bytes_str(all[i / 4]), digests[bank]), 0);
        event = (struct event){.pcr = pcr};
        event.digest[bank] = bytes_of(digests[bank], hash_size(alg));
        log_of_one.n_events = 1;
        CHECK_EQ(tried((const char *const[]){invocation, success}, 2, &quirk),
                 pcr == 5 ? GROWING_E_NONE : 0);
        hasher_free(hasher);
    }
}

CHECK_MAIN(CASE(each_variant_is_found_and_named), CASE(other_sequences_are_not_and_change_nothing),
           CASE(what_the_log_has_in_part_is_not_missing))
