/* reader/reader-ima, reader-userlog: parts of lists that grow, as records. */
#include <errno.h>

#include "appraise/ima-records.h"
#include "formats/ima-replay.h"
#include "lib/check.h"
#include "lib/ima-make.h"
#include "reader/reader-ima.h"
#include "reader/reader-userlog.h"
#include "reader/reader.h"
#include "roles/records.h"
#include "roles/roles.h"

enum { ROOM = 14 * 1024 * 1024 };

static uint8_t room[ROOM];
static struct hasher *hasher;
static struct event events[LIMIT_EVENTS];

static struct bytes
read_ima(struct bytes part)
{
    struct wr wr = wr_init(room, sizeof(room));

    hasher = hasher ? hasher : hasher_new();
    CHECK(hasher);
    CHECK_EQ(reader_ima(check_guarded(part), hasher, &wr), 0);
    CHECK(wr_done(&wr).p);
    return wr_done(&wr);
}

/* Compares each record with the entry that formats/ima reads there. */
static void
check_list(struct bytes list)
{
    struct ima_records records = ima_records_open(read_ima(list));
    struct ima_record record;
    struct ima_entry entry;
    struct ima ima;
    uint8_t digest[HASH_SIZE_MAX];
    int r;

    CHECK_EQ(ima_open(&ima, list, HASH_SHA1, 0, NULL), 0);
    while ((r = ima_next(&ima, &entry, NULL)) == 0) {
        CHECK_EQ(ima_records_next(&records, &record, NULL), 0);
        CHECK_EQ(record.pcr, entry.pcr);
        CHECK_EQ(record.end, rd_offset(&ima.rd));
        CHECK_EQ(record.flags & IMA_RECORD_AGGREGATE ? 1 : 0,
                 bytes_equal(entry.name, bytes_str("boot_aggregate")));
        CHECK_EQ(record.flags & IMA_RECORD_VIOLATION, entry.violation ? IMA_RECORD_VIOLATION : 0);
        CHECK_BYTES(record.file_digest, entry.digest.value);
        CHECK_EQ(record.file_hash, entry.digest.hash);
        for (size_t i = 0; i < IMA_RECORDS_BANKS; i++) {
            CHECK_EQ(ima_data_hash(hasher, &entry, ima_records_banks[i], digest), 0);
            CHECK_BYTES(record.template_digest[i],
                        bytes_of(digest, hash_size(ima_records_banks[i])));
        }
    }
    CHECK_EQ(ima_records_next(&records, &record, NULL),
             r == IMA_E_END ? IMA_RECORDS_E_END : IMA_RECORDS_E_FAULT);
}

static void
each_entry_of_real_lists_is_told(void)
{
    check_list(check_vector("boot/grub-sb-on-ima/ima-binary"));
    check_list(check_vector("ima/charra-binary_runtime_measurements.bin"));
    check_list(check_vector("ima/tss-sml-ima-ng-sha1.bin"));
    check_list(check_vector("ima/tss-sml-ima-sig-sha256.bin"));
    check_list(check_vector("ima/tss-sml-ima-ng-sha1-invalidated.bin"));
    check_list(check_vector("ima/tss-sml-ima-sig-sha256-invalidated.bin"));
}

/* How records end, and how many there are. */
static int
walk(struct bytes in, uint32_t *ret_n, struct fault *fault)
{
    struct ima_records records = ima_records_open(in);
    struct ima_record record;
    int r;

    do {
        r = ima_records_next(&records, &record, fault);
    } while (r == 0);
    *ret_n = records.n_read;
    return r;
}

static void
a_cut_list_is_told_up_to_the_cut(void)
{
    struct bytes list = check_vector("boot/grub-sb-on-ima/ima-binary");
    struct ima_entry entry;
    struct ima ima;
    size_t from = 0;

    CHECK_EQ(ima_open(&ima, bytes_of(list.p, 500), HASH_SHA1, 0, NULL), 0);
    for (uint32_t whole = 0; ima_next(&ima, &entry, NULL) == 0; whole++) {
        for (size_t len = from + 1; len < rd_offset(&ima.rd); len++) {
            struct fault fault = {0};
            uint32_t n;

            CHECK_EQ(walk(read_ima(bytes_of(list.p, len)), &n, &fault), IMA_RECORDS_E_FAULT);
            CHECK_EQ(n, whole);
            CHECK_EQ(fault.event, whole);
            CHECK(fault.offset <= len);
        }
        from = rd_offset(&ima.rd);
    }
}

static void
a_template_hash_that_is_wrong_ends_the_list(void)
{
    static uint8_t copy[16384];
    struct bytes list = check_vector("boot/grub-sb-on-ima/ima-binary");
    struct fault fault = {0};
    uint32_t n;

    memcpy(copy, list.p, list.len);
    copy[106 + 4] ^= 1; /* of the second entry */
    CHECK_EQ(walk(read_ima(bytes_of(copy, list.len)), &n, &fault), IMA_RECORDS_E_FAULT);
    CHECK_EQ(n, 1);
    CHECK_EQ(fault.rule, RULE_IMA_TEMPLATE_HASH);
    CHECK_EQ(fault.offset, 106);
}

static void
records_that_do_not_fit_are_an_error(void)
{
    struct bytes list = check_vector("boot/grub-sb-on-ima/ima-binary");
    struct wr wr = wr_init(room, 1000);

    hasher = hasher_new();
    CHECK(hasher);
    CHECK_EQ(reader_ima(list, hasher, &wr), -ENOSPC);
}

/* The largest part that the keeper sends, of the smallest entries, fits the largest answer. */
static void
the_worst_part_fits_its_message(void)
{
    static uint8_t part[LIMIT_EVIDENCE_STREAM_BYTES];
    struct wr wr = wr_init(part, sizeof(part));
    struct bytes records;
    uint32_t n_read;
    size_t n = 0;

    for (; n < LIMIT_IMA_ENTRIES; n++) {
        ima_make_head(&wr, 10, 0, "ima"); /* a violation: its template hash is not recomputed */
        for (size_t i = 0; i < 24; i++) {
            wr_u8(&wr, 0); /* a digest, and a name of no bytes */
        }
    }
    hasher = hasher_new();
    CHECK(wr_done(&wr).len <= roles_keeper_to_reader(MSG_READ_IMA));
    CHECK(wr.len > sizeof(part) / 8 * 6); /* and no part has many more */
    records = read_ima(wr_done(&wr));
    CHECK(records.len <= roles_reader_to_keeper(MSG_IMA_RECORDS));
    CHECK(records.len + 16 <= IPC_QUEUE_MAX);
    CHECK_EQ(walk(records, &n_read, NULL), IMA_RECORDS_E_END);
    CHECK_EQ(n_read, LIMIT_IMA_ENTRIES);
}

#define DIGEST_OF_A "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"
#define RECORD(pcr, text)                                                                 \
    "\x1e{\"pcr\":" pcr ",\"digests\":[{\"hashAlg\":\"sha256\",\"digest\":\"" DIGEST_OF_A \
    "\"}],\"content_type\":\"systemd\",\"content\":{\"string\":\"" text                   \
    "\",\"eventType\":\"phase\"}}\n"
#define NV_RECORD                                                                            \
    "\x1e{\"nv_index\":30474752,\"digests\":[{\"hashAlg\":\"sha1\",\"digest\":\""            \
    "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8\"}],\"content_type\":\"systemd\",\"content\":" \
    "{\"nvIndexName\":\"x\"}}\n"

static int
read_userlog(struct bytes part, struct event_log *ret, struct fault *fault)
{
    struct wr wr = wr_init(room, sizeof(room));
    int r;

    hasher = hasher ? hasher : hasher_new();
    CHECK(hasher);
    r = reader_userlog(check_guarded(part), hasher, &wr, fault);
    if (r == 0) {
        CHECK_EQ(records_read(wr_done(&wr), events, ret), 0);
    }
    return r;
}

static void
userspace_records_are_events(void)
{
    static const char log[] = RECORD("11", "a") RECORD("15", "b") NV_RECORD;
    struct event_log got;
    uint32_t end = 0;

    CHECK_EQ(read_userlog(bytes_str(log), &got, NULL), 0);
    CHECK_EQ(got.n_events, 3);
    CHECK_EQ(got.n_banks, 2);
    for (size_t i = 0; i < 3; i++) { /* one after the other, to the end */
        CHECK_EQ(events[i].offset, end);
        end += events[i].length;
    }
    CHECK_EQ(end, sizeof(log) - 1);
    CHECK_EQ(events[0].pcr, 11);
    CHECK_EQ(events[0].bound, BOUND_TRUE);
    CHECK_BYTES(events[0].label, bytes_str("phase a"));
    CHECK_BYTES(events[0].digest[event_log_bank(&got, HASH_SHA256)], check_hex(DIGEST_OF_A));
    CHECK(!events[0].digest[event_log_bank(&got, HASH_SHA1)].p);
    CHECK_EQ(events[1].pcr, 15);
    CHECK_EQ(events[1].bound, BOUND_UNKNOWN); /* the digest is not of "b" */
    CHECK_EQ(events[2].pcr, UINT32_MAX);
    CHECK_BYTES(events[2].label, bytes_str("systemd"));
}

static void
labels_are_printable_whatever_is_measured(void)
{
    struct event_log got;

    CHECK_EQ(read_userlog(bytes_str(RECORD("11", "\\u001b[31m\\u20ac")), &got, NULL), 0);
    CHECK(events[0].label.len > 6);
    for (size_t i = 0; i < events[0].label.len; i++) {
        CHECK(events[0].label.p[i] >= 0x20 && events[0].label.p[i] < 0x7f);
    }
}

static void
every_cut_of_a_userspace_log_is_refused(void)
{
    static const char log[] = RECORD("11", "a") NV_RECORD;
    size_t first = sizeof(RECORD("11", "a")) - 1;
    struct event_log got;

    for (size_t n = 1; n < sizeof(log) - 1; n++) {
        struct fault fault = {0};

        if (n != first) {
            CHECK_EQ(read_userlog(bytes_of(log, n), &got, &fault), 1);
            CHECK_EQ(fault.event, n < first ? 0 : 1);
        }
    }
    CHECK_EQ(read_userlog(bytes_of(log, first), &got, NULL), 0);
    CHECK_EQ(got.n_events, 1);
}

static void
preparing_changes_nothing(void)
{
    struct event_log got;

    reader_userlog_prepare();
    reader_userlog_prepare();
    CHECK_EQ(read_userlog(bytes_str(RECORD("11", "a")), &got, NULL), 0);
}

static void
each_message_has_its_answer_and_others_have_none(void)
{
    static const uint16_t pairs[][2] = {
        {MSG_READ_IMA, MSG_IMA_RECORDS},
        {MSG_READ_USERSPACE, MSG_USERSPACE_RECORDS},
    };
    struct ipc_msg msg = {.body = BYTES_NULL};
    struct wr wr = wr_init(room, sizeof(room));
    struct fault fault;
    uint16_t answer = 0;

    hasher = hasher_new();
    CHECK(hasher);
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        msg.type = pairs[i][0];
        CHECK_EQ(reader_job(msg.type, msg.body, hasher, &wr, &answer, &fault), 0);
        CHECK_EQ(answer, pairs[i][1]);
    }
    msg.type = MSG_READ_LOG;
    CHECK_EQ(reader_job(msg.type, msg.body, hasher, &wr, &answer, &fault),
             1); /* no empty log is one */
    msg.type = MSG_REQUEST;
    CHECK_EQ(reader_job(msg.type, msg.body, hasher, &wr, &answer, &fault), -EPROTO);
}

CHECK_MAIN(CASE(each_entry_of_real_lists_is_told), CASE(a_cut_list_is_told_up_to_the_cut),
           CASE(a_template_hash_that_is_wrong_ends_the_list),
           CASE(records_that_do_not_fit_are_an_error), CASE(the_worst_part_fits_its_message),
           CASE(userspace_records_are_events), CASE(labels_are_printable_whatever_is_measured),
           CASE(every_cut_of_a_userspace_log_is_refused), CASE(preparing_changes_nothing),
           CASE(each_message_has_its_answer_and_others_have_none))
