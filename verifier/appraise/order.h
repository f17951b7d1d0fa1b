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

/* Where `now` stands to `last` (NULL: none). nonce_age_ms is the age of the keeper's nonce that the
 * evidence carries, or negative without one. */
enum order_verdict order_judge(const struct order_point *last, const struct order_point *now,
                               int64_t nonce_age_ms);
