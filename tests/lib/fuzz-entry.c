#include "lib/fuzz.h"

#include <stdlib.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    /* An exact heap copy, so that the sanitizer sees a read of one byte too far. */
    uint8_t *copy = malloc(len ? len : 1);

    if (!copy) {
        return 0;
    }
    if (len > 0) {
        memcpy(copy, data, len);
    }
    fuzz_one(bytes_of(copy, len));
    free(copy);
    return 0;
}
