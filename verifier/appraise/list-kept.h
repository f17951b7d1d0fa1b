/* What is kept of the list of forbidden programs where its digest is pinned, so that a list which
 * grew is told from one that lost something: its entries, by kind and digest, and the numbers of
 * its SVN rows. It is found by the digest of the event that measured the list, which vouches for
 * it: appraisal page, sections 2d and 5e (412). */
#pragma once

#include "appraise/facts.h"

#define LIST_KEPT_MAX (4u + FACTS_ENTRIES * 33u + FACTS_NUMBERS * 44u) /* bytes */

/* Writes what sb.dbx has: entries as u16 n, then n times a kind (u8) and 32 bytes, ascending;
 * numbers as u16 n, then n times a GUID as text (36 bytes) and a number (u64); big-endian. Returns
 * 0, or 1 where the list is not known or the room is too small. */
MUST_CHECK int list_kept_write(const struct boot_facts *facts, struct wr *wr);

enum list_kept {
    LIST_KEPT_ALL,    /* whatever was there is there, and no number fell */
    LIST_KEPT_LOST,   /* and something is not: *ret_lost, a digest or a GUID's text, a view */
    LIST_KEPT_BROKEN, /* nothing that list_kept_write() wrote */
};

/* Compares what was kept with what the boot has in sb.dbx, which must be known. */
enum list_kept list_kept_compare(struct bytes kept, const struct rule_input *input,
                                 struct bytes *ret_lost);
