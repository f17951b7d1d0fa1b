/* Good evidence with a good device key, of which one thing is changed: the key is refused by its
 * named rule, no token is bound to it, and the evidence beside it is no news about the device. */
#include "crypto/cose.h"
#include "crypto/p256.h"
#include "crypto/x509-make.h"
#include "formats/pem.h"
#include "lib/check.h"
#include "lib/keeper-rig.h"
#include "lib/soft-key.h"
#include "store/store-sql.h"
#include "wire/answer.h"
#include "wire/token-cwt.h"

enum { BODY_ROOM = 256 * 1024 };

static struct keeper_rig rig;
static struct soft_key key;
static struct soft_evidence evidence;
static uint8_t body_room[BODY_ROOM];
static uint8_t nonce[WIRE_NONCE_SIZE];
static uint8_t other_exporter[32] = {9};
static uint8_t other_nonce[WIRE_NONCE_SIZE] = {8};

static uint8_t
attest(void)
{
    struct wr wr = wr_init(body_room, sizeof(body_room));

    return keeper_rig_ask(&rig, REQUEST_PSK, RESOURCE_ATTEST,
                          soft_evidence_write(&rig.device, &evidence, &wr), NULL);
}

/* Reads a 2.04; keeps its nonce for the next evidence. */
static struct answer
answered(void)
{
    struct answer answer;

    CHECK_EQ(answer_read(rig.reply.body, &answer, NULL), 0);
    memcpy(nonce, answer.nonce, sizeof(nonce));
    return answer;
}

static void
set_audiences(const char *list)
{
    char json[4096];
    char word[300];

    snprintf(word, sizeof(word), "audiences=%s", list);
    CHECK_EQ(keeper_rig_command(&rig, (const char *[]){"class", "add", "c", word}, 4, json,
                                sizeof(json)),
             0);
}

/* The next evidence, with the key certified for the same challenge. */
static void
plain(void)
{
    rig.now_ms += 1000;
    soft_evidence_plain(&rig.device, nonce, rig.exporter, &evidence);
    soft_key_area(&key);
    soft_key_statement(&key, &rig.device, nonce, rig.exporter);
    soft_key_sign(&key, &rig.device);
}

/* A member of a class with a bound audience, accepted with its key. */
static void
start_with(const char *audiences)
{
    keeper_rig_new(&rig);
    keeper_rig_member(&rig, "boot/grub-sb-on/binary_bios_measurements");
    (void)answered();
    set_audiences(audiences);
    soft_key_new(&key);
    keeper_rig_connect(&rig);
    evidence = (struct soft_evidence){.with_log = true, .with_values = true};
    plain();
    evidence.key = soft_key_item(&key);
    CHECK_EQ(attest(), COAP_CODE(2, 4));
}

static void
start(void)
{
    start_with("bound:gate");
}

static struct token_claims
cwt_of(struct answer answer)
{
    struct cose_sign1 message;
    struct token_claims claims;

    CHECK(answer.cwt.p);
    CHECK_EQ(cose_sign1_read(answer.cwt, &message), 0);
    CHECK_EQ(token_cwt_read(message.payload, &claims), 0);
    return claims;
}

static uint8_t
token(const char *audience)
{
    return keeper_rig_ask(&rig, REQUEST_PSK, RESOURCE_TOKEN, BYTES_NULL, audience);
}

static void
a_certified_key_is_named_by_the_tokens(void)
{
    struct p256 point;
    uint8_t jkt[32];
    struct token_claims claims;

    start();
    claims = cwt_of(answered());
    memcpy(point.x, key.x, 32);
    memcpy(point.y, key.y, 32);
    CHECK_EQ(p256_jwk_thumb(&point, rig.hasher, jkt), 0);
    CHECK_EQ(claims.cnf, TOKEN_CNF_JKT);
    CHECK_BYTES(BYTES_OF(claims.cnf_digest), BYTES_OF(jkt));
    CHECK_BYTES(claims.aud, bytes_str("gate"));
    CHECK_EQ(token("gate"), COAP_CODE(2, 5));
}

static void
a_repeat_on_the_connection_needs_no_second_certification(void)
{
    struct token_claims first;

    start();
    first = cwt_of(answered());
    plain();
    CHECK_EQ(attest(), COAP_CODE(2, 4));
    CHECK_BYTES(BYTES_OF(cwt_of(answered()).cnf_digest), BYTES_OF(first.cnf_digest));
    CHECK_EQ(token("gate"), COAP_CODE(2, 5));
}

static void
another_connection_begins_without_a_key(void)
{
    start();
    (void)answered();
    keeper_rig_connect(&rig);
    plain();
    CHECK_EQ(attest(), COAP_CODE(2, 4));
    CHECK(!answered().cwt.p);
    CHECK_EQ(token("gate"), COAP_CODE(4, 3));
    CHECK_EQ(keeper_rig_problem(&rig, NULL), REASON_DEVICE_KEY);
}

static void
a_refusal_by_policy_ends_the_binding_too(void)
{
    start();
    (void)answered();
    plain();
    evidence.attest.reset_count--; /* a boot of before */
    soft_evidence_attest(&evidence);
    soft_evidence_sign(&rig.device, &evidence);
    CHECK_EQ(attest(), COAP_CODE(2, 4));
    CHECK(!answered().cwt.p);
    CHECK_EQ(token("gate"), COAP_CODE(4, 1));
}

static void
a_class_that_binds_nothing_looks_at_no_key(void)
{
    start_with("bearer:wiki");
    CHECK_EQ(cwt_of(answered()).cnf, TOKEN_CNF_NONE);
    plain();
    key.signature[5] ^= 1;
    evidence.key = soft_key_item(&key);
    CHECK_EQ(attest(), COAP_CODE(2, 4));
    CHECK_EQ(cwt_of(answered()).cnf, TOKEN_CNF_NONE);
}

/* A certificate of this key by the key itself, in static room. */
static struct bytes
self_signed(struct privkey *of)
{
    static uint8_t der[LIMIT_CERT_BYTES];
    struct x509_make what = {.kind = X509_MAKE_CA,
                             .cn = "a device",
                             .not_before_s = rig.now_ms / 1000,
                             .not_after_s = rig.now_ms / 1000 + 86400};
    CLEANUP(free_p) char *pem = NULL;
    struct rd rd;
    size_t len = 0;

    CHECK_EQ(x509_make(&what, of, NULL, BYTES_NULL, &pem), 0);
    rd = rd_init(bytes_str(pem));
    CHECK_EQ(pem_next(&rd, der, sizeof(der), &len), 0);
    return bytes_of(der, len);
}

/* Each row changes something before the statement is signed or after; the rule that must be named.
 */
static void
attribute(uint32_t clear, uint32_t set)
{
    uint32_t good = key.area.attributes;

    key.area.attributes = (good & ~clear) | set;
    soft_key_area(&key);
    key.area.attributes = good;
    soft_key_statement(&key, &rig.device, nonce, rig.exporter);
    soft_key_sign(&key, &rig.device);
}

static void
software_key(void)
{
    attribute(TPMA_FIXED_TPM | TPMA_FIXED_PARENT | TPMA_SENSITIVE_DATA_ORIGIN, 0);
}

static void
not_fixed_tpm(void)
{
    attribute(TPMA_FIXED_TPM, 0);
}

static void
not_fixed_parent(void)
{
    attribute(TPMA_FIXED_PARENT, 0);
}

static void
imported(void)
{
    attribute(TPMA_SENSITIVE_DATA_ORIGIN, 0);
}

static void
restricted(void)
{
    attribute(0, TPMA_RESTRICTED);
}

static void
not_sign(void)
{
    attribute(TPMA_SIGN, 0);
}

static void
decrypts(void)
{
    attribute(0, TPMA_DECRYPT);
}

static void
dies_at_clear(void)
{
    attribute(0, TPMA_ST_CLEAR);
}

/* An area that was changed where it stands, and certified like that. */
static void
area_byte(size_t at, uint8_t value)
{
    CHECK(key.public[at] != value);
    key.public[at] = value;
    soft_key_statement(&key, &rig.device, nonce, rig.exporter);
    soft_key_sign(&key, &rig.device);
}

/* TPMT_PUBLIC: type 2, nameAlg 2, attributes 4, policy 2, symmetric 2, scheme 2, hash 2, curve 2 */
static void
scheme_of_sha384(void)
{
    area_byte(15, 0x0c);
}

static void
point_off_the_curve(void)
{
    area_byte(key.public_len - 1, (uint8_t)(key.public[key.public_len - 1] ^ 1));
}

static void
another_curve(void)
{
    area_byte(17, 0x04);
}

static void
the_ak_itself(void)
{
    memcpy(key.public, rig.device.ak_public, rig.device.ak_public_len);
    key.public_len = rig.device.ak_public_len;
    soft_key_statement(&key, &rig.device, nonce, rig.exporter);
    soft_key_sign(&key, &rig.device);
}

static void
another_keys_area(void)
{
    struct soft_key other;

    soft_key_new(&other);
    memcpy(key.public, other.public, other.public_len);
    soft_key_done(&other);
}

static void
name_one_bit_off(void)
{
    key.name[7] ^= 1;
    soft_key_sign(&key, &rig.device);
}

static void
name_cut(void)
{
    key.name_len--;
    soft_key_sign(&key, &rig.device);
}

static void
owner_hierarchy(void)
{
    struct tpm_public area;

    CHECK_EQ(tpm_public_read(bytes_of(key.public, key.public_len), &area, NULL), 0);
    CHECK_EQ(tpm_public_qualified_name(&area, TPM_RH_OWNER, rig.hasher, key.qualified,
                                       &key.qualified_len),
             0);
    soft_key_sign(&key, &rig.device);
}

static void
another_tpms_ak(void)
{
    struct soft_device other;

    soft_device_new(&other, rig.hasher, RIG_SITE);
    soft_key_statement(&key, &other, nonce, rig.exporter);
    soft_key_sign(&key, &other);
    soft_device_done(&other);
}

static void
signed_by_itself(void)
{
    uint8_t digest[32];

    CHECK_EQ(hasher_bytes(rig.hasher, HASH_SHA256, bytes_of(key.statement_room, key.statement_len),
                          digest),
             0);
    CHECK_EQ(privkey_sign(key.key, digest, key.signature), 0);
}

static void
signature_flipped(void)
{
    key.signature[40] ^= 1;
}

static void
statement_flipped(void)
{
    key.statement_room[key.statement_len - 1] ^= 1;
}

/* The owner may make a key of the AK's area in his own hierarchy; its statements name that. */
static void
signer_of_the_owner(void)
{
    CHECK_EQ(tpm_public_qualified_name(&rig.device.ak_area, TPM_RH_OWNER, rig.hasher, key.signer,
                                       &key.signer_len),
             0);
    soft_key_sign(&key, &rig.device);
}

static void
another_connection(void)
{
    soft_key_statement(&key, &rig.device, nonce, other_exporter);
    soft_key_sign(&key, &rig.device);
}

static void
another_challenge(void)
{
    soft_key_statement(&key, &rig.device, other_nonce, rig.exporter);
    soft_key_sign(&key, &rig.device);
}

static void
no_challenge(void)
{
    soft_key_statement(&key, &rig.device, NULL, rig.exporter);
    soft_key_sign(&key, &rig.device);
}

/* What the quote beside it covers: its label and claims are of another purpose. */
static void
qualifying_data_of_the_quote(void)
{
    memcpy(key.extra, evidence.extra, sizeof(key.extra));
    soft_key_sign(&key, &rig.device);
}

static void
another_site(void)
{
    const char *site = rig.device.site;

    rig.device.site = "other.assay";
    soft_key_statement(&key, &rig.device, nonce, rig.exporter);
    rig.device.site = site;
    soft_key_sign(&key, &rig.device);
}

/* The very quote of this evidence in the certification's place. */
static void
quote_as_certification(void)
{
    memcpy(key.statement_room, evidence.attest_room, evidence.attest_len);
    key.statement_len = evidence.attest_len;
    memcpy(key.signature, evidence.signature, sizeof(key.signature));
}

static void
put_type(uint8_t low)
{
    uint8_t digest[32];

    key.statement_room[5] = low;
    CHECK_EQ(hasher_bytes(rig.hasher, HASH_SHA256, bytes_of(key.statement_room, key.statement_len),
                          digest),
             0);
    CHECK_EQ(privkey_sign(rig.device.ak, digest, key.signature), 0);
}

static void
type_of_a_quote(void)
{
    put_type(0x18);
}

static void
type_of_an_nv_index(void)
{
    put_type(0x14);
}

static void
type_of_a_creation(void)
{
    put_type(0x1a);
}

static void
bad_magic(void)
{
    key.statement_room[0] ^= 1;
    signed_by_itself();
}

static void
rubbish_behind(void)
{
    key.trailing = 1;
}

static void
area_cut(void)
{
    key.public_len--;
}

static void
foreign_certificate(void)
{
    struct soft_key other;

    soft_key_new(&other);
    key.certificate = self_signed(other.key);
    soft_key_done(&other);
}

static void
rubbish_as_certificate(void)
{
    key.certificate = bytes_str("certificate");
}

static const struct row {
    const char *name;
    void (*change)(void);
    const char *rule; /* in the audit log */
} rows[] = {
    {"software key", software_key, "devkey-not-fixed"},
    {"not fixedTPM", not_fixed_tpm, "devkey-not-fixed"},
    {"not fixedParent", not_fixed_parent, "devkey-not-fixed"},
    {"imported", imported, "devkey-imported"},
    {"restricted", restricted, "devkey-restricted"},
    {"no signing key", not_sign, "devkey-not-sign"},
    {"decrypts", decrypts, "devkey-other-attribute"},
    {"stClear", dies_at_clear, "devkey-other-attribute"},
    {"scheme with SHA-384", scheme_of_sha384, "devkey-kind"},
    {"P-384 by name", another_curve, "devkey-kind"},
    {"point off the curve", point_off_the_curve, "devkey-kind"},
    {"the AK as device key", the_ak_itself, "devkey-restricted"},
    {"the area of another key", another_keys_area, "devkey-name"},
    {"name of one bit more", name_one_bit_off, "devkey-name"},
    {"name cut", name_cut, "devkey-name"},
    {"owner hierarchy", owner_hierarchy, "devkey-parent"},
    {"another TPM's AK", another_tpms_ak, "devkey-signature"},
    {"signed by the key itself", signed_by_itself, "devkey-signature"},
    {"signature flipped", signature_flipped, "devkey-signature"},
    {"statement flipped", statement_flipped, "devkey-signature"},
    {"signer of the owner's hierarchy", signer_of_the_owner, "devkey-signature"},
    {"another connection's exporter", another_connection, "devkey-binding"},
    {"another nonce", another_challenge, "devkey-binding"},
    {"no nonce", no_challenge, "devkey-binding"},
    {"qualifyingData of the quote", qualifying_data_of_the_quote, "devkey-binding"},
    {"another site", another_site, "devkey-binding"},
    {"the quote as certification", quote_as_certification, "attest-is-quote"},
    {"type of a quote", type_of_a_quote, "attest-is-quote"},
    {"type of an NV certification", type_of_an_nv_index, "attest-is-nv"},
    {"type of a creation", type_of_a_creation, "attest-is-creation"},
    {"magic", bad_magic, "attest-magic"},
    {"bytes behind the signature", rubbish_behind, "signature-trailing"},
    {"public area cut", area_cut, "public-short"},
    {"certificate of another key", foreign_certificate, "devkey-certificate"},
    {"no certificate", rubbish_as_certificate, "devkey-certificate"},
};

static struct store_device
device_row(void)
{
    struct store_device row;

    CHECK_EQ(keeper_device(&rig.keeper, bytes_str(rig.identity), &row), 0);
    return row;
}

/* The newest audit row's text. */
static void
audited(const char *rule)
{
    char want[64];
    const char *text;
    sqlite3_stmt *stmt = NULL;

    snprintf(want, sizeof(want), "device key: rule %s", rule);
    CHECK_EQ(sqlite3_prepare_v2(rig.keeper.store->db,
                                "SELECT text FROM audit ORDER BY seq DESC LIMIT 1", -1, &stmt,
                                NULL),
             SQLITE_OK);
    CHECK_EQ(sqlite3_step(stmt), SQLITE_ROW);
    text = (const char *)sqlite3_column_text(stmt, 0);
    CHECK_STR(text, want);
    CHECK_EQ(sqlite3_finalize(stmt), SQLITE_OK);
}

static void
one_row(const struct row *row)
{
    static uint8_t before[8192];
    size_t before_len;

    printf("# %s\n", row->name);
    keeper_rig_connect(&rig);
    key.trailing = 0;
    key.certificate = BYTES_NULL;
    plain();
    evidence.key = soft_key_item(&key);
    before_len = evidence.key.len;
    memcpy(before, evidence.key.p, before_len);
    row->change();
    evidence.key = soft_key_item(&key);
    CHECK(!bytes_equal(bytes_of(before, before_len), evidence.key));
    CHECK_EQ(attest(), COAP_CODE(4, 0));
    CHECK_EQ(keeper_rig_problem(&rig, NULL), REASON_DEVICE_KEY);
    audited(row->rule);
    CHECK_EQ(device_row().state, DEVICE_FRESH);
    CHECK_EQ(token("gate"), COAP_CODE(4, 1));
    /* the challenge is used up: the same bytes once more are no second line */
    CHECK_EQ(attest(), COAP_CODE(4, 1));
    CHECK_EQ(keeper_rig_problem(&rig, nonce), REASON_EVIDENCE_STALE);
    /* and with the new one the unchanged key is good */
    key.trailing = 0;
    key.certificate = BYTES_NULL;
    plain();
    evidence.key = soft_key_item(&key);
    CHECK_EQ(attest(), COAP_CODE(2, 4));
    CHECK(cwt_of(answered()).cnf == TOKEN_CNF_JKT);
}

static void
each_change_is_refused_by_its_rule(void)
{
    start();
    (void)answered();
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        one_row(&rows[i]);
    }
}

static void
what_is_no_device_key_at_all_is_refused(void)
{
    static const char *const items[] = {
        "80", "a0", "a10041aa", "a2004101014101ff", "a300410101410102f6", "a20041010140"};

    start();
    (void)answered();
    for (size_t i = 0; i < ARRAY_LEN(items); i++) {
        keeper_rig_connect(&rig);
        plain();
        evidence.key = check_hex(items[i]);
        CHECK_EQ(attest(), COAP_CODE(4, 0));
        CHECK_EQ(keeper_rig_problem(&rig, NULL), REASON_DEVICE_KEY);
        audited("wire-device-key");
        CHECK_EQ(attest(), COAP_CODE(4, 1));
        (void)keeper_rig_problem(&rig, nonce);
    }
}

static void
a_certificate_of_the_key_is_named_by_its_digest(void)
{
    uint8_t digest[32];
    struct token_claims claims;

    start_with("bound:gate,x5t bound:door");
    claims = cwt_of(answered());
    CHECK_BYTES(claims.aud, bytes_str("door")); /* no certificate yet */
    CHECK_EQ(token("gate"), COAP_CODE(4, 3));
    key.certificate = self_signed(key.key);
    plain();
    evidence.key = soft_key_item(&key);
    CHECK_EQ(attest(), COAP_CODE(2, 4));
    claims = cwt_of(answered());
    CHECK_EQ(hasher_bytes(rig.hasher, HASH_SHA256, key.certificate, digest), 0);
    CHECK_EQ(claims.cnf, TOKEN_CNF_X5T);
    CHECK_BYTES(BYTES_OF(claims.cnf_digest), BYTES_OF(digest));
    CHECK_EQ(token("gate"), COAP_CODE(2, 5));
    CHECK_EQ(token("door"), COAP_CODE(2, 5));
}

static void
short_coordinates_give_the_same_thumbprint(void)
{
    struct p256 point;
    uint8_t jkt[32];

    start();
    (void)answered();
    do { /* until a coordinate begins with a zero, which the TPM would strip */
        soft_key_done(&key);
        soft_key_new(&key);
    } while (key.x[0] != 0);
    key.area.ecc_x = bytes_of(key.x + 1, 31);
    plain();
    evidence.key = soft_key_item(&key);
    CHECK_EQ(attest(), COAP_CODE(2, 4));
    memcpy(point.x, key.x, 32);
    memcpy(point.y, key.y, 32);
    CHECK_EQ(p256_jwk_thumb(&point, rig.hasher, jkt), 0);
    CHECK_BYTES(BYTES_OF(cwt_of(answered()).cnf_digest), BYTES_OF(jkt));
}

CHECK_MAIN(CASE(a_certified_key_is_named_by_the_tokens),
           CASE(a_repeat_on_the_connection_needs_no_second_certification),
           CASE(another_connection_begins_without_a_key),
           CASE(a_refusal_by_policy_ends_the_binding_too),
           CASE(a_class_that_binds_nothing_looks_at_no_key),
           CASE(each_change_is_refused_by_its_rule), CASE(what_is_no_device_key_at_all_is_refused),
           CASE(a_certificate_of_the_key_is_named_by_its_digest),
           CASE(short_coordinates_give_the_same_thumbprint))
