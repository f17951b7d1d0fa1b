/* Userspace logs beside an IMA list, against a keeper. */
#include "lib/check.h"
#include "lib/growing-rig.h"

static uint8_t records[4096]; /* the log */
static size_t records_len;

/* Records of systemd, each extending a PCR of every bank with the digest of its text. */
static void
userspace_record(uint32_t pcr, const char *text, bool extend)
{
    static const char *const names[] = {"sha1", "sha256", "sha384"};
    char digests[3][2 * HASH_SIZE_MAX + 1];

    for (size_t set = 0; set < 3; set++) {
        enum hash bank = growing_rig.keeper.device.values.selection.sets[set].bank;
        uint8_t digest[HASH_SIZE_MAX];

        CHECK_EQ(hasher_bytes(growing_rig.keeper.hasher, bank, bytes_str(text), digest), 0);
        for (size_t i = 0; i < hash_size(bank); i++) {
            snprintf(digests[set] + 2 * i, 3, "%02x", digest[i]);
        }
        if (extend) {
            CHECK_EQ(hasher_extend(growing_rig.keeper.hasher, bank,
                                   growing_rig.keeper.device.values.value[set][pcr],
                                   bytes_of(digest, hash_size(bank))),
                     0);
        }
    }
    records_len += (size_t)snprintf(
        (char *)records + records_len, sizeof(records) - records_len,
        "\x1e{\"pcr\":%u,\"digests\":[{\"hashAlg\":\"%s\",\"digest\":\"%s\"},{\"hashAlg\":\"%s\","
        "\"digest\":\"%s\"},{\"hashAlg\":\"%s\",\"digest\":\"%s\"}],\"content_type\":\"systemd\","
        "\"content\":{\"string\":\"%s\",\"eventType\":\"phase\"}}\n",
        pcr, names[0], digests[0], names[1], digests[1], names[2], digests[2], text);
    growing_rig.keeper.device.userspace.bytes = bytes_of(records, records_len);
}

/* A member of a class that wants userspace's PCRs, in every bank. */
static void
start_userspace(void)
{
    growing_rig_member("0-15", 0xffff);
    growing_rig.keeper.device.values.selection.sets[0].mask = 0x8ff;
    records_len = 0;
    growing_rig_quoted(50, 50);
    userspace_record(11, "enter-initrd", true);
    userspace_record(15, "machine-id:1", true);
}

static void
userspace_goes_on_from_where_it_was_known(void)
{
    struct answer answer;
    unsigned before;

    start_userspace();
    answer = growing_rig_accepted();
    CHECK_EQ(growing_rig_known(&answer, LOG_USERSPACE), records_len);
    growing_rig.keeper.device.ima.offset = growing_rig.ends[49];
    growing_rig.keeper.device.userspace.offset = records_len;
    userspace_record(11, "leave-initrd", true);
    growing_rig_quoted(60, 60);
    before = growing_rig.keeper.n_read;
    answer = growing_rig_accepted();
    CHECK_EQ(growing_rig_known(&answer, LOG_USERSPACE), records_len);
    CHECK_EQ(growing_rig.keeper.n_read, before + 2);
    growing_rig.keeper.device.userspace.offset = records_len;
    growing_rig.keeper.device.ima.offset = growing_rig.ends[59];
    answer = growing_rig_accepted();
    CHECK_EQ(growing_rig_known(&answer, LOG_USERSPACE), records_len);
    CHECK_EQ(growing_rig.keeper.n_read, before + 2);
}

static void
a_userspace_record_too_many_is_carried_over(void)
{
    struct answer answer;
    size_t quoted;

    start_userspace();
    quoted = records_len;
    userspace_record(11, "leave-initrd", false);
    answer = growing_rig_accepted();
    CHECK_EQ(growing_rig_known(&answer, LOG_USERSPACE), quoted);
}

static void
what_userspace_extended_must_be_in_its_log(void)
{
    start_userspace();
    growing_rig.keeper.device.values.value[POLICY][12][0] ^= 1;
    growing_rig_plain();
    CHECK_EQ(growing_rig_attest(growing_rig_written(growing_rig.body_room)), COAP_CODE(2, 4));
    CHECK_EQ(growing_rig_reason(), REASON_LOG_REPLAY);
}

static void
a_userspace_log_that_is_not_there_is_named(void)
{
    struct answer answer;

    start_userspace();
    growing_rig.keeper.device.userspace.bytes = BYTES_NULL;
    growing_rig_plain();
    CHECK_EQ(growing_rig_attest(growing_rig_written(growing_rig.body_room)), COAP_CODE(2, 4));
    answer = growing_rig_answered();
    CHECK_EQ(answer.n_reasons, 2);
    CHECK_EQ(answer.reasons[0], REASON_LOG_REPLAY);
    CHECK_EQ(answer.reasons[1], REASON_USERSPACE_LOG_MISSING);
}

/* The kernel of this boot hidden in the log of userspace: it would replay, and no policy would look
 * at it. */
static void
userspace_explains_no_pcr_of_the_firmware(void)
{
    for (uint32_t pcr = 0; pcr < 16; pcr++) {
        bool theirs = pcr == 11 || pcr == 12 || pcr == 13 || pcr == 15;

        if (pcr == IMA) {
            continue;
        }
        start_userspace();
        userspace_record(pcr, "evil", true);
        growing_rig_plain();
        CHECK_EQ(growing_rig_attest(growing_rig_written(growing_rig.body_room)), COAP_CODE(2, 4));
        CHECK_EQ(growing_rig_reason(), theirs ? REASON_NONE : REASON_LOG_REPLAY);
        keeper_rig_done(&growing_rig.keeper);
    }
}

static void
a_userspace_log_out_of_form_is_refused(void)
{
    start_userspace();
    records[records_len - 1] = '}'; /* the last record does not end */
    growing_rig_plain();
    CHECK_EQ(growing_rig_attest(growing_rig_written(growing_rig.body_room)), COAP_CODE(2, 4));
    CHECK_EQ(growing_rig_reason(), REASON_LOG_PARSE);
    CHECK(!growing_rig_answered().cwt.p);
}

static void
two_logs_swapped_are_no_logs(void)
{
    struct bytes ima;

    start_userspace();
    growing_rig_plain();
    ima = growing_rig.keeper.device.ima.bytes;
    growing_rig.keeper.device.ima.bytes = growing_rig.keeper.device.userspace.bytes;
    growing_rig.keeper.device.userspace.bytes = ima;
    CHECK_EQ(growing_rig_attest(growing_rig_written(growing_rig.body_room)), COAP_CODE(2, 4));
    CHECK_EQ(growing_rig_reason(), REASON_LOG_PARSE);
}

/* The order of claims is the device's: only item and claim must agree. */
static void
claims_of_two_logs_may_stand_in_any_order(void)
{
    start_userspace();
    growing_rig_plain();
    growing_rig.evidence.claims.logs[1].kind = LOG_USERSPACE;
    growing_rig.evidence.claims.logs[2].kind = LOG_IMA;
    growing_rig_resign();
    CHECK_EQ(growing_rig_attest(growing_rig_written(growing_rig.body_room)), COAP_CODE(2, 4));
    CHECK_EQ(growing_rig_answered().tier, TIER_AFFIRMING);
}

static bool
first_device(void *context, const struct store_device *device)
{
    *(struct store_device *)context = *device;
    return false;
}

static struct store_device
member(void)
{
    struct store_device device = {.state = DEVICE_STATE_N};

    CHECK_EQ(store_device_each(growing_rig.keeper.keeper.store, first_device, &device), 0);
    CHECK(device.state != DEVICE_STATE_N);
    return device;
}

/* What the store says of the userspace log of the last genuine evidence, which if it is kept must
 * be these bytes. */
static enum evidence_log
kept(size_t len)
{
    struct store *store = growing_rig.keeper.keeper.store;
    CLEANUP(free_p) uint8_t *body = NULL;
    struct store_evidence evidence;
    struct store_device device;
    size_t n = 0;

    device = member();
    CHECK_EQ(store_evidence_get(store, device.id, &evidence), 0);
    if (evidence.userspace == EVIDENCE_LOG_KEPT) {
        CHECK_EQ(store_log_get(store, evidence.userspace_log, &body, &n), 0);
        CHECK_BYTES(bytes_of(body, n), bytes_of(records, len));
    }
    return evidence.userspace;
}

static void
it_is_kept_whole_though_it_comes_in_parts(void)
{
    size_t first;

    start_userspace();
    (void)growing_rig_accepted();
    CHECK_EQ(kept(records_len), EVIDENCE_LOG_KEPT);
    first = records_len;
    growing_rig.keeper.device.userspace.offset = first;
    (void)growing_rig_accepted(); /* nothing more of it */
    CHECK_EQ(kept(first), EVIDENCE_LOG_KEPT);
    userspace_record(11, "leave-initrd", true);
    userspace_record(11, "sysinit", false); /* not quoted yet */
    first = records_len;
    while (records[--first - 1] != '\n') {
    }
    (void)growing_rig_accepted();
    CHECK_EQ(kept(first), EVIDENCE_LOG_KEPT);
}

static void
a_part_behind_what_is_not_kept_is_not_the_whole(void)
{
    struct store *store;
    struct store_evidence evidence;
    struct store_device device;

    start_userspace();
    (void)growing_rig_accepted();
    store = growing_rig.keeper.keeper.store;
    device = member();
    CHECK_EQ(store_evidence_get(store, device.id, &evidence), 0);
    evidence.userspace = EVIDENCE_LOG_UNKNOWN; /* as the version before left it */
    memset(evidence.userspace_log, 0, sizeof(evidence.userspace_log));
    CHECK_EQ(store_evidence_put(store, &evidence), 0);
    growing_rig.keeper.device.userspace.offset = records_len;
    userspace_record(11, "leave-initrd", true);
    (void)growing_rig_accepted();
    CHECK_EQ(kept(0), EVIDENCE_LOG_UNKNOWN);
    growing_rig.keeper.device.userspace.offset = 0; /* from the start: whole again */
    (void)growing_rig_accepted();
    CHECK_EQ(kept(records_len), EVIDENCE_LOG_KEPT);
}

static void
that_there_is_none_is_known_where_its_pcrs_are_quoted(void)
{
    growing_rig_member("0-15", 0xffff);
    growing_rig.keeper.device.values.selection.sets[0].mask = 0x8ff;
    growing_rig_quoted(50, 50);
    (void)growing_rig_accepted();
    CHECK_EQ(kept(0), EVIDENCE_LOG_NONE);
    keeper_rig_done(&growing_rig.keeper);
    growing_rig_member("0-10", 0x7ff);
    growing_rig_quoted(50, 50);
    (void)growing_rig_accepted();
    CHECK_EQ(kept(0), EVIDENCE_LOG_UNKNOWN);
}

CHECK_MAIN(CASE(userspace_goes_on_from_where_it_was_known),
           CASE(a_userspace_record_too_many_is_carried_over),
           CASE(what_userspace_extended_must_be_in_its_log),
           CASE(a_userspace_log_that_is_not_there_is_named),
           CASE(userspace_explains_no_pcr_of_the_firmware),
           CASE(a_userspace_log_out_of_form_is_refused), CASE(two_logs_swapped_are_no_logs),
           CASE(claims_of_two_logs_may_stand_in_any_order),
           CASE(it_is_kept_whole_though_it_comes_in_parts),
           CASE(a_part_behind_what_is_not_kept_is_not_the_whole),
           CASE(that_there_is_none_is_known_where_its_pcrs_are_quoted))
