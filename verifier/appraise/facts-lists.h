/* Signature lists and levels as facts; internal to facts. */
#pragma once

#include "appraise/facts.h"

/* Adds the entries of EFI_SIGNATURE_LISTs, or of one EFI_SIGNATURE_DATA or bare certificate as
 * authorities have them. Returns 0; 1 when the form breaks or there are too many; or a negative
 * errno. with_svn: rows of SVNs become numbers. */
MUST_CHECK int facts_add_lists(struct boot_facts *facts, struct hasher *hasher, struct bytes value,
                               bool with_svn);
MUST_CHECK int facts_add_authority(struct boot_facts *facts, struct hasher *hasher,
                                   struct bytes value);

/* Adds a level of SBAT: the lowest counts. Returns 0 or 1: broken, there is then none. */
MUST_CHECK int facts_add_sbat(struct boot_facts *facts, struct bytes value);

/* Sorts the entries from `first` on and drops doubles; the list's view. */
struct rule_entries facts_list(struct boot_facts *facts, size_t first);
