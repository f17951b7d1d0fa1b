/* Members of objects that reports write a piece at a time, so that memory does not grow with what
 * they tell. */
#pragma once

#include <stdio.h>

#include "base/json-wr.h"

/* A member; text: null where there is none. */
void rejudge_json_text(struct json_wr *j, const char *key, struct bytes text);
void rejudge_json_number(struct json_wr *j, const char *key, uint64_t value);

/* Prints what was written, behind `before`. */
void rejudge_json_put(FILE *out, const char *before, const struct json_wr *j);
