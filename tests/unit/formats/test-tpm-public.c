/* formats/tpm-public and formats/tpm-ek */
#include "formats/tpm-ek.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/check.h"

static struct fault fault;

static struct tpm_public
load(const char *path)
{
    struct bytes area = BYTES_NULL;
    struct tpm_public public;

    CHECK_EQ(tpm_public_wrapped(check_guarded(check_vector(path)), &area, &fault), 0);
    CHECK_EQ(tpm_public_read(area, &public, &fault), 0);
    return public;
}

static const char *const recorded[][2] = {
    {"boot/grub-sb-on/ak.pub", "boot/grub-sb-on/ak.name"},
    {"boot/grub-sb-on/ak-rsa.pub", "boot/grub-sb-on/ak-rsa.name"},
    {"boot/sdboot-uki-sb-on/ak.pub", "boot/sdboot-uki-sb-on/ak.name"},
    {"boot/sdboot-uki-sb-on/ak-rsa.pub", "boot/sdboot-uki-sb-on/ak-rsa.name"},
    {"quote/keylime/ak.pub", "quote/keylime/ak.name"},
};

static void
names_are_those_that_tpms_gave(void)
{
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    uint8_t room[TPM_NAME_MAX];
    size_t len = 0;

    for (size_t i = 0; i < ARRAY_LEN(recorded); i++) {
        struct tpm_public public = load(recorded[i][0]);

        CHECK_EQ(tpm_public_name(&public, hasher, room, &len), 0);
        CHECK_BYTES(bytes_of(room, len), check_vector(recorded[i][1]));
    }
}

static void
an_unknown_name_algorithm_is_told(void)
{
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    struct tpm_public public = load("boot/grub-sb-on/ak.pub");
    uint8_t room[TPM_NAME_MAX];
    size_t len = 0;

    public.name_alg = TPM_ALG_NULL;
    CHECK_EQ(tpm_public_name(&public, hasher, room, &len), -ENOTSUP);
    CHECK_EQ(tpm_public_check_signer(&public, BYTES_NULL, hasher, &fault), -ENOTSUP);
}

static void
areas_read_back_as_written(void)
{
    uint8_t room[600];

    for (size_t i = 0; i < ARRAY_LEN(recorded); i++) {
        struct tpm_public public = load(recorded[i][0]);
        struct wr wr = wr_init(room, sizeof(room));

        tpm_public_write(&wr, &public);
        CHECK_BYTES(wr_done(&wr), public.area);
    }
}

static void
every_truncation_and_a_trailing_byte_are_refused(void)
{
    static const char *const paths[] = {"boot/grub-sb-on/ak.pub", "boot/grub-sb-on/ek.pub"};

    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        struct bytes whole = check_vector(paths[i]);
        struct tpm_public public = {.rsa_bits = 9};
        uint8_t longer[400] = {0};
        size_t len = whole.len - 2;

        memcpy(longer, whole.p + 2, len);
        for (size_t n = 0; n < len; n++) {
            CHECK_EQ(tpm_public_read(check_guarded(bytes_of(longer, n)), &public, &fault), 1);
            CHECK_EQ(fault.rule, RULE_PUBLIC_SHORT);
            CHECK_EQ(public.rsa_bits, 9);
        }
        CHECK_EQ(tpm_public_read(bytes_of(longer, len + 1), &public, &fault), 1);
        CHECK_EQ(fault.rule, RULE_PUBLIC_TRAILING);
    }
}

static enum rule
rule_of(const char *hex)
{
    struct tpm_public public;

    return tpm_public_read(check_guarded(check_hex(hex)), &public, &fault) == 0 ? RULE_NONE
                                                                                : fault.rule;
}

static void
other_forms_are_named(void)
{
    CHECK_EQ(rule_of("0008 000b 00000000 0000"), RULE_PUBLIC_TYPE);
    CHECK_EQ(rule_of("0001 000b 00000000 0041"), RULE_PUBLIC_SIZE);
    CHECK_EQ(rule_of("0001 000b 00000000 0000 000a"), RULE_PUBLIC_SYMMETRIC);
    CHECK_EQ(rule_of("0001 000b 00000000 0000 0010 0018 000b"), RULE_PUBLIC_SCHEME);
    CHECK_EQ(rule_of("0023 000b 00000000 0000 0010 0014 000b"), RULE_PUBLIC_SCHEME);
    CHECK_EQ(rule_of("0001 000b 00000000 0000 0010 0010 0800 00000000 0201"), RULE_PUBLIC_SIZE);
    CHECK_EQ(rule_of("0023 000b 00000000 0000 0010 0010 0003 0010 0043"), RULE_PUBLIC_SIZE);
    CHECK_EQ(rule_of("0023 000b 00000000 0000 0010 001a 000b 0001 0010 0020 000b 0000 0000"),
             RULE_NONE);
    CHECK_EQ(rule_of("0001 000b 00000000 0000 0010 0015 0800 00000000 0000"), RULE_NONE);
}

static void
a_wrapping_holds_exactly_one_area(void)
{
    struct bytes view;

    CHECK_EQ(tpm_public_wrapped(check_guarded(check_hex("0002 aabbcc")), &view, &fault), 1);
    CHECK_EQ(tpm_public_wrapped(check_guarded(check_hex("0003 aabb")), &view, &fault), 1);
    CHECK_EQ(tpm_public_wrapped(check_guarded(check_hex("0001 aa")), &view, &fault), 0);
    CHECK_BYTES(view, check_hex("aa"));
}

static void
the_key_is_that_of_the_pem(void)
{
    static const char *const pairs[][2] = {
        {"boot/grub-sb-on/ak.pub", "boot/grub-sb-on/ak.pem"},
        {"boot/grub-sb-on/ak-rsa.pub", "boot/grub-sb-on/ak-rsa.pem"},
        {"quote/keylime/ek.pub", "quote/keylime/ekpub.pem"},
    };

    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        CLEANUP(pubkey_freep) struct pubkey *key = NULL;
        CLEANUP(pubkey_freep) struct pubkey *pem = NULL;
        struct tpm_public public = load(pairs[i][0]);
        uint8_t a[400];
        uint8_t b[400];
        size_t a_len = 0;
        size_t b_len = 0;

        CHECK_EQ(tpm_public_key(&public, &key), 0);
        CHECK_EQ(pubkey_from_pem(check_vector(pairs[i][1]), &pem), 0);
        CHECK_EQ(pubkey_spki(key, a, sizeof(a), &a_len), 0);
        CHECK_EQ(pubkey_spki(pem, b, sizeof(b), &b_len), 0);
        CHECK_BYTES(bytes_of(a, a_len), bytes_of(b, b_len));
    }
}

static void
a_key_of_another_size_or_curve_is_refused(void)
{
    struct tpm_public ecc = load("boot/grub-sb-on/ak.pub");
    struct tpm_public rsa = load("boot/grub-sb-on/ak-rsa.pub");
    struct pubkey *key = NULL;

    ecc.curve = 0x10; /* BN P-256 */
    CHECK_EQ(tpm_public_key(&ecc, &key), PUBKEY_E_ALG);
    ecc.curve = 2; /* P-224 */
    CHECK_EQ(tpm_public_key(&ecc, &key), PUBKEY_E_ALG);
    rsa.rsa_bits = 3072;
    CHECK_EQ(tpm_public_key(&rsa, &key), PUBKEY_E_FORM);
    CHECK(!key);
}

static void
recorded_attestation_keys_pass(void)
{
    for (size_t i = 0; i < ARRAY_LEN(recorded); i++) {
        struct tpm_public public = load(recorded[i][0]);

        CHECK_EQ(tpm_public_check_ak(&public, TPM_AK_DEFAULT, &fault), 0);
    }
}

static enum rule
ak_rule(struct tpm_public public, enum tpm_ak_sizes sizes)
{
    return tpm_public_check_ak(&public, sizes, &fault) == 0 ? RULE_NONE : fault.rule;
}

static void
each_attribute_of_an_attestation_key_counts(void)
{
    static const struct {
        uint32_t flip;
        enum rule rule;
    } flips[] = {
        {TPMA_FIXED_TPM, RULE_AK_NOT_FIXED},
        {TPMA_FIXED_PARENT, RULE_AK_NOT_FIXED},
        {TPMA_SENSITIVE_DATA_ORIGIN, RULE_AK_IMPORTED},
        {TPMA_RESTRICTED, RULE_AK_NOT_RESTRICTED},
        {TPMA_SIGN, RULE_AK_NOT_SIGN},
        {TPMA_DECRYPT, RULE_AK_DECRYPT},
        {TPMA_USER_WITH_AUTH, RULE_NONE},
        {TPMA_ADMIN_WITH_POLICY, RULE_NONE},
        {TPMA_NO_DA, RULE_NONE},
    };
    uint32_t named = 0;

    for (size_t i = 0; i < ARRAY_LEN(flips); i++) {
        struct tpm_public public = load("boot/grub-sb-on/ak.pub");

        public.attributes ^= flips[i].flip;
        named |= flips[i].flip;
        CHECK_EQ(ak_rule(public, TPM_AK_DEFAULT), flips[i].rule);
    }
    for (unsigned bit = 0; bit < 32; bit++) {
        struct tpm_public public = load("boot/grub-sb-on/ak.pub");

        public.attributes |= UINT32_C(1) << bit;
        CHECK_EQ(ak_rule(public, TPM_AK_DEFAULT) != RULE_NONE,
                 !(named >> bit & 1) || UINT32_C(1) << bit == TPMA_DECRYPT);
    }
}

#define CHANGED(path, field, value, sizes, expected) \
    do {                                             \
        struct tpm_public changed = load(path);      \
        changed.field = value;                       \
        CHECK_EQ(ak_rule(changed, sizes), expected); \
    } while (0)

static void
each_algorithm_of_an_attestation_key_counts(void)
{
    const char *ecc = "boot/grub-sb-on/ak.pub";
    const char *rsa = "boot/grub-sb-on/ak-rsa.pub";

    CHANGED(ecc, name_alg, 0x0004, TPM_AK_DEFAULT, RULE_AK_NAME_ALG);
    CHANGED(ecc, scheme, TPM_ALG_NULL, TPM_AK_DEFAULT, RULE_AK_SCHEME);
    CHANGED(ecc, scheme_hash, 0x0004, TPM_AK_DEFAULT, RULE_AK_SCHEME);
    CHANGED(ecc, symmetric, TPM_ALG_AES, TPM_AK_DEFAULT, RULE_AK_SYMMETRIC);
    CHANGED(ecc, kdf, 0x0020, TPM_AK_DEFAULT, RULE_AK_SYMMETRIC);
    CHANGED(ecc, curve, 4, TPM_AK_DEFAULT, RULE_AK_SIZE);
    CHANGED(ecc, curve, 4, TPM_AK_LARGER, RULE_NONE);
    CHANGED(ecc, curve, 2, TPM_AK_LARGER, RULE_AK_SIZE);
    CHANGED(ecc, ecc_x, BYTES_NULL, TPM_AK_DEFAULT, RULE_AK_UNIQUE);
    CHANGED(ecc, ecc_y, BYTES_NULL, TPM_AK_DEFAULT, RULE_AK_UNIQUE);
    CHANGED(rsa, scheme, TPM_ALG_RSAPSS, TPM_AK_DEFAULT, RULE_NONE);
    CHANGED(rsa, scheme, TPM_ALG_NULL, TPM_AK_DEFAULT, RULE_AK_SCHEME);
    CHANGED(rsa, rsa_bits, 1024, TPM_AK_LARGER, RULE_AK_SIZE);
    CHANGED(rsa, rsa_bits, 3072, TPM_AK_DEFAULT, RULE_AK_SIZE);
    CHANGED(rsa, rsa_bits, 3072, TPM_AK_LARGER, RULE_AK_UNIQUE);
    CHANGED(rsa, rsa_exponent, 3, TPM_AK_DEFAULT, RULE_AK_SIZE);
    CHANGED(rsa, rsa_exponent, 65537, TPM_AK_DEFAULT, RULE_NONE);
}

static void
a_signer_is_an_endorsement_primary(void)
{
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    struct tpm_public public = load("boot/grub-sb-on/ak.pub");
    uint8_t handle_and_name[38] = {0x40, 0, 0, 0x0b};
    uint8_t expected[34] = {0x00, 0x0b};
    uint8_t room[TPM_NAME_MAX];
    size_t len = 0;

    memcpy(handle_and_name + 4, check_vector("boot/grub-sb-on/ak.name").p, 34);
    CHECK_EQ(hasher_bytes(hasher, HASH_SHA256, BYTES_OF(handle_and_name), expected + 2), 0);
    CHECK_EQ(tpm_public_check_signer(&public, BYTES_OF(expected), hasher, &fault), 0);
    CHECK_EQ(tpm_public_qualified_name(&public, TPM_RH_OWNER, hasher, room, &len), 0);
    CHECK_EQ(tpm_public_check_signer(&public, bytes_of(room, len), hasher, &fault), 1);
    CHECK_EQ(fault.rule, RULE_AK_SIGNER);
}

static void
recorded_endorsement_keys_are_of_template_l1(void)
{
    enum tpm_ek_template which = TPM_EK_NONE;
    struct tpm_public boot = load("boot/grub-sb-on/ek.pub");
    struct tpm_public keylime = load("quote/keylime/ek.pub");

    CHECK_EQ(tpm_public_check_ek(&boot, &which, &fault), 0);
    CHECK_EQ(which, TPM_EK_L1);
    CHECK_EQ(tpm_public_check_ek(&keylime, &which, &fault), 0);
    CHECK_STR(tpm_ek_name(which), "L-1");
    CHECK_STR(tpm_ek_name(TPM_EK_NONE), "none");
}

static const uint8_t unique[512];

/* A template with a public value of its size. */
static struct tpm_public
ek_of(uint16_t type, uint16_t size, uint32_t attributes, enum hash alg, uint16_t aes)
{
    struct tpm_public p = {.type = type, .attributes = attributes, .symmetric = TPM_ALG_AES};
    size_t coord = size == 3 ? 32 : size == 4 ? 48 : 66;

    p.name_alg = hash_tpm_id(alg);
    p.policy = attributes == 0x300b2 ? tpm_ek_policy_a(alg) : tpm_ek_policy_b(alg);
    p.symmetric_bits = aes;
    p.symmetric_mode = TPM_ALG_CFB;
    p.scheme = TPM_ALG_NULL;
    p.kdf = TPM_ALG_NULL;
    if (type == TPM_ALG_RSA) {
        p.rsa_bits = size;
        p.rsa_n = bytes_of(unique, size / 8);
    } else {
        p.curve = size;
        p.ecc_x = bytes_of(unique, coord);
        p.ecc_y = bytes_of(unique, coord);
    }
    return p;
}

static void
each_template_is_told_apart(void)
{
    const struct {
        struct tpm_public public;
        const char *name;
    } all[] = {
        {ek_of(TPM_ALG_RSA, 2048, 0x300b2, HASH_SHA256, 128), "L-1"},
        {ek_of(TPM_ALG_ECC, 3, 0x300b2, HASH_SHA256, 128), "L-2"},
        {ek_of(TPM_ALG_RSA, 2048, 0x300f2, HASH_SHA256, 128), "H-1"},
        {ek_of(TPM_ALG_ECC, 3, 0x300f2, HASH_SHA256, 128), "H-2"},
        {ek_of(TPM_ALG_ECC, 4, 0x300f2, HASH_SHA384, 256), "H-3"},
        {ek_of(TPM_ALG_ECC, 5, 0x300f2, HASH_SHA512, 256), "H-4"},
        {ek_of(TPM_ALG_RSA, 3072, 0x300f2, HASH_SHA384, 256), "H-6"},
        {ek_of(TPM_ALG_RSA, 4096, 0x300f2, HASH_SHA384, 256), "H-7"},
    };
    enum tpm_ek_template which;

    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        CHECK_EQ(tpm_public_check_ek(&all[i].public, &which, &fault), 0);
        CHECK_STR(tpm_ek_name(which), all[i].name);
    }
}

#define EK_CHANGED(field, value, expected)                                            \
    do {                                                                              \
        struct tpm_public changed = ek_of(TPM_ALG_ECC, 3, 0x300b2, HASH_SHA256, 128); \
        enum tpm_ek_template changed_which;                                           \
        changed.field = value;                                                        \
        CHECK_EQ(tpm_public_check_ek(&changed, &changed_which, &fault), 1);           \
        CHECK_EQ(fault.rule, expected);                                               \
    } while (0)

static void
each_field_of_a_template_counts(void)
{
    EK_CHANGED(attributes, 0x300f2, RULE_EK_TEMPLATE);
    EK_CHANGED(attributes, 0x300b0, RULE_EK_TEMPLATE);
    EK_CHANGED(name_alg, 0x0c, RULE_EK_TEMPLATE);
    EK_CHANGED(policy, tpm_ek_policy_b(HASH_SHA256), RULE_EK_TEMPLATE);
    EK_CHANGED(policy, BYTES_NULL, RULE_EK_TEMPLATE);
    EK_CHANGED(symmetric, 0x13, RULE_EK_TEMPLATE);
    EK_CHANGED(symmetric_bits, 256, RULE_EK_TEMPLATE);
    EK_CHANGED(symmetric_mode, 0x40, RULE_EK_TEMPLATE);
    EK_CHANGED(scheme, TPM_ALG_ECDSA, RULE_EK_TEMPLATE);
    EK_CHANGED(kdf, 0x20, RULE_EK_TEMPLATE);
    EK_CHANGED(curve, 4, RULE_EK_TEMPLATE);
    EK_CHANGED(rsa_exponent, 65537, RULE_EK_TEMPLATE);
    EK_CHANGED(ecc_x, BYTES_NULL, RULE_EK_UNIQUE);
    EK_CHANGED(ecc_y, bytes_of(unique, 33), RULE_EK_UNIQUE);
}

/* H(start || words and bytes) as the policy commands extend it. */
static void
policy_of(struct hasher *hasher, enum hash alg, const char *command, struct bytes a, struct bytes b,
          uint8_t *out)
{
    static const uint8_t zeros[HASH_SIZE_MAX];
    struct bytes parts[4] = {bytes_of(zeros, hash_size(alg)), check_hex(command), a, b};

    CHECK_EQ(hasher_parts(hasher, alg, parts, 4, out), 0);
}

static void
policies_follow_from_their_definitions(void)
{
    static const enum hash algs[] = {HASH_SHA256, HASH_SHA384, HASH_SHA512};
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();

    for (uint8_t i = 0; i < ARRAY_LEN(algs); i++) {
        size_t size = hash_size(algs[i]);
        uint8_t a[HASH_SIZE_MAX];
        uint8_t b[HASH_SIZE_MAX];
        uint8_t c[HASH_SIZE_MAX];
        uint8_t nv[128];
        uint8_t name[TPM_NAME_MAX];
        struct wr wr = wr_init(nv, sizeof(nv));
        struct wr name_wr = wr_init(name, sizeof(name));

        /* A = PolicySecret(TPM_RH_ENDORSEMENT), empty policyRef */
        policy_of(hasher, algs[i], "00000151", check_hex("4000000b"), BYTES_NULL, a);
        CHECK_EQ(hasher_bytes(hasher, algs[i], bytes_of(a, size), a), 0);
        CHECK_BYTES(tpm_ek_policy_a(algs[i]), bytes_of(a, size));
        /* C = PolicyAuthorizeNV of the index 0x01c07f01 and following */
        wr_be32(&wr, 0x01c07f01u + i);
        wr_be16(&wr, hash_tpm_id(algs[i]));
        wr_be32(&wr, 0x220f1008);
        wr_be16(&wr, (uint16_t)size);
        wr_bytes(&wr, bytes_of(a, size));
        wr_be16(&wr, (uint16_t)(size + 2));
        wr_be16(&name_wr, hash_tpm_id(algs[i]));
        CHECK_EQ(hasher_bytes(hasher, algs[i], wr_done(&wr), wr_room(&name_wr, size)), 0);
        policy_of(hasher, algs[i], "00000192", wr_done(&name_wr), BYTES_NULL, c);
        /* B = PolicyOR(A, C) */
        policy_of(hasher, algs[i], "00000171", bytes_of(a, size), bytes_of(c, size), b);
        CHECK_BYTES(tpm_ek_policy_b(algs[i]), bytes_of(b, size));
    }
    CHECK_EQ(tpm_ek_policy_a(HASH_SHA1).len, 0);
    CHECK_EQ(tpm_ek_policy_b(HASH_SHA1).len, 0);
}

CHECK_MAIN(CASE(names_are_those_that_tpms_gave), CASE(an_unknown_name_algorithm_is_told),
           CASE(areas_read_back_as_written), CASE(every_truncation_and_a_trailing_byte_are_refused),
           CASE(other_forms_are_named), CASE(a_wrapping_holds_exactly_one_area),
           CASE(the_key_is_that_of_the_pem), CASE(a_key_of_another_size_or_curve_is_refused),
           CASE(recorded_attestation_keys_pass), CASE(each_attribute_of_an_attestation_key_counts),
           CASE(each_algorithm_of_an_attestation_key_counts),
           CASE(a_signer_is_an_endorsement_primary),
           CASE(recorded_endorsement_keys_are_of_template_l1), CASE(each_template_is_told_apart),
           CASE(each_field_of_a_template_counts), CASE(policies_follow_from_their_definitions))
