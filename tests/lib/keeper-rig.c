#include "lib/keeper-rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "keeper/control.h"
#include "lib/check.h"
#include "reader/reader.h"
#include "roles/roles.h"
#include "wire/answer.h"

enum { RECORDS_ROOM = 14 * 1024 * 1024, FRAME_ROOM = LIMIT_EVIDENCE_STREAM_BYTES + 65536 };

static int64_t
rig_utc(void *context)
{
    return ((struct keeper_rig *)context)->now_ms;
}

static int64_t
rig_mono(void *context)
{
    return ((struct keeper_rig *)context)->mono_ms;
}

static size_t
any_limit(uint16_t type)
{
    (void)type;
    return RECORDS_ROOM;
}

static void
open_keeper(struct keeper_rig *rig, bool all_keys)
{
    static const uint8_t pairwise[SETUP_PAIRWISE_SIZE] = {7};
    struct wr wr = wr_init(rig->setup, sizeof(rig->setup));
    struct privkey *rsa = NULL;
    char *rsa_pem = NULL;
    struct privkey *key = NULL;
    char *pem = NULL;
    struct keeper_setup setup = {
        .site = bytes_str(RIG_SITE),
        .issuer = bytes_str("https://test.assay"),
        .store_path = bytes_str(rig->store_path ? rig->store_path : ":memory:"),
        .masters = {{.id = 1, .key = {1, 2, 3}}},
        .nonce_keys = {{.id = 1, .key = {4, 5, 6}}},
        .pending_max = 100,
        .pending_days = 30,
    };

    CHECK_EQ(privkey_generate(&key), 0);
    CHECK_EQ(privkey_to_pem(key, &pem), 0);
    setup.token_key = bytes_str(pem);
    setup.site_key = bytes_str(pem);
    setup.audit_key = bytes_str(pem);
    setup.audit_tokens = rig->audit_tokens;
    if (rig->policy_key) {
        setup.policy_keys[setup.n_policy_keys++] = *rig->policy_key;
    }
    if (all_keys) {
        CHECK_EQ(privkey_rsa_generate(2048, &rsa), 0);
        CHECK_EQ(privkey_to_pem(rsa, &rsa_pem), 0);
        setup.rsa_key = bytes_str(rsa_pem);
        setup.pairwise_key = BYTES_OF(pairwise);
    }
    keeper_setup_write(&wr, &setup);
    rig->setup_len = wr_done(&wr).len;
    rig->clock = (struct clock){rig_utc, rig_mono, rig};
    CHECK_EQ(keeper_open(&rig->keeper, &rig->clock, wr_done(&wr)), 0);
    privkey_free(key);
    privkey_free(rsa);
    free(rsa_pem);
    free(pem);
}

void
keeper_rig_reopen(struct keeper_rig *rig)
{
    keeper_close(&rig->keeper);
    CHECK_EQ(keeper_open(&rig->keeper, &rig->clock, bytes_of(rig->setup, rig->setup_len)), 0);
}

static void
rig_new(struct keeper_rig *rig, bool all_keys)
{
    int fds[2];

    memset((uint8_t *)rig + offsetof(struct keeper_rig, keeper), 0,
           sizeof(*rig) - offsetof(struct keeper_rig, keeper));
    rig->now_ms = INT64_C(1790000000000);
    rig->mono_ms = 1000;
    rig->hasher = hasher_new();
    CHECK(rig->hasher);
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    rig->front = ipc_new(fds[0], false, roles_front_to_keeper);
    rig->peer = ipc_new(fds[1], false, any_limit);
    open_keeper(rig, all_keys);
    soft_device_new(&rig->device, rig->hasher, RIG_SITE);
}

void
keeper_rig_new(struct keeper_rig *rig)
{
    rig_new(rig, false);
}

void
keeper_rig_new_all_keys(struct keeper_rig *rig)
{
    rig_new(rig, true);
}

void
keeper_rig_done(struct keeper_rig *rig)
{
    soft_device_done(&rig->device);
    keeper_close(&rig->keeper);
    ipc_free(rig->front);
    ipc_free(rig->peer);
    hasher_free(rig->hasher);
}

void
keeper_rig_connect(struct keeper_rig *rig)
{
    CHECK_EQ(random_bytes(rig->exporter, sizeof(rig->exporter)), 0);
    rig->connection++;
    rig->handshake_ms = rig->now_ms;
}

/* The job of a fresh reader, whole; false when there is none. */
static bool
hear_job(struct keeper_rig *rig, struct ipc *reader, struct ipc_msg *ret)
{
    uint8_t first;
    int r = IPC_AGAIN;

    if (recv(ipc_fd(reader), &first, 1, MSG_PEEK | MSG_DONTWAIT) != 1) {
        return false;
    }
    for (int i = 0; i < 1000 && r == IPC_AGAIN; i++) { /* longer than the socket holds */
        r = ipc_recv(reader, ret);
        if (r == IPC_AGAIN) {
            jobs_turn(rig->keeper.jobs, rig->mono_ms);
        }
    }
    return r == IPC_OK;
}

/* Plays one reader: gives the keeper a channel, waits for a job on it, answers as a reader would.
 */
static bool
play_reader(struct keeper_rig *rig)
{
    bool worked = false;
    int fds[2];
    struct ipc *reader;
    struct ipc_msg msg;

    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    jobs_reader(rig->keeper.jobs, fds[0]);
    reader = ipc_new(fds[1], false, roles_keeper_to_reader);
    jobs_turn(rig->keeper.jobs, rig->mono_ms);
    if (hear_job(rig, reader, &msg)) {
        uint8_t *room = malloc(RECORDS_ROOM);
        struct wr wr = wr_init(room, RECORDS_ROOM);
        struct fault fault = {0};
        uint16_t type = 0;
        int r = reader_job(msg.type, msg.body, rig->hasher, &wr, &type, &fault);
        struct bytes part = wr_done(&wr);
        uint8_t fault_room[16];
        struct wr fault_wr = wr_init(fault_room, sizeof(fault_room));

        CHECK(r >= 0);
        worked = true;
        rig->n_read++;
        wr_le16(&fault_wr, (uint16_t)fault.rule);
        wr_le32(&fault_wr, fault.event);
        wr_le64(&fault_wr, fault.offset);
        if (r > 0) {
            part = wr_done(&fault_wr);
            type = MSG_NOT_READ;
        } else if (rig->reader_lie) {
            part = rig->reader_lie(type, bytes_of(room, part.len));
        }
        CHECK_EQ(ipc_send(reader, type, msg.id, &part, 1, -1), 0);
        for (int i = 0; i < 1000 && (ipc_pending(reader) || i == 0); i++) {
            jobs_turn(rig->keeper.jobs, rig->mono_ms);
            CHECK_EQ(ipc_flush(reader), 0);
        }
        jobs_turn(rig->keeper.jobs, rig->mono_ms);
        free(room);
    }
    ipc_free(reader);
    jobs_turn(rig->keeper.jobs, rig->mono_ms);
    return worked;
}

bool
keeper_rig_read(struct keeper_rig *rig)
{
    bool worked;

    keeper_enroll_turn(&rig->keeper);
    worked = play_reader(rig);
    keeper_settle(&rig->keeper);
    return worked;
}

void
keeper_rig_post(struct keeper_rig *rig, enum request_kind kind, enum request_resource resource,
                struct bytes body, const char *audience)
{
    uint8_t *room = malloc(FRAME_ROOM);
    struct wr wr = wr_init(room, FRAME_ROOM);
    struct request request = {
        .connection = rig->connection,
        .kind = kind,
        .identity = kind == REQUEST_PSK ? bytes_str(rig->identity) : BYTES_NULL,
        .handshake_ms = rig->handshake_ms,
        .first_ms = rig->now_ms + rig->front_lies_ms,
        .complete_ms = rig->now_ms + rig->front_lies_ms,
        .peer = bytes_str(rig->from ? rig->from : "[::1]:1"),
        .resource = resource,
        .audience = audience ? bytes_str(audience) : BYTES_NULL,
        .size1 = rig->size1,
        .body = body,
    };

    memcpy(request.exporter, rig->exporter, sizeof(request.exporter));
    request_write(&wr, &request);
    CHECK(wr_done(&wr).p);
    rig->mono_ms += 10; /* time passes, or enrolments would have used up their share of it */
    CHECK_EQ(keeper_request(&rig->keeper, rig->front, ++rig->next_request, wr_done(&wr)), 0);
    keeper_settle(&rig->keeper);
    free(room);
}

bool
keeper_rig_take(struct keeper_rig *rig, uint64_t *ret_request)
{
    struct ipc_msg msg;

    if (ipc_recv(rig->peer, &msg) != IPC_OK) {
        return false;
    }
    *ret_request = msg.id;
    CHECK_EQ(reply_read(msg.body, &rig->reply), 0);
    CHECK(rig->reply.body.len <= sizeof(rig->reply_body));
    memcpy(rig->reply_body, rig->reply.body.p, rig->reply.body.len);
    rig->reply.body.p = rig->reply_body;
    return true;
}

uint8_t
keeper_rig_ask(struct keeper_rig *rig, enum request_kind kind, enum request_resource resource,
               struct bytes body, const char *audience)
{
    uint64_t request = 0;

    keeper_rig_post(rig, kind, resource, body, audience);
    while (keeper_rig_read(rig)) { /* one part of one log after the other */
    }
    CHECK(keeper_rig_take(rig, &request));
    CHECK_EQ(request, rig->next_request);
    if (rig->on_ask) {
        rig->on_ask(rig, kind, resource, body, audience);
    }
    return rig->reply.code;
}

int
keeper_rig_control(struct keeper_rig *rig, struct bytes said, char *json, size_t cap)
{
    struct control_answer answer;
    struct ipc_msg msg;
    struct ipc *client;
    struct ipc *end;
    int fds[2];
    int r = IPC_AGAIN;

    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    client = ipc_new(fds[0], false, roles_client_to_keeper);
    end = ipc_new(fds[1], false, any_limit);
    control_run(&rig->keeper, client, 0, &rig->file, said);
    rig->file = (struct control_file){.there = false};
    keeper_settle(&rig->keeper);
    for (int i = 0; i < 1000 && (r = ipc_recv(end, &msg)) == IPC_AGAIN; i++) {
        CHECK_EQ(ipc_flush(client), 0); /* longer than the socket holds */
    }
    CHECK_EQ(r, IPC_OK);
    CHECK_EQ(control_answer_read(msg.body, &answer), 0);
    snprintf(json, cap, "%.*s", (int)answer.json.len, (const char *)answer.json.p);
    ipc_free(client);
    ipc_free(end);
    return answer.status;
}

int
keeper_rig_command(struct keeper_rig *rig, const char *const *words, size_t n_words, char *json,
                   size_t cap)
{
    uint8_t room[4096];
    struct wr wr = wr_init(room, sizeof(room));
    struct control_words in = {.n = n_words};
    int status;

    for (size_t i = 0; i < n_words; i++) {
        in.words[i] = bytes_str(words[i]);
    }
    control_words_write(&wr, &in);
    status = keeper_rig_control(rig, wr_done(&wr), json, cap);
    if (rig->on_command) {
        rig->on_command(rig, words, n_words);
    }
    return status;
}

enum reason
keeper_rig_problem(struct keeper_rig *rig, uint8_t nonce[WIRE_NONCE_SIZE])
{
    struct problem problem;

    CHECK_EQ(problem_read(rig->reply.body, &problem, NULL), 0);
    if (nonce) {
        CHECK(problem.has_nonce);
        memcpy(nonce, problem.nonce, WIRE_NONCE_SIZE);
    }
    return (enum reason)problem.reason;
}

void
keeper_rig_identity(struct keeper_rig *rig)
{
    const struct soft_device *device = &rig->device;
    struct ident ident = {.master_id = rig->keeper.setup.masters[0].id,
                          .epoch = ident_epoch_new(rig->now_ms)};

    CHECK_EQ(ident_keys(rig->hasher, bytes_str(RIG_SITE),
                        bytes_of(device->ek_public, device->ek_public_len),
                        bytes_of(device->ak_name, device->ak_name_len), ident.keys),
             0);
    CHECK_EQ(ident_write(rig->hasher, &rig->keeper.setup.masters[0], &ident, rig->identity), 0);
}

bool
keeper_rig_boot(struct keeper_rig *rig, struct bytes log)
{
    uint8_t *room = malloc(RECORDS_ROOM);
    struct wr wr = wr_init(room, RECORDS_ROOM);
    const struct known_events *known = NULL;
    struct logs *logs = logs_new();
    bool whole = reader_parse(log, rig->hasher, &wr, NULL) == 0;
    struct selection selection = {
        4, {{HASH_SHA1, 0xff}, {HASH_SHA256, 0x43ff}, {HASH_SHA384, 0xff}, {HASH_SHA512, 0}}};

    rig->device.log = log;
    rig->device.reset_count++;
    if (whole) {
        struct logs_read read = {.body = log, .records = wr_done(&wr)};

        CHECK_EQ(logs_add(logs, rig->hasher, &read, &known), 0);
        CHECK_EQ(events_values(rig->hasher, &known->log, &selection, &rig->device.values), 0);
    }
    logs_free(logs);
    free(room);
    return whole;
}

void
keeper_rig_fingerprint(struct keeper_rig *rig, char ret[65])
{
    uint8_t spki[256];
    size_t len = 0;
    uint8_t digest[32];
    struct tpm_public ek;
    struct pubkey *key = NULL;

    CHECK_EQ(tpm_public_read(bytes_of(rig->device.ek_public, rig->device.ek_public_len), &ek, NULL),
             0);
    CHECK_EQ(tpm_public_key(&ek, &key), 0);
    CHECK_EQ(pubkey_spki(key, spki, sizeof(spki), &len), 0);
    CHECK_EQ(hasher_bytes(rig->hasher, HASH_SHA256, bytes_of(spki, len), digest), 0);
    for (size_t i = 0; i < 32; i++) {
        snprintf(ret + 2 * i, 3, "%02x", digest[i]);
    }
    pubkey_free(key);
}

void
keeper_rig_join(struct keeper_rig *rig)
{
    uint8_t room[2048];
    struct wr wr = wr_init(room, sizeof(room));
    struct bytes body = soft_device_enroll(&rig->device, &wr);
    char fingerprint[65];
    char json[4096];

    keeper_rig_identity(rig);
    keeper_rig_connect(rig);
    CHECK_EQ(keeper_rig_ask(rig, REQUEST_CERTIFICATE, RESOURCE_ENROLL, body, NULL),
             COAP_CODE(2, 4));
    keeper_rig_connect(rig);
    CHECK_EQ(keeper_rig_ask(rig, REQUEST_PSK, RESOURCE_ENROLL, body, NULL), COAP_CODE(2, 4));
    keeper_rig_fingerprint(rig, fingerprint);
    CHECK_EQ(keeper_rig_command(rig, (const char *[]){"device", "approve", fingerprint, "c"}, 4,
                                json, sizeof(json)),
             0);
}

void
keeper_rig_member(struct keeper_rig *rig, const char *log_vector)
{
    static uint8_t evidence_room[FRAME_ROOM];
    struct wr evidence_wr = wr_init(evidence_room, sizeof(evidence_room));
    struct soft_evidence evidence = {.with_log = true, .with_values = true};
    char fingerprint[65];
    static char json[262144];

    CHECK_EQ(keeper_rig_command(rig, (const char *[]){"class", "add", "c"}, 3, json, sizeof(json)),
             0);
    keeper_rig_join(rig);
    keeper_rig_fingerprint(rig, fingerprint);
    CHECK(keeper_rig_boot(rig, check_vector(log_vector)));
    keeper_rig_connect(rig);
    soft_evidence_plain(&rig->device, NULL, rig->exporter, &evidence);
    CHECK_EQ(keeper_rig_ask(rig, REQUEST_PSK, RESOURCE_ATTEST,
                            soft_evidence_write(&rig->device, &evidence, &evidence_wr), NULL),
             COAP_CODE(2, 4));
    CHECK_EQ(keeper_rig_command(rig,
                                (const char *[]){"golden", "learn", "c", fingerprint, "confirm"}, 5,
                                json, sizeof(json)),
             0);
}
