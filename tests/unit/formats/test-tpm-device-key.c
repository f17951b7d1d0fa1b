/* formats/tpm-device-key */
#include "formats/tpm-device-key.h"

#include "lib/check.h"

enum { ALG_SHA1 = 0x0004, ALG_SHA256 = 0x000b, ALG_SHA384 = 0x000c, GOOD = 0x00040472 };

static const uint8_t coordinate[32] = {1};

static struct tpm_public
good(void)
{
    return (struct tpm_public){
        .type = TPM_ALG_ECC,
        .name_alg = ALG_SHA256,
        .attributes = GOOD,
        .symmetric = TPM_ALG_NULL,
        .scheme = TPM_ALG_ECDSA,
        .scheme_hash = ALG_SHA256,
        .curve = 3,
        .kdf = TPM_ALG_NULL,
        .ecc_x = BYTES_OF(coordinate),
        .ecc_y = BYTES_OF(coordinate),
    };
}

static enum rule
rule_of(const struct tpm_public *public)
{
    struct fault fault = {0};
    int r = tpm_device_key_check(public, &fault);

    CHECK_EQ(r, fault.rule != RULE_NONE);
    return fault.rule;
}

static void
each_attribute_is_judged(void)
{
    static const struct {
        uint32_t flip;
        enum rule rule;
    } rows[] = {
        {TPMA_FIXED_TPM, RULE_DEVKEY_NOT_FIXED},
        {TPMA_FIXED_PARENT, RULE_DEVKEY_NOT_FIXED},
        {TPMA_SENSITIVE_DATA_ORIGIN, RULE_DEVKEY_IMPORTED},
        {TPMA_RESTRICTED, RULE_DEVKEY_RESTRICTED},
        {TPMA_SIGN, RULE_DEVKEY_NOT_SIGN},
        {TPMA_USER_WITH_AUTH, RULE_NONE},
        {TPMA_ADMIN_WITH_POLICY, RULE_NONE},
        {TPMA_NO_DA, RULE_NONE},
    };
    uint32_t named = 0;
    struct tpm_public public = good();

    CHECK_EQ(rule_of(&public), RULE_NONE);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        public = good();
        public.attributes ^= rows[i].flip;
        CHECK_EQ(rule_of(&public), rows[i].rule);
        named |= rows[i].flip;
    }
    for (unsigned bit = 0; bit < 32; bit++) {
        public = good();
        public.attributes ^= UINT32_C(1) << bit;
        if (!(named >> bit & 1)) {
            CHECK_EQ(rule_of(&public), RULE_DEVKEY_OTHER_ATTRIBUTE);
        }
    }
}

static void
each_part_of_the_kind_is_judged(void)
{
    struct tpm_public bad[9];

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        bad[i] = good();
    }
    bad[0].type = TPM_ALG_RSA;
    bad[1].curve = 4;
    bad[2].name_alg = ALG_SHA1;
    bad[3].name_alg = ALG_SHA384;
    bad[4].scheme = TPM_ALG_NULL;
    bad[5].scheme_hash = ALG_SHA1;
    bad[6].scheme_hash = ALG_SHA384;
    bad[7].symmetric = TPM_ALG_AES;
    bad[8].kdf = 0x0020;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        CHECK_EQ(rule_of(&bad[i]), RULE_DEVKEY_KIND);
    }
}

static uint8_t name[TPM_NAME_MAX];
static uint8_t qualified[TPM_NAME_MAX];

/* The area as read, and a statement of it under this hierarchy. */
static struct tpm_public
stated(struct hasher *hasher, uint32_t hierarchy, struct tpm_attest *ret)
{
    static uint8_t room[256];
    struct wr wr = wr_init(room, sizeof(room));
    struct tpm_public public = good();
    size_t name_len = 0;
    size_t qualified_len = 0;

    tpm_public_write(&wr, &public);
    CHECK_EQ(tpm_public_read(wr_done(&wr), &public, NULL), 0);
    CHECK_EQ(tpm_public_name(&public, hasher, name, &name_len), 0);
    CHECK_EQ(tpm_public_qualified_name(&public, hierarchy, hasher, qualified, &qualified_len), 0);
    *ret = (struct tpm_attest){.type = TPM_ATTEST_CERTIFY,
                               .name = bytes_of(name, name_len),
                               .qualified_name = bytes_of(qualified, qualified_len)};
    return public;
}

static void
a_statement_is_of_one_area_and_hierarchy(void)
{
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    struct fault fault = {0};
    struct tpm_attest attest;
    struct tpm_public public = stated(hasher, TPM_RH_ENDORSEMENT, &attest);

    CHECK_EQ(tpm_device_key_certified(&public, &attest, hasher, &fault), 0);
    for (size_t i = 0; i < attest.name.len; i++) {
        name[i] ^= 1;
        CHECK_EQ(tpm_device_key_certified(&public, &attest, hasher, &fault), 1);
        CHECK_EQ(fault.rule, RULE_DEVKEY_NAME);
        name[i] ^= 1;
        qualified[i] ^= 1;
        CHECK_EQ(tpm_device_key_certified(&public, &attest, hasher, &fault), 1);
        CHECK_EQ(fault.rule, RULE_DEVKEY_PARENT);
        qualified[i] ^= 1;
    }
    attest.name = BYTES_NULL;
    CHECK_EQ(tpm_device_key_certified(&public, &attest, hasher, &fault), 1);
}

static void
other_hierarchies_are_refused(void)
{
    static const uint32_t others[] = {TPM_RH_OWNER, TPM_RH_NULL, 0x4000000c};
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    struct fault fault = {0};
    struct tpm_attest attest;

    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        struct tpm_public public = stated(hasher, others[i], &attest);

        CHECK_EQ(tpm_device_key_certified(&public, &attest, hasher, &fault), 1);
        CHECK_EQ(fault.rule, RULE_DEVKEY_PARENT);
    }
}

static void
an_area_without_a_known_hash_has_no_name(void)
{
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    struct tpm_attest attest;
    struct tpm_public public = stated(hasher, TPM_RH_ENDORSEMENT, &attest);

    public.name_alg = 0xffff;
    CHECK(tpm_device_key_certified(&public, &attest, hasher, NULL) < 0);
}

CHECK_MAIN(CASE(each_attribute_is_judged), CASE(each_part_of_the_kind_is_judged),
           CASE(a_statement_is_of_one_area_and_hierarchy), CASE(other_hierarchies_are_refused),
           CASE(an_area_without_a_known_hash_has_no_name))
