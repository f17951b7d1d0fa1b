/* The slots of a log's events, as `assay log show --slots` tells them. */
#pragma once

#include "appraise/slots.h"
#include "log-scan.h"

struct log_slots {
    struct event_log log; /* views into the scan's file; events is owned */
    struct slot_map map;
};

/* Finds the slots of what was read of the log, by its SHA-256 bank if it has one, else its first
 * that we know. Returns the slots, owned by the caller, or NULL after a message on stderr. */
struct log_slots *log_slots_new(const struct log_scan *scan);
void log_slots_free(struct log_slots *slots);
void log_slots_freep(struct log_slots **slots);

/* Adds {slot, slot_verified, slot_by_label, slot_echo, slot_fault} of event i to its row. Returns
 * 0, or -1 when memory ends. */
MUST_CHECK int log_slots_row(const struct log_slots *slots, size_t i, json_t *row);

/* {counts: {slot: events}, quirks: [name]} */
json_t *log_slots_json(const struct log_slots *slots);

/* The slot of event i as the table shows it: its name, and a mark; and what stands below the table.
 */
#define LOG_SLOT_TEXT_MAX 24u
const char *log_slots_text(const struct log_slots *slots, size_t i, char room[LOG_SLOT_TEXT_MAX]);
void log_slots_print(const struct log_slots *slots);
