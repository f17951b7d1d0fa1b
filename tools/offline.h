/* A boot judged from files as the service judges it from a device, without the service: its checks,
 * in its order, by its functions. What nobody can check without it is told as such and not held
 * against the boot. Appraisal page, section 4. */
#pragma once

#include "appraise/explain.h"
#include "offline-log.h"

#define OFFLINE_UNCHECKED 12u

struct offline_ask {
    const struct rulebook *book;
    size_t policy; /* its place in the book's bundle */
    uint64_t now_s;
    const struct digest_set *files; /* ima_judge_ask; NULL: none is at hand */
    const char *site;               /* whose evidence it is; NULL: as the support bundle says */
};

/* Something that was not checked. */
struct offline_unchecked {
    const char *what; /* "freshness" */
    const char *why;
};

/* Large; zero before the first use, offline_done() after. */
struct offline {
    const struct offline_ask *ask;
    struct hasher *hasher;
    struct boot_room *room;
    struct bytes files[2]; /* freed with it: what the caller read for it, and the rest looks into */
    struct offline_log firmware, userspace;
    struct verdict verdict;
    unsigned quirks;               /* of the replay: boot_ask */
    struct advisory_tpm tpm;       /* what a quote signs of it; nobody vouches for its maker */
    bool judged;                   /* the policy was asked */
    const struct growing_ima *ima; /* the list that met the quote, and its bytes; or NULL */
    struct bytes ima_part;
    struct boot_ask boot;
    struct boot_told told;
    unsigned lifted; /* bit of each check (in the verdict's order) that cannot be made */
    size_t n_unchecked;
    struct offline_unchecked unchecked[OFFLINE_UNCHECKED];
};

/* Judges a firmware log and, unless its p is NULL, the userspace log of the same boot, by policy
 * alone: nothing vouches that a machine booted so. The bytes, and the ask, must live as long as *o.
 * Returns 0 with the verdict, or a negative errno. */
MUST_CHECK int offline_log_judge(struct offline *o, const struct offline_ask *ask,
                                 struct bytes firmware, struct bytes userspace);
void offline_done(struct offline *o);

/* The tier of a verdict from which only checks are missing that cannot be made. */
enum tier offline_tier(const struct offline *o);

/* Inside tools/offline*.c: names what is not checked, lifts a check (its bit), begins, and asks the
 * policy about the logs. */
enum offline_check {
#define OFFLINE_CHECK(name) OFFLINE_##name,
    VERDICT_CHECKS(OFFLINE_CHECK)
#undef OFFLINE_CHECK
};
void offline_lift(struct offline *o, enum offline_check check);
void offline_say(struct offline *o, const char *what, const char *why);
MUST_CHECK int offline_begin(struct offline *o, const struct offline_ask *ask);
MUST_CHECK int offline_policy(struct offline *o, const struct event_log *userspace);
