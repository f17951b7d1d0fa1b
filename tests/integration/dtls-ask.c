/* Asks a front on 127.0.0.1 one question on a certificate connection and prints "CODE PAYLOAD".
 *
 *   dtls-ask PORT get|post PATH [PAYLOAD [CA]]
 *
 * With CA the server's certificate must chain to it. Status 1 when no answer came. */
#include <openssl/err.h>
#include <stdlib.h>
#include <time.h>

#include "lib/check.h"
#include "lib/dtls-client.h"

enum { CONNECT_MS = 3000 };

static void
pump(void *context)
{
    const struct timespec turn = {0, 1000000};

    (void)context;
    nanosleep(&turn, NULL);
}

int
main(int argc, char **argv)
{
    struct dtls_client client;
    struct dtls_client_config config = {.ip = "127.0.0.1", .pump = pump};
    struct dtls_ask ask = {.token = 1};
    static struct dtls_answer answer;

    if (argc < 4) {
        return 2;
    }
    config.port = (uint16_t)strtoul(argv[1], NULL, 10);
    ask.code = strcmp(argv[2], "get") == 0 ? 1 : 2;
    ask.path = argv[3];
    ask.payload = argc > 4 ? bytes_str(argv[4]) : BYTES_NULL;
    dtls_client_open(&client, &config);
    if (argc > 5) {
        CHECK_EQ(SSL_CTX_load_verify_locations(client.ctx, argv[5], NULL), 1);
        SSL_set_verify(client.ssl, SSL_VERIFY_PEER, NULL);
        CHECK_EQ(SSL_set1_host(client.ssl, "127.0.0.1"), 1);
    }
    if (!dtls_client_connect(&client, CONNECT_MS)) {
        ERR_print_errors_fp(stderr);
        return 1;
    }
    dtls_client_ask(&client, &ask, &answer);
    if (answer.came) {
        printf("%u.%02u %.*s\n", answer.code >> 5, answer.code & 31, (int)answer.payload.len,
               (const char *)answer.payload.p);
    }
    dtls_client_close(&client, true);
    return answer.came ? 0 : 1;
}
