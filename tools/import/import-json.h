/* JSON files of anybody's: whole values in memory, no key twice, strict UTF-8 (jansson). */
#pragma once

#include <jansson.h>

#include "base/std.h"
#include "crypto/digest.h"

/* The file as one object, or NULL when it is none. Owned. */
json_t *import_json(struct bytes in);
void import_json_freep(json_t **value);

struct bytes import_json_text(const json_t *string);

/* Hex digits with or without 0x before them. Returns 0 and the number of bytes, or 1. */
MUST_CHECK int import_json_hex(const json_t *string, uint8_t *out, size_t cap, size_t *ret_len);
