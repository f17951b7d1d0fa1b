/* The files that an IMA list names, judged by an ima block of a policy. Appraisal page, section 3.
 *
 * A list's entries are believed as far as they replay: each is read again here from the bytes that
 * came, and must have the template digest that the replay extended, so that a reader which lies
 * about a name or a file's digest is found out. The order is fixed: denied digest, denied path,
 * allowed digest, signature, skipped path, unknown. Deny beats all; skip never lets pass a
 * file that is named as a kernel module, a measured buffer, or what has an appended signature. */
#pragma once

#include "appraise/growing.h"
#include "appraise/ima-sigs.h"
#include "appraise/rulebook.h"
#include "formats/digest-set.h"

enum ima_status {
    IMA_ALLOWED,
    IMA_SIGNED,     /* by a key that the block takes */
    IMA_SUPERSEDED, /* 611: allowed by an older set of this boot */
    IMA_SKIPPED,
    IMA_VIOLATED, /* 610: changed or written while it was measured */
    IMA_WEAK,     /* 609: its digest is of a weaker hash than the block wants, or of none known */
    IMA_PENDING,  /* 612: unknown, within the block's span */
    IMA_UNKNOWN,  /* 604 */
    IMA_KEY_UNKNOWN,   /* 607: signed, and the block's sets do not have the key */
    IMA_KEY_WEAK,      /* 608: signed with a key that the block does not take */
    IMA_BAD_SIGNATURE, /* 606: its signature is of no form, or not by its key over its digest */
    IMA_DENIED,        /* 605 */
    IMA_STATUS_N,
};

const char *ima_status_name(enum ima_status status);

/* One entry that does not pass. Views into the list. */
struct ima_finding {
    uint32_t entry; /* of the boot, from 0 */
    enum ima_status status;
    enum hash alg; /* HASH_N: one that we do not know */
    struct bytes digest;
    struct bytes path; /* as the kernel wrote it, hostile */
};

#define IMA_FINDINGS_MAX 20u

/* What came of a list. */
struct ima_judgement {
    const struct bundle_ima *block; /* by which */
    bool judged;                    /* false: its PCR is not the one that was replayed */
    uint32_t n_entries;
    uint32_t n[IMA_STATUS_N]; /* entries of each status */
    size_t n_findings;        /* the first ones */
    struct ima_finding findings[IMA_FINDINGS_MAX];
    struct ima_finding worst[IMA_STATUS_N]; /* the first of each status; where n[] is not 0 */
};

struct ima_past;
struct ima_open;

struct ima_judge_ask {
    const struct rulebook *book;
    const struct bundle_ima *block;
    /* Of sets of the kind file, by their place in the bundle; NULL, or n of 0: not at hand, so that
     * nothing is in it. LIMIT_BUNDLE_SETS of them, or NULL. */
    const struct digest_set *files;
    uint64_t now_s;        /* UTC */
    struct ima_sigs *sigs; /* signatures that were found good; NULL: all are verified */
    struct ima_work *work; /* what verifying costs, and its end; NULL: nobody counts */
    /* What came of the entries before the part, by the same block; NULL: there are none. */
    const struct ima_past *past;
    struct ima_open *open; /* receives the files that a later set may allow; NULL: nobody asks */
};

enum { IMA_JUDGE_E_FORM = 1, IMA_JUDGE_E_WORK };

/* Judges the part of a list that met the quote (growing_match()): list->end bytes of part, which
 * are the entries behind list->known. Allocates nothing. Returns 0; IMA_JUDGE_E_FORM when part and
 * records tell different things (the reader is broken); IMA_JUDGE_E_WORK when ask->work came to
 * its end before the list did; or a negative errno. *ret is untouched unless 0. */
MUST_CHECK int ima_judge(struct hasher *hasher, const struct ima_judge_ask *ask,
                         const struct growing_ima *list, struct bytes part,
                         struct ima_judgement *ret);

/* What a status does to the block's rule, before its own `else`. */
enum reason_effect ima_judge_effect(const struct bundle_ima *block,
                                    const struct ima_judgement *judgement, enum ima_status status);

/* Whether a set that the block denies by is not at hand: then nothing may be told of any file. */
bool ima_judge_lacks(const struct ima_judge_ask *ask);

/* Whether a set that the block allows by has the digest now; *ret is IMA_ALLOWED or IMA_WEAK
 * then. */
bool ima_judge_allows(const struct ima_judge_ask *ask, enum hash alg, struct bytes digest,
                      enum ima_status *ret);
