/* The algorithms of certificates: AlgorithmIdentifier and SubjectPublicKeyInfo, RFC 3279, RFC 4055,
 * RFC 5480, RFC 5758. */
#pragma once

#include "base/alg.h"
#include "crypto/pubkey.h"

/* What a signature's AlgorithmIdentifier (with its head) says: RSA PKCS #1 and PSS, ECDSA, with
 * SHA-1 (told, for callers to refuse) or SHA-2; SIG_NONE and HASH_N for everything else. */
void x509_alg_read(struct bytes algorithm, enum sig_scheme *ret_scheme, enum hash *ret_hash);
