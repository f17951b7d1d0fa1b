/* The rows of section 2a by PCR and type, and what tells events of one type apart; internal to
 * slots. */
#pragma once

#include "appraise/slots.h"
#include "formats/efivar.h"

enum { SLOTTED_PCRS = 16 }; /* PCR 0 to 15 */

/* One log being told apart. */
struct placing {
    const struct event_log *log;
    /* What the log as a whole is, by events that it has, wherever they stand. */
    bool uboot;  /* PCR 0 has a verified version text of U-Boot's */
    bool uki;    /* PCR 11 has sections of a unified kernel image */
    bool begins; /* PCR 4 tells where the firmware's part ends */
    /* What the events of one PCR said so far. */
    bool booting;  /* PCR 4: the firmware's part has ended */
    bool closed;   /* PCR 7: its separator was seen */
    unsigned seen; /* variables that may be measured once */
    unsigned quirks;
};

/* The variable in an event whose digest vouches for it, and for nothing but it: shim's early
 * versions logged up to SHIM_REST bytes behind an authority and did not hash the last one
 * (go-attestation issue 157), which sets *ret_quirk. Returns whether there is one; *ret is
 * untouched unless true. */
enum { SHIM_REST = 8 };
bool slots_pick_variable(const struct event_log *log, const struct event *event, struct efivar *ret,
                         bool *ret_quirk);

/* Looks through the log's events of the PCRs in mask for what it is as a whole. */
struct placing slots_pick_begin(const struct event_log *log, uint32_t mask);

/* Slot, flags and rule of the next event of PCR 0 to 15. */
void slots_pick(struct placing *placing, const struct event *event, struct slot_event *ret);
