/* PCR values as people keep them: {"sha256": {"0": "hex", …}, …}. */
#pragma once

#include "formats/quote.h"

/* Strict: known bank names, decimal PCR numbers below LIMIT_PCRS, hex of the bank's size, nothing
 * twice. Returns 0, or 1 with QUOTE_VALUES_FORM (offset: where the text stops to be JSON, or 0). */
MUST_CHECK int quote_values_read(struct bytes text, struct quote_values *ret,
                                 struct fault *ret_fault);
