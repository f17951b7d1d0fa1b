/* What is kept of the files of an IMA list that were judged before, so that the next evidence needs
 * the rest of the list alone: how many of each status, and the first of each that did not pass.
 * Appraisal page, section 3 (State per device). */
#pragma once

#include "appraise/ima-judge.h"

#define IMA_PAST_PATH 96u  /* bytes of a path that are kept: for people */
#define IMA_PAST_MAX 2048u /* as bytes */

struct ima_past_file {
    uint32_t entry;
    enum hash alg; /* HASH_N: one that we do not know */
    size_t digest_len, path_len;
    uint8_t digest[HASH_SIZE_MAX];
    uint8_t path[IMA_PAST_PATH];
};

struct ima_past {
    uint8_t by[32];   /* what judged, as its keeper stamps it: what another says nobody knows */
    uint8_t firm[32]; /* ima-firm.h, of the same */
    uint32_t n[IMA_STATUS_N];
    struct ima_past_file first[IMA_STATUS_N]; /* where n is not 0 and the status does not pass */
};

/* Of a judgement that came to something, by this. */
struct ima_past_by {
    uint8_t by[32], firm[32];
};
void ima_past_take(const struct ima_judgement *judgement, const struct ima_past_by *by,
                   struct ima_past *ret);

/* As bytes for a store, at most IMA_PAST_MAX: u8 3 | by | firm | for each status u32 n and, where
 * there is a first, u32 entry | u16 TPM_ALG_ID or 0 | u8 length, digest | u8 length, path. The
 * reader returns 0, or 1 when they are none; *ret is untouched then. */
void ima_past_write(struct wr *wr, const struct ima_past *past);
MUST_CHECK int ima_past_read(struct bytes in, struct ima_past *ret);

/* Begins a judgement with what was before; a view, *past must stay. Unknown files are as unknown as
 * `unknown` says now: their time may be over. */
void ima_past_begin(const struct ima_past *past, enum ima_status unknown,
                    struct ima_judgement *ret);

/* A kept file, from a finding and as bytes; what is longer than there is room for is cut. Errors
 * latch. */
void ima_past_file(const struct ima_finding *finding, struct ima_past_file *ret);
void ima_past_file_write(struct wr *wr, const struct ima_past_file *file);
void ima_past_file_read(struct rd *rd, struct ima_past_file *ret);
