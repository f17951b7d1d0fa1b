#include "keeper/attest.h"

#include <errno.h>
#include <stdlib.h>

#include "base/log.h"
#include "roles/roles.h"

void
attest_free(struct attest *attest)
{
    if (attest) {
        free(attest->ima.records);
        free(attest->ima_open);
        free(attest->userspace.records);
        free(attest->userspace_events);
        asked_free(attest->asked);
        free(attest);
    }
}

/* One device has one log in reading: a second would let it fill the queue of all. And together they
 * hold no more than so much, as each stays with what readers made of it until it is judged. */
static bool
begin_reading(struct attest *attest)
{
    struct keeper *keeper = attest->keeper;
    size_t held = attest->asked->request.body.len;

    for (const struct attest *other = keeper->reading; other; other = other->next) {
        if (memcmp(other->device.id, attest->device.id, WIRE_UEID_SIZE) == 0) {
            return false;
        }
        held += other->asked->request.body.len;
    }
    if (held > LIMIT_READING_BYTES) {
        return false;
    }
    attest->next = keeper->reading;
    keeper->reading = attest;
    return true;
}

static void
end_reading(struct attest *attest)
{
    struct attest **at = &attest->keeper->reading;

    while (*at && *at != attest) {
        at = &(*at)->next;
    }
    if (*at) {
        *at = attest->next;
    }
}

void
attest_front_gone(struct keeper *keeper, const struct ipc *front, const uint64_t *connection)
{
    for (struct attest *attest = keeper->reading; attest; attest = attest->next) {
        if (attest->asked->front == front &&
            (!connection || attest->asked->request.connection == *connection)) {
            attest->asked->front = NULL;
        }
    }
}

void
attest_drop_all(struct keeper *keeper)
{
    while (keeper->reading) {
        struct attest *attest = keeper->reading;

        keeper->reading = attest->next;
        attest_free(attest);
    }
}

static enum step
run(struct attest *attest, enum step (*const *steps)(struct attest *), size_t n)
{
    enum step step = STEP_ON;

    for (size_t i = 0; i < n && step == STEP_ON; i++) {
        step = steps[i](attest);
    }
    return step;
}

/* While a reader worked, an operator may have spoken or other evidence have been judged: what was
 * read of the store before is old, and what followed from it is judged again. */
static enum step
again(struct attest *attest)
{
    static enum step (*const steps[])(struct attest *) = {
        attest_device, attest_challenge, attest_quote, attest_order, attest_growing,
    };

    return run(attest, steps, ARRAY_LEN(steps));
}

static void
broke(struct attest *attest, const char *where, int r)
{
    keeper_broke(attest->keeper, attest->asked, where, r);
}

/* 4.09: the log is not known here, send it. */
static void
want_log(struct attest *attest)
{
    attest->firmware_unknown = true;
    (void)attest_want(attest, REASON_BODY_MISSING, true);
}

static void
with_events(struct attest *attest, const struct event_log *log)
{
    if (attest_events(attest, log) == STEP_JUDGE) {
        attest_finish(attest);
    }
}

/* Whether what a reader said of a log may serve others who bring it: its digests replayed to a
 * quote, and nothing that rests on its word alone was held against the log. Else the next reader is
 * asked; one that lies must not speak for all devices with that log. */
static bool
holds(const struct verdict *verdict)
{
    return verdict->replay == CHECK_PASSED && verdict->events == CHECK_PASSED;
}

/* Keeps what a reader made of the log that it was given. */
static int
keep_log(struct attest *attest, struct bytes records, const struct known_events **ret)
{
    struct logs_read read = {.body = jobs_given(attest->keeper->jobs), .records = records};

    memcpy(read.digest, attest->firmware->digest, sizeof(read.digest));
    return logs_add(attest->keeper->logs, attest->keeper->hasher, &read, ret);
}

static void
with_records(struct attest *attest, enum job_outcome outcome, struct bytes body,
             const struct fault *fault)
{
    const struct known_events *known = NULL;
    int r;

    if (outcome == JOB_REFUSED) {
        attest->verdict.log = CHECK_FAILED;
        verdict_add(&attest->verdict, rule_reason(fault->rule), fault, FAULT_NO_EVENT, NULL, NULL);
        attest_finish(attest);
        return;
    }
    r = outcome == JOB_DONE ? keep_log(attest, body, &known) : 1;
    if (r == 0) {
        with_events(attest, &known->log);
        if (!holds(&attest->verdict)) {
            logs_drop(attest->keeper->logs, attest->firmware->digest);
        }
    } else if (r < 0) {
        broke(attest, "records", r);
    } else {
        (void)attest_reader_broken(attest);
    }
}

static void find_log(struct attest *attest);

/* Goes on with what a reader made of a log; true when find_log() has taken the attestation over. */
static bool
take_up(struct attest *attest, enum job_outcome outcome, struct bytes body,
        const struct fault *fault)
{
    enum step step = again(attest);

    if (step == STEP_ON && attest->reads == LOG_FIRMWARE) {
        with_records(attest, outcome, body, fault);
        return false;
    }
    if (step == STEP_ON) {
        step = attest_growing_take(attest, outcome, body, fault);
    }
    if (step == STEP_ON) {
        find_log(attest);
        return true;
    }
    if (step == STEP_JUDGE) {
        attest_finish(attest);
    }
    return false;
}

/* What a reader made of a log, or part, that came with this evidence. Nobody waits for an answer
 * whose connection is gone: no verdict, as if it had never been asked. */
static void
on_log(void *context, enum job_outcome outcome, struct bytes body, const struct fault *fault)
{
    struct attest *attest = context;
    struct keeper *keeper = attest->keeper;

    end_reading(attest);
    keeper_begin(keeper);
    if (!attest->asked->front || !take_up(attest, outcome, body, fault)) {
        attest_free(attest);
    }
    keeper_end(keeper); /* on every way: a piece left open is one that nothing undoes */
}

/* Hands bytes to a reader; the attestation goes on in on_log(). A device that brings something new
 * each time has a share of the readers, and then waits. */
static void
read_log(struct attest *attest, enum log_kind kind, uint16_t type, struct bytes body)
{
    struct keeper *keeper = attest->keeper;
    /* the rest of a userspace log has all of it hashed and written anew (attest-kept.c) */
    uint64_t more =
        kind == LOG_USERSPACE && attest->userspace.resumed ? attest->userspace.row.length : 0;
    int64_t us = COST_READ_US + COST_READ_KIB_US * (int64_t)((body.len + more) / 1024);
    bool begun = begin_reading(attest);
    int r;

    if (begun && !keeper_afford(keeper, attest->asked, &attest->device, us, true)) {
        end_reading(attest);
        attest_free(attest);
        return;
    }
    r = begun ? jobs_submit(keeper->jobs, type, body,
                            keeper->clock->mono_ms(keeper->clock->context), on_log, attest)
              : -EBUSY;
    attest->reads = kind;
    if (r < 0) {
        end_reading(attest);
        keeper_problem(keeper, attest->asked, COAP_CODE(4, 29), REASON_RATE_LIMITED, NULL);
        attest_free(attest);
    }
}

/* A log that came with the evidence: its digest is ours to compute, even when the log that it
 * claims to be is known, because these bytes are what will be stored under that name. Returns
 * STEP_ON when it is the one that the claims name, or when none came. */
static enum step
check_body(struct attest *attest, struct bytes body)
{
    uint8_t digest[32];
    int r;

    if (!body.p) {
        return STEP_ON;
    }
    if (body.len > LIMIT_LOG_BYTES) {
        keeper_too_large(attest->keeper, attest->asked, LIMIT_LOG_BYTES);
        return STEP_ANSWERED;
    }
    r = hasher_bytes(attest->keeper->hasher, HASH_SHA256, body, digest);
    if (r < 0) {
        broke(attest, "digest", r);
        return STEP_ANSWERED;
    }
    if (memcmp(digest, attest->firmware->digest, 32) != 0) {
        keeper_problem(attest->keeper, attest->asked, COAP_CODE(4, 0), REASON_EVIDENCE_MALFORMED,
                       NULL);
        return STEP_ANSWERED;
    }
    return STEP_ON;
}

/* A log that the device left out because we should have it. */
static void
stored_log(struct attest *attest)
{
    uint8_t *body = NULL;
    size_t len = 0;
    int r = store_log_get(attest->keeper->store, attest->firmware->digest, &body, &len);

    if (r == 0) {
        read_log(attest, LOG_FIRMWARE, MSG_READ_LOG, bytes_of(body, len));
        free(body);
        return;
    }
    if (r == STORE_NONE) {
        want_log(attest);
    } else {
        broke(attest, "log", r);
    }
    attest_free(attest);
}

/* The firmware's log by the shortest way, read before, sent, or stored, once the parts of growing
 * logs are read: what it gives is judged at once and is kept by nobody here. */
static void
find_log(struct attest *attest)
{
    const struct known_events *known;
    struct bytes body;
    uint16_t type;
    int kind = attest_growing_unread(attest, &type, &body);

    if (kind != 0) {
        read_log(attest, (enum log_kind)kind, type, body);
        return;
    }
    if (!attest->firmware) {
        (void)verdict_check(&attest->verdict, &attest->verdict.log, false, RULE_LOG_NEEDED);
        attest_finish(attest);
        attest_free(attest);
        return;
    }
    body = attest->evidence.logs[attest->firmware - attest->claims.logs];
    if (check_body(attest, body) != STEP_ON) {
        attest_free(attest);
        return;
    }
    known = logs_find(attest->keeper->logs, attest->firmware->digest);
    if (known) {
        with_events(attest, &known->log);
        attest_free(attest);
    } else if (body.p) {
        read_log(attest, LOG_FIRMWARE, MSG_READ_LOG, body);
    } else {
        stored_log(attest);
    }
}

void
keeper_attest(struct keeper *keeper, struct asked *take_asked)
{
    static enum step (*const steps[])(struct attest *) = {
        attest_open, attest_challenge, attest_quote, attest_order, attest_key, attest_growing,
    };
    struct attest *attest = calloc(1, sizeof(*attest));
    enum step step;

    if (!attest) {
        keeper_broke(keeper, take_asked, "memory", -ENOMEM);
        asked_free(take_asked);
        return;
    }
    attest->keeper = keeper;
    attest->asked = take_asked;
    step = run(attest, steps, ARRAY_LEN(steps));
    if (step == STEP_ON) {
        find_log(attest);
        return;
    }
    if (step == STEP_JUDGE) {
        attest_finish(attest);
    }
    attest_free(attest);
}
