/* PCR values of `assay quote check --log`: the log replayed. */
#pragma once

#include "formats/quote.h"

/* Sets in *values the PCRs that the log extended, in every bank that we can hash; what else is in
 * there stays (PCR 10 of a machine with IMA is no firmware log's). With `all`, also those that the
 * log leaves at their start. Returns 0, 1 with a fault of the log, or a negative errno; after the
 * latter two *values is of no use. */
MUST_CHECK int quote_log_replay(struct bytes log, bool all, struct hasher *hasher,
                                struct quote_values *values, struct fault *ret_fault);
