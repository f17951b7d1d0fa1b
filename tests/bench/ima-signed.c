/* What signatures of files cost: entries that a key of a bundle signed, judged when none was seen
 * before, and again as of the next device, which runs the same files. bench-ima-signed N: entries
 * of each kind of key. Prints one line of JSON; CPU time of this process. */
#include <stdio.h>
#include <stdlib.h>

#include "appraise/ima-sigs.h"
#include "cpu-time.h"
#include "lib/check.h"
#include "lib/ima-signer.h"
#include "lib/rule-play.h"

enum { MOST = 10000 };

static struct ima_signature signatures[MOST];
static uint8_t digests[MOST][32];

/* A block that takes the key of this signer, and that many signatures by it. */
static void
make(enum ima_signer signer, size_t n, struct hasher *hasher)
{
    char blocks[2048];

    snprintf(blocks, sizeof(blocks), "ima x {\n  signed @k\n}\nset keys k { %s }\n",
             ima_signer_item(signer));
    rule_play_rules("  rule files : ima policy ima/x\n", blocks);
    for (size_t i = 0; i < n; i++) {
        CHECK_EQ(hasher_bytes(hasher, HASH_SHA256, bytes_of(&i, sizeof(i)), digests[i]), 0);
        signatures[i] = *ima_signer_sign(signer, HASH_SHA256, BYTES_OF(digests[i]));
    }
}

/* Milliseconds for all of them. Each must be good: what is refused costs something else. */
static double
judge(size_t n, struct ima_sigs *sigs, struct hasher *hasher)
{
    struct ima_sigs_ask ask = {.book = rule_play.book,
                               .block = &rulebook_bundle(rule_play.book)->imas[0],
                               .hasher = hasher,
                               .sigs = sigs};
    double begin_us = cpu_time_us();

    for (size_t i = 0; i < n; i++) {
        const struct ima_entry entry = {
            .digest = {.hash = HASH_SHA256, .value = BYTES_OF(digests[i])},
            .sig = bytes_of(signatures[i].bytes, signatures[i].len)};

        CHECK_EQ(ima_sigs_judge(&ask, &entry), IMA_SIGS_GOOD);
    }
    return (cpu_time_us() - begin_us) / 1000;
}

static void
tell(const char *name, enum ima_signer signer, size_t n, struct hasher *hasher)
{
    struct ima_sigs *sigs = ima_sigs_new();
    double cold_ms;

    CHECK(sigs);
    make(signer, n, hasher);
    cold_ms = judge(n, sigs, hasher);
    printf(", \"%s\": {\"cold_ms\": %.3f, \"warm_ms\": %.3f}", name, cold_ms,
           judge(n, sigs, hasher));
    ima_sigs_free(sigs);
}

int
main(int argc, char **argv)
{
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    size_t n = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;

    CHECK(hasher && n > 0 && n <= MOST);
    printf("{\"entries\": %zu", n);
    tell("rsa", SIGNER_RSA, n, hasher);
    tell("p256", SIGNER_P256, n, hasher);
    printf("}\n");
    return 0;
}
