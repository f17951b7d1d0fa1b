/* A crowd for tests: strangers in software, one after the other, each with keys of its own. Each
 * proves its TPM, enrols and is left waiting for approval.
 *
 *   soft-crowd PORT N
 *
 * Prints a line for each: "waits", or "refused CODE" or "silence" when it gave up after TRIES. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "lib/check.h"
#include "lib/soft-client.h"

enum { TRIES = 20 };

static struct soft_client client;

static enum soft_outcome
enrol(void)
{
    enum soft_outcome outcome = soft_client_connect(&client);

    if (outcome == SOFT_OK && client.identity[0] == '\0') {
        outcome = soft_client_enrol(&client);
        outcome = outcome == SOFT_OK ? soft_client_connect(&client) : outcome;
    }
    return outcome == SOFT_OK ? soft_client_join(&client) : outcome;
}

static void
come(uint16_t port)
{
    const struct timespec pause = {0, 50000000};
    enum soft_outcome outcome = SOFT_SILENCE;

    soft_client_new(&client, port, check_vector("boot/grub-sb-on/binary_bios_measurements"));
    for (int i = 0; i < TRIES && outcome != SOFT_OK; i++) {
        if (i > 0) {
            nanosleep(&pause, NULL);
        }
        outcome = enrol();
    }
    if (outcome == SOFT_OK) {
        printf("%s\n", client.state == DEVICE_PENDING ? "waits" : "member");
    } else if (outcome == SOFT_SILENCE) {
        printf("silence\n");
    } else {
        printf("refused %u.%02u\n", client.code >> 5, client.code & 31u);
    }
    soft_client_done(&client);
}

int
main(int argc, char **argv)
{
    if (argc != 3) {
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (long n = strtol(argv[2], NULL, 10); n > 0; n--) {
        come((uint16_t)strtoul(argv[1], NULL, 10));
    }
    return 0;
}
