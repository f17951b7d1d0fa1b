/* A firmware log by hand and the slots of its events, for tests. Events are numbered from 1, as the
 * Spec ID event is 0. */
#pragma once

#include "appraise/slots.h"
#include "lib/make-log.h"

struct slot_rig {
    struct make_log make;
    struct event events[LIMIT_EVENTS];
    struct event_log log;
    struct slot_map map;
};

/* GUIDs of variables. */
enum slot_rig_guid { RIG_GLOBAL, RIG_SECURITY, RIG_SHIM, RIG_VENDOR };

/* Begins an empty log with banks SHA-1 and SHA-256; end with slot_rig_done(). */
void slot_rig_new(struct slot_rig *rig);
void slot_rig_done(struct slot_rig *rig);

/* Adds an event: its digest is of the data; of something else, so that the data is a label; of a
 * part of the data. */
void slot_rig_bound(struct slot_rig *rig, uint32_t pcr, uint32_t type, struct bytes data);
void slot_rig_text(struct slot_rig *rig, uint32_t pcr, uint32_t type, const char *text);
void slot_rig_label(struct slot_rig *rig, uint32_t pcr, uint32_t type, struct bytes data);
void slot_rig_digest(struct slot_rig *rig, uint32_t pcr, uint32_t type, struct bytes measured,
                     struct bytes data);

/* A variable's record in memory that lives until the process ends. */
struct bytes slot_rig_variable(enum slot_rig_guid guid, const char *name, struct bytes value);

/* UTF-16 of ASCII, without a NUL; a tagged event. Memory as above. */
struct bytes slot_rig_utf16(const char *text);
struct bytes slot_rig_tag(uint32_t id, struct bytes data);

/* Reads a whole log as the keeper sees it, without records between, and finds the slots. */
void slot_rig_read(struct slot_rig *rig, struct bytes log);

/* The same for what was added. */
void slot_rig_assign(struct slot_rig *rig);

/* Event i's place; that it fell into a slot with these flags and breaks no rule; that it is
 * SLOT_OTHER by a rule. */
const struct slot_event *slot_rig_event(const struct slot_rig *rig, size_t i);
void slot_rig_check(const struct slot_rig *rig, size_t i, enum slot slot, unsigned flags);
void slot_rig_other(const struct slot_rig *rig, size_t i, enum rule rule);

/* What one event alone falls into: a log of its own, begun and ended. */
void slot_rig_alone(struct slot_rig *rig, uint32_t pcr, uint32_t type, struct bytes data,
                    bool bound);
