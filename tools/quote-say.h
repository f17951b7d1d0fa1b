/* What `assay quote check` prints. */
#pragma once

#include "cmd.h"
#include "formats/quote.h"
#include "quote-ak.h"

struct quote_answer {
    bool accepted;
    bool json;
    const char *values_from; /* "values", "log", "log and values", or NULL: not compared */
    struct fault fault;      /* RULE_NONE when accepted */
    struct quote_verdict verdict;
    const struct quote_ak *ak; /* NULL when it could not be read */
    struct fault ak_fault;     /* why policy would refuse this key; RULE_NONE: it would not */
    const char *hierarchy;     /* "endorsement", "owner", "null", "other"; NULL: not known */
};

/* Prints it and returns CMD_YES or CMD_NO. */
int quote_say(const struct quote_answer *answer);
