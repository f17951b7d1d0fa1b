/* Load for tests: a device in software that enrols, attests and asks for a token, again and again,
 * whatever happens to the service, until SIGTERM.
 *
 *   soft-load PORT LOG PAUSE_MS
 *
 * Prints a line each: "fingerprint HEX" at once, then "ueid HEX", "cwt HEX" and "jwt TEXT" for what
 * it has seen, "refused CODE REASON MAX_AGE" for refusals and "silence" where nothing came. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "lib/check.h"
#include "lib/soft-client.h"

static struct soft_client client;
static volatile sig_atomic_t stop;
static long pause_ms;

enum { SILENT_MOST = 3 };

static void
on_term(int signal)
{
    (void)signal;
    stop = 1;
}

static void
sleep_ms(long ms)
{
    const struct timespec wait = {ms / 1000, ms % 1000 * 1000000};

    nanosleep(&wait, NULL);
}

static void
say_hex(const char *what, struct bytes bytes)
{
    printf("%s ", what);
    for (size_t i = 0; i < bytes.len; i++) {
        printf("%02x", bytes.p[i]);
    }
    printf("\n");
}

/* Tells of what did not go well; true when the connection is of no use any more. */
static bool
failed(enum soft_outcome outcome)
{
    if (outcome == SOFT_SILENCE) {
        printf("silence\n");
        sleep_ms(20);
    } else if (outcome != SOFT_OK) {
        printf("refused %u.%02u %u %lld\n", client.code >> 5, client.code & 31u, client.reason,
               (long long)client.max_age_s);
        sleep_ms(outcome == SOFT_WAIT ? 100 : 0);
    }
    return outcome == SOFT_SILENCE;
}

static bool
enrol(void)
{
    enum soft_outcome outcome = soft_client_connect(&client);

    outcome = outcome == SOFT_OK ? soft_client_enrol(&client) : outcome;
    ignore(failed(outcome), "there is nothing to lose");
    return outcome == SOFT_OK;
}

static bool
join(void)
{
    enum soft_outcome outcome = soft_client_connect(&client);

    outcome = outcome == SOFT_OK ? soft_client_join(&client) : outcome;
    ignore(failed(outcome), "it is tried again");
    if (outcome == SOFT_OK) {
        say_hex("ueid", BYTES_OF(client.ueid));
        if (client.state == DEVICE_PENDING) {
            sleep_ms(500); /* an operator takes his time */
        }
    }
    return outcome == SOFT_OK && client.state != DEVICE_PENDING;
}

/* Verdicts and tokens on one connection, a few, then a fresh one. */
static void
attest(void)
{
    for (int i = 0; i < 8 && !stop; i++) {
        struct bytes cwt = BYTES_NULL;
        enum soft_outcome outcome = soft_client_attest(&client, &cwt);

        if (failed(outcome)) {
            return;
        }
        if (outcome == SOFT_OK && cwt.len > 0) {
            say_hex("cwt", cwt);
            outcome = soft_client_jwt(&client);
            if (failed(outcome)) {
                return;
            }
        }
        if (outcome == SOFT_OK && client.code == COAP_CODE(2, 5)) {
            printf("jwt %.*s\n", (int)client.len, (const char *)client.body);
        }
        if (outcome == SOFT_OK && cwt.len == 0) {
            printf("refused 2.04 %u -1\n", client.reason);
            sleep_ms(100);
        }
        sleep_ms(pause_ms);
    }
}

/* As the attestor does: an identity that nobody answers to may be one of a master that is gone. */
static void
connect_again(bool *member)
{
    static int n_silent;

    if (!failed(stop ? SOFT_OK : soft_client_connect(&client))) { /* the next evidence tells */
        n_silent = 0;
    } else if (++n_silent == SILENT_MOST) {
        n_silent = 0;
        client.identity[0] = '\0';
        *member = false;
    }
}

int
main(int argc, char **argv)
{
    struct sigaction action = {.sa_handler = on_term};
    char fingerprint[65];
    bool member = false;

    if (argc != 4) {
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    sigaction(SIGTERM, &action, NULL);
    pause_ms = strtol(argv[3], NULL, 10);
    soft_client_new(&client, (uint16_t)strtoul(argv[1], NULL, 10), check_vector(argv[2]));
    soft_client_fingerprint(&client, fingerprint);
    printf("fingerprint %s\n", fingerprint);
    while (!stop) {
        if (client.identity[0] == '\0' && !enrol()) {
            continue;
        }
        if (!member) {
            member = join();
            continue;
        }
        attest();
        connect_again(&member);
    }
    soft_client_done(&client);
    return 0;
}
