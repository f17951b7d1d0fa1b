#include "cmd-log.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/hex.h"
#include "log-scan.h"
#include "log-slots.h"

int
cmd_log_args(const struct cmd *self, int argc, char **argv, int n_files, const char **ret_files,
             bool *ret_json, bool *ret_slots)
{
    bool options = true;
    int n = 0;

    *ret_json = false;
    if (ret_slots) {
        *ret_slots = false;
    }
    for (int i = 1; i < argc; i++) {
        if (options && strcmp(argv[i], "--") == 0) {
            options = false;
        } else if (options && strcmp(argv[i], "--json") == 0) {
            *ret_json = true;
        } else if (options && ret_slots && strcmp(argv[i], "--slots") == 0) {
            *ret_slots = true;
        } else if (options && argv[i][0] == '-' && argv[i][1] != '\0') {
            return cmd_usage(self, "no such option");
        } else if (n == n_files) {
            return cmd_usage(self, "too many files");
        } else {
            ret_files[n++] = argv[i];
        }
    }
    return n == n_files ? 0 : cmd_usage(self, "a file is missing");
}

static const char *
format_name(const struct log_scan *scan)
{
    return scan->log.format == EVLOG_AGILE ? "crypto-agile" : "sha1";
}

static json_t *
banks_json(const struct log_scan *scan)
{
    json_t *banks = json_array();

    for (size_t i = 0; i < scan->log.n_banks; i++) {
        char room[EVLOG_BANK_NAME_MAX];

        json_array_append_new(banks, json_string(evlog_bank_name(&scan->log.bank[i], room)));
    }
    return banks;
}

/* All 24 PCRs of a bank by index; null for a bank that is not replayed. */
static json_t *
bank_pcrs_json(const struct log_scan *scan, size_t bank)
{
    json_t *pcrs = json_object();

    if (scan->replay.bank[bank].hash == HASH_N) {
        json_decref(pcrs);
        return json_null();
    }
    for (uint32_t pcr = 0; pcr < LIMIT_PCRS; pcr++) {
        char index[12];

        snprintf(index, sizeof(index), "%u", pcr);
        json_object_set_new(pcrs, index, cmd_hex_json(replay_pcr(&scan->replay, bank, pcr)));
    }
    return pcrs;
}

static json_t *
pcrs_json(const struct log_scan *scan)
{
    json_t *pcrs = json_object();

    for (size_t i = 0; i < scan->log.n_banks; i++) {
        char room[EVLOG_BANK_NAME_MAX];

        json_object_set_new(pcrs, evlog_bank_name(&scan->log.bank[i], room),
                            bank_pcrs_json(scan, i));
    }
    return pcrs;
}

static json_t *
extended_json(const struct log_scan *scan)
{
    json_t *extended = json_array();

    for (uint32_t pcr = 0; pcr < LIMIT_PCRS; pcr++) {
        if (scan->replay.extended & 1u << pcr) {
            json_array_append_new(extended, json_integer(pcr));
        }
    }
    return extended;
}

static json_t *
events_json(const struct log_scan *scan, const struct log_slots *slots)
{
    json_t *events = json_array();

    for (size_t i = 0; i < scan->n_rows; i++) {
        json_t *row = log_scan_row_json(scan, &scan->row[i]);

        if (slots && log_slots_row(slots, i, row) < 0) {
            json_decref(row);
            json_decref(events);
            return NULL;
        }
        json_array_append_new(events, row);
    }
    return events;
}

static json_t *
locality_json(const struct log_scan *scan)
{
    return !scan->opened || scan->log.locality == EVLOG_LOCALITY_NONE
               ? json_null()
               : json_integer(scan->log.locality);
}

static int
show_json(const struct log_scan *scan, const struct log_slots *slots)
{
    json_t *format = scan->opened ? json_string(format_name(scan)) : json_null();
    json_t *root = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "format", format, "banks",
                             banks_json(scan), "startup_locality", locality_json(scan), "events",
                             events_json(scan, slots), "extended", extended_json(scan), "pcrs",
                             pcrs_json(scan), "faults", log_scan_faults_json(scan));

    if (root && slots) {
        json_object_set_new(root, "slots", log_slots_json(slots));
    }
    return cmd_print_json(root);
}

static void
print_pcrs(const struct log_scan *scan, size_t bank)
{
    char room[EVLOG_BANK_NAME_MAX];
    const char *name = evlog_bank_name(&scan->log.bank[bank], room);

    if (scan->replay.bank[bank].hash == HASH_N) {
        printf("\n%s: not replayed, the hash is not known here\n", name);
        return;
    }
    printf("\n%s\n", name);
    for (uint32_t pcr = 0; pcr < LIMIT_PCRS; pcr++) {
        char hex[2 * HASH_SIZE_MAX + 1];

        if (scan->replay.extended & 1u << pcr) {
            printf("  %2u  %s\n", pcr, hex_write(hex, replay_pcr(&scan->replay, bank, pcr)));
        }
    }
}

static void
print_title(const struct log_scan *scan)
{
    printf("%s log, %zu events, banks", format_name(scan), scan->n_rows);
    for (size_t i = 0; i < scan->log.n_banks; i++) {
        char room[EVLOG_BANK_NAME_MAX];

        printf(" %s", evlog_bank_name(&scan->log.bank[i], room));
    }
    if (scan->log.locality != EVLOG_LOCALITY_NONE) {
        printf(", startup locality %u", scan->log.locality);
    }
    printf("\n\n");
}

static int
show_text(const struct log_scan *scan, const struct log_slots *slots)
{
    if (scan->opened) {
        print_title(scan);
        log_scan_print_head(scan, "", slots ? "slot" : NULL);
        for (size_t i = 0; i < scan->n_rows; i++) {
            char room[LOG_SLOT_TEXT_MAX];

            log_scan_print_row(scan, &scan->row[i], "",
                               slots ? log_slots_text(slots, i, room) : NULL);
        }
        if (slots) {
            log_slots_print(slots);
        }
        for (size_t i = 0; i < scan->log.n_banks; i++) {
            print_pcrs(scan, i);
        }
    }
    if (scan->n_faults > 0) {
        printf("\n");
    }
    log_scan_print_faults(scan);
    return fflush(stdout) == 0 ? 0 : 1;
}

static int
run_show(const struct cmd *self, int argc, char **argv)
{
    static struct log_scan scan; /* large */
    CLEANUP(log_slots_freep) struct log_slots *slots = NULL;
    const char *file = NULL;
    bool json;
    bool with_slots;
    int r = cmd_log_args(self, argc, argv, 1, &file, &json, &with_slots);

    if (r != 0) {
        return r;
    }
    r = log_scan_file(&scan, file);
    if (r == 0 && with_slots) {
        slots = log_slots_new(&scan);
        r = slots ? 0 : 1;
    }
    if (r == 0) {
        r = json ? show_json(&scan, slots) : show_text(&scan, slots);
        r = r != 0 || scan.broken ? 1 : 0;
    }
    log_scan_done(&scan);
    return r == 0 ? CMD_YES : CMD_NO;
}

const struct cmd cmd_log_show = {
    .name = "log show",
    .args = "FILE [--slots] [--json]",
    .summary = "print a firmware event log and the PCRs that it replays to",
    .help = "FILE is a TCG event log in its SHA-1 or crypto-agile form (\"-\" is standard input), "
            "such as\n/sys/kernel/security/tpm0/binary_bios_measurements. Each event says whether "
            "its digest vouches\nfor its data: yes, NO, or - where the type does not bind it; only "
            "a yes makes its text\nworth reading. The table's PCRs are those that the log extends; "
            "--json gives all 24.\n\n--slots adds the slot that each event falls into (what a "
            "policy has rules for) and\nsays whether its text is verified, as the service's keeper "
            "would.\n\nExit status: 0 when the log was read to its end, 1 when its "
            "form is broken (what came\nbefore is printed), 2 usage.\n\nExample: assay log show "
            "/sys/kernel/security/tpm0/binary_bios_measurements\n",
    .run = run_show,
};
