/* Good enrolments changed in one place: refused for their reason, and nothing is kept. */
#include "formats/tpm-ek.h"
#include "lib/check.h"
#include "lib/enrol-parts.h"
#include "lib/roca-vector.h"

static uint8_t rubbish[512]; /* stands for key material */

static void
start(void)
{
    memset(rubbish, 0xe5, sizeof(rubbish)); /* odd, and its top bit set */
    enrol_start();
}

/* Refused before anything is kept, on both kinds of connection, and the keys as they were are not:
 * so it was the change. */
static void
refused(const char *name, struct bytes body, enum reason reason)
{
    const enum request_kind kinds[] = {REQUEST_CERTIFICATE, REQUEST_PSK};

    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        uint8_t code = keeper_rig_ask(&rig, kinds[i], RESOURCE_ENROLL, body, NULL);

        if (code != COAP_CODE(4, 0) || keeper_rig_problem(&rig, NULL) != reason) {
            check_fail(__FILE__, __LINE__, "%s: %d.%02d, not 4.00 %s", name, code >> 5, code & 31,
                       reason_name(reason));
        }
    }
    CHECK_EQ(enrol_rows(), 0);
    enrol_plain();
    CHECK_EQ(enrol_on_certificate(enrol_written()), COAP_CODE(2, 4));
}

static void
ek_rsa(void)
{
    parts.ek.type = TPM_ALG_RSA;
    parts.ek.rsa_bits = 2048;
    parts.ek.rsa_n = bytes_of(rubbish, 256);
}

static void
ek_rsa_short(void)
{
    ek_rsa();
    parts.ek.rsa_n.len = 255;
}

static void
ek_rsa_exponent(void)
{
    ek_rsa();
    parts.ek.rsa_exponent = 65537; /* templates have 0 */
}

static void
ek_rsa_small(void)
{
    ek_rsa();
    parts.ek.rsa_bits = 1024;
    parts.ek.rsa_n.len = 128;
}

static void
ek_policy_flipped(void)
{
    static uint8_t policy[32];

    memcpy(policy, parts.ek.policy.p, sizeof(policy));
    policy[31] ^= 1;
    parts.ek.policy = BYTES_OF(policy);
}

static void
ek_policy_none(void)
{
    parts.ek.policy = BYTES_NULL;
}

static void
ek_policy_b(void)
{
    parts.ek.policy = tpm_ek_policy_b(HASH_SHA256);
}

static void
ek_name_sha1(void)
{
    parts.ek.name_alg = 0x0004;
}

static void
ek_name_sha384(void)
{
    parts.ek.name_alg = 0x000c;
}

static void
ek_no_symmetric(void)
{
    parts.ek.symmetric = TPM_ALG_NULL;
}

static void
ek_camellia(void)
{
    parts.ek.symmetric = 0x0026;
}

static void
ek_xor(void)
{
    parts.ek.symmetric = 0x000a;
}

static void
ek_aes_256(void)
{
    parts.ek.symmetric_bits = 256;
}

static void
ek_ctr(void)
{
    parts.ek.symmetric_mode = 0x0040;
}

static void
ek_scheme(void)
{
    parts.ek.scheme = 0x0019;
    parts.ek.scheme_hash = 0x000b;
}

static void
ek_scheme_of_rsa(void)
{
    parts.ek.scheme = TPM_ALG_RSASSA;
    parts.ek.scheme_hash = 0x000b;
}

static void
ek_p384(void)
{
    parts.ek.curve = 4;
}

static void
ek_bn256(void)
{
    parts.ek.curve = 0x0010;
}

static void
ek_kdf(void)
{
    parts.ek.kdf = 0x0020;
    parts.ek.kdf_hash = 0x000b;
}

static void
ek_no_x(void)
{
    parts.ek.ecc_x.len = 0;
}

static void
ek_no_y(void)
{
    parts.ek.ecc_y.len = 0;
}

static void
ek_long_x(void)
{
    parts.ek.ecc_x = bytes_of(rubbish, 33);
}

static void
ek_longest_x(void)
{
    parts.ek.ecc_x = bytes_of(rubbish, 67);
}

static void
ek_off_curve(void)
{
    parts.ek_room[1][31] ^= 1;
}

static void
ek_trailing(void)
{
    parts.ek_trailing = 1;
}

static void
ek_type(void)
{
    parts.ek.type = 0x0008; /* KEYEDHASH */
}

static void
ak_name_sha1(void)
{
    parts.ak.name_alg = 0x0004;
}

static void
ak_rsa(void)
{
    parts.ak.type = TPM_ALG_RSA;
    parts.ak.scheme = TPM_ALG_RSASSA;
    parts.ak.rsa_bits = 2048;
    parts.ak.rsa_n = bytes_of(rubbish, 256);
}

static void
ak_rsa_1024(void)
{
    ak_rsa();
    parts.ak.rsa_bits = 1024;
    parts.ak.rsa_n.len = 128;
}

static void
ak_rsa_3072(void)
{
    ak_rsa();
    parts.ak.rsa_bits = 3072;
    parts.ak.rsa_n.len = 384;
}

static void
ak_rsa_exponent(void)
{
    ak_rsa();
    parts.ak.rsa_exponent = 3;
}

static void
ak_rsa_short(void)
{
    ak_rsa();
    parts.ak.rsa_n.len = 255;
}

static void
ak_rsa_no_scheme(void)
{
    ak_rsa();
    parts.ak.scheme = TPM_ALG_NULL;
}

static void
ek_of_the_faulty_library(void)
{
    ek_rsa();
    parts.ek.rsa_n = check_hex(ROCA_VECTOR);
}

static void
ak_of_the_faulty_library(void)
{
    ak_rsa();
    parts.ak.rsa_n = check_hex(ROCA_VECTOR);
}

static void
ak_p384(void)
{
    parts.ak.curve = 4;
    parts.ak.ecc_x = bytes_of(rubbish, 48);
    parts.ak.ecc_y = bytes_of(rubbish, 48);
}

static void
ak_curve_unknown(void)
{
    parts.ak.curve = 99;
}

static void
ak_no_scheme(void)
{
    parts.ak.scheme = TPM_ALG_NULL;
}

static void
ak_ecdaa(void)
{
    parts.ak.scheme = 0x001a;
}

static void
ak_sha1(void)
{
    parts.ak.scheme_hash = 0x0004;
}

static void
ak_kdf(void)
{
    parts.ak.kdf = 0x0020;
    parts.ak.kdf_hash = 0x000b;
}

static void
ak_symmetric(void)
{
    parts.ak.symmetric = TPM_ALG_AES;
    parts.ak.symmetric_bits = 128;
    parts.ak.symmetric_mode = TPM_ALG_CFB;
}

static void
ak_no_x(void)
{
    parts.ak.ecc_x.len = 0;
}

static void
ak_long_y(void)
{
    parts.ak.ecc_y = bytes_of(rubbish, 33);
}

static void
ak_off_curve(void)
{
    parts.ak.ecc_y = bytes_of(rubbish, 32);
}

static void
ak_trailing(void)
{
    parts.ak_trailing = 1;
}

static const struct row {
    const char *name;
    void (*change)(void);
    enum reason reason;
} rows[] = {
    {"an RSA EK of rubbish under an ECC policy's attributes, short", ek_rsa_short,
     REASON_EK_UNTRUSTED},
    {"an RSA EK with its exponent spelt out", ek_rsa_exponent, REASON_EK_UNTRUSTED},
    {"an RSA-1024 EK", ek_rsa_small, REASON_EK_UNTRUSTED},
    {"an EK policy with a flipped bit", ek_policy_flipped, REASON_EK_UNTRUSTED},
    {"an EK without a policy", ek_policy_none, REASON_EK_UNTRUSTED},
    {"a high-range policy in a low-range template", ek_policy_b, REASON_EK_UNTRUSTED},
    {"an EK named by SHA-1", ek_name_sha1, REASON_EK_UNTRUSTED},
    {"an EK named by SHA-384", ek_name_sha384, REASON_EK_UNTRUSTED},
    {"an EK without a cipher", ek_no_symmetric, REASON_EK_UNTRUSTED},
    {"an EK with Camellia", ek_camellia, REASON_EK_UNTRUSTED},
    {"an EK with XOR", ek_xor, REASON_EVIDENCE_MALFORMED},
    {"an EK with AES-256", ek_aes_256, REASON_EK_UNTRUSTED},
    {"an EK in counter mode", ek_ctr, REASON_EK_UNTRUSTED},
    {"an EK with a scheme", ek_scheme, REASON_EK_UNTRUSTED},
    {"an ECC EK with a scheme of RSA", ek_scheme_of_rsa, REASON_EVIDENCE_MALFORMED},
    {"an EK of a curve that is not the template's", ek_p384, REASON_EK_UNTRUSTED},
    {"an EK of a pairing curve", ek_bn256, REASON_EK_UNTRUSTED},
    {"an EK with a key derivation", ek_kdf, REASON_EK_UNTRUSTED},
    {"an EK without x", ek_no_x, REASON_EK_UNTRUSTED},
    {"an EK without y", ek_no_y, REASON_EK_UNTRUSTED},
    {"an EK with x of 33 bytes", ek_long_x, REASON_EK_UNTRUSTED},
    {"an EK with x of 67 bytes", ek_longest_x, REASON_EVIDENCE_MALFORMED},
    {"an EK off its curve", ek_off_curve, REASON_EK_UNTRUSTED},
    {"a byte after the EK", ek_trailing, REASON_EVIDENCE_MALFORMED},
    {"an EK that is a keyed hash", ek_type, REASON_EVIDENCE_MALFORMED},
    {"an AK named by SHA-1", ak_name_sha1, REASON_AK_ATTRIBUTES},
    {"an RSA-1024 AK", ak_rsa_1024, REASON_AK_ATTRIBUTES},
    {"an RSA-3072 AK", ak_rsa_3072, REASON_AK_ATTRIBUTES},
    {"an RSA AK with e = 3", ak_rsa_exponent, REASON_AK_ATTRIBUTES},
    {"an RSA AK with a short modulus", ak_rsa_short, REASON_AK_ATTRIBUTES},
    {"an RSA AK without a scheme", ak_rsa_no_scheme, REASON_AK_ATTRIBUTES},
    {"an EK of the faulty library", ek_of_the_faulty_library, REASON_TPM_WEAK_KEY},
    {"an AK of the faulty library", ak_of_the_faulty_library, REASON_TPM_WEAK_KEY},
    {"a P-384 AK", ak_p384, REASON_AK_ATTRIBUTES},
    {"an AK of an unknown curve", ak_curve_unknown, REASON_AK_ATTRIBUTES},
    {"an AK without a scheme", ak_no_scheme, REASON_AK_ATTRIBUTES},
    {"an ECDAA AK", ak_ecdaa, REASON_AK_ATTRIBUTES},
    {"an AK that signs over SHA-1", ak_sha1, REASON_AK_ATTRIBUTES},
    {"an AK with a key derivation", ak_kdf, REASON_AK_ATTRIBUTES},
    {"an AK with a cipher", ak_symmetric, REASON_AK_ATTRIBUTES},
    {"an AK without x", ak_no_x, REASON_AK_ATTRIBUTES},
    {"an AK with y of 33 bytes", ak_long_y, REASON_AK_ATTRIBUTES},
    {"an AK off its curve", ak_off_curve, REASON_AK_ATTRIBUTES},
    {"a byte after the AK", ak_trailing, REASON_EVIDENCE_MALFORMED},
};

static void
each_change_alone_is_refused_for_its_reason(void)
{
    start();
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        enrol_plain();
        rows[i].change();
        refused(rows[i].name, enrol_written(), rows[i].reason);
    }
    printf("# %zu changes\n", ARRAY_LEN(rows));
}

static void
every_attribute_of_the_ek_counts(void)
{
    char name[32];

    start();
    for (unsigned bit = 0; bit < 32; bit++) {
        enrol_plain();
        parts.ek.attributes ^= UINT32_C(1) << bit;
        snprintf(name, sizeof(name), "EK attribute %u", bit);
        refused(name, enrol_written(), REASON_EK_UNTRUSTED);
    }
}

static void
every_attribute_of_the_ak_counts_but_three(void)
{
    const uint32_t free_bits = TPMA_USER_WITH_AUTH | TPMA_ADMIN_WITH_POLICY | TPMA_NO_DA;
    char name[32];

    start();
    for (unsigned bit = 0; bit < 32; bit++) {
        enrol_plain();
        parts.ak.attributes ^= UINT32_C(1) << bit;
        snprintf(name, sizeof(name), "AK attribute %u", bit);
        if (free_bits >> bit & 1) {
            CHECK_EQ(enrol_on_certificate(enrol_written()), COAP_CODE(2, 4));
        } else {
            refused(name, enrol_written(), REASON_AK_ATTRIBUTES);
        }
    }
}

static void
an_rsa_2048_ak_is_taken(void)
{
    start();
    ak_rsa();
    rubbish[255] |= 1;
    enrol_take_identity();
    CHECK_EQ(enrol_on_psk(enrol_written()), COAP_CODE(2, 4));
    CHECK_EQ(enrol_rows(), 1);
}

static void
every_cut_and_a_trailing_byte_is_malformed(void)
{
    static uint8_t longer[4097];
    struct bytes body;

    start();
    body = enrol_written();
    for (size_t n = 0; n < body.len; n++) {
        CHECK_EQ(enrol_on_certificate(check_guarded(bytes_of(body.p, n))), COAP_CODE(4, 0));
        CHECK_EQ(keeper_rig_problem(&rig, NULL), REASON_EVIDENCE_MALFORMED);
    }
    memcpy(longer, body.p, body.len);
    CHECK_EQ(enrol_on_certificate(bytes_of(longer, body.len + 1)), COAP_CODE(4, 0));
    CHECK_EQ(enrol_on_certificate(body), COAP_CODE(2, 4));
    CHECK_EQ(enrol_rows(), 0);
}

static void
missing_fields_are_malformed(void)
{
    static const char *const bodies[] = {
        "a0",                   /* nothing at all */
        "a20241aa0341bb",       /* no list of certificates */
        "a201800341bb",         /* no EK */
        "a201800241aa",         /* no AK */
        "a3018002400341bb",     /* an empty EK */
        "a3018002 41aa 0340",   /* an empty AK */
        "a301810002 41aa0341bb" /* a certificate that is no byte string */
    };

    start();
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
        refused(bodies[i], check_hex(bodies[i]), REASON_EVIDENCE_MALFORMED);
    }
}

static void
an_oversized_code_is_malformed(void)
{
    char code[LIMIT_CODE + 2];

    start();
    memset(code, 'A', sizeof(code));
    code[sizeof(code) - 1] = '\0';
    parts.code = bytes_str(code);
    refused("a long code", enrol_written(), REASON_EVIDENCE_MALFORMED);
}

CHECK_MAIN(CASE(each_change_alone_is_refused_for_its_reason),
           CASE(every_attribute_of_the_ek_counts), CASE(every_attribute_of_the_ak_counts_but_three),
           CASE(an_rsa_2048_ak_is_taken), CASE(every_cut_and_a_trailing_byte_is_malformed),
           CASE(missing_fields_are_malformed), CASE(an_oversized_code_is_malformed))
