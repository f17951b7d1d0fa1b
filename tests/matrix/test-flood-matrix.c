/* Floods of those who may speak: a member that brings something new each time, a thousand strangers
 * that prove their TPM and wait for approval. Rows 3 and 22 of the attacks page. */
#include <malloc.h>
#include <stdlib.h>

#include "lib/attest-play.h"
#include "lib/check.h"
#include "lib/store-make.h"
#include "roles/roles.h"

enum { LOG_ROOM = 64 * 1024, STRANGERS = 1000, PENDING_MAX = 100, NEW_LOGS_MAX = 2000 };

static uint8_t log_room[LOG_ROOM];

static struct cost_who
who(void)
{
    static struct store_device device;

    CHECK_EQ(keeper_device(&play.rig.keeper, bytes_str(play.rig.identity), &device), 0);
    return (struct cost_who){BYTES_OF(device.id), bytes_str("[::1]:1")};
}

static uint8_t
attest(void)
{
    play_plain();
    return play_attest(play_written());
}

/* The same boot, told by a log of other bytes: they end in a text that no digest binds. */
static void
make_a_new_log(uint32_t n)
{
    struct bytes log = check_vector(PLAY_LOG);

    CHECK(log.len <= sizeof(log_room));
    memcpy(log_room, log.p, log.len);
    memcpy(log_room + log.len - sizeof(n), &n, sizeof(n));
    play.rig.device.log = bytes_of(log_room, log.len);
}

static uint8_t
attest_with_a_new_log(uint32_t n)
{
    make_a_new_log(n);
    return attest();
}

/* Until it is told to wait; how many were heard. */
static uint32_t
new_logs(uint32_t from)
{
    uint32_t n = 0;
    unsigned n_read = play.rig.n_read;

    while (n < NEW_LOGS_MAX && attest_with_a_new_log(from + n) == COAP_CODE(2, 4)) {
        (void)play_answered();
        n++;
    }
    CHECK_EQ(play.rig.n_read - n_read, n); /* each took a reader, and the last none */
    CHECK_EQ(play.rig.reply.code, COAP_CODE(4, 29));
    CHECK_EQ(keeper_rig_problem(&play.rig, NULL), REASON_RATE_LIMITED);
    return n;
}

/* Another member of the same class, in the place of the first. */
static void
be_another(void)
{
    soft_device_done(&play.rig.device);
    soft_device_new(&play.rig.device, play.rig.hasher, RIG_SITE);
    keeper_rig_join(&play.rig);
    CHECK(keeper_rig_boot(&play.rig, check_vector(PLAY_LOG)));
    keeper_rig_connect(&play.rig);
    play.evidence = (struct soft_evidence){.with_log = true, .with_values = true};
    soft_evidence_plain(&play.rig.device, NULL, play.rig.exporter, &play.evidence);
    CHECK_EQ(play_attest(play_written()), COAP_CODE(2, 4));
    CHECK_EQ(play_answered().tier, TIER_AFFIRMING);
}

static void
a_member_with_a_new_log_each_time_is_slowed(void)
{
    uint32_t n;
    int64_t wait_s;

    play_start();
    n = new_logs(1);
    CHECK(n > 50 && n <= COST_DEVICE_BURST_US / COST_READ_US);
    wait_s = play.rig.reply.max_age_s;
    CHECK(wait_s >= 1 && wait_s < 60);
    play.rig.mono_ms += wait_s * 1000;
    CHECK(new_logs(n + 1) > 0);
    for (int i = 0; i < 5; i++) { /* from then on its rate */
        play.rig.mono_ms += 10000;
        CHECK(new_logs(n += 100) <= 10 * COST_DEVICE_RATE * 1000 / COST_READ_US + 1);
    }
    play_done();
}

static void
its_neighbours_are_served_at_once(void)
{
    play_start();
    (void)new_logs(1);
    be_another();
    for (uint32_t i = 0; i < 20; i++) {
        CHECK_EQ(attest_with_a_new_log(5000 + i), COAP_CODE(2, 4));
        (void)play_answered();
        play.rig.device.log = check_vector(PLAY_LOG);
        CHECK_EQ(attest(), COAP_CODE(2, 4));
        CHECK_EQ(play_answered().tier, TIER_AFFIRMING);
    }
    play_done();
}

/* A repeat takes no reader, so it goes on when the readers' share is used up by others. */
static void
a_known_log_needs_no_share_of_the_readers(void)
{
    struct cost_who others = {bytes_str("another device"), bytes_str("[::2]:9")};

    play_start();
    CHECK_EQ(cost_take(play.rig.keeper.cost, &others, COST_PREFIX_BURST_US + COST_READ_US, true,
                       play.rig.mono_ms),
             0);
    CHECK_EQ(attest_with_a_new_log(1), COAP_CODE(4, 29));
    play.rig.device.log = check_vector(PLAY_LOG);
    CHECK_EQ(attest(), COAP_CODE(2, 4));
    CHECK_EQ(play_answered().tier, TIER_AFFIRMING);
    play_done();
}

/* Evidence and tokens without end: both are counted, and what is refused changes nothing. */
static void
a_device_that_has_had_its_share_waits_with_all_that_it_asks(void)
{
    struct cost_who self;

    play_start();
    self = who();
    CHECK_EQ(keeper_rig_ask(&play.rig, REQUEST_PSK, RESOURCE_TOKEN, BYTES_NULL, "assay"),
             COAP_CODE(2, 5));
    CHECK_EQ(
        cost_take(play.rig.keeper.cost, &self, 2 * COST_DEVICE_BURST_US, false, play.rig.mono_ms),
        0);
    CHECK_EQ(keeper_rig_ask(&play.rig, REQUEST_PSK, RESOURCE_TOKEN, BYTES_NULL, "assay"),
             COAP_CODE(4, 29));
    CHECK(play.rig.reply.max_age_s >= 100);
    play_plain();
    CHECK_EQ(play_attest(play_written()), COAP_CODE(4, 29));
    CHECK_EQ(keeper_rig_problem(&play.rig, NULL), REASON_RATE_LIMITED);
    play.rig.mono_ms += 110000;
    CHECK_EQ(play_attest(play_written()), COAP_CODE(2, 4)); /* its challenge was not used up */
    CHECK_EQ(play_answered().tier, TIER_AFFIRMING);
    play_done();
}

/* In the place of play.rig.device, which somebody else has or nobody. */
static enum device_state
enrol_stranger(char identity[64])
{
    static uint8_t room[2048];
    struct wr wr = wr_init(room, sizeof(room));
    struct store_device row;
    struct bytes body;

    soft_device_new(&play.rig.device, play.rig.hasher, RIG_SITE);
    body = soft_device_enroll(&play.rig.device, &wr);
    keeper_rig_identity(&play.rig);
    keeper_rig_connect(&play.rig);
    CHECK_EQ(keeper_rig_ask(&play.rig, REQUEST_CERTIFICATE, RESOURCE_ENROLL, body, NULL),
             COAP_CODE(2, 4));
    CHECK_EQ(keeper_rig_ask(&play.rig, REQUEST_PSK, RESOURCE_ENROLL, body, NULL), COAP_CODE(2, 4));
    CHECK_EQ(keeper_device(&play.rig.keeper, bytes_str(play.rig.identity), &row), 0);
    memcpy(identity, play.rig.identity, 64);
    return row.state;
}

static int64_t
count(enum device_state state)
{
    int64_t n = -1;

    CHECK_EQ(store_device_count(play.rig.keeper.store, state, &n), 0);
    return n;
}

static int64_t
audit_rows(void)
{
    int64_t n = 0;
    uint8_t hash[32];

    CHECK_EQ(store_audit_head(play.rig.keeper.store, &n, hash), 0);
    return n;
}

/* The member of play_start(), put aside while strangers stand in its place. */
static struct soft_device member;
static char member_identity[64];

static void
member_steps_aside(void)
{
    member = play.rig.device;
    memcpy(member_identity, play.rig.identity, sizeof(member_identity));
}

static void
member_attests(void)
{
    play.rig.device = member;
    memcpy(play.rig.identity, member_identity, sizeof(member_identity));
    keeper_rig_connect(&play.rig);
    CHECK_EQ(attest(), COAP_CODE(2, 4));
    CHECK_EQ(play_answered().tier, TIER_AFFIRMING);
    member = play.rig.device; /* its clock goes on */
}

/* Strangers, one after the other; returns the bytes that were allocated when half had come. */
static size_t
strangers_come(char identities[][64])
{
    size_t halfway = 0;

    for (int i = 0; i < STRANGERS; i++) {
        play.rig.now_ms += 10;
        CHECK_EQ(enrol_stranger(identities[i]), DEVICE_PENDING);
        soft_device_done(&play.rig.device);
        CHECK(count(DEVICE_PENDING) <= PENDING_MAX);
        if (i % 100 == 50) {
            member_attests();
        }
        halfway = i == STRANGERS / 2 ? mallinfo2().uordblks : halfway;
    }
    return halfway;
}

/* Each with a TPM of its own, or one in software: proved, enrolled, waiting. The oldest give way to
 * the newest, neither rows nor audit log nor memory grow with them, and the member attests. */
static void
a_thousand_strangers_wait_in_a_hundred_rows(void)
{
    static char identities[STRANGERS][64];
    struct store_folder made = make_folder();
    char head[64];
    struct store_device row;
    int64_t rows;
    size_t halfway;

    play.rig.store_path = made.path;
    play_start();
    rows = audit_rows();
    member_steps_aside();
    halfway = strangers_come(identities);
    CHECK(mallinfo2().uordblks < halfway + 256 * 1024);
    CHECK_EQ(count(DEVICE_PENDING), PENDING_MAX);
    CHECK_EQ(count(DEVICE_FRESH), 1);
    CHECK(audit_rows() - rows < 20);
    for (int i = 0; i < STRANGERS; i++) {
        CHECK_EQ(keeper_device(&play.rig.keeper, bytes_str(identities[i]), &row),
                 i < STRANGERS - PENDING_MAX ? STORE_NONE : 0);
    }
    member_attests();
    play_done();
    snprintf(head, sizeof(head), "%s.head", made.path);
    unlink(head);
    drop_folder(&made);
}

/* Who gave way comes again as any stranger does, and is approved by the fingerprint that its own
 * console shows, whether it is in a row or not. */
static void
who_gave_way_may_come_again_and_be_approved(void)
{
    char first[64];
    char other[64];
    struct soft_device gone;
    struct store_device row;

    play_start();
    soft_device_done(&play.rig.device);
    CHECK_EQ(enrol_stranger(first), DEVICE_PENDING);
    gone = play.rig.device;
    for (int i = 0; i < PENDING_MAX; i++) {
        play.rig.now_ms += 100;
        CHECK_EQ(enrol_stranger(other), DEVICE_PENDING);
        soft_device_done(&play.rig.device);
    }
    CHECK_EQ(keeper_device(&play.rig.keeper, bytes_str(first), &row), STORE_NONE);
    play.rig.device = gone;
    keeper_rig_join(&play.rig);
    CHECK_EQ(keeper_device(&play.rig.keeper, bytes_str(first), &row), 0);
    CHECK_STR(row.class_name, "c");
    CHECK_EQ(count(DEVICE_PENDING), PENDING_MAX - 1);
    play_done();
}

static void
ignored(void *context, enum job_outcome outcome, struct bytes body, const struct fault *fault)
{
    (void)outcome;
    (void)body;
    (void)fault;
    ++*(size_t *)context;
}

/* The answer while no reader does anything. */
static uint8_t
attest_unread(void)
{
    uint64_t request;

    play_plain();
    keeper_rig_post(&play.rig, REQUEST_PSK, RESOURCE_ATTEST, play_written(), NULL);
    CHECK(keeper_rig_take(&play.rig, &request));
    return play.rig.reply.code;
}

/* Readers that stand still: what waits for them is bounded, who comes then is told when to come
 * again, and who needs no reader notices nothing. */
static void
a_full_queue_refuses_with_a_time_and_only_who_needs_a_reader(void)
{
    size_t n_done = 0;

    play_start();
    for (size_t i = 0; i < JOBS_WAITING_MAX; i++) {
        CHECK_EQ(jobs_submit(play.rig.keeper.jobs, MSG_READ_LOG, bytes_str("x"), play.rig.mono_ms,
                             ignored, &n_done),
                 0);
    }
    CHECK_EQ(attest_unread(), COAP_CODE(2, 4));
    CHECK_EQ(play_answered().tier, TIER_AFFIRMING);
    play.rig.now_ms += 1000;
    make_a_new_log(1);
    CHECK_EQ(attest_unread(), COAP_CODE(4, 29));
    CHECK_EQ(keeper_rig_problem(&play.rig, NULL), REASON_RATE_LIMITED);
    CHECK_EQ(play.rig.reply.max_age_s, KEEPER_BUSY_RETRY_S);
    play.rig.mono_ms += JOB_LIMIT_MS + 1; /* nobody waits for ever */
    jobs_turn(play.rig.keeper.jobs, play.rig.mono_ms);
    CHECK_EQ(n_done, JOBS_WAITING_MAX);
    CHECK_EQ(attest_with_a_new_log(2), COAP_CODE(2, 4));
    play_done();
}

CHECK_MAIN(CASE(a_full_queue_refuses_with_a_time_and_only_who_needs_a_reader),
           CASE(a_member_with_a_new_log_each_time_is_slowed),
           CASE(its_neighbours_are_served_at_once), CASE(a_known_log_needs_no_share_of_the_readers),
           CASE(a_device_that_has_had_its_share_waits_with_all_that_it_asks),
           CASE(a_thousand_strangers_wait_in_a_hundred_rows),
           CASE(who_gave_way_may_come_again_and_be_approved))
