/* Suggestions for people, and as one JSON object. */
#pragma once

#include <stdio.h>

#include "suggest/suggest.h"

/* What the kept evidence of the class says once a group is active. */
struct suggest_dry {
    bool made; /* false: no bundle could be made of it */
    uint64_t better, worse, fails;
    uint64_t still;   /* devices of the group that get no token even so */
    enum reason code; /* the first one's cause, and its rule; REASON_NONE: none */
    char rule[64];
};

struct suggest_say {
    FILE *out;
    bool json;
    bool all; /* values too that are not suggested, and why */
};

/* dries: one a group. */
void suggest_say(const struct suggest_say *say, const struct suggest *suggest,
                 const struct suggest_dry *dries);
