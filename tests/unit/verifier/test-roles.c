/* roles/roles, roles/request, roles/records */
#include <stdlib.h>

#include "lib/check.h"
#include "roles/records.h"
#include "roles/request.h"
#include "roles/roles.h"
#include "roles/setup.h"

static void
nobody_may_send_what_belongs_to_another(void)
{
    CHECK(roles_front_to_keeper(MSG_REQUEST) != SIZE_MAX);
    CHECK(roles_front_to_keeper(MSG_REPLY) == SIZE_MAX);
    CHECK(roles_front_to_keeper(MSG_CONTROL) == SIZE_MAX);
    CHECK(roles_reader_to_keeper(MSG_REQUEST) == SIZE_MAX);
    CHECK(roles_reader_to_keeper(MSG_LOG_RECORDS) != SIZE_MAX);
    CHECK(roles_client_to_keeper(MSG_KEEPER_SETUP) == SIZE_MAX);
    CHECK(roles_client_to_keeper(0) == SIZE_MAX);
    CHECK_STR(message_name(MSG_REQUEST), "REQUEST");
    CHECK_STR(message_name(9999), "unknown");
}

static void
a_request_reads_back_and_no_part_of_it_does(void)
{
    struct request in = {
        .connection = UINT64_MAX,
        .kind = REQUEST_PSK,
        .identity = bytes_str("id"),
        .exporter = {1},
        .handshake_ms = 5,
        .first_ms = 6,
        .complete_ms = 7,
        .peer = bytes_str("[::1]:5"),
        .resource = RESOURCE_TOKEN,
        .audience = bytes_str("vpn"),
        .size1 = 80000,
        .body = bytes_str("body"),
    };
    struct request out = {0};
    uint8_t room[256];
    struct wr wr = wr_init(room, sizeof(room));

    request_write(&wr, &in);
    CHECK_EQ(request_read(check_guarded(wr_done(&wr)), &out), 0);
    CHECK(out.connection == UINT64_MAX);
    CHECK_BYTES(out.body, in.body);
    CHECK_BYTES(out.audience, in.audience);
    CHECK_EQ(out.complete_ms, 7);
    CHECK_EQ(out.size1, 80000);
    for (size_t n = 0; n < wr.len; n++) {
        CHECK_EQ(request_read(check_guarded(bytes_of(room, n)), &out), 1);
    }
}

/* A body may be sent behind what else is said, and be as long as an evidence over TCP. */
static void
a_request_and_its_body_in_two_parts_are_the_same(void)
{
    const size_t most = LIMIT_EVIDENCE_STREAM_BYTES;
    struct request in = {.kind = REQUEST_PSK, .resource = RESOURCE_ATTEST};
    struct request out = {0};
    uint8_t *room = malloc(most + 1024);
    uint8_t head[256];
    struct wr head_wr = wr_init(head, sizeof(head));

    for (size_t len = most; len <= most + 1; len++) {
        struct wr wr = wr_init(room, most + 1024);

        in.body = bytes_of(calloc(1, len), len);
        request_write(&wr, &in);
        CHECK_EQ(request_read(wr_done(&wr), &out), len > most ? 1 : 0);
        if (len == most) {
            request_write_head(&head_wr, &in);
            CHECK_EQ(head_wr.len + len, wr.len);
            CHECK_BYTES(wr_done(&head_wr), bytes_of(room, head_wr.len));
            CHECK(wr.len <= roles_front_to_keeper(MSG_REQUEST));
        }
        free((void *)(uintptr_t)in.body.p);
    }
    free(room);
}

static void
an_audience_is_as_long_as_a_name(void)
{
    static const char name[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    struct request in = {.identity = bytes_str("id"), .peer = bytes_str("[::1]:5")};
    struct request out = {0};

    for (size_t len = LIMIT_NAME; len <= LIMIT_NAME + 1; len++) {
        uint8_t room[256];
        struct wr wr = wr_init(room, sizeof(room));

        in.audience = bytes_of((const uint8_t *)name, len);
        request_write(&wr, &in);
        CHECK_EQ(request_read(wr_done(&wr), &out), len > LIMIT_NAME);
    }
}

static void
a_reply_reads_back_and_no_part_of_it_does(void)
{
    struct reply in = {9, COAP_CODE(4, 1), 257, -1, true, 70000, 90000, bytes_str("x")};
    struct reply out = {0};
    uint8_t room[64];
    struct wr wr = wr_init(room, sizeof(room));

    reply_write(&wr, &in);
    CHECK_EQ(reply_read(check_guarded(wr_done(&wr)), &out), 0);
    CHECK_EQ(out.code, 129);
    CHECK_EQ(out.content_format, 257);
    CHECK_EQ(out.max_age_s, -1);
    CHECK_EQ(out.size1, 70000);
    CHECK_EQ(out.takes, 90000);
    CHECK(out.close);
    for (size_t n = 0; n < wr.len; n++) {
        CHECK_EQ(reply_read(check_guarded(bytes_of(room, n)), &out), 1);
    }
}

static void
limits_read_back_and_no_part_of_them_does(void)
{
    struct keeper_limits in = {
        .pending_max = UINT32_MAX, .pending_days = 30, .log_level = LOG_ERROR, .n_anchors = 2};
    struct keeper_limits out;
    struct front_limits front_out;
    uint8_t room[64];
    struct wr wr = wr_init(room, sizeof(room));

    in.anchors[0] = bytes_str("one");
    in.anchors[1] = bytes_str("two");
    keeper_limits_write(&wr, &in);
    CHECK_EQ(keeper_limits_read(check_guarded(wr_done(&wr)), &out), 0);
    CHECK_EQ(out.pending_max, UINT32_MAX);
    CHECK_EQ(out.pending_days, 30);
    CHECK_EQ(out.log_level, LOG_ERROR);
    CHECK_EQ(out.n_anchors, 2);
    CHECK_BYTES(out.anchors[1], bytes_str("two"));
    CHECK_EQ(front_limits_read(wr_done(&wr), &front_out), 1);
    for (size_t n = 0; n < wr.len; n++) {
        CHECK_EQ(keeper_limits_read(check_guarded(bytes_of(room, n)), &out), 1);
    }
    room[wr.len] = 0;
    CHECK_EQ(keeper_limits_read(bytes_of(room, wr.len + 1), &out), 1);

    wr = wr_init(room, sizeof(room));
    front_limits_write(&wr, &(struct front_limits){1024, 65536, LOG_WARNING});
    CHECK_EQ(front_limits_read(check_guarded(wr_done(&wr)), &front_out), 0);
    CHECK_EQ(front_out.handshakes_max, 1024);
    CHECK_EQ(front_out.body_max, 65536);
    CHECK_EQ(front_out.log_level, LOG_WARNING);
    room[wr.len - 1] = LOG_ERROR + 1; /* no such level */
    CHECK_EQ(front_limits_read(wr_done(&wr), &front_out), 1);
    for (size_t n = 0; n < wr.len; n++) {
        CHECK_EQ(front_limits_read(check_guarded(bytes_of(room, n)), &front_out), 1);
    }
}

static void
a_rotation_reads_back_and_no_part_of_it_does(void)
{
    struct keeper_setup in = {
        .masters = {{2, {7}}, {1, {8}}},
        .nonce_keys = {{9, {1}}},
        .token_key = bytes_str("token"),
        .site_key = bytes_str("site"),
        .audit_key = bytes_str("audit"),
        .n_token_more = 2,
        .token_more = {{.x = {1}, .y = {2}}, {.x = {3}, .y = {4}}},
        .n_audit_old = 1,
        .audit_old = {{.x = {5}, .y = {6}}},
        .n_policy_keys = 2,
        .policy_keys = {{.x = {7}, .y = {8}}, {.x = {9}, .y = {10}}},
        .stamp = {1, 2, 3},
        .n_chain = 1,
    };
    struct keeper_setup out = {.pending_max = 5, .site = bytes_str("stays")};
    uint8_t room[1024];
    struct wr wr = wr_init(room, sizeof(room));

    in.chain[0] = bytes_str("certificate");
    keeper_keys_write(&wr, &in);
    CHECK(wr_done(&wr).p != NULL);
    CHECK_EQ(keeper_keys_read(check_guarded(wr_done(&wr)), &out), 0);
    CHECK_EQ(out.masters[0].id, 2);
    CHECK_EQ(out.masters[1].key[0], 8);
    CHECK_EQ(out.nonce_keys[0].id, 9);
    CHECK_BYTES(out.audit_key, bytes_str("audit"));
    CHECK(out.pairwise_key.p == NULL);
    CHECK_EQ(out.n_token_more, 2);
    CHECK_EQ(out.token_more[1].y[0], 4);
    CHECK_EQ(out.audit_old[0].x[0], 5);
    CHECK_EQ(out.n_policy_keys, 2);
    CHECK_EQ(out.policy_keys[1].y[0], 10);
    CHECK_BYTES(BYTES_OF(out.stamp), BYTES_OF(in.stamp));
    CHECK_BYTES(out.chain[0], bytes_str("certificate"));
    CHECK_BYTES(out.site, bytes_str("stays"));
    CHECK_EQ(out.pending_max, 5);
    for (size_t n = 0; n < wr.len; n++) {
        CHECK_EQ(keeper_keys_read(check_guarded(bytes_of(room, n)), &out), 1);
    }
    room[wr.len] = 0;
    CHECK_EQ(keeper_keys_read(bytes_of(room, wr.len + 1), &out), 1);
    room[0]++;
    CHECK_EQ(keeper_keys_read(bytes_of(room, wr.len), &out), 1);
}

static void
a_fronts_secrets_read_back_and_no_part_of_them_does(void)
{
    struct front_secrets in = {
        .masters = {{2, {7}}}, .certificate = bytes_str("certificate"), .key = bytes_str("key")};
    struct front_secrets out;
    uint8_t room[256];
    struct wr wr = wr_init(room, sizeof(room));

    front_secrets_write(&wr, &in);
    CHECK_EQ(front_secrets_read(check_guarded(wr_done(&wr)), &out), 0);
    CHECK_EQ(out.masters[0].id, 2);
    CHECK_EQ(out.masters[1].id, 0);
    CHECK_BYTES(out.certificate, bytes_str("certificate"));
    CHECK_BYTES(out.key, bytes_str("key"));
    for (size_t n = 0; n < wr.len; n++) {
        CHECK_EQ(front_secrets_read(check_guarded(bytes_of(room, n)), &out), 1);
    }
    room[wr.len] = 0;
    CHECK_EQ(front_secrets_read(bytes_of(room, wr.len + 1), &out), 1);
}

static void
only_main_hands_out_keys(void)
{
    CHECK(roles_main_to_front(MSG_FRONT_SECRETS) != SIZE_MAX);
    CHECK(roles_main_to_keeper(MSG_KEEPER_KEYS) != SIZE_MAX);
    CHECK(roles_front_to_keeper(MSG_KEEPER_KEYS) == SIZE_MAX);
    CHECK(roles_client_to_keeper(MSG_KEEPER_KEYS) == SIZE_MAX);
    CHECK(roles_keeper_to_front(MSG_FRONT_SECRETS) == SIZE_MAX);
}

static void
only_main_sets_limits(void)
{
    CHECK_EQ(roles_main_to_front(MSG_FRONT_LIMITS), 64);
    CHECK(roles_main_to_keeper(MSG_KEEPER_LIMITS) != SIZE_MAX);
    CHECK(roles_front_to_keeper(MSG_KEEPER_LIMITS) == SIZE_MAX);
    CHECK(roles_client_to_keeper(MSG_KEEPER_LIMITS) == SIZE_MAX);
    CHECK(roles_keeper_to_front(MSG_FRONT_LIMITS) == SIZE_MAX);
}

static struct event events[LIMIT_EVENTS];

static struct bytes
sample_records(uint8_t *room, size_t cap)
{
    static const uint8_t digest[32] = {3};
    struct event_log log = {.n_banks = 2, .banks = {HASH_SHA1, HASH_SHA256}, .locality = 3};
    struct event event = {.index = 1, .pcr = 4, .type = 5, .bound = BOUND_TRUE};
    struct wr wr = wr_init(room, cap);

    event.digest[1] = BYTES_OF(digest);
    event.label = bytes_str("kernel");
    records_begin(&wr, &log);
    records_event(&wr, &log, &event);
    records_event(&wr, &log, &event);
    return wr_done(&wr);
}

static void
records_read_back(void)
{
    uint8_t room[512];
    struct bytes in = check_guarded(sample_records(room, sizeof(room)));
    struct event_log log;

    CHECK_EQ(records_read(in, events, &log), 0);
    CHECK_EQ(log.n_events, 2);
    CHECK_EQ(log.locality, 3);
    CHECK_EQ(log.n_banks, 2);
    CHECK(log.events[1].digest[0].p == NULL);
    CHECK_EQ(log.events[1].digest[1].p[0], 3);
    CHECK_BYTES(log.events[1].label, bytes_str("kernel"));
}

static void
broken_records_are_refused(void)
{
    uint8_t room[512];
    struct bytes in = sample_records(room, sizeof(room));
    struct event_log log;
    size_t whole = 0;

    for (size_t n = 0; n < in.len; n++) {
        whole += records_read(check_guarded(bytes_of(room, n)), events, &log) == 0;
    }
    CHECK_EQ(whole, 2); /* head alone, and head with one record */
    room[1] = 0x77;
    CHECK_EQ(records_read(in, events, &log), 1);
    (void)sample_records(room, sizeof(room));
    room[in.len - 1] = '\n';
    CHECK_EQ(records_read(in, events, &log), 1);
}

CHECK_MAIN(CASE(nobody_may_send_what_belongs_to_another),
           CASE(a_request_reads_back_and_no_part_of_it_does),
           CASE(a_request_and_its_body_in_two_parts_are_the_same),
           CASE(an_audience_is_as_long_as_a_name), CASE(a_reply_reads_back_and_no_part_of_it_does),
           CASE(records_read_back), CASE(broken_records_are_refused),
           CASE(limits_read_back_and_no_part_of_them_does), CASE(only_main_sets_limits),
           CASE(a_rotation_reads_back_and_no_part_of_it_does),
           CASE(a_fronts_secrets_read_back_and_no_part_of_them_does),
           CASE(only_main_hands_out_keys))
