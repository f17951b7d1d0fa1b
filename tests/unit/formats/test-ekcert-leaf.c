/* One defect a certificate: the failure cases that go-attestation tests (pitfall 36) and ours. */
#include "formats/ekcert.h"
#include "lib/check.h"
#include "lib/mkcert.h"

static enum rule
rule_of(const struct mkcert *what)
{
    struct fault fault = {0};
    struct ekcert ek;
    int r = ekcert_read(check_guarded(mkcert(what)), &fault, &ek);

    CHECK(r >= 0);
    CHECK_EQ(r > 0, fault.rule != RULE_NONE);
    CHECK(r == 0 || rule_reason(fault.rule) == REASON_EK_UNTRUSTED);
    return fault.rule;
}

static void
a_good_leaf_is_read(void)
{
    struct ekcert ek;

    CHECK_EQ(ekcert_read(mkcert(&(struct mkcert){0}), NULL, &ek), 0);
    CHECK_BYTES(ek.maker, bytes_str("id:4E544300"));
    CHECK_BYTES(ek.version, bytes_str("id:00070002"));
    CHECK_EQ(ek.vendor_id, 0x4e544300);
    CHECK_EQ(ek.key_kind, KEY_P256);
    CHECK_EQ(ek.key_bits, 256);
    CHECK_EQ(ek.cert.not_after, 253402300799);
}

static void
what_the_field_leaves_out_is_accepted(void)
{
    static const char *const exts[] = {
        "[x]\n" MKCERT_BASIC MKCERT_EKU MKCERT_SAN MKCERT_TPM, /* no key usage */
        "[x]\n" MKCERT_BASIC MKCERT_KU,                        /* no purpose, no name */
        "[x]\n" MKCERT_BASIC MKCERT_KU "extendedKeyUsage=clientAuth,2.23.133.8.1\n",
        "[x]\n" MKCERT_BASIC MKCERT_KU "certificatePolicies=critical,1.2.3\n",
        "[x]\n" MKCERT_BASIC MKCERT_KU "1.2.3.4=ASN1:NULL\n",
        "[x]\n" MKCERT_BASIC MKCERT_KU "subjectAltName=email:a@b.c,dirName:tpm\n" MKCERT_TPM,
        "[x]\n" MKCERT_BASIC MKCERT_KU MKCERT_SAN
        "[tpm]\na.2.23.133.2.1=id:XYZ\nCN=other\na.2.23.133.2.2=m\na.2.23.133.2.3=v\n",
    };

    for (size_t i = 0; i < ARRAY_LEN(exts); i++) {
        CHECK_EQ(rule_of(&(struct mkcert){.exts = exts[i]}), RULE_NONE);
    }
    CHECK_EQ(rule_of(&(struct mkcert){.subject = ""}), RULE_NONE);
}

static void
each_broken_extension_has_its_rule(void)
{
    static const struct {
        const char *exts;
        enum rule rule;
    } rows[] = {
        {"", RULE_EKCERT_CA},
        {"[x]\n" MKCERT_KU MKCERT_EKU MKCERT_SAN MKCERT_TPM, RULE_EKCERT_CA},
        {"[x]\nbasicConstraints=CA:FALSE\n" MKCERT_KU, RULE_EKCERT_CA},
        {"[x]\nbasicConstraints=critical,CA:TRUE\n" MKCERT_KU, RULE_EKCERT_CA},
        {"[x]\n" MKCERT_BASIC "keyUsage=critical,keyEncipherment\n", RULE_EKCERT_KEY_USAGE},
        {"[x]\n" MKCERT_BASIC "keyUsage=critical,digitalSignature\n", RULE_EKCERT_KEY_USAGE},
        {"[x]\n" MKCERT_BASIC MKCERT_KU "extendedKeyUsage=clientAuth\n", RULE_EKCERT_EKU},
        {"[x]\n" MKCERT_BASIC MKCERT_KU "extendedKeyUsage=2.23.133.8.3\n", RULE_EKCERT_EKU},
        {"[x]\n" MKCERT_BASIC MKCERT_KU "extendedKeyUsage=DER:0500\n", RULE_EKCERT_EKU},
        {"[x]\n" MKCERT_BASIC MKCERT_SAN MKCERT_TPM, RULE_EKCERT_PURPOSE},
        {"[x]\n" MKCERT_BASIC MKCERT_KU "subjectAltName=email:a@b.c\n", RULE_EKCERT_SAN},
        {"[x]\n" MKCERT_BASIC MKCERT_KU MKCERT_SAN "[tpm]\na.2.23.133.2.1=a\na.2.23.133.2.2=b\n",
         RULE_EKCERT_SAN},
        {"[x]\n" MKCERT_BASIC MKCERT_KU MKCERT_SAN "[tpm]\na.2.23.133.2.1=a\na.2.23.133.2.3=b\n",
         RULE_EKCERT_SAN},
        {"[x]\n" MKCERT_BASIC MKCERT_KU MKCERT_SAN "[tpm]\na.2.23.133.2.2=a\na.2.23.133.2.3=b\n",
         RULE_EKCERT_SAN},
        {"[x]\n" MKCERT_BASIC MKCERT_KU
         "subjectAltName=dirName:tpm,dirName:again\n[again]\na.2.23.133.2.1=evil\n" MKCERT_TPM,
         RULE_EKCERT_SAN},
        {"[x]\n" MKCERT_BASIC MKCERT_KU MKCERT_SAN "[tpm]\na.2.23.133.2.1=a\na.2.23.133.2.3=b\n"
         "a.2.23.133.2.2=0123456789012345678901234567890123456789012345678901234567890123x\n",
         RULE_EKCERT_SAN},
        {"[x]\n" MKCERT_BASIC MKCERT_KU "1.2.3.4=critical,ASN1:NULL\n", RULE_X509_EXT_CRITICAL},
        {"[x]\n" MKCERT_BASIC MKCERT_KU "nameConstraints=critical,permitted;email:a.b\n",
         RULE_X509_EXT_CRITICAL},
        {"[x]\n" MKCERT_KU "basicConstraints=critical,DER:300002\n", RULE_X509_EXT_FORM},
        {"[x]\n" MKCERT_BASIC "keyUsage=DER:030108\n", RULE_X509_EXT_FORM},
        {"[x]\n" MKCERT_BASIC "subjectKeyIdentifier=DER:0500\n", RULE_X509_EXT_FORM},
        {"[x]\n" MKCERT_BASIC "authorityKeyIdentifier=DER:3003800200\n", RULE_X509_EXT_FORM},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        enum rule rule = rule_of(&(struct mkcert){.exts = rows[i].exts});

        if (rule != rows[i].rule) {
            char room[RULE_NAME_MAX];

            check_fail(__FILE__, __LINE__, "row %zu gives %s", i, rule_name(rule, room));
        }
    }
}

static void
head_fields_have_their_rules(void)
{
    const char *no_name = "[x]\n" MKCERT_BASIC MKCERT_KU;

    CHECK_EQ(rule_of(&(struct mkcert){.version = 1, .exts = ""}), RULE_X509_VERSION);
    CHECK_EQ(rule_of(&(struct mkcert){.serial = "0"}), RULE_EKCERT_SERIAL);
    CHECK_EQ(rule_of(&(struct mkcert){.serial = "-1"}), RULE_EKCERT_SERIAL);
    CHECK_EQ(rule_of(&(struct mkcert){.serial = "128"}), RULE_NONE);
    CHECK_EQ(rule_of(&(struct mkcert){.subject = "", .exts = no_name}), RULE_EKCERT_SUBJECT);
}

static void
key_and_usage_must_fit(void)
{
    const char *rsa = "[x]\n" MKCERT_BASIC "keyUsage=critical,keyEncipherment\n";

    CHECK_EQ(rule_of(&(struct mkcert){.key = MKCERT_LEAF_RSA, .exts = rsa}), RULE_NONE);
    CHECK_EQ(rule_of(&(struct mkcert){.key = MKCERT_LEAF_RSA}), RULE_EKCERT_KEY_USAGE);
    CHECK_EQ(rule_of(&(struct mkcert){.key = MKCERT_RSA_1024, .exts = rsa}), RULE_X509_KEY);
    CHECK_EQ(rule_of(&(struct mkcert){.key = MKCERT_K256}), RULE_X509_KEY);
    CHECK_EQ(rule_of(&(struct mkcert){.key = MKCERT_ED25519}), RULE_X509_KEY);
    CHECK_EQ(rule_of(&(struct mkcert){.key = MKCERT_INTER}), RULE_NONE);
    CHECK_EQ(rule_of(&(struct mkcert){.key = MKCERT_OTHER}), RULE_NONE);
}

static void
extensions_are_few(void)
{
    char text[2048] = "[x]\n" MKCERT_BASIC MKCERT_KU;

    for (unsigned i = 0; i < LIMIT_CERT_EXTS - 2; i++) {
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "1.2.3.%u=ASN1:NULL\n", i);
    }
    CHECK_EQ(rule_of(&(struct mkcert){.exts = text}), RULE_NONE);
    snprintf(text + strlen(text), sizeof(text) - strlen(text), "1.2.3.999=ASN1:NULL\n");
    CHECK_EQ(rule_of(&(struct mkcert){.exts = text}), RULE_X509_EXT_MANY);
}

/* What OpenSSL would not write: bytes of a good certificate changed before any signature counts. */
static enum rule
rule_patched(const char *from, const char *to)
{
    struct bytes der = mkcert(&(struct mkcert){0});
    struct bytes old = check_hex(from);
    struct bytes new = check_hex(to);
    uint8_t copy[LIMIT_CERT_BYTES];
    struct fault fault = {0};
    struct ekcert ek;
    uint8_t *at;

    CHECK_EQ(old.len, new.len);
    memcpy(copy, der.p, der.len);
    at = memmem(copy, der.len, old.p, old.len);
    CHECK(at);
    memcpy(at, new.p, new.len);
    CHECK_EQ(ekcert_read(check_guarded(bytes_of(copy, der.len)), &fault, &ek), 1);
    return fault.rule;
}

static void
bytes_that_no_library_writes_are_refused(void)
{
    /* basicConstraints renamed to keyUsage: two of them */
    CHECK_EQ(rule_patched("0603551d13", "0603551d0f"), RULE_X509_EXT_TWICE);
    /* the inner algorithm says SHA-384 */
    CHECK_EQ(rule_patched("2a8648ce3d040302", "2a8648ce3d040303"), RULE_X509_ALG_MISMATCH);
    /* 2020-01-01 with month 13, and with a minus for a digit */
    CHECK_EQ(rule_patched("3230303130313030", "3230313330313030"), RULE_X509_TIME);
    CHECK_EQ(rule_patched("3230303130313030", "32302d3130313030"), RULE_X509_TIME);
    /* version 4; a compressed point; a point with a hybrid head */
    CHECK_EQ(rule_patched("a003020102", "a003020103"), RULE_X509_DER);
    CHECK_EQ(rule_patched("03420004", "03420002"), RULE_X509_KEY);
    CHECK_EQ(rule_patched("03420004", "03420006"), RULE_X509_KEY);
}

static void
a_large_certificate_is_not_read(void)
{
    static uint8_t room[LIMIT_CERT_BYTES + 1];
    struct fault fault;
    struct x509 cert;

    CHECK_EQ(x509_read(BYTES_OF(room), &fault, &cert), 1);
    CHECK_EQ(fault.rule, RULE_X509_SIZE);
}

CHECK_MAIN(CASE(a_good_leaf_is_read), CASE(what_the_field_leaves_out_is_accepted),
           CASE(each_broken_extension_has_its_rule), CASE(head_fields_have_their_rules),
           CASE(key_and_usage_must_fit), CASE(extensions_are_few),
           CASE(bytes_that_no_library_writes_are_refused), CASE(a_large_certificate_is_not_read))
