#include "lib/attest-play.h"

#include "lib/check.h"

enum { BODY_ROOM = 256 * 1024 };

struct play play;

void
play_start(void)
{
    keeper_rig_new(&play.rig);
    keeper_rig_member(&play.rig, PLAY_LOG);
    (void)play_answered();
    play.rig.now_ms += 1000;
    keeper_rig_connect(&play.rig);
    play_plain();
    CHECK_EQ(play_attest(play_written()), COAP_CODE(2, 4));
    CHECK_EQ(play_answered().tier, TIER_AFFIRMING);
    play.rig.now_ms += 1000;
}

void
play_done(void)
{
    keeper_rig_done(&play.rig);
}

static void
next(bool whole)
{
    play.evidence = (struct soft_evidence){.with_log = whole, .with_values = whole};
    soft_evidence_plain(&play.rig.device, play.nonce, play.rig.exporter, &play.evidence);
}

void
play_plain(void)
{
    next(true);
}

void
play_repeat(void)
{
    next(false);
}

void
play_resign_bytes(void)
{
    soft_evidence_sign(&play.rig.device, &play.evidence);
}

void
play_resign(void)
{
    soft_evidence_attest(&play.evidence);
    play_resign_bytes();
}

struct binding
play_binding(void)
{
    return (struct binding){
        .site = bytes_str(RIG_SITE),
        .mode = BINDING_CONNECTION,
        .nonce = play.evidence.claims.has_nonce ? play.evidence.claims.nonce : NULL,
        .exporter = play.rig.exporter,
        .claims = play.evidence.claims_bytes,
    };
}

void
play_bind(const struct binding *binding)
{
    CHECK_EQ(binding_quote(play.rig.hasher, binding, play.evidence.extra), 0);
    play_resign();
}

void
play_claims(void)
{
    struct wr wr = wr_init(play.evidence.claims_room, sizeof(play.evidence.claims_room));
    struct binding binding;

    claims_write(&wr, &play.evidence.claims);
    CHECK(wr_done(&wr).p);
    play.evidence.claims_bytes = wr_done(&wr);
    binding = play_binding();
    play_bind(&binding);
}

struct bytes
play_written(void)
{
    static uint8_t rooms[2][BODY_ROOM];
    static unsigned turn;
    struct wr wr = wr_init(rooms[turn++ % 2], BODY_ROOM);

    return soft_evidence_write(&play.rig.device, &play.evidence, &wr);
}

uint8_t
play_attest(struct bytes body)
{
    return keeper_rig_ask(&play.rig, REQUEST_PSK, RESOURCE_ATTEST, body, NULL);
}

struct answer
play_answered(void)
{
    struct answer answer;

    CHECK_EQ(answer_read(play.rig.reply.body, &answer, NULL), 0);
    memcpy(play.nonce, answer.nonce, sizeof(play.nonce));
    return answer;
}

enum reason
play_reason(void)
{
    struct answer answer;

    if (play.rig.reply.code != COAP_CODE(2, 4)) {
        return keeper_rig_problem(&play.rig, NULL);
    }
    CHECK_EQ(answer_read(play.rig.reply.body, &answer, NULL), 0);
    CHECK_EQ(answer.n_reasons == 0, answer.tier == TIER_AFFIRMING);
    CHECK_EQ(answer.n_reasons == 0, answer.cwt.p != NULL);
    return answer.n_reasons ? (enum reason)answer.reasons[0] : REASON_NONE;
}

static void
run_row(const struct play_row *row)
{
    struct bytes unchanged;
    struct bytes changed;

    play_start();
    play_plain();
    unchanged = play_written();
    row->change();
    changed = play_written();
    if (bytes_equal(unchanged, changed)) {
        check_fail(__FILE__, __LINE__, "%s changes nothing", row->name);
    }
    (void)play_attest(changed);
    if (play.rig.reply.code != row->code || play_reason() != row->reason) {
        check_fail(__FILE__, __LINE__, "%s: %d.%02d %s, not %d.%02d %s", row->name,
                   play.rig.reply.code >> 5, play.rig.reply.code & 31, reason_name(play_reason()),
                   row->code >> 5, row->code & 31, reason_name(row->reason));
    }
    printf("# %s: %s\n", reason_name(row->reason), row->name);
    play_done();
}

void
play_rows(const struct play_row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        run_row(&rows[i]);
    }
    printf("# %zu changes\n", n);
}
