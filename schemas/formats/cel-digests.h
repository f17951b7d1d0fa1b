/* Digests of a record in the JSON form of TCG's Canonical Event Log, as systemd writes it: an array
 * "digests" of {"hashAlg": "sha256", "digest": "…"}. CEL-IM 1.0 section 5.1. */
#pragma once

#include <jansson.h>

#include "base/limits.h"
#include "crypto/digest.h"

/* Reads the record's digests, one for each bank and no bank twice. Returns 0, or 1 when there are
 * none or they are otherwise; what ret and *ret_n hold is undefined then. */
MUST_CHECK int cel_digests(const json_t *record, struct digest ret[LIMIT_BANKS], size_t *ret_n);
