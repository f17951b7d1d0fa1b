/* The attestor's way to a verifier against the real front: resumption, addresses, and servers that
 * are silent, restart or end. The front takes its turns whenever the link asks whether to stop. */
#include "link/link.h"

#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/check.h"
#include "lib/front-rig.h"
#include "link/link-addr.h"

enum { WAIT_MS = 20000, SHORT_MS = 1500 };

static struct rig rig;
static struct link_ticket ticket;
static struct secret *psk;
static char text[LINK_TEXT];
static char servers[256];
static const uint8_t site_hash[32] = {0x51, 0x7e}; /* the rig's */

static bool
pump(void *context)
{
    (void)context;
    if (rig.front) {
        for (int i = 0; i < 8; i++) {
            rig_pump(&rig);
        }
    }
    return false;
}

static bool
stop_at_once(void *context)
{
    (void)context;
    return true;
}

static struct link_target
target_of(const char *identity)
{
    if (!psk) {
        CHECK_EQ(secret_new(32, &psk), 0);
    }
    rig_psk(identity, secret_room(psk));
    return (struct link_target){
        .servers = servers,
        .identity = bytes_str(identity),
        .psk = psk,
        .exporter_context = site_hash,
        .ticket = &ticket,
        .handshake_ms = WAIT_MS,
        .stopped = pump,
    };
}

static void
begin(const char *ip, const char *to)
{
    rig_start(&rig, ip, NULL);
    snprintf(servers, sizeof(servers), "%s:%u", to, rig.port);
}

static struct link *
opened(const char *identity)
{
    struct link_target target = target_of(identity);
    struct link *link = NULL;
    int r = link_open(&target, LINK_PSK, &link, text);

    if (r != 0) {
        printf("# %s\n", text);
    }
    CHECK_EQ(r, 0);
    return link;
}

static void
served(struct link *link)
{
    struct link_ask ask = {.method = LINK_GET, .path = "keys", .timeout_ms = WAIT_MS};
    struct link_reply reply = {0};

    rig.code = FRONT_CODE(2, 5);
    rig.answer = bytes_str("keys here");
    CHECK_EQ(link_request(link, &ask, &reply), 0);
    CHECK_EQ(reply.code, LINK_CODE(2, 5));
    CHECK_BYTES(bytes_of(reply.body, reply.len), bytes_str("keys here"));
    link_reply_done(&reply);
}

static void
end(struct link *link)
{
    link_close(link);
    link_ticket_drop(&ticket);
    secret_freep(&psk);
    if (rig.front) {
        rig_stop(&rig);
    }
}

static void
the_next_connection_resumes_with_a_challenge_of_its_own(void)
{
    uint8_t first[32];
    uint8_t second[32];
    struct link *link;

    begin("127.0.0.1", "127.0.0.1");
    link = opened("dev-1");
    CHECK(!link_resumed(link) && link_ticket_held(&ticket));
    CHECK_EQ(link_exporter(link, first), 0);
    served(link);
    link_close(link);
    for (int i = 0; i < 3; i++) {
        link = opened("dev-1");
        CHECK(link_resumed(link) && link_ticket_held(&ticket));
        served(link);
        CHECK(rig.last.resumed);
        CHECK_STR(rig.identity, "dev-1");
        CHECK_EQ(link_exporter(link, second), 0);
        CHECK_BYTES(BYTES_OF(rig.last.exporter), BYTES_OF(second));
        CHECK(memcmp(first, second, sizeof(first)) != 0);
        memcpy(first, second, sizeof(first));
        link_close(link);
    }
    CHECK_EQ(rig.n_psk, 1); /* the secret was asked for once */
    end(NULL);
}

static void
without_a_ticket_to_fill_every_handshake_is_full(void)
{
    struct link_target target;
    struct link *link = NULL;

    begin("127.0.0.1", "127.0.0.1");
    for (int i = 0; i < 2; i++) {
        target = target_of("dev-1");
        target.ticket = NULL;
        CHECK_EQ(link_open(&target, LINK_PSK, &link, text), 0);
        CHECK(!link_resumed(link));
        link_close(link);
    }
    CHECK_EQ(rig.n_psk, 2);
    CHECK(!link_ticket_held(&ticket));
    end(NULL);
}

static void
a_ticket_is_of_its_identity_only(void)
{
    struct link *link;

    begin("127.0.0.1", "127.0.0.1");
    link_close(opened("dev-1"));
    link = opened("dev-2"); /* the identity of a new epoch */
    CHECK(!link_resumed(link));
    served(link);
    CHECK_STR(rig.identity, "dev-2");
    link_close(link);
    link = opened("dev-2");
    CHECK(link_resumed(link));
    end(link);
}

static void
a_ticket_that_the_server_does_not_know_leads_to_a_full_handshake(void)
{
    struct link *link;

    begin("127.0.0.1", "127.0.0.1");
    link_close(opened("dev-1"));
    rig_stop(&rig);
    rig.other_keys = 1;
    rig_start(&rig, "127.0.0.1", NULL); /* it started again, on the same port, with new keys */
    link = opened("dev-1");
    CHECK(!link_resumed(link));
    served(link);
    link_close(link);
    link = opened("dev-1");
    CHECK(link_resumed(link));
    end(link);
}

static void
a_broken_ticket_is_dropped_and_costs_nothing(void)
{
    struct link *link;
    uint8_t *p;

    begin("127.0.0.1", "127.0.0.1");
    link_close(opened("dev-1"));
    p = secret_room(ticket.session);
    p[0] ^= 0xff; /* no session any more */
    link = opened("dev-1");
    CHECK(!link_resumed(link) && link_ticket_held(&ticket));
    end(link);
}

/* The server takes the ticket and cannot read what we say then: silence, but only once. */
static void
a_session_of_another_secret_fails_once(void)
{
    struct link_target target = target_of("dev-1");
    uint8_t master[48];
    struct link *link = NULL;
    const unsigned char *in;
    SSL_SESSION *session;
    uint8_t *p;

    begin("127.0.0.1", "127.0.0.1");
    link_close(opened("dev-1"));
    in = secret_bytes(ticket.session).p;
    session = d2i_SSL_SESSION(NULL, &in, (long)secret_bytes(ticket.session).len);
    CHECK_EQ(SSL_SESSION_get_master_key(session, master, sizeof(master)), sizeof(master));
    SSL_SESSION_free(session);
    p = memmem(secret_room(ticket.session), secret_bytes(ticket.session).len, master, 48);
    CHECK(p != NULL);
    *p ^= 1;
    target.handshake_ms = SHORT_MS;
    CHECK(link_open(&target, LINK_PSK, &link, text) > 0);
    CHECK(!link_ticket_held(&ticket));
    link = opened("dev-1");
    CHECK(!link_resumed(link));
    served(link);
    end(link);
}

static void
a_certificate_connection_leaves_the_ticket_alone(void)
{
    struct link_target target;
    struct link *link = NULL;
    char path[] = "/tmp/assay-link-XXXXXX";
    int fd = mkstemp(path);

    begin("127.0.0.1", "127.0.0.1");
    link_close(opened("dev-1"));
    CHECK(fd >= 0);
    target = target_of("dev-1");
    target.ca_file = path;
    CHECK_EQ(link_open(&target, LINK_CERT, &link, text), LINK_E_CONFIG); /* an empty file */
    CHECK(link_ticket_held(&ticket));
    close(fd);
    unlink(path);
    link = opened("dev-1");
    CHECK(link_resumed(link));
    end(link);
}

static void
a_server_on_ipv6_is_spoken_to(void)
{
    struct link *link;

    begin("::1", "[::1]");
    link = opened("dev-1");
    served(link);
    CHECK(strncmp(rig.last.peer, "[::1]:", 6) == 0);
    link_close(link);
    link = opened("dev-1");
    CHECK(link_resumed(link));
    end(link);
}

/* A socket that was connected takes datagrams of the address that it asked and of no other. */
static void
answers_come_from_the_address_that_was_asked(void)
{
    struct link *link;

    begin("0.0.0.0", "127.0.0.2");
    link = opened("dev-1");
    served(link);
    link_close(link);
    rig_stop(&rig);
    rig.port = 0;
    begin("::", "[::1]");
    link = opened("dev-1");
    served(link);
    end(link);
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
    struct link_target target = target_of("dev-1");
    struct link *link = NULL;
    uint16_t port;
    int fd = silent_server(&port);

    rig_start(&rig, "127.0.0.1", NULL);
    snprintf(servers, sizeof(servers), "127.0.0.1:%u, nowhere.invalid, 127.0.0.1:%u", port,
             rig.port);
    target.handshake_ms = SHORT_MS;
    CHECK_EQ(link_open(&target, LINK_PSK, &link, text), 0);
    snprintf(text, sizeof(text), "127.0.0.1:%u", rig.port);
    CHECK_STR(link_peer(link), text);
    close(fd);
    end(link);
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
    struct link_target target = target_of("dev-1");
    struct addrinfo *list = NULL;
    struct link *link = NULL;

    own_hosts("127.0.0.1 two.test\n::1 two.test\n");
    CHECK_EQ(link_addr_resolve(&name, &list), 0);
    CHECK(list->ai_next != NULL); /* the front is at the last of them only */
    begin(list->ai_family == AF_INET ? "::1" : "127.0.0.1", "two.test");
    freeaddrinfo(list);
    target.handshake_ms = SHORT_MS;
    CHECK_EQ(link_open(&target, LINK_PSK, &link, text), 0);
    served(link);
    end(link);
}

static void
a_wrong_secret_is_silence_and_ends_by_our_own_limit(void)
{
    struct link_target target = target_of("dev-1");
    struct link *link = NULL;

    begin("127.0.0.1", "127.0.0.1");
    secret_room(psk)[0] ^= 1;
    target.handshake_ms = SHORT_MS;
    CHECK_EQ(link_open(&target, LINK_PSK, &link, text), LINK_E_SILENT);
    CHECK(!link_ticket_held(&ticket));
    CHECK_EQ(rig.n_requests, 0);
    end(NULL);
}

static void
an_unknown_identity_is_refused_and_leaves_no_ticket(void)
{
    struct link_target target = target_of("stranger");
    struct link *link = NULL;

    begin("127.0.0.1", "127.0.0.1");
    CHECK_EQ(link_open(&target, LINK_PSK, &link, text), LINK_E_REFUSED);
    CHECK(!link_ticket_held(&ticket));
    end(NULL);
}

/* A server that was killed says nothing, and its successor does not know the connection. */
static void
a_connection_that_nobody_knows_any_more_is_lost_soon(void)
{
    struct link_ask ask = {.method = LINK_GET, .path = "keys", .timeout_ms = WAIT_MS};
    struct link_target target = target_of("dev-1");
    struct link_reply reply = {0};
    struct link *link = NULL;
    struct front *old;

    begin("127.0.0.1", "127.0.0.1");
    target.quiet_ms = SHORT_MS;
    CHECK_EQ(link_open(&target, LINK_PSK, &link, text), 0);
    old = rig.front;
    rig.front = NULL; /* its socket stays, as mute as that of a dead process */
    CHECK_EQ(link_request(link, &ask, &reply), LINK_E_LOST);
    CHECK_EQ(link_request(link, &ask, &reply), LINK_E_LOST); /* and stays so */
    rig.front = old;
    link_close(link);
    link = opened("dev-1");
    CHECK(link_resumed(link));
    served(link);
    end(link);
}

static void
a_slow_answer_is_waited_for_beyond_the_quiet(void)
{
    struct link_ask ask = {.method = LINK_GET, .path = "keys", .timeout_ms = 4 * SHORT_MS};
    struct link_target target = target_of("dev-1");
    struct link_reply reply = {0};
    struct link *link = NULL;

    begin("127.0.0.1", "127.0.0.1");
    rig.hold = true;
    target.quiet_ms = SHORT_MS;
    CHECK_EQ(link_open(&target, LINK_PSK, &link, text), 0);
    /* acknowledged after a second, and never answered */
    CHECK_EQ(link_request(link, &ask, &reply), LINK_E_SILENT);
    CHECK_EQ(rig.n_requests, 1);
    end(link);
}

static void
a_server_that_takes_leave_is_lost_at_once(void)
{
    struct link_ask ask = {.method = LINK_GET, .path = "keys", .timeout_ms = WAIT_MS};
    struct link_reply reply = {0};
    struct link *link;

    begin("127.0.0.1", "127.0.0.1");
    link = opened("dev-1");
    rig_stop(&rig);
    CHECK_EQ(link_request(link, &ask, &reply), LINK_E_LOST);
    end(link);
}

static void
a_stop_is_heard_while_nobody_answers(void)
{
    struct link_target target = target_of("dev-1");
    struct link *link = NULL;
    uint16_t port;
    int fd = silent_server(&port);

    snprintf(servers, sizeof(servers), "127.0.0.1:%u", port);
    target.stopped = stop_at_once;
    CHECK_EQ(link_open(&target, LINK_PSK, &link, text), LINK_E_STOPPED);
    close(fd);
    end(NULL);
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
