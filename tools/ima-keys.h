/* Keys that sign files, from people's files: what a verifier would say of a signature if its policy
 * held them. The judging is its own (appraise/ima-sigs.h), by a policy that is made of the keys. */
#pragma once

#include "appraise/ima-sigs.h"
#include "cmd.h"

/* Public keys and certificates, PEM or DER, as `assay policy import --kind keys` takes them; at
 * most IMPORT_FILES_MAX files. Returns 0 with *ret (rulebook_free()), or 1 after a message on
 * stderr. */
MUST_CHECK int ima_keys_open(const char *const *paths, size_t n, struct rulebook **ret);

/* Judges an entry with a signature. A key below the least that a policy takes unless it says
 * otherwise is IMA_SIGS_E_WEAK. Returns an outcome or a negative errno. */
MUST_CHECK int ima_keys_judge(const struct rulebook *book, struct hasher *hasher,
                              const struct ima_entry *entry);

/* "good", "malformed", "key-unknown", "key-weak", "bad". */
const char *ima_keys_word(enum ima_sigs_outcome outcome);
