/* A recorded boot whose policy judges the files of its IMA list, from evidence to answer. One at a
 * time, in growing_rig. */
#pragma once

#include "lib/growing-rig.h"

extern struct files_play {
    char text[65536];   /* the policy that was published last */
    char folder[32];    /* mkdtemp() it for sets in files */
    char set_path[128]; /* of the set that was written last; not empty: policies name one */
} files_play;

/* A member whose list has 60 entries so far. */
void files_play_start(void);

/* Publishes a policy for that boot: these lines for its list, and the set `files`, which has all of
 * the list's digests but that of one entry. Again: the text as it stands. */
void files_play_policy(const char *lines, uint32_t but);
void files_play_publish(void);

/* Evidence as it is now, which is answered; a second later it is. */
struct answer files_play_attest(void);

/* The device goes on from what is known: n entries now, behind the first `from`. */
struct answer files_play_rest(size_t from, size_t n);

/* Whether an answer names a reason, at any place. */
bool files_play_told(const struct answer *answer, enum reason reason);

/* Puts these bytes in the place of the files that did not pass. */
void files_play_open(struct bytes files);
