/* Firmware that measures the end of its boot services into PCR 5 and does not log it: a known
 * fault, whose variants are few and named. Only a policy that says `exit-events optional` has them
 * tried, and the verdict tells that one was. Pitfall 34. */
#pragma once

#include "appraise/growing.h"
#include "appraise/slots.h"

#define EXIT_EVENTS_PCR 5u

/* Tries the variants in turn: *firmware, which the firmware's log gives, and behind that in PCR 5
 * of each bank the strings that TCG PFP 1.06 section 10.4.4 has for ExitBootServices: invocation
 * and success, invocation and failure, or all three. When one meets the quote, *ret_quirk names it,
 * *firmware has what PCR 5 was then, *logs what the other logs add (as growing_match()), and it
 * returns 0. Returns GROWING_E_NONE when none does, or when the log has one of these strings in PCR
 * 5: then it is not they that are missing; else as growing_match(). Nothing is changed unless 0. */
MUST_CHECK int exit_events_match(const struct growing_quote *quote, const struct event_log *log,
                                 struct pcr_values *firmware, struct pcr_values *logs,
                                 struct growing_userspace *userspace, struct growing_ima *ima,
                                 enum slot_quirk *ret_quirk);
