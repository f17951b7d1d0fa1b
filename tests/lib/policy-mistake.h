/* Policy texts compiled, and what is said of wrong ones. One at a time. */
#pragma once

#include "policy/policy-compile.h"

extern struct bundle policy_bundle; /* of the last one that compiled */
extern struct policy_say policy_said;

/* Compiles; what was said is printed, too. Returns what policy_compile() does. */
int policy_text(const char *text);

/* The bytes that a text compiles to; ends the case when it does not. They live as long as the
 * case. */
struct bytes policy_body(const char *text);

struct mistake {
    const char *text;
    uint32_t line, column;
    const char *said; /* a part of it */
};

/* The first error of each is the one named, at its place. */
void policy_mistakes(const struct mistake *list, size_t n);

#define EACH(table) policy_mistakes(table, ARRAY_LEN(table));

/* A whole policy with one more line as line 4. */
#define WITH(line) POLICY_HEAD line "\n" POLICY_RULES POLICY_TAIL

/* The same for a line that says what the head says. */
#define BARE(line) "policy laptop version 1 {\n\n\n" line "\n" POLICY_RULES POLICY_TAIL
