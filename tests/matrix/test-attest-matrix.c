/* Good evidence, changed in one place, against a keeper: each row says what must come back. The
 * base evidence of each row is accepted in the same run, and a change that changes no byte fails.
 */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "crypto/jose.h"
#include "lib/attest-play.h"
#include "lib/check.h"

static struct keeper_rig *const rig = &play.rig;
static struct soft_evidence *const evidence = &play.evidence;

static void
bad_magic(void)
{
    evidence->attest_room[0] ^= 1;
    play_resign_bytes();
}

static void
put_type(uint8_t low)
{
    evidence->attest_room[5] = low;
    play_resign_bytes();
}

static void
type_nv(void)
{
    put_type(0x14);
}

static void
type_certify(void)
{
    put_type(0x17);
}

static void
type_time(void)
{
    put_type(0x19);
}

static void
type_creation(void)
{
    put_type(0x1a);
}

static void
trailing_after_signature(void)
{
    evidence->trailing = 1;
}

static void
trailing_after_attest(void)
{
    evidence->attest_room[evidence->attest_len++] = 0;
    play_resign_bytes();
}

static void
flipped_signature(void)
{
    evidence->signature[40] ^= 1;
}

static void
zero_r(void)
{
    memset(evidence->signature, 0, 32);
}

static void
other_key(void)
{
    struct privkey *ours = rig->device.ak;

    CHECK_EQ(privkey_generate(&rig->device.ak), 0);
    play_resign_bytes();
    privkey_free(rig->device.ak);
    rig->device.ak = ours;
}

static void
hash_sha1(void)
{
    evidence->sig_hash = 0x0004;
}

static void
hash_sha384(void)
{
    evidence->sig_hash = 0x000c;
}

static void
scheme_unknown(void)
{
    evidence->sig_alg = 0x001a; /* ECDAA */
}

static void
owner_hierarchy(void)
{
    CHECK_EQ(tpm_public_qualified_name(&rig->device.ak_area, TPM_RH_OWNER, rig->hasher,
                                       evidence->signer, &evidence->signer_len),
             0);
    play_resign();
}

static void
flipped_extra(void)
{
    evidence->extra[3] ^= 1;
    play_resign();
}

static void
short_extra(void)
{
    evidence->extra_len = 31;
    play_resign();
}

static void
long_extra(void)
{
    evidence->extra_len = 33;
    play_resign();
}

static void
flipped_claims(void)
{
    ((uint8_t *)(uintptr_t)evidence->claims_bytes.p)[evidence->claims_bytes.len - 1] ^= 1;
}

static void
missing_sha1(void)
{
    struct tpm_selections *selections = &evidence->attest.selections;

    memmove(&selections->bank[0], &selections->bank[1], 3 * sizeof(selections->bank[0]));
    selections->n = 3;
    play_resign();
}

static void
missing_empty_bank(void)
{
    evidence->attest.selections.n = 3;
    play_resign();
}

static void
fewer_in_another_bank(void)
{
    evidence->attest.selections.bank[0].mask = 0x7f;
    play_resign();
}

static void
fewer_in_the_policy_bank(void)
{
    evidence->attest.selections.bank[1].mask = 0xff;
    play_resign();
}

static void
more_in_the_policy_bank(void)
{
    evidence->attest.selections.bank[1].mask = 0xffff;
    play_resign();
}

static void
empty_policy_bank(void)
{
    evidence->attest.selections.bank[1].mask = 0;
    play_resign();
}

static void
wide_select(void)
{
    evidence->attest.selections.bank[1].size = 4;
    play_resign();
}

static void
clock_back(void)
{
    evidence->attest.clock_ms = 1;
    play_resign();
}

static void
reset_back(void)
{
    evidence->attest.reset_count = 4;
    play_resign();
}

static void
digest_of_others(void)
{
    evidence->pcr_digest[0] ^= 1;
    play_resign();
}

/* The quote is honest, the log does not tell of one extend. */
static void
one_more_extend(void)
{
    rig->device.values.value[1][4][7] ^= 1;
    play_plain();
}

/* The same in a bank that policy does not look at: it must replay all the same. */
static void
one_more_in_sha1(void)
{
    rig->device.values.value[0][0][7] ^= 1;
    play_plain();
}

static void
no_log_claim(void)
{
    evidence->claims.n_logs = 0;
    evidence->with_log = false;
    play_claims();
}

static void
shorter_log(void)
{
    rig->device.log.len--;
}

static const struct play_row rows[] = {
    {"magic", bad_magic, COAP_CODE(4, 0), REASON_QUOTE_MAGIC},
    {"an NV certification", type_nv, COAP_CODE(4, 0), REASON_QUOTE_TYPE},
    {"a certification", type_certify, COAP_CODE(4, 0), REASON_QUOTE_TYPE},
    {"a time attestation", type_time, COAP_CODE(4, 0), REASON_QUOTE_TYPE},
    {"a creation attestation", type_creation, COAP_CODE(4, 0), REASON_QUOTE_TYPE},
    {"a byte after the signature", trailing_after_signature, COAP_CODE(4, 0),
     REASON_QUOTE_TRAILING},
    {"a byte after the quote", trailing_after_attest, COAP_CODE(4, 0), REASON_QUOTE_TRAILING},
    {"a flipped signature", flipped_signature, COAP_CODE(4, 0), REASON_QUOTE_SIGNATURE},
    {"r = 0", zero_r, COAP_CODE(4, 0), REASON_QUOTE_SIGNATURE},
    {"another key", other_key, COAP_CODE(4, 0), REASON_QUOTE_SIGNATURE},
    {"a SHA-1 signature", hash_sha1, COAP_CODE(4, 0), REASON_QUOTE_ALG},
    {"a hash that is not the key's", hash_sha384, COAP_CODE(4, 0), REASON_QUOTE_ALG},
    {"an unknown scheme", scheme_unknown, COAP_CODE(4, 0), REASON_QUOTE_ALG},
    {"an AK of the owner hierarchy", owner_hierarchy, COAP_CODE(2, 4), REASON_AK_ATTRIBUTES},
    {"flipped qualifying data", flipped_extra, COAP_CODE(4, 1), REASON_CHANNEL_BINDING},
    {"shorter qualifying data", short_extra, COAP_CODE(4, 1), REASON_CHANNEL_BINDING},
    {"longer qualifying data", long_extra, COAP_CODE(4, 1), REASON_CHANNEL_BINDING},
    {"flipped claims", flipped_claims, COAP_CODE(4, 1), REASON_CHANNEL_BINDING},
    {"SHA-1 not named", missing_sha1, COAP_CODE(2, 4), REASON_QUOTE_SELECTION},
    {"an empty bank not named", missing_empty_bank, COAP_CODE(2, 4), REASON_QUOTE_SELECTION},
    {"fewer PCRs in another bank", fewer_in_another_bank, COAP_CODE(2, 4), REASON_QUOTE_SELECTION},
    {"fewer PCRs than wanted", fewer_in_the_policy_bank, COAP_CODE(4, 9), REASON_QUOTE_SELECTION},
    {"more PCRs than wanted", more_in_the_policy_bank, COAP_CODE(4, 9), REASON_QUOTE_SELECTION},
    {"an empty policy bank", empty_policy_bank, COAP_CODE(2, 4), REASON_BANK_EMPTY_ACTIVE},
    {"sizeofSelect 4", wide_select, COAP_CODE(4, 0), REASON_QUOTE_SELECTION},
    {"a clock that went back", clock_back, COAP_CODE(2, 4), REASON_CLOCK_BACKWARDS},
    {"resetCount that fell", reset_back, COAP_CODE(2, 4), REASON_RESET_MISMATCH},
    {"a digest of other values", digest_of_others, COAP_CODE(2, 4), REASON_PCR_DIGEST},
    {"one more extend", one_more_extend, COAP_CODE(2, 4), REASON_LOG_REPLAY},
    {"one more extend in SHA-1", one_more_in_sha1, COAP_CODE(2, 4), REASON_LOG_REPLAY},
    {"no log", no_log_claim, COAP_CODE(2, 4), REASON_LOG_MISSING},
    {"a log shorter than its claim", shorter_log, COAP_CODE(4, 0), REASON_EVIDENCE_MALFORMED},
};

static void
each_change_alone_gets_its_own_refusal(void)
{
    play_rows(rows, ARRAY_LEN(rows));
}

static void
a_challenge_serves_one_verdict(void)
{
    struct bytes body;

    play_start();
    play_plain();
    body = play_written();
    CHECK_EQ(play_attest(body), COAP_CODE(2, 4));
    CHECK_EQ(play_reason(), REASON_NONE);
    CHECK_EQ(play_attest(body), COAP_CODE(4, 1));
    CHECK_EQ(play_reason(), REASON_EVIDENCE_STALE);
    play_plain(); /* a newer quote under the nonce that was used */
    CHECK_EQ(play_attest(play_written()), COAP_CODE(4, 1));
    CHECK_EQ(play_reason(), REASON_EVIDENCE_STALE);
}

static void
evidence_of_another_connection_is_refused(void)
{
    struct bytes body;

    play_start();
    play_plain();
    body = play_written();
    keeper_rig_connect(rig);
    CHECK_EQ(play_attest(body), COAP_CODE(4, 1));
    CHECK_EQ(play_reason(), REASON_CHANNEL_BINDING);
}

static void
an_old_nonce_is_refused_with_a_fresh_one(void)
{
    play_start();
    rig->now_ms += (300 + 61) * 1000;
    rig->device.clock_ms += (300 + 61) * 1000;
    play_plain();
    CHECK_EQ(play_attest(play_written()), COAP_CODE(4, 1));
    CHECK_EQ(keeper_rig_problem(rig, play.nonce), REASON_EVIDENCE_STALE);
    play_plain();
    CHECK_EQ(play_attest(play_written()), COAP_CODE(2, 4));
    CHECK_EQ(play_answered().tier, TIER_AFFIRMING);
}

static void
a_slow_tpm_clock_needs_a_fresh_nonce(void)
{
    play_start();
    rig->now_ms += 200 * 1000; /* 200 s of ours, 0.1 s of the TPM's */
    play_plain();
    CHECK_EQ(play_attest(play_written()), COAP_CODE(4, 1));
    CHECK_EQ(keeper_rig_problem(rig, play.nonce), REASON_EVIDENCE_STALE);
    play_plain();
    CHECK_EQ(play_attest(play_written()), COAP_CODE(2, 4));
    CHECK_EQ(play_answered().tier, TIER_AFFIRMING);
}

static void
a_repeat_needs_neither_log_nor_values(void)
{
    play_start();
    play_repeat();
    CHECK_EQ(play_attest(play_written()), COAP_CODE(2, 4));
    CHECK_EQ(play_answered().tier, TIER_AFFIRMING);
    CHECK(rig->reply.body.len <= 1024);
    printf("# a repeat is answered with %zu bytes\n", rig->reply.body.len);
}

/* Attests with what stands in evidence; whether the keeper logged this id meanwhile. */
static bool
told(const char *id)
{
    static char log[65536];
    int kept = dup(STDERR_FILENO);
    int file = memfd_create("log", 0);
    ssize_t n;

    CHECK(kept >= 0 && file >= 0 && dup2(file, STDERR_FILENO) >= 0);
    play_plain();
    CHECK_EQ(play_attest(play_written()), COAP_CODE(2, 4));
    CHECK(dup2(kept, STDERR_FILENO) >= 0);
    n = pread(file, log, sizeof(log) - 1, 0);
    CHECK(n >= 0);
    log[n] = '\0';
    close(kept);
    close(file);
    return strstr(log, id) != NULL;
}

/* A fleet says the same every few minutes: only news is told, and every refusal. */
/* As after a restart: the store has the log, and what a reader made of it is gone. */
static void
a_stored_log_is_read_once_and_need_not_be_sent(void)
{
    unsigned n_read;

    play_start();
    n_read = rig->n_read;
    logs_drop(rig->keeper.logs, play.evidence.claims.logs[0].digest);
    for (int i = 0; i < 2; i++) {
        play_repeat();
        CHECK(!play.evidence.with_log);
        CHECK_EQ(play_attest(play_written()), COAP_CODE(2, 4));
        CHECK_EQ(play_answered().tier, TIER_AFFIRMING);
        CHECK_EQ(rig->n_read, n_read + 1);
    }
}

static void
an_unchanged_verdict_is_not_told_again(void)
{
    play_start();
    CHECK(!told("device-accepted"));
    CHECK_EQ(play_answered().tier, TIER_AFFIRMING);
    rig->device.restart_count++;
    CHECK(told("device-accepted"));
    CHECK_EQ(play_answered().tier, TIER_AFFIRMING);
    CHECK(!told("device-accepted"));
    (void)play_answered();
    rig->device.reset_count++;
    CHECK(told("device-accepted"));
    (void)play_answered();
    rig->device.values.value[1][7][0] ^= 1;
    for (int again = 0; again < 2; again++) {
        CHECK(told("device-refused"));
        (void)play_answered();
    }
    rig->device.values.value[1][7][0] ^= 1;
    CHECK(told("device-accepted"));
    (void)play_answered();
    CHECK(!told("device-accepted"));
}

static void
a_repeat_with_other_pcrs_is_asked_for_its_values(void)
{
    play_start();
    rig->device.values.value[1][7][0] ^= 1;
    play_repeat();
    CHECK_EQ(play_attest(play_written()), COAP_CODE(4, 9));
    CHECK_EQ(keeper_rig_problem(rig, play.nonce), REASON_PCR_DIGEST);
    play_plain();
    CHECK_EQ(play_attest(play_written()), COAP_CODE(2, 4));
    CHECK_EQ(play_reason(), REASON_LOG_REPLAY);
}

static uint8_t
token(const char *audience)
{
    return keeper_rig_ask(rig, REQUEST_PSK, RESOURCE_TOKEN, BYTES_NULL, audience);
}

static void
a_token_needs_this_connections_own_evidence(void)
{
    play_start();
    CHECK_EQ(token("assay"), COAP_CODE(2, 5));
    CHECK_EQ(token("other"), COAP_CODE(4, 3));
    keeper_rig_connect(rig);
    CHECK_EQ(token("assay"), COAP_CODE(4, 1));
}

/* A number that the last answer's JWT claims. */
static int64_t
claimed(const char *name)
{
    uint8_t room[LIMIT_TOKEN_BYTES + 1];
    char quoted[16];
    struct jose jose;
    const char *at;

    CHECK_EQ(jose_read(rig->reply.body, room, sizeof(room) - 1, &jose), 0);
    room[jose.payload.p + jose.payload.len - room] = '\0';
    snprintf(quoted, sizeof(quoted), "\"%s\":", name);
    at = strstr((const char *)jose.payload.p, quoted);
    CHECK(at);
    return strtoll(at + strlen(quoted), NULL, 10);
}

static void
a_late_token_has_the_verdicts_times(void)
{
    int64_t exp;
    int64_t iat;

    play_start();
    CHECK_EQ(token("assay"), COAP_CODE(2, 5));
    exp = claimed("exp");
    iat = claimed("iat");
    CHECK(exp > iat + 60);
    rig->now_ms += 238 * 1000;
    CHECK_EQ(token("assay"), COAP_CODE(2, 5));
    CHECK_EQ(claimed("exp"), exp);
    rig->now_ms += 4 * 1000; /* less than 60 s would be left */
    CHECK_EQ(token("assay"), COAP_CODE(4, 1));
}

static void
a_refusal_ends_the_connections_tokens(void)
{
    play_start();
    one_more_extend();
    CHECK_EQ(play_attest(play_written()), COAP_CODE(2, 4));
    CHECK_EQ(play_reason(), REASON_LOG_REPLAY);
    CHECK_EQ(token("assay"), COAP_CODE(4, 1));
}

static int
operator_says(const char *verb, const char *why)
{
    char json[4096];
    char id[2 * WIRE_UEID_SIZE + 1];
    uint8_t ueid[WIRE_UEID_SIZE];

    CHECK_EQ(ident_ueid(rig->hasher, bytes_str(RIG_SITE),
                        bytes_of(rig->device.ek_public, rig->device.ek_public_len), ueid),
             0);
    for (size_t i = 0; i < sizeof(ueid); i++) {
        snprintf(id + 2 * i, 3, "%02x", ueid[i]);
    }
    return keeper_rig_command(rig, (const char *[]){"device", verb, id, why}, why ? 4 : 3, json,
                              sizeof(json));
}

static void
quarantine_takes_effect_on_an_open_connection(void)
{
    play_start();
    CHECK_EQ(operator_says("quarantine", "stolen"), 0);
    CHECK_EQ(token("assay"), COAP_CODE(4, 3));
    CHECK_EQ(play_reason(), REASON_DEVICE_QUARANTINED);
    play_plain();
    CHECK_EQ(play_attest(play_written()), COAP_CODE(2, 4));
    CHECK(!play_answered().cwt.p);
    CHECK_EQ(token("assay"), COAP_CODE(4, 3));
    CHECK_EQ(operator_says("release", NULL), 0);
    play_plain();
    CHECK_EQ(play_attest(play_written()), COAP_CODE(2, 4));
    CHECK(play_answered().cwt.p);
}

static void
a_class_may_know_that_its_tpms_lack_a_bank(void)
{
    char json[4096];

    play_start();
    CHECK_EQ(keeper_rig_command(rig, (const char *[]){"class", "add", "c", "lacks=sha512"}, 4, json,
                                sizeof(json)),
             0);
    play_plain();
    missing_empty_bank();
    CHECK_EQ(play_attest(play_written()), COAP_CODE(2, 4));
    CHECK_EQ(play_answered().tier, TIER_AFFIRMING);
    play_plain();
    missing_sha1(); /* another bank is not meant */
    CHECK_EQ(play_attest(play_written()), COAP_CODE(2, 4));
    CHECK_EQ(play_reason(), REASON_QUOTE_SELECTION);
}

static void
a_removed_device_is_not_heard(void)
{
    play_start();
    CHECK_EQ(operator_says("remove", "sold"), 0);
    play_plain();
    CHECK_EQ(play_attest(play_written()), COAP_CODE(4, 3));
    CHECK_EQ(play_reason(), REASON_DEVICE_DISABLED);
    CHECK_EQ(token("assay"), COAP_CODE(4, 3));
}

static void
strangers_leave_no_row(void)
{
    int64_t n = -1;

    keeper_rig_new(rig);
    keeper_rig_connect(rig);
    for (int i = 0; i < 50; i++) {
        struct soft_device stranger;
        uint8_t room[2048];
        struct wr wr = wr_init(room, sizeof(room));

        soft_device_new(&stranger, rig->hasher, RIG_SITE);
        CHECK_EQ(keeper_rig_ask(rig, REQUEST_CERTIFICATE, RESOURCE_ENROLL,
                                soft_device_enroll(&stranger, &wr), NULL),
                 COAP_CODE(2, 4));
        soft_device_done(&stranger);
    }
    for (int state = 0; state < DEVICE_STATE_N; state++) {
        CHECK_EQ(store_device_count(rig->keeper.store, (enum device_state)state, &n), 0);
        CHECK_EQ(n, 0);
    }
}

static void
a_certificate_connection_gets_nothing_but_enrolment(void)
{
    play_start();
    CHECK_EQ(keeper_rig_ask(rig, REQUEST_CERTIFICATE, RESOURCE_TOKEN, BYTES_NULL, "assay"),
             COAP_CODE(4, 3));
    play_plain();
    CHECK_EQ(keeper_rig_ask(rig, REQUEST_CERTIFICATE, RESOURCE_ATTEST, play_written(), NULL),
             COAP_CODE(4, 3));
    CHECK_EQ(keeper_rig_ask(rig, REQUEST_CERTIFICATE, RESOURCE_KEYS, BYTES_NULL, NULL),
             COAP_CODE(2, 5));
}

static void
every_cut_of_good_evidence_is_malformed(void)
{
    struct bytes body;

    play_start();
    play_plain();
    body = play_written();
    for (size_t n = 1; n < body.len; n += 1 + n / 16) { /* none at all asks for a challenge */
        CHECK_EQ(play_attest(check_guarded(bytes_of(body.p, n))), COAP_CODE(4, 0));
    }
    CHECK_EQ(play_attest(body), COAP_CODE(2, 4));
    CHECK_EQ(play_answered().tier, TIER_AFFIRMING);
}

CHECK_MAIN(CASE(each_change_alone_gets_its_own_refusal), CASE(a_challenge_serves_one_verdict),
           CASE(evidence_of_another_connection_is_refused),
           CASE(an_old_nonce_is_refused_with_a_fresh_one),
           CASE(a_slow_tpm_clock_needs_a_fresh_nonce), CASE(a_repeat_needs_neither_log_nor_values),
           CASE(a_stored_log_is_read_once_and_need_not_be_sent),
           CASE(an_unchanged_verdict_is_not_told_again),
           CASE(a_repeat_with_other_pcrs_is_asked_for_its_values),
           CASE(a_token_needs_this_connections_own_evidence),
           CASE(a_late_token_has_the_verdicts_times), CASE(a_refusal_ends_the_connections_tokens),
           CASE(quarantine_takes_effect_on_an_open_connection), CASE(a_removed_device_is_not_heard),
           CASE(a_class_may_know_that_its_tpms_lack_a_bank), CASE(strangers_leave_no_row),
           CASE(a_certificate_connection_gets_nothing_but_enrolment),
           CASE(every_cut_of_good_evidence_is_malformed))
