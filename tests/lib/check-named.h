/* A program whose cases may be asked for by name, so that a scenario is a choice of cases that
 * another test proves anyway: `PROGRAM "what it shows" CASE…`. Without arguments it runs all. */
#pragma once

#include "lib/check.h"

/* Runs those that argv names behind what they show; a name that no case has is a failure. */
int check_named(const struct check_case *cases, size_t n_cases, int argc, char **argv);

#define CHECK_MAIN_NAMED(...)                                            \
    int main(int argc, char **argv)                                      \
    {                                                                    \
        static const struct check_case all_cases[] = {__VA_ARGS__};      \
                                                                         \
        return check_named(all_cases, ARRAY_LEN(all_cases), argc, argv); \
    }
