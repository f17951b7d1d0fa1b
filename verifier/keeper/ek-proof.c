#include "keeper/ek-proof.h"

#include "base/rd.h"

enum { HOUR_S = 3600 };

/* An attribute of a TPM's alternative name, 2.23.133.2.n, as it stands before its text: OBJECT
 * IDENTIFIER, string tag, length. TCG EK Credential Profile 2.5 section 3.2.9. */
enum { ATTRIBUTE_HEAD = 9 };

struct proof {
    struct hasher *hasher;
    const struct ek_sent *sent;
    const struct ek_anchors *anchors;
    struct cert_records records;
    const struct ek_cert *cert[LIMIT_CHAIN];
    int64_t now_s;
    struct ek_worth worth;
};

/* The certificate that a record is about, when it is that. */
static const struct ek_cert *
find(const struct proof *proof, const struct cert_record *record)
{
    const struct ek_cert *all = record->ours ? proof->anchors->cert : proof->sent->cert;
    size_t n = record->ours ? proof->anchors->n : proof->sent->n;
    const struct ek_cert *cert = record->index < n ? &all[record->index] : NULL;

    /* an answer to another question names other certificates */
    return cert && memcmp(cert->digest, record->digest, sizeof(cert->digest)) == 0 &&
                   cert->walk.not_before == record->not_before &&
                   cert->walk.not_after == record->not_after
               ? cert
               : NULL;
}

static bool
text_stands(const struct certwalk *leaf, size_t i, size_t offset, size_t len)
{
    const uint8_t oid[] = {0x06, 0x05, 0x67, 0x81, 0x05, 0x02, (uint8_t)(i + 1)};
    struct rd rd = rd_init(leaf->der);
    size_t behind_key = (size_t)(leaf->spki.p - leaf->der.p) + leaf->spki.len;
    size_t end = (size_t)(leaf->tbs.p - leaf->der.p) + leaf->tbs.len;
    struct bytes head;
    uint8_t tag;

    if (offset < behind_key + ATTRIBUTE_HEAD || offset + len > end) {
        return false;
    }
    ignore(rd_bytes(&rd, offset - ATTRIBUTE_HEAD).len == 0, "a failure latches");
    head = rd_bytes(&rd, sizeof(oid));
    tag = rd_u8(&rd);
    return bytes_equal(head, BYTES_OF(oid)) && (tag == 0x0c || tag == 0x13 || tag == 0x16) &&
           rd_u8(&rd) == len && !rd.failed;
}

/* Maker, model and version of the TPM, each where its attribute is. */
static bool
texts_stand(struct proof *proof)
{
    const struct certwalk *leaf = &proof->cert[0]->walk;

    for (size_t i = 0; i < CERT_TEXT_N; i++) {
        size_t offset = proof->records.text[i].offset;
        size_t len = proof->records.text[i].len;

        if (len > 0) {
            if (!text_stands(leaf, i, offset, len)) {
                return false;
            }
            memcpy(proof->worth.text[i].bytes, leaf->der.p + offset, len);
            proof->worth.text[i].len = len;
        }
    }
    return true;
}

/* Every record's certificate, and of the leaf what no chain changes. */
static bool
records_hold(struct proof *proof)
{
    for (size_t i = 0; i < proof->records.n; i++) {
        proof->cert[i] = find(proof, &proof->records.cert[i]);
        if (!proof->cert[i]) {
            return false;
        }
    }
    return proof->records.cert[0].index < proof->sent->n_leaves && proof->cert[0]->walk.for_ek &&
           texts_stand(proof);
}

/* What each certificate of a chain must be where it stands; its signature apart. RFC 5280 section
 * 6.1. */
static bool
places_hold(struct proof *proof)
{
    size_t n = proof->records.n;

    for (size_t i = 0; i < n; i++) {
        const struct ek_cert *cert = proof->cert[i];
        bool last = i == n - 1;

        if (proof->now_s < cert->walk.not_before || proof->now_s > cert->walk.not_after ||
            (i > 0 && !cert->walk.is_ca) ||
            /* an intermediate of the operator's is none of a device's, and no anchor */
            last != (proof->records.cert[i].ours && cert->is_anchor) ||
            (i > 0 && cert->walk.pathlen >= 0 && (size_t)cert->walk.pathlen < i - 1) ||
            /* an anchor is trusted for being there, whatever it is signed by */
            (!last && (cert->walk.sig_scheme == SIG_NONE || cert->walk.sig_hash == HASH_SHA1))) {
            return false;
        }
    }
    return true;
}

/* Whether certificate i is signed by the next. Returns 0, 1, or a negative errno. */
static int
link_holds(const struct proof *proof, size_t i)
{
    CLEANUP(pubkey_freep) struct pubkey *key = NULL;
    int r = certwalk_key(&proof->cert[i + 1]->walk, &key);

    if (r == 0 && pubkey_weak(key)) {
        return 1;
    }
    if (r == 0) {
        r = certwalk_verify(proof->hasher, &proof->cert[i]->walk, key);
    }
    return r > 0 ? 1 : r;
}

static int
chain_holds(struct proof *proof)
{
    int r = places_hold(proof) ? 0 : 1;

    for (size_t i = 0; r == 0 && i + 1 < proof->records.n; i++) {
        r = link_holds(proof, i);
    }
    if (r != 0) {
        return r;
    }
    proof->worth.chain = EK_CHAIN_VERIFIED;
    proof->worth.from_s = INT64_MIN;
    proof->worth.until_s = INT64_MAX;
    for (size_t i = 0; i < proof->records.n; i++) {
        const struct certwalk *walk = &proof->cert[i]->walk;

        proof->worth.from_s =
            walk->not_before > proof->worth.from_s ? walk->not_before : proof->worth.from_s;
        proof->worth.until_s =
            walk->not_after < proof->worth.until_s ? walk->not_after : proof->worth.until_s;
    }
    return 0;
}

int
ek_proof_check(struct hasher *hasher, const struct ek_sent *sent, const struct ek_anchors *anchors,
               int64_t now_s, struct bytes records, struct ek_worth *ret)
{
    struct proof proof = {
        .hasher = hasher,
        .sent = sent,
        .anchors = anchors,
        .now_s = now_s,
        /* that there is no chain is the reader's word, and may change with the time */
        .worth = {.chain = EK_CHAIN_LISTED, .from_s = now_s, .until_s = now_s + HOUR_S},
    };
    int r = cert_records_read(records, &proof.records);

    if (r == 0 && !records_hold(&proof)) {
        r = 1;
    }
    if (r == 0 && proof.records.rule == RULE_NONE) {
        r = chain_holds(&proof);
    }
    if (r == 0) {
        *ret = proof.worth;
    }
    return r;
}
