/* A judgement as people read it, from the object of appraise/explain.h: the verdict, its first
 * cause and what else was found, what the boot said of itself. Appraisal page, section 4. */
#pragma once

#include <jansson.h>
#include <stdio.h>

#include "base/std.h"

/* A member that is a text, fit for a terminal whoever wrote it; or "". Returns room. */
#define EXPLAIN_TEXT_ROOM 512u
const char *explain_text_of(const json_t *object, const char *key, char room[EXPLAIN_TEXT_ROOM]);

/* The first cause, and what else did not pass: members first_cause, rules, reasons. detail, unless
 * NULL, prints more below the first cause. */
void explain_text_causes(FILE *out, const json_t *explained, bool verbose,
                         void (*detail)(FILE *out, const json_t *first));

/* Prints it; verbose: each rule, with what was seen and would have passed. An object of another
 * form, as from another version's keeper, prints what it has. */
void explain_text(FILE *out, const json_t *explained, bool verbose);

/* "dbx.level dbx/2025-10": a claim of a verdict in one line, fit for a terminal. Returns line. */
#define EXPLAIN_TEXT_CLAIM 1024u
const char *explain_text_claim(const char *name, const json_t *value,
                               char line[EXPLAIN_TEXT_CLAIM]);

/* "name  text", names in a column of their own. */
__attribute__((format(printf, 3, 4))) void explain_text_line(FILE *out, const char *name,
                                                             const char *format, ...);
