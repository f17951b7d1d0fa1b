/* Replays an event log to the PCR values that it claims. TPM 2.0 Part 1 section 17, PC Client
 * Platform TPM Profile 1.05 section 4.6: PCR 17-22 start as all ones, the others as zero, but PCR 0
 * as the locality of TPM2_Startup: zeros and 3, or 4 when an H-CRTM was measured before it. */
#pragma once

#include "crypto/digest.h"
#include "formats/evlog.h"

struct replay {
    struct hasher *hasher; /* borrowed */
    size_t n_banks;        /* as in the log, in its order */
    struct {
        enum hash hash; /* HASH_N: not replayed, as we do not know the hash or lack it */
        uint8_t pcr[LIMIT_PCRS][HASH_SIZE_MAX];
    } bank[LIMIT_BANKS];
    uint32_t extended; /* bit n: PCR n was extended */
};

/* Sets all PCRs of the log's banks to their start values. */
void replay_init(struct replay *replay, const struct evlog *log, struct hasher *hasher);

/* Sets PCR 0 as a start at this locality leaves it. replay_event() does so by itself for what the
 * log states; for a caller that tries others when PCR 0 does not match a quote. Call it right after
 * replay_init(). */
void replay_start_at(struct replay *replay, uint8_t locality);

/* Takes one event of that log: extends its PCR in every bank, or learns the start locality.
 * Returns 0, or -EIO. */
MUST_CHECK int replay_event(struct replay *replay, const struct evlog_event *event);

/* A PCR's value; empty when the bank is not replayed. */
struct bytes replay_pcr(const struct replay *replay, size_t bank, uint32_t pcr);
