/* What one device may hold of the front, on however many connections. */
#include <netinet/in.h>

#include "lib/check.h"
#include "lib/front-rig.h"

enum { BLOCK = 1024 };

static struct rig rig;
static uint8_t pattern[BLOCK];

static uint8_t
ask_code(struct dtls_client *client, const struct dtls_ask *ask)
{
    struct dtls_answer answer;

    dtls_client_ask(client, ask, &answer);
    CHECK(answer.came);
    return answer.code;
}

static uint8_t
get_code(struct dtls_client *client)
{
    static const struct dtls_ask ask = {.code = FRONT_GET, .path = "keys"};

    return ask_code(client, &ask);
}

/* The first block of a body that is not whole. */
static uint8_t
begin_code(struct dtls_client *client, const char *path)
{
    struct dtls_ask ask = {.code = FRONT_POST, .path = path, .payload = BYTES_OF(pattern)};

    ask.block1 = (struct coap_block){.more = true, .szx = 6, .present = true};
    return ask_code(client, &ask);
}

static void
end(void)
{
    rig_pump(&rig);
    CHECK_EQ(front_stats(rig.front).n_conns, 0);
    CHECK_EQ(front_stats(rig.front).n_devices, 0);
    CHECK_EQ(front_stats(rig.front).assembly_bytes, 0);
    rig_stop(&rig);
}

static void
one_device_has_one_share_of_the_room(void)
{
    struct front_caps caps = {.assembly_device_bytes = 6000};
    struct dtls_client first;
    struct dtls_client second;
    struct dtls_client other;

    rig_start(&rig, "127.0.0.1", &caps);
    rig_connect(&rig, &first, "dev-1");
    rig_connect(&rig, &second, "dev-1");
    rig_connect(&rig, &other, "dev-2");
    CHECK_EQ(front_stats(rig.front).n_devices, 2);
    CHECK_EQ(begin_code(&first, "attest"), FRONT_CODE(2, 31));
    CHECK_EQ(begin_code(&second, "attest"), FRONT_CODE(5, 3));
    CHECK_EQ(front_stats(rig.front).assembly_bytes, 4096);
    CHECK_EQ(begin_code(&other, "attest"), FRONT_CODE(2, 31));
    dtls_client_close(&first, true);
    CHECK_EQ(begin_code(&second, "attest"), FRONT_CODE(2, 31));
    dtls_client_close(&second, true);
    dtls_client_close(&other, true);
    end();
}

static void
a_stranger_has_that_of_its_prefix_alone(void)
{
    struct front_caps caps = {.assembly_device_bytes = 1};
    struct dtls_client stranger;

    rig_start(&rig, "127.0.0.1", &caps);
    rig_connect(&rig, &stranger, NULL);
    CHECK_EQ(front_stats(rig.front).n_devices, 0);
    CHECK_EQ(begin_code(&stranger, "enroll"), FRONT_CODE(2, 31));
    dtls_client_close(&stranger, true);
    end();
}

static void
a_device_that_connects_without_end_closes_its_own(void)
{
    struct front_caps caps = {.conns_device = 2};
    struct dtls_client other;
    struct dtls_client mine[4];

    rig_start(&rig, "127.0.0.1", &caps);
    rig_connect(&rig, &other, "dev-2");
    rig_connect(&rig, &mine[0], "dev-1");
    rig_connect(&rig, &mine[1], "dev-1");
    CHECK_EQ(get_code(&mine[0]), FRONT_CODE(2, 4)); /* now the second is the longest unused */
    rig_connect(&rig, &mine[2], "dev-1");
    CHECK(dtls_client_is_closed(&mine[1], 1000));
    CHECK_EQ(get_code(&mine[0]), FRONT_CODE(2, 4));
    rig_connect(&rig, &mine[3], "dev-1");
    CHECK(dtls_client_is_closed(&mine[2], 1000));
    CHECK_EQ(front_stats(rig.front).n_conns, 3);
    CHECK_EQ(front_stats(rig.front).n_evicted, 2);
    CHECK_EQ(get_code(&mine[0]), FRONT_CODE(2, 4));
    CHECK_EQ(get_code(&mine[3]), FRONT_CODE(2, 4));
    CHECK_EQ(get_code(&other), FRONT_CODE(2, 4));
    for (int i = 0; i < 4; i++) {
        dtls_client_close(&mine[i], i == 0 || i == 3);
    }
    dtls_client_close(&other, true);
    end();
}

/* Strangers have no number of their own: their prefix's handshakes and the table are their cap. */
static uint16_t
port_of(const struct dtls_client *client)
{
    struct sockaddr_in at;
    socklen_t len = sizeof(at);

    CHECK_EQ(getsockname(client->fd, (struct sockaddr *)&at, &len), 0);
    return ntohs(at.sin_port);
}

/* A device that starts again from its old port: the connection of before gives way for two reasons
 * at once, to the device's share and to its address. */
static void
a_device_that_comes_back_from_its_port_replaces_its_own(void)
{
    struct front_caps caps = {.conns_device = 1};
    struct dtls_client_config config;
    struct dtls_client first;
    struct dtls_client again;

    rig_start(&rig, "127.0.0.1", &caps);
    rig_connect(&rig, &first, "dev-1");
    config = rig_client(&rig, "dev-1");
    config.source_port = port_of(&first);
    dtls_client_close(&first, false);
    dtls_client_open(&again, &config);
    CHECK(dtls_client_connect(&again, 5000));
    CHECK_EQ(get_code(&again), FRONT_CODE(2, 4));
    CHECK_EQ(front_stats(rig.front).n_conns, 1);
    dtls_client_close(&again, true);
    end();
}

static void
strangers_of_one_address_are_no_device(void)
{
    struct front_caps caps = {.conns_device = 1};
    struct dtls_client stranger[3];

    rig_start(&rig, "127.0.0.1", &caps);
    for (int i = 0; i < 3; i++) {
        rig_connect(&rig, &stranger[i], NULL);
    }
    CHECK_EQ(front_stats(rig.front).n_conns, 3);
    for (int i = 0; i < 3; i++) {
        dtls_client_close(&stranger[i], true);
    }
    end();
}

CHECK_MAIN(CASE(one_device_has_one_share_of_the_room),
           CASE(a_stranger_has_that_of_its_prefix_alone),
           CASE(a_device_that_connects_without_end_closes_its_own),
           CASE(a_device_that_comes_back_from_its_port_replaces_its_own),
           CASE(strangers_of_one_address_are_no_device))
