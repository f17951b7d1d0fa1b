/* Whatever text compiles is taken by the reader, and is shown as text that compiles to the same
 * bytes. What does not compile says why. */
#include <stdio.h>
#include <stdlib.h>

#include "lib/fuzz.h"
#include "policy/policy-compile.h"

enum { ROOM = 1 << 16 };

/* The bytes that the text compiles to; empty when it does not. */
static struct bytes
compiled(struct bytes text, uint8_t *room)
{
    static struct bundle bundle;
    static struct bundle again;
    struct policy_say say = {0};
    struct policy_memory *memory;
    struct wr wr = wr_init(room, ROOM);
    int r = policy_compile(text, &bundle, &memory, &say);
    struct bytes out = BYTES_NULL;

    FUZZ_ASSERT((r == 1) == (say.n_errors > 0));
    if (r == 0) {
        bundle_write(&wr, &bundle);
        out = wr_done(&wr);
        FUZZ_ASSERT(!out.p || bundle_read(out, &again, NULL) == 0);
    }
    policy_memory_free(memory);
    return out;
}

void
fuzz_one(struct bytes in)
{
    static uint8_t first[ROOM];
    static uint8_t second[ROOM];
    static struct bundle bundle;
    struct bytes bytes = compiled(in, first);
    char *text = NULL;
    size_t len = 0;
    FILE *out;

    if (!bytes.p || bundle_read(bytes, &bundle, NULL) != 0) {
        return;
    }
    out = open_memstream(&text, &len);
    FUZZ_ASSERT(out != NULL);
    policy_show(out, &bundle);
    fclose(out);
    FUZZ_ASSERT(bytes_equal(compiled(bytes_of(text, len), second), bytes));
    free(text);
}
