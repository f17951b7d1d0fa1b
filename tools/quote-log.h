/* PCR values of `assay quote check --log`: the log replayed. */
#pragma once

#include "formats/quote.h"

/* Returns 0 with the values of every PCR of the log's banks, 1 with a fault of the log, or a negative
 * errno; -ENOTSUP: this build has no log reader. */
MUST_CHECK int quote_log_values(struct bytes log, struct hasher *hasher, struct quote_values *ret,
                                struct fault *ret_fault);
