#include "reader/reader-certs.h"

#include <errno.h>
#include <stdlib.h>

#include "formats/ekcert.h"
#include "roles/cert-records.h"

/* Certificates as they were read, and where each came from: what cannot be read is left out. */
struct certs {
    struct cert_job job;
    struct x509 sent[LIMIT_CERTS];
    uint8_t sent_index[LIMIT_CERTS];
    size_t n_sent;
    struct ekcert_ca ours[SETUP_ANCHORS_MAX];
    uint8_t our_index[SETUP_ANCHORS_MAX];
    size_t n_ours;
};

static void
read_all(struct certs *certs)
{
    const struct cert_job *job = &certs->job;

    for (size_t i = 0; i < job->n_sent; i++) {
        if (x509_read(job->sent[i], NULL, &certs->sent[certs->n_sent]) == 0) {
            certs->sent_index[certs->n_sent++] = (uint8_t)i;
        }
    }
    for (size_t i = 0; i < job->n_ours; i++) {
        struct ekcert_ca *ca = &certs->ours[certs->n_ours];

        if (x509_read(job->ours[i], NULL, &ca->cert) == 0) {
            ca->is_anchor = job->is_anchor[i];
            certs->our_index[certs->n_ours++] = (uint8_t)i;
        }
    }
}

/* Says which of the job's certificates this is; the leaf is told by its own index. */
static void
place(const struct certs *certs, const struct x509 *cert, struct cert_record *ret)
{
    for (size_t i = 0; i < certs->n_sent; i++) {
        if (cert == &certs->sent[i]) {
            ret->index = certs->sent_index[i];
        }
    }
    for (size_t i = 0; i < certs->n_ours; i++) {
        if (cert == &certs->ours[i].cert) {
            ret->ours = true;
            ret->index = certs->our_index[i];
        }
    }
}

static int
record(struct hasher *hasher, const struct x509 *cert, struct cert_record *ret)
{
    ret->not_before = cert->not_before;
    ret->not_after = cert->not_after;
    return hasher_bytes(hasher, HASH_SHA256, cert->whole, ret->digest);
}

static void
texts(const struct ekcert *ek, struct cert_records *records)
{
    const struct bytes all[CERT_TEXT_N] = {ek->maker, ek->model, ek->version};

    for (size_t i = 0; i < CERT_TEXT_N; i++) {
        if (all[i].len > 0) {
            records->text[i].offset = (uint16_t)(all[i].p - ek->cert.whole.p);
            records->text[i].len = (uint8_t)all[i].len;
        }
    }
}

/* Returns 0 with records, whole or of the leaf alone, or a negative errno. */
static int
leaf(const struct certs *certs, struct hasher *hasher, const struct ekcert *ek, size_t index,
     struct cert_records *ret)
{
    struct ekcert_query query = {
        .extra = certs->sent,
        .n_extra = certs->n_sent,
        .store = certs->ours,
        .n_store = certs->n_ours,
        .now_s = certs->job.now_s,
    };
    struct ekcert_chain chain = {.cert = {&ek->cert}, .n = 1};
    struct fault fault = {0};
    int r = ekcert_chain(hasher, ek, &query, &fault, &chain);

    *ret = (struct cert_records){.rule = fault.rule, .place = fault.event, .n = chain.n};
    ret->cert[0].index = (uint8_t)index;
    texts(ek, ret);
    for (size_t i = 0; i < chain.n && r >= 0; i++) {
        place(certs, chain.cert[i], &ret->cert[i]);
        r = record(hasher, chain.cert[i], &ret->cert[i]);
    }
    return r;
}

/* Leaves in order until one has a chain. */
static int
judge(const struct certs *certs, struct hasher *hasher, struct cert_records *ret,
      struct fault *ret_fault)
{
    bool found = false;
    struct fault first = {0};

    for (size_t i = 0; i < certs->job.n_leaves; i++) {
        struct cert_records records;
        struct fault fault = {0};
        struct ekcert ek;
        int r = ekcert_read(certs->job.sent[i], &fault, &ek);

        if (r == 0) {
            r = leaf(certs, hasher, &ek, i, &records);
            if (r == 0 && (!found || records.rule == RULE_NONE)) {
                *ret = records;
                found = true;
            }
        } else if (first.rule == RULE_NONE) {
            first = fault;
        }
        if (r < 0 || (found && ret->rule == RULE_NONE)) {
            return r;
        }
    }
    return found ? 0 : fault_at(ret_fault, first.rule, first.event, first.offset);
}

int
reader_certs(struct bytes job, struct hasher *hasher, struct wr *records, struct fault *ret_fault)
{
    CLEANUP(free_p) struct certs *certs = calloc(1, sizeof(*certs));
    struct cert_records found;
    int r;

    if (!certs) {
        return -ENOMEM;
    }
    if (cert_job_read(job, &certs->job) != 0) {
        return -EPROTO;
    }
    read_all(certs);
    r = judge(certs, hasher, &found, ret_fault);
    if (r == 0) {
        cert_records_write(records, &found);
        r = records->failed ? -ENOSPC : 0;
    }
    return r;
}
