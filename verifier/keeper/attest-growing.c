/* Logs that grow: what the evidence claims of them against what is known, and their reading. */
#include <errno.h>
#include <stdlib.h>

#include "appraise/ima-records.h"
#include "base/log.h"
#include "keeper/attest.h"
#include "roles/records.h"
#include "roles/roles.h"

static enum step
broke(struct attest *attest, const char *where, int r)
{
    keeper_broke(attest->keeper, attest->asked, where, r);
    return STEP_ANSWERED;
}

static enum step
refuse(struct attest *attest, uint8_t code, enum reason reason, enum rule rule)
{
    char name[RULE_NAME_MAX];

    if (keeper_may_log(attest->keeper)) {
        log_event(LOG_NOTICE, "evidence-malformed", LOG_HEX("device", BYTES_OF(attest->device.id)),
                  LOG_STR("rule", rule_name(rule, name)),
                  LOG_TEXT("peer", attest->asked->request.peer));
    }
    keeper_problem(attest->keeper, attest->asked, code, reason, NULL);
    return STEP_ANSWERED;
}

bool
attest_quotes(const struct attest *attest, uint32_t mask)
{
    bool any = false;

    for (size_t i = 0; i < attest->quoted.n; i++) {
        any = any || (attest->quoted.sets[i].mask & mask) != 0;
    }
    return any;
}

/* What is asked for when a log is wanted: a log that fits is asked for from where it is known. */
static void
want_one(struct problem *problem, const struct claims_log *claim, uint64_t offset)
{
    if (claim) {
        problem->want_logs[problem->n_want_logs++] = (struct log_offset){claim->kind, offset};
    }
}

enum step
attest_want(struct attest *attest, enum reason reason, bool values)
{
    const struct claims_log *firmware = attest->firmware;
    struct problem problem = {.has_nonce = true, .want_values = values};
    int r = keeper_nonce(attest->keeper, attest->device.id, problem.nonce);

    if (r < 0) {
        return broke(attest, "nonce", r);
    }
    want_one(&problem, firmware, !firmware || attest->firmware_unknown ? 0 : firmware->length);
    want_one(&problem, attest->ima.claim, attest->ima.want);
    want_one(&problem, attest->userspace.claim, attest->userspace.want);
    keeper_problem(attest->keeper, attest->asked, COAP_CODE(4, 9), reason, &problem);
    return STEP_ANSWERED;
}

enum step
attest_reader_broken(struct attest *attest)
{
    log_event(LOG_ERROR, "reader-broken", LOG_HEX("device", BYTES_OF(attest->device.id)),
              LOG_TEXT("peer", attest->asked->request.peer));
    keeper_problem(attest->keeper, attest->asked, COAP_CODE(4, 29), REASON_RATE_LIMITED, NULL);
    return STEP_ANSWERED;
}

/* A row of this boot, or of the boot that this one may be a resume of: then the replay tells. */
static bool
row_counts(const struct attest *attest, const struct store_growing *row)
{
    return row->era == attest->device.era && row->reset_count == attest->quote.reset_count &&
           row->restart_count <= attest->quote.restart_count;
}

static int
row_state(const struct store_growing *row, struct growing *ret)
{
    struct growing known = {.n_entries = row->n_entries, .n_violations = row->n_violations};

    if (growing_read(bytes_of(row->tracks, row->tracks_len), &known) != 0) {
        return -EIO;
    }
    *ret = known;
    return 0;
}

/* A claim that goes on from an offset must name what is stored: as many bytes, and the same.
 * Returns 0, 1 when it does not (part->want is set), or a negative errno. */
static int
resume(struct attest *attest, struct attest_part *part, uint32_t mask, struct growing *known)
{
    enum log_kind kind = part->claim->kind;
    uint8_t before[32];
    int r = store_growing_get(attest->keeper->store, attest->device.id, kind, &part->row);

    part->want = 0;
    if (r != 0 || !row_counts(attest, &part->row)) {
        return r == 0 || r == STORE_NONE ? 1 : r;
    }
    r = attest_policy_whole(attest, kind, &part->row);
    if (r != 0) {
        return r;
    }
    r = row_state(&part->row, known);
    if (r == 0) {
        r = sha256_run_digest(&part->row.run, before);
    }
    if (r < 0 || !growing_covers(known, &attest->quoted, mask)) {
        return r < 0 ? r : 1;
    }
    if (part->claim->offset != part->row.length) {
        part->want = part->row.length; /* an answer was lost; the digest will tell */
        return 1;
    }
    if (memcmp(part->claim->before, before, sizeof(before)) != 0) {
        return 1;
    }
    part->want = part->row.length;
    return 0;
}

/* Whether entries of an earlier boot were judged: told as a note, since what they said is over.
 * Returns 0 or a negative errno. */
static int
find_restart(struct attest *attest)
{
    const struct store_growing *row = &attest->ima.row;
    int r = store_growing_get(attest->keeper->store, attest->device.id, LOG_IMA, &attest->ima.row);

    attest->ima_restarted = r == 0 && row->era == attest->device.era && row->n_entries > 0 &&
                            row->reset_count < attest->quote.reset_count;
    return r == STORE_NONE ? 0 : r;
}

/* Returns 0, 1 when the claim lies about nothing at all, or a negative errno. */
static int
begin(struct attest *attest, struct attest_part *part)
{
    uint8_t before[32];
    int r;

    part->want = 0;
    if (part == &attest->ima) {
        r = find_restart(attest);
        if (r < 0) {
            return r;
        }
    }
    part->row = (struct store_growing){0};
    r = sha256_run_init(&part->row.run);
    if (r == 0) {
        r = hasher_bytes(attest->keeper->hasher, HASH_SHA256, BYTES_NULL, before);
    }
    if (r < 0) {
        return r;
    }
    return memcmp(part->claim->before, before, sizeof(before)) == 0 ? 0 : 1;
}

/* One claimed log: STEP_ON when it can be judged; *ret_wanted when the device must send another
 * part of it. */
static enum step
open_part(struct attest *attest, struct attest_part *part, uint32_t mask, struct growing *known,
          bool *ret_wanted)
{
    int r;

    *known = (struct growing){0};
    if (!attest_quotes(attest, mask)) {
        return refuse(attest, COAP_CODE(4, 0), REASON_EVIDENCE_MALFORMED, RULE_LOG_UNQUOTED);
    }
    if (part->claim->kind == LOG_USERSPACE && part->body.len > LIMIT_LOG_BYTES) {
        keeper_too_large(attest->keeper, attest->asked, LIMIT_LOG_BYTES);
        return STEP_ANSWERED;
    }
    part->resumed = part->claim->offset > 0;
    r = part->resumed ? resume(attest, part, mask, known) : begin(attest, part);
    if (r < 0) {
        return broke(attest, "growing", r);
    }
    if (r > 0 && !part->resumed) {
        return refuse(attest, COAP_CODE(4, 0), REASON_EVIDENCE_MALFORMED, RULE_WIRE_CLAIMS_LOGS);
    }
    *ret_wanted = *ret_wanted || r > 0;
    return STEP_ON;
}

static void
find_parts(struct attest *attest)
{
    attest->ima.claim = NULL;
    attest->userspace.claim = NULL;
    for (size_t i = 0; i < attest->claims.n_logs; i++) {
        const struct claims_log *claim = &attest->claims.logs[i];
        struct attest_part *part = claim->kind == LOG_IMA         ? &attest->ima
                                   : claim->kind == LOG_USERSPACE ? &attest->userspace
                                                                  : NULL;

        if (part) {
            part->claim = claim;
            part->body = attest->evidence.logs[i];
        }
    }
}

/* Whether the firmware's log is neither here nor sent: it is asked for together with the rest.
 * Returns 1, 0, or a negative errno. */
static int
firmware_missing(const struct attest *attest)
{
    const struct claims_log *firmware = attest->firmware;
    int r;

    if (!firmware || attest->evidence.logs[firmware - attest->claims.logs].p ||
        logs_find(attest->keeper->logs, firmware->digest)) {
        return 0;
    }
    r = store_log_has(attest->keeper->store, firmware->digest);
    return r == STORE_NONE ? 1 : r;
}

enum step
attest_growing(struct attest *attest)
{
    bool wanted = false;
    enum step step = STEP_ON;
    int r;

    find_parts(attest);
    if (attest->ima.claim) {
        step = open_part(attest, &attest->ima, PCR_MASK_IMA, &attest->ima_list.known, &wanted);
    } else if (attest_quotes(attest, PCR_MASK_IMA)) {
        (void)verdict_check(&attest->verdict, &attest->verdict.growing, false, RULE_IMA_LOG_NEEDED);
        return STEP_JUDGE;
    }
    if (step == STEP_ON && attest->userspace.claim) {
        step = open_part(attest, &attest->userspace, PCR_MASK_USERSPACE,
                         &attest->userspace_log.known, &wanted);
    }
    if (step != STEP_ON || (!attest->ima.claim && !attest->userspace.claim)) {
        return step;
    }
    r = firmware_missing(attest);
    if (r < 0) {
        return broke(attest, "log", r);
    }
    attest->firmware_unknown = r == 1;
    return wanted || r == 1 ? attest_want(attest, REASON_BODY_MISSING, r == 1) : STEP_ON;
}

int
attest_growing_unread(const struct attest *attest, uint16_t *ret_type, struct bytes *ret_body)
{
    const struct attest_part *part = &attest->ima;

    *ret_type = MSG_READ_IMA;
    if (!part->claim || part->body.len == 0 || part->records) {
        part = &attest->userspace;
        *ret_type = MSG_READ_USERSPACE;
    }
    if (!part->claim || part->body.len == 0 || part->records) {
        return 0;
    }
    *ret_body = part->body;
    return (int)part->claim->kind;
}

/* In form, and of the part that was sent. */
static bool
ima_fits(const struct attest *attest)
{
    struct ima_records records = ima_records_open(attest->ima_list.records);
    struct ima_record record;
    int r;

    do {
        r = ima_records_next(&records, &record, NULL);
    } while (r == 0);
    return r != IMA_RECORDS_E_FORM && records.end <= attest->ima.body.len;
}

/* Returns 0, 1 when the records are none, or -ENOMEM. */
static int
take_records(struct attest *attest, struct attest_part *part, struct bytes body)
{
    part->records = malloc(body.len ? body.len : 1);
    if (!part->records) {
        return -ENOMEM;
    }
    memcpy(part->records, body.p, body.len);
    part->records_len = body.len;
    body.p = part->records;
    if (part == &attest->ima) {
        attest->ima_list.records = body;
        return ima_fits(attest) ? 0 : 1;
    }
    attest->userspace_events = calloc(LIMIT_EVENTS, sizeof(*attest->userspace_events));
    if (!attest->userspace_events) {
        return -ENOMEM;
    }
    return records_read(body, attest->userspace_events, &attest->userspace_log.log);
}

/* An event's place is in the part that was sent. */
static bool
events_fit(const struct attest *attest)
{
    const struct event_log *log = &attest->userspace_log.log;
    uint32_t end = 0;

    for (size_t i = 0; i < log->n_events; i++) {
        const struct event *event = &log->events[i];

        if (event->offset != end || event->length == 0 ||
            event->length > attest->userspace.body.len - end) {
            return false;
        }
        end += event->length;
    }
    return end == attest->userspace.body.len;
}

enum step
attest_growing_take(struct attest *attest, enum job_outcome outcome, struct bytes body,
                    const struct fault *fault)
{
    bool ima = attest->reads == LOG_IMA;
    struct attest_part *part = ima ? &attest->ima : &attest->userspace;
    int r;

    if (outcome == JOB_REFUSED) {
        const struct growing *known = ima ? &attest->ima_list.known : &attest->userspace_log.known;
        struct fault at = *fault; /* counted from the log's start */

        at.event += at.event == FAULT_NO_EVENT ? 0 : known->n_entries;
        at.offset += part->claim->offset;
        attest->verdict.log = CHECK_FAILED;
        verdict_add(&attest->verdict, rule_reason(at.rule), &at, FAULT_NO_EVENT, NULL, NULL);
        return STEP_JUDGE;
    }
    r = outcome == JOB_DONE ? take_records(attest, part, body) : 1;
    if (r < 0) {
        return broke(attest, "records", r);
    }
    return r == 0 && (ima || events_fit(attest)) ? STEP_ON : attest_reader_broken(attest);
}
