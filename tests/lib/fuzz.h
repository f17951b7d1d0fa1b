/* One fuzz target a file: define fuzz_one(); libFuzzer drives it with -Dfuzz=true, else fuzz-main.c
 * replays the corpus with every truncation and a flip of each byte. */
#pragma once

#include "base/std.h"

void fuzz_one(struct bytes in);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* For a claim that must hold for every input. */
#define FUZZ_ASSERT(condition) \
    do {                       \
        if (!(condition)) {    \
            __builtin_trap();  \
        }                      \
    } while (0)
