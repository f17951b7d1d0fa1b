/* The claims that count a growing IMA list, ima.count and ima.unknown. All others of a verdict are
 * kept once by their digest, which these would change with each evidence of a busy machine; so they
 * stay with the session whose tokens tell them, and with what is kept of the list. */
#pragma once

#include "store/store.h"
#include "wire/claim-set.h"

struct ima_counts {
    bool known;
    uint32_t all, unknown;
};

/* Takes them out of a set; unknown where it has them not. */
struct ima_counts ima_counts_take(struct claim_set *set);

/* Tells them in a set, where they are known. */
void ima_counts_tell(const struct ima_counts *counts, struct claim_set *set);

/* Those of the list that a device's last genuine evidence had; unknown where nothing of this boot
 * is kept that a policy judged. Returns 0 or a negative errno. */
MUST_CHECK int ima_counts_load(struct store *store, const uint8_t id[WIRE_UEID_SIZE],
                               const struct store_last *last, struct ima_counts *ret);
