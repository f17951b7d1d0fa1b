/* A member of a class that wants PCRs of logs that grow: the IMA list of a recorded boot with that
 * boot's firmware log, and evidence of which any part can be changed. One a process. */
#pragma once

#include "formats/ima-replay.h"
#include "lib/keeper-rig.h"
#include "wire/answer.h"

enum {
    GROWING_RIG_BODY = LIMIT_EVIDENCE_STREAM_BYTES + 65536,
    GROWING_RIG_ENTRIES = 45000,
    SHA1 = 0, /* sets of the selection */
    POLICY = 1,
    SHA384 = 2,
    IMA = 10,
};

extern struct growing_rig {
    struct keeper_rig keeper;
    struct soft_evidence evidence;
    uint8_t nonce[WIRE_NONCE_SIZE]; /* of the last answer */
    uint8_t list[GROWING_RIG_BODY]; /* the IMA list; tests change it */
    size_t list_len;
    size_t ends[GROWING_RIG_ENTRIES]; /* offset behind each entry */
    size_t n_entries;
    uint8_t body_room[GROWING_RIG_BODY];
    uint8_t plain_room[GROWING_RIG_BODY];
} growing_rig;

/* The device enrolled and learned; its class then wants these PCRs, and it quotes mask in the
 * policy's bank. Nothing of its lists is known yet. */
void growing_rig_member(const char *pcrs, uint32_t mask);

/* The list as recorded, from the start. */
void growing_rig_load(void);

/* PCR 10 of one bank of the TPM: what the first len bytes of the list extended. */
void growing_rig_extend(size_t set, size_t len, enum ima_extend extend);

/* The TPM at a quote when the list had this many entries, and the list as it is read after it. */
void growing_rig_quoted(size_t entries, size_t read);

/* The next evidence, unchanged; signed once more after its claims or quote were changed; as bytes.
 */
void growing_rig_plain(void);
void growing_rig_resign(void);
struct bytes growing_rig_written(uint8_t *room);

/* Sends a body; returns the code. */
uint8_t growing_rig_attest(struct bytes body);

/* Reads a 2.04; keeps its nonce. */
struct answer growing_rig_answered(void);

/* Evidence that must be accepted and affirmed, as it is now. */
struct answer growing_rig_accepted(void);

/* First reason of the last answer, whatever its code. */
enum reason growing_rig_reason(void);

/* Offset that an answer, or the last problem, names for a kind; UINT64_MAX when it does not. */
uint64_t growing_rig_known(const struct answer *answer, enum log_kind kind);
uint64_t growing_rig_wanted(enum log_kind kind);
