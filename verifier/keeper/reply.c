#include "keeper/keeper.h"

#include <errno.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/rd.h"
#include "keeper/attest.h"
#include "keeper/audit-sign.h"
#include "keeper/enrol-read.h"
#include "keeper/policies.h"
#include "roles/roles.h"

enum { CF_PROBLEM = 257, PROBLEM_ROOM = 1024, NONE = -1 };

int
asked_keep(struct asked *asked, struct bytes frame)
{
    asked->copy = malloc(frame.len ? frame.len : 1);
    if (!asked->copy) {
        return -ENOMEM;
    }
    memcpy(asked->copy, frame.p, frame.len);
    return request_read(bytes_of(asked->copy, frame.len), &asked->request) == 0 ? 0 : -EINVAL;
}

void
asked_free(struct asked *asked)
{
    if (asked) {
        free(asked->copy);
        free(asked);
    }
}

static void
put_reply(struct keeper *keeper, const struct asked *asked, const struct reply *reply)
{
    size_t cap = reply->body.len + 64;
    uint8_t *room = asked->front ? malloc(cap) : NULL;
    struct wr wr = wr_init(room, cap);

    if (!room) {
        return; /* the front is gone, or memory: the device asks again */
    }
    reply_write(&wr, reply);
    if (outbox_put(keeper->outbox, asked->front, MSG_REPLY, asked->id, wr_done(&wr)) < 0) {
        log_event(LOG_ERROR, "no-memory", LOG_STR("where", "reply"));
    }
    free(room);
}

void
keeper_reply(struct keeper *keeper, const struct asked *asked, uint8_t code, int32_t content_format,
             struct bytes body)
{
    struct reply reply = {
        .connection = asked->request.connection,
        .code = code,
        .content_format = content_format,
        .max_age_s = NONE,
        .takes = asked->takes,
        .body = body,
    };

    put_reply(keeper, asked, &reply);
}

static void
put_problem(struct keeper *keeper, const struct asked *asked, uint8_t code, enum reason reason,
            struct problem problem, uint32_t size1)
{
    const char *name = reason_name(reason);
    uint8_t room[PROBLEM_ROOM];
    struct wr wr = wr_init(room, sizeof(room));
    struct reply reply = {
        .connection = asked->request.connection,
        .code = code,
        .content_format = CF_PROBLEM,
        .max_age_s = NONE,
        .size1 = size1,
        .takes = asked->takes,
    };

    if (code == COAP_CODE(4, 29) || code == COAP_CODE(5, 3)) {
        problem.retry_s = problem.retry_s ? problem.retry_s : KEEPER_BUSY_RETRY_S;
        reply.max_age_s = problem.retry_s; /* RFC 8516 section 2, RFC 7252 section 5.9.3.4 */
    }
    problem.title = bytes_str(name ? name : "NONE");
    problem.code = code;
    problem.reason = (uint16_t)reason;
    problem_write(&wr, &problem);
    reply.body = wr_done(&wr);
    put_reply(keeper, asked, &reply);
}

void
keeper_problem(struct keeper *keeper, const struct asked *asked, uint8_t code, enum reason reason,
               const struct problem *more)
{
    put_problem(keeper, asked, code, reason, more ? *more : (struct problem){0}, 0);
}

void
keeper_too_large(struct keeper *keeper, const struct asked *asked, uint32_t most)
{
    put_problem(keeper, asked, COAP_CODE(4, 13), REASON_EVIDENCE_TOO_LARGE, (struct problem){0},
                most);
}

int
keeper_nonce(struct keeper *keeper, const uint8_t *device, uint8_t ret[WIRE_NONCE_SIZE])
{
    struct nonce_scope scope = {keeper->setup.site, device, NONCE_CONNECTION};

    return nonce_make(keeper->hasher, &keeper->setup.nonce_keys[0], &scope,
                      keeper->clock->utc_ms(keeper->clock->context), ret);
}

void
keeper_challenge(struct keeper *keeper, const struct asked *asked, const uint8_t *device,
                 enum reason reason)
{
    struct problem problem = {.has_nonce = true};
    int r = keeper_nonce(keeper, device, problem.nonce);

    if (r < 0) {
        keeper_broke(keeper, asked, "nonce", r);
        return;
    }
    keeper_problem(keeper, asked, COAP_CODE(4, 1), reason, &problem);
}

static int
audit_hash(void *context, const struct bytes *parts, size_t n_parts, uint8_t ret[32])
{
    return hasher_parts(context, HASH_SHA256, parts, n_parts, ret);
}

void
keeper_audit(struct keeper *keeper, const char *kind, const uint8_t *device, const char *actor,
             const char *text)
{
    struct store_audit row = {
        .at_ms = keeper->clock->utc_ms(keeper->clock->context),
        .kind = kind,
        .device = device,
        .actor = actor,
        .text = text,
    };
    int r = store_audit_add(keeper->store, &row, audit_hash, keeper->hasher);

    audit_sign_due(keeper);
    if (r != 0) {
        keeper_broke(keeper, NULL, "audit", r);
    }
}

struct pcr_set
keeper_wanted(const struct store_class *class_row)
{
    if (!class_row) {
        return (struct pcr_set){HASH_SHA256, 0xffff};
    }
    return (struct pcr_set){class_row->bank, class_row->pcr_mask | PCR_MASK_FIRMWARE};
}

int
keeper_class(struct keeper *keeper, const struct store_device *device, struct store_class *ret,
             struct policies_choice *ret_choice)
{
    int64_t now_ms = keeper->clock->utc_ms(keeper->clock->context);
    struct store_groups groups;
    struct store_class row;
    int r;

    if (device->class_name[0] == '\0') {
        return STORE_NONE;
    }
    r = store_class_get(keeper->store, device->class_name, &row);
    if (r == 0) {
        r = store_groups_get(keeper->store, device->id, &groups);
    }
    if (r != 0) {
        return r;
    }
    *ret = row;
    if (policies_find(keeper->policies, row.name, &groups, now_ms > 0 ? (uint64_t)now_ms / 1000 : 0,
                      ret_choice) == POLICY_FOUND) {
        const struct pcr_set *quote = &policies_chosen(ret_choice)->quote;

        ret->bank = quote->bank;
        ret->pcr_mask = quote->mask;
    }
    return 0;
}

int
keeper_ident(struct keeper *keeper, struct bytes identity, struct ident *ret)
{
    int r = ident_read(keeper->hasher, keeper->setup.masters, IDENT_MASTERS_MAX, identity, ret);

    if (r != 0) {
        return r < 0 ? r : KEEPER_E_IDENTITY;
    }
    return ident_ended(ret, keeper->clock->utc_ms(keeper->clock->context)) ? KEEPER_E_ENDED : 0;
}

int
keeper_device(struct keeper *keeper, struct bytes identity, struct store_device *ret)
{
    struct ident ident;
    int r = keeper_ident(keeper, identity, &ident);

    return r == 0 ? store_device_by_ident(keeper->store, ident.keys, ret) : r;
}

void
keeper_unknown(struct keeper *keeper, const struct asked *asked, int outcome)
{
    keeper_problem(keeper, asked, COAP_CODE(4, 3),
                   outcome == KEEPER_E_ENDED ? REASON_ENROL_EXPIRED : REASON_DEVICE_UNKNOWN, NULL);
}

int
keeper_closed(struct keeper *keeper, const struct ipc *front, struct bytes body)
{
    struct rd rd = rd_init(body);
    uint64_t connection = rd_le64(&rd);

    if (!rd_end(&rd)) {
        return 1;
    }
    attest_front_gone(keeper, front, &connection);
    enrol_front_gone(keeper, front, &connection);
    sessions_drop(keeper->sessions, front, connection);
    return 0;
}

void
keeper_front_gone(struct keeper *keeper, const struct ipc *front)
{
    attest_front_gone(keeper, front, NULL);
    enrol_front_gone(keeper, front, NULL);
    outbox_forget(keeper->outbox, front);
    sessions_drop_front(keeper->sessions, front);
}

bool
keeper_may_log(struct keeper *keeper)
{
    uint32_t left_out;
    bool may = log_limit_pass(&keeper->log_limit, keeper->clock->mono_ms(keeper->clock->context),
                              &left_out);

    if (left_out > 0) {
        log_event(LOG_WARNING, "lines-left-out", LOG_INT("n", left_out));
    }
    return may;
}

void
keeper_slow(struct keeper *keeper, const struct asked *asked, const struct store_device *device,
            int64_t wait_s)
{
    struct problem problem = {0};

    if (keeper_may_log(keeper)) {
        log_event(LOG_NOTICE, "device-slowed", LOG_HEX("device", BYTES_OF(device->id)),
                  LOG_INT("wait_s", wait_s), LOG_TEXT("peer", asked->request.peer));
    }
    problem.retry_s = (uint32_t)wait_s; /* a burst at the least rate: minutes */
    keeper_problem(keeper, asked, COAP_CODE(4, 29), REASON_RATE_LIMITED, &problem);
}

int64_t
keeper_charge(struct keeper *keeper, const struct asked *asked, const struct store_device *device,
              int64_t us)
{
    struct cost_who who = {BYTES_OF(device->id), asked->request.peer};

    return cost_add(keeper->cost, &who, us, keeper->clock->mono_ms(keeper->clock->context));
}

bool
keeper_afford(struct keeper *keeper, const struct asked *asked, const struct store_device *device,
              int64_t us, bool reads)
{
    struct cost_who who = {BYTES_OF(device->id), asked->request.peer};
    int64_t wait_s =
        cost_take(keeper->cost, &who, us, reads, keeper->clock->mono_ms(keeper->clock->context));

    if (wait_s > 0) {
        keeper_slow(keeper, asked, device, wait_s);
    }
    return wait_s == 0;
}

/* What may be asked on which kind of connection; the front has the same table, and is not believed.
 */
static bool
allowed(const struct request *request)
{
    if (request->kind == REQUEST_CERTIFICATE) {
        return request->resource == RESOURCE_ENROLL || request->resource == RESOURCE_KEYS;
    }
    return true;
}

int
keeper_request(struct keeper *keeper, struct ipc *front, uint64_t id, struct bytes frame)
{
    static void (*const resources[RESOURCE_N])(struct keeper *, struct asked *) = {
        [RESOURCE_ENROLL] = keeper_enroll,     [RESOURCE_ATTEST] = keeper_attest,
        [RESOURCE_TOKEN] = keeper_token,       [RESOURCE_KEYS] = keeper_keys,
        [RESOURCE_ANNOUNCE] = keeper_announce,
    };
    struct asked *asked = calloc(1, sizeof(*asked));
    int r = asked ? asked_keep(asked, frame) : -ENOMEM;

    if (r < 0) {
        if (keeper_may_log(keeper)) {
            log_event(LOG_ERROR, "request-form", LOG_INT("errno", -r));
        }
        asked_free(asked);
        return r == -EINVAL ? 1 : 0; /* for want of memory the device asks again */
    }
    asked->front = front;
    asked->id = id;
    if (!allowed(&asked->request)) {
        keeper_problem(keeper, asked, COAP_CODE(4, 3), REASON_NONE, NULL);
        asked_free(asked);
        return 0;
    }
    keeper_begin(keeper);
    resources[asked->request.resource](keeper, asked);
    keeper_end(keeper);
    return 0;
}
