/* A real boot's log, changed in one place, with PCRs that agree with it wherever it still is a log:
 * what the firmware profile and the class's reference events make of it. */
#include "formats/evlog.h"
#include "lib/check.h"
#include "lib/keeper-rig.h"
#include "wire/answer.h"

enum { LOG_ROOM = 64 * 1024, BODY_ROOM = 256 * 1024, HEAD_PCR = 0, HEAD_TYPE = 4, HEAD_COUNT = 8 };
enum { TYPE_SEPARATOR = 4, TYPE_ACTION = 5, TYPE_NO_ACTION = 3 };

static struct keeper_rig rig;
static uint8_t log_room[LOG_ROOM];
static size_t log_len;
static uint8_t body_room[BODY_ROOM];
static uint8_t nonce[WIRE_NONCE_SIZE];

/* The nth event (from 0) of a PCR and type in the log as it stands; any type when it is 0. */
static struct evlog_event
find(uint32_t pcr, uint32_t type, unsigned nth)
{
    struct evlog_event event;
    struct evlog log;

    CHECK_EQ(evlog_open(bytes_of(log_room, log_len), &log, NULL), 0);
    while (evlog_next(&log, &event, NULL) == 0) {
        if (event.pcr == pcr && (type == 0 || event.type == type) && event.type != TYPE_NO_ACTION &&
            nth-- == 0) {
            return event;
        }
    }
    check_fail(__FILE__, __LINE__, "the log has no such event");
}

static void
put_u32(size_t at, uint32_t value)
{
    for (size_t i = 0; i < 4; i++) {
        log_room[at + i] = (uint8_t)(value >> (8 * i));
    }
}

/* Size of an event as written. */
static size_t
size_of(const struct evlog_event *event)
{
    return (size_t)(event->data.p + event->data.len - log_room) - event->offset;
}

static void
insert_copy(const struct evlog_event *event, size_t at)
{
    size_t size = size_of(event);
    uint8_t copy[4096];

    CHECK(size <= sizeof(copy) && log_len + size <= sizeof(log_room));
    memcpy(copy, log_room + event->offset, size);
    memmove(log_room + at + size, log_room + at, log_len - at);
    memcpy(log_room + at, copy, size);
    log_len += size;
}

/* Puts the digests of these bytes into an event, in every bank, and the bytes into its data if they
 * fit exactly. */
static void
measure(const struct evlog_event *event, struct bytes data, bool write_data)
{
    static const enum hash banks[] = {HASH_SHA1, HASH_SHA256, HASH_SHA384};

    for (size_t i = 0; i < event->n_digests; i++) {
        CHECK_EQ(hasher_bytes(rig.hasher, banks[i], data, (uint8_t *)(uintptr_t)event->digest[i].p),
                 0);
    }
    if (write_data) {
        CHECK_EQ(event->data.len, data.len);
        memcpy((uint8_t *)(uintptr_t)event->data.p, data.p, data.len);
    }
}

static void
nothing(void)
{
}

static void
other_kernel(void)
{
    struct evlog_event event = find(4, 0x80000003, 3);

    measure(&event, bytes_str("another kernel"), false);
}

static void
other_firmware(void)
{
    struct evlog_event event = find(0, 0x80000008, 0);

    measure(&event, bytes_str("another firmware"), false);
}

static void
other_variable(void)
{
    struct evlog_event event = find(7, 0x80000001, 0);

    ((uint8_t *)(uintptr_t)event.data.p)[event.data.len - 1] ^= 1;
    measure(&event, event.data, false);
}

static void
lie_about_variable(void)
{
    struct evlog_event event = find(7, 0x80000001, 0);

    ((uint8_t *)(uintptr_t)event.data.p)[event.data.len - 1] ^= 1;
}

static void
separator_twice(void)
{
    struct evlog_event event = find(3, TYPE_SEPARATOR, 0);

    insert_copy(&event, event.offset);
}

static void
second_sequence_appended(void)
{
    struct evlog_event event = find(7, TYPE_SEPARATOR, 0);

    insert_copy(&event, log_len);
}

static void
separator_gone(void)
{
    struct evlog_event event = find(3, TYPE_SEPARATOR, 0);
    size_t size = size_of(&event);

    memmove(log_room + event.offset, log_room + event.offset + size, log_len - event.offset - size);
    log_len -= size;
}

static void
separator_of_an_error(void)
{
    static const uint8_t one[4] = {1, 0, 0, 0};
    struct evlog_event event = find(3, TYPE_SEPARATOR, 0);

    measure(&event, BYTES_OF(one), true);
}

static void
separator_relabelled(void)
{
    struct evlog_event event = find(3, TYPE_SEPARATOR, 0);

    put_u32(event.offset + HEAD_TYPE, TYPE_ACTION);
}

static void
pcr_24(void)
{
    put_u32(find(4, 0, 0).offset + HEAD_PCR, 24);
}

static void
pcr_32(void)
{
    put_u32(find(4, 0, 0).offset + HEAD_PCR, 32);
}

static void
pcr_huge(void)
{
    put_u32(find(4, 0, 0).offset + HEAD_PCR, 0x7fffffff);
}

static void
pcr_none_measured(void)
{
    put_u32(find(4, 0, 0).offset + HEAD_PCR, 0xffffffff);
}

static void
no_digests(void)
{
    put_u32(find(4, 0, 0).offset + HEAD_COUNT, 0);
}

static void
nine_digests(void)
{
    put_u32(find(4, 0, 0).offset + HEAD_COUNT, 9);
}

static void
one_algorithm_twice(void)
{
    struct evlog_event event = find(4, 0, 0);
    size_t second = (size_t)(event.digest[1].p - log_room) - 2;

    log_room[second] = 0x04;
}

static void
unnamed_algorithm(void)
{
    struct evlog_event event = find(4, 0, 0);
    size_t second = (size_t)(event.digest[1].p - log_room) - 2;

    log_room[second] = 0x12;
}

static void
three_gigabytes(void)
{
    struct evlog_event event = find(4, 0, 0);

    put_u32((size_t)(event.data.p - log_room) - 4, 0xc0000000);
}

static void
cut_tail(void)
{
    log_len -= 3;
}

static void
padded(void)
{
    memset(log_room + log_len, 0xff, 512);
    log_len += 512;
}

static void
rubbish_behind(void)
{
    memset(log_room + log_len, 0x5a, 512);
    log_len += 512;
}

static const struct row {
    const char *name;
    void (*change)(void);
    enum reason reason; /* REASON_NONE: must pass */
} rows[] = {
    {"nothing", nothing, REASON_NONE},
    {"another kernel", other_kernel, REASON_BOOT_IMAGE_UNKNOWN},
    {"another firmware", other_firmware, REASON_FW_UNKNOWN},
    {"another Secure Boot variable", other_variable, REASON_EVT_UNCLAIMED},
    {"data that is not what was measured", lie_about_variable, REASON_EVT_DATA_MISMATCH},
    {"a separator twice", separator_twice, REASON_SEPARATOR_DUPLICATE},
    {"a second sequence of PCR 7", second_sequence_appended, REASON_SEPARATOR_DUPLICATE},
    {"a separator gone", separator_gone, REASON_SEPARATOR_MISSING},
    {"a separator of an error", separator_of_an_error, REASON_FIRMWARE_ERROR_SEPARATOR},
    {"a separator under another type", separator_relabelled, REASON_SEPARATOR_DISGUISED},
    {"PCR 24", pcr_24, REASON_PCR_RANGE},
    {"PCR 32", pcr_32, REASON_PCR_RANGE},
    {"PCR 0x7fffffff", pcr_huge, REASON_PCR_RANGE},
    {"PCR 0xffffffff, measured", pcr_none_measured, REASON_PCR_RANGE},
    {"no digests", no_digests, REASON_LOG_PARSE},
    {"nine digests", nine_digests, REASON_LOG_PARSE},
    {"one algorithm twice", one_algorithm_twice, REASON_LOG_PARSE},
    {"an algorithm that the head does not name", unnamed_algorithm, REASON_LOG_PARSE},
    {"an event of 3 GB", three_gigabytes, REASON_LOG_PARSE},
    {"a cut tail", cut_tail, REASON_LOG_PARSE},
    {"padding of ff", padded, REASON_NONE},
    {"rubbish behind the last event", rubbish_behind, REASON_LOG_PARSE},
};

static struct answer
attest(void)
{
    static struct soft_evidence plain;
    struct soft_evidence *evidence = &plain;
    struct wr wr = wr_init(body_room, sizeof(body_room));
    struct answer answer;

    evidence->with_log = true;
    evidence->with_values = true;
    soft_evidence_plain(&rig.device, nonce, rig.exporter, evidence);
    CHECK_EQ(keeper_rig_ask(&rig, REQUEST_PSK, RESOURCE_ATTEST,
                            soft_evidence_write(&rig.device, evidence, &wr), NULL),
             COAP_CODE(2, 4));
    CHECK_EQ(answer_read(rig.reply.body, &answer, NULL), 0);
    memcpy(nonce, answer.nonce, sizeof(nonce));
    return answer;
}

static void
run_row(const struct row *row)
{
    struct answer answer;
    enum reason reason;

    keeper_rig_new(&rig);
    keeper_rig_member(&rig, "boot/grub-sb-on/binary_bios_measurements");
    CHECK_EQ(answer_read(rig.reply.body, &answer, NULL), 0);
    memcpy(nonce, answer.nonce, sizeof(nonce));
    CHECK_EQ(attest().tier, TIER_AFFIRMING); /* the base of this row */
    log_len = rig.device.log.len;
    memcpy(log_room, rig.device.log.p, log_len);
    row->change();
    if (row->change != nothing && bytes_equal(bytes_of(log_room, log_len), rig.device.log)) {
        check_fail(__FILE__, __LINE__, "%s changes nothing", row->name);
    }
    (void)keeper_rig_boot(&rig, bytes_of(log_room, log_len));
    answer = attest();
    reason = answer.n_reasons ? (enum reason)answer.reasons[0] : REASON_NONE;
    if (reason != row->reason || (reason == REASON_NONE) != (answer.tier == TIER_AFFIRMING) ||
        (reason != REASON_NONE && answer.cwt.p)) {
        check_fail(__FILE__, __LINE__, "%s: %s, not %s", row->name, reason_name(reason),
                   reason_name(row->reason));
    }
    printf("# %s: %s\n", reason_name(reason), row->name);
    keeper_rig_done(&rig);
}

static void
each_change_alone_gets_its_own_verdict(void)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        run_row(&rows[i]);
    }
    printf("# %zu changes\n", ARRAY_LEN(rows));
}

CHECK_MAIN(CASE(each_change_alone_gets_its_own_verdict))
