/* What ek-proof.h checks against: the operator's certificates and a device's, walked. */
#include <errno.h>
#include <stdlib.h>

#include "base/log.h"
#include "formats/x509-trim.h"
#include "keeper/ek-proof.h"

enum { SPKI_ROOM = 1024 };

static int
walk(struct hasher *hasher, struct bytes der, struct fault *ret_fault, struct ek_cert *ret)
{
    int r = certwalk_read(der, ret_fault, &ret->walk);

    return r == 0 ? hasher_bytes(hasher, HASH_SHA256, der, ret->digest) : r;
}

/* Is it a CA, and signed by its own key? Returns 0, 1 with a fault, or a negative errno. */
static int
anchor_read(struct hasher *hasher, struct bytes der, struct fault *ret_fault, struct ek_cert *ret)
{
    CLEANUP(pubkey_freep) struct pubkey *key = NULL;
    int r = walk(hasher, der, ret_fault, ret);

    if (r != 0) {
        return r;
    }
    if (!ret->walk.is_ca) {
        return fault_at(ret_fault, RULE_EKCHAIN_CA, FAULT_NO_EVENT, 0);
    }
    r = certwalk_key(&ret->walk, &key);
    if (r > 0) {
        return fault_at(ret_fault, RULE_X509_KEY, FAULT_NO_EVENT, 0);
    }
    if (r == 0) {
        r = certwalk_verify(hasher, &ret->walk, key);
        ret->is_anchor = r == 0;
    }
    return r < 0 ? r : 0;
}

static int
version(struct hasher *hasher, struct ek_anchors *anchors)
{
    struct bytes parts[SETUP_ANCHORS_MAX];

    for (size_t i = 0; i < anchors->n; i++) {
        parts[i] = BYTES_OF(anchors->cert[i].digest);
    }
    return hasher_parts(hasher, HASH_SHA256, parts, anchors->n, anchors->version);
}

int
ek_anchors_read(struct hasher *hasher, const struct bytes *ders, size_t n, struct ek_anchors *ret)
{
    *ret = (struct ek_anchors){.cert = calloc(n + 1, sizeof(*ret->cert))};
    if (!ret->cert) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < n && ret->n < SETUP_ANCHORS_MAX; i++) {
        struct fault fault = {0};
        char name[RULE_NAME_MAX];
        int r = anchor_read(hasher, ders[i], &fault, &ret->cert[ret->n]);

        if (r < 0) {
            return r;
        }
        if (r == 0) {
            ret->n++;
            continue;
        }
        log_event(LOG_WARNING, "anchor-skipped", LOG_INT("index", i),
                  LOG_STR("rule", rule_name(fault.rule, name)));
    }
    return version(hasher, ret);
}

void
ek_anchors_done(struct ek_anchors *anchors)
{
    free(anchors->cert);
    *anchors = (struct ek_anchors){0};
}

/* Whether a certificate is of this EK, by its key and nothing that it says. */
static bool
certifies(const struct certwalk *cert, struct bytes ours)
{
    struct pubkey *key = NULL;
    uint8_t room[SPKI_ROOM];
    size_t len = 0;
    bool same = certwalk_key(cert, &key) == 0 && pubkey_spki(key, room, sizeof(room), &len) == 0 &&
                bytes_equal(bytes_of(room, len), ours);

    pubkey_free(key);
    return same;
}

/* Names the question: anchors, EK, and each certificate by its digest, in order. */
static int
name(struct hasher *hasher, const struct ek_anchors *anchors, struct bytes ek, struct ek_sent *sent)
{
    struct bytes parts[2 + LIMIT_CERTS] = {BYTES_OF(anchors->version), ek};
    uint8_t digest[32];
    int r = hasher_bytes(hasher, HASH_SHA256, ek, digest);

    parts[1] = BYTES_OF(digest);
    for (size_t i = 0; i < sent->n; i++) {
        parts[2 + i] = BYTES_OF(sent->cert[i].digest);
    }
    return r == 0 ? hasher_parts(hasher, HASH_SHA256, parts, 2 + sent->n, sent->digest) : r;
}

int
ek_sent_read(struct hasher *hasher, const struct enroll *enroll, const struct pubkey *ek_key,
             const struct ek_anchors *anchors, struct ek_sent *ret)
{
    uint8_t spki[SPKI_ROOM];
    size_t len = 0;
    int r = pubkey_spki(ek_key, spki, sizeof(spki), &len);

    *ret = (struct ek_sent){0};
    for (size_t i = 0; i < enroll->n_certs && r == 0; i++) {
        struct ek_cert cert = {0};
        struct bytes der;

        if (x509_trim(enroll->certs[i], NULL, &der) != 0) {
            continue;
        }
        r = walk(hasher, der, NULL, &cert);
        if (r == 0 && certifies(&cert.walk, bytes_of(spki, len))) {
            ret->cert[ret->n++] = ret->cert[ret->n_leaves];
            ret->cert[ret->n_leaves++] = cert;
        } else if (r == 0) {
            ret->cert[ret->n++] = cert;
        }
        r = r > 0 ? 0 : r;
    }
    return r == 0 ? name(hasher, anchors, bytes_of(spki, len), ret) : r;
}

void
ek_job_write(struct wr *wr, const struct ek_sent *sent, const struct ek_anchors *anchors,
             int64_t now_s)
{
    struct cert_job job = {
        .now_s = now_s,
        .n_leaves = sent->n_leaves,
        .n_sent = sent->n,
        .n_ours = anchors->n,
    };

    for (size_t i = 0; i < sent->n; i++) {
        job.sent[i] = sent->cert[i].walk.der;
    }
    for (size_t i = 0; i < anchors->n; i++) {
        job.ours[i] = anchors->cert[i].walk.der;
        job.is_anchor[i] = anchors->cert[i].is_anchor;
    }
    cert_job_write(wr, &job);
}
