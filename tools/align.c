#include "align.h"

#include <errno.h>
#include <stdlib.h>

/* One alignment in work: the longest common subsequence from (i, j) on; (n_a + 1) x (n_b + 1). */
struct aligning {
    const struct align_ask *ask;
    uint16_t *length;
};

static uint16_t *
length_at(const struct aligning *aligning, size_t i, size_t j)
{
    return &aligning->length[i * (aligning->ask->n_b + 1) + j];
}

/* Fills the table from its end. */
static void
fill(const struct aligning *aligning)
{
    const struct align_ask *ask = aligning->ask;

    for (size_t i = ask->n_a; i-- > 0;) {
        for (size_t j = ask->n_b; j-- > 0;) {
            uint16_t skip_a = *length_at(aligning, i + 1, j);
            uint16_t skip_b = *length_at(aligning, i, j + 1);
            uint16_t longer = skip_a > skip_b ? skip_a : skip_b;

            if (ask->same(ask->context, i, j)) {
                longer = (uint16_t)(*length_at(aligning, i + 1, j + 1) + 1);
            }
            *length_at(aligning, i, j) = longer;
        }
    }
}

/* The next step. Where both may be skipped at no loss, one may have become the other. */
static enum align_step
step_at(const struct aligning *aligning, size_t i, size_t j)
{
    const struct align_ask *ask = aligning->ask;
    bool both = i < ask->n_a && j < ask->n_b;

    if (both && ask->same(ask->context, i, j)) {
        return ALIGN_SAME;
    }
    if (both && ask->becomes(ask->context, i, j) &&
        *length_at(aligning, i + 1, j + 1) == *length_at(aligning, i, j)) {
        return ALIGN_CHANGED;
    }
    return j == ask->n_b ||
                   (both && *length_at(aligning, i + 1, j) >= *length_at(aligning, i, j + 1))
               ? ALIGN_REMOVED
               : ALIGN_ADDED;
}

static void
walk(const struct aligning *aligning)
{
    const struct align_ask *ask = aligning->ask;
    size_t i = 0;
    size_t j = 0;

    while (i < ask->n_a || j < ask->n_b) {
        enum align_step step = step_at(aligning, i, j);

        ask->tell(ask->context, step, i, j);
        i += step != ALIGN_ADDED;
        j += step != ALIGN_REMOVED;
    }
}

int
align(const struct align_ask *ask)
{
    struct aligning aligning = {.ask = ask};

    aligning.length = calloc((ask->n_a + 1) * (ask->n_b + 1), sizeof(*aligning.length));
    if (!aligning.length) {
        return -ENOMEM;
    }
    fill(&aligning);
    walk(&aligning);
    free(aligning.length);
    return 0;
}
