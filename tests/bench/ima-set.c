/* What a set of a million digests costs: read once, and 10,000 entries of a list looked up, half of
 * them in it. Prints one line of JSON; CPU time of this process. */
#include <stdio.h>
#include <stdlib.h>

#include "cpu-time.h"
#include "crypto/digest.h"
#include "formats/digest-set.h"
#include "lib/check.h"

enum { DIGESTS = 1000000, ENTRIES = 10000 };

static uint8_t entries[ENTRIES][32];

/* As files' digests are: no two alike, spread evenly. */
static void
digest_of(struct hasher *hasher, uint32_t number, uint8_t ret[32])
{
    CHECK_EQ(hasher_bytes(hasher, HASH_SHA256, bytes_of(&number, sizeof(number)), ret), 0);
}

static struct bytes
make_file(struct hasher *hasher)
{
    size_t len = DIGEST_SET_HEAD + (size_t)DIGESTS * 32;
    struct wr wr = wr_init(check_keep(malloc(len)), len);
    uint8_t *digests;

    digest_set_head(&wr, HASH_SHA256, DIGESTS);
    digests = wr_room(&wr, (size_t)DIGESTS * 32);
    CHECK(digests);
    for (uint32_t i = 0; i < DIGESTS; i++) {
        digest_of(hasher, i, digests + (size_t)i * 32);
    }
    CHECK_EQ(digest_set_sort(digests, DIGESTS, HASH_SHA256), DIGESTS);
    return wr_done(&wr);
}

int
main(void)
{
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    struct digest_set set;
    struct bytes file;
    double begin;
    double read_us;
    size_t found = 0;

    CHECK(hasher);
    file = make_file(hasher);
    for (uint32_t i = 0; i < ENTRIES; i++) {
        digest_of(hasher, i % 2 ? i * 97 % DIGESTS : DIGESTS + i, entries[i]);
    }
    begin = cpu_time_us();
    CHECK_EQ(digest_set_read(file, &set, NULL), 0);
    read_us = cpu_time_us() - begin;
    begin = cpu_time_us();
    for (size_t i = 0; i < ENTRIES; i++) {
        found += digest_set_has(&set, BYTES_OF(entries[i]));
    }
    printf("{\"digests\": %d, \"entries\": %d, \"read_ms\": %.3f, \"look_ms\": %.3f}\n", DIGESTS,
           ENTRIES, read_us / 1000, (cpu_time_us() - begin) / 1000);
    CHECK_EQ(found, ENTRIES / 2);
    return 0;
}
