/* Pieces of policy text from values that may be anybody's. */
#pragma once

#include <stdio.h>

#include "crypto/digest.h"

/* "sha256:…" */
void policy_put_digest(FILE *out, enum hash bank, struct bytes digest);

/* A label as a string with a blank before it, cut at LIMIT_BUNDLE_TEXT, every byte that a string
 * cannot hold as `?`; nothing for an empty one. */
void policy_put_label(FILE *out, struct bytes label);

/* The same as a word of a comment: in quotes, escaped, cut. */
void policy_put_quoted(FILE *out, struct bytes text);
