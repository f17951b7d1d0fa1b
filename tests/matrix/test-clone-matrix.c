/* Two TPMs that hold one identity, told apart from one TPM and all that may happen to it. */
#include "base/hex.h"
#include "lib/check.h"
#include "lib/keeper-rig.h"
#include "wire/answer.h"

enum { BODY_ROOM = 256 * 1024, DAY_MS = 86400 * 1000, STEP_MS = 300 * 1000 };

static struct keeper_rig rig;
static char json[65536];

/* Counters of a TPM, put into the one device that the rig has, and the last nonce that it got. */
struct tpm {
    uint64_t clock_ms;
    uint32_t reset, restart;
    uint8_t nonce[WIRE_NONCE_SIZE];
};

/* A member that has run for so long and been accepted once with a keeper's nonce. */
static struct tpm
start(uint64_t clock_ms)
{
    struct answer answer;
    struct tpm tpm;

    keeper_rig_new(&rig);
    rig.device.clock_ms = clock_ms;
    keeper_rig_member(&rig, "boot/grub-sb-on/binary_bios_measurements");
    CHECK_EQ(answer_read(rig.reply.body, &answer, NULL), 0);
    tpm = (struct tpm){.clock_ms = rig.device.clock_ms, .reset = rig.device.reset_count};
    memcpy(tpm.nonce, answer.nonce, sizeof(tpm.nonce));
    return tpm;
}

static uint8_t
post(const uint8_t *with)
{
    static uint8_t room[BODY_ROOM];
    struct soft_evidence evidence = {.with_log = true, .with_values = true};
    struct wr wr = wr_init(room, sizeof(room));

    keeper_rig_connect(&rig);
    soft_evidence_plain(&rig.device, with, rig.exporter, &evidence);
    return keeper_rig_ask(&rig, REQUEST_PSK, RESOURCE_ATTEST,
                          soft_evidence_write(&rig.device, &evidence, &wr), NULL);
}

static struct answer
answer_got(void)
{
    struct answer answer;

    CHECK_EQ(rig.reply.code, COAP_CODE(2, 4));
    CHECK_EQ(answer_read(rig.reply.body, &answer, NULL), 0);
    return answer;
}

/* One attestation of this TPM, so long after the last thing that happened, as an attestor does it:
 * a nonce that is too old is changed for a fresh one. Its first reason, 0 when it passed. */
static enum reason
attest(struct tpm *tpm, int64_t after_ms)
{
    struct answer answer;

    rig.now_ms += after_ms;
    rig.mono_ms += after_ms;
    tpm->clock_ms += (uint64_t)after_ms;
    rig.device.clock_ms = tpm->clock_ms;
    rig.device.reset_count = tpm->reset;
    rig.device.restart_count = tpm->restart;
    if (post(tpm->nonce) == COAP_CODE(4, 1)) {
        CHECK_EQ(keeper_rig_problem(&rig, tpm->nonce), REASON_EVIDENCE_STALE);
        CHECK(post(tpm->nonce) != COAP_CODE(4, 1)); /* asked once, not for ever */
    }
    tpm->clock_ms = rig.device.clock_ms;
    answer = answer_got();
    memcpy(tpm->nonce, answer.nonce, sizeof(tpm->nonce));
    return answer.n_reasons ? (enum reason)answer.reasons[0] : REASON_NONE;
}

static struct store_device
row(void)
{
    struct store_device device;

    CHECK_EQ(keeper_device(&rig.keeper, bytes_str(rig.identity), &device), 0);
    return device;
}

static int
operator_says(const char *verb, const char *word)
{
    char id[2 * WIRE_UEID_SIZE + 1];
    const char *words[] = {"device", verb, hex_write(id, BYTES_OF(row().id)), word};

    return keeper_rig_command(&rig, words, word ? 4 : 3, json, sizeof(json));
}

/* The copy was taken now; one of the two boots again, as a clone that is started does. */
static struct tpm
copy_that_boots(const struct tpm *tpm)
{
    struct tpm copy = *tpm;

    copy.reset++;
    return copy;
}

static void
two_that_take_turns_are_told_and_shut(void)
{
    struct tpm first = start(DAY_MS);
    struct tpm second = copy_that_boots(&first);

    CHECK_EQ(attest(&first, STEP_MS), REASON_NONE);
    second.clock_ms += STEP_MS;
    CHECK_EQ(attest(&second, STEP_MS), REASON_NONE); /* a boot: nothing is wrong yet */
    first.clock_ms += STEP_MS;
    CHECK_EQ(attest(&first, STEP_MS), REASON_RESET_MISMATCH);
    CHECK_EQ(row().state, DEVICE_FAILED);
    second.clock_ms += STEP_MS;
    CHECK_EQ(attest(&second, STEP_MS), REASON_CLONE_SUSPECTED);
    CHECK_EQ(row().state, DEVICE_QUARANTINED);
    CHECK(strstr(row().why, "709"));
}

static void
the_same_boot_twice_is_told_by_its_clock(void)
{
    struct tpm first = start(DAY_MS);
    struct tpm second = first;

    CHECK_EQ(attest(&first, STEP_MS), REASON_NONE);
    second.clock_ms -= 60 * 1000; /* was paused while it was copied */
    CHECK_EQ(attest(&second, 30 * 1000), REASON_CLOCK_BACKWARDS);
    CHECK_EQ(attest(&first, STEP_MS), REASON_CLONE_SUSPECTED);
    CHECK_EQ(row().state, DEVICE_QUARANTINED);
}

static void
quarantine_stands_until_an_operator_lifts_it(void)
{
    struct tpm first = start(DAY_MS);
    struct tpm second = copy_that_boots(&first);
    struct answer answer;

    CHECK_EQ(attest(&second, STEP_MS), REASON_NONE);
    CHECK_EQ(attest(&first, STEP_MS), REASON_RESET_MISMATCH);
    CHECK_EQ(attest(&second, STEP_MS), REASON_CLONE_SUSPECTED);
    CHECK_EQ(attest(&second, STEP_MS), REASON_DEVICE_QUARANTINED); /* good, and no token */
    CHECK_EQ(answer_read(rig.reply.body, &answer, NULL), 0);
    CHECK_EQ(answer.cwt.len, 0);
    CHECK_EQ(keeper_rig_ask(&rig, REQUEST_PSK, RESOURCE_TOKEN, BYTES_NULL, "assay"),
             COAP_CODE(4, 3));
    CHECK_EQ(row().state, DEVICE_QUARANTINED);
    CHECK_EQ(operator_says("release", NULL), 0);
    CHECK_EQ(attest(&second, STEP_MS), REASON_NONE); /* one alone is as good as ever */
    CHECK_EQ(attest(&second, STEP_MS), REASON_NONE);
    CHECK_EQ(row().state, DEVICE_FRESH);
    CHECK_EQ(attest(&first, STEP_MS), REASON_RESET_MISMATCH); /* and the pair is told again */
    CHECK_EQ(attest(&second, STEP_MS), REASON_CLONE_SUSPECTED);
    CHECK_EQ(row().state, DEVICE_QUARANTINED);
}

static void
the_audit_log_and_the_list_say_why(void)
{
    struct tpm first = start(DAY_MS);
    struct tpm second = copy_that_boots(&first);

    CHECK_EQ(attest(&second, STEP_MS), REASON_NONE);
    CHECK_EQ(attest(&first, STEP_MS), REASON_RESET_MISMATCH);
    CHECK_EQ(attest(&second, STEP_MS), REASON_CLONE_SUSPECTED);
    CHECK_EQ(operator_says("show", NULL), 0);
    CHECK(strstr(json, "CLONE_SUSPECTED") && strstr(json, "order-interleaved"));
    CHECK(strstr(json, "clone suspected"));
    CHECK(strstr(json, "\"quarantined\""));
}

/* What one TPM may go through between its attestations. Each is followed by two more, since a pair
 * is told by what comes after it. */
static void
tpm_reset(struct tpm *tpm)
{
    tpm->reset++;
    tpm->restart = 0;
}

static void
tpm_restart(struct tpm *tpm)
{
    tpm->restart++; /* Shutdown(STATE), power cycle, Startup(CLEAR): as a resume counts too */
}

static void
tpm_lost_clock(struct tpm *tpm)
{
    tpm->reset++; /* no orderly shutdown: the clock falls back to what was saved, 70 minutes */
    tpm->clock_ms -= 70 * 60 * 1000;
}

static void
nothing_happens(struct tpm *tpm)
{
    (void)tpm;
}

static void
an_honest_tpm_is_never_told(void)
{
    static void (*const events[])(struct tpm *) = {tpm_reset, tpm_restart, tpm_lost_clock,
                                                   nothing_happens};
    struct tpm tpm = start(DAY_MS);
    unsigned random = 1;

    for (size_t i = 0; i < 60; i++) {
        random = random * 1103515245 + 12345;
        events[random >> 16 & 3](&tpm);
        CHECK_EQ(attest(&tpm, (int64_t)(random >> 8 & 0xfffff)), REASON_NONE);
    }
    CHECK_EQ(row().state, DEVICE_FRESH);
}

/* TPM2_Clear sets all counters to zero. */
static void
cleared(struct tpm *tpm)
{
    tpm->clock_ms = 0;
    tpm->reset = 0;
    tpm->restart = 0;
}

/* Then it boots until it stands above the old counts. */
static void
a_cleared_tpm_that_boots_often_is_never_told(void)
{
    struct tpm tpm = start(30 * (uint64_t)DAY_MS);
    uint32_t before = tpm.reset;

    CHECK_EQ(attest(&tpm, STEP_MS), REASON_NONE);
    cleared(&tpm);
    CHECK_EQ(attest(&tpm, STEP_MS), REASON_RESET_MISMATCH);
    tpm.reset = before;
    CHECK_EQ(attest(&tpm, 1000), REASON_CLOCK_BACKWARDS); /* the same count, its clock below */
    tpm.reset = before + 1;
    CHECK_EQ(attest(&tpm, 1000), REASON_NONE);
    CHECK_EQ(attest(&tpm, STEP_MS), REASON_NONE);
    cleared(&tpm); /* and once more */
    CHECK_EQ(attest(&tpm, STEP_MS), REASON_RESET_MISMATCH);
    tpm.reset = before + 2;
    CHECK_EQ(attest(&tpm, 3 * (int64_t)DAY_MS), REASON_NONE);
    CHECK_EQ(row().state, DEVICE_FRESH);
}

/* An owner may make the clock run a third faster. */
static void
a_cleared_tpm_with_a_fast_clock_is_never_told(void)
{
    struct tpm tpm = start(30 * (uint64_t)DAY_MS);
    uint32_t before = tpm.reset;

    CHECK_EQ(attest(&tpm, STEP_MS), REASON_NONE);
    cleared(&tpm);
    CHECK_EQ(attest(&tpm, STEP_MS), REASON_RESET_MISMATCH);
    tpm.reset = before + 1;
    tpm.clock_ms += DAY_MS / 3;
    CHECK_EQ(attest(&tpm, DAY_MS), REASON_NONE);
}

static void
evidence_that_was_kept_back_makes_no_clone(void)
{
    static uint8_t room[BODY_ROOM];
    struct soft_evidence evidence = {.with_log = true, .with_values = true};
    struct wr wr = wr_init(room, sizeof(room));
    struct tpm tpm = start(DAY_MS);
    struct bytes kept;
    uint8_t exporter[32];
    uint64_t connection;

    CHECK_EQ(attest(&tpm, STEP_MS), REASON_NONE);
    keeper_rig_connect(&rig); /* a front keeps this one, and says that the answer was lost */
    soft_evidence_plain(&rig.device, tpm.nonce, rig.exporter, &evidence);
    kept = soft_evidence_write(&rig.device, &evidence, &wr);
    memcpy(exporter, rig.exporter, sizeof(exporter));
    connection = rig.connection;
    CHECK_EQ(keeper_nonce(&rig.keeper, row().id, tpm.nonce), 0);
    tpm.clock_ms = rig.device.clock_ms;
    CHECK_EQ(attest(&tpm, 10 * 1000), REASON_NONE);
    memcpy(rig.exporter, exporter, sizeof(exporter));
    rig.connection = connection;
    CHECK_EQ(keeper_rig_ask(&rig, REQUEST_PSK, RESOURCE_ATTEST, kept, NULL), COAP_CODE(4, 1));
    CHECK_EQ(row().state, DEVICE_FRESH); /* lower, and quoted before: no news */
    CHECK_EQ(attest(&tpm, STEP_MS), REASON_NONE);
    CHECK_EQ(row().state, DEVICE_FRESH);
}

/* A repeat of what was judged gets a fresh nonce, no verdict. */
static void
a_lost_answer_makes_no_clone(void)
{
    struct tpm tpm = start(DAY_MS);
    uint8_t first[WIRE_NONCE_SIZE];

    memcpy(first, tpm.nonce, sizeof(first));
    CHECK_EQ(attest(&tpm, STEP_MS), REASON_NONE);
    memcpy(tpm.nonce, first, sizeof(first)); /* the answer never came */
    CHECK_EQ(attest(&tpm, 1000), REASON_NONE);
    CHECK_EQ(attest(&tpm, STEP_MS), REASON_NONE);
    CHECK_EQ(row().state, DEVICE_FRESH);
}

/* What a front says of a connection's time proves nothing about lower evidence. */
static void
lower_evidence_without_a_nonce_is_asked_for_again(void)
{
    struct tpm tpm = start(DAY_MS);

    CHECK_EQ(attest(&tpm, STEP_MS), REASON_NONE);
    rig.device.reset_count--;
    rig.device.clock_ms -= DAY_MS / 2;
    CHECK_EQ(post(NULL), COAP_CODE(4, 1));
    CHECK_EQ(row().state, DEVICE_FRESH);
    CHECK_EQ(attest(&tpm, STEP_MS), REASON_NONE);
    CHECK_EQ(row().state, DEVICE_FRESH);
}

/* Else nothing lower would ever get a verdict until our clock has caught up. */
static void
a_clock_of_ours_that_was_set_back_still_refuses(void)
{
    struct tpm first = start(DAY_MS);
    struct tpm second = copy_that_boots(&first);

    CHECK_EQ(attest(&second, STEP_MS), REASON_NONE);
    rig.now_ms -= 3600 * 1000;
    CHECK_EQ(attest(&first, 1000), REASON_RESET_MISMATCH);
    CHECK_EQ(attest(&second, 1000), REASON_NONE); /* and proves nothing against anybody */
    CHECK_EQ(row().state, DEVICE_FRESH);
}

/* A young TPM may have been cleared as well: told later, when its clock has outrun that. */
static void
a_young_pair_is_told_when_it_is_older(void)
{
    struct tpm first = start(1000);
    struct tpm second = copy_that_boots(&first);
    enum reason reason = REASON_NONE;
    size_t rounds = 0;

    while (reason != REASON_CLONE_SUSPECTED) {
        CHECK(++rounds < 12);
        reason = attest(&second, STEP_MS);
        first.clock_ms += STEP_MS;
        if (reason != REASON_CLONE_SUSPECTED) {
            CHECK_EQ(reason, REASON_NONE);
            CHECK_EQ(attest(&first, STEP_MS), REASON_RESET_MISMATCH);
            second.clock_ms += STEP_MS;
        }
    }
    CHECK(rounds > 2);
    CHECK_EQ(row().state, DEVICE_QUARANTINED);
}

CHECK_MAIN(CASE(two_that_take_turns_are_told_and_shut),
           CASE(the_same_boot_twice_is_told_by_its_clock),
           CASE(quarantine_stands_until_an_operator_lifts_it),
           CASE(the_audit_log_and_the_list_say_why), CASE(an_honest_tpm_is_never_told),
           CASE(a_cleared_tpm_that_boots_often_is_never_told),
           CASE(a_cleared_tpm_with_a_fast_clock_is_never_told),
           CASE(evidence_that_was_kept_back_makes_no_clone), CASE(a_lost_answer_makes_no_clone),
           CASE(lower_evidence_without_a_nonce_is_asked_for_again),
           CASE(a_clock_of_ours_that_was_set_back_still_refuses),
           CASE(a_young_pair_is_told_when_it_is_older))
