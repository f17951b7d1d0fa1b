/* The own quote, verified by the readers and keys that the verifier uses too, before anyone sees
 * it.
 */
#pragma once

#include "base/std.h"

/* A tpm_signed_verify_fn; context is a struct hasher. */
MUST_CHECK int self_check(void *context, struct bytes spki, struct bytes info,
                          struct bytes signature);
