/* Every measured event of PCR 0 to 15 falls into exactly one slot (slot-table.h), by its PCR, its
 * type, what tells it apart, and its place among the events of its own PCR: the order between PCRs
 * is nobody's word but the log's. What no row fits is SLOT_OTHER with the rule that says why:
 *   206 slot-type    the type has no place in the PCR
 *   205 slot-none    it has, but the event is nothing that we know there
 *   207 event-unbound  a variable, action or tag whose digest does not vouch for it
 *   212 slot-late    a Secure Boot variable behind the separator of PCR 7
 *   214 slot-twice   a Secure Boot variable measured twice
 * and 215 slot-action stays in SLOT_ACTION. Appraisal page, sections 2a and 5b (2).
 *
 * Types and labels are not measured. A text decides only where the log was vouched for
 * (events_vouch()) and the digest is that text's; elsewhere the label is a hint, SLOT_BY_LABEL says
 * so, and the evaluator goes by the digest first: slots_known(). */
#pragma once

#include "appraise/events.h"
#include "appraise/slot-table.h"

enum {
    /* The event's text is what was measured: event_text(), or for userspace `detail`. A verb that
     * reads text passes on no other event. */
    SLOT_VERIFIED = 1,
    /* The slot rests on a label alone: whatever slot that is, `any` on it lets code pass that
     * nobody looked at (442). */
    SLOT_BY_LABEL = 2,
    /* It says again what event `echo` of the log said: another measurer's digest of the same, so a
     * count of the slot leaves it out. Named by a quirk. */
    SLOT_ECHO = 4,
};

/* What a measurer did otherwise than it should; told with the verdict as quirk.* */
enum slot_quirk {
    QUIRK_SHIM_BYTE,     /* an authority logged with one byte that was not measured: pitfall 18 */
    QUIRK_KERNEL_TWICE,  /* shim measured into PCR 4 what was measured there just before */
    QUIRK_INITRD_TWICE,  /* the kernel measured into PCR 9 what the boot loader or stub had */
    QUIRK_CMDLINE_TWICE, /* the stub or the kernel measured the boot loader's command line again */
    QUIRK_EXIT_SUCCESS,  /* ExitBootServices and that it worked were measured and not logged, */
    QUIRK_EXIT_FAILURE,  /* and that it failed, */
    QUIRK_EXIT_RETRY,    /* and that it failed and then worked: exit-events.h */
    QUIRK_N,
};

struct slot_event {
    uint8_t slot;   /* enum slot */
    uint8_t flags;  /* SLOT_VERIFIED, … */
    uint8_t detail; /* of os.phase, if verified: 1 + index of slots_phase(); else 0 */
    uint16_t rule;  /* enum rule: why it is SLOT_OTHER, or what is wrong with it; RULE_NONE */
    uint16_t echo;  /* with SLOT_ECHO: its place among the log's events */
};

/* Where the events of both logs fell, by their place in the logs. Large: keep it, do not stack it.
 */
struct slot_map {
    size_t n;
    struct slot_event events[LIMIT_EVENTS];
    size_t n_userspace;
    struct slot_event userspace[LIMIT_USERLOG_RECORDS];
    unsigned quirks;         /* bit of each enum slot_quirk */
    uint16_t counts[SLOT_N]; /* events of a slot in both logs, echoes left out */
};

/* Fills *ret. userspace may be NULL; of it PCR 11 to 13 and 15 are looked at, others explain
 * nothing there. quoted is the policy's: echoes and phases are told by its bank's digests, and an
 * event of a PCR that no quote covers is in no slot, so that it hides none and meets no rule.
 * Returns 0 or a negative errno, then *ret is of no use. Allocates nothing; one pass, and one
 * before it for what the log as a whole is. */
MUST_CHECK int slots_assign(struct hasher *hasher, const struct event_log *log,
                            const struct event_log *userspace, struct pcr_set quoted,
                            struct slot_map *ret);

/* Where the events of one firmware log fell, for when it comes again: as many as that, or none. */
#define SLOTS_KEPT_MAX 512u /* the longest log seen has 180 */
struct slots_kept {
    bool known;
    struct pcr_set quoted; /* by which they were told */
    unsigned quirks;
    size_t n;
    uint16_t counts[SLOT_N];
    struct slot_event events[SLOTS_KEPT_MAX];
};

/* As slots_assign(), and remembers: kept is of this log alone, zero at first, and what it knows by
 * the same quote is not found out again. */
MUST_CHECK int slots_assign_kept(struct hasher *hasher, const struct event_log *log,
                                 const struct event_log *userspace, struct pcr_set quoted,
                                 struct slots_kept *kept, struct slot_map *ret);

/* May the evaluator move event i of the firmware log? It is of PCR 9, and its label alone made it a
 * kernel, an initrd, a boot file or the kernel's options. */
bool slots_movable(const struct slot_map *map, const struct event_log *log, size_t i);

/* The digest of a movable event is known as one of `slot` (boot.kernel, boot.initrd, boot.files):
 * it is one, whatever its label says, and no label decides any more. An echo stays one, since the
 * event that it repeats has the same digest. i is of an event that slots_movable() named, or of one
 * that was moved already, which stays as it is; so does one of another `slot`. Appraisal page, 5b
 * (9). */
void slots_known(struct slot_map *map, size_t i, enum slot slot);

/* Adds each rule that an event of the PCRs in mask broke to the verdict, with its event and label.
 * userspace as for slots_assign(). Returns whether there was none. */
bool slots_check(const struct slot_map *map, const struct event_log *log,
                 const struct event_log *userspace, uint32_t mask, struct verdict *verdict);

/* "shim-byte"; the words of systemd's phases in their order ("enter-initrd"), NULL behind the last
 * one. */
const char *slots_quirk_name(enum slot_quirk quirk);
const char *slots_phase(size_t i);
