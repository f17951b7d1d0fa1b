#include "lib/store-make.h"

#include <sys/wait.h>

static struct store_last
whole_last(void)
{
    struct store_last last = {
        .tier = TIER_CONTRAINDICATED,
        .n_reasons = LIMIT_REASONS,
        .challenge_ms = 1,
        .arrived_ms = 2,
        .accepted_ms = 3,
        .era = 4,
        .reset_count = UINT64_MAX,
        .restart_count = UINT64_MAX - 1,
        .clock_ms = (uint64_t)INT64_MAX + 1,
        .clock_at_ms = 5,
        .judged_ms = INT64_MAX,
        .low_ms = 12,
        .boot_restart = 6,
        .firmware = UINT64_C(0xfedcba9876543210),
        .null_used = true,
        .firmware_log = {7},
        .pcr_digest = {8},
        .claims = {14},
        .ima_length = 9,
        .userspace_length = 10,
        .fault_event = FAULT_NO_EVENT,
        .fault_pcr = 11,
        .boot_ms = 13,
        .vector = {2, 32, 97, 3},
        .secure_boot = FLAG_YES,
        .trusted_firmware = UINT64_C(0xffffffffffffffff),
    };

    for (uint16_t i = 0; i < LIMIT_REASONS; i++) {
        last.reasons[i] = (uint16_t)(0xff00 + i);
    }
    memset(last.policy, 'p', sizeof(last.policy) - 1);
    memset(last.fault_rule, 'r', sizeof(last.fault_rule) - 1);
    memset(last.fault_expected, 'e', sizeof(last.fault_expected) - 1);
    memset(last.fault_seen, 's', sizeof(last.fault_seen) - 1);
    return last;
}

static void
check_last(const struct store_last *a, const struct store_last *b)
{
    CHECK_EQ(a->tier, b->tier);
    CHECK_EQ(a->n_reasons, b->n_reasons);
    CHECK_EQ(memcmp(a->reasons, b->reasons, sizeof(a->reasons)), 0);
    CHECK_EQ(a->challenge_ms, b->challenge_ms);
    CHECK_EQ(a->arrived_ms, b->arrived_ms);
    CHECK_EQ(a->accepted_ms, b->accepted_ms);
    CHECK_EQ(a->era, b->era);
    CHECK(a->reset_count == b->reset_count && a->restart_count == b->restart_count);
    CHECK(a->clock_ms == b->clock_ms && a->clock_at_ms == b->clock_at_ms);
    CHECK(a->judged_ms == b->judged_ms && a->low_ms == b->low_ms);
    CHECK(a->boot_restart == b->boot_restart && a->firmware == b->firmware);
    CHECK_EQ(a->null_used, b->null_used);
    CHECK_BYTES(BYTES_OF(a->firmware_log), BYTES_OF(b->firmware_log));
    CHECK_BYTES(BYTES_OF(a->pcr_digest), BYTES_OF(b->pcr_digest));
    CHECK_BYTES(BYTES_OF(a->claims), BYTES_OF(b->claims));
    CHECK_EQ(a->ima_length, b->ima_length);
    CHECK_EQ(a->userspace_length, b->userspace_length);
    CHECK_EQ(a->fault_event, b->fault_event);
    CHECK_EQ(a->fault_pcr, b->fault_pcr);
    CHECK_EQ(a->boot_ms, b->boot_ms);
    CHECK_STR(a->policy, b->policy);
    CHECK_BYTES(BYTES_OF(a->vector), BYTES_OF(b->vector));
    CHECK_EQ(a->secure_boot, b->secure_boot);
    CHECK(a->trusted_firmware == b->trusted_firmware);
    CHECK_STR(a->fault_rule, b->fault_rule);
    CHECK_STR(a->fault_expected, b->fault_expected);
    CHECK_STR(a->fault_seen, b->fault_seen);
}

static void
the_last_verdict_comes_back_whole(void)
{
    CLEANUP(store_closep) struct store *store = open_store(":memory:");
    struct store_device device = make_device(1);
    struct store_last none = {.fault_event = 3};
    struct store_last want = whole_last();
    struct store_last seen;

    put_device(store, 1);
    CHECK_EQ(store_last_put(store, device.id, &none), 0);
    CHECK_EQ(store_last_get(store, device.id, &seen), 0);
    check_last(&seen, &none);
    CHECK_EQ(store_last_put(store, device.id, &want), 0);
    CHECK_EQ(store_last_get(store, device.id, &seen), 0);
    check_last(&seen, &want);
}

static void
what_it_tells_is_kept_and_the_one_before(void)
{
    CLEANUP(store_closep) struct store *store = open_store(":memory:");
    struct store_device device = make_device(1);
    const uint8_t digests[3][32] = {{1}, {2}, {3}};
    const uint8_t none[32] = {0};
    static uint8_t longest[STORE_CLAIMS_MAX + 1] = {0xa0};
    struct store_claims claims = {.len = 42};

    CHECK_EQ(store_claims_put(store, device.id, digests[0], none, bytes_str("a")), STORE_NONE);
    put_device(store, 1);
    CHECK_EQ(store_claims_get(store, device.id, digests[0], &claims), STORE_NONE);
    CHECK_EQ(claims.len, 42);
    CHECK_EQ(store_claims_put(store, device.id, digests[0], none, bytes_str("a")), 0);
    CHECK_EQ(store_claims_put(store, device.id, digests[0], none, bytes_str("a")), 0);
    CHECK_EQ(store_claims_put(store, device.id, digests[1], digests[0], bytes_str("b")), 0);
    CHECK_EQ(store_claims_get(store, device.id, digests[0], &claims), 0);
    CHECK_BYTES(bytes_of(claims.body, claims.len), bytes_str("a"));
    CHECK_EQ(store_claims_put(store, device.id, digests[2], digests[1], BYTES_OF(longest)),
             -EINVAL);
    CHECK_EQ(store_claims_put(store, device.id, digests[2], digests[1],
                              bytes_of(longest, STORE_CLAIMS_MAX)),
             0);
    CHECK_EQ(store_claims_get(store, device.id, digests[0], &claims), STORE_NONE);
    CHECK_EQ(store_claims_get(store, device.id, digests[1], &claims), 0);
    CHECK_BYTES(bytes_of(claims.body, claims.len), bytes_str("b"));
    CHECK_EQ(store_claims_get(store, device.id, digests[2], &claims), 0);
    CHECK_EQ(claims.len, STORE_CLAIMS_MAX);
}

static void
a_verdict_needs_its_device(void)
{
    CLEANUP(store_closep) struct store *store = open_store(":memory:");
    struct store_device device = make_device(1);
    struct store_last want = whole_last();
    struct store_last seen = {.era = 42};

    CHECK_EQ(store_last_put(store, device.id, &want), STORE_NONE);
    put_device(store, 1);
    CHECK_EQ(store_last_get(store, device.id, &seen), STORE_NONE);
    CHECK_EQ(seen.era, 42);
    put_device(store, 1); /* replacing the device keeps its verdict */
    CHECK_EQ(store_last_put(store, device.id, &want), 0);
    put_device(store, 1);
    CHECK_EQ(store_last_get(store, device.id, &seen), 0);
}

static void
a_verdict_out_of_range_is_refused(void)
{
    CLEANUP(store_closep) struct store *store = open_store(":memory:");
    struct store_device device = make_device(1);
    struct store_last last = whole_last();

    put_device(store, 1);
    last.n_reasons++;
    CHECK_EQ(store_last_put(store, device.id, &last), -EINVAL);
    last = whole_last();
    last.tier = (enum tier)3;
    CHECK_EQ(store_last_put(store, device.id, &last), -EINVAL);
    last = whole_last();
    memset(last.fault_seen, 's', sizeof(last.fault_seen));
    CHECK_EQ(store_last_put(store, device.id, &last), -EINVAL);
    CHECK_EQ(store_last_get(store, device.id, &last), STORE_NONE);
}

static void
a_challenge_is_used_once(void)
{
    CLEANUP(store_closep) struct store *store = open_store(":memory:");
    uint8_t one[32] = {1};
    uint8_t two[32] = {2};

    CHECK_EQ(store_challenge_use(store, one, 100), 0);
    CHECK_EQ(store_challenge_use(store, one, 100), STORE_EXISTS);
    CHECK_EQ(store_challenge_use(store, two, 200), 0);
    CHECK_EQ(store_commit(store), 0);
    CHECK_EQ(store_challenge_use(store, one, 300), STORE_EXISTS);
    CHECK_EQ(store_challenge_trim(store, 100), 0);
    CHECK_EQ(store_challenge_use(store, one, 100), STORE_EXISTS);
    CHECK_EQ(store_challenge_trim(store, 101), 0);
    CHECK_EQ(store_challenge_use(store, one, 100), 0);
    CHECK_EQ(store_challenge_use(store, two, 200), STORE_EXISTS);
    store_rollback(store);
    CHECK_EQ(store_challenge_use(store, one, 100), STORE_EXISTS);
}

static const uint8_t challenge[32] = {9};

/* Uses the challenge in a process of its own, as soon as `go` ends. Made before we open the file:
 * SQLite's notes on its locks must not be inherited. */
static pid_t
rival(const char *path, const int go[2])
{
    pid_t child = fork();

    if (child == 0) {
        struct store *store = open_store(path);
        char none;
        int r;

        close(go[1]);
        CHECK_EQ(read(go[0], &none, 1), 0);
        r = store_challenge_use(store, challenge, 1);
        if (r == 0 && store_commit(store) != 0) {
            r = 99;
        }
        store_close(store);
        _exit(r);
    }
    CHECK(child > 0);
    return child;
}

static int
outcome(pid_t child)
{
    int status = 0;

    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void
of_two_connections_at_once_one_wins(void)
{
    for (int commit = 0; commit <= 1; commit++) {
        struct store_folder made = make_folder();
        struct store *store;
        pid_t child;
        int go[2];

        CHECK_EQ(pipe(go), 0);
        store_close(open_store(made.path));
        child = rival(made.path, go);
        store = open_store(made.path);
        CHECK_EQ(store_challenge_use(store, challenge, 1), 0);
        close(go[1]);
        usleep(100000); /* the rival waits for our batch */
        CHECK_EQ(waitpid(child, NULL, WNOHANG), 0);
        if (commit) {
            CHECK_EQ(store_commit(store), 0);
        } else {
            store_rollback(store);
        }
        CHECK_EQ(outcome(child), commit ? STORE_EXISTS : 0);
        CHECK_EQ(store_challenge_use(store, challenge, 1), STORE_EXISTS);
        store_close(store);
        drop_folder(&made);
    }
}

static void
of_many_racers_one_wins(void)
{
    struct store_folder made = make_folder();
    pid_t children[6];
    int n_won = 0;
    int go[2];

    CHECK_EQ(pipe(go), 0);
    store_close(open_store(made.path));
    for (size_t i = 0; i < ARRAY_LEN(children); i++) {
        children[i] = rival(made.path, go);
    }
    close(go[1]);
    for (size_t i = 0; i < ARRAY_LEN(children); i++) {
        int r = outcome(children[i]);

        CHECK(r == 0 || r == STORE_EXISTS);
        n_won += r == 0;
    }
    CHECK_EQ(n_won, 1);
    drop_folder(&made);
}

CHECK_MAIN(CASE(the_last_verdict_comes_back_whole), CASE(what_it_tells_is_kept_and_the_one_before),
           CASE(a_verdict_needs_its_device), CASE(a_verdict_out_of_range_is_refused),
           CASE(a_challenge_is_used_once), CASE(of_two_connections_at_once_one_wins),
           CASE(of_many_racers_one_wins))
