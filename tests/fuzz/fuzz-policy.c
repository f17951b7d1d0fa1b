/* Whatever text compiles is taken by the reader, and is shown as text that compiles to the same
 * bytes. What does not compile says why. */
#include <stdlib.h>

#include "lib/fuzz.h"
#include "policy/policy-compile.h"

void
fuzz_one(struct bytes in)
{
    static struct bundle bundle;
    static struct bundle again;
    static struct policy_say say;
    struct policy_memory *memory;
    struct bytes body = BYTES_NULL;
    char *text = NULL;
    int r;

    memset(&say, 0, sizeof(say));
    r = policy_compile(in, &bundle, &memory, &say);
    FUZZ_ASSERT((r == 1) == (say.n_errors > 0));
    if (r == 1) {
        size_t i = 0;

        while (i < say.n && say.items[i].note) {
            i++;
        }
        FUZZ_ASSERT(i < say.n);
    }
    if (r == 0 && policy_write(&bundle, &body) == 0) {
        FUZZ_ASSERT(bundle_read(body, &again, NULL) == 0);
        FUZZ_ASSERT(policy_text_of(&again, body, &text) == 0);
    }
    free(text);
    free((void *)(uintptr_t)body.p);
    policy_memory_free(memory);
}
