/* Evidence that is kept: its logs by content, and which they are. */
#include <errno.h>
#include <stdlib.h>

#include "keeper/attest.h"

/* Stores a whole log that the quote covers. */
static int
put_userspace(struct attest *attest, struct bytes body, struct store_evidence *evidence)
{
    struct keeper *keeper = attest->keeper;
    uint8_t digest[32];
    int r = hasher_bytes(keeper->hasher, HASH_SHA256, body, digest);

    if (r == 0) {
        r = store_log_put(keeper->store, digest, LOG_USERSPACE, body);
    }
    if (r == 0) {
        evidence->userspace = EVIDENCE_LOG_KEPT;
        memcpy(evidence->userspace_log, digest, sizeof(digest));
    }
    return r;
}

/* What came behind a log that is kept, which goes on in another of its own. */
static int
append_userspace(struct attest *attest, const uint8_t before[32], struct bytes more,
                 struct store_evidence *evidence)
{
    CLEANUP(free_p) uint8_t *kept = NULL;
    uint8_t *body;
    size_t len = 0;
    int r = store_log_get(attest->keeper->store, before, &kept, &len);

    if (r != 0 || len != attest->userspace.claim->offset || len + more.len > LIMIT_LOG_BYTES) {
        return r == STORE_NONE ? 0 : r; /* what is not whole is not known */
    }
    body = realloc(kept, len + more.len + 1);
    if (!body) {
        return -ENOMEM;
    }
    kept = body;
    memcpy(body + len, more.p, more.len);
    return put_userspace(attest, bytes_of(body, len + more.len), evidence);
}

/* A part goes on from the accepted bytes that its claim named (attest_growing()): they are kept if
 * the evidence before this one kept just those. */
static int
resume_userspace(struct attest *attest, struct bytes more, struct store_evidence *evidence)
{
    const struct claims_log *claim = attest->userspace.claim;
    struct store_evidence last;
    int r = store_evidence_get(attest->keeper->store, attest->device.id, &last);

    if (r != 0 || last.userspace != EVIDENCE_LOG_KEPT ||
        memcmp(last.userspace_log, claim->before, sizeof(claim->before)) != 0) {
        return r == STORE_NONE ? 0 : r;
    }
    if (more.len > 0) {
        return append_userspace(attest, last.userspace_log, more, evidence);
    }
    evidence->userspace = EVIDENCE_LOG_KEPT;
    memcpy(evidence->userspace_log, last.userspace_log, sizeof(last.userspace_log));
    return 0;
}

static int
keep_userspace(struct attest *attest, struct store_evidence *evidence)
{
    const struct attest_part *part = &attest->userspace;
    struct bytes covered = bytes_of(part->body.p, part->claim ? attest->userspace_log.end : 0);

    if (part->claim && part->resumed) {
        return resume_userspace(attest, covered, evidence);
    }
    if (covered.len > 0) {
        return put_userspace(attest, covered, evidence);
    }
    evidence->userspace =
        attest_quotes(attest, PCR_MASK_USERSPACE) ? EVIDENCE_LOG_NONE : EVIDENCE_LOG_UNKNOWN;
    return 0;
}

int
attest_keep(struct attest *attest)
{
    struct keeper *keeper = attest->keeper;
    struct store_evidence evidence = {.arrived_ms = attest->asked->request.complete_ms};
    struct bytes body;
    int r = 0;

    if (!verdict_genuine(&attest->verdict)) {
        return 0;
    }
    body = attest->evidence.logs[attest->firmware - attest->claims.logs];
    if (body.p) {
        r = store_log_put(keeper->store, attest->firmware->digest, LOG_FIRMWARE, body);
    }
    memcpy(evidence.device, attest->device.id, sizeof(evidence.device));
    memcpy(evidence.firmware_log, attest->firmware->digest, sizeof(evidence.firmware_log));
    if (verdict_trusted(&attest->verdict)) {
        memcpy(evidence.accepted_log, attest->firmware->digest, sizeof(evidence.accepted_log));
    }
    if (r == 0) {
        r = keep_userspace(attest, &evidence);
    }
    if (r == 0) {
        r = attest_growing_keep(attest);
    }
    return r == 0 ? store_evidence_put(keeper->store, &evidence) : r;
}
