/* A device in software, for tests of the verifier: an EK of the L-2 template, an AK, PCRs that a
 * log was played into, and evidence of which any part can be changed before it is signed or after.
 */
#pragma once

#include "crypto/privkey.h"
#include "formats/tpm-attest.h"
#include "formats/tpm-public.h"
#include "wire/binding.h"
#include "wire/enroll.h"
#include "wire/evidence.h"

struct soft_device {
    struct hasher *hasher;
    struct privkey *ek;
    struct privkey *ak;
    uint8_t ek_public[512];
    size_t ek_public_len;
    uint8_t ak_public[512];
    size_t ak_public_len;
    struct tpm_public ak_area; /* views into ak_public */
    uint8_t ak_name[TPM_NAME_MAX];
    size_t ak_name_len;
    const char *site;

    struct bytes log; /* raw firmware log */
    struct soft_growing {
        struct bytes bytes; /* the log as it is when it is read; .p == NULL: none */
        uint64_t offset;    /* what the verifier is believed to know */
    } ima, userspace;
    struct pcr_values values;
    uint64_t clock_ms;
    uint32_t reset_count;
    uint32_t restart_count;
    uint64_t firmware; /* of the TPM */
};

/* Makes keys; fails the case when it cannot. values must be set by the caller, with their
 * selection, before evidence is made. */
void soft_device_new(struct soft_device *device, struct hasher *hasher, const char *site);
void soft_device_done(struct soft_device *device);

struct bytes soft_device_enroll(const struct soft_device *device, struct wr *wr);

/* What goes into one evidence. soft_evidence_plain() fills it; a test changes what it likes, before
 * soft_evidence_sign() or after. */
struct soft_evidence {
    struct claims claims;
    uint8_t claims_room[1024];
    struct bytes claims_bytes;
    struct tpm_attest attest;
    uint8_t extra[64];
    size_t extra_len;
    uint8_t signer[TPM_NAME_MAX];
    size_t signer_len;
    uint8_t pcr_digest[64];
    uint8_t attest_room[1024];
    size_t attest_len;
    uint8_t signature[ES256_SIG_SIZE];
    uint16_t sig_alg;  /* as written */
    uint16_t sig_hash; /* as written */
    bool with_values;
    bool with_log;
    struct bytes key; /* item of the device key (lib/soft-key.h); .p == NULL: none */
    uint8_t trailing; /* bytes of rubbish behind the signature */
};

/* nonce and exporter may be NULL. */
void soft_evidence_plain(struct soft_device *device, const uint8_t *nonce, const uint8_t *exporter,
                         struct soft_evidence *ret);
/* Writes TPMS_ATTEST from its fields, then signs it. */
void soft_evidence_attest(struct soft_evidence *evidence);
void soft_evidence_sign(struct soft_device *device, struct soft_evidence *evidence);
struct bytes soft_evidence_write(const struct soft_device *device,
                                 const struct soft_evidence *evidence, struct wr *wr);
