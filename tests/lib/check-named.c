#include "lib/check-named.h"

#include <stdio.h>

enum { NAMED_MAX = 8 };

static const struct check_case *
find(const struct check_case *cases, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(cases[i].name, name) == 0) {
            return &cases[i];
        }
    }
    return NULL;
}

int
check_named(const struct check_case *cases, size_t n_cases, int argc, char **argv)
{
    struct check_case chosen[NAMED_MAX];
    size_t n = 0;

    if (argc < 2) {
        return check_run(cases, n_cases);
    }
    for (int i = 2; i < argc; i++) {
        const struct check_case *found = find(cases, n_cases, argv[i]);

        if (!found || n == NAMED_MAX) {
            printf("Bail out! no case %s, or more than %d\n", argv[i], NAMED_MAX);
            return 1;
        }
        chosen[n++] = *found;
    }
    printf("# %s\n", argv[1]);
    return check_run(chosen, n);
}
