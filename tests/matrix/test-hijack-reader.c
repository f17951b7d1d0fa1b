/* A reader that a log has taken over, played message for message: it lies about what a log says.
 * Its word counts for meaning only, so each lie is refused or changes nothing, and none is heard by
 * the next device that brings the same log. Readers take no certificates and no keys. */
#include <stdlib.h>
#include <sys/socket.h>

#include "lib/check.h"
#include "lib/keeper-rig.h"
#include "roles/records.h"
#include "reader/reader.h"
#include "roles/roles.h"
#include "wire/answer.h"

enum { BODY_ROOM = 256 * 1024, RECORDS_ROOM = 4 * 1024 * 1024, PCR_IMAGE = 4 };

static struct keeper_rig rig;
static struct soft_device other; /* the member that is not rig.device */
static char other_identity[64];
static uint8_t body_room[BODY_ROOM];
static uint8_t good_log_room[BODY_ROOM];
static uint8_t honest_room[RECORDS_ROOM];
static uint8_t told_room[RECORDS_ROOM];
static struct event events[LIMIT_EVENTS + 1]; /* what the double tells: room to add one */
static struct event_log told;
static struct bytes good_log;

/* What a case's lie does to an honest account in `told`. */
typedef void lie_fn(void);

/* Its views are into itself, which has moved. */
static void
reread(struct soft_device *device)
{
    CHECK_EQ(
        tpm_public_read(bytes_of(device->ak_public, device->ak_public_len), &device->ak_area, NULL),
        0);
}

static void
swap_devices(void)
{
    struct soft_device device = rig.device;
    char identity[64];

    rig.device = other;
    other = device;
    reread(&rig.device);
    reread(&other);
    memcpy(identity, rig.identity, sizeof(identity));
    memcpy(rig.identity, other_identity, sizeof(rig.identity));
    memcpy(other_identity, identity, sizeof(other_identity));
}

/* The keeper has read nothing yet. */
static void
forget_logs(void)
{
    logs_free(rig.keeper.logs);
    rig.keeper.logs = logs_new();
}

/* Two members of one class that has learned the log. */
static void
start(void)
{
    struct bytes vector = check_vector("boot/grub-sb-on/binary_bios_measurements");

    keeper_rig_new(&rig);
    CHECK(vector.len <= sizeof(good_log_room));
    memcpy(good_log_room, vector.p, vector.len);
    good_log = bytes_of(good_log_room, vector.len);
    keeper_rig_member(&rig, "boot/grub-sb-on/binary_bios_measurements");
    soft_device_new(&other, rig.hasher, RIG_SITE);
    swap_devices();
    keeper_rig_join(&rig);
    CHECK(keeper_rig_boot(&rig, good_log));
    swap_devices();
    forget_logs();
}

static void
done(void)
{
    soft_device_done(&other);
    keeper_rig_done(&rig);
}

/* A fresh challenge: the keeper's nonce, as it answers a token that nobody may have. */
static void
fresh_nonce(uint8_t nonce[WIRE_NONCE_SIZE])
{
    CHECK_EQ(keeper_rig_ask(&rig, REQUEST_PSK, RESOURCE_TOKEN, BYTES_NULL, "assay"),
             COAP_CODE(4, 1));
    CHECK_EQ(keeper_rig_problem(&rig, nonce), REASON_EVIDENCE_STALE);
}

static void
post(void)
{
    struct soft_evidence evidence = {.with_log = true, .with_values = true};
    struct wr wr = wr_init(body_room, BODY_ROOM);
    uint8_t nonce[WIRE_NONCE_SIZE];

    rig.now_ms += 1000;
    keeper_rig_connect(&rig);
    fresh_nonce(nonce);
    soft_evidence_plain(&rig.device, nonce, rig.exporter, &evidence);
    keeper_rig_post(&rig, REQUEST_PSK, RESOURCE_ATTEST,
                    soft_evidence_write(&rig.device, &evidence, &wr), NULL);
}

/* A double: our end of a reader's channel, and the job that it got. */
static struct ipc *
reader_with_job(struct ipc_msg *ret_job)
{
    struct ipc *reader;
    int fds[2];

    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    jobs_reader(rig.keeper.jobs, fds[0]);
    reader = ipc_new(fds[1], false, roles_keeper_to_reader);
    for (int i = 0; i < 1000; i++) {
        jobs_turn(rig.keeper.jobs, rig.mono_ms);
        if (ipc_recv(reader, ret_job) == IPC_OK) {
            CHECK_EQ(ret_job->type, MSG_READ_LOG);
            return reader;
        }
    }
    check_fail(__FILE__, __LINE__, "no job came");
}

/* An honest account of a log into `told`. */
static void
account(struct bytes log)
{
    struct wr wr = wr_init(honest_room, RECORDS_ROOM);

    CHECK_EQ(reader_parse(log, rig.hasher, &wr, NULL), 0);
    CHECK_EQ(records_read(wr_done(&wr), events, &told), 0);
}

static struct bytes
told_bytes(void)
{
    struct wr wr = wr_init(told_room, RECORDS_ROOM);

    records_begin(&wr, &told);
    for (size_t i = 0; i < told.n_events; i++) {
        records_event(&wr, &told, &told.events[i]);
    }
    CHECK(wr_done(&wr).p);
    return wr_done(&wr);
}

static void
say(struct ipc *reader, uint16_t type, struct bytes body)
{
    CHECK_EQ(ipc_send(reader, type, 1, &body, 1, -1), 0);
    for (int i = 0; i < 1000; i++) {
        jobs_turn(rig.keeper.jobs, rig.mono_ms);
        CHECK_EQ(ipc_flush(reader) < 0 && ipc_pending(reader), 0);
    }
    ipc_free(reader);
    keeper_settle(&rig.keeper);
}

static uint8_t
reply_code(void)
{
    uint64_t request;

    CHECK(keeper_rig_take(&rig, &request));
    return rig.reply.code;
}

static enum tier
tier_of_reply(void)
{
    struct answer answer;

    CHECK_EQ(answer_read(rig.reply.body, &answer, NULL), 0);
    return answer.tier;
}

static bool
has_reason(enum reason reason)
{
    struct answer answer;

    CHECK_EQ(answer_read(rig.reply.body, &answer, NULL), 0);
    for (size_t i = 0; i < answer.n_reasons; i++) {
        if (answer.reasons[i] == reason) {
            return true;
        }
    }
    return false;
}

static bool
has_token(void)
{
    return keeper_rig_ask(&rig, REQUEST_PSK, RESOURCE_TOKEN, BYTES_NULL, "assay") ==
           COAP_CODE(2, 5);
}

/* An honest reader, if one is asked for. */
static void
honest(void)
{
    post();
    keeper_rig_read(&rig);
    CHECK_EQ(reply_code(), COAP_CODE(2, 4));
}

/* The next device, and then this one again: whatever was said before, honest readers are heard. */
static void
check_next_devices(void)
{
    swap_devices();
    honest();
    CHECK_EQ(tier_of_reply(), TIER_AFFIRMING);
    swap_devices();
    CHECK(keeper_rig_boot(&rig, good_log));
    honest();
    CHECK_EQ(tier_of_reply(), TIER_AFFIRMING);
}

/* The device brings the good log and the reader lies about it. */
static void
lied(lie_fn *lie)
{
    struct ipc_msg job;
    struct ipc *reader;

    post();
    reader = reader_with_job(&job);
    account(job.body);
    lie();
    say(reader, MSG_LOG_RECORDS, told_bytes());
}

static struct event *
event_of(uint32_t pcr, bool separator)
{
    for (size_t i = 0; i < told.n_events; i++) {
        struct event *event = &told.events[i];

        if (event->pcr == pcr && (event->type == EVENT_SEPARATOR) == separator) {
            return event;
        }
    }
    check_fail(__FILE__, __LINE__, "no such event");
}

/* The first boot image, whose digest is of no data. */
static struct event *
image(void)
{
    for (size_t i = 0; i < told.n_events; i++) {
        if (told.events[i].pcr == PCR_IMAGE && told.events[i].bound == BOUND_UNKNOWN) {
            return &told.events[i];
        }
    }
    check_fail(__FILE__, __LINE__, "no image");
}

static void
lie_on_a_digest(void)
{
    static uint8_t digest[HASH_SIZE_MAX] = {1, 2, 3};

    image()->digest[event_log_bank(&told, HASH_SHA256)] = bytes_of(digest, 32);
}

static void
lie_on_a_digest_of_another_bank(void)
{
    static uint8_t digest[HASH_SIZE_MAX] = {1, 2, 3};

    image()->digest[event_log_bank(&told, HASH_SHA384)] = bytes_of(digest, 48);
}

static void
lie_by_leaving_a_digest_out(void)
{
    image()->digest[event_log_bank(&told, HASH_SHA256)] = BYTES_NULL;
}

static void
lie_that_it_was_never_extended(void)
{
    image()->type = EVENT_NO_ACTION;
}

static void
lie_on_a_pcr(void)
{
    image()->pcr = 5;
}

static void
lie_that_a_pcr_is_none(void)
{
    image()->pcr = UINT32_MAX;
}

static void
lie_on_the_locality(void)
{
    told.locality = told.locality == 3 ? 0 : 3;
}

static void
lie_by_leaving_an_event_out(void)
{
    struct event *event = image();

    told.n_events--;
    memmove(event, event + 1, (size_t)(told.events + told.n_events - event) * sizeof(*event));
}

static void
lie_by_adding_an_event(void)
{
    told.events[told.n_events++] = *event_of(7, false);
}

static void
lie_on_the_order(void)
{
    struct event *first = image();
    struct event *last = event_of(PCR_IMAGE, true);
    struct event swapped = *first;

    *first = *last;
    *last = swapped;
}

static void
lie_that_a_bank_is_not_there(void)
{
    told.n_banks--;
}

static void
lie_that_nothing_happened(void)
{
    told.n_events = 0;
}

/* What a log replays to is quoted: a lie about it fits no quote of that device. */
static void
a_lie_on_what_was_measured_is_refused_and_forgotten(void)
{
    static lie_fn *const lies[] = {
        lie_on_a_digest,
        lie_on_a_digest_of_another_bank,
        lie_by_leaving_a_digest_out,
        lie_that_it_was_never_extended,
        lie_on_a_pcr,
        lie_that_a_pcr_is_none,
        lie_on_the_locality,
        lie_by_leaving_an_event_out,
        lie_by_adding_an_event,
        lie_on_the_order,
        lie_that_a_bank_is_not_there,
        lie_that_nothing_happened,
    };

    for (size_t i = 0; i < ARRAY_LEN(lies); i++) {
        start();
        lied(lies[i]);
        CHECK_EQ(reply_code(), COAP_CODE(2, 4));
        if (tier_of_reply() != TIER_CONTRAINDICATED || has_token()) {
            check_fail(__FILE__, __LINE__, "lie %zu: tier %d", i, (int)tier_of_reply());
        }
        check_next_devices();
        done();
    }
}

static void
lie_that_data_is_not_bound(void)
{
    event_of(7, false)->bound = BOUND_FALSE;
}

static void
lie_that_a_separator_is_none(void)
{
    event_of(7, true)->type = 0x80000001;
}

static void
lie_that_an_event_is_a_separator(void)
{
    image()->type = EVENT_SEPARATOR;
}

/* Meaning that is held against a log is a refusal, for this message and no other. */
static void
a_lie_on_meaning_refuses_this_device_only(void)
{
    static const struct {
        lie_fn *lie;
        enum reason reason;
    } lies[] = {
        {lie_that_data_is_not_bound, REASON_EVT_DATA_MISMATCH},
        {lie_that_a_separator_is_none, REASON_SEPARATOR_DISGUISED},
        {lie_that_an_event_is_a_separator, REASON_FIRMWARE_ERROR_SEPARATOR},
    };

    for (size_t i = 0; i < ARRAY_LEN(lies); i++) {
        start();
        lied(lies[i].lie);
        CHECK_EQ(reply_code(), COAP_CODE(2, 4));
        CHECK_EQ(tier_of_reply(), TIER_CONTRAINDICATED);
        CHECK(has_reason(lies[i].reason));
        CHECK(!has_token());
        check_next_devices();
        done();
    }
}

static void
lie_on_labels(void)
{
    for (size_t i = 0; i < told.n_events; i++) {
        told.events[i].label = bytes_str("Secure Boot is on");
    }
}

static void
lie_on_types(void)
{
    for (size_t i = 0; i < told.n_events; i++) {
        if (told.events[i].type != EVENT_SEPARATOR && told.events[i].type != EVENT_NO_ACTION) {
            told.events[i].type = 0x80000001;
        }
    }
}

static lie_fn *const harmless[] = {lie_on_labels, lie_on_types};

/* Labels and types decide nothing. */
static void
a_lie_for_people_changes_no_verdict(void)
{
    for (size_t i = 0; i < ARRAY_LEN(harmless); i++) {
        start();
        lied(harmless[i]);
        CHECK_EQ(reply_code(), COAP_CODE(2, 4));
        CHECK_EQ(tier_of_reply(), TIER_AFFIRMING);
        check_next_devices();
        done();
    }
}

/* The good log with another boot loader in PCR 4: every bank's digest changed. */
static struct bytes
evil_log(void)
{
    static uint8_t room[BODY_ROOM];
    uint32_t number;

    account(good_log);
    memcpy(room, good_log.p, good_log.len);
    number = image()->index;
    for (size_t bank = 0; bank < told.n_banks; bank++) {
        struct bytes digest = told.events[number].digest[bank];
        uint8_t *at = memmem(room, good_log.len, digest.p, digest.len);

        CHECK(at);
        at[0] ^= 1;
    }
    return bytes_of(room, good_log.len);
}

/* The device booted something else, and its log has the reader tell of the good boot, or hide the
 * difference in every way that the account has. */
static void
a_good_account_of_a_bad_boot_is_refused(void)
{
    for (size_t i = 0; i <= ARRAY_LEN(harmless); i++) {
        struct ipc_msg job;
        struct ipc *reader;

        start();
        CHECK(keeper_rig_boot(&rig, evil_log()));
        post();
        reader = reader_with_job(&job);
        account(i == ARRAY_LEN(harmless) ? good_log : job.body);
        if (i < ARRAY_LEN(harmless)) {
            harmless[i]();
        }
        say(reader, MSG_LOG_RECORDS, told_bytes());
        CHECK_EQ(reply_code(), COAP_CODE(2, 4));
        CHECK_EQ(tier_of_reply(), TIER_CONTRAINDICATED);
        CHECK(has_reason(i == ARRAY_LEN(harmless) ? REASON_LOG_REPLAY : REASON_BOOT_IMAGE_UNKNOWN));
        CHECK(!has_token());
        check_next_devices();
        done();
    }
}

/* Two devices' logs are read at once; the readers, hijacked both, hand each other their accounts.
 */
static void
swapped_accounts_are_two_refusals(void)
{
    struct ipc_msg jobs[2];
    struct ipc *readers[2];
    uint8_t *second;
    struct bytes first;

    start();
    CHECK(keeper_rig_boot(&rig, evil_log()));
    post();
    readers[0] = reader_with_job(&jobs[0]);
    swap_devices();
    post();
    readers[1] = reader_with_job(&jobs[1]);
    account(jobs[1].body);
    first = told_bytes();
    second = malloc(first.len);
    memcpy(second, first.p, first.len);
    account(jobs[0].body);
    say(readers[1], MSG_LOG_RECORDS, told_bytes());
    CHECK_EQ(reply_code(), COAP_CODE(2, 4));
    CHECK_EQ(tier_of_reply(), TIER_CONTRAINDICATED);
    CHECK(has_reason(REASON_LOG_REPLAY));
    say(readers[0], MSG_LOG_RECORDS, bytes_of(second, first.len));
    CHECK_EQ(reply_code(), COAP_CODE(2, 4));
    CHECK_EQ(tier_of_reply(), TIER_CONTRAINDICATED);
    CHECK(has_reason(REASON_LOG_REPLAY));
    free(second);
    swap_devices();
    check_next_devices();
    done();
}

/* NOT_READ of a good log: a refusal by that rule, for this message. */
static void
a_fault_that_is_none_refuses_this_device_only(void)
{
    uint8_t room[16];
    struct wr wr = wr_init(room, sizeof(room));
    struct ipc_msg job;
    struct ipc *reader;

    start();
    post();
    reader = reader_with_job(&job);
    wr_le16(&wr, RULE_EVENT_UNBOUND);
    wr_le32(&wr, 3);
    wr_le64(&wr, 1);
    say(reader, MSG_NOT_READ, wr_done(&wr));
    CHECK_EQ(reply_code(), COAP_CODE(2, 4));
    CHECK_EQ(tier_of_reply(), TIER_CONTRAINDICATED);
    CHECK(!has_token());
    check_next_devices();
    done();
}

static struct bytes
no_records(void)
{
    return bytes_str("these are no records at all");
}

static struct bytes
unprintable_label(void)
{
    told.events[0].label = bytes_str("a\nb");
    return told_bytes();
}

static struct bytes
unknown_bank(void)
{
    struct bytes records = told_bytes();

    told_room[1] = 0x77;
    return records;
}

static struct bytes
half_a_record(void)
{
    struct bytes records = told_bytes();

    records.len--;
    return records;
}

static struct bytes
too_many_events(void)
{
    while (told.n_events <= LIMIT_EVENTS) {
        told.events[told.n_events] = told.events[0];
        told.n_events++;
    }
    return told_bytes();
}

/* What a digest is of is hashed here, so a lie about it is no account: that a label is vouched for,
 */
static struct bytes
an_image_is_bound(void)
{
    image()->bound = BOUND_TRUE;
    return told_bytes();
}

/* that a digest which vouches is another, */
static struct bytes
another_digest(void)
{
    static uint8_t digest[HASH_SIZE_MAX] = {1, 2, 3};

    event_of(7, false)->digest[event_log_bank(&told, HASH_SHA384)] = bytes_of(digest, 48);
    return told_bytes();
}

/* that SecureBoot's digest is of another variable, */
static struct bytes
a_part_elsewhere(void)
{
    struct event *event = event_of(7, false);

    event->offset = event[1].offset;
    event->length = event[1].length;
    event->data_offset = event[1].data_offset;
    event->data_length = event[1].data_length;
    return told_bytes();
}

/* of less than it, */
static struct bytes
a_shorter_part(void)
{
    event_of(7, false)->length--;
    return told_bytes();
}

/* of what lies outside its data, or outside the log. */
static struct bytes
a_part_outside_its_data(void)
{
    event_of(7, false)->data_length--;
    return told_bytes();
}

static struct bytes
data_outside_the_log(void)
{
    image()->data_length = UINT32_MAX;
    return told_bytes();
}

/* No account at all: the device waits and asks again; it is not its fault. */
static void
what_is_no_account_changes_nobodys_state(void)
{
    static struct bytes (*const made[])(void) = {
        no_records,           unprintable_label, unknown_bank,
        half_a_record,        too_many_events,   an_image_is_bound,
        a_part_elsewhere,     a_shorter_part,    a_part_outside_its_data,
        data_outside_the_log, another_digest,
    };

    for (size_t i = 0; i < ARRAY_LEN(made); i++) {
        struct store_device device;
        struct ipc_msg job;
        struct ipc *reader;

        start();
        honest();
        forget_logs();
        post();
        reader = reader_with_job(&job);
        account(job.body);
        say(reader, MSG_LOG_RECORDS, made[i]());
        CHECK_EQ(reply_code(), COAP_CODE(4, 29));
        CHECK_EQ(keeper_device(&rig.keeper, bytes_str(rig.identity), &device), 0);
        CHECK_EQ(device.state, DEVICE_FRESH);
        check_next_devices();
        done();
    }
}

CHECK_MAIN(CASE(a_lie_on_what_was_measured_is_refused_and_forgotten),
           CASE(a_lie_on_meaning_refuses_this_device_only),
           CASE(a_lie_for_people_changes_no_verdict), CASE(a_good_account_of_a_bad_boot_is_refused),
           CASE(swapped_accounts_are_two_refusals),
           CASE(a_fault_that_is_none_refuses_this_device_only),
           CASE(what_is_no_account_changes_nobodys_state))
