#include "tpm/tpm-activate.h"

#include <tss2/tss2_mu.h>

#include "base/wr.h"
#include "tpm/tpm-key-make.h"

static bool
read_blobs(struct bytes id_object, struct bytes encrypted_secret, TPM2B_ID_OBJECT *ret_blob,
           TPM2B_ENCRYPTED_SECRET *ret_secret)
{
    size_t at = 0;

    if (!id_object.p || !encrypted_secret.p ||
        Tss2_MU_TPM2B_ID_OBJECT_Unmarshal(id_object.p, id_object.len, &at, ret_blob) != 0 ||
        at != id_object.len) {
        return false;
    }
    at = 0;
    return Tss2_MU_TPM2B_ENCRYPTED_SECRET_Unmarshal(encrypted_secret.p, encrypted_secret.len, &at,
                                                    ret_secret) == 0 &&
           at == encrypted_secret.len;
}

/* A policy session that satisfies PolicyA = PolicySecret(TPM_RH_ENDORSEMENT). */
static int
open_policy(const struct tpm_key *ek, ESYS_TR *session, struct tpm_error *ret_error)
{
    static const TPMT_SYM_DEF none = {.algorithm = TPM2_ALG_NULL};
    struct tpm *tpm = ek->tpm;
    unsigned n_tries = 0;
    TSS2_RC rc;

    do {
        rc = Esys_StartAuthSession(tpm->esys, ESYS_TR_NONE, ESYS_TR_NONE, TPM_NONE, NULL,
                                   TPM2_SE_POLICY, &none, ek->area.nameAlg, session);
    } while (tpm_esys_again(tpm, rc, &n_tries));
    if (rc != TSS2_RC_SUCCESS) {
        *session = ESYS_TR_NONE;
        return tpm_esys_result("TPM2_StartAuthSession (policy)", rc, ret_error);
    }
    n_tries = 0;
    do {
        rc = Esys_PolicySecret(tpm->esys, ESYS_TR_RH_ENDORSEMENT, *session, TPM_PASSWORD, NULL,
                               NULL, NULL, 0, NULL, NULL);
    } while (tpm_esys_again(tpm, rc, &n_tries));
    return tpm_esys_result("TPM2_PolicySecret", rc, ret_error);
}

/* A session whose only use is that the TPM encrypts its first response parameter. */
static int
open_cover(const struct tpm_key *ek, ESYS_TR *session, struct tpm_error *ret_error)
{
    static const TPMT_SYM_DEF aes = {
        .algorithm = TPM2_ALG_AES, .keyBits.aes = 128, .mode.aes = TPM2_ALG_CFB};
    const TPMA_SESSION flags = TPMA_SESSION_ENCRYPT | TPMA_SESSION_CONTINUESESSION;
    struct tpm *tpm = ek->tpm;
    unsigned n_tries = 0;
    TSS2_RC rc;

    do {
        rc = Esys_StartAuthSession(tpm->esys, ek->handle, ESYS_TR_NONE, TPM_NONE, NULL,
                                   TPM2_SE_HMAC, &aes, TPM2_ALG_SHA256, session);
    } while (tpm_esys_again(tpm, rc, &n_tries));
    if (rc != TSS2_RC_SUCCESS) {
        *session = ESYS_TR_NONE;
    } else {
        rc = Esys_TRSess_SetAttributes(tpm->esys, *session, flags, 0xff);
    }
    return tpm_esys_result("TPM2_StartAuthSession (salted)", rc, ret_error);
}

/* ESYS keeps its last response in a buffer of its own; a longer one takes the place of the PSK. */
static void
cover_traces(struct tpm *tpm)
{
    CLEANUP(tpm_esys_freep) TPMS_CAPABILITY_DATA *data = NULL;

    ignore(tpm_esys_capability(tpm, TPM2_CAP_ALGS, 0, TPM2_MAX_CAP_ALGS, &data, NULL),
           "the buffer is written even when the answer is of no use");
}

static int
take_secret(TPM2B_DIGEST *credential, struct secret **ret_secret, struct tpm_error *ret_error)
{
    struct wr wr;
    int r;

    if (credential->size != TPM_ACTIVATE_LEN) {
        return tpm_esys_refuse("credential of another length than 32", TPM_E_BLOB, ret_error);
    }
    r = secret_new(TPM_ACTIVATE_LEN, ret_secret);
    if (r == 0) {
        wr = wr_init(secret_room(*ret_secret), TPM_ACTIVATE_LEN);
        wr_bytes(&wr, bytes_of(credential->buffer, credential->size));
    }
    return r;
}

/* The H templates let the EK's empty password do what the L templates want a policy for. */
static int
activate(const struct tpm_key *ek, const struct tpm_key *ak, const TPM2B_ID_OBJECT *blob,
         const TPM2B_ENCRYPTED_SECRET *encrypted, struct secret **ret_secret,
         struct tpm_error *ret_error)
{
    bool by_policy = !(ek->area.objectAttributes & TPMA_OBJECT_USERWITHAUTH);
    ESYS_TR policy = ESYS_TR_NONE;
    ESYS_TR cover = ESYS_TR_NONE;
    TPM2B_DIGEST *credential = NULL;
    unsigned n_tries = 0;
    TSS2_RC rc;
    int r;

    r = open_cover(ek, &cover, ret_error);
    if (r == 0 && by_policy) {
        r = open_policy(ek, &policy, ret_error);
    }
    if (r != 0) {
        goto flush;
    }
    do {
        rc = Esys_ActivateCredential(ek->tpm->esys, ak->handle, ek->handle, ESYS_TR_PASSWORD,
                                     by_policy ? policy : ESYS_TR_PASSWORD, cover, blob, encrypted,
                                     &credential);
    } while (tpm_esys_again(ek->tpm, rc, &n_tries));
    r = tpm_esys_result("TPM2_ActivateCredential", rc, ret_error);
    if (r != 0) {
        goto flush;
    }
    r = take_secret(credential, ret_secret, ret_error);
    wipe(credential, sizeof(*credential));
    Esys_Free(credential);
    cover_traces(ek->tpm);
flush:
    tpm_esys_flush(ek->tpm, &policy);
    tpm_esys_flush(ek->tpm, &cover);
    return r;
}

int
tpm_activate(const struct tpm_key *ek, const struct tpm_key *ak, struct bytes id_object,
             struct bytes encrypted_secret, struct secret **ret_secret, struct tpm_error *ret_error)
{
    TPM2B_ENCRYPTED_SECRET encrypted = {0};
    TPM2B_ID_OBJECT blob = {0};

    if (!read_blobs(id_object, encrypted_secret, &blob, &encrypted)) {
        return tpm_esys_refuse("not a TPM2B_ID_OBJECT and a TPM2B_ENCRYPTED_SECRET", TPM_E_BLOB,
                               ret_error);
    }
    return activate(ek, ak, &blob, &encrypted, ret_secret, ret_error);
}
