/* Evidence that is as large as a class takes, and larger; lists that go over TCP only; what readers
 * and queues hold of them together. */
#include "lib/check.h"
#include "lib/growing-rig.h"
#include "lib/ima-make.h"

enum { MEMBERS = 7, LIST_ROOM = LIMIT_EVIDENCE_STREAM_BYTES - 65536, REFUSED_MAX = 1000 };

#define RIG (growing_rig.keeper)

static char json[4096];

/* The class has this bound from now on; what else it has is growing_rig_member()'s. */
static void
class_takes(uint32_t most)
{
    char setting[64];

    snprintf(setting, sizeof(setting), "evidence-max=%u", most);
    CHECK_EQ(keeper_rig_command(&RIG,
                                (const char *[]){"class", "add", "c", "pcrs=0-10,14", setting}, 5,
                                json, sizeof(json)),
             0);
}

/* One entry more at the end of the list, of a file that nobody has. */
static void
add_entry(void)
{
    uint8_t data_room[256];
    struct wr data = wr_init(data_room, sizeof(data_room));
    struct wr wr = wr_init(growing_rig.list + growing_rig.list_len, 512);
    uint8_t digest[HASH_SIZE_MAX];
    char path[64];

    CHECK(growing_rig.n_entries < GROWING_RIG_ENTRIES);
    snprintf(path, sizeof(path), "/usr/lib/made/%08zu.so", growing_rig.n_entries);
    CHECK_EQ(hasher_bytes(RIG.hasher, HASH_SHA256, bytes_str(path), digest), 0);
    wr_le32(&data, 8 + 32);
    wr_bytes(&data, bytes_of("sha256:", 8));
    wr_bytes(&data, bytes_of(digest, 32));
    ima_make_field(&data, bytes_of(path, strlen(path) + 1));
    CHECK_EQ(hasher_bytes(RIG.hasher, HASH_SHA1, wr_done(&data), digest), 0);
    wr_le32(&wr, 10);
    wr_bytes(&wr, bytes_of(digest, 20));
    ima_make_field(&wr, bytes_str("ima-ng"));
    ima_make_field(&wr, wr_done(&data));
    growing_rig.list_len += wr_done(&wr).len;
    growing_rig.ends[growing_rig.n_entries++] = growing_rig.list_len;
}

static void
long_list(size_t len)
{
    while (growing_rig.list_len < len) {
        add_entry();
    }
}

static void
start(uint32_t most)
{
    growing_rig_member("0-10,14", 0x47ff);
    class_takes(most);
}

static void
a_list_of_four_mebibytes_is_accepted_and_then_its_rest(void)
{
    struct answer answer;
    size_t n;

    start(LIMIT_EVIDENCE_STREAM_BYTES);
    long_list(LIST_ROOM);
    n = growing_rig.n_entries;
    CHECK(n > 30000);
    growing_rig_quoted(n - 100, n);
    answer = growing_rig_accepted();
    CHECK_EQ(answer.reasons[0], REASON_IMA_TAIL_IGNORED);
    CHECK_EQ(growing_rig_known(&answer, LOG_IMA), growing_rig.ends[n - 101]);
    growing_rig.keeper.device.ima.offset = growing_rig.ends[n - 101];
    add_entry();
    growing_rig_quoted(n + 1, n + 1);
    answer = growing_rig_accepted();
    CHECK_EQ(answer.n_reasons, 0);
    CHECK_EQ(growing_rig_known(&answer, LOG_IMA), growing_rig.list_len);
}

/* A byte in the middle of a long list: told by its entry and place, as in a short one. */
static void
a_long_list_that_was_changed_is_refused(void)
{
    struct answer answer;

    start(LIMIT_EVIDENCE_STREAM_BYTES);
    long_list(LIST_ROOM);
    growing_rig_quoted(growing_rig.n_entries, growing_rig.n_entries);
    growing_rig.list[growing_rig.ends[19999] + 4 + 20 + 10 + 4 + 20] ^= 1;
    growing_rig_plain();
    CHECK_EQ(growing_rig_attest(growing_rig_written(growing_rig.body_room)), COAP_CODE(2, 4));
    answer = growing_rig_answered();
    CHECK(answer.tier != TIER_AFFIRMING && !answer.cwt.p);
    CHECK_EQ(answer.reasons[0], REASON_IMA_TEMPLATE_HASH);
}

static int64_t
audit_rows(void)
{
    int64_t n = 0;
    uint8_t hash[32];

    CHECK_EQ(store_audit_head(RIG.keeper.store, &n, hash), 0);
    return n;
}

static void
check_too_large(uint32_t most)
{
    CHECK_EQ(RIG.reply.code, COAP_CODE(4, 13));
    CHECK_EQ(RIG.reply.size1, most);
    CHECK_EQ(growing_rig_reason(), REASON_EVIDENCE_TOO_LARGE);
}

/* To the byte; and who was refused has lost nothing: its challenge serves on. */
static void
a_class_takes_so_much_and_no_byte_more(void)
{
    struct bytes body;
    int64_t rows;

    start(LIMIT_EVIDENCE_BYTES);
    long_list(100000);
    growing_rig_quoted(growing_rig.n_entries, growing_rig.n_entries);
    growing_rig_plain();
    body = growing_rig_written(growing_rig.body_room);
    class_takes((uint32_t)body.len - 1);
    rows = audit_rows();
    (void)growing_rig_attest(body);
    check_too_large((uint32_t)body.len - 1);
    CHECK_EQ(audit_rows(), rows);
    class_takes((uint32_t)body.len);
    CHECK_EQ(growing_rig_attest(body), COAP_CODE(2, 4));
    CHECK_EQ(growing_rig_answered().tier, TIER_AFFIRMING);
}

/* What is not even evidence is not read to find that out. */
static void
too_much_is_refused_before_it_is_read(void)
{
    static uint8_t noise[LIMIT_EVIDENCE_BYTES + 1];

    start(LIMIT_EVIDENCE_BYTES);
    (void)growing_rig_attest(BYTES_OF(noise));
    check_too_large(LIMIT_EVIDENCE_BYTES);
    CHECK_EQ(growing_rig_attest(bytes_of(noise, LIMIT_EVIDENCE_BYTES)), COAP_CODE(4, 0));
}

/* Without a body it is a question: for a challenge, and whether so much would be taken. */
static void
one_may_ask_before_one_sends(void)
{
    struct store_last before;
    struct store_last after;
    int64_t rows;
    struct store_device device;

    start(1000000);
    growing_rig_quoted(50, 50);
    (void)growing_rig_accepted();
    CHECK_EQ(RIG.reply.takes, 1000000);
    rows = audit_rows();
    CHECK_EQ(keeper_device(&RIG.keeper, bytes_str(RIG.identity), &device), 0);
    CHECK_EQ(store_last_get(RIG.keeper.store, device.id, &before), 0);
    RIG.size1 = 1000001;
    (void)growing_rig_attest(BYTES_NULL);
    check_too_large(1000000);
    CHECK_EQ(RIG.reply.takes, 1000000);
    for (size_t i = 0; i < 2; i++) {
        RIG.size1 = i > 0 ? 1000000 : 0;
        CHECK_EQ(growing_rig_attest(BYTES_NULL), COAP_CODE(4, 1));
        CHECK_EQ(RIG.reply.takes, 1000000);
        CHECK_EQ(RIG.reply.size1, 0);
        CHECK_EQ(keeper_rig_problem(&RIG, growing_rig.nonce), REASON_NONE);
    }
    CHECK_EQ(store_last_get(RIG.keeper.store, device.id, &after), 0);
    CHECK_EQ(memcmp(&before, &after, sizeof(before)), 0);
    CHECK_EQ(audit_rows(), rows);
    RIG.size1 = 1000001; /* of a body that is there nobody asks what it says of itself */
    growing_rig.keeper.device.ima.offset = growing_rig.ends[49];
    (void)growing_rig_accepted(); /* with the nonce that was asked for */
}

/* Who is no member is told nothing of a class, and asks in vain. */
static void
who_is_no_member_may_send_no_more(void)
{
    static uint8_t room[2048];
    struct wr wr = wr_init(room, sizeof(room));
    struct bytes body;

    start(LIMIT_EVIDENCE_STREAM_BYTES);
    soft_device_done(&RIG.device);
    soft_device_new(&RIG.device, RIG.hasher, RIG_SITE);
    body = soft_device_enroll(&RIG.device, &wr);
    keeper_rig_identity(&RIG);
    keeper_rig_connect(&RIG);
    CHECK_EQ(keeper_rig_ask(&RIG, REQUEST_PSK, RESOURCE_ENROLL, body, NULL), COAP_CODE(2, 4));
    CHECK_EQ(RIG.reply.takes, 0);
    RIG.size1 = 300000;
    CHECK_EQ(growing_rig_attest(BYTES_NULL), COAP_CODE(4, 3));
    CHECK_EQ(growing_rig_reason(), REASON_CLASS_UNKNOWN);
    CHECK_EQ(RIG.reply.takes, 0);
}

/* The other logs have bounds of their own, whatever the class takes. */
static void
a_firmware_log_of_more_than_a_mebibyte_is_refused(void)
{
    static uint8_t log[LIMIT_LOG_BYTES + 1];

    start(LIMIT_EVIDENCE_STREAM_BYTES);
    growing_rig_quoted(50, 50);
    RIG.device.log = BYTES_OF(log);
    growing_rig_plain();
    (void)growing_rig_attest(growing_rig_written(growing_rig.body_room));
    check_too_large(LIMIT_LOG_BYTES);
}

static void
a_userspace_log_of_more_than_a_mebibyte_is_refused(void)
{
    static uint8_t log[LIMIT_LOG_BYTES + 1];

    growing_rig_member("0-15", 0xffff);
    CHECK_EQ(keeper_rig_command(
                 &RIG, (const char *[]){"class", "add", "c", "pcrs=0-15", "evidence-max=4M"}, 5,
                 json, sizeof(json)),
             0);
    growing_rig_quoted(50, 50);
    RIG.device.userspace.bytes = BYTES_OF(log);
    growing_rig_plain();
    (void)growing_rig_attest(growing_rig_written(growing_rig.body_room));
    check_too_large(LIMIT_LOG_BYTES);
}

/* Refused or not, megabytes cost: who sends them without end is told to wait. */
static void
what_is_too_large_counts(void)
{
    static uint8_t noise[LIMIT_EVIDENCE_STREAM_BYTES];
    unsigned n = 0;

    start(LIMIT_EVIDENCE_BYTES);
    while (n < REFUSED_MAX && growing_rig_attest(BYTES_OF(noise)) == COAP_CODE(4, 13)) {
        n++;
    }
    CHECK(n > 50 && n < COST_DEVICE_BURST_US / (COST_ATTEST_KIB_US * 4096) + 2);
    CHECK_EQ(RIG.reply.code, COAP_CODE(4, 29));
    CHECK(RIG.reply.max_age_s > 0);
}

static struct member {
    struct soft_device device;
    char identity[64];
} members[MEMBERS];

/* Others of the class in the place of the one that is there. */
static void
members_join(void)
{
    soft_device_done(&RIG.device);
    for (size_t i = 0; i < MEMBERS; i++) {
        soft_device_new(&RIG.device, RIG.hasher, RIG_SITE);
        keeper_rig_join(&RIG);
        CHECK(keeper_rig_boot(&RIG, check_vector("boot/grub-sb-on-ima/binary_bios_measurements")));
        RIG.device.values.selection.sets[POLICY].mask = 0x47ff;
        members[i].device = RIG.device;
        memcpy(members[i].identity, RIG.identity, sizeof(RIG.identity));
    }
}

/* The evidence of one with the long list, posted and not yet read. */
static uint64_t
post(const struct member *member)
{
    RIG.device = member->device;
    memcpy(RIG.identity, member->identity, sizeof(RIG.identity));
    keeper_rig_connect(&RIG);
    growing_rig_quoted(growing_rig.n_entries, growing_rig.n_entries);
    growing_rig.evidence = (struct soft_evidence){.with_log = true, .with_values = true};
    soft_evidence_plain(&RIG.device, NULL, RIG.exporter, &growing_rig.evidence);
    keeper_rig_post(&RIG, REQUEST_PSK, RESOURCE_ATTEST, growing_rig_written(growing_rig.body_room),
                    NULL);
    return RIG.next_request;
}

/* Lists of many at once: some wait for readers, and together they hold so much and no more; the
 * others come again. */
static void
readers_hold_no_more_than_so_much(void)
{
    uint64_t requests[MEMBERS];
    uint64_t answered = 0;
    unsigned n_affirmed = 0;

    start(LIMIT_EVIDENCE_STREAM_BYTES);
    long_list(LIST_ROOM);
    members_join();
    for (size_t i = 0; i < MEMBERS; i++) {
        requests[i] = post(&members[i]);
    }
    CHECK(keeper_rig_take(&RIG, &answered)); /* the last alone has an answer already */
    CHECK_EQ(answered, requests[MEMBERS - 1]);
    CHECK_EQ(RIG.reply.code, COAP_CODE(4, 29));
    CHECK_EQ(keeper_rig_problem(&RIG, NULL), REASON_RATE_LIMITED);
    CHECK(!keeper_rig_take(&RIG, &answered));
    while (keeper_rig_read(&RIG)) {
        while (keeper_rig_take(&RIG, &answered)) {
            CHECK_EQ(RIG.reply.code, COAP_CODE(2, 4));
            n_affirmed += growing_rig_answered().tier == TIER_AFFIRMING;
        }
    }
    CHECK_EQ(n_affirmed, MEMBERS - 1);
    (void)post(&members[MEMBERS - 1]); /* there is room again */
    while (keeper_rig_read(&RIG)) {
    }
    CHECK(keeper_rig_take(&RIG, &answered));
    CHECK_EQ(RIG.reply.code, COAP_CODE(2, 4));
    CHECK_EQ(growing_rig_answered().tier, TIER_AFFIRMING);
    for (size_t i = 0; i + 1 < MEMBERS; i++) {
        soft_device_done(&members[i].device);
    }
}

CHECK_MAIN(CASE(a_list_of_four_mebibytes_is_accepted_and_then_its_rest),
           CASE(a_long_list_that_was_changed_is_refused),
           CASE(a_class_takes_so_much_and_no_byte_more),
           CASE(too_much_is_refused_before_it_is_read), CASE(one_may_ask_before_one_sends),
           CASE(who_is_no_member_may_send_no_more),
           CASE(a_firmware_log_of_more_than_a_mebibyte_is_refused),
           CASE(a_userspace_log_of_more_than_a_mebibyte_is_refused), CASE(what_is_too_large_counts),
           CASE(readers_hold_no_more_than_so_much))
