/* Attacks in more than one step: each begins with a member that is accepted, and most end with it
 * accepted again. Rows of the attacks page; docs/threats.md says which. */
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/hex.h"
#include "lib/attest-play.h"
#include "wire/announce.h"
#include "lib/check.h"
#include "reader/reader.h"
#include "roles/records.h"
#include "roles/roles.h"

enum { RECORDS_ROOM = 2 * 1024 * 1024, LOG_ROOM = 64 * 1024, STOCK = 20, STRANGERS = 300 };

static char json[65536];

static struct store_device
row(void)
{
    struct store_device device;

    CHECK_EQ(keeper_device(&play.rig.keeper, bytes_str(play.rig.identity), &device), 0);
    return device;
}

static struct store_last
last(void)
{
    struct store_last ret;

    CHECK_EQ(store_last_get(play.rig.keeper.store, row().id, &ret), 0);
    return ret;
}

static void
accepted(void)
{
    play_plain();
    CHECK_EQ(play_attest(play_written()), COAP_CODE(2, 4));
    CHECK_EQ(play_answered().tier, TIER_AFFIRMING);
}

static void
command(const char *const *words, size_t n)
{
    CHECK_EQ(keeper_rig_command(&play.rig, words, n, json, sizeof(json)), 0);
}

static void
operator_says(const char *verb)
{
    char id[2 * WIRE_UEID_SIZE + 1];
    struct store_device device = row();

    command((const char *[]){"device", verb, hex_write(id, BYTES_OF(device.id)), "why"}, 4);
}

static uint8_t
ask(enum request_kind kind, enum request_resource resource)
{
    static const uint8_t digest[32] = {1};
    static const struct announce announce = {
        .component = {(const uint8_t *)"os", 2},
        .version = {(const uint8_t *)"1", 1},
        .n_events = 1,
        .events = {{.pcr = 9, .digests = {[HASH_SHA256] = {digest, sizeof(digest)}}}},
        .life_s = 60,
    };
    static uint8_t room[2048];
    struct wr wr = wr_init(room, sizeof(room));
    struct bytes body = BYTES_NULL;

    if (resource == RESOURCE_ATTEST) {
        play_plain();
        body = play_written();
    } else if (resource == RESOURCE_ENROLL) {
        body = soft_device_enroll(&play.rig.device, &wr);
    } else if (resource == RESOURCE_ANNOUNCE) {
        announce_write(&wr, &announce);
        body = wr_done(&wr);
    }
    return keeper_rig_ask(&play.rig, kind, resource, body,
                          resource == RESOURCE_TOKEN ? "assay" : NULL);
}

static void
state_unknown(void)
{
    play.rig.identity[3] ^= 1;
}

static void
state_pending(void)
{
    keeper_rig_done(&play.rig);
    keeper_rig_new(&play.rig);
    keeper_rig_identity(&play.rig);
    keeper_rig_connect(&play.rig);
    CHECK_EQ(ask(REQUEST_PSK, RESOURCE_ENROLL), COAP_CODE(2, 4));
    play.rig.device.values.selection = (struct selection){1, {{HASH_SHA256, 0xff}}};
    play.rig.device.log = bytes_str("no log");
}

static void
state_member(void)
{
}

static void
state_quarantined(void)
{
    operator_says("quarantine");
}

static void
state_removed(void)
{
    operator_says("remove");
}

/* What may be asked on which connection by whom; protocol page, Transport. 4.01 to a token asks for
 * evidence first. */
static const struct cell {
    const char *who;
    void (*make)(void);
    enum request_kind kind;
    uint8_t code[RESOURCE_N]; /* enroll, attest, token, keys, announce */
} cells[] = {
    {"a stranger's certificate connection",
     state_pending,
     REQUEST_CERTIFICATE,
     {COAP_CODE(2, 4), COAP_CODE(4, 3), COAP_CODE(4, 3), COAP_CODE(2, 5), COAP_CODE(4, 3)}},
    {"a member's certificate connection",
     state_member,
     REQUEST_CERTIFICATE,
     {COAP_CODE(2, 4), COAP_CODE(4, 3), COAP_CODE(4, 3), COAP_CODE(2, 5), COAP_CODE(4, 3)}},
    {"a removed device's certificate connection",
     state_removed,
     REQUEST_CERTIFICATE,
     {COAP_CODE(2, 4), COAP_CODE(4, 3), COAP_CODE(4, 3), COAP_CODE(2, 5), COAP_CODE(4, 3)}},
    {"an identity that is none",
     state_unknown,
     REQUEST_PSK,
     {COAP_CODE(4, 3), COAP_CODE(4, 3), COAP_CODE(4, 3), COAP_CODE(2, 5), COAP_CODE(4, 3)}},
    {"a pending device",
     state_pending,
     REQUEST_PSK,
     {COAP_CODE(2, 4), COAP_CODE(4, 3), COAP_CODE(4, 3), COAP_CODE(2, 5), COAP_CODE(4, 3)}},
    {"a member",
     state_member,
     REQUEST_PSK,
     {COAP_CODE(2, 4), COAP_CODE(2, 4), COAP_CODE(2, 5), COAP_CODE(2, 5), COAP_CODE(2, 4)}},
    {"a quarantined device",
     state_quarantined,
     REQUEST_PSK,
     {COAP_CODE(2, 4), COAP_CODE(2, 4), COAP_CODE(4, 3), COAP_CODE(2, 5), COAP_CODE(4, 3)}},
    {"a removed device",
     state_removed,
     REQUEST_PSK,
     {COAP_CODE(4, 3), COAP_CODE(4, 3), COAP_CODE(4, 3), COAP_CODE(2, 5), COAP_CODE(4, 3)}},
};

static void
every_resource_is_open_to_whom_the_table_says(void)
{
    for (size_t i = 0; i < ARRAY_LEN(cells); i++) {
        play_start();
        cells[i].make();
        for (unsigned resource = 0; resource < RESOURCE_N; resource++) {
            uint8_t code = ask(cells[i].kind, (enum request_resource)resource);

            if (code != cells[i].code[resource]) {
                check_fail(__FILE__, __LINE__, "%s, resource %u: %d.%02d, not %d.%02d",
                           cells[i].who, resource, code >> 5, code & 31,
                           cells[i].code[resource] >> 5, cells[i].code[resource] & 31);
            }
        }
        play_done();
    }
    printf("# %zu cells\n", ARRAY_LEN(cells) * RESOURCE_N);
}

/* The victim's EK is public; the AK is the stranger's own. */
static void
strangers_with_a_members_ek_change_nothing(void)
{
    struct store_device before;
    struct store_device after;
    int64_t n = 0;

    play_start();
    before = row();
    for (int i = 0; i < STRANGERS; i++) {
        uint8_t room[2048];
        struct wr wr = wr_init(room, sizeof(room));
        static struct soft_device stranger;

        soft_device_new(&stranger, play.rig.hasher, RIG_SITE);
        memcpy(stranger.ek_public, play.rig.device.ek_public, sizeof(stranger.ek_public));
        stranger.ek_public_len = play.rig.device.ek_public_len;
        CHECK_EQ(keeper_rig_ask(&play.rig, REQUEST_CERTIFICATE, RESOURCE_ENROLL,
                                soft_device_enroll(&stranger, &wr), NULL),
                 COAP_CODE(2, 4));
        soft_device_done(&stranger);
    }
    after = row();
    CHECK_EQ(after.state, before.state);
    CHECK_BYTES(bytes_of(after.ak_name, after.ak_name_len),
                bytes_of(before.ak_name, before.ak_name_len));
    CHECK_EQ(store_device_count(play.rig.keeper.store, DEVICE_FRESH, &n), 0);
    CHECK_EQ(n, 1);
    CHECK_EQ(store_device_count(play.rig.keeper.store, DEVICE_PENDING, &n), 0);
    CHECK_EQ(n, 0);
    accepted();
}

/* Twenty evidences made on twenty connections of one boot, none with a keeper's nonce, handed in
 * later by a front that says that each handshake was now. */
static void
a_stock_of_evidence_without_nonces_serves_once_a_boot(void)
{
    static uint8_t bodies[STOCK][LOG_ROOM];
    struct bytes stock[STOCK];
    uint8_t exporters[STOCK][EXPORTER_SIZE];
    size_t good = 0;

    play_start();
    play.rig.device.reset_count++; /* a boot that has not had its one yet */
    for (size_t i = 0; i < STOCK; i++) {
        struct wr wr = wr_init(bodies[i], sizeof(bodies[i]));

        keeper_rig_connect(&play.rig);
        memcpy(exporters[i], play.rig.exporter, EXPORTER_SIZE);
        play.evidence = (struct soft_evidence){0};
        soft_evidence_plain(&play.rig.device, NULL, exporters[i], &play.evidence);
        stock[i] = soft_evidence_write(&play.rig.device, &play.evidence, &wr);
    }
    play.rig.now_ms += 3600 * 1000;
    for (size_t i = 0; i < STOCK; i++) {
        keeper_rig_connect(&play.rig);
        memcpy(play.rig.exporter, exporters[i], EXPORTER_SIZE);
        good += play_attest(stock[i]) == COAP_CODE(2, 4);
    }
    CHECK_EQ(good, 1);
}

static void
evidence_without_a_nonce_gives_a_short_token_and_a_short_wait(void)
{
    struct answer answer;

    play_start();
    play.rig.device.reset_count++;
    keeper_rig_connect(&play.rig);
    play.evidence = (struct soft_evidence){0};
    soft_evidence_plain(&play.rig.device, NULL, play.rig.exporter, &play.evidence);
    CHECK_EQ(play_attest(play_written()), COAP_CODE(2, 4));
    answer = play_answered();
    CHECK_EQ(answer.tier, TIER_AFFIRMING);
    CHECK(answer.next_s <= 60);
    play.rig.now_ms += 50 * 1000;
    CHECK_EQ(ask(REQUEST_PSK, RESOURCE_TOKEN), COAP_CODE(2, 5));
    play.rig.now_ms += 20 * 1000; /* less than 60 of its 120 s would be left */
    CHECK_EQ(ask(REQUEST_PSK, RESOURCE_TOKEN), COAP_CODE(4, 1));
}

static void
a_retired_nonce_key_asks_again_with_the_new_one(void)
{
    struct nonce_key *keys = play.rig.keeper.setup.nonce_keys;

    play_start();
    keys[1] = keys[0];
    keys[0] = (struct nonce_key){.id = 2, .key = {9}};
    accepted(); /* the old one is still known */
    play.rig.now_ms += 1000;
    keys[1] = keys[0];
    keys[0] = (struct nonce_key){.id = 3, .key = {8}};
    accepted();
    keys[1] = (struct nonce_key){.id = 4, .key = {7}};
    keys[0] = (struct nonce_key){.id = 5, .key = {6}};
    play_plain();
    CHECK_EQ(play_attest(play_written()), COAP_CODE(4, 1));
    CHECK_EQ(keeper_rig_problem(&play.rig, play.nonce), REASON_EVIDENCE_STALE);
    accepted();
}

/* Shutdown(STATE), power off, Startup(CLEAR): restartCount rises alone, and PCRs are zero. */
static void
a_restart_with_other_pcrs_is_another_boot(void)
{
    uint64_t name;

    play_start();
    name = last().boot_restart;
    play.rig.device.restart_count++;
    accepted(); /* PCRs as they were: a resume keeps its name */
    CHECK_EQ(last().boot_restart, name);
    play.rig.device.restart_count++;
    play.rig.device.values.value[1][4][0] ^= 1;
    play_plain();
    CHECK_EQ(play_attest(play_written()), COAP_CODE(2, 4));
    CHECK_EQ(play_reason(), REASON_LOG_REPLAY);
    CHECK_EQ(last().boot_restart, name); /* what does not replay moves nothing */
    play.rig.device.values.value[1][4][0] ^= 1;
    play.rig.device.values.selection.sets[2].mask = 0;
    play.rig.device.restart_count++;
    (void)play_answered();
    accepted(); /* other PCRs, and its log tells of all of them: a boot of its own */
    CHECK_EQ(last().boot_restart, play.rig.device.restart_count);
}

/* What the store has under the digest of the device's log hashes to it, or is not there. */
static void
store_holds_what_it_says(struct bytes log)
{
    uint8_t digest[32];
    uint8_t *body = NULL;
    size_t len = 0;
    int r;

    CHECK_EQ(hasher_bytes(play.rig.hasher, HASH_SHA256, log, digest), 0);
    r = store_log_get(play.rig.keeper.store, digest, &body, &len);
    CHECK(r == 0 || r == STORE_NONE);
    if (r == 0) {
        CHECK(bytes_equal(bytes_of(body, len), log));
        free(body);
    }
}

/* A member brings a log under a quote that does not fit, so that it is read and known but not
 * stored; then the fitting quote, and other bytes under the known digest. Stored, they would be
 * what every device with that log is judged by after the keeper's next start. */
static void
other_bytes_never_take_the_name_of_a_known_log(void)
{
    static uint8_t rooms[2][LOG_ROOM];
    struct bytes good = check_vector(PLAY_LOG);
    struct bytes log = bytes_of(rooms[0], good.len);

    play_start();
    memcpy(rooms[0], good.p, good.len);
    rooms[0][good.len - 1] ^= 1; /* the end of an event that binds no data */
    CHECK(keeper_rig_boot(&play.rig, log));
    play.rig.device.values.value[1][4][0] ^= 1;
    play_plain();
    CHECK_EQ(play_attest(play_written()), COAP_CODE(2, 4));
    CHECK_EQ(play_reason(), REASON_LOG_REPLAY);
    (void)play_answered();
    play.rig.device.values.value[1][4][0] ^= 1;
    play_plain();
    memset(rooms[1], 0x5a, log.len);
    play.rig.device.log = bytes_of(rooms[1], log.len);
    CHECK_EQ(play_attest(play_written()), COAP_CODE(4, 0));
    CHECK_EQ(play_reason(), REASON_EVIDENCE_MALFORMED);
    store_holds_what_it_says(log);
    play.rig.device.log = log;
    play_plain();
    CHECK_EQ(play_attest(play_written()), COAP_CODE(2, 4));
    store_holds_what_it_says(log);
}

/* An account of a log without a word on its data, so that only its digests can betray it. */
static struct bytes
account_of(struct bytes log, uint8_t *room)
{
    static uint8_t told[RECORDS_ROOM];
    static struct event events[LIMIT_EVENTS];
    struct wr wr = wr_init(told, sizeof(told));
    struct event_log account;

    CHECK_EQ(reader_parse(log, play.rig.hasher, &wr, NULL), 0);
    CHECK_EQ(records_read(wr_done(&wr), events, &account), 0);
    wr = wr_init(room, RECORDS_ROOM);
    records_begin(&wr, &account);
    for (size_t i = 0; i < account.n_events; i++) {
        events[i].bound = BOUND_UNKNOWN;
        events[i].offset = events[i].length = events[i].data_offset = events[i].data_length = 0;
        records_event(&wr, &account, &events[i]);
    }
    return wr_done(&wr);
}

/* A reader that says of one log what is true of another. */
static void
lying_reader(struct bytes instead)
{
    struct jobs *jobs = play.rig.keeper.jobs;
    uint8_t *room = malloc(RECORDS_ROOM);
    struct ipc_msg msg;
    struct ipc *reader;
    struct bytes part;
    int fds[2];

    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    jobs_reader(jobs, fds[0]);
    reader = ipc_new(fds[1], false, roles_keeper_to_reader);
    jobs_turn(jobs, play.rig.mono_ms);
    CHECK_EQ(ipc_recv(reader, &msg), IPC_OK);
    part = account_of(instead, room);
    CHECK_EQ(ipc_send(reader, MSG_LOG_RECORDS, msg.id, &part, 1, -1), 0);
    for (int i = 0; i < 1000 && (ipc_pending(reader) || i == 0); i++) {
        jobs_turn(jobs, play.rig.mono_ms);
        CHECK_EQ(ipc_flush(reader), 0);
    }
    jobs_turn(jobs, play.rig.mono_ms);
    ipc_free(reader);
    free(room);
    jobs_turn(jobs, play.rig.mono_ms);
    keeper_settle(&play.rig.keeper);
}

static void
records_of_a_good_boot_do_not_excuse_another(void)
{
    static uint8_t room[LOG_ROOM];
    struct bytes good = check_vector(PLAY_LOG);
    struct bytes evil = check_vector("boot/grub-sb-off-linuxefi/binary_bios_measurements");
    uint64_t request = 0;

    play_start();
    CHECK(evil.len <= sizeof(room));
    CHECK(keeper_rig_boot(&play.rig, evil));
    play_plain();
    keeper_rig_post(&play.rig, REQUEST_PSK, RESOURCE_ATTEST, play_written(), NULL);
    lying_reader(good); /* hijacked by the log that it read */
    CHECK(keeper_rig_take(&play.rig, &request));
    CHECK_EQ(play.rig.reply.code, COAP_CODE(2, 4));
    CHECK_EQ(play_reason(), REASON_LOG_REPLAY);
    (void)play_answered();
    CHECK(keeper_rig_boot(&play.rig, good)); /* and the lie is told of nothing else */
    accepted();
}

/* Another device of the same make, whose log the lie was about: it is refused until the log is read
 * again, and never accepted for it. */
static void
a_lie_about_a_good_log_accepts_nobody(void)
{
    struct bytes good = check_vector(PLAY_LOG);
    struct bytes evil = check_vector("boot/grub-sb-off-linuxefi/binary_bios_measurements");
    uint64_t request = 0;

    play_start();
    logs_free(play.rig.keeper.logs);
    play.rig.keeper.logs = logs_new();
    CHECK(keeper_rig_boot(&play.rig, good));
    play_plain();
    keeper_rig_post(&play.rig, REQUEST_PSK, RESOURCE_ATTEST, play_written(), NULL);
    lying_reader(evil);
    CHECK(keeper_rig_take(&play.rig, &request));
    CHECK_EQ(play_reason(), REASON_LOG_REPLAY);
    (void)play_answered();
    CHECK(keeper_rig_boot(&play.rig, evil)); /* the quote of the evil boot, under the good name */
    play.rig.device.log = good;
    play_plain();
    CHECK_EQ(play_attest(play_written()), COAP_CODE(2, 4));
    CHECK(play_reason() != REASON_NONE);
}

/* What the keeper logs while a device enrols. */
static const char *
told_of_enrolment(const struct soft_device *device)
{
    static char log[65536];
    uint8_t room[2048];
    struct wr wr = wr_init(room, sizeof(room));
    int kept = dup(STDERR_FILENO);
    int file = memfd_create("log", 0);
    ssize_t n;

    CHECK(kept >= 0 && file >= 0 && dup2(file, STDERR_FILENO) >= 0);
    CHECK_EQ(keeper_rig_ask(&play.rig, REQUEST_PSK, RESOURCE_ENROLL,
                            soft_device_enroll(device, &wr), NULL),
             COAP_CODE(2, 4));
    CHECK(dup2(kept, STDERR_FILENO) >= 0);
    n = pread(file, log, sizeof(log) - 1, 0);
    CHECK(n >= 0);
    log[n] = '\0';
    close(kept);
    close(file);
    return log;
}

/* Maker, model and serial of a member, and another TPM: pending, no token, and told. */
static void
a_copied_serial_makes_no_member_and_is_told(void)
{
    struct soft_device member;
    struct enrolled state;

    play_start();
    member = play.rig.device;
    soft_device_new(&play.rig.device, play.rig.hasher, RIG_SITE);
    keeper_rig_identity(&play.rig);
    keeper_rig_connect(&play.rig);
    CHECK(strstr(told_of_enrolment(&play.rig.device), "serial-twin"));
    CHECK_EQ(enrolled_read(play.rig.reply.body, &state, NULL), 0);
    CHECK_EQ(state.state, DEVICE_PENDING);
    CHECK_EQ(ask(REQUEST_PSK, RESOURCE_TOKEN), COAP_CODE(4, 3));
    CHECK(!strstr(told_of_enrolment(&play.rig.device), "serial-twin")); /* once */
    soft_device_done(&play.rig.device);
    play.rig.device = member;
    keeper_rig_identity(&play.rig);
    keeper_rig_connect(&play.rig);
    accepted();
}

/* How many others the keeper says have its serial; 0: it says nothing of it. */
static long
twins_of(const char *id)
{
    const char *at;

    command((const char *[]){"device", "show", id}, 3);
    at = strstr(json, "\"serial_twins\":");
    return at ? strtol(at + strlen("\"serial_twins\":"), NULL, 10) : 0;
}

/* Nobody knows which of them is the copy, and the older need not be the real one. */
static void
a_copied_serial_is_shown_at_both(void)
{
    char ids[2][2 * WIRE_UEID_SIZE + 1];
    struct store_device device;

    play_start();
    device = row();
    (void)hex_write(ids[0], BYTES_OF(device.id));
    CHECK_EQ(twins_of(ids[0]), 0);
    soft_device_done(&play.rig.device);
    soft_device_new(&play.rig.device, play.rig.hasher, RIG_SITE);
    keeper_rig_identity(&play.rig);
    keeper_rig_connect(&play.rig);
    CHECK_EQ(ask(REQUEST_PSK, RESOURCE_ENROLL), COAP_CODE(2, 4));
    device = row();
    (void)hex_write(ids[1], BYTES_OF(device.id));
    CHECK_EQ(twins_of(ids[0]), 1);
    CHECK_EQ(twins_of(ids[1]), 1);
}

/* Evidence of a device on another device's connection, and under its identity. */
static void
nobody_attests_for_another(void)
{
    struct bytes body;
    char identity[sizeof(play.rig.identity)];

    play_start();
    play_plain();
    body = play_written();
    memcpy(identity, play.rig.identity, sizeof(identity));
    soft_device_done(&play.rig.device);
    soft_device_new(&play.rig.device, play.rig.hasher, RIG_SITE);
    keeper_rig_identity(&play.rig);
    CHECK_EQ(ask(REQUEST_PSK, RESOURCE_ENROLL), COAP_CODE(2, 4));
    CHECK_EQ(play_attest(body), COAP_CODE(4, 3)); /* pending, whatever it brings */
    CHECK_EQ(play_reason(), REASON_CLASS_UNKNOWN);
    memcpy(play.rig.identity, identity, sizeof(identity));
    CHECK_EQ(play_attest(body), COAP_CODE(2, 4)); /* and nothing was used up */
    CHECK_EQ(play_answered().tier, TIER_AFFIRMING);
}

static void
a_sha1_policy_needs_leave(void)
{
    struct store *store;
    struct store_class class_row;

    play_start();
    /* no command makes such a class any more; a row of before may be one */
    store = play.rig.keeper.store;
    CHECK_EQ(store_class_get(store, "c", &class_row), 0);
    class_row.bank = HASH_SHA1;
    class_row.allow_sha1 = false;
    CHECK_EQ(store_class_put(store, &class_row), 0);
    CHECK_EQ(store_commit(store), 0);
    play_plain();
    CHECK_EQ(play_attest(play_written()), COAP_CODE(2, 4));
    CHECK_EQ(play_reason(), REASON_BANK_WEAK);
}

static void
a_class_may_demand_a_chain(void)
{
    play_start();
    command((const char *[]){"class", "add", "c", "need-ek-chain=yes"}, 4);
    play_plain();
    CHECK_EQ(play_attest(play_written()), COAP_CODE(2, 4));
    CHECK_EQ(play_reason(), REASON_EK_UNTRUSTED);
}

CHECK_MAIN(CASE(every_resource_is_open_to_whom_the_table_says),
           CASE(strangers_with_a_members_ek_change_nothing),
           CASE(a_stock_of_evidence_without_nonces_serves_once_a_boot),
           CASE(evidence_without_a_nonce_gives_a_short_token_and_a_short_wait),
           CASE(a_retired_nonce_key_asks_again_with_the_new_one),
           CASE(a_restart_with_other_pcrs_is_another_boot),
           CASE(other_bytes_never_take_the_name_of_a_known_log),
           CASE(records_of_a_good_boot_do_not_excuse_another),
           CASE(a_lie_about_a_good_log_accepts_nobody),
           CASE(a_copied_serial_makes_no_member_and_is_told),
           CASE(a_copied_serial_is_shown_at_both), CASE(nobody_attests_for_another),
           CASE(a_sha1_policy_needs_leave), CASE(a_class_may_demand_a_chain))
