/* What groups a device may be in: those that exist, STORE_GROUPS_MAX at most, one site at most, and
 * names that fit a token beside all else that it says. */
#pragma once

#include "keeper/keeper.h"
#include "store/store-group.h"

#define GROUPS_LETTERS 48u /* of all names; each stands twice in a JWT of LIMIT_TOKEN_BYTES */

enum groups_outcome {
    GROUPS_OK,
    GROUPS_E_UNKNOWN, /* there is no such group */
    GROUPS_E_FULL,    /* it would be one too many */
    GROUPS_E_SITES,   /* a device stands at one site, and another is there already */
};

/* What is wrong, for people; of an outcome that is not GROUPS_OK. */
const char *groups_problem(enum groups_outcome outcome);

/* Puts a group among them, by name; one that is there already is no fault. Returns an outcome, then
 * they are untouched unless GROUPS_OK, or a negative errno. */
MUST_CHECK int groups_add(struct store *store, const char *name, struct store_groups *groups);

/* The same for names with a blank between. One that does not do is left out: returns its outcome,
 * or the first such, or a negative errno. */
MUST_CHECK int groups_add_all(struct store *store, const char *names, struct store_groups *groups);

/* Their names with a blank between. */
void groups_join(const struct store_groups *groups, char ret[STORE_GROUPS_TEXT_MAX]);

/* Whether it was there. */
bool groups_drop(struct store_groups *groups, const char *name);

/* Writes what a device is in now, and was before, with an audit row for each change; where nothing
 * differs nothing is done. As after a move its connections need new evidence, for whatever is
 * judged by groups. Returns 0 or a negative errno. */
MUST_CHECK int groups_put(struct keeper *keeper, const uint8_t id[WIRE_UEID_SIZE],
                          const char *actor, const struct store_groups *was,
                          const struct store_groups *is);
