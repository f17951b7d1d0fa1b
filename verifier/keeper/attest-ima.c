/* Logs that grow, once they met the quote: what is known of them now. */
#include <errno.h>

#include "keeper/attest.h"

/* Whether the row says already what would be written. */
static bool
unchanged(const struct attest *attest, const struct attest_part *part, uint32_t end)
{
    return part->resumed && end == 0 && !(part == &attest->ima && attest->ima_again) &&
           part->row.era == attest->device.era &&
           part->row.reset_count == attest->quote.reset_count &&
           part->row.restart_count == attest->quote.restart_count;
}

static int
keep_one(struct attest *attest, const struct attest_part *part, const struct growing *now,
         uint32_t end)
{
    struct store_growing row = part->row;
    struct wr tracks = wr_init(row.tracks, sizeof(row.tracks));
    int r;

    if (unchanged(attest, part, end)) {
        return 0;
    }
    row.era = attest->device.era;
    row.reset_count = attest->quote.reset_count;
    row.restart_count = attest->quote.restart_count;
    row.length = part->claim->offset + end;
    row.n_entries = now->n_entries;
    row.n_violations = now->n_violations;
    growing_write(&tracks, now);
    row.tracks_len = wr_done(&tracks).len;
    r = tracks.failed ? -ENOSPC : sha256_run_add(&row.run, bytes_of(part->body.p, end));
    if (r == 0 && part == &attest->ima) {
        r = attest_policy_keep(attest, &row);
    }
    r = r < 0
            ? r
            : store_growing_put(attest->keeper->store, attest->device.id, part->claim->kind, &row);
    return r == 0 && part == &attest->ima ? attest_policy_keep_open(attest) : r;
}

int
attest_growing_keep(struct attest *attest)
{
    int r = 0;

    if (attest->ima.claim) {
        r = keep_one(attest, &attest->ima, &attest->ima_list.now, attest->ima_list.end);
    }
    if (r == 0 && attest->userspace.claim) {
        r = keep_one(attest, &attest->userspace, &attest->userspace_log.now,
                     attest->userspace_log.end);
    }
    return r;
}

size_t
attest_growing_known(const struct attest *attest, struct log_offset *ret)
{
    size_t n = 0;

    if (attest->ima.claim) {
        uint64_t end = attest->ima.claim->offset + attest->ima_list.end;

        ret[n++] =
            (struct log_offset){LOG_IMA, attest_policy_whole_next(attest, LOG_IMA) ? 0 : end};
    }
    if (attest->userspace.claim) {
        uint64_t end = attest->userspace.claim->offset + attest->userspace_log.end;

        ret[n++] = (struct log_offset){LOG_USERSPACE,
                                       attest_policy_whole_next(attest, LOG_USERSPACE) ? 0 : end};
    }
    return n;
}
