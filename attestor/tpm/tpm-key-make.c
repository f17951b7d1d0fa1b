#include "tpm/tpm-key-make.h"

#include <errno.h>
#include <stdlib.h>
#include <tss2/tss2_mu.h>

#include "base/rd.h"
#include "tpm/tpm-template.h"

/* Takes the public area and name that the TPM gave for key->handle. */
static int
key_describe(struct tpm_key *key, const TPM2B_PUBLIC *public, struct tpm_error *ret_error)
{
    CLEANUP(tpm_esys_freep) TPM2B_NAME *name = NULL;
    TSS2_RC rc;

    key->area = public->publicArea;
    rc =
        Tss2_MU_TPMT_PUBLIC_Marshal(&key->area, key->public, sizeof(key->public), &key->public_len);
    if (rc == TSS2_RC_SUCCESS) {
        rc = Esys_TR_GetName(key->tpm->esys, key->handle, &name);
    }
    if (rc == TSS2_RC_SUCCESS) {
        key->name = *name;
    }
    return tpm_esys_result("name of a key", rc, ret_error);
}

static struct tpm_key *
key_new(struct tpm *tpm, bool made)
{
    struct tpm_key *key = calloc(1, sizeof(*key));

    if (key) {
        key->tpm = tpm;
        key->handle = ESYS_TR_NONE;
        key->made = made;
    }
    return key;
}

int
tpm_key_make_primary(struct tpm *tpm, const TPM2B_PUBLIC *template, struct tpm_key **ret,
                     struct tpm_error *ret_error)
{
    CLEANUP(tpm_key_freep) struct tpm_key *key = key_new(tpm, true);
    CLEANUP(tpm_esys_freep) TPM2B_PUBLIC *public = NULL;
    TPM2B_SENSITIVE_CREATE sensitive = {0};
    TPM2B_DATA outside = {0};
    TPML_PCR_SELECTION creation = {0};
    unsigned n_tries = 0;
    TSS2_RC rc;
    int r;

    if (!key) {
        return -ENOMEM;
    }
    do {
        rc = Esys_CreatePrimary(tpm->esys, ESYS_TR_RH_ENDORSEMENT, TPM_PASSWORD, &sensitive,
                                template, &outside, &creation, &key->handle, &public, NULL, NULL,
                                NULL);
    } while (tpm_esys_again(tpm, rc, &n_tries));
    if (rc != TSS2_RC_SUCCESS) {
        key->handle = ESYS_TR_NONE;
        return tpm_esys_result("TPM2_CreatePrimary", rc, ret_error);
    }
    r = key_describe(key, public, ret_error);
    if (r != 0) {
        return r;
    }
    *ret = key;
    key = NULL;
    return 0;
}

/* qualifiedName of a primary = H(hierarchy handle || name), Part 1 section 26.5: the owner may put
 * a key of his own hierarchy at an EK's handle, and no endorsement of the maker covers that one. */
static bool
is_endorsement_primary(struct tpm *tpm, const TPM2B_NAME *name, const TPM2B_NAME *qualified)
{
    static const uint8_t hierarchy[4] = {0x40, 0x00, 0x00, 0x0b};
    struct bytes parts[] = {BYTES_OF(hierarchy), bytes_of(name->name, name->size)};
    struct rd rd = rd_init(bytes_of(qualified->name, qualified->size));
    enum hash alg = hash_from_tpm_id(rd_be16(&rd));
    uint8_t wanted[HASH_SIZE_MAX];

    return hasher_parts(tpm->hasher, alg, parts, ARRAY_LEN(parts), wanted) == 0 &&
           bytes_equal(rd_rest(&rd), bytes_of(wanted, hash_size(alg)));
}

int
tpm_key_make_persistent(struct tpm *tpm, TPM2_HANDLE handle, const TPM2B_PUBLIC *template,
                        struct tpm_key **ret)
{
    CLEANUP(tpm_key_freep) struct tpm_key *key = key_new(tpm, false);
    CLEANUP(tpm_esys_freep) TPM2B_PUBLIC *public = NULL;
    CLEANUP(tpm_esys_freep) TPM2B_NAME *name = NULL;
    CLEANUP(tpm_esys_freep) TPM2B_NAME *qualified = NULL;
    TSS2_RC rc;
    int r;

    if (!key) {
        return -ENOMEM;
    }
    rc = Esys_TR_FromTPMPublic(tpm->esys, handle, TPM_NONE, &key->handle);
    if (rc != TSS2_RC_SUCCESS) {
        key->handle = ESYS_TR_NONE;
        return tpm_esys_result("TPM2_ReadPublic", rc, NULL);
    }
    rc = Esys_ReadPublic(tpm->esys, key->handle, TPM_NONE, &public, &name, &qualified);
    if (rc != TSS2_RC_SUCCESS) {
        return tpm_esys_result("TPM2_ReadPublic", rc, NULL);
    }
    if (!tpm_template_matches(&public->publicArea, template) ||
        !is_endorsement_primary(tpm, name, qualified)) {
        return TPM_E_SELF;
    }
    r = key_describe(key, public, NULL);
    if (r != 0) {
        return r;
    }
    *ret = key;
    key = NULL;
    return 0;
}
