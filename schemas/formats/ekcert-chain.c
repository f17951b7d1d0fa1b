/* The chain half of ekcert.h. */
#include "formats/ekcert.h"
#include "formats/x509-name.h"

int
ekcert_ca_read(struct hasher *hasher, struct bytes der, struct fault *ret_fault,
               struct ekcert_ca *ret_ca)
{
    CLEANUP(pubkey_freep) struct pubkey *key = NULL;
    struct ekcert_ca ca = {0};
    int r = x509_read(der, ret_fault, &ca.cert);

    if (r != 0) {
        return r;
    }
    if (!ca.cert.is_ca) {
        return fault_at(ret_fault, RULE_EKCHAIN_CA, FAULT_NO_EVENT, 0);
    }
    r = x509_key(&ca.cert, &key);
    if (r < 0) {
        return r;
    }
    if (r > 0) {
        return fault_at(ret_fault, RULE_X509_KEY, FAULT_NO_EVENT, 0);
    }
    if (x509_name_equal(ca.cert.issuer, ca.cert.subject)) {
        r = x509_verify_link(hasher, &ca.cert, key);
        if (r < 0) {
            return r;
        }
        ca.is_anchor = r == 0;
    }
    *ret_ca = ca;
    return 0;
}

struct search {
    struct hasher *hasher;
    const struct ekcert_query *query;
    struct ekcert_chain chain;
    unsigned tries;
    size_t best; /* length of the attempt that `fault` is about */
    struct fault fault;
};

/* Keeps the fault of the longest attempt: the others only say that a namesake did not fit. */
static int
search_fault(struct search *search, enum rule rule, size_t index)
{
    if (index >= search->best) {
        search->best = index;
        ignore(fault_at(&search->fault, rule, (uint32_t)index, 0), "always 1");
    }
    return 1;
}

/* What an algorithm must be below the anchor. */
static int
check_alg(struct search *search, const struct x509 *cert, size_t index)
{
    if (cert->sig_scheme == SIG_NONE) {
        return search_fault(search, RULE_X509_ALG, index);
    }
    if (cert->sig_hash == HASH_SHA1 && !search->query->allow_sha1) {
        return search_fault(search, RULE_X509_SHA1, index);
    }
    return 0;
}

/* What an issuer must be to stand at this place; its own signature is not meant. */
static int
check_issuer(struct search *search, const struct x509 *issuer, size_t index)
{
    struct fault fault = {0};

    if (!issuer->is_ca || (issuer->has_key_usage && !(issuer->key_usage & X509_KU_CERT_SIGN))) {
        return search_fault(search, RULE_EKCHAIN_CA, index);
    }
    if (issuer->version != 3) {
        return search_fault(search, RULE_X509_VERSION, index);
    }
    /* the certificates between it and the leaf; index 1 has none */
    if (issuer->pathlen >= 0 && (size_t)issuer->pathlen < index - 1) {
        return search_fault(search, RULE_EKCHAIN_PATHLEN, index);
    }
    if (x509_check_time(issuer, search->query->now_s, (uint32_t)index, &fault) != 0 ||
        x509_check_critical(issuer, (uint32_t)index, &fault) != 0) {
        return search_fault(search, fault.rule, index);
    }
    return 0;
}

static int
check_link(struct search *search, const struct x509 *cert, const struct x509 *issuer, size_t index)
{
    CLEANUP(pubkey_freep) struct pubkey *key = NULL;
    int r;

    if (search->tries++ >= LIMIT_CHAIN_TRIES) {
        return search_fault(search, RULE_EKCHAIN_DEPTH, index);
    }
    r = x509_key(issuer, &key);
    if (r < 0) {
        return r;
    }
    if (r > 0 || pubkey_weak(key)) {
        return search_fault(search, RULE_X509_KEY, index);
    }
    r = x509_verify_link(search->hasher, cert, key);
    return r > 0 ? search_fault(search, RULE_EKCHAIN_SIGNATURE, index - 1) : r;
}

/* RFC 5280 section 4.2.1.1: names, and key identifiers where both have one. */
static bool
may_issue(const struct x509 *issuer, const struct x509 *cert)
{
    return x509_name_equal(issuer->subject, cert->issuer) &&
           (cert->aki.len == 0 || issuer->ski.len == 0 || bytes_equal(cert->aki, issuer->ski));
}

static int search_up(struct search *search);

/* Puts the issuer on the chain and goes on from it; takes it off again unless verified. */
static int
try_issuer(struct search *search, const struct x509 *issuer, bool is_anchor)
{
    size_t index = search->chain.n;
    const struct x509 *cert = search->chain.cert[index - 1];
    int r;

    if (!may_issue(issuer, cert)) {
        return 1;
    }
    if (index == LIMIT_CHAIN) {
        return search_fault(search, RULE_EKCHAIN_DEPTH, index);
    }
    r = check_issuer(search, issuer, index);
    if (r == 0) {
        r = check_link(search, cert, issuer, index);
    }
    if (r != 0) {
        return r;
    }
    search->chain.cert[search->chain.n++] = issuer;
    r = is_anchor ? 0 : search_up(search);
    if (r != 0) {
        search->chain.n = index;
    }
    return r;
}

/* Depth-first from the chain's last certificate; LIMIT_CHAIN bounds the recursion and
 * LIMIT_CHAIN_TRIES its breadth. */
static int
search_up(struct search *search)
{
    const struct ekcert_query *query = search->query;
    size_t index = search->chain.n - 1;
    int r = check_alg(search, search->chain.cert[index], index);

    if (r != 0) {
        return r;
    }
    ignore(search_fault(search, RULE_EKCHAIN_ISSUER, index), "until a candidate says more");
    r = 1;
    for (size_t i = 0; i < query->n_store && r > 0; i++) {
        r = try_issuer(search, &query->store[i].cert, query->store[i].is_anchor);
    }
    for (size_t i = 0; i < query->n_extra && r > 0; i++) {
        r = try_issuer(search, &query->extra[i], false);
    }
    return r;
}

int
ekcert_chain(struct hasher *hasher, const struct ekcert *leaf, const struct ekcert_query *query,
             struct fault *ret_fault, struct ekcert_chain *ret_chain)
{
    struct search search = {.hasher = hasher, .query = query};
    int r = x509_check_time(&leaf->cert, query->now_s, 0, ret_fault);

    if (r != 0) {
        return r;
    }
    search.chain.cert[0] = &leaf->cert;
    search.chain.n = 1;
    r = search_up(&search);
    if (r > 0) {
        return fault_at(ret_fault, search.fault.rule, search.fault.event, search.fault.offset);
    }
    if (r == 0) {
        for (size_t i = 0; i + 1 < search.chain.n; i++) {
            search.chain.sha1_used |= search.chain.cert[i]->sig_hash == HASH_SHA1;
        }
        *ret_chain = search.chain;
    }
    return r;
}
