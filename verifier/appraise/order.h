/* Order of evidence within and across boots. A boot is (era, resetCount, restartCount) as signed;
 * a TPM Restart zeroes PCRs with resetCount unchanged, and restartCount alone does not tell a
 * resume from a reboot. Protocol page, Freshness; attacks page, rows 4, 5 and 24. */
#pragma once

#include "base/fault.h"

struct order_point {
    int64_t era;
    uint64_t reset_count;
    uint64_t restart_count;
    uint64_t clock_ms; /* TPM clock */
    bool clock_safe;
    int64_t arrived_ms; /* arrival of the first block of its evidence, our clock */
};

enum order_verdict {
    ORDER_FIRST, /* no evidence of this device before */
    ORDER_SAME,  /* the same boot, later */
    ORDER_BOOT,  /* resetCount rose: a new boot, whose whole log must replay */
    ORDER_MAYBE, /* only restartCount rose: a resume if PCR 0-7 are unchanged, else a new boot */
    ORDER_LAGS,  /* the TPM clock lags behind ours: it slept, or this is stored evidence; asks for
                     a fresh nonce (4.01), and evidence under a nonce of at most 30 s passes */
    ORDER_BACK,  /* equal or lower: 113 CLOCK_BACKWARDS */
    ORDER_RESET, /* a lower resetCount: TPM2_Clear or a clone, 114 RESET_MISMATCH */
};

/* What tells two TPMs apart from one that was cleared. Times are the keeper's own clock and its own
 * nonces', so that no front can make them up. */
struct order_pair {
    int64_t high_ms;   /* the last evidence in order was judged then; it was made before */
    int64_t low_ms;    /* a lower one, quoted after high_ms, was judged then; 0: none */
    int64_t nonce_ms;  /* the evidence in question was quoted after this; 0: without a nonce */
    int64_t now_ms;    /* and before this */
    int64_t before_ms; /* how long before it was judged the one of high_ms may have been made */
    uint64_t clock_ms; /* of the TPM, in the evidence in question, which is in order to high_ms's */
};

enum order_count {
    ORDER_ONE, /* may all be of one TPM */
    ORDER_ASK, /* not, if it was quoted after the low one: ask for it under a fresh nonce */
    ORDER_TWO, /* cannot: 709 CLONE_SUSPECTED */
};

/* Whether high, low, high again is more than one TPM can say.
 *
 * One TPM's counters fall by TPM2_Clear alone, and that sets its clock to zero: a quote that one
 * TPM makes after it has fallen below high_ms's carries a clock that has run since then, however
 * often it was reset, restarted or resumed meanwhile. So a larger clock, in order to the high
 * evidence, is another TPM's than the low one. The owner may speed the clock up by about a third;
 * half and a minute are granted. */
enum order_count order_pair_judge(const struct order_pair *pair);

/* Where `now` stands to `last` (NULL: none). nonce_age_ms is the age of the keeper's nonce that the
 * evidence carries, or negative without one. */
enum order_verdict order_judge(const struct order_point *last, const struct order_point *now,
                               int64_t nonce_age_ms);
