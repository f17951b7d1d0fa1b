/* The attestation key of `assay quote check`, whatever form its file has. */
#pragma once

#include "formats/tpm-public.h"

enum quote_ak_form { QUOTE_AK_PEM, QUOTE_AK_TPMT, QUOTE_AK_TPM2B };

struct quote_ak {
    enum quote_ak_form form;
    struct tpm_public public; /* not for QUOTE_AK_PEM; views into the file's bytes */
    struct pubkey *key;       /* freed with quote_ak_done() */
};

/* Told apart by content. Returns 0, 1 with a fault (PUBLIC_ rules, QUOTE_KEY_FORM, QUOTE_KEY_ALG),
 * or a negative errno. */
MUST_CHECK int quote_ak_read(struct bytes file, struct quote_ak *ret, struct fault *ret_fault);
void quote_ak_done(struct quote_ak *ak);

/* The public area, or NULL for a PEM key, which has none. */
const struct tpm_public *quote_ak_public(const struct quote_ak *ak);

/* "PEM", "TPMT_PUBLIC", "TPM2B_PUBLIC" */
const char *quote_ak_form_name(enum quote_ak_form form);
