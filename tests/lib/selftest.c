/* Not a test of ours: it fails, skips and crashes on purpose, for tests/lint/test_runner.py. */
#include "lib/check.h"

#include <signal.h>
#include <stdlib.h>

static void
passes(void)
{
    CHECK_EQ(1 + 1, 2);
}

static void
fails(void)
{
    CHECK_EQ(1 + 1, 3);
}

static void
skips(void)
{
    check_skip("no such device");
}

static void
crashes(void)
{
    raise(SIGSEGV);
}

static void
leaves_early(void)
{
    exit(0);
}

static void
exits_as_a_skip_without_a_reason(void)
{
    exit(77);
}

CHECK_MAIN(CASE(passes), CASE(fails), CASE(skips), CASE(crashes), CASE(leaves_early),
           CASE(exits_as_a_skip_without_a_reason))
