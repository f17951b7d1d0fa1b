/* The words of a policy text: runs without blanks, "strings", braces that stand alone, ends of
 * lines. `#` at the start of a word begins a comment. Printable ASCII only, in comments too, with
 * tabs between words: what a terminal shows is what is read. A carriage return stands before the
 * end of a line or nowhere. */
#pragma once

#include "policy/policy-say.h"

enum policy_lex_kind {
    LEX_WORD,
    LEX_STRING, /* text without the quotes */
    LEX_OPEN,   /* { */
    LEX_CLOSE,  /* } */
    LEX_LINE,
    LEX_END,
};

struct policy_token {
    enum policy_lex_kind kind;
    struct bytes text; /* view into the source */
    uint32_t line, column;
};

/* Splits the source; the last token is LEX_END. Bytes that are not allowed are said and left out.
 * Returns 0 with tokens to free(), or -ENOMEM. */
MUST_CHECK int policy_lex(struct bytes source, struct policy_say *say,
                          struct policy_token **ret_tokens);
