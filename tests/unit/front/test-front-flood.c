/* The front before a handshake is finished: strangers, floods, and who gives way to whom. */
#include <malloc.h>
#include <sys/socket.h>
#include <unistd.h>

#include "front/hello.h"
#include "lib/check.h"
#include "lib/front-rig.h"

static struct rig rig;
static const struct dtls_ask get_keys = {.code = FRONT_GET, .path = "keys"};

/* A client that goes as far as its second hello, by hand, over the socket of another. */
struct half {
    SSL_CTX *ctx;
    SSL *ssl;
    BIO *in;
    BIO *out;
    uint8_t hello[2048];
    size_t len;
};

static void
half_step(struct half *half)
{
    int n;

    CHECK_EQ(SSL_connect(half->ssl), -1);
    n = BIO_read(half->out, half->hello, sizeof(half->hello));
    half->len = n > 0 ? (size_t)n : 0;
}

static void
half_open(struct half *half)
{
    half->ctx = SSL_CTX_new(DTLS_client_method());
    CHECK_EQ(SSL_CTX_set_cipher_list(half->ctx, "ECDHE-ECDSA-AES128-GCM-SHA256"), 1);
    SSL_CTX_set_options(half->ctx, SSL_OP_NO_QUERY_MTU);
    half->ssl = SSL_new(half->ctx);
    half->in = BIO_new(BIO_s_mem());
    half->out = BIO_new(BIO_s_mem());
    BIO_set_mem_eof_return(half->in, -1);
    SSL_set_bio(half->ssl, half->in, half->out);
    SSL_set_mtu(half->ssl, 1200);
    half_step(half);
    CHECK(half->len > 0);
}

static void
half_close(struct half *half)
{
    SSL_free(half->ssl);
    SSL_CTX_free(half->ctx);
}

static void
send_raw(int fd, const void *p, size_t len)
{
    CHECK_EQ(send(fd, p, len, 0), len);
    rig_pump(&rig);
}

/* The second hello from the answer to the first. */
static void
half_prove(struct half *half, int fd)
{
    uint8_t room[2048];
    ssize_t n;

    send_raw(fd, half->hello, half->len);
    n = recv(fd, room, sizeof(room), 0);
    CHECK_EQ(n, 60);
    CHECK((size_t)n < half->len);
    CHECK_EQ(BIO_write(half->in, room, (int)n), n);
    half_step(half);
    CHECK(half->len > 60);
}

static int
socket_to_rig(void)
{
    struct dtls_client_config config = rig_client(&rig, NULL);
    struct dtls_client client;
    int fd;

    dtls_client_open(&client, &config);
    fd = dup(client.fd);
    CHECK(fd >= 0);
    dtls_client_close(&client, false);
    return fd;
}

static void
device_gets_in(const char *identity)
{
    struct dtls_client client;
    struct dtls_answer answer;

    rig_connect(&rig, &client, identity);
    dtls_client_ask(&client, &get_keys, &answer);
    CHECK_EQ(answer.code, FRONT_CODE(2, 4));
    dtls_client_close(&client, true);
}

static void
a_hello_without_cookie_leaves_nothing(void)
{
    struct half half;
    int fd;

    rig_start(&rig, "127.0.0.1", NULL);
    half_open(&half);
    for (int i = 0; i < 200; i++) {
        fd = socket_to_rig();
        send_raw(fd, half.hello, half.len);
        close(fd);
    }
    CHECK_EQ(front_stats(rig.front).n_cookies, 200);
    CHECK_EQ(front_stats(rig.front).n_conns, 0);
    CHECK_EQ(front_stats(rig.front).n_prefixes, 0);
    device_gets_in("dev-1");
    half_close(&half);
    rig_stop(&rig);
}

static void
memory_stays_flat_under_a_flood(void)
{
    struct half half;
    size_t before = 0;
    int fd;

    rig_start(&rig, "127.0.0.1", NULL);
    fd = socket_to_rig();
    half_open(&half);
    for (int i = 0; i < 3000; i++) {
        if (i == 10) {
            before = mallinfo2().uordblks;
        }
        send_raw(fd, half.hello, half.len);
    }
    CHECK_EQ(front_stats(rig.front).n_cookies, 3000);
    CHECK_EQ(mallinfo2().uordblks, before);
    half_close(&half);
    rig_stop(&rig);
}

static void
a_cookie_is_good_for_its_address_and_random_only(void)
{
    struct half half;
    struct half other;
    int fd;
    int fd2;

    rig_start(&rig, "127.0.0.1", NULL);
    fd = socket_to_rig();
    fd2 = socket_to_rig();
    half_open(&half);
    half_prove(&half, fd);
    send_raw(fd2, half.hello, half.len); /* from another port */
    CHECK_EQ(front_stats(rig.front).n_conns, 0);
    half.hello[13 + 12 + 2] ^= 1; /* another random */
    send_raw(fd, half.hello, half.len);
    CHECK_EQ(front_stats(rig.front).n_conns, 0);
    CHECK_EQ(front_stats(rig.front).n_cookies, 3);
    half.hello[13 + 12 + 2] ^= 1;
    send_raw(fd, half.hello, half.len);
    CHECK_EQ(front_stats(rig.front).n_conns, 1);
    send_raw(fd, half.hello, half.len); /* repeated: still the same handshake */
    CHECK_EQ(front_stats(rig.front).n_conns, 1);
    half_open(&other); /* another hello from there begins anew */
    while (recv(fd, other.hello + 1024, 1024, 0) > 0) {
    }
    half_prove(&other, fd);
    send_raw(fd, other.hello, other.len);
    CHECK_EQ(front_stats(rig.front).n_conns, 1);
    half_close(&half);
    half_close(&other);
    rig_stop(&rig);
}

static void
cookies_survive_one_change_of_secrets(void)
{
    static const struct front_keys twice = {.cookie = {{0xe0}, {0xd0}}};
    static const struct front_keys once = {.cookie = {{0xd0}, {0xc0}}};
    struct half half;
    int fd;

    rig_start(&rig, "127.0.0.1", NULL);
    fd = socket_to_rig();
    half_open(&half);
    half_prove(&half, fd);
    front_set_keys(rig.front, &twice);
    send_raw(fd, half.hello, half.len);
    CHECK_EQ(front_stats(rig.front).n_conns, 0);
    front_set_keys(rig.front, &once);
    send_raw(fd, half.hello, half.len);
    CHECK_EQ(front_stats(rig.front).n_conns, 1);
    half_close(&half);
    rig_stop(&rig);
}

static void
parts_of_a_hello_and_nonsense_are_dropped_in_silence(void)
{
    struct half half;
    uint8_t room[2048];
    int fd;

    rig_start(&rig, "127.0.0.1", NULL);
    fd = socket_to_rig();
    half_open(&half);
    memcpy(room, half.hello, half.len);
    room[13 + 11] -= 1; /* length of the part */
    send_raw(fd, room, half.len);
    send_raw(fd, half.hello, half.len - 1);
    memcpy(room, half.hello, half.len);
    room[half.len] = 0;
    send_raw(fd, room, half.len + 1);
    memset(room, 0x40, sizeof(room));
    send_raw(fd, room, 200);
    send_raw(fd, room, 0);
    CHECK_EQ(recv(fd, room, sizeof(room), 0), -1);
    CHECK_EQ(front_stats(rig.front).n_dropped, 5);
    CHECK_EQ(front_stats(rig.front).n_conns, 0);
    half_close(&half);
    rig_stop(&rig);
}

/* n handshakes that were begun and left. */
static void
leave_half_open(int n)
{
    for (int i = 0; i < n; i++) {
        struct half half;
        int fd = socket_to_rig();

        half_open(&half);
        half_prove(&half, fd);
        send_raw(fd, half.hello, half.len);
        half_close(&half);
        close(fd);
    }
}

static void
a_device_gets_in_past_the_cap_of_half_open_handshakes(void)
{
    struct front_caps caps = {.handshakes = 8, .handshakes_prefix = 100};

    rig_start(&rig, "127.0.0.1", &caps);
    leave_half_open(20);
    CHECK_EQ(front_stats(rig.front).n_handshakes, 8);
    CHECK_EQ(front_stats(rig.front).n_evicted, 12);
    device_gets_in("dev-1");
    CHECK_EQ(rig.n_closed, 1); /* of the device: half-open ones are not told about */
    rig_stop(&rig);
}

static void
other_limits_hold_for_the_next_hello_and_end_nobody(void)
{
    struct front_caps caps = {.handshakes = 8, .handshakes_prefix = 100};

    rig_start(&rig, "127.0.0.1", &caps);
    leave_half_open(8);
    front_set_limits(rig.front, 16, 0);
    leave_half_open(8);
    CHECK_EQ(front_stats(rig.front).n_handshakes, 16);
    front_set_limits(rig.front, 8, 0);
    CHECK_EQ(front_stats(rig.front).n_handshakes, 16);
    CHECK_EQ(front_stats(rig.front).n_evicted, 0);
    leave_half_open(1);
    CHECK_EQ(front_stats(rig.front).n_handshakes, 16); /* none more; the old ones run out */
    CHECK_EQ(front_stats(rig.front).n_evicted, 1);
    rig_stop(&rig);
}

static void
one_prefix_cannot_hold_more_than_its_share_of_handshakes(void)
{
    struct front_caps caps = {.handshakes = 100, .handshakes_prefix = 4};

    rig_start(&rig, "127.0.0.1", &caps);
    leave_half_open(10);
    CHECK_EQ(front_stats(rig.front).n_handshakes, 4);
    device_gets_in("dev-1");
    rig_stop(&rig);
}

static void
a_half_open_handshake_ends_after_its_time(void)
{
    rig_start(&rig, "127.0.0.1", NULL);
    leave_half_open(3);
    rig.skew_ms += 14000;
    rig_pump(&rig);
    CHECK_EQ(front_stats(rig.front).n_handshakes, 3);
    rig.skew_ms += 1100;
    rig_pump(&rig);
    CHECK_EQ(front_stats(rig.front).n_handshakes, 0);
    CHECK_EQ(front_stats(rig.front).n_prefixes, 0);
    rig_stop(&rig);
}

static void
when_full_strangers_go_before_devices(void)
{
    struct front_caps caps = {.conns = 4};
    struct dtls_client device;
    struct dtls_client stranger[4];
    struct dtls_answer answer;

    rig_start(&rig, "127.0.0.1", &caps);
    rig_connect(&rig, &device, "dev-1");
    for (int i = 0; i < 4; i++) {
        rig_connect(&rig, &stranger[i], NULL);
    }
    CHECK_EQ(front_stats(rig.front).n_conns, 4);
    CHECK_EQ(rig.n_closed, 1);
    CHECK(dtls_client_is_closed(&stranger[0], 1000));
    dtls_client_ask(&device, &get_keys, &answer);
    CHECK_EQ(answer.code, FRONT_CODE(2, 4));
    for (int i = 0; i < 4; i++) {
        dtls_client_close(&stranger[i], false);
    }
    dtls_client_close(&device, true);
    rig_stop(&rig);
}

static void
a_hello_from_a_known_address_does_not_drop_its_connection(void)
{
    struct dtls_client client;
    struct dtls_answer answer;
    struct half half;
    uint8_t room[2048];

    rig_start(&rig, "127.0.0.1", NULL);
    rig_connect(&rig, &client, "dev-1");
    half_open(&half);
    half_prove(&half, client.fd);
    send_raw(client.fd, half.hello, half.len);
    CHECK_EQ(front_stats(rig.front).n_conns, 2);
    while (recv(client.fd, room, sizeof(room), 0) > 0) {
    }
    dtls_client_ask(&client, &get_keys, &answer);
    CHECK_EQ(answer.code, FRONT_CODE(2, 4));
    CHECK_STR(rig.identity, "dev-1");
    CHECK_EQ(rig.n_closed, 0);
    rig.skew_ms += 15100;
    rig_pump(&rig);
    CHECK_EQ(front_stats(rig.front).n_conns, 1);
    half_close(&half);
    dtls_client_close(&client, true);
    rig_stop(&rig);
}

static void
a_rebooted_peer_takes_its_place_with_its_finished(void)
{
    struct dtls_client before;
    struct dtls_client after;
    struct dtls_client_config config;
    struct dtls_answer answer;

    rig_start(&rig, "127.0.0.1", NULL);
    rig_connect(&rig, &before, "dev-1");
    dtls_client_ask(&before, &get_keys, &answer);
    uint64_t old = rig.last.conn;

    config = rig_client(&rig, "dev-2");
    dtls_client_open(&after, &config);
    /* the same address: the new connection goes over the old one's socket */
    CHECK(dup2(before.fd, after.fd) >= 0);
    CHECK(dtls_client_connect(&after, 5000));
    CHECK_EQ(rig.n_closed, 1);
    CHECK_EQ(rig.last_closed, old);
    dtls_client_ask(&after, &get_keys, &answer);
    CHECK_EQ(answer.code, FRONT_CODE(2, 4));
    CHECK_STR(rig.identity, "dev-2");
    CHECK(rig.last.conn != old);
    CHECK_EQ(front_stats(rig.front).n_conns, 1);
    dtls_client_close(&before, false);
    dtls_client_close(&after, true);
    rig_stop(&rig);
}

/* A handshake whose server flight is lost is sent again by the front's timer. */
static void
a_lost_flight_is_sent_again(void)
{
    struct half half;
    uint8_t room[2048];
    ssize_t n = -1;
    int fd;

    rig_start(&rig, "127.0.0.1", NULL);
    fd = socket_to_rig();
    half_open(&half);
    half_prove(&half, fd);
    send_raw(fd, half.hello, half.len);
    while (recv(fd, room, sizeof(room), 0) > 0) {
    }
    for (int i = 0; i < 200 && n < 0; i++) {
        CHECK_EQ(front_turn(rig.front, 20), 0);
        n = recv(fd, room, sizeof(room), 0);
    }
    CHECK(n > 0);
    half_close(&half);
    rig_stop(&rig);
}

CHECK_MAIN(CASE(a_hello_without_cookie_leaves_nothing), CASE(memory_stays_flat_under_a_flood),
           CASE(a_cookie_is_good_for_its_address_and_random_only),
           CASE(cookies_survive_one_change_of_secrets),
           CASE(parts_of_a_hello_and_nonsense_are_dropped_in_silence),
           CASE(a_device_gets_in_past_the_cap_of_half_open_handshakes),
           CASE(other_limits_hold_for_the_next_hello_and_end_nobody),
           CASE(one_prefix_cannot_hold_more_than_its_share_of_handshakes),
           CASE(a_half_open_handshake_ends_after_its_time),
           CASE(when_full_strangers_go_before_devices),
           CASE(a_hello_from_a_known_address_does_not_drop_its_connection),
           CASE(a_rebooted_peer_takes_its_place_with_its_finished),
           CASE(a_lost_flight_is_sent_again))
