/* Certificates: what is accepted keeps to its bounds, and nothing chains to itself. */
#include "formats/ekcert.h"
#include "formats/x509-name.h"
#include "lib/fuzz.h"

static void
check_leaf(struct hasher *hasher, const struct ekcert *ek, const struct ekcert_ca *ca)
{
    struct ekcert_query query = {.extra = &ek->cert,
                                 .n_extra = 1,
                                 .store = ca,
                                 .n_store = ca ? 1 : 0,
                                 .now_s = 1800000000,
                                 .allow_sha1 = true};
    struct ekcert_chain chain = {0};
    int r;

    FUZZ_ASSERT(ek->cert.version == 3 && !ek->cert.is_ca);
    FUZZ_ASSERT(ek->maker.len <= LIMIT_TPM_TEXT && ek->model.len <= LIMIT_TPM_TEXT &&
                ek->version.len <= LIMIT_TPM_TEXT);
    r = ekcert_chain(hasher, ek, &query, NULL, &chain);
    /* a leaf is no CA, so neither it as its own issuer nor a CA of the same bytes can do */
    FUZZ_ASSERT(r > 0 && chain.n == 0);
}

void
fuzz_one(struct bytes in)
{
    static struct hasher *hasher;
    struct fault fault = {0};
    struct bytes der;
    struct ekcert ek;
    struct ekcert_ca ca;
    char room[64];
    bool has_ca;
    int r;

    if (!hasher) {
        hasher = hasher_new();
    }
    if (x509_trim(in, &fault, &der) != 0) {
        FUZZ_ASSERT(fault.rule != RULE_NONE);
        return;
    }
    has_ca = ekcert_ca_read(hasher, der, &fault, &ca) == 0;
    if (has_ca) {
        x509_name_text(room, sizeof(room), ca.cert.subject);
        FUZZ_ASSERT(x509_name_equal(ca.cert.subject, ca.cert.issuer) || !ca.is_anchor);
    }
    r = ekcert_read(der, &fault, &ek);
    if (r == 0) {
        check_leaf(hasher, &ek, has_ca ? &ca : NULL);
    } else {
        FUZZ_ASSERT(r > 0 && fault.rule != RULE_NONE && fault.offset <= in.len);
    }
}
