/* ROCA, CVE-2017-15361: RSA keys made by a faulty library of a TPM maker can be factored. Their
 * moduli give themselves away: modulo each of a few small primes they lie in the subgroup that
 * 65537 generates. A good key does so for all of them once in about 2^28 keys. */
#pragma once

#include "base/std.h"

/* modulus is big-endian. */
bool roca_suspected(struct bytes modulus);
