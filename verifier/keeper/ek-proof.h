/* EK certificates as the keeper knows them: it reads no more than formats/certwalk.h of one, has a
 * reader say which stand above which (roles/cert-records.h), and checks that word over the bytes.
 * What a reader can lie about is then its own device's refusal. Attacks page, row 7. */
#pragma once

#include "formats/certwalk.h"
#include "roles/cert-records.h"
#include "store/store.h"
#include "wire/enroll.h"

struct ek_cert {
    struct certwalk walk;
    uint8_t digest[32]; /* SHA-256 of its DER */
    bool is_anchor;     /* of the operator's: self-signed */
};

/* The operator's certificates. */
struct ek_anchors {
    struct ek_cert *cert; /* SETUP_ANCHORS_MAX at most */
    size_t n;
    uint8_t version[32]; /* SHA-256 of all digests: caches of chains are of these anchors */
};

/* Takes the CAs among these DER certificates, which must outlive the anchors; one that cannot be
 * used is logged and left out, as an operator may drop files there. Returns 0 or a negative errno;
 * ek_anchors_done() in every case. */
MUST_CHECK int ek_anchors_read(struct hasher *hasher, const struct bytes *ders, size_t n,
                               struct ek_anchors *ret);
void ek_anchors_done(struct ek_anchors *anchors);

/* What a device sent, those of its EK first. Views into the request. */
struct ek_sent {
    struct ek_cert cert[LIMIT_CERTS];
    size_t n;
    size_t n_leaves;
    uint8_t digest[32]; /* of all that was sent, the EK and the anchors: names what it is worth */
};

/* Walks the certificates of an enrolment; which are of the EK is told by their key alone. What is
 * no certificate is left out. Returns 0 or a negative errno. */
MUST_CHECK int ek_sent_read(struct hasher *hasher, const struct enroll *enroll,
                            const struct pubkey *ek_key, const struct ek_anchors *anchors,
                            struct ek_sent *ret);

/* The reader's job, into wr; now_s is the time that the answer must be checked at. */
void ek_job_write(struct wr *wr, const struct ek_sent *sent, const struct ek_anchors *anchors,
                  int64_t now_s);

/* What certificates are worth. Texts are as in the certificate, any bytes, at most LIMIT_TPM_TEXT.
 */
struct ek_worth {
    enum ek_chain chain;
    int64_t from_s, until_s; /* chain holds at these times, both inclusive */
    struct {
        uint8_t bytes[LIMIT_TPM_TEXT];
        size_t len;
    } text[CERT_TEXT_N];
};

/* Checks what a reader said: each certificate is the one that it is said to be, the leaf is of this
 * EK and for an EK, texts stand where their attribute is; and of a chain each signature, key, date,
 * CA and place, up to an anchor. Returns 0, 1 when any of it is not so (the reader is broken or
 * hijacked), or a negative errno. */
MUST_CHECK int ek_proof_check(struct hasher *hasher, const struct ek_sent *sent,
                              const struct ek_anchors *anchors, int64_t now_s, struct bytes records,
                              struct ek_worth *ret);
