/* The attestor's graph, exit codes and claims. */
#include "agent/agent.h"
#include "agent/claims-make.h"
#include "lib/check.h"

static void
the_good_path_visits_every_step_but_enrolment(void)
{
    static const enum agent_step want[] = {AGENT_LOAD,     AGENT_ACTIVATE, AGENT_CONNECT,
                                           AGENT_JOIN,     AGENT_ATTEST,   AGENT_TOKENS,
                                           AGENT_ANNOUNCE, AGENT_REST,     AGENT_ATTEST};
    enum agent_step at = AGENT_TPM;

    for (size_t i = 0; i < ARRAY_LEN(want); i++) {
        at = agent_step_after(at, AGENT_R_DONE);
        CHECK_EQ(at, want[i]);
    }
    CHECK_EQ(agent_step_after(AGENT_ENROL, AGENT_R_DONE), AGENT_ACTIVATE);
}

static void
every_step_can_stop_and_says_where_it_goes(void)
{
    for (unsigned i = 0; i < AGENT_STEP_N; i++) {
        enum agent_step step = (enum agent_step)i;

        CHECK(strcmp(agent_step_name(step), "end") != 0);
        CHECK_EQ(agent_step_after(step, AGENT_R_STOP), AGENT_STEP_N);
        CHECK_EQ(agent_step_after(step, AGENT_R_AGAIN), step);
        CHECK_EQ(agent_step_after(step, AGENT_R_REENROL), AGENT_ENROL);
        CHECK_EQ(agent_step_after(step, AGENT_R_RECONNECT), AGENT_CONNECT);
        CHECK_EQ(agent_step_after(step, AGENT_R_BACK), AGENT_CONNECT);
        CHECK_EQ(agent_step_after(step, AGENT_R_REJOIN), AGENT_JOIN);
        CHECK_EQ(agent_step_after(step, AGENT_R_RELOAD), AGENT_TPM);
        CHECK(agent_step_after(step, AGENT_R_LATER) < AGENT_STEP_N);
    }
}

/* Waiting closes the connection, so what needs one must begin with making it. */
static void
after_a_wait_the_connection_is_made_again(void)
{
    CHECK_EQ(agent_step_after(AGENT_JOIN, AGENT_R_LATER), AGENT_CONNECT);
    CHECK_EQ(agent_step_after(AGENT_ATTEST, AGENT_R_LATER), AGENT_CONNECT);
    CHECK_EQ(agent_step_after(AGENT_TOKENS, AGENT_R_LATER), AGENT_ANNOUNCE);
    CHECK_EQ(agent_step_after(AGENT_ANNOUNCE, AGENT_R_LATER), AGENT_REST);
    CHECK_EQ(agent_step_after(AGENT_REST, AGENT_R_LATER), AGENT_CONNECT);
}

/* A fleet that lost its verifier at one moment must not come back at one moment. */
static void
waits_differ_within_their_bounds(void)
{
    CHECK_EQ(agent_wait_ms(AGENT_WAIT_NEXT, 300, 0), 300000);
    CHECK_EQ(agent_wait_ms(AGENT_WAIT_NEXT, 300, UINT16_MAX), 270001);
    CHECK_EQ(agent_wait_ms(AGENT_WAIT_TOLD, 300, 0), 300000); /* never before it was told */
    CHECK_EQ(agent_wait_ms(AGENT_WAIT_TOLD, 300, UINT16_MAX), 374998);
    CHECK_EQ(agent_wait_ms(AGENT_WAIT_BACKOFF, 300, 0), 300000);
    CHECK_EQ(agent_wait_ms(AGENT_WAIT_BACKOFF, 300, UINT16_MAX), 150003);
    CHECK_EQ(agent_wait_ms(AGENT_WAIT_BACKOFF, 1, 32768), 750);
    CHECK_EQ(agent_wait_ms(AGENT_WAIT_NEXT, 0, 5), 0);
    CHECK_EQ(agent_wait_ms(AGENT_WAIT_TOLD, UINT32_MAX, 0), 86400000);
}

static void
exit_codes_are_distinct_and_named(void)
{
    for (size_t i = 0; i < agent_exits_n; i++) {
        CHECK_STR(agent_exit_name(agent_exits[i].code), agent_exits[i].name);
        for (size_t j = 0; j < i; j++) {
            CHECK(agent_exits[i].code != agent_exits[j].code);
        }
    }
    CHECK_STR(agent_exit_name((enum agent_exit)99), "unknown");
}

static struct hasher *hasher;

static void
make(const struct claims_facts *facts, struct claims *ret)
{
    static uint8_t room[2048];
    struct wr wr = wr_init(room, sizeof(room));
    struct claims claims;
    struct fault fault;

    hasher = hasher ? hasher : hasher_new();
    CHECK(hasher != NULL);
    CHECK_EQ(claims_make(hasher, facts, &claims), 0);
    claims_write(&wr, &claims);
    CHECK_EQ(claims_read(check_guarded(wr_done(&wr)), ret, &fault), 0);
}

static const struct selection quoted = {1, {{HASH_SHA256, 0xffff}}};

static void
the_first_claims_tell_machine_and_whole_log(void)
{
    static const struct source_smbios machine = {
        .maker = "M", .model = "a model name of more than thirty-two bytes", .firmware = "1.0"};
    static const uint8_t nonce[WIRE_NONCE_SIZE] = {1}, ueid[WIRE_UEID_SIZE] = {2};
    struct known_log_at log = {LOG_FIRMWARE, bytes_str("log"), 0};
    struct claims_facts facts = {nonce, ueid, &machine, 5, 7, quoted, &log, 1};
    struct claims claims;
    uint8_t digest[32];

    make(&facts, &claims);
    CHECK_BYTES(BYTES_OF(claims.nonce), BYTES_OF(nonce));
    CHECK_BYTES(BYTES_OF(claims.ueid), BYTES_OF(ueid));
    CHECK_EQ(claims.model.len, 32);
    CHECK_BYTES(claims.firmware, bytes_str("1.0"));
    CHECK_EQ(claims.uptime_s, 5);
    CHECK_EQ(claims.clock_floor_s, 7);
    CHECK(claims.logs[0].whole);
    CHECK_EQ(claims.logs[0].length, 3);
    CHECK_EQ(hasher_bytes(hasher, HASH_SHA256, bytes_str("log"), digest), 0);
    CHECK_BYTES(BYTES_OF(claims.logs[0].digest), BYTES_OF(digest));
}

static void
a_repeat_leaves_out_what_did_not_change(void)
{
    struct known_log_at log = {LOG_FIRMWARE, bytes_str("log"), 3};
    struct claims_facts facts = {.quoted = quoted, .logs = &log, .n_logs = 1};
    struct claims claims;

    make(&facts, &claims);
    CHECK(!claims.has_nonce && !claims.has_ueid && !claims.model.p && !claims.maker.p);
    CHECK_EQ(claims.clock_floor_s, 0);
    CHECK_EQ(claims.logs[0].offset, 3);
    CHECK_BYTES(BYTES_OF(claims.logs[0].before), BYTES_OF(claims.logs[0].digest));
}

static void
a_log_that_grows_has_its_prefix_only(void)
{
    struct known_log_at log = {LOG_IMA, bytes_str("abcdef"), 3};
    struct claims_facts facts = {.quoted = quoted, .logs = &log, .n_logs = 1};
    struct claims claims;
    uint8_t digest[32];

    make(&facts, &claims);
    CHECK(!claims.logs[0].whole);
    CHECK_EQ(claims.logs[0].offset, 3);
    CHECK_EQ(hasher_bytes(hasher, HASH_SHA256, bytes_str("abc"), digest), 0);
    CHECK_BYTES(BYTES_OF(claims.logs[0].before), BYTES_OF(digest));
}

static void
a_log_shorter_than_what_is_known_starts_anew(void)
{
    struct known_log_at log = {LOG_IMA, bytes_str("ab"), 3};
    struct claims_facts facts = {.quoted = quoted, .logs = &log, .n_logs = 1};
    struct claims claims;

    make(&facts, &claims);
    CHECK_EQ(claims.logs[0].offset, 0);
}

/* A log that cannot grow is known whole or not at all: an offset within it would be no evidence. */
static void
a_firmware_log_of_another_length_starts_anew(void)
{
    for (uint64_t offset = 0; offset <= 4; offset++) {
        struct known_log_at log = {LOG_FIRMWARE, bytes_str("log"), offset};
        struct claims_facts facts = {.quoted = quoted, .logs = &log, .n_logs = 1};
        struct claims claims;

        make(&facts, &claims);
        CHECK_EQ(claims.logs[0].offset, offset == 3 ? 3 : 0);
        CHECK_EQ(claims.logs[0].length, 3);
    }
}

CHECK_MAIN(CASE(the_good_path_visits_every_step_but_enrolment),
           CASE(every_step_can_stop_and_says_where_it_goes),
           CASE(after_a_wait_the_connection_is_made_again), CASE(waits_differ_within_their_bounds),
           CASE(exit_codes_are_distinct_and_named),
           CASE(the_first_claims_tell_machine_and_whole_log),
           CASE(a_repeat_leaves_out_what_did_not_change),
           CASE(a_log_that_grows_has_its_prefix_only),
           CASE(a_log_shorter_than_what_is_known_starts_anew),
           CASE(a_firmware_log_of_another_length_starts_anew))
