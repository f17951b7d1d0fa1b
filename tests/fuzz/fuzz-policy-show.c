/* Any bundle that the reader takes is shown without harm: whole, or not at all. */
#include <stdlib.h>

#include "lib/fuzz.h"
#include "policy/policy-compile.h"

void
fuzz_one(struct bytes in)
{
    static struct bundle bundle;
    char *text = NULL;
    int r;

    if (bundle_read(in, &bundle, NULL) != 0) {
        return;
    }
    r = policy_text_of(&bundle, in, &text);
    FUZZ_ASSERT(r == 0 ? text != NULL : r == 1 && !text);
    for (size_t i = 0; text && text[i]; i++) {
        FUZZ_ASSERT(text[i] == '\n' || (text[i] >= ' ' && text[i] <= '~'));
    }
    free(text);
}
