/* Pieces of work: what fails undoes its own piece and nobody else's; and the end of a turn. */
#include <errno.h>

#include "base/log.h"
#include "keeper/audit-sign.h"
#include "keeper/keeper.h"
#include "keeper/policies.h"
#include "roles/control-wire.h"
#include "roles/roles.h"

static const char lost_json[] =
    "{\"code\":\"store\",\"error\":\"the store failed: see the verifier's log\"}";

enum { CF_PROBLEM = 257, PROBLEM_ROOM = 512, NONE = -1 };

/* What a peer is told of a failure. */
struct loss {
    uint8_t code;
    enum reason reason;
    uint32_t retry_s; /* 0: none */
};

/* A store that is locked or full heals without us: the peer is told when to come again. */
static struct loss
loss_of(int r)
{
    if (r == -EBUSY || r == -ENOSPC) {
        return (struct loss){COAP_CODE(5, 3), REASON_STORE_UNAVAILABLE, KEEPER_BUSY_RETRY_S};
    }
    return (struct loss){COAP_CODE(5, 0), REASON_INTERNAL, 0};
}

/* What leaves in the place of an answer that has nothing to rest on. */
static void
lost_answer(const void *context, uint16_t type, struct bytes old, struct wr *wr)
{
    const struct loss *loss = context;
    const struct control_answer control = {.status = 1, .json = bytes_str(lost_json)};
    const struct problem problem = {
        .title = bytes_str(reason_name(loss->reason)),
        .code = loss->code,
        .reason = (uint16_t)loss->reason,
        .retry_s = loss->retry_s,
    };
    uint8_t room[PROBLEM_ROOM];
    struct wr body = wr_init(room, sizeof(room));
    struct reply reply;

    if (type != MSG_REPLY) {
        control_answer_write(wr, &control);
    } else if (reply_read(old, &reply) == 0) {
        problem_write(&body, &problem);
        reply.code = loss->code;
        reply.content_format = CF_PROBLEM;
        reply.size1 = 0;
        reply.max_age_s = loss->retry_s ? (int64_t)loss->retry_s : NONE;
        reply.body = wr_done(&body);
        reply_write(wr, &reply);
    } else {
        wr->failed = true;
    }
}

void
keeper_begin(struct keeper *keeper)
{
    int r = store_piece(keeper->store);

    if (r < 0) {
        log_event(LOG_ERROR, "internal", LOG_STR("where", "piece"), LOG_INT("errno", -r));
        keeper->batch_failed = true;
    }
    sessions_piece(keeper->sessions);
    policies_piece(keeper->policies);
    keeper->in_piece = true;
    keeper->piece_failed = 0;
    keeper->piece_mail = outbox_count(keeper->outbox);
}

void
keeper_broke(struct keeper *keeper, const struct asked *asked, const char *where, int r)
{
    struct loss loss = loss_of(r);

    log_event(LOG_ERROR, "internal", LOG_STR("where", where), LOG_INT("errno", -r));
    if (!keeper->in_piece) {
        keeper->batch_failed = true;
    } else if (keeper->piece_failed == 0) {
        keeper->piece_failed = r < 0 ? r : -EIO;
    }
    if (asked) {
        keeper_problem(keeper, asked, loss.code, loss.reason, NULL);
    }
}

void
keeper_end(struct keeper *keeper)
{
    struct loss loss = loss_of(keeper->piece_failed);

    keeper->in_piece = false;
    if (keeper->piece_failed == 0) {
        return;
    }
    if (store_undo(keeper->store) < 0) {
        keeper->batch_failed = true;
    }
    sessions_undo(keeper->sessions);
    policies_undo(keeper->policies);
    golden_cache_drop(keeper->golden);
    outbox_rewrite(keeper->outbox, keeper->piece_mail, lost_answer, &loss);
    keeper->piece_failed = 0;
}

void
keeper_settle(struct keeper *keeper)
{
    static const struct loss loss = {COAP_CODE(5, 3), REASON_STORE_UNAVAILABLE,
                                     KEEPER_BUSY_RETRY_S};
    int r = keeper->batch_failed ? -EIO : store_commit(keeper->store);

    sessions_settle(keeper->sessions, r == 0);
    policies_settle(keeper->policies, r == 0);
    keeper_policies_tell(keeper); /* what a bundle lacks is told when it begins to count */
    if (r == 0) {
        outbox_release(keeper->outbox);
        audit_sign_turn(keeper);
        return;
    }
    log_event(LOG_ERROR, "batch-lost", LOG_INT("errno", -r),
              LOG_INT("answers", outbox_count(keeper->outbox)));
    store_rollback(keeper->store);
    golden_cache_drop(keeper->golden);
    outbox_rewrite(keeper->outbox, 0, lost_answer, &loss);
    outbox_release(keeper->outbox);
    keeper->batch_failed = false;
}
