/* Parts of growing logs while a reader has them: readers that lie, rows that change. */
#include <sys/socket.h>
#include <unistd.h>

#include "appraise/ima-records.h"
#include "base/hex.h"
#include "lib/check.h"
#include "lib/growing-rig.h"
#include "roles/records.h"
#include "roles/roles.h"

enum { LIE_ROOM = 4096 };

static uint8_t lie_room[LIE_ROOM];

/* A member with both logs, nothing of them known; its firmware's log is. */
static void
start(void)
{
    growing_rig_member("0-15", 0xffff);
    growing_rig_quoted(50, 50);
    growing_rig.keeper.device.userspace.bytes =
        bytes_str("\x1e{\"pcr\":11,\"digests\":[{\"hashAlg\":\"sha256\",\"digest\":"
                  "\"ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb\"}]}\n");
    CHECK_EQ(hasher_extend(
                 growing_rig.keeper.hasher, HASH_SHA256,
                 growing_rig.keeper.device.values.value[POLICY][11],
                 check_hex("ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb")),
             0);
    growing_rig_plain();
}

static void
post(void)
{
    keeper_rig_post(&growing_rig.keeper, REQUEST_PSK, RESOURCE_ATTEST,
                    growing_rig_written(growing_rig.body_room), NULL);
}

/* A reader that takes one job of this type and says something of its own. */
static void
reader_says(uint16_t expected, uint16_t type, struct bytes body)
{
    struct keeper *keeper = &growing_rig.keeper.keeper;
    struct ipc_msg msg;
    struct ipc *reader;
    int fds[2];

    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    jobs_reader(keeper->jobs, fds[0]);
    reader = ipc_new(fds[1], false, roles_keeper_to_reader);
    jobs_turn(keeper->jobs, growing_rig.keeper.mono_ms);
    CHECK_EQ(ipc_recv(reader, &msg), IPC_OK);
    CHECK_EQ(msg.type, expected);
    if (type != 0) {
        CHECK_EQ(ipc_send(reader, type, msg.id, &body, 1, -1), 0);
    }
    ipc_free(reader);
    for (int i = 0; i < 3; i++) {
        jobs_turn(keeper->jobs, growing_rig.keeper.mono_ms);
    }
    keeper_settle(keeper);
}

static uint8_t
code(void)
{
    uint64_t request;

    CHECK(keeper_rig_take(&growing_rig.keeper, &request));
    CHECK_EQ(request, growing_rig.keeper.next_request);
    return growing_rig.keeper.reply.code;
}

/* An IMA record that ends there; the digests are anything. */
static struct bytes
ima_record(uint32_t end)
{
    static const uint8_t any[HASH_SIZE_MAX];
    struct wr wr = wr_init(lie_room, sizeof(lie_room));
    struct ima_record record = {.pcr = IMA, .end = end, .file_hash = HASH_N};

    for (size_t i = 0; i < IMA_RECORDS_BANKS; i++) {
        record.template_digest[i] = bytes_of(any, hash_size(ima_records_banks[i]));
    }
    ima_records_entry(&wr, &record);
    return wr_done(&wr);
}

static void
a_reader_that_lies_about_a_list_makes_its_device_wait(void)
{
    const struct {
        uint16_t type;
        struct bytes body;
    } lies[] = {
        {0, BYTES_NULL},                                 /* it dies */
        {MSG_IMA_RECORDS, bytes_str("no records")},      /* out of form */
        {MSG_LOG_RECORDS, BYTES_NULL},                   /* another job's answer */
        {MSG_USERSPACE_RECORDS, BYTES_NULL},             /* the same */
        {MSG_NOT_READ, bytes_str("short")},              /* a fault out of form */
        {MSG_IMA_RECORDS, ima_record(GROWING_RIG_BODY)}, /* more than the part has */
    };

    for (size_t i = 0; i < ARRAY_LEN(lies); i++) {
        start();
        post();
        reader_says(MSG_READ_IMA, lies[i].type, lies[i].body);
        CHECK_EQ(code(), COAP_CODE(4, 29));
        CHECK_EQ(growing_rig_reason(), REASON_RATE_LIMITED);
        growing_rig_plain(); /* nothing was used up, nothing was judged */
        (void)growing_rig_accepted();
        keeper_rig_done(&growing_rig.keeper);
    }
}

/* Digests that were made up replay to nothing: the device is refused, and nobody else. */
static void
digests_made_up_give_no_quoted_value(void)
{
    start();
    post();
    reader_says(MSG_READ_IMA, MSG_IMA_RECORDS, ima_record(100));
    CHECK(keeper_rig_read(&growing_rig.keeper)); /* the userspace log, honestly */
    CHECK_EQ(code(), COAP_CODE(2, 4));
    CHECK_EQ(growing_rig_reason(), REASON_IMA_REPLAY);
}

static void
a_reader_that_lies_about_userspace_makes_its_device_wait(void)
{
    static const uint32_t lengths[] = {0, 5, 1000};

    for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
        struct wr wr = wr_init(lie_room, sizeof(lie_room));
        struct event_log head = {.n_banks = 0};
        struct event event = {.pcr = 11, .length = lengths[i], .data_length = lengths[i]};

        start();
        post();
        CHECK(keeper_rig_read(&growing_rig.keeper)); /* the IMA list, honestly */
        records_begin(&wr, &head);
        records_event(&wr, &head, &event);
        reader_says(MSG_READ_USERSPACE, MSG_USERSPACE_RECORDS, wr_done(&wr));
        CHECK_EQ(code(), COAP_CODE(4, 29));
        (void)growing_rig_accepted();
        keeper_rig_done(&growing_rig.keeper);
    }
    start();
    post();
    CHECK(keeper_rig_read(&growing_rig.keeper));
    reader_says(MSG_READ_USERSPACE, MSG_USERSPACE_RECORDS, bytes_str("x"));
    CHECK_EQ(code(), COAP_CODE(4, 29));
}

static void
a_device_removed_between_two_parts_is_not_judged(void)
{
    char id[2 * WIRE_UEID_SIZE + 1];
    char json[4096];
    struct store_device device;
    struct keeper_rig *rig = &growing_rig.keeper;

    start();
    post();
    CHECK(keeper_rig_read(rig));
    CHECK_EQ(keeper_device(&rig->keeper, bytes_str(rig->identity), &device), 0);
    CHECK_EQ(keeper_rig_command(
                 rig, (const char *[]){"device", "remove", hex_write(id, BYTES_OF(device.id)), "x"},
                 4, json, sizeof(json)),
             0);
    CHECK(keeper_rig_read(rig));
    CHECK_EQ(code(), COAP_CODE(4, 3));
    CHECK_EQ(growing_rig_reason(), REASON_DEVICE_DISABLED);
    CHECK(!keeper_rig_read(rig)); /* and no more is read */
}

static void
one_device_has_one_part_in_reading(void)
{
    start();
    post();
    post(); /* the same evidence once more, while the first waits */
    CHECK_EQ(code(), COAP_CODE(4, 29));
    while (keeper_rig_read(&growing_rig.keeper)) {
    }
    growing_rig.keeper.next_request--;
    CHECK_EQ(code(), COAP_CODE(2, 4));
    CHECK_EQ(growing_rig_answered().tier, TIER_AFFIRMING);
}

static void
a_connection_that_goes_between_two_parts_gets_no_answer(void)
{
    struct keeper_rig *rig = &growing_rig.keeper;
    uint64_t request;

    start();
    post();
    CHECK(keeper_rig_read(rig));
    keeper_front_gone(&rig->keeper, rig->front);
    CHECK(keeper_rig_read(rig));
    CHECK(!keeper_rig_take(rig, &request));
    CHECK(!keeper_rig_read(rig));
}

CHECK_MAIN(CASE(a_reader_that_lies_about_a_list_makes_its_device_wait),
           CASE(digests_made_up_give_no_quoted_value),
           CASE(a_reader_that_lies_about_userspace_makes_its_device_wait),
           CASE(a_device_removed_between_two_parts_is_not_judged),
           CASE(one_device_has_one_part_in_reading),
           CASE(a_connection_that_goes_between_two_parts_gets_no_answer))
