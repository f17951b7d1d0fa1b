/* import/import-keys: public keys and certificates as sets of keys. */
#include "import/import.h"

#include <stdio.h>
#include <string.h>

#include "base/b64.h"
#include "lib/check.h"
#include "lib/ima-signer.h"
#include "lib/import-rig.h"
#include "lib/mkcert.h"

#define SKI "[x]\nsubjectKeyIdentifier="

/* DER in PEM armour, appended to text. */
static void
armour(char *text, size_t cap, const char *label, struct bytes der)
{
    static char digits[B64_LEN(4096) + 8];
    size_t len = b64_write(digits, der);

    for (size_t i = 0; i < len; i++) {
        digits[i] = digits[i] == '-' ? '+' : digits[i] == '_' ? '/' : digits[i];
    }
    for (; len % 4 != 0; len++) {
        digits[len] = '=';
    }
    snprintf(text + strlen(text), cap - strlen(text),
             "-----BEGIN %s-----\n%.*s\n-----END %s-----\n", label, (int)len, digits, label);
}

/* The text says a key with this id. */
static void
says_id(uint32_t id)
{
    char part[32];

    snprintf(part, sizeof(part), " id %08x\n", id);
    import_rig_says(part);
}

static void
a_real_key_has_the_id_of_what_it_signed(void)
{
    import_rig_one(import_keys, "secret/ima.pem", check_vector("ima/keylime-rsa2048pub.pem"));
    import_rig_says("# keys of \"ima.pem\", sha256:");
    import_rig_says("set keys keys/ima {\n  # RSA of 2048 bits\n  spki:MIIBIj");
    import_rig_says(" id f3452d23\n}\n");
    CHECK(!import_rig_has("secret"));
}

static void
keys_come_as_they_are_kept(void)
{
    char text[4096] = "a comment\n";

    import_rig_one(import_keys, "a.der", ima_signer_spki(SIGNER_P384));
    import_rig_says("  # ECC of 384 bits\n");
    import_rig_says(ima_signer_item(SIGNER_P384));
    says_id(ima_signer_id(SIGNER_P384));
    armour(text, sizeof(text), "PUBLIC KEY", ima_signer_spki(SIGNER_P256));
    armour(text, sizeof(text), "PUBLIC KEY", ima_signer_spki(SIGNER_RSA_1024));
    import_rig_one(import_keys, "a.pem", bytes_str(text));
    says_id(ima_signer_id(SIGNER_P256));
    says_id(ima_signer_id(SIGNER_RSA_1024));
}

/* A kernel looks a certificate's key up by the end of its subject key identifier. */
static void
a_certificate_says_the_id(void)
{
    struct bytes named = mkcert(&(struct mkcert){.exts = SKI "00112233aabbccdd\n"});
    struct bytes unnamed = mkcert(&(struct mkcert){.exts = ""});
    struct bytes hashed = mkcert(&(struct mkcert){.exts = SKI "hash\n"});
    char usual[16];
    char text[8192] = "";

    import_rig_one(import_keys, "a.cer", named);
    says_id(0xaabbccdd);
    import_rig_one(import_keys, "a.cer", hashed);
    memcpy(usual, strstr(import_rig.text, " id ") + 4, 8);
    usual[8] = '\0';
    import_rig_one(import_keys, "a.cer", unnamed);
    import_rig_says(usual); /* the same key: what OpenSSL hashes is what we do */
    armour(text, sizeof(text), "CERTIFICATE", named);
    armour(text, sizeof(text), "PUBLIC KEY", ima_signer_spki(SIGNER_P256));
    import_rig_one(import_keys, "a.pem", bytes_str(text));
    says_id(0xaabbccdd);
    says_id(ima_signer_id(SIGNER_P256));
}

static void
each_file_becomes_a_set(void)
{
    struct import_file files[] = {
        {.path = "a",
         .bytes = ima_signer_spki(SIGNER_P256),
         .name = "ima/one",
         .published = "2026-11-28"},
        {.path = "b", .bytes = ima_signer_spki(SIGNER_RSA), .name = "ima/two"},
    };

    CHECK_EQ(import_rig_run(import_keys, files, 2), 0);
    import_rig_says("set keys ima/one published 2026-11-28 {\n");
    import_rig_says("set keys ima/two {\n");
    files[1].bytes = bytes_str("nothing");
    CHECK_EQ(import_rig_run(import_keys, files, 2), 1);
    CHECK_EQ(import_rig.fault.file, 1);
}

static void
what_signs_no_files_is_refused(void)
{
    char text[4096] = "";
    struct bytes spki = ima_signer_spki(SIGNER_P256);

    CHECK_EQ(import_rig_rule(import_keys, BYTES_NULL), RULE_IMPORT_KEYS);
    CHECK_EQ(import_rig_rule(import_keys, bytes_str("-----BEGIN PUBLIC KEY-----\nAAAA\n")),
             RULE_IMPORT_KEYS);
    CHECK_EQ(import_rig_rule(import_keys, ima_signer_spki(SIGNER_P521)), RULE_IMPORT_KEYS);
    CHECK_EQ(import_rig_rule(import_keys, mkcert(&(struct mkcert){.key = MKCERT_ED25519})),
             RULE_IMPORT_KEYS);
    CHECK_EQ(import_rig_rule(import_keys, mkcert(&(struct mkcert){.key = MKCERT_OTHER})),
             RULE_IMPORT_KEYS);
    for (size_t i = 0; i < spki.len; i += 7) {
        CHECK_EQ(import_rig_rule(import_keys, check_guarded(bytes_of(spki.p, i))),
                 RULE_IMPORT_KEYS);
    }
    armour(text, sizeof(text), "EC PRIVATE KEY", spki);
    CHECK_EQ(import_rig_rule(import_keys, bytes_str(text)), RULE_IMPORT_KEYS);
    armour(text, sizeof(text), "CERTIFICATE", spki);
    CHECK(import_rig_rule(import_keys, bytes_str(text)) != RULE_NONE);
}

CHECK_MAIN(CASE(a_real_key_has_the_id_of_what_it_signed), CASE(keys_come_as_they_are_kept),
           CASE(a_certificate_says_the_id), CASE(each_file_becomes_a_set),
           CASE(what_signs_no_files_is_refused))
