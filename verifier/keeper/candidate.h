/* Another AK of an EK that has a row: a candidate, one a device. It takes over after its own
 * confirmed connection, an accepted quote and an operator's `device rekey`; until then the AK of
 * the row stands, and nothing that the candidate does changes it. Protocol page, Identity 6. */
#pragma once

#include "keeper/attest.h"
#include "keeper/enrol.h"

/* The candidate that an identity names, and the device's row with the candidate's AK in it. Returns
 * as keeper_device(). */
MUST_CHECK int candidate_find(struct keeper *keeper, struct bytes identity,
                              struct store_candidate *ret, struct store_device *ret_device);

/* Makes the candidate of an enrolment whose TPM has proved itself; another one than the present
 * replaces it. Returns 0 or a negative errno. */
MUST_CHECK int candidate_take(struct keeper *keeper, const struct enrol *enrol);

/* Writes what was judged of a candidate's evidence, and answers. */
void candidate_finish(struct attest *attest);
