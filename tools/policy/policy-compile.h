/* Policy text to bundle and back. docs/policy.md tells the language; appraisal page, section 5b.
 * The compiler may allocate; what it returns is written by bundle_write(). */
#pragma once

#include "policy/policy-say.h"
#include "wire/bundle.h"

#define POLICY_TEXT_MAX (16u * 1024u * 1024u) /* LIMIT_BUNDLE_BYTES of digests in hex */

struct policy_memory; /* what a compiled bundle's views point into */
void policy_memory_free(struct policy_memory *memory);
void policy_memory_freep(struct policy_memory **memory);

/* Compiles source, which must live as long as the bundle. Returns 0, or 1 with say->n_errors > 0,
 * or -ENOMEM; *ret_memory is to be freed in any case. Notes may be said with 0 too. */
MUST_CHECK int policy_compile(struct bytes source, struct bundle *ret,
                              struct policy_memory **ret_memory, struct policy_say *say);

/* "2026-11-27" to seconds of UTC; false for what is no day from 1970 to 2105. */
bool policy_date(struct bytes text, uint64_t *ret_s);

/* Writes a bundle's body. Returns 0 and *ret (free() its bytes), 1 when it is larger than a bundle
 * may be, or -ENOMEM. */
MUST_CHECK int policy_write(const struct bundle *bundle, struct bytes *ret);

/* Writes a bundle that was read as text. Text of a bundle that this compiler made compiles to the
 * same bytes; of another it may leave things out, so people are shown policy_text_of(). */
#include <stdio.h>
void policy_show(FILE *out, const struct bundle *bundle);

/* The text of a bundle that was read from body, compiled again. Returns 0 and *ret (free()); 1 when
 * it does not compile to body, so that what it shows is not all that the bundle says; or -ENOMEM.
 */
MUST_CHECK int policy_text_of(const struct bundle *bundle, struct bytes body, char **ret);
