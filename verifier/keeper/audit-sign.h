/* The signed head of the audit log (wire/audit-head.h): kept in a file beside the store,
 * "<store>.head", and told to operators who keep it elsewhere.
 *
 * The file is replaced whole, after a commit that added rows, once a second at most, and at the
 * end; so after a crash it is behind the chain by the rows of a second, never ahead of it. A chain
 * that is behind the file, or has another row in its place, was cut or made anew: that is logged at
 * each start, commands on the log refuse, and the file stays as it is until an operator who knows
 * why (a backup was restored) has moved it away. */
#pragma once

#include "keeper/keeper.h"

struct audit_keep;

/* Takes the key of the setup, makes kid and path, and compares the file with the chain. After the
 * store was opened. Returns 0, also when they do not fit, or a negative errno. */
MUST_CHECK int audit_sign_begin(struct keeper *keeper);
/* Signs with another key from now on, and the file anew with it. Wipes the text. Returns 0, or a
 * negative errno with all as it was. */
MUST_CHECK int audit_sign_renew(struct keeper *keeper, struct bytes pem);
/* Writes the file if it is behind. */
void audit_sign_end(struct keeper *keeper);

/* A row was added in this turn. */
void audit_sign_due(struct keeper *keeper);
/* Writes the file when it is time to; after the turn's commit. */
void audit_sign_turn(struct keeper *keeper);

/* NULL, or why the log cannot be vouched for. */
const char *audit_sign_alarm(const struct keeper *keeper);

/* Signs the chain's end as it is now; *ret_count its rows. Returns 0 or a negative errno. */
MUST_CHECK int audit_sign_now(struct keeper *keeper, struct wr *wr, int64_t *ret_count);
