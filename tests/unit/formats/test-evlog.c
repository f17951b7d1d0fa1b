/* formats/evlog: both forms, each fault by hand, and real logs cut and bent at every byte. */
#include <stdlib.h>

#include "formats/evlog.h"
#include "formats/evtype.h"
#include "lib/check.h"
#include "lib/make-log.h"

static const enum hash two_banks[] = {HASH_SHA1, HASH_SHA256, HASH_N};
static const enum hash sha1_log[] = {HASH_N};

static const uint8_t zeros[64];

/* Reads to the end or a fault; returns what the last evlog_next() or evlog_open() did. */
static int
read_all(struct bytes in, struct evlog *log, struct fault *fault)
{
    struct evlog_event event;
    int r = evlog_open(in, log, fault);

    while (r == 0) {
        r = evlog_next(log, &event, fault);
    }
    return r;
}

#define CHECK_FAULT(in, rule_name, event_no, at)                   \
    do {                                                           \
        struct evlog fault_log;                                    \
        struct fault fault = {0};                                  \
        CHECK_EQ(read_all((in), &fault_log, &fault), EVLOG_FAULT); \
        CHECK_EQ(fault.rule, RULE_##rule_name);                    \
        CHECK_EQ(fault.event, event_no);                           \
        CHECK_EQ(fault.offset, at);                                \
    } while (0)

static void
a_real_agile_log_gives_its_events(void)
{
    struct bytes in = check_guarded(check_vector("boot/grub-sb-on/binary_bios_measurements"));
    struct evlog_event event;
    struct evlog log;

    CHECK_EQ(evlog_open(in, &log, NULL), 0);
    CHECK_EQ(log.format, EVLOG_AGILE);
    CHECK_EQ(log.n_banks, 3);
    CHECK_EQ(log.bank[2].hash, HASH_SHA384);
    CHECK_EQ(log.spec.major, 2);
    CHECK_EQ(log.spec.uintn_size, 2);
    CHECK_EQ(evlog_next(&log, &event, NULL), 0);
    CHECK_EQ(event.n_digests, 0);
    CHECK_EQ(event.data.len, 41);
    CHECK_EQ(evlog_next(&log, &event, NULL), 0);
    CHECK_EQ(event.index, 1);
    CHECK_EQ(event.type, EV_S_CRTM_VERSION);
    CHECK_EQ(event.offset, 73);
    CHECK_EQ(event.n_digests, 3);
    CHECK_EQ(event.digest[1].len, 32);
    CHECK_EQ(read_all(in, &log, NULL), EVLOG_END);
    CHECK_EQ(log.n_events, 47);
    CHECK_EQ(log.padding, 0);
    CHECK_EQ(log.locality, EVLOG_LOCALITY_NONE);
}

static void
a_real_sha1_log_gives_its_events(void)
{
    struct bytes in = check_guarded(check_vector("evlog/debian-10.bin"));
    struct evlog_event event;
    struct evlog log;

    CHECK_EQ(evlog_open(in, &log, NULL), 0);
    CHECK_EQ(log.format, EVLOG_SHA1);
    CHECK_EQ(log.n_banks, 1);
    CHECK_EQ(evlog_next(&log, &event, NULL), 0);
    CHECK_EQ(event.n_digests, 1);
    CHECK_EQ(event.digest[0].len, 20);
    CHECK_EQ(read_all(in, &log, NULL), EVLOG_END);
    CHECK_EQ(log.n_events, 25);
}

static void
every_real_log_is_read_to_its_end(void)
{
    static const struct {
        const char *name;
        uint32_t n_events;
        uint8_t locality;
    } logs[] = {
        {"arch-linux-workstation", 25, 0xff},
        {"cos-85-amd-sev", 46, 0xff},
        {"ebs_event_missing_eventlog", 38, 0xff},
        {"gdc-host", 159, 3},
        {"glinux-alex", 29, 3},
        {"keylime-mb", 121, 3},
        {"option_rom_eventlog", 61, 0xff},
        {"rhel8-uefi", 83, 0xff},
        {"sb_cert_eventlog", 15, 0xff},
        {"short_no_action_eventlog", 1, 3},
        {"tpm2-tools-event", 2, 0xff},
        {"tpm2-tools-event-postcode", 59, 0xff},
        {"tss-hcrtm", 204, 0xff},
        {"ubuntu-2104-no-dbx", 112, 0xff},
    };

    for (size_t i = 0; i < ARRAY_LEN(logs); i++) {
        char path[128];
        struct evlog log;

        snprintf(path, sizeof(path), "evlog/%s.bin", logs[i].name);
        CHECK_EQ(read_all(check_guarded(check_vector(path)), &log, NULL), EVLOG_END);
        CHECK_EQ(log.n_events, logs[i].n_events);
        CHECK_EQ(log.locality, logs[i].locality);
    }
}

/* tss-hcrtm names SM3, a bank that few readers know. */
static void
banks_are_found_and_named(void)
{
    char room[EVLOG_BANK_NAME_MAX];
    struct evlog log;

    CHECK_EQ(evlog_open(check_vector("evlog/tss-hcrtm.bin"), &log, NULL), 0);
    CHECK_EQ(evlog_bank(&log, HASH_SM3_256), 2);
    CHECK_EQ(evlog_bank(&log, HASH_SHA512), log.n_banks);
    CHECK_STR(evlog_bank_name(&log.bank[2], room), "sm3_256");
    CHECK_STR(evlog_bank_name(&(struct evlog_bank){0x44, 9, HASH_N}, room), "0x0044");
}

/* Whatever the cut, the events before it come whole and the first one after it is the fault. */
static void
each_truncation_gives_the_events_before_it(void)
{
    struct bytes in = check_vector("evlog/tpm2-tools-event-sd-boot-fedora37.bin");
    uint32_t before = 0;

    for (size_t len = 5; len < in.len; len++) { /* below: zeros only */
        struct bytes cut = check_guarded(bytes_of(in.p, len));
        struct evlog_event event;
        struct evlog log;
        struct fault fault;
        size_t end = 0;

        CHECK_EQ(evlog_open(cut, &log, &fault), 0);
        while (evlog_next(&log, &event, &fault) == 0) {
            end = (size_t)(event.data.p - cut.p) + event.data.len;
        }
        CHECK(log.n_events >= before && log.n_events <= before + 1);
        before = log.n_events;
        CHECK_EQ(log.ended, end + log.padding == len ? EVLOG_END : EVLOG_FAULT);
        CHECK(log.ended == EVLOG_END || fault.rule == RULE_EVLOG_SHORT);
        CHECK(log.ended == EVLOG_END || fault.event == log.n_events);
    }
    CHECK_EQ(before, 27);
}

static void
each_flip_is_survived_and_a_verdict_lasts(void)
{
    struct bytes in = check_guarded(check_vector("evlog/tpm2-tools-event-uefivar.bin"));

    for (size_t at = 0; at < in.len * 8; at++) {
        uint8_t *bent = (uint8_t *)(uintptr_t)in.p;
        struct evlog_event event;
        struct evlog log;
        struct fault fault = {0};
        int r;

        bent[at / 8] = (uint8_t)(bent[at / 8] ^ (1u << (at % 8)));
        r = read_all(in, &log, &fault);
        CHECK(r == EVLOG_END || (r == EVLOG_FAULT && fault.rule != RULE_NONE));
        if (fault.offset > 0) {
            CHECK_EQ(evlog_next(&log, &event, &fault), r);
        }
        bent[at / 8] = (uint8_t)(bent[at / 8] ^ (1u << (at % 8)));
    }
}

static void
an_empty_or_huge_log_is_refused(void)
{
    uint8_t *huge = calloc(1, LIMIT_LOG_BYTES + 1);

    CHECK(huge);
    CHECK_FAULT(BYTES_NULL, EVLOG_EMPTY, FAULT_NO_EVENT, 0);
    CHECK_FAULT(BYTES_OF(zeros), EVLOG_EMPTY, FAULT_NO_EVENT, 0);
    CHECK_FAULT(check_hex("ffffffff"), EVLOG_EMPTY, FAULT_NO_EVENT, 0);
    CHECK_FAULT(bytes_of(huge, LIMIT_LOG_BYTES + 1), EVLOG_TOO_LONG, FAULT_NO_EVENT,
                LIMIT_LOG_BYTES);
    free(huge);
}

static void
events_are_counted(void)
{
    size_t len = (LIMIT_EVENTS + 1) * 32;
    uint8_t *room = calloc(1, len);
    struct wr wr = wr_init(room, len);

    CHECK(room);
    for (size_t i = 0; i <= LIMIT_EVENTS; i++) {
        wr_le32(&wr, 23);
        wr_le32(&wr, EV_ACTION);
        wr_bytes(&wr, bytes_of(zeros, 20));
        wr_le32(&wr, 0);
    }
    CHECK_FAULT(wr_done(&wr), EVLOG_TOO_MANY, LIMIT_EVENTS, LIMIT_EVENTS * 32);
    free(room);
}

/* A log of one event with this PCR and type in both forms. */
static struct bytes
one_event(const enum hash *banks, uint32_t pcr, uint32_t type)
{
    static struct make_log make;

    make_log_init(&make, banks);
    make_event(&make, pcr, type, bytes_str("x"), bytes_str("x"));
    make_log_done(&make);
    return make_log_bytes(&make);
}

/* Pitfall 20: other readers index their PCR table with these. */
static void
a_pcr_out_of_range_is_a_fault(void)
{
    static const uint32_t bad[] = {24, 32, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff};

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        CHECK_FAULT(one_event(sha1_log, bad[i], EV_ACTION), EVLOG_PCR, 0, 0);
        CHECK_FAULT(one_event(two_banks, bad[i], EV_ACTION), EVLOG_PCR, 1, 69);
    }
    CHECK_FAULT(one_event(two_banks, 24, EV_NO_ACTION), EVLOG_PCR, 1, 69);
    CHECK_EQ(rule_reason(RULE_EVLOG_PCR), REASON_PCR_RANGE);
}

static void
a_no_action_event_may_name_no_pcr(void)
{
    struct evlog log;

    CHECK_EQ(read_all(one_event(sha1_log, EVLOG_PCR_NONE, EV_NO_ACTION), &log, NULL), EVLOG_END);
    CHECK_EQ(read_all(one_event(two_banks, EVLOG_PCR_NONE, EV_NO_ACTION), &log, NULL), EVLOG_END);
    CHECK_EQ(log.n_events, 2);
    CHECK(!log.pcr0_extended);
}

/* A size that would end the log 3 GB further on. */
static void
a_huge_event_is_short(void)
{
    struct make_log make;

    make_log_init(&make, sha1_log);
    wr_le32(&make.wr, 0);
    wr_le32(&make.wr, EV_ACTION);
    wr_bytes(&make.wr, bytes_of(zeros, 20));
    wr_le32(&make.wr, 0xc0000000);
    wr_str(&make.wr, "tail");
    CHECK_FAULT(make_log_bytes(&make), EVLOG_SHORT, 0, 0);
    make_log_done(&make);
}

/* A crypto-agile log with one event of these {id, size} digests, sizes taken as they are. */
static struct bytes
digests(uint32_t count, const uint16_t (*pairs)[2], size_t n)
{
    static struct make_log make;

    make_log_init(&make, two_banks);
    wr_le32(&make.wr, 23);
    wr_le32(&make.wr, EV_ACTION);
    wr_le32(&make.wr, count);
    for (size_t i = 0; i < n; i++) {
        wr_le16(&make.wr, pairs[i][0]);
        for (size_t k = 0; k < pairs[i][1]; k++) {
            wr_u8(&make.wr, (uint8_t)pairs[i][0]);
        }
    }
    wr_le32(&make.wr, 1);
    wr_u8(&make.wr, 'x');
    make_log_done(&make);
    return make_log_bytes(&make);
}

static void
digests_may_come_in_any_order(void)
{
    static const uint16_t swapped[][2] = {{0x0b, 32}, {0x04, 20}};
    struct evlog_event event;
    struct evlog log;

    CHECK_EQ(evlog_open(digests(2, swapped, 2), &log, NULL), 0);
    CHECK_EQ(evlog_next(&log, &event, NULL), 0);
    CHECK_EQ(evlog_next(&log, &event, NULL), 0);
    CHECK_EQ(event.digest[0].len, 20);
    CHECK_EQ(event.digest[0].p[0], 0x04);
    CHECK_EQ(event.digest[1].len, 32);
    CHECK_EQ(event.digest[1].p[0], 0x0b);
    CHECK_EQ(event.data.p[0], 'x');
}

static void
each_bank_has_one_digest(void)
{
    static const uint16_t twice[][2] = {{0x0b, 32}, {0x0b, 32}};
    static const uint16_t unknown[][2] = {{0x04, 20}, {0x0c, 48}};
    static const uint16_t three[][2] = {{0x04, 20}, {0x0b, 32}, {0x0c, 48}};

    CHECK_FAULT(digests(0, twice, 0), EVLOG_DIGEST_COUNT, 1, 77);
    CHECK_FAULT(digests(1, twice, 1), EVLOG_DIGEST_COUNT, 1, 77);
    CHECK_FAULT(digests(3, three, 3), EVLOG_DIGEST_COUNT, 1, 77);
    CHECK_FAULT(digests(9, three, 3), EVLOG_DIGEST_COUNT, 1, 77);
    CHECK_FAULT(digests(0xffffffff, three, 3), EVLOG_DIGEST_COUNT, 1, 77);
    CHECK_FAULT(digests(2, twice, 2), EVLOG_DIGEST_TWICE, 1, 115);
    CHECK_FAULT(digests(2, unknown, 2), EVLOG_DIGEST_UNKNOWN, 1, 103);
}

/* A Spec ID event with these {id, size} banks and vendor bytes, and its data this much longer. */
static struct bytes
spec(uint32_t count, const uint16_t (*pairs)[2], size_t n, uint8_t vendor_len, uint32_t more)
{
    static uint8_t room[512];
    struct wr wr = wr_init(room, sizeof(room));

    make_spec_head(&wr, (uint32_t)(29 + 4 * n + more));
    make_spec_start(&wr, count);
    for (size_t i = 0; i < n; i++) {
        wr_le16(&wr, pairs[i][0]);
        wr_le16(&wr, pairs[i][1]);
    }
    wr_u8(&wr, vendor_len);
    wr_str(&wr, "vendor");
    return check_guarded(wr_done(&wr));
}

static void
banks_of_the_spec_id_are_checked(void)
{
    static const uint16_t good[][2] = {{0x04, 20}, {0x0b, 32}};
    static const uint16_t twice[][2] = {{0x0b, 32}, {0x0b, 32}};
    static const uint16_t size[][2] = {{0x04, 20}, {0x0b, 20}};
    static const uint16_t none[][2] = {{0x99, 0}};

    CHECK_FAULT(spec(0, good, 0, 6, 6), EVLOG_BANKS, 0, 56);
    CHECK_FAULT(spec(9, good, 2, 6, 6), EVLOG_BANKS, 0, 56);
    CHECK_FAULT(spec(0xffffffff, good, 2, 6, 6), EVLOG_BANKS, 0, 56);
    CHECK_FAULT(spec(2, twice, 2, 6, 6), EVLOG_BANK_TWICE, 0, 64);
    CHECK_FAULT(spec(2, size, 2, 6, 6), EVLOG_BANK_SIZE, 0, 64);
    CHECK_FAULT(spec(1, none, 1, 6, 6), EVLOG_BANK_SIZE, 0, 60);
    CHECK_FAULT(spec(8, good, 2, 0, 0), EVLOG_SPEC_FORM, 0, 68);
}

/* tpm2-tools keeps a vector whose vendor bytes lie behind the event; ours must be inside. */
static void
vendor_bytes_end_where_the_spec_id_ends(void)
{
    static const uint16_t good[][2] = {{0x04, 20}, {0x0b, 32}};
    struct evlog log;

    CHECK_EQ(read_all(spec(2, good, 2, 6, 6), &log, NULL), EVLOG_END);
    CHECK_BYTES(log.spec.vendor, bytes_str("vendor"));
    CHECK_FAULT(spec(2, good, 2, 7, 6), EVLOG_SPEC_FORM, 0, 69);
    CHECK_FAULT(spec(2, good, 2, 5, 6), EVLOG_SPEC_FORM, 0, 74);
    CHECK_FAULT(check_vector("evlog/tpm2-tools-specid-vendordata.bin"), EVLOG_SPEC_FORM, 0, 69);
}

/* Bends byte `at` of a good Spec ID event. */
static struct bytes
bent_spec(size_t at, uint8_t value)
{
    struct bytes in = one_event(two_banks, 0, EV_ACTION);
    uint8_t *bent = (uint8_t *)(uintptr_t)in.p;

    bent[at] = value;
    return in;
}

static void
the_spec_id_head_is_checked(void)
{
    CHECK_FAULT(bent_spec(0, 1), EVLOG_SPEC_HEAD, 0, 0);
    CHECK_FAULT(bent_spec(27, 1), EVLOG_SPEC_HEAD, 0, 0);
    CHECK_FAULT(bent_spec(46, '4'), EVLOG_SPEC_VERSION, 0, 0);
    CHECK_FAULT(bent_spec(47, ' '), EVLOG_SPEC_VERSION, 0, 0);
}

static void
an_old_spec_id_begins_a_sha1_log_and_none_comes_later(void)
{
    struct make_log make;
    struct evlog log;

    make_log_init(&make, sha1_log);
    make_no_action(&make, 0, bytes_of("Spec ID Event02\0....", 20));
    make_event(&make, 0, EV_ACTION, bytes_str("x"), bytes_str("x"));
    CHECK_EQ(read_all(make_log_bytes(&make), &log, NULL), EVLOG_END);
    CHECK_EQ(log.format, EVLOG_SHA1);
    make_no_action(&make, 0, bytes_of("Spec ID Event03", 16));
    CHECK_FAULT(make_log_bytes(&make), EVLOG_SPEC_PLACE, 2, 85);
    make_log_done(&make);
}

/* A log with a StartupLocality event, and perhaps something before it. */
static struct bytes
locality(uint32_t pcr, struct bytes data, bool late, bool twice)
{
    static struct make_log make;

    make_log_init(&make, sha1_log);
    make_event(&make, late ? 0 : 1, EV_ACTION, bytes_str("x"), BYTES_NULL);
    if (twice) {
        make_no_action(&make, 0, data);
    }
    make_no_action(&make, pcr, data);
    make_event(&make, 1, EV_ACTION, bytes_str("x"), bytes_str("x"));
    make_log_done(&make);
    return make_log_bytes(&make);
}

static void
a_startup_locality_is_taken_once_before_pcr_0_is_extended(void)
{
    struct bytes three = bytes_of("StartupLocality\0\3", 17);
    struct evlog log;

    CHECK_EQ(read_all(locality(0, three, false, false), &log, NULL), EVLOG_END);
    CHECK_EQ(log.locality, 3);
    CHECK_FAULT(locality(1, three, false, false), EVLOG_LOCALITY_FORM, 1, 32);
    CHECK_FAULT(locality(0, three, true, false), EVLOG_LOCALITY_PLACE, 1, 32);
    CHECK_FAULT(locality(0, three, false, true), EVLOG_LOCALITY_PLACE, 2, 81);
    CHECK_FAULT(locality(0, bytes_of("StartupLocality\0\1", 17), false, false), EVLOG_LOCALITY_FORM,
                1, 32);
    CHECK_FAULT(locality(0, bytes_of("StartupLocality", 16), false, false), EVLOG_LOCALITY_FORM, 1,
                32);
    CHECK_FAULT(locality(0, bytes_of("StartupLocality\0\3x", 18), false, false),
                EVLOG_LOCALITY_FORM, 1, 32);
}

/* A good log and behind it n times this byte, then perhaps another one. */
static void
padded(uint8_t value, size_t n, const char *tail, int result)
{
    struct make_log make;
    struct evlog log;

    make_log_init(&make, two_banks);
    make_event(&make, 1, EV_ACTION, bytes_str("x"), bytes_str("x"));
    for (size_t i = 0; i < n; i++) {
        wr_u8(&make.wr, value);
    }
    wr_str(&make.wr, tail);
    CHECK_EQ(read_all(make_log_bytes(&make), &log, NULL), result);
    CHECK_EQ(log.n_events, 2);
    CHECK_EQ(log.padding, result == EVLOG_END ? n : 0);
    CHECK(result != EVLOG_END || evlog_padding_offset(&log) == make.wr.len - n);
    make_log_done(&make);
}

static void
padding_is_skipped_and_told_of(void)
{
    padded(0x00, 0, "", EVLOG_END);
    padded(0x00, 1, "", EVLOG_END);
    padded(0x00, 500, "", EVLOG_END);
    padded(0xff, 500, "", EVLOG_END);
    padded(0x20, 1, "", EVLOG_FAULT);
    padded(0x00, 11, "x", EVLOG_FAULT);
    padded(0xff, 500, "x", EVLOG_FAULT);
}

/* Zeros behind an event whose data ends in zeros must not shorten that event. */
static void
padding_begins_after_the_last_event(void)
{
    struct make_log make;
    struct evlog log;

    make_log_init(&make, sha1_log);
    make_event(&make, 1, EV_SEPARATOR, bytes_of(zeros, 4), bytes_of(zeros, 4));
    wr_bytes(&make.wr, BYTES_OF(zeros));
    CHECK_EQ(read_all(make_log_bytes(&make), &log, NULL), EVLOG_END);
    CHECK_EQ(log.n_events, 1);
    CHECK_EQ(log.padding, sizeof(zeros));
    make_log_done(&make);
}

static void
a_bank_of_an_unknown_hash_is_read_by_its_size(void)
{
    static const uint16_t pairs[][2] = {{0x04, 20}, {0x99, 3}};
    struct bytes head = spec(2, pairs, 2, 0, 0);
    struct evlog_event event;
    struct evlog log;
    uint8_t room[256];
    struct wr wr = wr_init(room, sizeof(room));

    wr_bytes(&wr, bytes_of(head.p, 69));
    wr_le32(&wr, 4);
    wr_le32(&wr, EV_ACTION);
    wr_le32(&wr, 2);
    wr_le16(&wr, 0x99);
    wr_str(&wr, "abc");
    wr_le16(&wr, 0x04);
    wr_bytes(&wr, bytes_of(zeros, 20));
    wr_le32(&wr, 1);
    wr_str(&wr, "x");
    CHECK_EQ(evlog_open(check_guarded(wr_done(&wr)), &log, NULL), 0);
    CHECK_EQ(log.bank[1].hash, HASH_N);
    CHECK_EQ(evlog_next(&log, &event, NULL), 0);
    CHECK_EQ(evlog_next(&log, &event, NULL), 0);
    CHECK_BYTES(event.digest[1], bytes_str("abc"));
}

static void
types_have_names(void)
{
    char room[EVTYPE_NAME_MAX];

    CHECK_STR(evtype_name(EV_EFI_VARIABLE_BOOT2, room), "EV_EFI_VARIABLE_BOOT2");
    CHECK_STR(evtype_name(0x80000042, room), "0x80000042");
    CHECK_EQ(evtype_binding(EV_EFI_VARIABLE_BOOT), EVTYPE_BINDS_VALUE);
    CHECK_EQ(evtype_binding(0x80000042), EVTYPE_BINDS_NOTHING);
}

CHECK_MAIN(CASE(a_real_agile_log_gives_its_events), CASE(a_real_sha1_log_gives_its_events),
           CASE(every_real_log_is_read_to_its_end), CASE(banks_are_found_and_named),
           CASE(each_truncation_gives_the_events_before_it),
           CASE(each_flip_is_survived_and_a_verdict_lasts), CASE(an_empty_or_huge_log_is_refused),
           CASE(events_are_counted), CASE(a_pcr_out_of_range_is_a_fault),
           CASE(a_no_action_event_may_name_no_pcr), CASE(a_huge_event_is_short),
           CASE(digests_may_come_in_any_order), CASE(each_bank_has_one_digest),
           CASE(banks_of_the_spec_id_are_checked), CASE(vendor_bytes_end_where_the_spec_id_ends),
           CASE(the_spec_id_head_is_checked),
           CASE(an_old_spec_id_begins_a_sha1_log_and_none_comes_later),
           CASE(a_startup_locality_is_taken_once_before_pcr_0_is_extended),
           CASE(padding_is_skipped_and_told_of), CASE(padding_begins_after_the_last_event),
           CASE(a_bank_of_an_unknown_hash_is_read_by_its_size), CASE(types_have_names))
