/* The one next step that `assay device show` suggests. */
#pragma once

#include "base/std.h"

struct advice_case {
    const char *state;      /* "fresh" */
    const char *class_name; /* "" when none */
    const char *device;     /* short id */
    const char *fingerprint;
    int64_t code; /* of the first reason, 0 when none */
    bool judged;  /* there is a verdict */
};

#define ADVICE_ROOM 320u

/* Text with the command to type, its arguments safe to paste. Returns room. */
const char *advice_text(char room[ADVICE_ROOM], const struct advice_case *about);
