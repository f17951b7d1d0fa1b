#include "lib/growing-rig.h"

#include "lib/check.h"

struct growing_rig growing_rig;

struct bytes
growing_rig_written(uint8_t *room)
{
    struct wr wr = wr_init(room, GROWING_RIG_BODY);

    return soft_evidence_write(&growing_rig.keeper.device, &growing_rig.evidence, &wr);
}

void
growing_rig_load(void)
{
    struct bytes vector = check_vector("boot/grub-sb-on-ima/ima-binary");
    struct ima_entry entry;
    struct ima ima;

    memcpy(growing_rig.list, vector.p, vector.len);
    growing_rig.list_len = vector.len;
    growing_rig.n_entries = 0;
    CHECK_EQ(ima_open(&ima, vector, HASH_SHA1, 0, NULL), 0);
    while (ima_next(&ima, &entry, NULL) == 0) {
        growing_rig.ends[growing_rig.n_entries++] = rd_offset(&ima.rd);
    }
    CHECK_EQ(growing_rig.n_entries, 103);
}

/* PCR 10 of one bank of the TPM: what the first `len` bytes of the list extended. */
void
growing_rig_extend(size_t set, size_t len, enum ima_extend extend)
{
    struct pcr_values *values = &growing_rig.keeper.device.values;
    struct ima_replay replay;
    struct ima_entry entry;
    struct ima ima;

    ima_replay_init(&replay, values->selection.sets[set].bank, extend);
    CHECK_EQ(ima_open(&ima, bytes_of(growing_rig.list, len), HASH_SHA1, 0, NULL), 0);
    while (ima_next(&ima, &entry, NULL) == 0) {
        CHECK_EQ(ima_replay_add(&replay, growing_rig.keeper.hasher, &entry), 0);
    }
    memcpy(values->value[set][IMA], replay.value.b, HASH_SIZE_MAX);
}

/* The TPM at a quote when the list had this many entries, and the list as it is read after it. */
void
growing_rig_quoted(size_t entries, size_t read)
{
    growing_rig_extend(POLICY, growing_rig.ends[entries - 1], IMA_EXTEND_OWN);
    growing_rig.keeper.device.ima.bytes = bytes_of(growing_rig.list, growing_rig.ends[read - 1]);
}

void
growing_rig_plain(void)
{
    soft_evidence_plain(&growing_rig.keeper.device, growing_rig.nonce, growing_rig.keeper.exporter,
                        &growing_rig.evidence);
}

void
growing_rig_resign(void)
{
    struct wr wr =
        wr_init(growing_rig.evidence.claims_room, sizeof(growing_rig.evidence.claims_room));
    struct binding binding = {
        .site = bytes_str(RIG_SITE),
        .mode = BINDING_CONNECTION,
        .nonce = growing_rig.nonce,
        .exporter = growing_rig.keeper.exporter,
    };

    claims_write(&wr, &growing_rig.evidence.claims);
    growing_rig.evidence.claims_bytes = wr_done(&wr);
    binding.claims = growing_rig.evidence.claims_bytes;
    CHECK_EQ(binding_quote(growing_rig.keeper.hasher, &binding, growing_rig.evidence.extra), 0);
    soft_evidence_attest(&growing_rig.evidence);
    soft_evidence_sign(&growing_rig.keeper.device, &growing_rig.evidence);
}

uint8_t
growing_rig_attest(struct bytes body)
{
    return keeper_rig_ask(&growing_rig.keeper, REQUEST_PSK, RESOURCE_ATTEST, body, NULL);
}

struct answer
growing_rig_answered(void)
{
    struct answer answer;

    CHECK_EQ(answer_read(growing_rig.keeper.reply.body, &answer, NULL), 0);
    memcpy(growing_rig.nonce, answer.nonce, sizeof(growing_rig.nonce));
    return answer;
}

enum reason
growing_rig_reason(void)
{
    struct answer answer;

    if (growing_rig.keeper.reply.code != COAP_CODE(2, 4)) {
        return keeper_rig_problem(&growing_rig.keeper, NULL);
    }
    CHECK_EQ(answer_read(growing_rig.keeper.reply.body, &answer, NULL), 0);
    return answer.n_reasons ? (enum reason)answer.reasons[0] : REASON_NONE;
}

/* Offset that an answer gives for a kind of log; UINT64_MAX when it does not. */
uint64_t
growing_rig_known(const struct answer *answer, enum log_kind kind)
{
    for (size_t i = 0; i < answer->n_known; i++) {
        if (answer->known[i].kind == kind) {
            return answer->known[i].offset;
        }
    }
    return UINT64_MAX;
}

uint64_t
growing_rig_wanted(enum log_kind kind)
{
    struct problem problem;

    CHECK_EQ(problem_read(growing_rig.keeper.reply.body, &problem, NULL), 0);
    for (size_t i = 0; i < problem.n_want_logs; i++) {
        if (problem.want_logs[i].kind == kind) {
            return problem.want_logs[i].offset;
        }
    }
    return UINT64_MAX;
}

static void
class_wants(const char *pcrs)
{
    char json[4096];
    char setting[64];

    snprintf(setting, sizeof(setting), "pcrs=%s", pcrs);
    CHECK_EQ(keeper_rig_command(&growing_rig.keeper, (const char *[]){"class", "add", "c", setting},
                                4, json, sizeof(json)),
             0);
}

/* A member whose class wants these PCRs and has learned its boot; nothing of its lists is known. */
void
growing_rig_member(const char *pcrs, uint32_t mask)
{
    keeper_rig_new(&growing_rig.keeper);
    keeper_rig_member(&growing_rig.keeper, "boot/grub-sb-on-ima/binary_bios_measurements");
    (void)growing_rig_answered();
    class_wants(pcrs);
    growing_rig.keeper.device.values.selection.sets[POLICY].mask = mask;
    growing_rig.keeper.now_ms += 1000;
    keeper_rig_connect(&growing_rig.keeper);
    growing_rig_load();
    growing_rig.evidence = (struct soft_evidence){.with_log = true, .with_values = true};
}

/* Evidence that must be accepted, as it is now. */
struct answer
growing_rig_accepted(void)
{
    struct answer answer;

    growing_rig_plain();
    CHECK_EQ(growing_rig_attest(growing_rig_written(growing_rig.body_room)), COAP_CODE(2, 4));
    answer = growing_rig_answered();
    if (answer.tier != TIER_AFFIRMING) {
        check_fail(__FILE__, __LINE__, "not accepted: %s", reason_name(growing_rig_reason()));
    }
    growing_rig.keeper.now_ms += 1000;
    return answer;
}
