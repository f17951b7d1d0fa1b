/* More requests than a front may have at its keeper, for tests that stop the keeper meanwhile.
 *
 *   soft-crush PORT CONNECTIONS REFUSED
 *
 * Asks for /keys four times on each of so many certificate connections, without waiting. Prints
 * "refused CODE MAX_AGE" for each refusal that comes until so many have, and all that came with
 * them, then "asked N refused N". When a line comes on its standard input it takes the rest, until
 * all have come, and prints "answered N". How long it waits for what does not come is no claim. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "front/front.h"
#include "lib/check.h"
#include "lib/dtls-client.h"

enum { MOST = 1024, EACH = LIMIT_FRONT_PENDING, CONNECT_MS = 30000, REST_MS = 200, TURNS = 400 };

static struct dtls_client clients[MOST];
static size_t n_clients;
static unsigned n_refused;
static unsigned n_answered;

static void
pump(void *context)
{
    const struct timespec turn = {0, 500000};

    (void)context;
    nanosleep(&turn, NULL);
}

static void
acknowledge(struct dtls_client *client, const struct dtls_answer *answer)
{
    const struct coap_token none = {.len = 0};
    uint8_t room[16];
    struct coap_out out = coap_out_begin(room, sizeof(room), COAP_ACK, 0, answer->mid, &none);

    dtls_client_send(client, coap_out_done(&out));
}

/* What has come for this one within the time. */
static void
take(struct dtls_client *client, int wait_ms)
{
    static struct dtls_answer answer;

    for (;;) {
        dtls_answer_receive(client, &answer, wait_ms);
        if (!answer.came) {
            return;
        }
        if (answer.type == COAP_CON) {
            acknowledge(client, &answer);
        }
        if (answer.code == FRONT_CODE(2, 5)) {
            n_answered++;
        } else if (answer.code != 0) {
            printf("refused %u.%02u %lld\n", answer.code >> 5, answer.code & 31u,
                   (long long)answer.max_age_s);
            n_refused++;
        }
    }
}

static void
ask(struct dtls_client *client)
{
    for (uint8_t i = 0; i < EACH; i++) {
        struct dtls_ask one = {.code = FRONT_GET, .path = "keys", .token = (uint8_t)(i + 1)};
        uint8_t room[2048];

        dtls_client_send(client, dtls_ask_write(client, &one, room));
    }
}

/* Takes what comes on any of them until so many refusals and answers have, and what is there then.
 */
static void
take_until(size_t refused, size_t answered)
{
    bool enough = false;

    for (int turn = 0; turn < TURNS && !enough; turn++) {
        enough = n_refused >= refused && n_answered >= answered;
        for (size_t i = 0; i < n_clients; i++) {
            take(&clients[i], i == 0 ? REST_MS : 0);
        }
    }
}

int
main(int argc, char **argv)
{
    struct dtls_client_config config = {.ip = "127.0.0.1", .pump = pump};
    char line[8];

    if (argc != 4 || (n_clients = strtoul(argv[2], NULL, 10)) > MOST) {
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    config.port = (uint16_t)strtoul(argv[1], NULL, 10);
    for (size_t i = 0; i < n_clients; i++) {
        dtls_client_open(&clients[i], &config);
        CHECK(dtls_client_connect(&clients[i], CONNECT_MS));
        ask(&clients[i]);
    }
    take_until(strtoul(argv[3], NULL, 10), 0);
    printf("asked %zu refused %u\n", n_clients * EACH, n_refused);
    if (!fgets(line, sizeof(line), stdin)) {
        return 1;
    }
    take_until(0, n_clients * EACH - n_refused);
    printf("answered %u\n", n_answered);
    for (size_t i = 0; i < n_clients; i++) {
        dtls_client_close(&clients[i], true);
    }
    return 0;
}
