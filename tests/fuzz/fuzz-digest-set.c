/* Any bytes as a file of digests. */
#include "formats/digest-set.h"

#include <stdlib.h>

#include "lib/fuzz.h"

/* Twice, the second half first: sorted it is the file again. */
static void
check_written(const struct digest_set *set, struct bytes file)
{
    size_t len = set->n * hash_size(set->alg);
    uint8_t *room = malloc(DIGEST_SET_HEAD + 2 * len);
    struct wr wr = wr_init(room, room ? DIGEST_SET_HEAD : 0);
    size_t half = set->n / 2 * hash_size(set->alg);

    FUZZ_ASSERT(room);
    digest_set_head(&wr, set->alg, set->n);
    FUZZ_ASSERT(wr.len == DIGEST_SET_HEAD);
    if (len > 0) {
        memcpy(room + DIGEST_SET_HEAD, set->digests + half, len - half);
        memcpy(room + DIGEST_SET_HEAD + len - half, set->digests, half);
        memcpy(room + DIGEST_SET_HEAD + len, set->digests, len);
    }
    FUZZ_ASSERT(digest_set_sort(room + DIGEST_SET_HEAD, 2 * set->n, set->alg) == set->n);
    FUZZ_ASSERT(memcmp(room, file.p, DIGEST_SET_HEAD + len) == 0);
    free(room);
}

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
    check_written(&set, in);
    FUZZ_ASSERT(digest_set_has(&set, bytes_of(zeros, size)) ==
                (set.n > 0 && memcmp(set.digests, zeros, size) == 0));
}
