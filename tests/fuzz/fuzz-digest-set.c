/* Any bytes as a file of digests. */
#include "formats/digest-set.h"

#include "lib/fuzz.h"

void
fuzz_one(struct bytes in)
{
    static const uint8_t zeros[HASH_SIZE_MAX];
    struct digest_set set = {.n = SIZE_MAX};
    struct fault fault;
    size_t size;

    if (digest_set_read(in, &set, &fault) != 0) {
        FUZZ_ASSERT(set.n == SIZE_MAX && fault.offset <= in.len);
        return;
    }
    size = hash_size(set.alg);
    FUZZ_ASSERT(in.len == DIGEST_SET_HEAD + set.n * size);
    for (size_t i = 0; i < set.n; i++) {
        struct bytes digest = bytes_of(set.digests + i * size, size);

        FUZZ_ASSERT(digest_set_has(&set, digest));
        FUZZ_ASSERT(!digest_set_has(&set, bytes_of(digest.p, size - 1)));
    }
    FUZZ_ASSERT(digest_set_has(&set, bytes_of(zeros, size)) ==
                (set.n > 0 && memcmp(set.digests, zeros, size) == 0));
}
