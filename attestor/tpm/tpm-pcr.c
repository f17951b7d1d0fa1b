#include "tpm/tpm-pcr.h"

#include "base/rd.h"
#include "base/wr.h"
#include "tpm/tpm-esys.h"
#include "tpm/tpm-pcr-esys.h"

static const enum hash bank_order[TPM_PCR_BANKS] = {HASH_SHA1, HASH_SHA256, HASH_SHA384,
                                                    HASH_SHA512};

TPML_PCR_SELECTION
tpm_pcr_to_esys(const struct tpm_pcr_selection *selection)
{
    TPML_PCR_SELECTION list = {.count = (uint32_t)selection->n_banks};

    for (size_t i = 0; i < selection->n_banks; i++) {
        TPMS_PCR_SELECTION *one = &list.pcrSelections[i];

        one->hash = hash_tpm_id(selection->bank[i].alg);
        one->sizeofSelect = LIMIT_PCRS / 8;
        for (unsigned byte = 0; byte < LIMIT_PCRS / 8; byte++) {
            one->pcrSelect[byte] = (uint8_t)(selection->bank[i].pcrs >> (8 * byte));
        }
    }
    return list;
}

struct tpm_pcr_selection
tpm_pcr_from_esys(const TPML_PCR_SELECTION *list)
{
    struct tpm_pcr_selection selection = {0};

    for (uint32_t i = 0; i < list->count && i < TPM2_NUM_PCR_BANKS; i++) {
        const TPMS_PCR_SELECTION *one = &list->pcrSelections[i];
        enum hash alg = hash_from_tpm_id(one->hash);
        uint32_t pcrs = 0;

        if (alg > HASH_SHA512 || selection.n_banks == TPM_PCR_BANKS) {
            continue;
        }
        for (unsigned byte = 0; byte < one->sizeofSelect && byte < LIMIT_PCRS / 8; byte++) {
            pcrs |= (uint32_t)one->pcrSelect[byte] << (8 * byte);
        }
        selection.bank[selection.n_banks++] = (struct tpm_pcr_bank){alg, pcrs};
    }
    return selection;
}

uint32_t
tpm_pcr_of(const struct tpm_pcr_selection *selection, enum hash alg)
{
    for (size_t i = 0; i < selection->n_banks; i++) {
        if (selection->bank[i].alg == alg) {
            return selection->bank[i].pcrs;
        }
    }
    return 0;
}

static bool
lists_bank(const TPML_PCR_SELECTION *list, enum hash alg)
{
    for (uint32_t i = 0; i < list->count && i < TPM2_NUM_PCR_BANKS; i++) {
        if (list->pcrSelections[i].hash == hash_tpm_id(alg)) {
            return true;
        }
    }
    return false;
}

static bool
lists_hash(const TPML_ALG_PROPERTY *list, enum hash alg)
{
    for (uint32_t i = 0; i < list->count && i < TPM2_MAX_CAP_ALGS; i++) {
        if (list->algProperties[i].alg == hash_tpm_id(alg) &&
            list->algProperties[i].algProperties & TPMA_ALGORITHM_HASH) {
            return true;
        }
    }
    return false;
}

int
tpm_pcr_banks(struct tpm *tpm, bool listed_only, struct tpm_pcr_selection *ret,
              struct tpm_error *ret_error)
{
    CLEANUP(tpm_esys_freep) TPMS_CAPABILITY_DATA *pcrs = NULL;
    CLEANUP(tpm_esys_freep) TPMS_CAPABILITY_DATA *algs = NULL;
    struct tpm_pcr_selection allocated;
    struct tpm_pcr_selection banks = {0};
    int r;

    r = tpm_esys_capability(tpm, TPM2_CAP_PCRS, 0, 1, &pcrs, ret_error);
    if (r == 0) {
        r = tpm_esys_capability(tpm, TPM2_CAP_ALGS, TPM2_ALG_FIRST, TPM2_MAX_CAP_ALGS, &algs,
                                ret_error);
    }
    if (r != 0) {
        return r;
    }
    allocated = tpm_pcr_from_esys(&pcrs->data.assignedPCR);
    for (size_t i = 0; i < TPM_PCR_BANKS; i++) {
        enum hash alg = bank_order[i];

        if (lists_bank(&pcrs->data.assignedPCR, alg) ||
            (!listed_only && lists_hash(&algs->data.algorithms, alg))) {
            banks.bank[banks.n_banks++] = (struct tpm_pcr_bank){alg, tpm_pcr_of(&allocated, alg)};
        }
    }
    *ret = banks;
    return 0;
}

int
tpm_pcr_select(const struct tpm_pcr_selection *banks, const struct tpm_pcr_bank *wanted,
               struct tpm_pcr_selection *ret)
{
    struct tpm_pcr_selection selection = *banks;
    bool found = false;

    for (size_t i = 0; i < selection.n_banks; i++) {
        bool is_wanted = selection.bank[i].alg == wanted->alg;

        selection.bank[i].pcrs = TPM_PCR_ALWAYS | (is_wanted ? wanted->pcrs : 0);
        found = found || is_wanted;
    }
    if (!found) {
        return TPM_E_LACKS;
    }
    *ret = selection;
    return 0;
}

/* Adds the values of one answer, whose selection says which they are. Returns 0 or TPM_E_TALK. */
static int
take_values(const TPML_PCR_SELECTION *selection, const TPML_DIGEST *digests,
            struct tpm_pcr_values *values)
{
    struct tpm_pcr_selection got = tpm_pcr_from_esys(selection);
    struct tpm_pcr_bank bank = got.n_banks == 1 ? got.bank[0] : (struct tpm_pcr_bank){HASH_N, 0};
    uint32_t n = 0;

    for (uint8_t pcr = 0; pcr < LIMIT_PCRS; pcr++) {
        struct tpm_pcr_value *value = &values->value[values->n_values];
        struct rd rd;

        if (!(bank.pcrs & 1u << pcr)) {
            continue;
        }
        if (n >= digests->count || n >= ARRAY_LEN(digests->digests) ||
            digests->digests[n].size != hash_size(bank.alg) ||
            values->n_values == ARRAY_LEN(values->value)) {
            return TPM_E_TALK;
        }
        rd = rd_init(bytes_of(digests->digests[n].buffer, digests->digests[n].size));
        value->alg = bank.alg;
        value->pcr = pcr;
        rd_copy(&rd, value->b, hash_size(bank.alg));
        values->n_values++;
        n++;
    }
    return n == digests->count ? 0 : (int)TPM_E_TALK;
}

/* One bank: TPM2_PCR_Read gives up to eight values and says which. */
static int
read_bank(struct tpm *tpm, struct tpm_pcr_bank bank, struct tpm_pcr_values *values,
          struct tpm_error *ret_error)
{
    while (bank.pcrs != 0) {
        struct tpm_pcr_selection left = {.bank = {bank}, .n_banks = 1};
        TPML_PCR_SELECTION in = tpm_pcr_to_esys(&left);
        CLEANUP(tpm_esys_freep) TPML_PCR_SELECTION *out = NULL;
        CLEANUP(tpm_esys_freep) TPML_DIGEST *digests = NULL;
        unsigned n_tries = 0;
        uint32_t counter;
        uint32_t got;
        TSS2_RC rc;

        do {
            rc = Esys_PCR_Read(tpm->esys, TPM_NONE, &in, &counter, &out, &digests);
        } while (tpm_esys_again(tpm, rc, &n_tries));
        if (rc != TSS2_RC_SUCCESS) {
            return tpm_esys_result("TPM2_PCR_Read", rc, ret_error);
        }
        left = tpm_pcr_from_esys(out);
        got = tpm_pcr_of(&left, bank.alg);
        if (got == 0) {
            return 0; /* the rest is not allocated */
        }
        if (got & ~bank.pcrs || take_values(out, digests, values) != 0) {
            return tpm_esys_refuse("TPM2_PCR_Read: other values than asked", TPM_E_TALK, ret_error);
        }
        bank.pcrs &= ~got;
    }
    return 0;
}

int
tpm_pcr_read(struct tpm *tpm, const struct tpm_pcr_selection *selection, struct tpm_pcr_values *ret,
             struct tpm_error *ret_error)
{
    struct tpm_pcr_values values = {.n_values = 0};
    int r = 0;

    for (size_t i = 0; r == 0 && i < selection->n_banks; i++) {
        r = read_bank(tpm, selection->bank[i], &values, ret_error);
    }
    if (r == 0) {
        *ret = values;
    }
    return r;
}
