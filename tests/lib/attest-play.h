/* A member that was accepted once and is about to send its next evidence, which a test changes in
 * one place. One at a time: a test's own process has one. */
#pragma once

#include "lib/keeper-rig.h"
#include "wire/answer.h"

#define PLAY_LOG "boot/grub-sb-on/binary_bios_measurements"

struct play {
    struct keeper_rig rig;
    struct soft_evidence evidence;
    uint8_t nonce[WIRE_NONCE_SIZE]; /* the last one that the device got */
};

extern struct play play;

/* A keeper and a member of a class that has learned PLAY_LOG; accepted, a second ago. */
void play_start(void);
void play_done(void);

/* The next evidence, good, with log and values; and without, as of a log that was accepted. */
void play_plain(void);
void play_repeat(void);

/* After a change of play.evidence: of the quote's fields; of its bytes; of what it is bound to
 * (nonce, exporter and claims as they should be, unless the test bends the binding); of claims. */
void play_resign(void);
void play_resign_bytes(void);
struct binding play_binding(void);
void play_bind(const struct binding *binding);
void play_claims(void);

/* The evidence as it goes out; valid until the next call but one. */
struct bytes play_written(void);

/* Sends a body; the code of the answer. */
uint8_t play_attest(struct bytes body);

/* The last answer, which must be a 2.04; its nonce is the device's next. */
struct answer play_answered(void);

/* The first reason of the last answer, of whatever code; REASON_NONE for evidence that passed. No
 * token may stand beside a reason to refuse. */
enum reason play_reason(void);

/* One change, alone. What it changes must change what is sent, unless the device itself changed. */
struct play_row {
    const char *name;
    void (*change)(void); /* between play_plain() and play_written() */
    uint8_t code;
    enum reason reason; /* REASON_NONE: must pass */
};

/* Each row against a keeper of its own, whose base was accepted; prints how many there were. */
void play_rows(const struct play_row *rows, size_t n);
