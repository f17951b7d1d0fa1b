/* formats/x509 and formats/ekcert over the certificates of real TPMs and of the recorded boots. */
#include "formats/ekcert.h"
#include "lib/certs.h"
#include "lib/check.h"

enum { NOW = 1800000000 }; /* 2027-01-15 */

static struct bytes
trimmed(const char *path)
{
    struct bytes der;

    CHECK_EQ(x509_trim(certs_vector(path), NULL, &der), 0);
    return der;
}

static void
real_leaves_tell_maker_model_and_version(void)
{
    static const struct {
        const char *path, *maker, *model, *version;
        uint32_t vendor;
        enum key_kind kind;
    } rows[] = {
        {"ek/hirs-ek_cert_with_padded_bytes.cer", "id:4E544300", "NPCT6xx", "id:0581", 0x4e544300,
         KEY_RSA},
        {"ek/hirs-nuc-1-ek_cert_untouched.cer", "id:53544D20", "ST33ZP24PVSP", "id:0D0C",
         0x53544d00, KEY_RSA},
        {"ek/hirs-nuc-2-tpmcert.pem", "id:53544D20", "ST33ZP24PVSP", "id:0D0C", 0x53544d00,
         KEY_RSA},
        {"ek/gce-pca_tpm_ecc_enc_cert.pem", "", "", "", 0, KEY_P256},
        {"ek/gce-pca_tpm_rsa_enc_cert.pem", "", "", "", 0, KEY_RSA},
        {"boot/grub-sb-on/ek-rsa-cert.der", "id:00001014", "swtpm", "id:20191023", 0x1014, KEY_RSA},
        {"boot/grub-sb-on/ek-ecc-cert.der", "id:00001014", "swtpm", "id:20191023", 0x1014,
         KEY_P384},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct ekcert ek;

        CHECK_EQ(ekcert_read(check_guarded(trimmed(rows[i].path)), NULL, &ek), 0);
        CHECK_BYTES(ek.maker, bytes_str(rows[i].maker));
        CHECK_BYTES(ek.model, bytes_str(rows[i].model));
        CHECK_BYTES(ek.version, bytes_str(rows[i].version));
        CHECK_EQ(ek.vendor_id, rows[i].vendor);
        CHECK_EQ(ek.key_kind, rows[i].kind);
    }
}

static void
a_signing_key_of_a_tpm_is_no_endorsement_key(void)
{
    struct ekcert ek;
    struct fault fault;

    CHECK_EQ(ekcert_read(trimmed("ek/gce-pca_tpm_ecc_sign_cert.pem"), &fault, &ek), 1);
    CHECK_EQ(fault.rule, RULE_EKCERT_KEY_USAGE);
}

static int
chain_of(struct hasher *hasher, struct bytes der, const struct certs_store *store, int64_t now_s,
         bool allow_sha1, struct fault *fault, struct ekcert_chain *chain)
{
    struct ekcert_query query = {
        .store = store->ca, .n_store = store->n, .now_s = now_s, .allow_sha1 = allow_sha1};
    struct ekcert ek;
    int r = ekcert_read(der, fault, &ek);

    return r != 0 ? r : ekcert_chain(hasher, &ek, &query, fault, chain);
}

static void
boot_store(struct certs_store *store, struct hasher *hasher)
{
    store->n = 0;
    CHECK_EQ(certs_add_folder(store, hasher, "boot/ca"), 2);
}

static void
each_recorded_boot_chains_to_its_ca(void)
{
    static const char *const boots[] = {"grub-sb-on",
                                        "grub-sb-on-ima",
                                        "grub-sb-off-nolog",
                                        "grub-sb-off-linuxefi",
                                        "sdboot-uki-sb-on",
                                        "grub-sb-off-chainloader",
                                        "grub-sb-off-logcarrier"};
    static const char *const kinds[] = {"rsa", "ecc"};
    static struct certs_store store;
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    struct ekcert_chain chain;
    struct fault fault;

    boot_store(&store, hasher);
    for (size_t i = 0; i < ARRAY_LEN(boots) * 2; i++) {
        char path[128];

        snprintf(path, sizeof(path), "boot/%s/ek-%s-cert.der", boots[i / 2], kinds[i % 2]);
        CHECK_EQ(chain_of(hasher, trimmed(path), &store, NOW, false, &fault, &chain), 0);
        CHECK_EQ(chain.n, 3);
        CHECK(!chain.sha1_used);
    }
}

/* All bytes are under the signature, in it, or in heads and the outer algorithm that must agree. */
static void
one_changed_bit_anywhere_is_refused(void)
{
    static const char *const paths[] = {"boot/grub-sb-on/ek-rsa-cert.der",
                                        "boot/grub-sb-on/ek-ecc-cert.der"};
    static struct certs_store store;
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    struct ekcert_chain chain;
    uint8_t copy[LIMIT_CERT_BYTES];

    boot_store(&store, hasher);
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        struct bytes der = trimmed(paths[i]);

        memcpy(copy, der.p, der.len);
        for (size_t bit = 0; bit < 8 * der.len; bit += bit % 8 == 7 ? 1 : 7) {
            struct fault fault = {0};
            struct bytes changed = bytes_of(copy, der.len);

            copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
            CHECK_EQ(chain_of(hasher, changed, &store, NOW, true, &fault, &chain), 1);
            CHECK(fault.rule != RULE_NONE);
            /* and also when the bytes come as a file, where padding is allowed */
            if (x509_trim(changed, NULL, &changed) == 0) {
                CHECK_EQ(chain_of(hasher, changed, &store, NOW, true, &fault, &chain), 1);
            }
            copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
    }
}

static void
each_truncation_and_a_trailing_byte_are_refused(void)
{
    struct bytes der = trimmed("boot/grub-sb-on/ek-ecc-cert.der");
    uint8_t copy[LIMIT_CERT_BYTES] = {0};
    struct x509 cert = {.version = 77};

    memcpy(copy, der.p, der.len);
    for (size_t n = 0; n < der.len; n++) {
        struct fault fault = {0};

        CHECK_EQ(x509_read(check_guarded(bytes_of(copy, n)), &fault, &cert), 1);
        CHECK_EQ(fault.rule, RULE_X509_DER);
    }
    CHECK_EQ(x509_read(bytes_of(copy, der.len + 1), NULL, &cert), 1);
    CHECK_EQ(cert.version, 77);
}

static void
padding_is_one_repeated_byte(void)
{
    struct bytes der = trimmed("boot/grub-sb-on/ek-rsa-cert.der");
    uint8_t room[LIMIT_CERT_BYTES];
    struct bytes out;
    struct fault fault;

    memset(room, 0xff, sizeof(room));
    memcpy(room, der.p, der.len);
    CHECK_EQ(x509_trim(BYTES_OF(room), NULL, &out), 0);
    CHECK_BYTES(out, der);
    room[sizeof(room) - 1] = 0;
    CHECK_EQ(x509_trim(BYTES_OF(room), &fault, &out), 1);
    CHECK_EQ(fault.rule, RULE_X509_PADDING);
    CHECK_EQ(x509_trim(BYTES_NULL, &fault, &out), 1);
    CHECK_EQ(fault.rule, RULE_X509_DER);
}

static void
a_stored_certificate_head_is_taken_off(void)
{
    struct bytes with_head = certs_vector("ek/hirs-nuc-1-ek_cert_untouched.cer");
    struct bytes out;

    CHECK_EQ(with_head.p[0], 0x10);
    CHECK_EQ(x509_trim(with_head, NULL, &out), 0);
    CHECK_BYTES(out, trimmed("ek/hirs-nuc-2-tpmcert.pem"));
}

static void
sha1_needs_leave_and_is_told(void)
{
    static struct certs_store store;
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    struct bytes der = trimmed("ek/hirs-nuc-2-tpmcert.pem");
    struct ekcert_chain chain;
    struct fault fault;

    certs_add(&store, hasher, "ek-roots/stmtpmekint02.pem");
    certs_add(&store, hasher, "ek-roots/stmtpmekroot.pem");
    certs_add(&store, hasher, "ek-roots/gstpmroot.pem");
    CHECK_EQ(chain_of(hasher, der, &store, 1577836800, false, &fault, &chain), 1);
    CHECK_EQ(fault.rule, RULE_X509_SHA1);
    CHECK_EQ(chain_of(hasher, der, &store, 1577836800, true, &fault, &chain), 0);
    CHECK(chain.sha1_used);
    CHECK_EQ(chain.n, 4);
    CHECK_EQ(chain_of(hasher, der, &store, NOW, true, &fault, &chain), 1);
    CHECK_EQ(fault.rule, RULE_X509_LATE);
    CHECK_EQ(chain_of(hasher, der, &store, 1300000000, true, &fault, &chain), 1);
    CHECK_EQ(fault.rule, RULE_X509_EARLY);
}

static void
leaves_without_a_root_at_hand_are_untrusted(void)
{
    static const char *const paths[] = {
        "ek/hirs-ek_cert_with_padded_bytes.cer", "ek/gce-pca_tpm_ecc_enc_cert.pem",
        "ek/gce-pca_tpm_rsa_enc_cert.pem", "boot/grub-sb-on/ek-rsa-cert.der"};
    static struct certs_store store;
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    struct ekcert_chain chain;
    struct fault fault;

    CHECK(certs_add_folder(&store, hasher, "ek-roots") > 50);
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        CHECK_EQ(chain_of(hasher, trimmed(paths[i]), &store, NOW, true, &fault, &chain), 1);
        CHECK_EQ(fault.rule, RULE_EKCHAIN_ISSUER);
        CHECK_EQ(fault.event, 0);
    }
}

/* The makers' own intermediates, checked as leaves would be: each reaches its root. */
static void
the_makers_intermediates_chain_to_their_roots(void)
{
    static struct certs_store store;
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    size_t n_anchors = 0;

    CHECK(certs_add_folder(&store, hasher, "ek-roots") > 50);
    for (size_t i = 0; i < store.n; i++) {
        struct ekcert_query query = {.store = store.ca, .n_store = store.n, .now_s = 1450000000};
        struct ekcert as_leaf = {.cert = store.ca[i].cert};
        struct ekcert_chain chain;
        struct fault fault = {0};
        bool old = as_leaf.cert.sig_hash == HASH_SHA1;

        n_anchors += store.ca[i].is_anchor;
        query.now_s = as_leaf.cert.not_before > 1450000000 ? as_leaf.cert.not_before : 1450000000;
        query.allow_sha1 = old;
        CHECK_EQ(ekcert_chain(hasher, &as_leaf, &query, &fault, &chain), 0);
        query.allow_sha1 = false;
        CHECK_EQ(ekcert_chain(hasher, &as_leaf, &query, &fault, &chain), old ? 1 : 0);
    }
    CHECK(n_anchors > 15 && n_anchors < store.n);
}

CHECK_MAIN(CASE(real_leaves_tell_maker_model_and_version),
           CASE(a_signing_key_of_a_tpm_is_no_endorsement_key),
           CASE(each_recorded_boot_chains_to_its_ca), CASE(one_changed_bit_anywhere_is_refused),
           CASE(each_truncation_and_a_trailing_byte_are_refused),
           CASE(padding_is_one_repeated_byte), CASE(a_stored_certificate_head_is_taken_off),
           CASE(sha1_needs_leave_and_is_told), CASE(leaves_without_a_root_at_hand_are_untrusted),
           CASE(the_makers_intermediates_chain_to_their_roots))
