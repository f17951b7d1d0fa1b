/* What the keeper said, taken out of its JSON. A member of a wrong type latches, and so does a
 * missing one where it must be there: read everything, ask said_wrong() once, then print. The
 * functions take NULL for an object that is not there. */
#pragma once

#include <jansson.h>

#include "base/std.h"

struct said {
    const char *wrong; /* the first member that is not as it must be */
};

/* "" when it is absent or null. */
const char *said_text(struct said *said, const json_t *object, const char *key);
const char *said_must_text(struct said *said, const json_t *object, const char *key);

int64_t said_int(struct said *said, const json_t *object, const char *key, int64_t absent);
int64_t said_must_int(struct said *said, const json_t *object, const char *key);

/* False when it is absent. */
bool said_yes(struct said *said, const json_t *object, const char *key);

/* NULL when it is absent; the jansson functions take that as empty. */
json_t *said_object(struct said *said, const json_t *object, const char *key);
json_t *said_list(struct said *said, const json_t *object, const char *key);
json_t *said_must_list(struct said *said, const json_t *object, const char *key);

/* An element of a list of objects, or of texts. `what` names it if it is something else. */
json_t *said_item(struct said *said, const json_t *list, size_t i, const char *what);
const char *said_item_text(struct said *said, const json_t *list, size_t i, const char *what);

/* Whether something was wrong; then that is said on stderr. */
bool said_wrong(const struct said *said);
