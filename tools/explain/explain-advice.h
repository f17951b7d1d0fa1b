/* One thing to do about a device that is refused: the command, what it does, whom it is for. The
 * other ways are an operator's to know: docs/golden.md. Appraisal page, section 4 (7). */
#pragma once

#include "explain/explain-case.h"
#include "explain/explain-peers.h"
#include "rejudge/rejudge-open.h"

/* Where a value that was seen stands in the bundle all the same. */
struct explain_known {
    const struct bundle_release *release; /* NULL: it stands in no release */
    enum bundle_state state;              /* now */
};

/* The release, of the best state, that has the cause's value; or none. */
struct explain_known explain_known(const struct explain_case *c);

/* The option that names the place again, quoted for a shell, with a space before:
 * explain_case.place. What cannot be told so (longer, or not printable) is left to be filled in.
 * Returns room. */
#define EXPLAIN_PLACE_ROOM 200u
const char *explain_place(const struct rejudge_place *place, char room[EXPLAIN_PLACE_ROOM]);

struct explain_advice {
    char command[240 + EXPLAIN_PLACE_ROOM]; /* "": nothing to type here */
    char what[400];   /* what it does; without a command, what is to be done */
    uint32_t devices; /* that it is for by what they show now, this one counted */
};

/* peers: of the cause's value, or NULL when it has none. Returns 0 or a negative errno. */
MUST_CHECK int explain_advice(const struct explain_case *c, const struct explain_peers *peers,
                              struct explain_advice *ret);
