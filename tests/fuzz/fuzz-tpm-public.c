/* What the reader accepts writes back to the same bytes, and every judgement of it ends. */
#include "formats/tpm-ek.h"
#include "lib/fuzz.h"

static struct hasher *hasher;

/* Policies are as long as their hash where there is one, for any hash that a signer names. */
static void
check_policies(enum hash alg)
{
    struct bytes a = tpm_ek_policy_a(alg);
    struct bytes b = tpm_ek_policy_b(alg);

    FUZZ_ASSERT(a.len == b.len && (a.len == 0 || a.len == hash_size(alg)));
}

static void
judge(const struct tpm_public *public)
{
    CLEANUP(pubkey_freep) struct pubkey *key = NULL;
    enum tpm_ek_template which;
    uint8_t room[TPM_NAME_MAX];
    size_t len = 0;

    hasher = hasher ? hasher : hasher_new();
    if (hasher && tpm_public_name(public, hasher, room, &len) == 0) {
        ignore(tpm_public_check_signer(public, bytes_of(room, len), hasher, NULL), "any will do");
    }
    ignore(tpm_public_check_ak(public, TPM_AK_LARGER, NULL), "any will do");
    check_policies(hash_from_tpm_id(public->name_alg));
    if (tpm_public_check_ek(public, &which, NULL) == 0) {
        FUZZ_ASSERT(tpm_ek_name(which)[1] == '-');
    }
    ignore(tpm_public_key(public, &key), "any will do");
}

static void
read_area(struct bytes in)
{
    struct tpm_public public;
    struct fault fault = {.rule = RULE_NONE};
    uint8_t room[2048];
    struct wr wr = wr_init(room, sizeof(room));

    if (tpm_public_read(in, &public, &fault) != 0) {
        FUZZ_ASSERT(fault.rule != RULE_NONE && fault.offset <= in.len);
        return;
    }
    tpm_public_write(&wr, &public);
    FUZZ_ASSERT(bytes_equal(wr_done(&wr), in));
    judge(&public);
}

void
fuzz_one(struct bytes in)
{
    struct bytes inner;

    read_area(in);
    if (tpm_public_wrapped(in, &inner, NULL) == 0) {
        read_area(inner);
    }
}
