#include "keeper/ima-counts.h"

#include "appraise/ima-past.h"

#define BITS (UINT64_C(1) << CLAIM_IMA_COUNT | UINT64_C(1) << CLAIM_IMA_UNKNOWN)

struct ima_counts
ima_counts_take(struct claim_set *set)
{
    struct ima_counts ret = {
        .known = (set->present & BITS) == BITS,
        .all = (uint32_t)set->values[CLAIM_IMA_COUNT].number,
        .unknown = (uint32_t)set->values[CLAIM_IMA_UNKNOWN].number,
    };

    set->present &= ~BITS;
    return ret;
}

void
ima_counts_tell(const struct ima_counts *counts, struct claim_set *set)
{
    if (counts->known) {
        claim_set_number(set, CLAIM_IMA_COUNT, counts->all);
        claim_set_number(set, CLAIM_IMA_UNKNOWN, counts->unknown);
    }
}

int
ima_counts_load(struct store *store, const uint8_t id[WIRE_UEID_SIZE],
                const struct store_last *last, struct ima_counts *ret)
{
    struct store_growing row;
    struct ima_past past;
    int r = store_growing_get(store, id, LOG_IMA, &row);

    *ret = (struct ima_counts){.known = false};
    if (r != 0) {
        return r == STORE_NONE ? 0 : r;
    }
    if (row.era == last->era && row.reset_count == last->reset_count &&
        ima_past_read(bytes_of(row.judged, row.judged_len), &past) == 0) {
        *ret = (struct ima_counts){true, row.n_entries, past.n[IMA_UNKNOWN] + past.n[IMA_PENDING]};
    }
    return 0;
}
