/* Names of issuers and subjects, RFC 5280 section 7.1. */
#pragma once

#include "base/std.h"

/* Equality of two Names (with their heads): the same attributes in the same order with the same
 * bytes, where UTF8String and PrintableString count as one. AMD's intermediates name their root in
 * the other string type. Names that are no Names equal nothing but themselves byte for byte. */
bool x509_name_equal(struct bytes a, struct bytes b);

/* The attributes' values joined by ", ", escaped (base/text.h) and cut to cap (>= 6) bytes with the
 * NUL; "" for an empty Name. Returns out. */
char *x509_name_text(char *out, size_t cap, struct bytes name);
