#include "keeper/enrol-read.h"

#include <errno.h>
#include <stdlib.h>

#include "base/log.h"
#include "roles/roles.h"

enum { JOB_ROOM = 557056, NONE_HOLDS_S = 3600 };

struct enrolling {
    struct keeper *keeper;
    struct asked *asked;
    uint8_t ueid[WIRE_UEID_SIZE];
    int64_t now_s;        /* the time that chains are judged at */
    uint8_t question[32]; /* digest of what was sent, and of the anchors */
    struct enrolling *next;
};

static int64_t
now_s(const struct keeper *keeper)
{
    return keeper->clock->utc_ms(keeper->clock->context) / 1000;
}

int
enrol_worth(struct keeper *keeper, const struct enrol *enrol, struct ek_sent *sent,
            struct ek_worth *ret)
{
    const struct ek_worth *known;
    int r = ek_sent_read(keeper->hasher, &enrol->wire, enrol->ek_key, &keeper->anchors, sent);

    if (r < 0) {
        return r;
    }
    if (sent->n_leaves == 0) {
        *ret = (struct ek_worth){.chain = EK_CHAIN_NONE};
        return 0;
    }
    known = ek_cache_get(keeper->ek_cache, sent->digest, now_s(keeper));
    if (!known) {
        return 1;
    }
    *ret = *known;
    return 0;
}

/* The address without the port, which a peer chooses as it likes. */
static struct bytes
address(const struct asked *asked)
{
    struct bytes peer = asked->request.peer;

    while (peer.len > 0 && peer.p[peer.len - 1] != ':') {
        peer.len--;
    }
    return peer;
}

static bool
may_begin(const struct keeper *keeper, const struct asked *asked, const struct enrol *enrol)
{
    size_t of_peer = 0;

    for (const struct enrolling *other = keeper->enrolling; other; other = other->next) {
        if (memcmp(other->ueid, enrol->ueid, WIRE_UEID_SIZE) == 0) {
            return false;
        }
        of_peer += bytes_equal(address(other->asked), address(asked));
    }
    return of_peer < ENROLLING_PEER_MAX;
}

static void
enrolling_free(struct enrolling *enrolling)
{
    if (enrolling) {
        asked_free(enrolling->asked);
        free(enrolling);
    }
}

static void
end_reading(struct enrolling *enrolling)
{
    struct enrolling **at = &enrolling->keeper->enrolling;

    while (*at && *at != enrolling) {
        at = &(*at)->next;
    }
    if (*at) {
        *at = enrolling->next;
    }
}

void
enrol_front_gone(struct keeper *keeper, const struct ipc *front, const uint64_t *connection)
{
    lane_front_gone(keeper->lane, front, connection);
    for (struct enrolling *one = keeper->enrolling; one; one = one->next) {
        if (one->asked->front == front &&
            (!connection || one->asked->request.connection == *connection)) {
            one->asked->front = NULL;
        }
    }
}

void
enrol_drop_all(struct keeper *keeper)
{
    while (keeper->enrolling) {
        struct enrolling *one = keeper->enrolling;

        keeper->enrolling = one->next;
        enrolling_free(one);
    }
}

/* The reader refused them all: certificates of this EK that are no EK certificates. */
static int
unread(const struct enrolling *enrolling, const struct fault *fault, struct ek_worth *ret)
{
    char name[RULE_NAME_MAX];

    if (keeper_may_log(enrolling->keeper)) {
        log_event(LOG_NOTICE, "ek-certificate-refused",
                  LOG_HEX("device", BYTES_OF(enrolling->ueid)),
                  LOG_STR("rule", rule_name(fault->rule, name)),
                  LOG_TEXT("peer", enrolling->asked->request.peer));
    }
    *ret = (struct ek_worth){
        .chain = EK_CHAIN_NONE,
        .from_s = enrolling->now_s,
        .until_s = enrolling->now_s + NONE_HOLDS_S,
    };
    return 0;
}

static void
log_no_chain(const struct enrolling *enrolling, struct bytes body)
{
    struct cert_records records;
    char name[RULE_NAME_MAX];

    if (cert_records_read(body, &records) == 0 && keeper_may_log(enrolling->keeper)) {
        log_event(LOG_NOTICE, "ek-chain-refused", LOG_HEX("device", BYTES_OF(enrolling->ueid)),
                  LOG_STR("rule", rule_name(records.rule, name)),
                  LOG_INT("certificate", records.place));
    }
}

/* Puts into the cache what the certificates are worth. The request is read again: what was walked
 * before was not kept. Returns 0, 1 when the reader is not to be believed, or a negative errno. */
static int
learn(const struct enrolling *enrolling, enum job_outcome outcome, struct bytes body,
      const struct fault *fault)
{
    struct keeper *keeper = enrolling->keeper;
    struct ek_worth worth;
    struct ek_sent sent;
    struct enrol enrol;
    int r;

    if (outcome == JOB_BROKEN) {
        return 1;
    }
    r = enrol_read(keeper, enrolling->asked->request.body, &enrol, NULL);
    if (r == 0) {
        r = ek_sent_read(keeper->hasher, &enrol.wire, enrol.ek_key, &keeper->anchors, &sent);
    }
    if (r == 0 && memcmp(sent.digest, enrolling->question, sizeof(sent.digest)) != 0) {
        r = 1; /* the operator has changed the anchors meanwhile */
    }
    if (r == 0) {
        lane_spend(keeper->lane, LANE_CERTIFICATES_US);
        r = outcome == JOB_DONE ? ek_proof_check(keeper->hasher, &sent, &keeper->anchors,
                                                 enrolling->now_s, body, &worth)
                                : unread(enrolling, fault, &worth);
    }
    if (r == 0) {
        ek_cache_put(keeper->ek_cache, sent.digest, &worth);
        if (worth.chain == EK_CHAIN_LISTED) {
            log_no_chain(enrolling, body);
        }
    }
    enrol_done(&enrol);
    return r;
}

/* What a reader made of certificates. Rows are looked up afresh: an operator may have spoken. */
static void
on_certs(void *context, enum job_outcome outcome, struct bytes body, const struct fault *fault)
{
    struct enrolling *enrolling = context;
    struct keeper *keeper = enrolling->keeper;
    struct asked *asked = enrolling->asked;
    int r;

    end_reading(enrolling);
    if (!asked->front) {
        enrolling_free(enrolling);
        return;
    }
    keeper_begin(keeper);
    r = learn(enrolling, outcome, body, fault);
    if (r == 0) {
        enrolling->asked = NULL;
        enrol_do(keeper, asked, true);
    } else if (r < 0) {
        keeper_broke(keeper, asked, "certificates", r);
    } else {
        /* a reader that died or lied: its peer waits, and nothing was written */
        log_event(LOG_ERROR, "reader-broken", LOG_HEX("device", BYTES_OF(enrolling->ueid)),
                  LOG_TEXT("peer", asked->request.peer));
        keeper_problem(keeper, asked, COAP_CODE(4, 29), REASON_RATE_LIMITED, NULL);
    }
    keeper_end(keeper);
    enrolling_free(enrolling);
}

/* Returns 0 when a reader has it, or a negative errno. */
static int
submit(struct enrolling *enrolling, const struct ek_sent *sent)
{
    struct keeper *keeper = enrolling->keeper;
    CLEANUP(free_p) uint8_t *room = malloc(JOB_ROOM);
    struct wr wr = wr_init(room, room ? JOB_ROOM : 0);

    ek_job_write(&wr, sent, &keeper->anchors, enrolling->now_s);
    if (!wr_done(&wr).p) {
        return -ENOMEM;
    }
    return jobs_submit(keeper->jobs, MSG_READ_CERTS, wr_done(&wr),
                       keeper->clock->mono_ms(keeper->clock->context), on_certs, enrolling);
}

void
enrol_submit(struct keeper *keeper, struct asked *take_asked, const struct enrol *enrol,
             const struct ek_sent *sent)
{
    struct enrolling *enrolling = calloc(1, sizeof(*enrolling));
    int r = -EBUSY;

    if (enrolling && may_begin(keeper, take_asked, enrol)) {
        enrolling->keeper = keeper;
        enrolling->asked = take_asked;
        enrolling->now_s = now_s(keeper);
        memcpy(enrolling->ueid, enrol->ueid, WIRE_UEID_SIZE);
        memcpy(enrolling->question, sent->digest, sizeof(enrolling->question));
        r = submit(enrolling, sent);
    }
    if (r == 0) {
        enrolling->next = keeper->enrolling;
        keeper->enrolling = enrolling;
        return;
    }
    free(enrolling);
    keeper_problem(keeper, take_asked, COAP_CODE(4, 29), REASON_RATE_LIMITED, NULL);
    asked_free(take_asked);
}
