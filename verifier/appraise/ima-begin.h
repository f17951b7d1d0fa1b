/* What an IMA list begins with, once it met the quote: a boot_aggregate over the firmware's PCRs of
 * this boot. And what is noted of the list. Appraisal page, section 3. */
#pragma once

#include "appraise/quoted-values.h"

/* Judges a list that met the quote (growing_match()); from_start unless an earlier evidence of this
 * boot brought its beginning. firmware: what the firmware's log gives. Sets verdict->growing.
 * Returns 0 or a negative errno. */
MUST_CHECK int ima_begin_judge(struct hasher *hasher, const struct growing_ima *list,
                               bool from_start, const struct pcr_values *firmware,
                               struct verdict *verdict);
