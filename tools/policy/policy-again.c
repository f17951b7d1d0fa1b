/* A bundle shown, and what was shown compiled again. */
#include <errno.h>
#include <stdlib.h>

#include "policy/policy-compile.h"

enum { FIRST_ROOM = 65536 }; /* most policies; it doubles to LIMIT_BUNDLE_BYTES */

int
policy_write(const struct bundle *bundle, struct bytes *ret)
{
    for (size_t cap = FIRST_ROOM; cap <= LIMIT_BUNDLE_BYTES; cap *= 2) {
        uint8_t *room = malloc(cap);
        struct wr wr = wr_init(room, room ? cap : 0);

        if (!room) {
            return -ENOMEM;
        }
        bundle_write(&wr, bundle);
        if (wr_done(&wr).p) {
            *ret = wr_done(&wr);
            return 0;
        }
        free(room);
    }
    return 1;
}

/* 0 when the text compiles to body. */
static int
compiles_to(const char *text, struct bytes body)
{
    CLEANUP(policy_memory_freep) struct policy_memory *memory = NULL;
    CLEANUP(free_p) struct bundle *again = malloc(sizeof(*again));
    struct policy_say say = {0};
    struct bytes bytes = BYTES_NULL;
    int r = again ? policy_compile(bytes_str(text), again, &memory, &say) : -ENOMEM;

    r = r == 0 ? policy_write(again, &bytes) : r;
    if (r == 0) {
        r = !bytes_equal(bytes, body);
        free((void *)(uintptr_t)bytes.p);
    }
    return r;
}

int
policy_text_of(const struct bundle *bundle, struct bytes body, char **ret)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    int r = -ENOMEM;

    if (out) {
        policy_show(out, bundle);
        r = fclose(out) == 0 ? compiles_to(text, body) : -ENOMEM;
    }
    if (r == 0) {
        *ret = text;
        return 0;
    }
    free(text);
    return r;
}
