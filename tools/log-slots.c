#include "log-slots.h"

#include <stdio.h>
#include <stdlib.h>

#include "appraise/event-from.h"

static enum hash
judged_bank(const struct event_log *log)
{
    return event_log_bank(log, HASH_SHA256) < log->n_banks || log->n_banks == 0 ? HASH_SHA256
                                                                                : log->banks[0];
}

static int
fill(struct log_slots *slots, const struct log_scan *scan)
{
    struct event_from from = event_from_log(scan->file, &scan->log, &slots->log);
    int r;

    slots->log.events = calloc(scan->n_rows + 1, sizeof(*slots->log.events));
    if (!slots->log.events) {
        return -1;
    }
    for (size_t i = 0; i < scan->n_rows; i++) {
        event_from(&from, &scan->row[i].event, &scan->row[i].evdata, &slots->log.events[i]);
    }
    slots->log.n_events = scan->n_rows;
    r = events_vouch(scan->hasher, scan->file, &slots->log);
    return r == 0
               ? slots_assign(scan->hasher, &slots->log, NULL,
                              (struct pcr_set){judged_bank(&slots->log), PCR_MASK_ALL}, &slots->map)
               : r;
}

struct log_slots *
log_slots_new(const struct log_scan *scan)
{
    struct log_slots *slots = calloc(1, sizeof(*slots));

    if (!slots || fill(slots, scan) != 0) {
        fprintf(stderr, "assay: cannot find the events' slots\n");
        log_slots_free(slots);
        return NULL;
    }
    return slots;
}

void
log_slots_free(struct log_slots *slots)
{
    if (slots) {
        free(slots->log.events);
        free(slots);
    }
}

void
log_slots_freep(struct log_slots **slots)
{
    log_slots_free(*slots);
    *slots = NULL;
}

static const char *
name_of(const struct slot_event *event)
{
    return slot_table((enum slot)event->slot)->name;
}

int
log_slots_row(const struct log_slots *slots, size_t i, json_t *row)
{
    const struct slot_event *event = &slots->map.events[i];
    char room[RULE_NAME_MAX];
    int r = 0;

    if (!row) {
        return -1;
    }
    r |= json_object_set_new(row, "slot",
                             event->slot == SLOT_NONE ? json_null() : json_string(name_of(event)));
    r |= json_object_set_new(row, "slot_verified", json_boolean(event->flags & SLOT_VERIFIED));
    r |= json_object_set_new(row, "slot_by_label", json_boolean(event->flags & SLOT_BY_LABEL));
    r |= json_object_set_new(row, "slot_echo",
                             event->flags & SLOT_ECHO
                                 ? json_integer(slots->log.events[event->echo].index)
                                 : json_null());
    r |= json_object_set_new(row, "slot_fault",
                             event->rule == RULE_NONE
                                 ? json_null()
                                 : json_string(rule_name((enum rule)event->rule, room)));
    return r == 0 ? 0 : -1;
}

json_t *
log_slots_json(const struct log_slots *slots)
{
    json_t *counts = json_object();
    json_t *quirks = json_array();

    for (size_t i = SLOT_NONE + 1; i < SLOT_N; i++) {
        if (slots->map.counts[i] > 0) {
            json_object_set_new(counts, slot_table((enum slot)i)->name,
                                json_integer(slots->map.counts[i]));
        }
    }
    for (size_t i = 0; i < QUIRK_N; i++) {
        if (slots->map.quirks >> i & 1) {
            json_array_append_new(quirks, json_string(slots_quirk_name((enum slot_quirk)i)));
        }
    }
    return json_pack("{s:o, s:o}", "counts", counts, "quirks", quirks);
}

const char *
log_slots_text(const struct log_slots *slots, size_t i, char room[LOG_SLOT_TEXT_MAX])
{
    const struct slot_event *event = &slots->map.events[i];
    bool refused = event->rule != RULE_NONE;

    if (event->slot == SLOT_NONE) {
        return "-";
    }
    snprintf(room, LOG_SLOT_TEXT_MAX, "%s%s%s%s%s", name_of(event), refused ? "!" : "",
             !refused && event->flags & SLOT_VERIFIED ? "+" : "",
             !refused && event->flags & SLOT_BY_LABEL ? "?" : "",
             !refused && event->flags & SLOT_ECHO ? "=" : "");
    return room;
}

void
log_slots_print(const struct log_slots *slots)
{
    printf("\nslots (+ its text is verified, ? by a label alone, = repeats another, ! refused)\n");
    for (size_t i = SLOT_NONE + 1; i < SLOT_N; i++) {
        if (slots->map.counts[i] > 0) {
            printf("  %4u  %s\n", slots->map.counts[i], slot_table((enum slot)i)->name);
        }
    }
    for (size_t i = 0; i < QUIRK_N; i++) {
        if (slots->map.quirks >> i & 1) {
            printf("quirk %s\n", slots_quirk_name((enum slot_quirk)i));
        }
    }
    for (size_t i = 0; i < slots->map.n; i++) {
        enum rule rule = (enum rule)slots->map.events[i].rule;

        if (rule != RULE_NONE) {
            printf("event %u: %u %s, %s\n", slots->log.events[i].index, rule_reason(rule),
                   reason_name(rule_reason(rule)), rule_text(rule));
        }
    }
}
