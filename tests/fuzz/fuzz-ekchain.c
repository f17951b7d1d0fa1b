/* Chains: a sequence of certificates, each behind its length (16 bits, big-endian), the leaf first.
 * What is found keeps to its bounds, ends in an anchor, and is found again. */
#include "formats/ekcert.h"
#include "lib/fuzz.h"

enum { MAX_OTHERS = 6 };

struct offered {
    struct ekcert leaf;
    struct ekcert_ca store[MAX_OTHERS];
    struct x509 extra[MAX_OTHERS];
    size_t n_store;
    size_t n_extra;
};

static void
add(struct hasher *hasher, struct bytes der, struct offered *offered)
{
    struct fault fault = {0};
    struct ekcert_ca ca;
    struct x509 cert;

    if (offered->n_store < MAX_OTHERS && ekcert_ca_read(hasher, der, &fault, &ca) == 0) {
        offered->store[offered->n_store++] = ca;
    }
    if (offered->n_extra < MAX_OTHERS && x509_read(der, &fault, &cert) == 0) {
        offered->extra[offered->n_extra++] = cert;
    }
}

static void
check_found(const struct offered *offered, const struct ekcert_chain *chain, bool allow_sha1)
{
    const struct x509 *last = chain->cert[chain->n - 1];
    bool anchored = false;

    FUZZ_ASSERT(chain->n >= 2 && chain->n <= LIMIT_CHAIN);
    FUZZ_ASSERT(chain->cert[0] == &offered->leaf.cert);
    FUZZ_ASSERT(allow_sha1 || !chain->sha1_used);
    for (size_t i = 0; i < offered->n_store; i++) {
        anchored |= last == &offered->store[i].cert && offered->store[i].is_anchor;
    }
    FUZZ_ASSERT(anchored);
    for (size_t i = 1; i < chain->n; i++) {
        FUZZ_ASSERT(chain->cert[i]->is_ca);
    }
}

static bool
search(struct hasher *hasher, const struct offered *offered, int64_t now_s, bool allow_sha1)
{
    struct ekcert_query query = {.extra = offered->extra,
                                 .n_extra = offered->n_extra,
                                 .store = offered->store,
                                 .n_store = offered->n_store,
                                 .now_s = now_s,
                                 .allow_sha1 = allow_sha1};
    struct ekcert_chain chain = {0};
    struct fault fault = {0};
    int r = ekcert_chain(hasher, &offered->leaf, &query, &fault, &chain);

    FUZZ_ASSERT(r >= 0);
    if (r == 0) {
        check_found(offered, &chain, allow_sha1);
    } else {
        FUZZ_ASSERT(fault.rule != RULE_NONE && chain.n == 0);
    }
    return r == 0;
}

void
fuzz_one(struct bytes in)
{
    static struct hasher *hasher;
    struct offered offered = {0};
    struct fault fault = {0};
    struct rd rd = rd_init(in);
    bool strict;

    hasher = hasher ? hasher : hasher_new();
    if (!hasher || ekcert_read(rd_bytes(&rd, rd_be16(&rd)), &fault, &offered.leaf) != 0) {
        return;
    }
    while (rd_left(&rd) > 0 && !rd.failed) {
        add(hasher, rd_bytes(&rd, rd_be16(&rd)), &offered);
    }
    strict = search(hasher, &offered, 1800000000, false);
    FUZZ_ASSERT(search(hasher, &offered, 1800000000, true) || !strict);
    ignore(search(hasher, &offered, 1577836800, true), "certificates that ended before 2027");
}
