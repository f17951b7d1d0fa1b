/* keeper/jobs: readers are played over real channels. */
#include "keeper/jobs.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/wr.h"
#include "lib/check.h"
#include "roles/roles.h"

struct seen {
    size_t n;
    enum job_outcome outcome;
    struct fault fault;
    uint8_t body[64];
    size_t len;
    size_t given; /* bytes that the reader had, as told meanwhile */
};

static struct jobs *jobs;

static size_t
any_limit(uint16_t type)
{
    (void)type;
    return 8 * 1024 * 1024;
}

static void
on_done(void *context, enum job_outcome outcome, struct bytes body, const struct fault *fault)
{
    struct seen *seen = context;

    seen->n++;
    seen->outcome = outcome;
    seen->len = body.len;
    seen->given = jobs_given(jobs).len;
    CHECK((fault != NULL) == (outcome == JOB_REFUSED));
    if (fault) {
        seen->fault = *fault;
    }
    for (size_t i = 0; i < body.len && i < sizeof(seen->body); i++) {
        seen->body[i] = body.p[i];
    }
}

/* A reader's end. */
static struct ipc *
reader_new(void)
{
    struct ipc *reader;
    int fds[2];

    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    jobs_reader(jobs, fds[0]);
    reader = ipc_new(fds[1], false, any_limit);
    CHECK(reader);
    return reader;
}

static void
submit_type(uint16_t type, const char *text, int64_t now_ms, struct seen *seen)
{
    CHECK_EQ(jobs_submit(jobs, type, bytes_str(text), now_ms, on_done, seen), 0);
}

static void
submit(const char *text, int64_t now_ms, struct seen *seen)
{
    submit_type(MSG_READ_LOG, text, now_ms, seen);
}

static void
say(struct ipc *reader, uint16_t type, struct bytes body, int fd)
{
    CHECK_EQ(ipc_send(reader, type, 1, &body, 1, fd), 0);
}

static bool
got_type(struct ipc *reader, uint16_t type, const char *text)
{
    struct ipc_msg msg;

    return ipc_recv(reader, &msg) == IPC_OK && msg.type == type &&
           bytes_equal(msg.body, bytes_str(text));
}

static bool
got_job(struct ipc *reader, const char *text)
{
    return got_type(reader, MSG_READ_LOG, text);
}

static bool
is_closed(struct ipc *reader)
{
    struct ipc_msg msg;

    return ipc_recv(reader, &msg) == IPC_E_CLOSED;
}

static struct bytes
fault_body(uint8_t room[32], uint16_t rule, size_t trailing)
{
    struct wr wr = wr_init(room, 32);

    wr_le16(&wr, rule);
    wr_le32(&wr, 7);
    wr_le64(&wr, 1234);
    for (size_t i = 0; i < trailing; i++) {
        wr_u8(&wr, 0);
    }
    return wr_done(&wr);
}

static size_t
n_workers(void)
{
    struct pollfd fds[JOBS_READERS_MAX + 4];

    return jobs_poll(jobs, fds, ARRAY_LEN(fds));
}

/* One job of a type at one reader, that then says this: how it ended. */
static struct seen
answered_to(uint16_t asked, uint16_t type, struct bytes body)
{
    struct seen seen = {0};
    struct ipc *reader;

    jobs = jobs_new();
    reader = reader_new();
    submit_type(asked, "log", 100, &seen);
    jobs_turn(jobs, 100);
    CHECK_EQ(seen.n, 0);
    CHECK(got_type(reader, asked, "log"));
    say(reader, type, body, -1);
    for (int i = 0; i < 100 && seen.n == 0; i++) {
        jobs_turn(jobs, 101);
    }
    CHECK_EQ(seen.n, 1);
    CHECK_EQ(seen.given, strlen("log"));
    CHECK_EQ(jobs_given(jobs).len, 0); /* no longer than that */
    CHECK_EQ(n_workers(), 0);          /* a reader serves once, whatever it said */
    ipc_free(reader);
    jobs_free(jobs);
    return seen;
}

static struct seen
answered(uint16_t type, struct bytes body)
{
    return answered_to(MSG_READ_LOG, type, body);
}

static void
records_come_back_and_the_reader_is_done(void)
{
    struct seen seen = answered(MSG_LOG_RECORDS, bytes_str("records"));

    CHECK_EQ(seen.outcome, JOB_DONE);
    CHECK_BYTES(bytes_of(seen.body, seen.len), bytes_str("records"));
}

static void
a_fault_comes_back_whole(void)
{
    uint8_t room[32];
    struct seen seen = answered(MSG_NOT_READ, fault_body(room, RULE_N - 1, 0));

    CHECK_EQ(seen.outcome, JOB_REFUSED);
    CHECK_EQ(seen.fault.rule, RULE_N - 1);
    CHECK_EQ(seen.fault.event, 7);
    CHECK_EQ(seen.fault.offset, 1234);
}

static void
a_fault_of_a_wrong_form_breaks_the_job(void)
{
    uint8_t room[32];
    struct bytes good = fault_body(room, RULE_N - 1, 0);

    for (size_t n = 0; n < good.len; n++) {
        CHECK_EQ(answered(MSG_NOT_READ, bytes_of(good.p, n)).outcome, JOB_BROKEN);
    }
    CHECK_EQ(answered(MSG_NOT_READ, fault_body(room, RULE_N - 1, 1)).outcome, JOB_BROKEN);
    CHECK_EQ(answered(MSG_NOT_READ, fault_body(room, RULE_NONE, 0)).outcome, JOB_BROKEN);
    CHECK_EQ(answered(MSG_NOT_READ, fault_body(room, RULE_N, 0)).outcome, JOB_BROKEN);
    CHECK_EQ(answered(MSG_NOT_READ, fault_body(room, UINT16_MAX, 0)).outcome, JOB_BROKEN);
}

static void
a_reader_answers_what_it_was_asked_or_a_fault(void)
{
    static const uint16_t types[] = {
#define MESSAGE(name, number, sender, receiver, most) (number),
#include "roles/message.def"
#undef MESSAGE
        0, 49, 51, UINT16_MAX};

    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        if (types[i] != MSG_LOG_RECORDS && types[i] != MSG_NOT_READ) {
            CHECK_EQ(answered(types[i], BYTES_NULL).outcome, JOB_BROKEN);
        }
    }
    CHECK_EQ(answered_to(MSG_READ_CERTS, MSG_CERT_RECORDS, BYTES_NULL).outcome, JOB_DONE);
    CHECK_EQ(answered_to(MSG_READ_CERTS, MSG_LOG_RECORDS, BYTES_NULL).outcome, JOB_BROKEN);
}

/* How many of these readers hold a job about certificates. */
static size_t
with_strangers(struct ipc *const *readers, size_t n)
{
    size_t found = 0;

    for (size_t i = 0; i < n; i++) {
        found += got_type(readers[i], MSG_READ_CERTS, "cert");
    }
    return found;
}

static void
strangers_get_one_reader_of_four(void)
{
    struct ipc *readers[8];
    struct seen seen = {0};

    for (size_t n = 1; n <= ARRAY_LEN(readers); n++) {
        jobs = jobs_new();
        for (size_t i = 0; i < n; i++) {
            readers[i] = reader_new();
        }
        for (size_t i = 0; i < n; i++) {
            submit_type(MSG_READ_CERTS, "cert", 0, &seen);
        }
        jobs_turn(jobs, 0);
        jobs_turn(jobs, 0);
        CHECK_EQ(with_strangers(readers, n), n < 8 ? 1 : 2);
        for (size_t i = 0; i < n; i++) {
            ipc_free(readers[i]);
        }
        jobs_free(jobs);
    }
}

static void
strangers_wait_for_devices_and_leave_them_a_reader(void)
{
    struct ipc *readers[3];
    struct seen seen = {0};

    jobs = jobs_new();
    readers[0] = reader_new();
    readers[1] = reader_new();
    submit_type(MSG_READ_CERTS, "cert", 0, &seen); /* came first */
    submit("log", 0, &seen);
    jobs_turn(jobs, 0);
    CHECK(got_job(readers[0], "log"));
    CHECK(!got_type(readers[1], MSG_READ_CERTS, "cert")); /* the last idle one is for a log */
    readers[2] = reader_new();
    jobs_turn(jobs, 0);
    CHECK_EQ(with_strangers(readers + 1, 2), 1);
    for (size_t i = 0; i < 3; i++) {
        ipc_free(readers[i]);
    }
    jobs_free(jobs);
}

static void
a_full_queue_of_strangers_is_none_of_devices(void)
{
    struct seen strangers = {0};
    struct seen device = {0};

    jobs = jobs_new();
    for (size_t i = 0; i < JOBS_WAITING_MAX; i++) {
        submit_type(MSG_READ_CERTS, "cert", 0, &strangers);
    }
    CHECK_EQ(jobs_submit(jobs, MSG_READ_CERTS, bytes_str("cert"), 0, on_done, &strangers),
             -ENOBUFS);
    submit("log", 1, &device);
    jobs_turn(jobs, JOB_LIMIT_MS + 1);
    CHECK_EQ(strangers.n, JOBS_WAITING_MAX);
    CHECK_EQ(strangers.outcome, JOB_BROKEN);
    CHECK_EQ(device.n, 0);
    submit_type(MSG_READ_CERTS, "cert", 0, &strangers); /* and is freed with the rest */
    jobs_free(jobs);
}

static void
a_body_over_its_limit_breaks_the_job(void)
{
    uint8_t fault[17] = {1, 0};
    size_t most = roles_reader_to_keeper(MSG_LOG_RECORDS);
    uint8_t *large = calloc(1, most + 1);

    CHECK(large);
    CHECK_EQ(answered(MSG_NOT_READ, BYTES_OF(fault)).outcome, JOB_BROKEN);
    CHECK_EQ(answered(MSG_LOG_RECORDS, bytes_of(large, 100000)).outcome, JOB_DONE);
    CHECK_EQ(answered(MSG_LOG_RECORDS, bytes_of(large, most + 1)).outcome, JOB_BROKEN);
    free(large);
}

static void
a_descriptor_from_a_reader_breaks_the_job(void)
{
    struct seen seen = {0};
    struct ipc *reader;

    jobs = jobs_new();
    reader = reader_new();
    submit("log", 0, &seen);
    jobs_turn(jobs, 0);
    say(reader, MSG_LOG_RECORDS, bytes_str("records"), dup(0));
    jobs_turn(jobs, 0);
    CHECK_EQ(seen.n, 1);
    CHECK_EQ(seen.outcome, JOB_BROKEN);
    ipc_free(reader);
    jobs_free(jobs);
}

static void
a_reader_that_dies_breaks_its_job_only(void)
{
    struct seen first = {0};
    struct seen second = {0};
    struct ipc *dies;
    struct ipc *lives;

    jobs = jobs_new();
    dies = reader_new();
    lives = reader_new();
    submit("one", 0, &first);
    submit("two", 0, &second);
    jobs_turn(jobs, 0);
    CHECK(got_job(dies, "one"));
    CHECK(got_job(lives, "two"));
    ipc_free(dies);
    jobs_turn(jobs, 0);
    CHECK_EQ(first.n, 1);
    CHECK_EQ(first.outcome, JOB_BROKEN);
    CHECK_EQ(second.n, 0);
    say(lives, MSG_LOG_RECORDS, bytes_str("r"), -1);
    jobs_turn(jobs, 0);
    CHECK_EQ(second.n, 1);
    CHECK_EQ(second.outcome, JOB_DONE);
    ipc_free(lives);
    jobs_free(jobs);
}

static void
a_reader_that_hangs_is_given_up_after_its_time(void)
{
    struct seen seen = {0};
    struct ipc *reader;

    jobs = jobs_new();
    reader = reader_new();
    submit("log", 50, &seen);
    jobs_turn(jobs, 1000); /* its time starts here */
    jobs_turn(jobs, 1000 + JOB_LIMIT_MS);
    CHECK_EQ(seen.n, 0);
    jobs_turn(jobs, 1000 + JOB_LIMIT_MS + 1);
    CHECK_EQ(seen.n, 1);
    CHECK_EQ(seen.outcome, JOB_BROKEN);
    CHECK(got_job(reader, "log"));
    CHECK(is_closed(reader));
    ipc_free(reader);
    jobs_free(jobs);
}

static void
an_idle_reader_may_wait_but_not_speak(void)
{
    struct seen seen = {0};
    struct ipc *reader;

    jobs = jobs_new();
    reader = reader_new();
    jobs_turn(jobs, 0);
    jobs_turn(jobs, 100 * JOB_LIMIT_MS);
    CHECK_EQ(n_workers(), 1);
    say(reader, MSG_LOG_RECORDS, bytes_str("early"), -1);
    jobs_turn(jobs, 100 * JOB_LIMIT_MS);
    CHECK_EQ(n_workers(), 0);
    submit("log", 100 * JOB_LIMIT_MS, &seen);
    jobs_turn(jobs, 100 * JOB_LIMIT_MS);
    CHECK_EQ(seen.n, 0); /* what it said is nobody's answer */
    CHECK(is_closed(reader));
    ipc_free(reader);
    jobs_free(jobs);
}

static void
an_idle_reader_that_dies_makes_room(void)
{
    jobs = jobs_new();
    ipc_free(reader_new());
    CHECK_EQ(n_workers(), 1);
    jobs_turn(jobs, 0);
    CHECK_EQ(n_workers(), 0);
    jobs_free(jobs);
}

static void
a_job_that_no_reader_takes_is_given_up(void)
{
    struct seen early = {0};
    struct seen late = {0};

    jobs = jobs_new();
    submit("early", 0, &early);
    submit("late", 10, &late);
    jobs_turn(jobs, JOB_LIMIT_MS);
    CHECK_EQ(early.n + late.n, 0);
    jobs_turn(jobs, JOB_LIMIT_MS + 1);
    CHECK_EQ(early.n, 1);
    CHECK_EQ(early.outcome, JOB_BROKEN);
    CHECK_EQ(late.n, 0);
    jobs_turn(jobs, JOB_LIMIT_MS + 11);
    CHECK_EQ(late.n, 1);
    jobs_free(jobs);
}

static void
a_full_queue_refuses_and_takes_again(void)
{
    struct seen seen = {0};
    struct seen over = {0};
    struct ipc *reader;

    jobs = jobs_new();
    for (size_t i = 0; i < JOBS_WAITING_MAX; i++) {
        submit(i == 0 ? "first" : "other", 0, &seen);
    }
    CHECK_EQ(jobs_submit(jobs, MSG_READ_LOG, bytes_str("over"), 0, on_done, &over), -ENOBUFS);
    reader = reader_new();
    jobs_turn(jobs, 0);
    CHECK(got_job(reader, "first")); /* the oldest goes first */
    submit("again", 0, &seen);
    CHECK_EQ(jobs_submit(jobs, MSG_READ_LOG, bytes_str("over"), 0, on_done, &over), -ENOBUFS);
    ipc_free(reader);
    jobs_turn(jobs, JOB_LIMIT_MS + 1);
    CHECK_EQ(seen.n, JOBS_WAITING_MAX + 1);
    CHECK_EQ(over.n, 0);
    jobs_free(jobs); /* with nothing waiting */
}

static void
jobs_that_wait_are_freed_without_a_word(void)
{
    struct seen seen = {0};
    struct ipc *reader;

    jobs = jobs_new();
    reader = reader_new();
    submit("busy", 0, &seen);
    submit("waits", 0, &seen);
    jobs_turn(jobs, 0);
    jobs_free(jobs);
    jobs_free(NULL);
    CHECK_EQ(seen.n, 0);
    CHECK(got_job(reader, "busy"));
    CHECK(is_closed(reader));
    ipc_free(reader);
}

static void
a_reader_too_many_is_sent_away(void)
{
    struct ipc *readers[JOBS_READERS_MAX + 1];

    jobs = jobs_new();
    for (size_t i = 0; i < ARRAY_LEN(readers); i++) {
        readers[i] = reader_new();
    }
    CHECK_EQ(n_workers(), JOBS_READERS_MAX);
    CHECK(is_closed(readers[JOBS_READERS_MAX]));
    for (size_t i = 0; i < JOBS_READERS_MAX; i++) {
        CHECK(!is_closed(readers[i]));
    }
    for (size_t i = 0; i < ARRAY_LEN(readers); i++) {
        ipc_free(readers[i]);
    }
    jobs_free(jobs);
}

static void
poll_gives_no_more_than_asked_for(void)
{
    struct pollfd fds[2];
    struct ipc *readers[3];

    jobs = jobs_new();
    for (size_t i = 0; i < 3; i++) {
        readers[i] = reader_new();
    }
    CHECK_EQ(jobs_poll(jobs, fds, 2), 2);
    CHECK(fds[0].fd != fds[1].fd);
    CHECK_EQ(fds[0].events, POLLIN);
    for (size_t i = 0; i < 3; i++) {
        ipc_free(readers[i]);
    }
    jobs_free(jobs);
}

CHECK_MAIN(CASE(records_come_back_and_the_reader_is_done), CASE(a_fault_comes_back_whole),
           CASE(a_fault_of_a_wrong_form_breaks_the_job),
           CASE(a_reader_answers_what_it_was_asked_or_a_fault),
           CASE(strangers_get_one_reader_of_four),
           CASE(strangers_wait_for_devices_and_leave_them_a_reader),
           CASE(a_full_queue_of_strangers_is_none_of_devices),
           CASE(a_body_over_its_limit_breaks_the_job),
           CASE(a_descriptor_from_a_reader_breaks_the_job),
           CASE(a_reader_that_dies_breaks_its_job_only),
           CASE(a_reader_that_hangs_is_given_up_after_its_time),
           CASE(an_idle_reader_may_wait_but_not_speak), CASE(an_idle_reader_that_dies_makes_room),
           CASE(a_job_that_no_reader_takes_is_given_up), CASE(a_full_queue_refuses_and_takes_again),
           CASE(jobs_that_wait_are_freed_without_a_word), CASE(a_reader_too_many_is_sent_away),
           CASE(poll_gives_no_more_than_asked_for))
