#include "formats/digest-set.h"

#include <stdlib.h>

#include "base/rd.h"

#define VERSION 1u

static const char magic[] = "assayset";

void
digest_set_head(struct wr *wr, enum hash alg, size_t n)
{
    wr_str(wr, magic);
    wr_le16(wr, VERSION);
    wr_le16(wr, hash_tpm_id(alg));
    wr_le32(wr, 0);
    wr_le64(wr, n);
    wr_le64(wr, 0);
}

/* Number of the first digest that is not above the one before it; n when all are. */
static size_t
out_of_order(const uint8_t *digests, size_t n, size_t size)
{
    for (size_t i = 1; i < n; i++) {
        if (memcmp(digests + (i - 1) * size, digests + i * size, size) >= 0) {
            return i;
        }
    }
    return n;
}

int
digest_set_read(struct bytes in, struct digest_set *ret, struct fault *ret_fault)
{
    struct rd rd = rd_init(in);
    struct bytes word = rd_bytes(&rd, sizeof(magic) - 1);
    uint16_t version = rd_le16(&rd);
    enum hash alg = hash_from_tpm_id(rd_le16(&rd));
    uint32_t flags = rd_le32(&rd);
    uint64_t n = rd_le64(&rd);
    uint64_t more = rd_le64(&rd);
    struct bytes digests;
    size_t size;
    size_t bad;

    if (rd.failed || !bytes_equal(word, bytes_str(magic)) || version != VERSION || alg == HASH_N ||
        flags != 0 || more != 0) {
        return fault_at(ret_fault, RULE_DIGEST_SET_HEAD, FAULT_NO_EVENT, 0);
    }
    size = hash_size(alg);
    if (n > LIMIT_DIGEST_SET || rd_left(&rd) != n * size) {
        return fault_at(ret_fault, RULE_DIGEST_SET_LENGTH, FAULT_NO_EVENT, rd_offset(&rd));
    }
    digests = rd_rest(&rd);
    bad = out_of_order(digests.p, n, size);
    if (bad < n) {
        return fault_at(ret_fault, RULE_DIGEST_SET_ORDER, (uint32_t)bad,
                        DIGEST_SET_HEAD + (uint64_t)bad * size);
    }
    *ret = (struct digest_set){.alg = alg, .n = n, .digests = digests.p};
    return 0;
}

#define GUESSES 8u /* a million digests that are spread evenly take four */

static uint32_t
prefix(const uint8_t *digest)
{
    struct rd rd = rd_init(bytes_of(digest, sizeof(uint32_t)));

    return rd_be32(&rd);
}

/* Where it may be, [low, high), and what the prefixes there are at least and at most. */
struct span {
    size_t low, high;
    uint32_t least, most;
};

/* Where it stands if those of the span are spread evenly. The product fits: LIMIT_DIGEST_SET. */
static size_t
guess(const struct span *span, uint32_t sought)
{
    uint64_t width = (uint64_t)span->most - span->least + 1;

    return span->low +
           (size_t)((uint64_t)(sought - span->least) * (span->high - span->low) / width);
}

bool
digest_set_has(const struct digest_set *set, struct bytes digest)
{
    struct span span = {.high = set->n, .most = UINT32_MAX};
    uint32_t sought;

    if (digest.len != hash_size(set->alg)) {
        return false;
    }
    sought = prefix(digest.p);
    for (unsigned looks = 0; span.low < span.high; looks++) {
        size_t at = looks < GUESSES ? guess(&span, sought) : span.low + (span.high - span.low) / 2;
        const uint8_t *here = set->digests + at * digest.len;
        int order = memcmp(digest.p, here, digest.len);

        if (order == 0) {
            return true;
        }
        if (order < 0) {
            span.high = at;
            span.most = prefix(here);
        } else {
            span.low = at + 1;
            span.least = prefix(here);
        }
    }
    return false;
}

static int
by_bytes(const void *a, const void *b, void *size)
{
    return memcmp(a, b, *(const size_t *)size);
}

size_t
digest_set_sort(uint8_t *digests, size_t n, enum hash alg)
{
    size_t size = hash_size(alg);
    struct wr kept = wr_init(digests, n * size);

    if (n > 0) {
        qsort_r(digests, n, size, by_bytes, &size);
    }
    for (size_t i = 0; i < n; i++) {
        const uint8_t *digest = digests + i * size;

        if (kept.len == i * size) { /* nothing was dropped so far: it stands where it belongs */
            bool again = i > 0 && memcmp(digest - size, digest, size) == 0;

            ignore(!again && !wr_room(&kept, size), "it is the room's own");
        } else if (memcmp(kept.p + kept.len - size, digest, size) != 0) {
            wr_bytes(&kept, bytes_of(digest, size));
        }
    }
    return kept.len / size;
}
