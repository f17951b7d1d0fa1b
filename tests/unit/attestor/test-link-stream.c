/* The attestor's way over TCP against the real front: what it does as over UDP, and what is other.
 */
#include <errno.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "front/addr.h"
#include "lib/check.h"
#include "lib/link-rig.h"
#include "link/link-addr.h"
#include "link/link.h"

enum { SHORT_MS = 1500, LONG = 250000 };

static struct link_rig play = {.rig = {.stream = true}};

static void
a_connection_has_both_ends_of_the_exporter_and_resumes(void)
{
    uint8_t first[32] = {0};
    uint8_t exporter[32];
    struct link *link;

    link_rig_begin(&play, "127.0.0.1", "127.0.0.1");
    for (int i = 0; i < 3; i++) {
        link = link_rig_open(&play, "dev-1");
        CHECK_EQ(link_resumed(link), i > 0);
        CHECK(link_ticket_held(&play.ticket));
        link_rig_served(&play, link);
        CHECK_STR(play.rig.identity, "dev-1");
        CHECK_EQ(play.rig.last.resumed, i > 0);
        CHECK_EQ(link_exporter(link, exporter), 0);
        CHECK_BYTES(BYTES_OF(play.rig.last.exporter), BYTES_OF(exporter));
        CHECK(memcmp(first, exporter, sizeof(first)) != 0);
        memcpy(first, exporter, sizeof(first));
        link_close(link);
    }
    CHECK_EQ(play.rig.n_psk, 1);
    link_rig_end(&play, NULL);
}

static void
ipv6_is_spoken_too(void)
{
    struct link *link;

    link_rig_begin(&play, "::1", "[::1]");
    link = link_rig_open(&play, "dev-1");
    link_rig_served(&play, link);
    link_rig_end(&play, link);
}

static void
a_long_body_goes_in_one_message(void)
{
    uint8_t *body = malloc(LONG);
    struct link_ask ask = {.method = LINK_POST,
                           .path = "attest",
                           .content_format = 60,
                           .body = {body, LONG},
                           .timeout_ms = LINK_RIG_WAIT_MS};
    struct link_reply reply = {0};
    struct link *link;
    static uint8_t answer[60000];

    for (size_t i = 0; i < LONG; i++) {
        body[i] = (uint8_t)(i * 31 + i / 256);
    }
    memset(answer, 0x3c, sizeof(answer));
    link_rig_begin(&play, "127.0.0.1", "127.0.0.1");
    link = link_rig_open(&play, "dev-1");
    play.rig.answer = BYTES_OF(answer);
    CHECK_EQ(link_request(link, &ask, &reply), 0);
    CHECK_EQ(reply.code, LINK_CODE(2, 4));
    CHECK_BYTES(bytes_of(reply.body, reply.len), BYTES_OF(answer));
    CHECK_EQ(play.rig.n_requests, 1);
    CHECK_BYTES(bytes_of(play.rig.body, play.rig.last.body.len), bytes_of(body, LONG));
    CHECK_EQ(play.rig.last.content_format, 60);
    link_reply_done(&reply);
    free(body);
    link_rig_end(&play, link);
}

/* A body of so many bytes; the code of the answer, and what it says of sizes. */
static uint8_t
asked(struct link *link, size_t len, uint32_t *ret_size1)
{
    uint8_t *body = calloc(1, len);
    struct link_ask ask = {.method = LINK_POST,
                           .path = "attest",
                           .content_format = 60,
                           .body = {body, len},
                           .size1 = len > 0 ? 0 : 1234567,
                           .timeout_ms = LINK_RIG_WAIT_MS};
    struct link_reply reply = {0};
    uint8_t code;

    CHECK_EQ(link_request(link, &ask, &reply), 0);
    code = reply.code;
    *ret_size1 = reply.size1;
    link_reply_done(&reply);
    free(body);
    return code;
}

static void
as_much_goes_as_the_server_says(void)
{
    struct link *link;
    uint32_t most;
    uint32_t size1 = 1;

    link_rig_begin(&play, "127.0.0.1", "127.0.0.1");
    link = link_rig_open(&play, "dev-1");
    most = link_body_max(link);
    CHECK(most <= LIMIT_EVIDENCE_BYTES && most + 64 > LIMIT_EVIDENCE_BYTES);
    play.rig.takes = LIMIT_EVIDENCE_STREAM_BYTES;
    CHECK_EQ(asked(link, 0, &size1), LINK_CODE(2, 4)); /* as one that asks for room */
    CHECK_EQ(play.rig.last.size1, 1234567);
    CHECK_EQ(play.rig.last.body.len, 0);
    most = link_body_max(link);
    CHECK(most <= LIMIT_EVIDENCE_STREAM_BYTES && most + 64 > LIMIT_EVIDENCE_STREAM_BYTES);
    CHECK_EQ(asked(link, most, &size1), LINK_CODE(2, 4));
    CHECK_EQ(play.rig.last.body.len, most);
    CHECK_EQ(size1, 0);
    CHECK_EQ(asked(link, LIMIT_EVIDENCE_STREAM_BYTES + 1, &size1), LINK_CODE(4, 13));
    CHECK_EQ(size1, LIMIT_EVIDENCE_STREAM_BYTES);
    play.rig.code = FRONT_CODE(4, 13);
    play.rig.size1 = 70000;
    CHECK_EQ(asked(link, 80000, &size1), LINK_CODE(4, 13));
    CHECK_EQ(size1, 70000);
    CHECK_EQ(play.rig.n_requests, 3);
    link_rig_end(&play, link);
}

static unsigned slow_turns;

/* A server that hears nothing for a while, as one at the end of a slow line. */
static bool
pump_late(void *context)
{
    if (slow_turns > 0) {
        slow_turns--;
        return false;
    }
    return link_rig_pump(context);
}

/* Nothing acknowledges a part of a message over TCP: its way is no silence of the server's. */
static void
a_long_body_on_a_slow_line_is_waited_for(void)
{
    struct link_target target;
    struct link *link = NULL;
    uint32_t size1;

    link_rig_begin(&play, "127.0.0.1", "127.0.0.1");
    target = link_rig_target(&play, "dev-1");
    target.stopped = pump_late;
    target.quiet_ms = 200;
    CHECK_EQ(link_open(&target, LINK_PSK, &link, play.text), 0);
    slow_turns = 10; /* a second, five times the silence */
    CHECK_EQ(asked(link, LONG, &size1), LINK_CODE(2, 4));
    CHECK_EQ(slow_turns, 0);
    link_rig_end(&play, link);
}

static void
a_short_one_is_not(void)
{
    struct link_ask ask = {.method = LINK_GET, .path = "keys", .timeout_ms = LINK_RIG_WAIT_MS};
    struct link_reply reply = {0};
    struct link_target target;
    struct link *link = NULL;

    link_rig_begin(&play, "127.0.0.1", "127.0.0.1");
    target = link_rig_target(&play, "dev-1");
    target.stopped = pump_late;
    target.quiet_ms = 200;
    CHECK_EQ(link_open(&target, LINK_PSK, &link, play.text), 0);
    CHECK(link_body_max(link) > 0);
    slow_turns = 1000;
    CHECK_EQ(link_request(link, &ask, &reply), LINK_E_LOST);
    CHECK(slow_turns > 0);
    CHECK_EQ(link_body_max(link), 0); /* nothing goes any more */
    link_rig_end(&play, link);
}

static void
what_is_wrong_with_us_is_told_apart(void)
{
    struct link_target target;
    struct link *link = NULL;

    link_rig_begin(&play, "127.0.0.1", "127.0.0.1");
    target = link_rig_target(&play, "stranger"); /* no identity of theirs */
    CHECK_EQ(link_open(&target, LINK_PSK, &link, play.text), LINK_E_REFUSED);
    target = link_rig_target(&play, "dev-1");
    ((uint8_t *)secret_room(play.psk))[0] ^= 1; /* over TCP a wrong secret is no silence */
    CHECK_EQ(link_open(&target, LINK_PSK, &link, play.text), LINK_E_REFUSED);
    CHECK(!link_ticket_held(&play.ticket));
    target = link_rig_target(&play, "dev-1");
    rig_stop(&play.rig); /* nobody listens any more */
    CHECK_EQ(link_open(&target, LINK_PSK, &link, play.text), LINK_E_NETWORK);
    CHECK(link == NULL);
    link_rig_end(&play, NULL);
}

/* Takes connections, as a kernel does, and says nothing. */
static int
silent_server(uint16_t *ret_port)
{
    struct sockaddr_storage at;
    socklen_t len = sizeof(at);
    struct addr addr;
    int fd = -1;

    CHECK_EQ(front_listen_stream("127.0.0.1", 0, &fd), 0);
    CHECK_EQ(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    CHECK_EQ(addr_read(&at, &addr), 0);
    *ret_port = addr.port;
    return fd;
}

static void
a_silent_server_is_left_for_the_next(void)
{
    struct link_target target;
    struct link *link = NULL;
    uint16_t port;
    int fd = silent_server(&port);

    link_rig_begin(&play, "127.0.0.1", "127.0.0.1");
    snprintf(play.servers, sizeof(play.servers),
             "coaps+tcp://127.0.0.1:%u, coaps+tcp://127.0.0.1:%u", port, play.rig.port);
    target = link_rig_target(&play, "dev-1");
    target.handshake_ms = SHORT_MS;
    CHECK_EQ(link_open(&target, LINK_PSK, &link, play.text), 0);
    link_rig_served(&play, link);
    close(fd);
    link_rig_end(&play, link);
}

static void
only_servers_over_tcp_are_asked_when_they_are_wanted(void)
{
    struct link_target target;
    struct link *link = NULL;

    link_rig_begin(&play, "127.0.0.1", "127.0.0.1");
    snprintf(play.servers, sizeof(play.servers),
             "coaps://127.0.0.1:1, 127.0.0.1:2, coaps+tcp://127.0.0.1:%u", play.rig.port);
    target = link_rig_target(&play, "dev-1");
    target.stream_only = true;
    CHECK_EQ(link_open(&target, LINK_PSK, &link, play.text), 0);
    link_rig_served(&play, link);
    link_close(link);
    target.servers = "127.0.0.1:2";
    CHECK_EQ(link_open(&target, LINK_PSK, &link, play.text), LINK_E_CONFIG);
    link_rig_end(&play, NULL);
}

static void
a_connection_that_ends_is_lost_at_once(void)
{
    struct link_ask ask = {.method = LINK_GET, .path = "keys", .timeout_ms = LINK_RIG_WAIT_MS};
    struct link_reply reply = {0};
    uint8_t exporter[32];
    struct link *link;

    link_rig_begin(&play, "127.0.0.1", "127.0.0.1");
    link = link_rig_open(&play, "dev-1");
    rig_stop(&play.rig);
    CHECK_EQ(link_request(link, &ask, &reply), LINK_E_LOST);
    CHECK_EQ(link_request(link, &ask, &reply), LINK_E_LOST);
    CHECK_EQ(link_exporter(link, exporter), -EIO);
    link_rig_end(&play, link);
}

static void
a_list_says_whether_it_names_one(void)
{
    struct link_addr addr;
    const char *list = "coaps+tcp://a.test, coaps://b.test:7, coaps+tcp://[2001:db8::1]:99 c.test";

    CHECK(link_names_stream(list));
    CHECK(!link_names_stream("a.test, coaps://b.test"));
    CHECK(!link_names_stream(""));
    CHECK_EQ(link_addr_next(&list, &addr), 0);
    CHECK(addr.stream);
    CHECK_STR(addr.host, "a.test");
    CHECK_STR(addr.port, LINK_ADDR_PORT);
    CHECK_EQ(link_addr_next(&list, &addr), 0);
    CHECK(!addr.stream);
    CHECK_STR(addr.port, "7");
    CHECK_EQ(link_addr_next(&list, &addr), 0);
    CHECK(addr.stream);
    CHECK_STR(addr.host, "2001:db8::1");
    CHECK_STR(addr.port, "99");
    CHECK_EQ(link_addr_next(&list, &addr), 0);
    CHECK(!addr.stream);
    CHECK_EQ(link_addr_next(&list, &addr), LINK_ADDR_END);
    list = "coaps+tcp://";
    CHECK_EQ(link_addr_next(&list, &addr), LINK_ADDR_E_FORM);
    list = "coaps+tcp://:5";
    CHECK_EQ(link_addr_next(&list, &addr), LINK_ADDR_E_FORM);
}

CHECK_MAIN(CASE(a_connection_has_both_ends_of_the_exporter_and_resumes), CASE(ipv6_is_spoken_too),
           CASE(a_long_body_goes_in_one_message), CASE(as_much_goes_as_the_server_says),
           CASE(a_long_body_on_a_slow_line_is_waited_for), CASE(a_short_one_is_not),
           CASE(what_is_wrong_with_us_is_told_apart), CASE(a_silent_server_is_left_for_the_next),
           CASE(only_servers_over_tcp_are_asked_when_they_are_wanted),
           CASE(a_connection_that_ends_is_lost_at_once), CASE(a_list_says_whether_it_names_one))
