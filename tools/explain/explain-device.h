/* Everything that the store tells about one device's verdict, as one JSON object: what people read
 * is printed from it (explain-device-text.h). Appraisal page, section 4. */
#pragma once

#include "explain/explain-case.h"

/* What an object takes: a bundle's rules, and the changes of a boot, are bounded. */
#define EXPLAIN_DEVICE_ROOM (2u * 1024u * 1024u)

/* Writes, of a case that was judged:
 *   device       {id, class, state, why}
 *   verdict      the last one, as it was decided; null: it has brought no evidence; or {tier,
 *                accepted, code, name, rule, event, pcr, seen, expected, policy, judged_ms,
 *                since_ms, accepted_ms, boot}
 *   kept         whether kept evidence could be judged again, whether it is that of the last
 *                verdict, ages are known and the policy reads the IMA list, which is not kept:
 *                {judged, why, text, is_last, ages, ima}
 *   now          what the bundle in the store says of it: null unless kept.judged; or {tier,
 *                token, policy, references, mode, sequence}; without a policy reference events
 *                judge, or as first_cause says nothing
 *   first_cause  in mode observe what would be it: null, or {number, name, rule, check, clause,
 *                text, slot, event, pcr, verified, seen, expected, known: null or {release,
 *                state}, values: [{digest, release, state, label}], values_more}
 *   rules        of `now`, those that did not pass: as in appraise/explain.h
 *   reasons      of `now`: the same
 *   diff         null, or {before, after, changed, slots: [{slot, same, changed, asked}],
 *                changes: [{slot, pcr, change, before, after, words_before, words_after}]};
 *                before and after of a change are null or {event, digest, label}
 *   peers        null, or {members, kept, same, refused, not_read, logs, since_ms}
 *   announced    {standing, component, version, heard_ms}: how many announcements of the device
 *                stand; the others are null unless one has the cause's value
 *   history      {known, then, now, published_ms, published, moves, moves_more}
 *   advice       {command, what, devices}
 *   repair       null, or {passes, left, steps: [{slot, rule, event, pcr, tried, seen,
 *                instead}]}
 *   accepted     the exit status: the last verdict passes, and would now
 * Every text of a device is escaped. Returns 0 with the object in *ret, a view into room, or a
 * negative errno. */
MUST_CHECK int explain_device(struct explain_case *c, void *room, size_t cap, struct bytes *ret);

/* Whether it was accepted last, and would be by the bundle in the store. */
bool explain_device_accepted(const struct explain_case *c);
