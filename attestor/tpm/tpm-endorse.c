#include "tpm/tpm-endorse.h"

#include "tpm/tpm-key-make.h"
#include "tpm/tpm-template.h"

enum {
    EK_HANDLE_FIRST = 0x81010000u,
    EK_HANDLE_LAST = 0x810100ffu,
    EK_HANDLES_MAX = 16, /* TPMs hold seven persistent objects and more; few are EKs */
};

static const struct {
    uint32_t cert_index;
    const char *name;
} ek_kinds[TPM_ENDORSE_N] = {
    [TPM_ENDORSE_L2_P256] = {0x01c0000a, "L-2 P-256"},
    [TPM_ENDORSE_H2_P256] = {0x01c00014, "H-2 P-256"},
    [TPM_ENDORSE_H3_P384] = {0x01c00016, "H-3 P-384"},
    [TPM_ENDORSE_L1_RSA2048] = {0x01c00002, "L-1 RSA-2048"},
    [TPM_ENDORSE_H1_RSA2048] = {0x01c00012, "H-1 RSA-2048"},
    [TPM_ENDORSE_H6_RSA3072] = {0x01c0001c, "H-6 RSA-3072"},
};

enum tpm_endorse_kind
tpm_endorse_choose(const struct tpm_certs *certs)
{
    for (size_t i = 0; i < TPM_ENDORSE_N; i++) {
        if (tpm_cert_find(certs, ek_kinds[i].cert_index)) {
            return (enum tpm_endorse_kind)i;
        }
    }
    return TPM_ENDORSE_L1_RSA2048;
}

/* 0 when a persistent key serves; anything above says: make it. */
static int
load_persistent(struct tpm *tpm, const TPM2B_PUBLIC *template, struct tpm_key **ret)
{
    TPM2_HANDLE handles[EK_HANDLES_MAX];
    size_t n = 0;
    int r;

    r = tpm_esys_handles(tpm, EK_HANDLE_FIRST, EK_HANDLE_LAST, handles, ARRAY_LEN(handles), &n,
                         NULL);
    for (size_t i = 0; r == 0 && i < n; i++) {
        int found = tpm_key_make_persistent(tpm, handles[i], template, ret);

        if (found <= 0) {
            return found;
        }
    }
    return TPM_E_GONE;
}

int
tpm_endorse_load(struct tpm *tpm, enum tpm_endorse_kind kind, struct tpm_key **ret,
                 struct tpm_error *ret_error)
{
    TPM2B_PUBLIC template = tpm_template_ek(kind);
    int r = load_persistent(tpm, &template, ret);

    return r <= 0 ? r : tpm_key_make_primary(tpm, &template, ret, ret_error);
}

uint32_t
tpm_endorse_cert_index(enum tpm_endorse_kind kind)
{
    return ek_kinds[kind].cert_index;
}

const char *
tpm_endorse_name(enum tpm_endorse_kind kind)
{
    return ek_kinds[kind].name;
}
