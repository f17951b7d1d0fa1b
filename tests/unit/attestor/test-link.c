/* The attestor's way to a verifier against the real front: resumption, addresses, and servers that
 * are silent, restart or end. The front takes its turns whenever the link asks whether to stop. */
#include "link/link.h"

#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/check.h"
#include "lib/link-rig.h"
#include "link/link-addr.h"

enum { SHORT_MS = 1500 };

static struct link_rig play;

static bool
stop_at_once(void *context)
{
    (void)context;
    return true;
}

static void
the_next_connection_resumes_with_a_challenge_of_its_own(void)
{
    uint8_t first[32];
    uint8_t second[32];
    struct link *link;

    link_rig_begin(&play, "127.0.0.1", "127.0.0.1");
    link = link_rig_open(&play, "dev-1");
    CHECK(!link_resumed(link) && link_ticket_held(&play.ticket));
    CHECK_EQ(link_exporter(link, first), 0);
    link_rig_served(&play, link);
    link_close(link);
    for (int i = 0; i < 3; i++) {
        link = link_rig_open(&play, "dev-1");
        CHECK(link_resumed(link) && link_ticket_held(&play.ticket));
        link_rig_served(&play, link);
        CHECK(play.rig.last.resumed);
        CHECK_STR(play.rig.identity, "dev-1");
        CHECK_EQ(link_exporter(link, second), 0);
        CHECK_BYTES(BYTES_OF(play.rig.last.exporter), BYTES_OF(second));
        CHECK(memcmp(first, second, sizeof(first)) != 0);
        memcpy(first, second, sizeof(first));
        link_close(link);
    }
    CHECK_EQ(play.rig.n_psk, 1); /* the secret was asked for once */
    link_rig_end(&play, NULL);
}

static void
without_a_ticket_to_fill_every_handshake_is_full(void)
{
    struct link_target target;
    struct link *link = NULL;

    link_rig_begin(&play, "127.0.0.1", "127.0.0.1");
    for (int i = 0; i < 2; i++) {
        target = link_rig_target(&play, "dev-1");
        target.ticket = NULL;
        CHECK_EQ(link_open(&target, LINK_PSK, &link, play.text), 0);
        CHECK(!link_resumed(link));
        link_close(link);
    }
    CHECK_EQ(play.rig.n_psk, 2);
    CHECK(!link_ticket_held(&play.ticket));
    link_rig_end(&play, NULL);
}

static void
a_ticket_is_of_its_identity_only(void)
{
    struct link *link;

    link_rig_begin(&play, "127.0.0.1", "127.0.0.1");
    link_close(link_rig_open(&play, "dev-1"));
    link = link_rig_open(&play, "dev-2"); /* the identity of a new epoch */
    CHECK(!link_resumed(link));
    link_rig_served(&play, link);
    CHECK_STR(play.rig.identity, "dev-2");
    link_close(link);
    link = link_rig_open(&play, "dev-2");
    CHECK(link_resumed(link));
    link_rig_end(&play, link);
}

static void
a_ticket_that_the_server_does_not_know_leads_to_a_full_handshake(void)
{
    struct link *link;

    link_rig_begin(&play, "127.0.0.1", "127.0.0.1");
    link_close(link_rig_open(&play, "dev-1"));
    rig_stop(&play.rig);
    play.rig.other_keys = 1;
    rig_start(&play.rig, "127.0.0.1", NULL); /* it started again, on the same port, with new keys */
    link = link_rig_open(&play, "dev-1");
    CHECK(!link_resumed(link));
    link_rig_served(&play, link);
    link_close(link);
    link = link_rig_open(&play, "dev-1");
    CHECK(link_resumed(link));
    link_rig_end(&play, link);
}

static void
a_broken_ticket_is_dropped_and_costs_nothing(void)
{
    struct link *link;
    uint8_t *p;

    link_rig_begin(&play, "127.0.0.1", "127.0.0.1");
    link_close(link_rig_open(&play, "dev-1"));
    p = secret_room(play.ticket.session);
    p[0] ^= 0xff; /* no session any more */
    link = link_rig_open(&play, "dev-1");
    CHECK(!link_resumed(link) && link_ticket_held(&play.ticket));
    link_rig_end(&play, link);
}

/* The server takes the ticket and cannot read what we say then: silence, but only once. */
static void
a_session_of_another_secret_fails_once(void)
{
    struct link_target target = link_rig_target(&play, "dev-1");
    uint8_t master[48];
    struct link *link = NULL;
    const unsigned char *in;
    SSL_SESSION *session;
    uint8_t *p;

    link_rig_begin(&play, "127.0.0.1", "127.0.0.1");
    link_close(link_rig_open(&play, "dev-1"));
    in = secret_bytes(play.ticket.session).p;
    session = d2i_SSL_SESSION(NULL, &in, (long)secret_bytes(play.ticket.session).len);
    CHECK_EQ(SSL_SESSION_get_master_key(session, master, sizeof(master)), sizeof(master));
    SSL_SESSION_free(session);
    p = memmem(secret_room(play.ticket.session), secret_bytes(play.ticket.session).len, master, 48);
    CHECK(p != NULL);
    *p ^= 1;
    target.handshake_ms = SHORT_MS;
    CHECK(link_open(&target, LINK_PSK, &link, play.text) > 0);
    CHECK(!link_ticket_held(&play.ticket));
    link = link_rig_open(&play, "dev-1");
    CHECK(!link_resumed(link));
    link_rig_served(&play, link);
    link_rig_end(&play, link);
}

static void
a_certificate_connection_leaves_the_ticket_alone(void)
{
    struct link_target target;
    struct link *link = NULL;
    char path[] = "/tmp/assay-link-XXXXXX";
    int fd = mkstemp(path);

    link_rig_begin(&play, "127.0.0.1", "127.0.0.1");
    link_close(link_rig_open(&play, "dev-1"));
    CHECK(fd >= 0);
    target = link_rig_target(&play, "dev-1");
    target.ca_file = path;
    CHECK_EQ(link_open(&target, LINK_CERT, &link, play.text), LINK_E_CONFIG); /* an empty file */
    CHECK(link_ticket_held(&play.ticket));
    close(fd);
    unlink(path);
    link = link_rig_open(&play, "dev-1");
    CHECK(link_resumed(link));
    link_rig_end(&play, link);
}

static void
a_server_on_ipv6_is_spoken_to(void)
{
    struct link *link;

    link_rig_begin(&play, "::1", "[::1]");
    link = link_rig_open(&play, "dev-1");
    link_rig_served(&play, link);
    CHECK(strncmp(play.rig.last.peer, "[::1]:", 6) == 0);
    link_close(link);
    link = link_rig_open(&play, "dev-1");
    CHECK(link_resumed(link));
    link_rig_end(&play, link);
}

/* A socket that was connected takes datagrams of the address that it asked and of no other. */
static void
answers_come_from_the_address_that_was_asked(void)
{
    struct link *link;

    link_rig_begin(&play, "0.0.0.0", "127.0.0.2");
    link = link_rig_open(&play, "dev-1");
    link_rig_served(&play, link);
    link_close(link);
    rig_stop(&play.rig);
    play.rig.port = 0;
    link_rig_begin(&play, "::", "[::1]");
    link = link_rig_open(&play, "dev-1");
    link_rig_served(&play, link);
    link_rig_end(&play, link);
}

static int
silent_server(uint16_t *ret_port)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t len = sizeof(at);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK_EQ(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    CHECK_EQ(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    *ret_port = ntohs(at.sin_port);
    return fd;
}

static void
a_silent_server_is_left_for_the_next(void)
{
    struct link_target target = link_rig_target(&play, "dev-1");
    struct link *link = NULL;
    uint16_t port;
    int fd = silent_server(&port);

    rig_start(&play.rig, "127.0.0.1", NULL);
    snprintf(play.servers, sizeof(play.servers), "127.0.0.1:%u, nowhere.invalid, 127.0.0.1:%u",
             port, play.rig.port);
    target.handshake_ms = SHORT_MS;
    CHECK_EQ(link_open(&target, LINK_PSK, &link, play.text), 0);
    snprintf(play.text, sizeof(play.text), "127.0.0.1:%u", play.rig.port);
    CHECK_STR(link_peer(link), play.text);
    close(fd);
    link_rig_end(&play, link);
}

/* Names of our own, in a mount namespace of our own. */
static void
own_hosts(const char *content)
{
    char path[] = "/tmp/assay-hosts-XXXXXX";
    int fd = mkstemp(path);

    CHECK(fd >= 0);
    CHECK_EQ(write(fd, content, strlen(content)), strlen(content));
    close(fd);
    if (unshare(geteuid() == 0 ? CLONE_NEWNS : CLONE_NEWUSER | CLONE_NEWNS) != 0 ||
        mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount(path, "/etc/hosts", NULL, MS_BIND, NULL) != 0) {
        unlink(path);
        check_skip("no mount namespace here");
    }
    unlink(path);
}

static void
the_next_address_of_a_name_is_tried(void)
{
    const struct link_addr name = {.host = "two.test", .port = "5684"};
    struct link_target target = link_rig_target(&play, "dev-1");
    struct addrinfo *list = NULL;
    struct link *link = NULL;

    own_hosts("127.0.0.1 two.test\n::1 two.test\n");
    CHECK_EQ(link_addr_resolve(&name, &list), 0);
    CHECK(list->ai_next != NULL); /* the front is at the last of them only */
    link_rig_begin(&play, list->ai_family == AF_INET ? "::1" : "127.0.0.1", "two.test");
    freeaddrinfo(list);
    target.handshake_ms = SHORT_MS;
    CHECK_EQ(link_open(&target, LINK_PSK, &link, play.text), 0);
    link_rig_served(&play, link);
    link_rig_end(&play, link);
}

static void
a_wrong_secret_is_silence_and_ends_by_our_own_limit(void)
{
    struct link_target target = link_rig_target(&play, "dev-1");
    struct link *link = NULL;

    link_rig_begin(&play, "127.0.0.1", "127.0.0.1");
    secret_room(play.psk)[0] ^= 1;
    target.handshake_ms = SHORT_MS;
    CHECK_EQ(link_open(&target, LINK_PSK, &link, play.text), LINK_E_SILENT);
    CHECK(!link_ticket_held(&play.ticket));
    CHECK_EQ(play.rig.n_requests, 0);
    link_rig_end(&play, NULL);
}

static void
an_unknown_identity_is_refused_and_leaves_no_ticket(void)
{
    struct link_target target = link_rig_target(&play, "stranger");
    struct link *link = NULL;

    link_rig_begin(&play, "127.0.0.1", "127.0.0.1");
    CHECK_EQ(link_open(&target, LINK_PSK, &link, play.text), LINK_E_REFUSED);
    CHECK(!link_ticket_held(&play.ticket));
    link_rig_end(&play, NULL);
}

/* A server that was killed says nothing, and its successor does not know the connection. */
static void
a_connection_that_nobody_knows_any_more_is_lost_soon(void)
{
    struct link_ask ask = {.method = LINK_GET, .path = "keys", .timeout_ms = LINK_RIG_WAIT_MS};
    struct link_target target = link_rig_target(&play, "dev-1");
    struct link_reply reply = {0};
    struct link *link = NULL;
    struct front *old;

    link_rig_begin(&play, "127.0.0.1", "127.0.0.1");
    target.quiet_ms = SHORT_MS;
    CHECK_EQ(link_open(&target, LINK_PSK, &link, play.text), 0);
    old = play.rig.front;
    play.rig.front = NULL; /* its socket stays, as mute as that of a dead process */
    CHECK_EQ(link_request(link, &ask, &reply), LINK_E_LOST);
    CHECK_EQ(link_request(link, &ask, &reply), LINK_E_LOST); /* and stays so */
    play.rig.front = old;
    link_close(link);
    link = link_rig_open(&play, "dev-1");
    CHECK(link_resumed(link));
    link_rig_served(&play, link);
    link_rig_end(&play, link);
}

static void
a_slow_answer_is_waited_for_beyond_the_quiet(void)
{
    struct link_ask ask = {.method = LINK_GET, .path = "keys", .timeout_ms = 4 * SHORT_MS};
    struct link_target target = link_rig_target(&play, "dev-1");
    struct link_reply reply = {0};
    struct link *link = NULL;

    link_rig_begin(&play, "127.0.0.1", "127.0.0.1");
    play.rig.hold = true;
    target.quiet_ms = SHORT_MS;
    CHECK_EQ(link_open(&target, LINK_PSK, &link, play.text), 0);
    /* acknowledged after a second, and never answered */
    CHECK_EQ(link_request(link, &ask, &reply), LINK_E_SILENT);
    CHECK_EQ(play.rig.n_requests, 1);
    link_rig_end(&play, link);
}

static void
a_server_that_takes_leave_is_lost_at_once(void)
{
    struct link_ask ask = {.method = LINK_GET, .path = "keys", .timeout_ms = LINK_RIG_WAIT_MS};
    struct link_reply reply = {0};
    struct link *link;

    link_rig_begin(&play, "127.0.0.1", "127.0.0.1");
    link = link_rig_open(&play, "dev-1");
    rig_stop(&play.rig);
    CHECK_EQ(link_request(link, &ask, &reply), LINK_E_LOST);
    link_rig_end(&play, link);
}

static void
a_stop_is_heard_while_nobody_answers(void)
{
    struct link_target target = link_rig_target(&play, "dev-1");
    struct link *link = NULL;
    uint16_t port;
    int fd = silent_server(&port);

    snprintf(play.servers, sizeof(play.servers), "127.0.0.1:%u", port);
    target.stopped = stop_at_once;
    CHECK_EQ(link_open(&target, LINK_PSK, &link, play.text), LINK_E_STOPPED);
    close(fd);
    link_rig_end(&play, NULL);
}

CHECK_MAIN(CASE(the_next_connection_resumes_with_a_challenge_of_its_own),
           CASE(without_a_ticket_to_fill_every_handshake_is_full),
           CASE(a_ticket_is_of_its_identity_only),
           CASE(a_ticket_that_the_server_does_not_know_leads_to_a_full_handshake),
           CASE(a_broken_ticket_is_dropped_and_costs_nothing),
           CASE(a_session_of_another_secret_fails_once),
           CASE(a_certificate_connection_leaves_the_ticket_alone),
           CASE(a_server_on_ipv6_is_spoken_to), CASE(answers_come_from_the_address_that_was_asked),
           CASE(a_silent_server_is_left_for_the_next), CASE(the_next_address_of_a_name_is_tried),
           CASE(a_wrong_secret_is_silence_and_ends_by_our_own_limit),
           CASE(an_unknown_identity_is_refused_and_leaves_no_ticket),
           CASE(a_connection_that_nobody_knows_any_more_is_lost_soon),
           CASE(a_slow_answer_is_waited_for_beyond_the_quiet),
           CASE(a_server_that_takes_leave_is_lost_at_once),
           CASE(a_stop_is_heard_while_nobody_answers))
