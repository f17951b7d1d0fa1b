#include "agent/credential-check.h"

#include "crypto/cose.h"
#include "formats/pem.h"
#include "formats/x509-name.h"
#include "formats/x509-oid.h"

#define OID_CN X509_OID("\x55\x04\x03")                            /* 2.5.4.3 */
#define OID_KP_SERVER X509_OID("\x2b\x06\x01\x05\x05\x07\x03\x01") /* 1.3.6.1.5.5.7.3.1 */
#define OID_KP_ANY X509_OID("\x55\x1d\x25\x00")                    /* 2.5.29.37.0 */

/* The longest name is below 128 bytes, so that each length is one byte. */
enum { NAME_ROOM = 128, OID_AND_HEAD = 5 };

const char *
credential_outcome_name(enum credential_outcome outcome)
{
    static const char *const names[] = {
        [CREDENTIAL_OK] = "ok",
        [CREDENTIAL_E_FORM] = "form",
        [CREDENTIAL_E_CHAIN] = "chain",
        [CREDENTIAL_E_TIME] = "time",
        [CREDENTIAL_E_SUBJECT] = "subject",
        [CREDENTIAL_E_SERVER] = "server",
        [CREDENTIAL_E_SIGNATURE] = "signature",
        [CREDENTIAL_E_SITE] = "site",
        [CREDENTIAL_E_EK] = "ek",
        [CREDENTIAL_E_AK] = "ak",
    };

    return (size_t)outcome < ARRAY_LEN(names) ? names[outcome] : "unknown";
}

/* The Name that a site key's certificate must have, as DER. */
static struct bytes
name_of_site(struct bytes site, uint8_t room[NAME_ROOM])
{
    struct wr wr = wr_init(room, NAME_ROOM);
    size_t text_len = strlen(CREDENTIAL_SUBJECT) + site.len;
    size_t pair_len = OID_AND_HEAD + 2 + text_len;

    if (site.len > LIMIT_SITE) {
        return BYTES_NULL;
    }
    wr_u8(&wr, DER_SEQUENCE);
    wr_u8(&wr, (uint8_t)(pair_len + 4));
    wr_u8(&wr, DER_SET);
    wr_u8(&wr, (uint8_t)(pair_len + 2));
    wr_u8(&wr, DER_SEQUENCE);
    wr_u8(&wr, (uint8_t)pair_len);
    wr_u8(&wr, DER_OID);
    wr_u8(&wr, (uint8_t)OID_CN.len);
    wr_bytes(&wr, OID_CN);
    wr_u8(&wr, DER_UTF8);
    wr_u8(&wr, (uint8_t)text_len);
    wr_str(&wr, CREDENTIAL_SUBJECT);
    wr_bytes(&wr, site);
    return wr_done(&wr);
}

/* A list that cannot be read counts as one for servers. */
static bool
serves(const struct x509 *cert)
{
    const struct x509_ext *ext = x509_ext_find(cert, OID_EKU);
    struct rd rd;
    struct rd list;

    if (!ext) {
        return false;
    }
    rd = rd_init(ext->value);
    list = der_enter(&rd, DER_SEQUENCE);
    while (rd_left(&list) > 0 && !list.failed) {
        struct bytes oid = der_body(&list, DER_OID);

        if (bytes_equal(oid, OID_KP_SERVER) || bytes_equal(oid, OID_KP_ANY)) {
            return true;
        }
    }
    return list.failed || !rd_end(&rd);
}

/* A clock that is behind knows no beginning; that of a certificate which is there has passed. */
static int64_t
time_of_chain(const struct agent_time *time, const struct x509 *leaf,
              const struct ekcert_query *query)
{
    int64_t now_s = time->now_s;

    if (!time->behind) {
        return now_s;
    }
    now_s = leaf->not_before > now_s ? leaf->not_before : now_s;
    for (size_t i = 0; i < query->n_extra; i++) {
        now_s = query->extra[i].not_before > now_s ? query->extra[i].not_before : now_s;
    }
    return now_s;
}

static int
check_chain(const struct credential_expect *expect, struct hasher *hasher,
            const struct cose_sign1 *message, struct ekcert *leaf)
{
    struct x509 extra[LIMIT_CHAIN];
    struct ekcert_query query = {.extra = extra, .store = expect->ca, .n_store = expect->n_ca};
    struct ekcert_chain chain;
    struct fault fault = {0};
    int r;

    if (message->n_chain == 0 || x509_read(message->chain[0], NULL, &leaf->cert) != 0) {
        return CREDENTIAL_E_FORM;
    }
    for (size_t i = 1; i < message->n_chain; i++) {
        if (x509_read(message->chain[i], NULL, &extra[query.n_extra++]) != 0) {
            return CREDENTIAL_E_FORM;
        }
    }
    if (leaf->cert.is_ca || x509_check_critical(&leaf->cert, 0, NULL) != 0) {
        return CREDENTIAL_E_CHAIN;
    }
    query.now_s = time_of_chain(&expect->time, &leaf->cert, &query);
    r = ekcert_chain(hasher, leaf, &query, &fault, &chain);
    if (r > 0 && (fault.rule == RULE_X509_EARLY || fault.rule == RULE_X509_LATE)) {
        return CREDENTIAL_E_TIME;
    }
    return r > 0 ? CREDENTIAL_E_CHAIN : r;
}

static int
check_signature(struct hasher *hasher, const struct cose_sign1 *message, const struct x509 *cert)
{
    CLEANUP(pubkey_freep) struct pubkey *key = NULL;
    int r = x509_key(cert, &key);

    if (r == 0) {
        r = cose_sign1_verify(message, BYTES_NULL, key, hasher);
    }
    return r > 0 ? CREDENTIAL_E_SIGNATURE : r;
}

static int
check_content(const struct credential_expect *expect, struct hasher *hasher, struct bytes payload,
              struct credential *ret)
{
    struct credential credential;
    uint8_t ek[32];
    int r;

    if (credential_read(payload, &credential, NULL) != 0) {
        return CREDENTIAL_E_FORM;
    }
    r = hasher_bytes(hasher, HASH_SHA256, expect->ek_public, ek);
    if (r < 0) {
        return r;
    }
    if (!bytes_equal(credential.site, expect->site)) {
        return CREDENTIAL_E_SITE;
    }
    if (!bytes_equal(credential.ek, BYTES_OF(ek))) {
        return CREDENTIAL_E_EK;
    }
    if (!bytes_equal(credential.ak_name, expect->ak_name)) {
        return CREDENTIAL_E_AK;
    }
    *ret = credential;
    return 0;
}

int
credential_check(const struct credential_expect *expect, struct hasher *hasher, struct bytes cose,
                 struct credential *ret)
{
    struct cose_sign1 message;
    struct ekcert leaf = {0};
    uint8_t room[NAME_ROOM];
    int r;

    if (cose_sign1_read(cose, &message) != 0) {
        return CREDENTIAL_E_FORM;
    }
    r = check_chain(expect, hasher, &message, &leaf);
    if (r != 0) {
        return r;
    }
    if (!x509_name_equal(leaf.cert.subject, name_of_site(expect->site, room))) {
        return CREDENTIAL_E_SUBJECT;
    }
    if (serves(&leaf.cert)) {
        return CREDENTIAL_E_SERVER;
    }
    r = check_signature(hasher, &message, &leaf.cert);
    return r != 0 ? r : check_content(expect, hasher, message.payload, ret);
}

int
credential_ca_read(struct hasher *hasher, struct bytes pem, struct credential_ca *ret)
{
    struct rd rd = rd_init(pem);
    size_t n_anchors = 0;

    ret->n = 0;
    while (ret->n < CREDENTIAL_CA_MAX) {
        size_t len = 0;
        int r = pem_next(&rd, ret->room[ret->n], LIMIT_CERT_BYTES, &len);

        if (r == PEM_E_NONE) {
            return n_anchors > 0 ? 0 : 1;
        }
        if (r == 0) {
            r = ekcert_ca_read(hasher, bytes_of(ret->room[ret->n], len), NULL, &ret->ca[ret->n]);
        }
        if (r != 0) {
            return r < 0 ? r : 1;
        }
        n_anchors += ret->ca[ret->n].is_anchor;
        ret->n++;
    }
    return 1;
}
