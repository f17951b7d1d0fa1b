/* The test harness: each behaviour is a `static void` function named by its claim, run in a child
 * process, so that a crash is one failed case. Prints TAP. CHECK_NOFORK=1 for a debugger. */
#pragma once

#include <stdio.h>

#include "base/std.h"

struct check_case {
    const char *name;
    void (*run)(void);
};

#define CASE(function)      \
    {                       \
#function, function \
    }

/* Runs all cases and returns main's exit code. */
int check_run(const struct check_case *cases, size_t n_cases);

#define CHECK_MAIN(...)                                             \
    int main(void)                                                  \
    {                                                               \
        static const struct check_case all_cases[] = {__VA_ARGS__}; \
                                                                    \
        return check_run(all_cases, ARRAY_LEN(all_cases));          \
    }

/* Ends the case as failed, or as skipped with a reason. */
__attribute__((noreturn, format(printf, 3, 4))) void check_fail(const char *file, int line,
                                                                const char *format, ...);
__attribute__((noreturn)) void check_skip(const char *reason);

#define CHECK(condition)                                      \
    do {                                                      \
        if (!(condition)) {                                   \
            check_fail(__FILE__, __LINE__, "%s", #condition); \
        }                                                     \
    } while (0)

#define CHECK_EQ(a, b)                                                                             \
    do {                                                                                           \
        long long check_a = (long long)(a);                                                        \
        long long check_b = (long long)(b);                                                        \
        if (check_a != check_b) {                                                                  \
            check_fail(__FILE__, __LINE__, "%s is %lld, not %s = %lld", #a, check_a, #b, check_b); \
        }                                                                                          \
    } while (0)

#define CHECK_STR(a, b)                                                    \
    do {                                                                   \
        const char *check_a = (a);                                         \
        const char *check_b = (b);                                         \
        if (!check_a || strcmp(check_a, check_b) != 0) {                   \
            check_fail(__FILE__, __LINE__, "%s is \"%s\", not \"%s\"", #a, \
                       check_a ? check_a : "NULL", check_b);               \
        }                                                                  \
    } while (0)

#define CHECK_BYTES(a, b) check_bytes(__FILE__, __LINE__, (a), (b))
void check_bytes(const char *file, int line, struct bytes a, struct bytes b);

/* Bytes of a hex literal; spaces are skipped. The memory lives until the process ends. */
struct bytes check_hex(const char *hex);

/* A copy of the bytes that ends at an unreadable page, so that reading one byte too far crashes. */
struct bytes check_guarded(struct bytes in);

/* A file below tests/vectors; a missing one fails the case. */
struct bytes check_vector(const char *path);

/* Leaves memory to live until the process ends, where the leak checker sees that it is meant to.
 * Returns it. */
void *check_keep(void *memory);

/* Any file by path; false when it cannot be read. The memory lives until the process ends. */
bool check_file(const char *path, struct bytes *ret_bytes);
