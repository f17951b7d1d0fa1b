/* Keys that sign files, as sets of the kind keys hold them. Appraisal page, section 3; Linux
 * security/integrity/digsig_asymmetric.c. */
#pragma once

#include "crypto/digest.h"
#include "crypto/pubkey.h"
#include "wire/bundle.h"

/* Decodes a key's SPKI. Returns 0 with a key to free; 1 for one that signs no files (RSA of 1024 to
 * 4096 bits with e = 65537, P-256 and P-384 do) or is not in its one DER form; or a negative errno.
 */
MUST_CHECK int file_key_read(struct bytes spki, struct pubkey **ret);

/* The key of a file in memory of any origin: its form is written to *wr, which has room for
 * LIMIT_BUNDLE_SPKI bytes. Returns as above. */
MUST_CHECK int file_key_write(const struct pubkey *key, struct wr *wr);

/* The id that the kernel looks keys up by where nothing names another: the last 4 bytes of the key
 * identifier. Returns 0 or a negative errno. */
MUST_CHECK int file_key_id(const struct pubkey *key, struct hasher *hasher, uint32_t *ret);

/* Whether BUNDLE_KEY_ bits take the key: the weakest of a kind that they name, and all above. */
bool file_key_taken(const struct pubkey *key, uint8_t keys);
