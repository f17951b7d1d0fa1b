/* assay device import: an inventory of fingerprints, before the devices come. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cmd-control.h"
#include "inventory.h"

enum { FILE_MAX = 16 * 1024 * 1024, BATCH = 60 };

/* Sends rows first..first+n. Returns an exit code. */
static int
send_batch(const struct ask *options, const struct inventory *inventory, size_t first, size_t n,
           int64_t *ret_imported)
{
    struct ask ask = {.socket = options->socket};
    static char words[BATCH][INVENTORY_ROW];
    struct said said = {0};
    json_t *answer = NULL;
    int code;

    ask_word(&ask, "device");
    ask_word(&ask, "import");
    for (size_t i = 0; i < n; i++) {
        ask_word(&ask, inventory_word(&inventory->rows[first + i], words[i]));
    }
    code = ask_keeper(&ask, &answer);
    if (code != CMD_YES) {
        return code;
    }
    *ret_imported = said_must_int(&said, answer, "imported");
    json_decref(answer);
    if (said_wrong(&said)) {
        return CMD_NO;
    }
    if (*ret_imported < 0 || (uint64_t)*ret_imported != n) {
        fprintf(stderr, "assay: the verifier took %" PRId64 " of %zu lines\n", *ret_imported, n);
        return CMD_NO;
    }
    return CMD_YES;
}

/* Each batch is taken whole or not at all, so the lines can be named. */
static int
send_all(const struct ask *ask, const struct inventory *inventory)
{
    int64_t total = 0;

    for (size_t first = 0; first < inventory->n; first += BATCH) {
        size_t n = inventory->n - first < BATCH ? inventory->n - first : BATCH;
        int64_t imported = 0;
        int code = send_batch(ask, inventory, first, n, &imported);

        if (code != CMD_YES) {
            fprintf(stderr,
                    "assay: stopped at lines %zu to %zu; %" PRId64
                    " devices before them are imported, and importing them again does no harm\n",
                    inventory->rows[first].line, inventory->rows[first + n - 1].line, total);
            return code;
        }
        total += imported;
    }
    if (ask->json) {
        return cmd_print_json(json_pack("{s:I}", "imported", (json_int_t)total)) == 0 ? CMD_YES
                                                                                      : CMD_NO;
    }
    printf("imported %" PRId64 " devices\n", total);
    return CMD_YES;
}

static int
import_run(const struct cmd *self, int argc, char **argv)
{
    struct ask ask = {0};
    struct flag_words words = {0};
    struct inventory inventory = {0};
    struct bytes file = BYTES_NULL;
    int r = ask_plain_args(self, argc, argv, &ask, &words, 1);
    int code = CMD_NO;

    if (r != 0) {
        return r;
    }
    if (cmd_read_file(words.words[0], FILE_MAX, &file) != 0) {
        return CMD_NO;
    }
    if (inventory_read(file, &inventory) == 0) {
        code = send_all(&ask, &inventory);
    } else if (inventory.n_bad > 0) {
        fprintf(stderr, "assay: nothing was imported\n");
    }
    inventory_done(&inventory);
    free((void *)(uintptr_t)file.p);
    return code;
}

const struct cmd cmd_device_import = {
    .name = "device import",
    .args = "FILE " ASK_ARGS,
    .summary = "name devices by fingerprint before they come",
    .help =
        "FILE (- is standard input) has a line FINGERPRINT,CLASS[,GROUPS] for each device; GROUPS\n"
        "are names with a blank between. A header line, blank lines and # comments are skipped.\n"
        "A device whose endorsement key is listed is a member of its class, and in its groups, as\n"
        "soon as it enrols. If a line is bad, it is named and nothing is imported.\n\n"
        "One file serves all: `assay device move --file` and `assay device group --file` bring\n"
        "devices that have enrolled to what it says now.\n\n" ASK_HELP "Example:\n"
        "  $ head -2 devices.csv\n"
        "  fingerprint,class,groups\n"
        "  5e1f0c2b…64 digits…,laptops,berlin pilots\n"
        "  $ assay device import devices.csv\n"
        "  imported 128 devices\n\n"
        "Exit status: 0 all imported, 1 not all, 2 usage.\n",
    .run = import_run,
};
