/* The reader's other job: EK certificates, to the chain that the keeper is to verify. */
#pragma once

#include "base/fault.h"
#include "base/wr.h"
#include "crypto/digest.h"

/* Answers a MSG_READ_CERTS body by records (roles/cert-records.h): of the first leaf that has a
 * chain, else of the first one that is an EK certificate. Returns 0, 1 with the fault of the first
 * leaf when none is an EK certificate, or a negative errno (-EPROTO: the job has no form). */
MUST_CHECK int reader_certs(struct bytes job, struct hasher *hasher, struct wr *records,
                            struct fault *ret_fault);
