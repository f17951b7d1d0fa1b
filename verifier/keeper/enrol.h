/* The two halves of POST /enroll: on a certificate connection every well-formed request is answered
 * alike and nothing is written; on the PSK connection, which proves the TPM, the row is found or
 * made. Protocol page, Identity 3 and 5. */
#pragma once

#include "formats/tpm-ek.h"
#include "formats/tpm-public.h"
#include "keeper/keeper.h"
#include "wire/enroll.h"

/* What one enrolment request holds, checked. */
struct enrol {
    struct enroll wire;
    struct tpm_public ek;
    struct tpm_public ak;
    struct pubkey *ek_key;
    enum tpm_ek_template template;
    uint8_t ak_name[TPM_NAME_MAX];
    size_t ak_name_len;
    uint8_t ek_digest[32];
    uint8_t fingerprint[32]; /* SHA-256 of the EK's DER SubjectPublicKeyInfo */
    uint8_t ident[IDENT_KEYS_SIZE];
    uint8_t ueid[WIRE_UEID_SIZE];
};

/* Reads and checks form, EK template and AK attributes. Returns 0, 1 with a fault, or a negative
 * errno. enrol_done() in every case. */
MUST_CHECK int enrol_read(struct keeper *keeper, struct bytes body, struct enrol *ret,
                          struct fault *ret_fault);
void enrol_done(struct enrol *enrol);

/* The signed credential for these keys, appended to wr. Returns 0 or a negative errno. */
MUST_CHECK int enrol_credential(struct keeper *keeper, const struct enrol *enrol, struct wr *wr);

/* POST /enroll on a PSK connection, with what its EK certificates are worth: finds the row or makes
 * it, and answers. */
void enrol_serve_row(struct keeper *keeper, const struct asked *asked, const struct enrol *enrol,
                     const struct ek_worth *worth);

/* Does one enrolment whose turn has come. With `again` a reader has been asked already: what is not
 * known now will not become known. */
void enrol_do(struct keeper *keeper, struct asked *take_asked, bool again);
