/* A real boot's log, changed in one place, with PCRs that agree with it wherever it still is a log:
 * what the firmware profile and the class's reference events make of it. */
#include "base/hex.h"
#include "lib/attest-play.h"
#include "lib/boot-log.h"
#include "lib/check.h"

static void
other_kernel(void)
{
    struct evlog_event event = boot_log_find(4, 0x80000003, 3);

    boot_log_measure(&event, bytes_str("another kernel"), false);
}

static void
other_firmware(void)
{
    struct evlog_event event = boot_log_find(0, 0x80000008, 0);

    boot_log_measure(&event, bytes_str("another firmware"), false);
}

static void
other_variable(void)
{
    struct evlog_event event = boot_log_find(7, 0x80000001, 0);

    ((uint8_t *)(uintptr_t)event.data.p)[event.data.len - 1] ^= 1;
    boot_log_measure(&event, event.data, false);
}

static void
lie_about_variable(void)
{
    struct evlog_event event = boot_log_find(7, 0x80000001, 0);

    ((uint8_t *)(uintptr_t)event.data.p)[event.data.len - 1] ^= 1;
}

static void
separator_twice(void)
{
    struct evlog_event event = boot_log_find(3, TYPE_SEPARATOR, 0);

    boot_log_copy(&event, event.offset);
}

static void
second_sequence_appended(void)
{
    struct evlog_event event = boot_log_find(7, TYPE_SEPARATOR, 0);

    boot_log_copy(&event, boot_log.len);
}

static void
separator_gone(void)
{
    struct evlog_event event = boot_log_find(3, TYPE_SEPARATOR, 0);

    boot_log_cut(&event);
}

static void
separator_of_an_error(void)
{
    static const uint8_t one[4] = {1, 0, 0, 0};
    struct evlog_event event = boot_log_find(3, TYPE_SEPARATOR, 0);

    boot_log_measure(&event, BYTES_OF(one), true);
}

static void
separator_relabelled(void)
{
    struct evlog_event event = boot_log_find(3, TYPE_SEPARATOR, 0);

    boot_log_put(event.offset + BOOT_LOG_TYPE, TYPE_ACTION);
}

/* A separator by its data alone: what it says was not measured. */
static void
separator_data_only(void)
{
    struct evlog_event event = boot_log_find(3, TYPE_SEPARATOR, 0);

    memset((uint8_t *)(uintptr_t)event.data.p, 0xff, event.data.len);
}

static void
separator_of_five(void)
{
    static const uint8_t five[4] = {5, 0, 0, 0};
    struct evlog_event event = boot_log_find(3, TYPE_SEPARATOR, 0);

    boot_log_measure(&event, BYTES_OF(five), true);
}

/* An image whose digest is a separator's, so that a PCR could be closed by loading it. */
static void
image_like_a_separator(void)
{
    static const uint8_t zero[4];
    struct evlog_event event = boot_log_find(4, 0x80000003, 0);

    boot_log_measure(&event, BYTES_OF(zero), false);
}

static void
image_relabelled_as_variable(void)
{
    boot_log_put(boot_log_find(4, 0x80000003, 0).offset + BOOT_LOG_TYPE, 0x80000002);
}

static void
image_relabelled_as_action(void)
{
    boot_log_put(boot_log_find(4, 0x80000003, 0).offset + BOOT_LOG_TYPE, TYPE_ACTION);
}

static void
image_relabelled_as_separator(void)
{
    boot_log_put(boot_log_find(4, 0x80000003, 0).offset + BOOT_LOG_TYPE, TYPE_SEPARATOR);
}

/* Lengths inside a variable, measured as they stand: the digests are right, the form is not. */
static void
put_variable_u64(size_t at, uint64_t value)
{
    struct evlog_event event = boot_log_find(7, 0x80000001, 1);
    size_t offset = (size_t)(event.data.p - boot_log.room) + at;

    boot_log_put(offset, (uint32_t)value);
    boot_log_put(offset + 4, (uint32_t)(value >> 32));
    boot_log_measure(&event, event.data, false);
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
    struct evlog_event event = boot_log_find(7, 0x80000001, 1);
    size_t value_at = (size_t)(event.data.p - boot_log.room) + 32 + 2 * strlen("PK");

    CHECK_EQ(boot_log.room[value_at - 4], 'P');
    boot_log_put(value_at + 16, value);
    boot_log_measure(&event, event.data, false);
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

static const struct boot_log_row rows[] = {
    {"nothing", NULL, REASON_NONE},
    {"another kernel", other_kernel, REASON_BOOT_IMAGE_UNKNOWN},
    {"another firmware", other_firmware, REASON_FW_UNKNOWN},
    {"another Secure Boot variable", other_variable, REASON_EVT_UNCLAIMED},
    {"data that is not what was measured", lie_about_variable, REASON_EVT_DATA_MISMATCH},
    {"a separator twice", separator_twice, REASON_SEPARATOR_DUPLICATE},
    {"a second sequence of PCR 7", second_sequence_appended, REASON_SEPARATOR_DUPLICATE},
    {"a separator gone", separator_gone, REASON_SEPARATOR_MISSING},
    {"a separator of an error", separator_of_an_error, REASON_FIRMWARE_ERROR_SEPARATOR},
    {"a separator under another type", separator_relabelled, REASON_SEPARATOR_DISGUISED},
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
};

static void
event_gone(void)
{
    struct evlog_event event = boot_log_find(4, 0x80000003, 0);

    boot_log_cut(&event);
}

static void
event_twice(void)
{
    struct evlog_event event = boot_log_find(4, 0x80000003, 0);

    boot_log_copy(&event, event.offset);
}

/* The first event of PCR 4 once more behind the last one, and away from where it stood. */
static void
events_out_of_order(void)
{
    struct evlog_event event = boot_log_find(4, 0x80000003, 0);

    boot_log_copy(&event, boot_log.len);
    event_gone();
}

static void
event_not_extended(void)
{
    boot_log_put(boot_log_find(4, 0x80000003, 0).offset + BOOT_LOG_TYPE, TYPE_NO_ACTION);
}

static void
event_of_another_pcr(void)
{
    boot_log_put(boot_log_find(4, 0x80000003, 0).offset + BOOT_LOG_PCR, 5);
}

static void
flip_digest(enum hash bank)
{
    struct evlog_event event = boot_log_find(4, 0x80000003, 0);

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
    boot_log_insert(boot_log_find(0, 0, 0).offset, 0, TYPE_NO_ACTION,
                    bytes_of("StartupLocality\0\3", 17));
}

/* The firmware and its TPM are honest, the log that is shown is not. */
static const struct boot_log_row told_otherwise[] = {
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

static void
each_change_alone_gets_its_own_verdict(void)
{
    boot_log_rows(rows, ARRAY_LEN(rows), false);
}

static void
a_log_that_tells_otherwise_than_the_quote_is_refused(void)
{
    boot_log_rows(told_otherwise, ARRAY_LEN(told_otherwise), true);
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

    boot_log_start();
    for (uint32_t pcr = 0; pcr < 8; pcr++) {
        struct evlog_event event = boot_log_find(pcr, TYPE_SEPARATOR, 0);

        boot_log_measure(&event, BYTES_OF(ones), true);
    }
    CHECK(keeper_rig_boot(&play.rig, boot_log_bytes()));
    answer = boot_log_attest();
    CHECK_EQ(answer.tier, TIER_CONTRAINDICATED);
    for (size_t i = 0; i < answer.n_reasons; i++) {
        CHECK(answer.reasons[i] != REASON_SEPARATOR_MISSING);
        CHECK(answer.reasons[i] != REASON_SEPARATOR_DISGUISED);
        CHECK(answer.reasons[i] != REASON_FIRMWARE_ERROR_SEPARATOR);
        CHECK(answer.reasons[i] != REASON_EVT_DATA_MISMATCH);
    }
    CHECK_EQ(keeper_device(&play.rig.keeper, bytes_str(play.rig.identity), &device), 0);
    (void)hex_write(id, BYTES_OF(device.id));
    CHECK_EQ(keeper_rig_command(&play.rig, (const char *[]){"golden", "learn", "c", id, "confirm"},
                                5, json, sizeof(json)),
             0);
    CHECK_EQ(boot_log_attest().tier, TIER_AFFIRMING);
}

/* The same boot told in the older format, which has no bank but SHA-1. */
static void
a_log_of_sha1_alone_does_not_speak_for_sha256(void)
{
    static uint8_t room[sizeof(boot_log.room)];
    struct wr wr = wr_init(room, sizeof(room));
    struct evlog_event event;
    struct pcr_values values;
    struct answer answer;
    struct evlog log;

    boot_log_start();
    CHECK_EQ(boot_log_attest().tier, TIER_AFFIRMING);
    CHECK_EQ(evlog_open(boot_log_bytes(), &log, NULL), 0);
    while (evlog_next(&log, &event, NULL) == 0) {
        if (event.type != TYPE_NO_ACTION) {
            wr_le32(&wr, event.pcr);
            wr_le32(&wr, event.type);
            wr_bytes(&wr, event.digest[0]);
            wr_le32(&wr, (uint32_t)event.data.len);
            wr_bytes(&wr, event.data);
        }
    }
    values = play.rig.device.values;
    CHECK(keeper_rig_boot(&play.rig, wr_done(&wr)));
    play.rig.device.values = values;
    answer = boot_log_attest();
    CHECK_EQ(answer.tier, TIER_CONTRAINDICATED);
    CHECK_EQ(answer.reasons[0], REASON_BANK_MISSING_IN_LOG);
}

CHECK_MAIN(CASE(each_change_alone_gets_its_own_verdict),
           CASE(a_log_that_tells_otherwise_than_the_quote_is_refused),
           CASE(separators_of_all_ones_are_separators),
           CASE(a_log_of_sha1_alone_does_not_speak_for_sha256))
