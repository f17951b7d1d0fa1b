#include "quote-ak.h"

static bool
looks_like_pem(struct bytes file)
{
    static const char mark[] = "-----BEGIN ";

    return memmem(file.p, file.len, mark, sizeof(mark) - 1) != NULL;
}

/* A TPM2B says its own length; a TPMT_PUBLIC begins with 0x0001 or 0x0023, which as a size would be
 * of a structure too short to be one. */
static int
public_read(struct bytes file, struct quote_ak *ak, struct fault *ret_fault)
{
    struct bytes area = file;

    ak->form = QUOTE_AK_TPMT;
    if (tpm_public_wrapped(file, &area, NULL) == 0) {
        ak->form = QUOTE_AK_TPM2B;
    }
    return tpm_public_read(area, &ak->public, ret_fault);
}

int
quote_ak_read(struct bytes file, struct quote_ak *ret, struct fault *ret_fault)
{
    struct quote_ak ak = {.form = QUOTE_AK_PEM};
    int r;

    if (looks_like_pem(file)) {
        r = pubkey_from_pem(file, &ak.key);
    } else if (public_read(file, &ak, ret_fault) != 0) {
        return 1;
    } else {
        r = tpm_public_key(&ak.public, &ak.key);
    }
    if (r > 0) {
        return fault_at(ret_fault, r == PUBKEY_E_ALG ? RULE_QUOTE_KEY_ALG : RULE_QUOTE_KEY_FORM,
                        FAULT_NO_EVENT, 0);
    }
    if (r == 0) {
        *ret = ak;
    }
    return r;
}

void
quote_ak_done(struct quote_ak *ak)
{
    pubkey_freep(&ak->key);
}

const struct tpm_public *
quote_ak_public(const struct quote_ak *ak)
{
    return ak->form == QUOTE_AK_PEM ? NULL : &ak->public;
}

const char *
quote_ak_form_name(enum quote_ak_form form)
{
    static const char *const names[] = {
        [QUOTE_AK_PEM] = "PEM",
        [QUOTE_AK_TPMT] = "TPMT_PUBLIC",
        [QUOTE_AK_TPM2B] = "TPM2B_PUBLIC",
    };

    return names[form];
}
