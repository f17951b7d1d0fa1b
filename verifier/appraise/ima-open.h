/* The files of an IMA list that a set published later may allow, kept so that they are looked up
 * again without the list: an update that reached a device before its set reached the verifier is
 * healed at the device's next evidence. Appraisal page, section 3 (Update race). */
#pragma once

#include "appraise/ima-past.h"

#define IMA_OPEN_FILES 256u /* of one boot; a device with more sends its list again */
#define IMA_OPEN_MAX 43776u /* as bytes */

struct ima_open_file {
    enum ima_status status; /* ima_open_holds() */
    struct ima_past_file file;
};

/* About 50 kB. Zero: none yet. */
struct ima_open {
    uint32_t n;    /* kept */
    uint32_t lost; /* more, for which there was no room */
    struct ima_open_file files[IMA_OPEN_FILES];
};

/* Whether a digest of a set could change this status: unknown, or of a signature that did not
 * help. */
bool ima_open_holds(enum ima_status status);

/* Keeps a finding of such a status; others are passed over. */
void ima_open_add(struct ima_open *open, const struct ima_finding *finding);

/* Whether it holds every such file that the past counts. */
bool ima_open_whole(const struct ima_open *open, const struct ima_past *past);

/* Looks each file up in the sets of now, which allow what they did not (nothing else has changed:
 * ima-firm.h). What passes leaves, and is counted in *past as what it is now; what had passed by an
 * older set stays good, as superseded. `open` must be whole. */
void ima_open_again(struct ima_open *open, const struct ima_judge_ask *ask, struct ima_past *past);

/* As bytes for a store, at most IMA_OPEN_MAX: u8 1 | u32 lost | u16 n | each: u8 status, the file.
 * The reader returns 0, or 1 when they are none; *ret is undefined then. */
void ima_open_write(struct wr *wr, const struct ima_open *open);
MUST_CHECK int ima_open_read(struct bytes in, struct ima_open *ret);
