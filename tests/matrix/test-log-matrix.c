/* A real boot's log, changed in one place, with PCRs that agree with it wherever it still is a log:
 * what the firmware profile and the class's reference events make of it. */
#include "base/hex.h"
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

/* A separator by its data alone: what it says was not measured. */
static void
separator_data_only(void)
{
    struct evlog_event event = find(3, TYPE_SEPARATOR, 0);

    memset((uint8_t *)(uintptr_t)event.data.p, 0xff, event.data.len);
}

static void
separator_of_five(void)
{
    static const uint8_t five[4] = {5, 0, 0, 0};
    struct evlog_event event = find(3, TYPE_SEPARATOR, 0);

    measure(&event, BYTES_OF(five), true);
}

/* An image whose digest is a separator's, so that a PCR could be closed by loading it. */
static void
image_like_a_separator(void)
{
    static const uint8_t zero[4];
    struct evlog_event event = find(4, 0x80000003, 0);

    measure(&event, BYTES_OF(zero), false);
}

static void
image_relabelled_as_variable(void)
{
    put_u32(find(4, 0x80000003, 0).offset + HEAD_TYPE, 0x80000002);
}

static void
image_relabelled_as_action(void)
{
    put_u32(find(4, 0x80000003, 0).offset + HEAD_TYPE, TYPE_ACTION);
}

static void
image_relabelled_as_separator(void)
{
    put_u32(find(4, 0x80000003, 0).offset + HEAD_TYPE, TYPE_SEPARATOR);
}

/* Lengths inside a variable, measured as they stand: the digests are right, the form is not. */
static void
put_variable_u64(size_t at, uint64_t value)
{
    struct evlog_event event = find(7, 0x80000001, 1);
    size_t offset = (size_t)(event.data.p - log_room) + at;

    put_u32(offset, (uint32_t)value);
    put_u32(offset + 4, (uint32_t)(value >> 32));
    measure(&event, event.data, false);
}

static void
name_of_2_63(void)
{
    put_variable_u64(16, UINT64_C(1) << 63);
}

static void
name_of_2_64_less_one(void)
{
    put_variable_u64(16, UINT64_MAX);
}

static void
value_of_2_64_less_one(void)
{
    put_variable_u64(24, UINT64_MAX);
}

/* The second variable is PK: a signature list, whose size stands behind its type. */
static void
put_list_size(uint32_t value)
{
    struct evlog_event event = find(7, 0x80000001, 1);
    size_t value_at = (size_t)(event.data.p - log_room) + 32 + 2 * strlen("PK");

    CHECK_EQ(log_room[value_at - 4], 'P');
    put_u32(value_at + 16, value);
    measure(&event, event.data, false);
}

static void
list_of_0(void)
{
    put_list_size(0);
}

static void
list_of_1(void)
{
    put_list_size(1);
}

static void
list_of_4_gib(void)
{
    put_list_size(UINT32_MAX);
}

/* The Spec ID event stands at the beginning: a head of 32 bytes, its signature of 16, platform
 * class, version and uintn size of 8, then the number of banks and each one's id and size. */
enum { SPEC_SIGNATURE = 32, SPEC_BANKS = 32 + 16 + 8, SPEC_FIRST = SPEC_BANKS + 4 };

static void
no_banks(void)
{
    put_u32(SPEC_BANKS, 0);
}

static void
nine_banks(void)
{
    put_u32(SPEC_BANKS, 9);
}

static void
four_billion_banks(void)
{
    put_u32(SPEC_BANKS, UINT32_MAX);
}

static void
bank_twice(void)
{
    log_room[SPEC_FIRST + 4] = log_room[SPEC_FIRST];
}

static void
bank_of_another_size(void)
{
    log_room[SPEC_FIRST + 2] = 32;
}

static void
bank_of_no_size(void)
{
    log_room[SPEC_FIRST + 2] = 0;
}

static void
another_signature(void)
{
    log_room[SPEC_SIGNATURE] ^= 1;
}

static void
spec_in_pcr_7(void)
{
    log_room[0] = 7;
}

static void
spec_twice(void)
{
    memmove(log_room + 2 * (size_t)SPEC_FIRST, log_room + SPEC_FIRST, log_len - SPEC_FIRST);
    memcpy(log_room + SPEC_FIRST, log_room, SPEC_FIRST);
    log_len += SPEC_FIRST;
}

static void
padding_only(void)
{
    memset(log_room, 0xff, log_len);
}

static void
one_byte(void)
{
    log_len = 1;
}

static void
padding_in_the_middle(void)
{
    struct evlog_event event = find(5, 0, 0);

    memmove(log_room + event.offset + 64, log_room + event.offset, log_len - event.offset);
    memset(log_room + event.offset, 0xff, 64);
    log_len += 64;
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
    {"a separator's data alone", separator_data_only, REASON_EVT_DATA_MISMATCH},
    {"a separator of 5", separator_of_five, REASON_FIRMWARE_ERROR_SEPARATOR},
    {"an image with a separator's digest", image_like_a_separator, REASON_SEPARATOR_DISGUISED},
    {"an image relabelled as a variable", image_relabelled_as_variable, REASON_EVT_DATA_MISMATCH},
    {"an image relabelled as an action", image_relabelled_as_action, REASON_EVT_DATA_MISMATCH},
    {"an image relabelled as a separator", image_relabelled_as_separator, REASON_EVT_DATA_MISMATCH},
    {"a name of 2^63 characters", name_of_2_63, REASON_EVT_UNCLAIMED},
    {"a name of 2^64 - 1 characters", name_of_2_64_less_one, REASON_EVT_UNCLAIMED},
    {"a value of 2^64 - 1 bytes", value_of_2_64_less_one, REASON_EVT_UNCLAIMED},
    {"a signature list of 0 bytes", list_of_0, REASON_EVT_UNCLAIMED},
    {"a signature list of 1 byte", list_of_1, REASON_EVT_UNCLAIMED},
    {"a signature list of 4 GiB", list_of_4_gib, REASON_EVT_UNCLAIMED},
    {"no banks", no_banks, REASON_LOG_PARSE},
    {"nine banks", nine_banks, REASON_LOG_PARSE},
    {"4,294,967,295 banks", four_billion_banks, REASON_LOG_PARSE},
    {"a bank twice", bank_twice, REASON_LOG_PARSE},
    {"a bank of another size", bank_of_another_size, REASON_LOG_PARSE},
    {"a bank of no size", bank_of_no_size, REASON_LOG_PARSE},
    {"another signature at the head", another_signature, REASON_LOG_PARSE},
    {"a head in PCR 7", spec_in_pcr_7, REASON_LOG_PARSE},
    {"a second head", spec_twice, REASON_LOG_PARSE},
    {"padding alone", padding_only, REASON_LOG_PARSE},
    {"one byte", one_byte, REASON_LOG_PARSE},
    {"padding in the middle", padding_in_the_middle, REASON_LOG_PARSE},
};

static void
event_gone(void)
{
    struct evlog_event event = find(4, 0x80000003, 0);
    size_t size = size_of(&event);

    memmove(log_room + event.offset, log_room + event.offset + size, log_len - event.offset - size);
    log_len -= size;
}

static void
event_twice(void)
{
    struct evlog_event event = find(4, 0x80000003, 0);

    insert_copy(&event, event.offset);
}

/* The first event of PCR 4 once more behind the last one, and away from where it stood. */
static void
events_out_of_order(void)
{
    struct evlog_event event = find(4, 0x80000003, 0);

    insert_copy(&event, log_len);
    event_gone();
}

static void
event_not_extended(void)
{
    put_u32(find(4, 0x80000003, 0).offset + HEAD_TYPE, TYPE_NO_ACTION);
}

static void
event_of_another_pcr(void)
{
    put_u32(find(4, 0x80000003, 0).offset + HEAD_PCR, 5);
}

static void
flip_digest(enum hash bank)
{
    struct evlog_event event = find(4, 0x80000003, 0);

    ((uint8_t *)(uintptr_t)event.digest[bank].p)[3] ^= 1;
}

static void
digest_of_the_policys_bank(void)
{
    flip_digest(HASH_SHA256);
}

static void
digest_of_another_bank(void)
{
    flip_digest(HASH_SHA1);
}

/* A StartupLocality event that the TPM knows nothing of, in front of the first event. */
static void
locality_3(void)
{
    struct evlog_event first = find(0, 0, 0);
    struct evlog_event shape = first;
    size_t head = (size_t)(first.data.p - log_room) - first.offset;
    size_t size = head + 17;

    memmove(log_room + first.offset + size, log_room + first.offset, log_len - first.offset);
    log_len += size;
    memcpy(log_room + first.offset, log_room + first.offset + size, head);
    put_u32(first.offset + HEAD_TYPE, TYPE_NO_ACTION);
    for (size_t i = 0; i < shape.n_digests; i++) {
        memset((uint8_t *)(uintptr_t)shape.digest[i].p, 0, shape.digest[i].len);
    }
    put_u32(first.offset + head - 4, 17);
    memcpy(log_room + first.offset + head, "StartupLocality\0\3", 17);
}

/* The firmware and its TPM are honest, the log that is shown is not. */
static const struct row told_otherwise[] = {
    {"an event gone", event_gone, REASON_LOG_REPLAY},
    {"an event twice", event_twice, REASON_LOG_REPLAY},
    {"events out of order", events_out_of_order, REASON_LOG_REPLAY},
    {"an event relabelled as not extended", event_not_extended, REASON_LOG_REPLAY},
    {"an event of another PCR", event_of_another_pcr, REASON_LOG_REPLAY},
    {"a digest of the policy's bank", digest_of_the_policys_bank, REASON_LOG_REPLAY},
    {"a digest of another bank", digest_of_another_bank, REASON_LOG_REPLAY},
    {"a locality that was not", locality_3, REASON_LOG_REPLAY},
    {"another kernel under the quote of the known", other_kernel, REASON_LOG_REPLAY},
    {"a separator gone under the quote of the whole", separator_gone, REASON_LOG_REPLAY},
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

/* honest: the quoted PCRs are those of the unchanged log. */
static void
run_row(const struct row *row, bool honest)
{
    static struct pcr_values values;
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
    values = rig.device.values;
    (void)keeper_rig_boot(&rig, bytes_of(log_room, log_len));
    if (honest) {
        rig.device.values = values;
    }
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
        run_row(&rows[i], false);
    }
    printf("# %zu changes\n", ARRAY_LEN(rows));
}

static void
a_log_that_tells_otherwise_than_the_quote_is_refused(void)
{
    for (size_t i = 0; i < ARRAY_LEN(told_otherwise); i++) {
        run_row(&told_otherwise[i], true);
    }
    printf("# %zu changes\n", ARRAY_LEN(told_otherwise));
}

static void
member(void)
{
    struct answer answer;

    keeper_rig_new(&rig);
    keeper_rig_member(&rig, "boot/grub-sb-on/binary_bios_measurements");
    CHECK_EQ(answer_read(rig.reply.body, &answer, NULL), 0);
    memcpy(nonce, answer.nonce, sizeof(nonce));
    log_len = rig.device.log.len;
    memcpy(log_room, rig.device.log.p, log_len);
}

/* FFFFFFFF closes a PCR as 00000000 does: refused as unknown and nothing else, and accepted once it
 * was learned. */
static void
separators_of_all_ones_are_separators(void)
{
    static const uint8_t ones[4] = {0xff, 0xff, 0xff, 0xff};
    static char json[65536];
    char id[2 * WIRE_UEID_SIZE + 1];
    struct store_device device;
    struct answer answer;

    member();
    for (uint32_t pcr = 0; pcr < 8; pcr++) {
        struct evlog_event event = find(pcr, TYPE_SEPARATOR, 0);

        measure(&event, BYTES_OF(ones), true);
    }
    CHECK(keeper_rig_boot(&rig, bytes_of(log_room, log_len)));
    answer = attest();
    CHECK_EQ(answer.tier, TIER_CONTRAINDICATED);
    for (size_t i = 0; i < answer.n_reasons; i++) {
        CHECK(answer.reasons[i] != REASON_SEPARATOR_MISSING);
        CHECK(answer.reasons[i] != REASON_SEPARATOR_DISGUISED);
        CHECK(answer.reasons[i] != REASON_FIRMWARE_ERROR_SEPARATOR);
        CHECK(answer.reasons[i] != REASON_EVT_DATA_MISMATCH);
    }
    CHECK_EQ(keeper_device(&rig.keeper, bytes_str(rig.identity), &device), 0);
    (void)hex_write(id, BYTES_OF(device.id));
    CHECK_EQ(keeper_rig_command(&rig, (const char *[]){"golden", "learn", "c", id, "confirm"}, 5,
                                json, sizeof(json)),
             0);
    CHECK_EQ(attest().tier, TIER_AFFIRMING);
}

/* The same boot told in the older format, which has no bank but SHA-1. */
static void
a_log_of_sha1_alone_does_not_speak_for_sha256(void)
{
    static uint8_t room[LOG_ROOM];
    struct wr wr = wr_init(room, sizeof(room));
    struct evlog_event event;
    struct pcr_values values;
    struct answer answer;
    struct evlog log;

    member();
    CHECK_EQ(attest().tier, TIER_AFFIRMING);
    CHECK_EQ(evlog_open(bytes_of(log_room, log_len), &log, NULL), 0);
    while (evlog_next(&log, &event, NULL) == 0) {
        if (event.type != TYPE_NO_ACTION) {
            wr_le32(&wr, event.pcr);
            wr_le32(&wr, event.type);
            wr_bytes(&wr, event.digest[0]);
            wr_le32(&wr, (uint32_t)event.data.len);
            wr_bytes(&wr, event.data);
        }
    }
    values = rig.device.values;
    CHECK(keeper_rig_boot(&rig, wr_done(&wr)));
    rig.device.values = values;
    answer = attest();
    CHECK_EQ(answer.tier, TIER_CONTRAINDICATED);
    CHECK_EQ(answer.reasons[0], REASON_BANK_MISSING_IN_LOG);
}

CHECK_MAIN(CASE(each_change_alone_gets_its_own_verdict),
           CASE(a_log_that_tells_otherwise_than_the_quote_is_refused),
           CASE(separators_of_all_ones_are_separators),
           CASE(a_log_of_sha1_alone_does_not_speak_for_sha256))
