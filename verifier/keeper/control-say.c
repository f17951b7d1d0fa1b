#include "keeper/control-say.h"

#include <inttypes.h>
#include <stdio.h>

#include "appraise/explain.h"
#include "base/hex.h"
#include "keeper/policies.h"
#include "wire/claim-set.h"

enum { BOOT_LINES = 12 };

static void
say_str(struct control *control, const char *key, const char *value)
{
    json_wr_key(&control->json, key);
    json_wr_str(&control->json, value);
}

static void
say_int(struct control *control, const char *key, int64_t value)
{
    json_wr_key(&control->json, key);
    json_wr_int(&control->json, value);
}

void
say_reason_names(struct control *control, const struct store_last *last)
{
    json_wr_key(&control->json, "reasons");
    json_wr_array(&control->json);
    for (size_t i = 0; i < last->n_reasons; i++) {
        const char *name = reason_name((enum reason)last->reasons[i]);

        json_wr_str(&control->json, name ? name : "UNKNOWN");
    }
    json_wr_end_array(&control->json);
}

int
say_device(struct control *control, const struct store_device *device)
{
    struct keeper *keeper = control->keeper;
    int64_t now = keeper->clock->utc_ms(keeper->clock->context);
    struct store_last last;
    int64_t twins = 0;
    int r;

    control_hex(control, "id", BYTES_OF(device->id));
    control_hex(control, "fingerprint", BYTES_OF(device->ek_fingerprint));
    say_str(control, "state", device_state_name(device->state));
    say_str(control, "class", device->class_name);
    r = say_groups(control, device->id);
    say_str(control, "maker", device->maker);
    say_str(control, "model", device->model);
    say_str(control, "serial", device->serial);
    r = r == 0 ? store_serial_twins(keeper->store, device, &twins) : r;
    if (twins > 0) {
        say_int(control, "serial_twins", twins); /* at each of them, whoever came first */
    }
    r = r == 0 ? store_last_get(keeper->store, device->id, &last) : r;
    if (r != 0) {
        return r == STORE_NONE ? 0 : r;
    }
    say_str(control, "tier", tier_name(last.tier));
    say_int(control, "age_s", (now - last.challenge_ms) / 1000);
    say_reason_names(control, &last);
    return 0;
}

static void
say_verdict(struct control *control, const struct store_last *last)
{
    json_wr_key(&control->json, "verdict");
    json_wr_object(&control->json);
    say_str(control, "tier", tier_name(last->tier));
    json_wr_key(&control->json, "reasons");
    json_wr_array(&control->json);
    for (size_t i = 0; i < last->n_reasons; i++) {
        const char *name = reason_name((enum reason)last->reasons[i]);

        json_wr_object(&control->json);
        say_int(control, "code", last->reasons[i]);
        say_str(control, "name", name ? name : "UNKNOWN");
        json_wr_end_object(&control->json);
    }
    json_wr_end_array(&control->json);
    if (last->policy[0] != '\0') {
        say_str(control, "policy", last->policy);
    }
    say_str(control, "rule", last->fault_rule);
    if (last->fault_pcr != FAULT_NO_EVENT) {
        say_int(control, "pcr", last->fault_pcr);
    }
    if (last->fault_event != FAULT_NO_EVENT) {
        say_int(control, "event", last->fault_event);
    }
    say_str(control, "expected", last->fault_expected);
    say_str(control, "seen", last->fault_seen);
    json_wr_end_object(&control->json);
}

static void
say_boot(struct control *control, const struct store_last *last)
{
    char firmware[17];

    json_wr_key(&control->json, "boot");
    json_wr_object(&control->json);
    say_int(control, "era", last->era);
    say_int(control, "reset", (int64_t)last->reset_count);
    say_int(control, "restart", (int64_t)last->restart_count);
    json_wr_end_object(&control->json);
    say_int(control, "challenge_ms", last->challenge_ms);
    say_int(control, "accepted_ms", last->accepted_ms);
    snprintf(firmware, sizeof(firmware), "%016" PRIx64, last->firmware);
    say_str(control, "tpm_firmware", firmware);
    control_hex(control, "firmware_log", BYTES_OF(last->firmware_log));
}

/* Events that tell a boot apart: what was started (PCR 4), Secure Boot's state and keys (PCR 7),
 * the kernel's command line (PCR 8), the firmware's version (PCR 0); separators and actions are
 * alike everywhere. */
static bool
telling(const struct event *event)
{
    return event->type != EVENT_NO_ACTION && event->type != EVENT_SEPARATOR &&
           event->label.len > 0 &&
           (event->pcr == 0 || event->pcr == 4 || event->pcr == 7 || event->pcr == 8);
}

static void
say_event(struct control *control, const struct event *event)
{
    json_wr_object(&control->json);
    say_int(control, "event", event->index);
    say_int(control, "pcr", event->pcr);
    json_wr_key(&control->json, "label");
    json_wr_text(&control->json, event->label);
    json_wr_end_object(&control->json);
}

/* The last lines of the chain matter most: the kernel comes last. */
static void
say_events(struct control *control, const struct known_events *known)
{
    const struct event_log *log = &known->log;
    size_t total = 0;
    size_t nth = 0;

    for (size_t i = 0; i < log->n_events; i++) {
        total += telling(&log->events[i]);
    }
    say_int(control, "events", (int64_t)log->n_events);
    json_wr_key(&control->json, "boot_events");
    json_wr_array(&control->json);
    for (size_t i = 0; i < log->n_events; i++) {
        if (telling(&log->events[i]) && (nth++ < BOOT_LINES / 2 || nth > total - BOOT_LINES / 2)) {
            say_event(control, &log->events[i]);
        }
    }
    json_wr_end_array(&control->json);
}

/* An AK that waits for an operator's rekey. */
static int
say_candidate(struct control *control, const struct store_device *device)
{
    struct store_candidate candidate;
    int r = store_candidate_get(control->keeper->store, device->id, &candidate);

    if (r != 0) {
        return r == STORE_NONE ? 0 : r;
    }
    json_wr_key(&control->json, "candidate");
    json_wr_object(&control->json);
    control_hex(control, "ak_name", bytes_of(candidate.ak_name, candidate.ak_name_len));
    say_int(control, "enrolled_ms", candidate.enrolled_ms);
    say_int(control, "accepted_ms", candidate.accepted_ms);
    json_wr_end_object(&control->json);
    return 0;
}

/* The TPM, and what the policies of now say of it. */
static void
say_tpm(struct control *control, const struct store_device *device, const struct store_last *last)
{
    const struct advisory_tpm tpm = {device->tpm_vendor, last != NULL, last ? last->firmware : 0};
    const struct rulebook *book = policies_book(control->keeper->policies);

    json_wr_key(&control->json, "tpm");
    explain_tpm(&control->json, book ? rulebook_bundle(book) : NULL, &tpm);
}

/* What its verdict tells; nothing where it is of before, or refused before anything was known. */
static int
say_claims(struct control *control, const struct store_device *device,
           const struct store_last *last)
{
    struct store_claims row;
    struct ima_counts counts;
    struct claim_set set;
    int r = store_claims_get(control->keeper->store, device->id, last->claims, &row);

    if (r == 0) {
        r = ima_counts_load(control->keeper->store, device->id, last, &counts);
    }
    if (r == 0 && claim_set_read(bytes_of(row.body, row.len), &set)) {
        if (claim_set_has(&set, CLAIM_IMA_SET)) {
            ima_counts_tell(&counts, &set);
        }
        json_wr_key(&control->json, "claims");
        claim_set_say_all(&control->json, &set);
    }
    return r == STORE_NONE ? 0 : r;
}

int
say_details(struct control *control, const struct store_device *device)
{
    struct keeper *keeper = control->keeper;
    const struct known_events *known;
    struct store_last last;
    int r;

    control_hex(control, "ak_name", bytes_of(device->ak_name, device->ak_name_len));
    say_str(control, "ek_chain", ek_chain_name(device->ek_chain));
    say_int(control, "enrolled_ms", device->enrolled_ms);
    say_str(control, "why", device->why);
    r = say_candidate(control, device);
    if (r != 0) {
        return r;
    }
    r = store_last_get(keeper->store, device->id, &last);
    if (r < 0) {
        return r;
    }
    say_tpm(control, device, r == 0 ? &last : NULL);
    if (r == STORE_NONE) {
        return 0;
    }
    say_verdict(control, &last);
    say_boot(control, &last);
    known = logs_find(keeper->logs, last.firmware_log);
    if (known) {
        say_events(control, known);
    }
    r = say_claims(control, device, &last);
    return r == 0 ? say_announced(control, device, &last) : r;
}
