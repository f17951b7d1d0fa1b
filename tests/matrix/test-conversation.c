/* Rolling upgrade: what an attestor of a released version says, byte by byte, must be answered by
 * today's keeper as it was, and what its verifier answered must be read by today's attestor. The
 * recordings are tests/vectors/conversation/VERSION.cbor, each an array of steps in the order of
 * their numbers: requests [0, kind, resource, identity, exporter, handshake ms, now ms, audience,
 * body, code, answer] and operator's words [1, now ms, word...]. A recording is never made anew:
 * a new version adds one. `ASSAY_RECORD=FILE test-conversation` writes it. */
#include <stdlib.h>
#include <unistd.h>

#include "base/cbor-rd.h"
#include "base/cbor-wr.h"
#include "crypto/cose-key.h"
#include "crypto/cose.h"
#include "crypto/jose.h"
#include "lib/check.h"
#include "lib/growing-rig.h"
#include "wire/credential.h"
#include "wire/enrolled.h"
#include "wire/token-cwt.h"

enum { RECORDING_ROOM = 2 * 1024 * 1024, STEP_ASK = 0, STEP_COMMAND = 1, STEPS_MAX = 64 };

static struct keeper_rig *const keeper = &growing_rig.keeper;
static uint8_t recording_room[RECORDING_ROOM];
static struct wr recording;
static size_t n_recorded;

static void
record_ask(struct keeper_rig *rig, enum request_kind kind, enum request_resource resource,
           struct bytes body, const char *audience)
{
    n_recorded++;
    cbor_wr_array(&recording, 11);
    cbor_wr_uint(&recording, STEP_ASK);
    cbor_wr_uint(&recording, kind);
    cbor_wr_uint(&recording, resource);
    cbor_wr_tstr(&recording, kind == REQUEST_PSK ? rig->identity : "");
    cbor_wr_bstr(&recording, BYTES_OF(rig->exporter));
    cbor_wr_uint(&recording, (uint64_t)rig->handshake_ms);
    cbor_wr_uint(&recording, (uint64_t)rig->now_ms);
    cbor_wr_tstr(&recording, audience ? audience : "");
    cbor_wr_bstr(&recording, body);
    cbor_wr_uint(&recording, rig->reply.code);
    cbor_wr_bstr(&recording, rig->reply.body);
}

static void
record_command(struct keeper_rig *rig, const char *const *words, size_t n_words)
{
    n_recorded++;
    cbor_wr_array(&recording, 2 + n_words);
    cbor_wr_uint(&recording, STEP_COMMAND);
    cbor_wr_uint(&recording, (uint64_t)rig->now_ms);
    for (size_t i = 0; i < n_words; i++) {
        cbor_wr_tstr(&recording, words[i]);
    }
}

static uint8_t
attest_plain(bool with_log)
{
    growing_rig.evidence.with_log = with_log;
    growing_rig_plain();
    return growing_rig_attest(growing_rig_written(growing_rig.body_room));
}

/* What a device lives through: enrolment, approval, learning, a list that grows, a token, a late
 * nonce, a log that is asked for, another boot. */
static void
live(void)
{
    struct bytes other = check_vector("boot/grub-sb-on/binary_bios_measurements");

    growing_rig_member("0-10,14", 0x47ff);
    growing_rig_quoted(50, 50);
    (void)growing_rig_accepted();
    CHECK_EQ(keeper_rig_ask(keeper, REQUEST_PSK, RESOURCE_TOKEN, BYTES_NULL, "assay"),
             COAP_CODE(2, 5));
    CHECK_EQ(keeper_rig_ask(keeper, REQUEST_PSK, RESOURCE_KEYS, BYTES_NULL, NULL), COAP_CODE(2, 5));
    keeper->device.ima.offset = growing_rig.ends[49];
    growing_rig_quoted(60, 60);
    (void)growing_rig_accepted();
    keeper->now_ms += 3600 * 1000;
    keeper_rig_connect(keeper);
    CHECK_EQ(attest_plain(false), COAP_CODE(4, 1));
    CHECK_EQ(keeper_rig_problem(keeper, growing_rig.nonce), REASON_EVIDENCE_STALE);
    keeper->device.ima.offset = growing_rig.ends[59];
    CHECK_EQ(attest_plain(false), COAP_CODE(2, 4));
    (void)growing_rig_answered();
    CHECK(keeper_rig_boot(keeper, other));
    keeper->device.values.selection.sets[POLICY].mask = 0x47ff;
    keeper->device.ima.offset = 0;
    growing_rig_quoted(10, 10);
    growing_rig.evidence.with_values = false;
    keeper_rig_connect(keeper);
    CHECK_EQ(attest_plain(false), COAP_CODE(4, 9));
    (void)keeper_rig_problem(keeper, growing_rig.nonce);
    growing_rig.evidence.with_values = true;
    CHECK_EQ(attest_plain(true), COAP_CODE(2, 4));
}

static void
record(const char *path)
{
    FILE *file;
    struct bytes all;

    recording = wr_init(recording_room, sizeof(recording_room));
    keeper->on_ask = record_ask;
    keeper->on_command = record_command;
    live();
    all = wr_done(&recording);
    CHECK(all.p);
    CHECK(n_recorded <= STEPS_MAX);
    file = fopen(path, "wb");
    CHECK(file);
    CHECK_EQ(fwrite(all.p, 1, all.len, file), all.len);
    CHECK_EQ(fclose(file), 0);
    printf("# %zu steps, %zu bytes\n", n_recorded, all.len);
    keeper_rig_done(keeper);
}

/* The words of a text item, ended by NUL. */
static void
text(struct cbor_rd *c, char *ret, size_t cap)
{
    struct bytes in = cbor_rd_tstr(c, cap - 1);

    CHECK(!cbor_rd_failed(c));
    memcpy(ret, in.p, in.len);
    ret[in.len] = '\0';
}

static void
read_cwt(struct bytes in)
{
    struct cose_sign1 message;
    struct token_claims claims;

    CHECK_EQ(cose_sign1_read(in, &message), 0);
    CHECK_EQ(message.typ, TOKEN_CWT_TYP);
    CHECK_EQ(token_cwt_read(message.payload, &claims), 0);
    CHECK(claims.exp > claims.iat);
}

static void
read_jwt(struct bytes in)
{
    uint8_t room[LIMIT_TOKEN_BYTES];
    struct jose jose;

    CHECK_EQ(jose_read(in, room, sizeof(room), &jose), 0);
    CHECK(bytes_equal(jose.typ, bytes_str("JWT")));
    CHECK(jose.payload.len > 2 && jose.payload.p[0] == '{');
}

static void
read_credential(struct bytes in)
{
    struct cose_sign1 message;
    struct credential credential;

    CHECK_EQ(cose_sign1_read(in, &message), 0);
    CHECK_EQ(credential_read(message.payload, &credential, NULL), 0);
    CHECK(bytes_equal(credential.site, bytes_str(RIG_SITE)));
}

static void
read_keys(struct bytes in)
{
    struct cose_key keys[4];
    size_t n = 0;

    CHECK_EQ(cose_key_set_read(in, keys, ARRAY_LEN(keys), &n), 0);
    CHECK(n > 0);
}

/* What came with a 2.xx, as whoever it is for reads it; its first reason. */
static enum reason
read_good(enum request_kind kind, enum request_resource resource, struct bytes in)
{
    struct answer answer = {0};
    struct enrolled enrolled;

    if (resource == RESOURCE_ATTEST) {
        CHECK_EQ(answer_read(in, &answer, NULL), 0);
        CHECK_EQ(answer.cwt.p != NULL, answer.tier == TIER_AFFIRMING);
        if (answer.cwt.p) {
            read_cwt(answer.cwt);
        }
        return answer.n_reasons ? (enum reason)answer.reasons[0] : REASON_NONE;
    }
    if (resource == RESOURCE_TOKEN) {
        read_jwt(in);
    } else if (resource == RESOURCE_KEYS) {
        read_keys(in);
    } else if (kind == REQUEST_PSK) {
        CHECK_EQ(enrolled_read(in, &enrolled, NULL), 0);
    } else {
        read_credential(in);
    }
    return REASON_NONE;
}

/* Today's attestor reads an answer of then; its first reason. */
static enum reason
read_answer(enum request_kind kind, enum request_resource resource, uint8_t code, struct bytes in)
{
    struct problem problem = {0};

    if (code >= COAP_CODE(4, 0)) {
        CHECK_EQ(problem_read(in, &problem, NULL), 0);
        return (enum reason)problem.reason;
    }
    return read_good(kind, resource, in);
}

static void
replay_ask(struct cbor_rd *c, size_t step)
{
    enum request_kind kind = (enum request_kind)cbor_rd_uint(c, REQUEST_PSK);
    enum request_resource resource = (enum request_resource)cbor_rd_uint(c, RESOURCE_N - 1);
    uint8_t before[sizeof(keeper->exporter)];
    char audience[64];
    struct bytes body;
    struct bytes answer;
    uint8_t code;
    enum reason then;
    enum reason now;

    memcpy(before, keeper->exporter, sizeof(before));
    text(c, keeper->identity, sizeof(keeper->identity));
    cbor_rd_bstr_copy(c, keeper->exporter, sizeof(keeper->exporter));
    keeper->connection += memcmp(before, keeper->exporter, sizeof(before)) != 0;
    keeper->handshake_ms = (int64_t)cbor_rd_uint(c, INT64_MAX);
    keeper->now_ms = (int64_t)cbor_rd_uint(c, INT64_MAX);
    text(c, audience, sizeof(audience));
    body = cbor_rd_bstr(c, RECORDING_ROOM);
    code = (uint8_t)cbor_rd_uint(c, UINT8_MAX);
    answer = cbor_rd_bstr(c, RECORDING_ROOM);
    CHECK(!cbor_rd_failed(c));
    (void)keeper_rig_ask(keeper, kind, resource, body, audience[0] ? audience : NULL);
    then = read_answer(kind, resource, code, answer);
    now = read_answer(kind, resource, keeper->reply.code, keeper->reply.body);
    if (keeper->reply.code != code || now != then) {
        check_fail(__FILE__, __LINE__, "step %zu: %d.%02d %s, not %d.%02d %s", step,
                   keeper->reply.code >> 5, keeper->reply.code & 31, reason_name(now), code >> 5,
                   code & 31, reason_name(then));
    }
}

static void
replay_command(struct cbor_rd *c, size_t n_words)
{
    static char rooms[8][128];
    static char json[262144];
    const char *words[8];

    CHECK(n_words <= ARRAY_LEN(rooms));
    keeper->now_ms = (int64_t)cbor_rd_uint(c, INT64_MAX);
    for (size_t i = 0; i < n_words; i++) {
        text(c, rooms[i], sizeof(rooms[i]));
        words[i] = rooms[i];
    }
    CHECK_EQ(keeper_rig_command(keeper, words, n_words, json, sizeof(json)), 0);
}

/* Plays a recording against a fresh keeper with the keys of the rig; returns how many steps. */
static size_t
replay(struct bytes file)
{
    struct cbor_rd c = cbor_rd_init(file);
    size_t steps = 0;

    keeper_rig_new(keeper);
    while (!cbor_rd_end(&c) && steps < STEPS_MAX) {
        size_t n = cbor_rd_array_max(&c, 11);
        uint64_t step = cbor_rd_uint(&c, STEP_COMMAND);

        CHECK(!cbor_rd_failed(&c) && n >= 3);
        if (step == STEP_ASK) {
            replay_ask(&c, steps);
        } else {
            replay_command(&c, n - 2);
        }
        steps++;
    }
    CHECK(cbor_rd_end(&c));
    keeper_rig_done(keeper);
    return steps;
}

static void
a_device_of_0_1_0_is_served_as_it_was(void)
{
    CHECK_EQ(replay(check_vector("conversation/0.1.0.cbor")), 15);
}

/* What is recorded today is answered alike by another keeper: nothing in a conversation hangs on
 * what one process drew at random. */
static void
todays_conversation_can_be_repeated(void)
{
    char path[] = "/tmp/assay-conversation-XXXXXX";
    int fd = mkstemp(path);
    struct bytes file;

    CHECK(fd >= 0);
    close(fd);
    record(path);
    CHECK(check_file(path, &file));
    CHECK_EQ(unlink(path), 0);
    keeper->on_ask = NULL;
    keeper->on_command = NULL;
    CHECK_EQ(replay(file), n_recorded);
}

int
main(void)
{
    static const struct check_case cases[] = {CASE(a_device_of_0_1_0_is_served_as_it_was),
                                              CASE(todays_conversation_can_be_repeated)};
    const char *path = getenv("ASSAY_RECORD");

    if (path) {
        record(path);
        return EXIT_SUCCESS;
    }
    return check_run(cases, ARRAY_LEN(cases));
}
