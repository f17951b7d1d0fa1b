/* The rows that a store has of a member, as judging takes them. Inside tools. */
#pragma once

#include "appraise/boot-beside.h"
#include "rejudge/rejudge-kept.h"
#include "store/store-group.h"

struct rejudge_rows {
    struct store_class class_row;
    struct store_evidence evidence;
    struct store_groups groups;
    bool has_ages;             /* ages and firmware: its last verdict is of this evidence */
    struct boot_beside beside; /* as it was when the evidence came */
    struct advisory_tpm tpm;   /* the same */
    int64_t era;               /* of its last verdict's boot, as its resetCount */
    uint64_t reset_count;
};

/* Returns 0, REJUDGE_NO_CLASS, REJUDGE_NO_EVIDENCE, or a negative errno; *ret is of no use unless
 * 0. */
MUST_CHECK int rejudge_rows_read(struct store *store, const struct store_device *device,
                                 struct rejudge_rows *ret);

/* What a policy (NULL: reference events) reads and this evidence lacks: REJUDGE_NO_USERSPACE,
 * without which nothing can be said, or else REJUDGE_NO_AGE; REJUDGE_JUDGED: nothing. */
enum rejudge_why rejudge_rows_lack(const struct rejudge_rows *rows,
                                   const struct bundle_policy *policy);
