#include "tpm/tpm-quote.h"

#include "base/rd.h"
#include "tpm/tpm-signed-esys.h"
#include "tpm/tpm-key-make.h"
#include "tpm/tpm-pcr-esys.h"

/* Values take 3 to 12 commands; whatever extends PCRs that long without a pause is not a boot. */
enum { VALUES_TRIES = 4 };

static int
take_quote(const TPM2B_ATTEST *info, const TPMT_SIGNATURE *signature, const uint8_t qualifying[32],
           struct tpm_quote *ret_quote, struct tpm_error *ret_error)
{
    struct tpm_quote quote = {0};
    TPMS_ATTEST read;
    struct rd rd;
    int r;

    r = tpm_signed_from_esys(info, signature, TPM2_ST_ATTEST_QUOTE, qualifying, &quote.attest,
                             &read);
    if (r == 0 && read.attested.quote.pcrDigest.size != sizeof(quote.pcr_digest)) {
        r = TPM_E_SELF;
    }
    if (r != 0) {
        return tpm_esys_refuse("TPM2_Quote: not the statement that was asked for",
                               (enum tpm_outcome)r, ret_error);
    }
    quote.selection = tpm_pcr_from_esys(&read.attested.quote.pcrSelect);
    rd = rd_init(bytes_of(read.attested.quote.pcrDigest.buffer, sizeof(quote.pcr_digest)));
    rd_copy(&rd, quote.pcr_digest, sizeof(quote.pcr_digest));
    *ret_quote = quote;
    return 0;
}

static int
quote_selection(const struct tpm_key *ak, const struct tpm_pcr_selection *selection,
                const uint8_t qualifying[32], struct tpm_quote *ret_quote,
                struct tpm_error *ret_error)
{
    static const TPMT_SIG_SCHEME scheme = {.scheme = TPM2_ALG_NULL}; /* the key's own */
    CLEANUP(tpm_esys_freep) TPM2B_ATTEST *info = NULL;
    CLEANUP(tpm_esys_freep) TPMT_SIGNATURE *signature = NULL;
    TPML_PCR_SELECTION list = tpm_pcr_to_esys(selection);
    TPM2B_DATA data = tpm_signed_qualifying(qualifying);
    unsigned n_tries = 0;
    TSS2_RC rc;

    do {
        rc = Esys_Quote(ak->tpm->esys, ak->handle, TPM_PASSWORD, &data, &scheme, &list, &info,
                        &signature);
    } while (tpm_esys_again(ak->tpm, rc, &n_tries));
    if (rc != TSS2_RC_SUCCESS) {
        return tpm_esys_result("TPM2_Quote", rc, ret_error);
    }
    return take_quote(info, signature, qualifying, ret_quote, ret_error);
}

static int
quote_banks(const struct tpm_key *ak, const struct tpm_pcr_bank *wanted, bool listed_only,
            const uint8_t qualifying[32], struct tpm_quote *ret_quote, struct tpm_error *ret_error)
{
    struct tpm_pcr_selection selection = {0};
    int r;

    r = tpm_pcr_banks(ak->tpm, listed_only, &selection, ret_error);
    if (r != 0) {
        return r;
    }
    if (tpm_pcr_select(&selection, wanted, &selection) != 0) {
        return tpm_esys_refuse("the wanted bank is not implemented", TPM_E_LACKS, ret_error);
    }
    return quote_selection(ak, &selection, qualifying, ret_quote, ret_error);
}

int
tpm_quote_make(const struct tpm_key *ak, const struct tpm_pcr_bank *wanted,
               const uint8_t qualifying[32], struct tpm_quote *ret_quote,
               struct tpm_error *ret_error)
{
    int r = quote_banks(ak, wanted, false, qualifying, ret_quote, ret_error);

    /* A TPM that hashes with an algorithm but refuses a bank of it: name the banks it lists. */
    if (r == TPM_E_LACKS) {
        r = quote_banks(ak, wanted, true, qualifying, ret_quote, ret_error);
    }
    return r;
}

bool
tpm_quote_holds(const struct tpm_key *ak, const struct tpm_quote *quote,
                const struct tpm_pcr_values *values)
{
    struct bytes parts[ARRAY_LEN(values->value)];
    uint8_t digest[32];

    for (size_t i = 0; i < values->n_values; i++) {
        parts[i] = bytes_of(values->value[i].b, hash_size(values->value[i].alg));
    }
    return hasher_parts(ak->tpm->hasher, HASH_SHA256, parts, values->n_values, digest) == 0 &&
           bytes_equal(BYTES_OF(digest), BYTES_OF(quote->pcr_digest));
}

int
tpm_quote_values(const struct tpm_key *ak, const struct tpm_pcr_bank *wanted,
                 const uint8_t qualifying[32], struct tpm_quote *ret_quote,
                 struct tpm_pcr_values *ret_values, struct tpm_error *ret_error)
{
    struct tpm_pcr_values values = {.n_values = 0};
    struct tpm_quote quote;

    for (unsigned i = 0; i < VALUES_TRIES; i++) {
        int r = tpm_quote_make(ak, wanted, qualifying, &quote, ret_error);

        if (r == 0) {
            r = tpm_pcr_read(ak->tpm, &quote.selection, &values, ret_error);
        }
        if (r != 0) {
            return r;
        }
        if (tpm_quote_holds(ak, &quote, &values)) {
            *ret_quote = quote;
            *ret_values = values;
            return 0;
        }
    }
    return tpm_esys_refuse("PCRs changed between quote and values at each try", TPM_E_CHANGING,
                           ret_error);
}
