/* A judgement told: the first cause, all else that was found with its effect, each rule, what the
 * boot said of itself. One JSON object, the same for a keeper's operator and for a tool that judges
 * a file; whoever prints text prints it from this object. Texts of devices are escaped by those who
 * fill the verdict and by boot.h. Pure. Appraisal page, section 4. */
#pragma once

#include "appraise/boot.h"
#include "base/json-wr.h"

struct explain {
    const struct verdict *verdict;
    enum tier tier;               /* as whoever asks counts it */
    const struct boot_ask *ask;   /* NULL: no policy judged it */
    const struct boot_told *told; /* of that ask; read only with it */
};

/* What the longest object takes, with LIMIT_POLICY_RULES rules that all failed. */
#define EXPLAIN_ROOM (512u * 1024u)

/* Writes members into an object that the caller has begun, so that it can add its own:
 *   tier          "affirming", "warning", "contraindicated", "none"
 *   policy        null, or {name, version, mode}
 *   first_cause   null where nothing fails, or {number, name, rule, check, clause, text, event,
 * pcr, seen, expected}: rule is the policy's, the next three are of a check of ours; what does not
 * apply is null reasons       [{number, name, effect}], gravest first checks        {name:
 * "passed", "failed", "not-run"}, as verdict.h names them rules         [{id, slot, verb, events,
 * outcome, learns, and of one that did not pass: effect, number, name, event, pcr, seen, expected}]
 * in the policy's order unclaimed     null, or {event, pcr, slot, seen} of the first event without
 * a rule facts, quirks, dimensions: what was read of the boot; [name]; {name: AR4SI value} ima:
 * null, or {entries, a count for each status of ima-judge.h, files: [{entry, status, hash, digest,
 * path}] of the first that do not pass}. tpm: as explain_tpm(). claims: {name: value} of
 * boot-claims.h. The last eight are null without a policy. */
void explain_write(struct json_wr *j, const struct explain *explain);

/* Writes the object {vendor, kind, firmware, advisories: null or [{name, severity, cves, effect}]};
 * null is what nobody vouches for: of advisories, that the bundle (NULL: there is none) knows
 * nothing of such a TPM. */
void explain_tpm(struct json_wr *j, const struct bundle *bundle, const struct advisory_tpm *tpm);
