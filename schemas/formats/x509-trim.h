/* The certificate in what a TPM's NV index or a file holds. */
#pragma once

#include "base/fault.h"

/* The one certificate in what a TPM's NV index or a file holds: a TPM 1.2 stored-certificate head
 * (TCG PC Client Implementation for BIOS 1.21 section 7.4.5, still in early TPM 2.0 dumps) is taken
 * off, and padding, a run of one byte value (00 and ff by TPMs, 11 in the corpus), is cut off by
 * the outer length. A view into `in`. Returns 0, or 1 with a fault. */
MUST_CHECK int x509_trim(struct bytes in, struct fault *ret_fault, struct bytes *ret_der);
