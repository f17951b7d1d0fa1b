/* Certificates: what the full reader takes, the walk takes, and both say the same of it; so a chain
 * that an honest reader finds is one that the keeper believes. */
#include "formats/certwalk.h"
#include "formats/ekcert.h"
#include "lib/fuzz.h"

static bool
same(struct bytes a, struct bytes b)
{
    return a.p == b.p && a.len == b.len;
}

static void
compare(const struct certwalk *walk, const struct x509 *full)
{
    bool may_sign = !full->has_key_usage || (full->key_usage & X509_KU_CERT_SIGN);

    FUZZ_ASSERT(same(walk->tbs, full->tbs) && same(walk->spki, full->spki) &&
                same(walk->signature, full->signature));
    FUZZ_ASSERT(walk->not_before == full->not_before && walk->not_after == full->not_after);
    FUZZ_ASSERT(walk->sig_scheme == full->sig_scheme && walk->sig_hash == full->sig_hash);
    FUZZ_ASSERT(walk->is_ca == (full->version == 3 && full->is_ca && may_sign));
    FUZZ_ASSERT(!walk->is_ca || walk->pathlen == full->pathlen);
}

void
fuzz_one(struct bytes in)
{
    static struct hasher *hasher;
    CLEANUP(pubkey_freep) struct pubkey *key = NULL;
    struct fault fault = {0};
    struct certwalk walk;
    struct ekcert ek;
    struct x509 full;
    struct bytes der;

    hasher = hasher ? hasher : hasher_new();
    if (x509_trim(in, NULL, &der) != 0) {
        return;
    }
    if (certwalk_read(der, &fault, &walk) != 0) {
        FUZZ_ASSERT(fault.rule != RULE_NONE && x509_read(der, NULL, &full) != 0);
        return;
    }
    if (x509_read(der, NULL, &full) == 0) {
        compare(&walk, &full);
    }
    if (ekcert_read(der, NULL, &ek) == 0) {
        FUZZ_ASSERT(walk.for_ek && !walk.is_ca);
    }
    if (certwalk_key(&walk, &key) == 0) {
        FUZZ_ASSERT(certwalk_verify(hasher, &walk, key) >= 0);
    }
}
