/* The device key of a software device: of which any part can be changed before it is certified or
 * after. */
#pragma once

#include "lib/soft-device.h"

struct soft_key {
    struct privkey *key;
    uint8_t x[32];
    uint8_t y[32];
    struct tpm_public area; /* soft_key_area() writes it */
    uint8_t public[LIMIT_PUBLIC];
    size_t public_len;
    struct tpm_attest statement; /* soft_key_statement() fills it, from the area as written */
    uint8_t signer[TPM_NAME_MAX];
    size_t signer_len;
    uint8_t name[TPM_NAME_MAX];
    size_t name_len;
    uint8_t qualified[TPM_NAME_MAX];
    size_t qualified_len;
    uint8_t extra[32];
    uint8_t statement_room[1024];
    size_t statement_len;
    uint8_t signature[ES256_SIG_SIZE];
    uint8_t trailing; /* bytes of rubbish behind the signature */
    struct bytes certificate;
};

/* A good key, not certified yet. Fails the case when it cannot. */
void soft_key_new(struct soft_key *key);
void soft_key_done(struct soft_key *key);

/* Writes the area; then the statement of it for this challenge; then its bytes and the AK's
 * signature. nonce and exporter as in soft_evidence_plain(). */
void soft_key_area(struct soft_key *key);
void soft_key_statement(struct soft_key *key, struct soft_device *device, const uint8_t *nonce,
                        const uint8_t *exporter);
void soft_key_sign(struct soft_key *key, struct soft_device *device);

/* The item for soft_evidence.key, in static room. */
struct bytes soft_key_item(const struct soft_key *key);
