/* formats/xmldsig: signatures that tools of others made, and what is not signed so. */
#include "formats/xmldsig.h"

#include <stdio.h>

#include "formats/pem.h"
#include "lib/check.h"

/* Of the vectors' signer, from their KeyInfo. */
static const char modulus[] =
    "p3WVYaRJG7EABjbAdqDYZXFSTV1nHY9Ol9A5+W8t5xwBXBryZCGWxERGr5AryKWPxd+qzjj+cFpx"
    "xkM6N18jEhQIx/CEZePEJqpluBO5w2wTEOe7hqtMatqgDDMeDRxUuIpP8LGP00vh1wyDFFew90d9"
    "dvT3bcLvFh3a3ap9bTm6aBqPup5CXpzrwIU2wZfgkDytYVBm+8bHkMaUrgpNyM+5BAg2zl/Fqw0q"
    "otjaGr7PzbH+urCvaGbKLMPoWkVLIgAE8Qw98HTfoYSFHC7VYQySrzIinaOBFSgViR72kHemH2lW"
    "jDQeHiY0VIoPik/jVVIpjWe6zzeZ2S66Q/LmjQ==";

static struct xmldsig sig;
static struct hasher *hasher;
static struct pubkey *key;
static bool indented;

static void
set_up(void)
{
    uint8_t n[256];
    size_t len;

    hasher = hasher_new();
    CHECK(hasher);
    CHECK_EQ(pem_base64(bytes_str(modulus), n, sizeof(n), &len), 0);
    CHECK_EQ(pubkey_from_rsa(bytes_of(n, len), 65537, &key), 0);
}

static void
tear_down(void)
{
    hasher_freep(&hasher);
    pubkey_freep(&key);
}

/* The rule that refuses the signature; RULE_NONE when it holds. */
static enum rule
rule_of(struct bytes in)
{
    struct bytes file = check_guarded(in);
    struct fault fault = {0};
    int r = xmldsig_read(file, &sig, &fault);

    CHECK(r != XMLDSIG_E_NONE);
    r = r == 0 ? xmldsig_verify(file, &sig, key, hasher, &indented, &fault) : r;
    CHECK(r >= 0 && (r == 0) == (fault.rule == RULE_NONE));
    return fault.rule;
}

static void
signatures_of_others_hold(void)
{
    set_up();
    CHECK_EQ(rule_of(check_vector("rim/hirs-laptop.swidtag")), RULE_NONE);
    CHECK(!indented && sig.hash == HASH_SHA256);
    CHECK_EQ(rule_of(check_vector("rim/rim-tool-sha384.swidtag")), RULE_NONE);
    CHECK(!indented && sig.hash == HASH_SHA384 && sig.digest.alg == HASH_SHA384);
    CHECK_EQ(rule_of(check_vector("rim/hirs-with-cert.swidtag")), RULE_NONE);
    CHECK(indented);
    tear_down();
}

/* Copies with a part replaced; the part must be there. */
static struct bytes
with(struct bytes file, const char *part, const char *by)
{
    static char text[16384];
    char *at;
    size_t rest;

    CHECK(file.len < sizeof(text) - 1024);
    memcpy(text, file.p, file.len);
    text[file.len] = '\0';
    at = strstr(text, part);
    CHECK(at);
    rest = strlen(at + strlen(part)) + 1;
    memmove(at + strlen(by), at + strlen(part), rest);
    memcpy(at, by, strlen(by));
    return bytes_str(text);
}

static void
each_byte_counts_or_says_the_same(void)
{
    static uint8_t copy[4096];
    struct bytes file = check_vector("rim/hirs-laptop.swidtag");
    size_t n_wrong = 0;
    size_t key_info = file.len;

    set_up();
    for (size_t i = 0; i + 9 < file.len; i++) {
        key_info = memcmp(file.p + i, "<KeyInfo>", 9) == 0 ? i : key_info;
    }
    memcpy(copy, file.p, file.len);
    for (size_t at = 60; at < key_info; at++) {
        struct bytes in = bytes_of(copy, file.len);
        int r;

        copy[at] ^= 1;
        r = xmldsig_read(in, &sig, NULL);
        r = r == 0 ? xmldsig_verify(in, &sig, key, hasher, &indented, NULL) : 1;
        n_wrong += r == 0;
        copy[at] ^= 1;
    }
    CHECK_EQ(n_wrong, 0);
    tear_down();
}

static void
what_was_changed_and_who_did_not_sign_are_told_apart(void)
{
    struct bytes file = check_vector("rim/hirs-laptop.swidtag");

    set_up();
    CHECK_EQ(rule_of(with(file, "size=\"20113\"", "size=\"20114\"")), RULE_XMLDSIG_DIGEST);
    CHECK_EQ(rule_of(with(file, "Latitude 5580", "Latitude  5580")), RULE_XMLDSIG_DIGEST);
    CHECK_EQ(rule_of(with(file, "<SignatureValue>F", "<SignatureValue>G")), RULE_XMLDSIG_WRONG);
    CHECK_EQ(rule_of(with(file, "<Reference URI=\"\">", "<Reference Id=\"x\" URI=\"\">")),
             RULE_XMLDSIG_WRONG);
    /* the same said otherwise */
    CHECK_EQ(rule_of(with(file, "size=\"20113\"", "size = '&#50;0113'")), RULE_NONE);
    CHECK_EQ(rule_of(with(file, "<ns2:Payload>", "<!-- c --><ns2:Payload >")), RULE_NONE);
    pubkey_freep(&key);
    {
        uint8_t n[256];
        size_t len;

        CHECK_EQ(pem_base64(bytes_str(modulus), n, sizeof(n), &len), 0);
        n[200] ^= 2;
        CHECK_EQ(pubkey_from_rsa(bytes_of(n, len), 65537, &key), 0);
    }
    CHECK_EQ(rule_of(file), RULE_XMLDSIG_WRONG);
    tear_down();
}

static void
a_key_of_another_kind_is_told(void)
{
    struct bytes gx = check_hex("6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296");
    struct bytes gy = check_hex("4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5");
    struct bytes file = check_vector("rim/hirs-laptop.swidtag");

    set_up();
    CHECK_EQ(rule_of(with(file, "#rsa-sha256", "#ecdsa-sha256")), RULE_XMLDSIG_ALGORITHM);
    pubkey_freep(&key);
    CHECK_EQ(pubkey_from_point(KEY_P256, gx, gy, &key), 0);
    CHECK_EQ(rule_of(file), RULE_XMLDSIG_ALGORITHM);
    /* of this kind, but not of its length */
    CHECK_EQ(rule_of(with(file, "#rsa-sha256", "#ecdsa-sha256")), RULE_XMLDSIG_WRONG);
    tear_down();
}

static void
other_ways_to_sign_are_refused_by_name(void)
{
    static const char *const changes[][2] = {
        {"REC-xml-c14n-20010315\"", "REC-xml-c14n-20010315#WithComments\""},
        {"#rsa-sha256", "#rsa-sha1"},
        {"xmlenc#sha256\"/><DigestValue", "xmldsig#sha1\"/><DigestValue"},
        {"<Reference URI=\"\">", "<Reference URI=\"#a\">"},
        {"<Reference URI=\"\">", "<Reference>"},
        {"#enveloped-signature", "#base64"},
        {"</Transforms>", "<Transform Algorithm=\"http://www.w3.org/TR/xpath\"/></Transforms>"},
        {"<SignatureMethod ", "<x/><SignatureMethod "},
        {"</SignedInfo>", "<Reference URI=\"\"></Reference></SignedInfo>"},
    };
    struct bytes file = check_vector("rim/hirs-laptop.swidtag");

    set_up();
    for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
        CHECK_EQ(rule_of(with(file, changes[i][0], changes[i][1])), RULE_XMLDSIG_ALGORITHM);
    }
    /* a time stamp is a second reference */
    CHECK_EQ(rule_of(check_vector("rim/hirs-timestamp.swidtag")), RULE_XMLDSIG_ALGORITHM);
    tear_down();
}

static void
what_is_no_signature_is_refused(void)
{
    static const char *const changes[][2] = {
        {"<DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"/>", ""},
        {"<DigestValue>v", "<DigestValue>"},
        {"<DigestValue>v", "<DigestValue>v<!-- -->"},
        {"<SignatureValue>F", "<SignatureValue>!"},
        {"<SignatureValue>", "<SignatureValue/><SignatureValue>"},
        {"<Signature xmlns", "<Signature xmlns='http://www.w3.org/2000/09/xmldsig#'/><Signature "
                             "xmlns"},
    };
    struct bytes file = check_vector("rim/hirs-laptop.swidtag");
    struct fault fault = {0};

    set_up();
    for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
        CHECK_EQ(rule_of(with(file, changes[i][0], changes[i][1])), RULE_XMLDSIG_FORM);
    }
    CHECK_EQ(xmldsig_read(bytes_str("<a><b><Signature xmlns='" /* not the root's own */
                                    "http://www.w3.org/2000/09/xmldsig#'/></b></a>"),
                          &sig, &fault),
             XMLDSIG_E_NONE);
    CHECK_EQ(xmldsig_read(bytes_str("<a>"), &sig, &fault), XMLDSIG_E_FAULT);
    CHECK_EQ(fault.rule, RULE_XML_FORM);
    CHECK_EQ(xmldsig_read(bytes_str("\x01"), &sig, &fault), XMLDSIG_E_FAULT);
    tear_down();
}

CHECK_MAIN(CASE(signatures_of_others_hold), CASE(each_byte_counts_or_says_the_same),
           CASE(what_was_changed_and_who_did_not_sign_are_told_apart),
           CASE(a_key_of_another_kind_is_told), CASE(other_ways_to_sign_are_refused_by_name),
           CASE(what_is_no_signature_is_refused))
