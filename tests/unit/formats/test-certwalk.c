/* The walk says of a certificate what the full reader says, as far as it says anything. */
#include "formats/certwalk.h"

#include "formats/ekcert.h"
#include "lib/check.h"
#include "lib/mkcert.h"

static struct hasher *hasher;

static struct certwalk
walk(const struct mkcert *what)
{
    struct certwalk ret;

    hasher = hasher ? hasher : hasher_new();
    CHECK_EQ(certwalk_read(check_guarded(mkcert(what)), NULL, &ret), 0);
    return ret;
}

static void
it_agrees_with_the_full_reader(void)
{
    static const struct mkcert kinds[] = {
        {0},
        {.key = MKCERT_LEAF_RSA, .signer = MKCERT_RSA_CA, .digest = "SHA384"},
        {.signer = MKCERT_RSA_CA, .pss = true},
        {.subject = "root", .key = MKCERT_ROOT, .exts = MKCERT_CA, .not_after = 1900000000},
        {.key = MKCERT_INTER, .signer = MKCERT_ED25519},
        {.digest = "SHA1", .not_before = 1000000000},
    };

    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        struct certwalk got = walk(&kinds[i]);
        struct x509 full;

        CHECK_EQ(x509_read(got.der, NULL, &full), 0);
        CHECK(got.tbs.p == full.tbs.p && got.tbs.len == full.tbs.len);
        CHECK(got.spki.p == full.spki.p && got.spki.len == full.spki.len);
        CHECK(got.signature.p == full.signature.p && got.signature.len == full.signature.len);
        CHECK_EQ(got.sig_scheme, full.sig_scheme);
        CHECK_EQ(got.sig_hash, full.sig_hash);
        CHECK_EQ(got.not_before, full.not_before);
        CHECK_EQ(got.not_after, full.not_after);
        CHECK_EQ(got.is_ca, full.is_ca);
    }
}

/* What the three extensions make of a certificate. */
static void
what_a_key_is_for_is_told_by_three_extensions(void)
{
    static const struct {
        const char *exts;
        bool is_ca;
        int pathlen;
        bool for_ek;
    } rows[] = {
        {MKCERT_GOOD, false, -1, true},
        {"[x]\n" MKCERT_BASIC MKCERT_KU, false, -1, true},
        {"[x]\n" MKCERT_BASIC "keyUsage=keyEncipherment\n", false, -1, true},
        {"[x]\n" MKCERT_BASIC MKCERT_EKU, false, -1, true},
        {"[x]\n" MKCERT_BASIC "extendedKeyUsage=clientAuth,2.23.133.8.1\n", false, -1, true},
        {"[x]\n" MKCERT_BASIC, false, -1, false},
        {"[x]\n" MKCERT_BASIC "keyUsage=digitalSignature\n", false, -1, false},
        {"[x]\n" MKCERT_BASIC MKCERT_KU "extendedKeyUsage=clientAuth\n", false, -1, false},
        {"[x]\n" MKCERT_BASIC MKCERT_KU "extendedKeyUsage=DER:0500\n", false, -1, false},
        {"[x]\n" MKCERT_BASIC "keyUsage=DER:030205A000\n", false, -1, false},
        {"[x]\nbasicConstraints=DER:30030101FE\n" MKCERT_EKU, false, -1, true},
        {MKCERT_CA, true, -1, false},
        {"[x]\nbasicConstraints=CA:TRUE,pathlen:0\n", true, 0, false},
        {"[x]\nbasicConstraints=CA:TRUE,pathlen:3\nkeyUsage=keyCertSign\n", true, 3, false},
        {"[x]\nbasicConstraints=CA:TRUE\nkeyUsage=cRLSign\n", false, -1, false},
        {"[x]\nbasicConstraints=CA:TRUE\n" MKCERT_EKU, true, -1, false},
        {"[x]\nbasicConstraints=DER:30030101FF00\n" MKCERT_SAN MKCERT_TPM, false, -1, false},
        {"[x]\nbasicConstraints=DER:3003020105\n", false, -1, false},
        {"[x]\nbasicConstraints=DER:30060201000101FF\n", false, -1, false},
        {"", false, -1, false},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct certwalk got = walk(&(struct mkcert){.exts = rows[i].exts});

        if (got.is_ca != rows[i].is_ca || got.for_ek != rows[i].for_ek ||
            (rows[i].is_ca && got.pathlen != rows[i].pathlen)) {
            check_fail(__FILE__, __LINE__, "row %zu: CA %d, EK %d, path %d", i, got.is_ca,
                       got.for_ek, got.pathlen);
        }
    }
}

static void
version_1_is_for_nothing(void)
{
    struct certwalk got = walk(&(struct mkcert){.version = 1, .exts = ""});

    CHECK(!got.is_ca && !got.for_ek);
}

static void
an_extension_that_counts_comes_once(void)
{
    static const char *const twice[] = {
        "[x]\n" MKCERT_BASIC MKCERT_KU "2.5.29.19=DER:30030101FF\n",
        "[x]\n" MKCERT_BASIC MKCERT_KU "2.5.29.15=DER:03020204\n",
        "[x]\n" MKCERT_BASIC MKCERT_EKU "2.5.29.37=DER:30090607678105080101\n",
    };
    struct fault fault;
    struct certwalk got;

    for (size_t i = 0; i < ARRAY_LEN(twice); i++) {
        fault = (struct fault){0};
        CHECK_EQ(certwalk_read(mkcert(&(struct mkcert){.exts = twice[i]}), &fault, &got), 1);
        CHECK_EQ(fault.rule, RULE_X509_DER);
    }
}

static void
every_cut_and_a_trailing_byte_is_refused(void)
{
    struct bytes der = mkcert(&(struct mkcert){0});
    uint8_t longer[LIMIT_CERT_BYTES + 1] = {0};
    struct certwalk got = {.pathlen = 77};
    struct fault fault;

    for (size_t n = 0; n < der.len; n++) {
        CHECK_EQ(certwalk_read(check_guarded(bytes_of(der.p, n)), &fault, &got), 1);
        CHECK_EQ(fault.rule, RULE_X509_DER);
    }
    memcpy(longer, der.p, der.len);
    CHECK_EQ(certwalk_read(bytes_of(longer, der.len + 1), &fault, &got), 1);
    CHECK_EQ(fault.rule, RULE_X509_DER);
    CHECK_EQ(certwalk_read(BYTES_OF(longer), &fault, &got), 1);
    CHECK_EQ(fault.rule, RULE_X509_SIZE);
    CHECK_EQ(got.pathlen, 77);
}

/* No flipped byte makes another certificate that verifies. */
static void
every_flip_is_refused_or_does_not_verify(void)
{
    struct certwalk root =
        walk(&(struct mkcert){.subject = "root", .key = MKCERT_ROOT, .exts = MKCERT_CA});
    struct bytes der = mkcert(&(struct mkcert){0});
    uint8_t copy[LIMIT_CERT_BYTES];
    struct pubkey *key = NULL;
    struct certwalk got;

    CHECK_EQ(certwalk_key(&root, &key), 0);
    memcpy(copy, der.p, der.len);
    CHECK_EQ(certwalk_read(bytes_of(copy, der.len), NULL, &got), 0);
    CHECK_EQ(certwalk_verify(hasher, &got, key), 0);
    CHECK_EQ(certwalk_verify(hasher, &root, key), 0);
    for (size_t i = 0; i < der.len; i++) {
        copy[i] ^= 0x20;
        CHECK(certwalk_read(bytes_of(copy, der.len), NULL, &got) != 0 ||
              certwalk_verify(hasher, &got, key) != 0);
        copy[i] ^= 0x20;
    }
    pubkey_free(key);
}

static void
dates_and_algorithms_keep_their_form(void)
{
    struct bytes der = mkcert(&(struct mkcert){0});
    static const uint8_t not_before[] = {0x17, 0x0d, '2', '0', '0', '1'};
    uint8_t copy[LIMIT_CERT_BYTES];
    uint8_t *at;
    struct certwalk got;
    struct fault fault = {0};

    memcpy(copy, der.p, der.len);
    at = memmem(copy, der.len, not_before, sizeof(not_before));
    CHECK(at);
    at[5] = 'x';
    CHECK_EQ(certwalk_read(bytes_of(copy, der.len), &fault, &got), 1);
    memcpy(copy, der.p, der.len);
    CHECK_EQ(certwalk_read(bytes_of(copy, der.len), NULL, &got), 0);
    copy[(got.tbs.p - copy) + (ptrdiff_t)got.tbs.len + 11] ^= 1; /* outer: ecdsa-with-SHA384 */
    CHECK_EQ(certwalk_read(bytes_of(copy, der.len), &fault, &got), 1);
    CHECK_EQ(fault.rule, RULE_X509_ALG_MISMATCH);
}

static void
keys_that_are_not_on_the_list_are_none(void)
{
    static const enum mkcert_key kinds[] = {MKCERT_K256, MKCERT_ED25519};
    struct pubkey *key = NULL;

    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        struct certwalk got = walk(&(struct mkcert){.key = kinds[i]});

        CHECK(certwalk_key(&got, &key) > 0);
    }
}

CHECK_MAIN(CASE(it_agrees_with_the_full_reader),
           CASE(what_a_key_is_for_is_told_by_three_extensions), CASE(version_1_is_for_nothing),
           CASE(an_extension_that_counts_comes_once),
           CASE(every_cut_and_a_trailing_byte_is_refused),
           CASE(every_flip_is_refused_or_does_not_verify),
           CASE(dates_and_algorithms_keep_their_form), CASE(keys_that_are_not_on_the_list_are_none))
