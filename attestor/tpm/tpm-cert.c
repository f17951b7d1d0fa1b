#include "tpm/tpm-cert.h"

#include <errno.h>
#include <stdlib.h>

#include "base/wr.h"
#include "tpm/tpm-esys.h"

enum {
    NV_FIRST = 0x01c00000,
    NV_CHAIN_FIRST = 0x01c00100,
    NV_CHAIN_LAST = 0x01c001ff,
    NV_INDICES_MAX = 64, /* a TPM has a dozen; a chain is split over few */
    NV_CHUNK_DEFAULT = 512,
};

#define CHAIN_BYTES_MAX (LIMIT_CHAIN * LIMIT_CERT_BYTES)

/* RSA-2048, P-256; high range: RSA-2048, P-256, P-384, P-521, SM2, RSA-3072, RSA-4096. Between them
 * stand nonces and templates. */
static const uint32_t cert_indices[] = {0x01c00002, 0x01c0000a, 0x01c00012, 0x01c00014, 0x01c00016,
                                        0x01c00018, 0x01c0001a, 0x01c0001c, 0x01c0001e};

static bool
is_cert_index(uint32_t index)
{
    for (size_t i = 0; i < ARRAY_LEN(cert_indices); i++) {
        if (cert_indices[i] == index) {
            return true;
        }
    }
    return false;
}

/* How much one TPM2_NV_Read gives at most. */
static int
nv_chunk(struct tpm *tpm, uint16_t *ret_chunk, struct tpm_error *ret_error)
{
    CLEANUP(tpm_esys_freep) TPMS_CAPABILITY_DATA *data = NULL;
    const TPML_TAGGED_TPM_PROPERTY *list;
    int r;

    r = tpm_esys_capability(tpm, TPM2_CAP_TPM_PROPERTIES, TPM2_PT_NV_BUFFER_MAX, 1, &data,
                            ret_error);
    if (r != 0) {
        return r;
    }
    list = &data->data.tpmProperties;
    *ret_chunk = NV_CHUNK_DEFAULT;
    if (list->count == 1 && list->tpmProperty[0].property == TPM2_PT_NV_BUFFER_MAX &&
        list->tpmProperty[0].value > 0) {
        uint32_t most = list->tpmProperty[0].value;

        *ret_chunk = (uint16_t)(most < TPM2_MAX_NV_BUFFER_SIZE ? most : TPM2_MAX_NV_BUFFER_SIZE);
    }
    return 0;
}

struct nv_index {
    struct tpm *tpm;
    ESYS_TR handle;
    ESYS_TR auth; /* the index itself or the owner, both with the empty password */
    uint16_t size;
};

/* Returns 0, or > 0 when the index cannot be read by us. */
static int
nv_open(struct nv_index *nv, uint32_t index)
{
    CLEANUP(tpm_esys_freep) TPM2B_NV_PUBLIC *public = NULL;
    TPMA_NV attributes;
    TSS2_RC rc;

    rc = Esys_TR_FromTPMPublic(nv->tpm->esys, index, TPM_NONE, &nv->handle);
    if (rc != TSS2_RC_SUCCESS) {
        nv->handle = ESYS_TR_NONE;
        return TPM_E_GONE;
    }
    rc = Esys_NV_ReadPublic(nv->tpm->esys, nv->handle, TPM_NONE, &public, NULL);
    if (rc != TSS2_RC_SUCCESS) {
        return TPM_E_GONE;
    }
    attributes = public->nvPublic.attributes;
    if (!(attributes & TPMA_NV_WRITTEN) || !(attributes & (TPMA_NV_AUTHREAD | TPMA_NV_OWNERREAD))) {
        return TPM_E_AUTH;
    }
    nv->auth = attributes & TPMA_NV_AUTHREAD ? nv->handle : ESYS_TR_RH_OWNER;
    nv->size = public->nvPublic.dataSize;
    return 0;
}

static int
nv_read(const struct nv_index *nv, uint16_t chunk, struct wr *wr)
{
    for (uint16_t at = 0; at < nv->size;) {
        CLEANUP(tpm_esys_freep) TPM2B_MAX_NV_BUFFER *part = NULL;
        uint16_t want = (uint16_t)(nv->size - at < chunk ? nv->size - at : chunk);
        unsigned n_tries = 0;
        TSS2_RC rc;

        do {
            rc = Esys_NV_Read(nv->tpm->esys, nv->auth, nv->handle, TPM_PASSWORD, want, at, &part);
        } while (tpm_esys_again(nv->tpm, rc, &n_tries));
        if (rc != TSS2_RC_SUCCESS) {
            return tpm_esys_result("TPM2_NV_Read", rc, NULL);
        }
        if (part->size != want) {
            return TPM_E_TALK;
        }
        wr_bytes(wr, bytes_of(part->buffer, part->size));
        at = (uint16_t)(at + want);
    }
    return 0;
}

/* Reads one index into fresh memory. Returns 0, > 0 when it is to be skipped, -ENOMEM. */
static int
nv_read_index(struct tpm *tpm, uint32_t index, uint16_t chunk, uint8_t **ret, size_t *ret_len)
{
    struct nv_index nv = {.tpm = tpm, .handle = ESYS_TR_NONE};
    CLEANUP(free_p) uint8_t *room = NULL;
    struct wr wr;
    int r;

    r = nv_open(&nv, index);
    if (r == 0 && (nv.size == 0 || nv.size > LIMIT_CERT_BYTES)) {
        r = TPM_E_BLOB;
    }
    if (r == 0 && !(room = malloc(nv.size))) {
        r = -ENOMEM;
    }
    if (r == 0) {
        wr = wr_init(room, nv.size);
        r = nv_read(&nv, chunk, &wr);
    }
    tpm_esys_forget(tpm, &nv.handle);
    if (r == 0) {
        *ret = room;
        *ret_len = nv.size;
        room = NULL;
    }
    return r;
}

static int
chain_append(struct tpm_certs *certs, const uint8_t *part, size_t len)
{
    uint8_t *grown;
    struct wr wr;

    if (certs->chain_len + len > CHAIN_BYTES_MAX) {
        return TPM_E_BLOB;
    }
    grown = realloc(certs->chain, certs->chain_len + len);
    if (!grown) {
        return -ENOMEM;
    }
    certs->chain = grown;
    wr = wr_init(grown, certs->chain_len + len);
    wr.len = certs->chain_len;
    wr_bytes(&wr, bytes_of(part, len));
    certs->chain_len = wr.len;
    return 0;
}

/* Takes one index up, if it is a certificate or a part of the chain. */
static int
take_index(struct tpm *tpm, uint32_t index, uint16_t chunk, struct tpm_certs *certs)
{
    bool is_chain = index >= NV_CHAIN_FIRST && index <= NV_CHAIN_LAST;
    CLEANUP(free_p) uint8_t *p = NULL;
    size_t len = 0;
    int r;

    if (!is_chain && !is_cert_index(index)) {
        return 0;
    }
    if (!is_chain && certs->n_certs == LIMIT_CERTS) {
        return TPM_E_BLOB;
    }
    r = nv_read_index(tpm, index, chunk, &p, &len);
    if (r != 0 || is_chain) {
        return r != 0 ? r : chain_append(certs, p, len);
    }
    certs->cert[certs->n_certs++] = (struct tpm_cert){index, p, len};
    p = NULL;
    return 0;
}

int
tpm_cert_read_all(struct tpm *tpm, struct tpm_certs *ret, struct tpm_error *ret_error)
{
    TPM2_HANDLE handles[NV_INDICES_MAX];
    struct tpm_certs certs = {0};
    uint16_t chunk = 0;
    size_t n = 0;
    int r;

    r = tpm_esys_handles(tpm, NV_FIRST, NV_CHAIN_LAST, handles, ARRAY_LEN(handles), &n, ret_error);
    if (r == 0) {
        r = nv_chunk(tpm, &chunk, ret_error);
    }
    for (size_t i = 0; r == 0 && i < n; i++) {
        r = take_index(tpm, handles[i], chunk, &certs);
        if (r > 0) {
            certs.n_skipped++;
            r = 0;
        }
    }
    if (r != 0) {
        tpm_cert_done(&certs);
        return r;
    }
    *ret = certs;
    return 0;
}

void
tpm_cert_done(struct tpm_certs *certs)
{
    for (size_t i = 0; i < certs->n_certs; i++) {
        free(certs->cert[i].p);
    }
    free(certs->chain);
    *certs = (struct tpm_certs){0};
}

const struct tpm_cert *
tpm_cert_find(const struct tpm_certs *certs, uint32_t index)
{
    for (size_t i = 0; i < certs->n_certs; i++) {
        if (certs->cert[i].index == index) {
            return &certs->cert[i];
        }
    }
    return NULL;
}
