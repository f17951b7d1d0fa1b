/* An IMA list by hand, as a reader reads it and a quote met it, for tests. One a process. */
#pragma once

#include "appraise/ima-judge.h"
#include "formats/ima-replay.h"

extern struct ima_rig {
    struct hasher *hasher;
    uint8_t part[524288];
    size_t part_len;
    uint8_t records[524288];
    struct growing_ima list;
} ima_rig;

/* An empty list; ima_rig_done() ends it. */
void ima_rig_new(void);
void ima_rig_done(void);

/* Appends an entry of the template ima-ng: its file's digest is `b` repeated. */
void ima_rig_file(enum hash alg, uint8_t b, const char *path);

/* The same with ima-sig, and this attribute (may be empty); ima-buf with a measured buffer. */
void ima_rig_signed(uint8_t b, const char *path, struct bytes attribute);
void ima_rig_buffer(uint8_t b, const char *path, struct bytes buffer);

/* An entry whose file changed while it was measured; one of another PCR. */
void ima_rig_violation(const char *path);
void ima_rig_other_pcr(uint32_t pcr, uint8_t b, const char *path);

/* A list of a kernel instead of what was appended. */
void ima_rig_load(struct bytes list);

/* What a reader makes of it, all of which met a quote of SHA-256: extended by the bank's own hash,
 * or padded. */
void ima_rig_read(enum ima_extend extend);
