/* A recorded boot's log that a test changes in place, beside the member of attest-play.h that
 * booted so. One at a time. */
#pragma once

#include "formats/evlog.h"
#include "lib/attest-play.h"

enum { BOOT_LOG_PCR = 0, BOOT_LOG_TYPE = 4, BOOT_LOG_COUNT = 8 }; /* in an event's head */
enum { TYPE_NO_ACTION = 3, TYPE_SEPARATOR = 4, TYPE_ACTION = 5 };

struct boot_log {
    uint8_t room[64 * 1024];
    size_t len;
};

extern struct boot_log boot_log;

/* play_start(), and the log as the device had it. */
void boot_log_start(void);

/* The log as it stands. */
struct bytes boot_log_bytes(void);

/* The nth event (from 0) of a PCR and type; any type when it is 0. Views into boot_log.room. */
struct evlog_event boot_log_find(uint32_t pcr, uint32_t type, unsigned nth);

/* Four bytes, little-endian. */
void boot_log_put(size_t at, uint32_t value);

/* Size of an event as written. */
size_t boot_log_size(const struct evlog_event *event);

/* The same event once more, at an offset; and away. */
void boot_log_copy(const struct evlog_event *event, size_t at);
void boot_log_cut(const struct evlog_event *event);

/* A new event at an offset, of what the log has digests of: measured, or of zeros as an event that
 * is not extended (TYPE_NO_ACTION) has them. */
void boot_log_insert(size_t at, uint32_t pcr, uint32_t type, struct bytes data);

/* Puts the digests of these bytes into an event, in every bank, and the bytes into its data, which
 * they must fit exactly, if write_data. */
void boot_log_measure(const struct evlog_event *event, struct bytes data, bool write_data);

/* The next evidence with the device's log and values: a 2.04. */
struct answer boot_log_attest(void);

struct boot_log_row {
    const char *name;
    void (*change)(void); /* must change a byte; NULL: nothing is changed */
    enum reason reason;   /* REASON_NONE: must pass */
};

/* Each row against a keeper of its own, whose base was accepted; prints how many there were.
 * honest: the quoted PCRs are those of the unchanged log; if not, those of the changed one wherever
 * it still is a log. */
void boot_log_rows(const struct boot_log_row *rows, size_t n, bool honest);
