/* Enrolments that bring EK certificates never seen before: a reader of the strangers' pool reads
 * them, and the enrolment is done again on what holds then. */
#pragma once

#include "keeper/enrol.h"

#define ENROLLING_PEER_MAX 4u /* readings of one address that wait: a sixteenth of the queue */

/* What the certificates of this enrolment are worth, if that is known: none were sent of this EK,
 * or they were checked before. Returns 0, 1 when a reader has to read them (sent is filled), or a
 * negative errno. */
MUST_CHECK int enrol_worth(struct keeper *keeper, const struct enrol *enrol, struct ek_sent *sent,
                           struct ek_worth *ret);

/* Has them read; owns *take_asked, which is answered later by enrol_do(). A device that has some in
 * reading, or an address that has too many, is told to wait. */
void enrol_submit(struct keeper *keeper, struct asked *take_asked, const struct enrol *enrol,
                  const struct ek_sent *sent);

/* Nobody waits for those of a front, or of one connection of it (NULL: all), any more. */
void enrol_front_gone(struct keeper *keeper, const struct ipc *front, const uint64_t *connection);

/* Frees them all, unanswered: the readers are gone too. */
void enrol_drop_all(struct keeper *keeper);
