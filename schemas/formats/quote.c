#include "formats/quote.h"

#include <errno.h>

struct quote_bank *
quote_values_bank(struct quote_values *values, enum hash alg)
{
    for (size_t i = 0; i < values->n; i++) {
        if (values->bank[i].alg == alg) {
            return &values->bank[i];
        }
    }
    if (values->n == LIMIT_BANKS || alg >= HASH_N) {
        return NULL;
    }
    values->bank[values->n] = (struct quote_bank){.alg = alg};
    return &values->bank[values->n++];
}

/* The value of a PCR, or an empty view. */
static struct bytes
value_of(const struct quote_values *values, enum hash alg, unsigned pcr)
{
    for (size_t i = 0; i < values->n && pcr < LIMIT_PCRS; i++) {
        const struct quote_bank *bank = &values->bank[i];

        if (bank->alg == alg && (bank->known >> pcr & 1)) {
            return bytes_of(bank->value[pcr], hash_size(alg));
        }
    }
    return BYTES_NULL;
}

int
quote_pcr_digest(const struct tpm_selections *selections, const struct quote_values *values,
                 enum hash alg, struct hasher *hasher, struct digest *ret_digest,
                 struct fault *ret_fault)
{
    struct bytes parts[LIMIT_BANKS * LIMIT_PCRS];
    size_t n = 0;

    for (size_t i = 0; i < selections->n; i++) {
        for (unsigned pcr = 0; pcr < 32; pcr++) {
            struct bytes value;

            if (!(selections->bank[i].mask >> pcr & 1)) {
                continue;
            }
            value = value_of(values, selections->bank[i].alg, pcr);
            if (value.len == 0) {
                return fault_at(ret_fault, RULE_QUOTE_VALUE_MISSING, pcr, 0);
            }
            parts[n++] = value; /* found, so pcr < LIMIT_PCRS: parts has the room */
        }
    }
    ret_digest->alg = alg;
    return hasher_parts(hasher, alg, parts, n, ret_digest->b);
}

/* Marks one check; the first failure is the one that is told. */
static void
mark(struct quote_verdict *verdict, enum quote_check *check, bool passed, enum rule rule)
{
    *check = passed ? QUOTE_PASSED : QUOTE_FAILED;
    if (!passed && verdict->fault.rule == RULE_NONE) {
        ignore(fault_at(&verdict->fault, rule, FAULT_NO_EVENT, 0), "the verdict holds it");
    }
}

/* Which of the first three checks a reader's fault belongs to. */
static void
mark_unread(struct quote_verdict *verdict, const struct fault *fault)
{
    enum reason reason = rule_reason(fault->rule);

    verdict->fault = *fault;
    if (reason == REASON_QUOTE_MAGIC) {
        verdict->magic = QUOTE_FAILED;
    } else if (reason == REASON_QUOTE_TYPE) {
        verdict->magic = QUOTE_PASSED;
        verdict->type = QUOTE_FAILED;
    } else {
        verdict->form = QUOTE_FAILED;
    }
}

static bool
read_both(const struct quote_input *input, struct quote_verdict *verdict,
          struct tpm_signature *ret_signature)
{
    struct fault fault;

    if (tpm_attest_read(input->attest, TPM_ATTEST_QUOTE, &verdict->attest, &fault) != 0) {
        mark_unread(verdict, &fault);
        return false;
    }
    verdict->magic = QUOTE_PASSED;
    verdict->type = QUOTE_PASSED;
    if (tpm_signature_read(input->signature, ret_signature, &fault) != 0) {
        verdict->fault = fault;
        verdict->form = QUOTE_FAILED;
        return false;
    }
    verdict->form = QUOTE_PASSED;
    return true;
}

static int
check_signature(const struct quote_input *input, const struct tpm_signature *signature,
                struct hasher *hasher, struct quote_verdict *verdict)
{
    struct fault fault;
    int r = tpm_signature_verify(input->ak, input->key, signature, input->attest, hasher, &fault);

    if (r < 0) {
        return r;
    }
    verdict->signature = r == 0 ? QUOTE_PASSED : QUOTE_FAILED;
    if (r > 0) {
        verdict->fault = fault;
    }
    return 0;
}

static void
check_selection(const struct quote_input *input, struct quote_verdict *verdict)
{
    const struct tpm_selections *quoted = &verdict->attest.selections;

    if (tpm_selections_empty(quoted)) {
        mark(verdict, &verdict->selection, false, RULE_QUOTE_SELECTION_EMPTY);
    } else if (!tpm_selections_equal(quoted, input->asked)) {
        mark(verdict, &verdict->selection, false, RULE_QUOTE_SELECTION_DIFFERS);
    } else {
        mark(verdict, &verdict->selection, tpm_selections_pc_client(quoted),
             RULE_QUOTE_SELECT_SIZE);
    }
}

static int
check_digest(const struct quote_input *input, enum hash alg, struct hasher *hasher,
             struct quote_verdict *verdict)
{
    struct digest digest;
    struct fault fault;
    int r;

    if (!input->values) {
        return 0;
    }
    r = quote_pcr_digest(&verdict->attest.selections, input->values, alg, hasher, &digest, &fault);
    if (r == -ENOTSUP) {
        mark(verdict, &verdict->pcr_digest, false, RULE_SIGNATURE_HASH);
        return 0;
    }
    if (r < 0) {
        return r;
    }
    mark(verdict, &verdict->pcr_digest,
         r == 0 && bytes_equal(digest_bytes(&digest), verdict->attest.pcr_digest),
         r == 0 ? RULE_QUOTE_DIGEST_DIFFERS : RULE_QUOTE_VALUE_MISSING);
    if (r > 0 && verdict->fault.rule == RULE_QUOTE_VALUE_MISSING) {
        verdict->fault = fault;
    }
    return 0;
}

static unsigned
weaknesses(const struct quote_input *input, const struct tpm_signature *signature,
           const struct tpm_selections *quoted)
{
    unsigned weak = signature->alg == HASH_SHA1 ? QUOTE_WEAK_HASH : 0;

    for (size_t i = 0; i < quoted->n; i++) {
        if (quoted->bank[i].alg == HASH_SHA1 && quoted->bank[i].mask != 0) {
            weak |= QUOTE_WEAK_BANK;
        }
    }
    return pubkey_weak(input->key) ? weak | QUOTE_WEAK_KEY : weak;
}

int
quote_check(const struct quote_input *input, struct hasher *hasher, struct quote_verdict *ret)
{
    struct quote_verdict verdict = {0};
    struct tpm_signature signature;
    int r = 0;

    if (read_both(input, &verdict, &signature)) {
        r = check_signature(input, &signature, hasher, &verdict);
        if (r < 0) {
            return r;
        }
        mark(&verdict, &verdict.nonce, ct_equal(verdict.attest.extra_data, input->nonce),
             RULE_QUOTE_NONCE_DIFFERS);
        check_selection(input, &verdict);
        r = check_digest(input, signature.alg, hasher, &verdict);
        verdict.weak = weaknesses(input, &signature, &verdict.attest.selections);
    }
    if (r == 0) {
        *ret = verdict;
    }
    return r;
}

bool
quote_trusted(const struct quote_verdict *v, bool without_values)
{
    bool digest =
        v->pcr_digest == QUOTE_PASSED || (without_values && v->pcr_digest == QUOTE_NOT_RUN);

    return v->magic == QUOTE_PASSED && v->type == QUOTE_PASSED && v->form == QUOTE_PASSED &&
           v->signature == QUOTE_PASSED && v->nonce == QUOTE_PASSED &&
           v->selection == QUOTE_PASSED && digest;
}
