/* The device key of evidence: whether tokens may be bound to it. */
#include <errno.h>
#include <stdio.h>

#include "base/log.h"
#include "crypto/p256.h"
#include "formats/tpm-device-key.h"
#include "formats/x509.h"
#include "keeper/attest.h"
#include "keeper/audience.h"
#include "wire/device-key.h"

enum { CHALLENGE_KEEP_MS = 600000 };

/* A step of the check: 0, 1 with the fault, or a negative errno. */
struct check_key {
    struct attest *attest;
    struct device_key wire;
    struct tpm_public public;
    struct tpm_attest statement;
    struct bytes statement_bytes;
    struct tpm_signature signature;
    struct fault fault;
};

static int
fault(struct check_key *check, enum rule rule)
{
    return fault_at(&check->fault, rule, FAULT_NO_EVENT, 0);
}

static bool
class_binds(const struct attest *attest)
{
    const char *at = attest->class_row.audiences;
    struct audience audience;

    while (audience_next(&at, &audience)) {
        if (audience.bound) {
            return true;
        }
    }
    return false;
}

/* What an accepted evidence of this very connection brought stays certified on it. */
static void
carry_over(struct attest *attest)
{
    const struct asked *asked = attest->asked;
    const struct session *session =
        sessions_get(attest->keeper->sessions, asked->front, asked->request.connection);

    if (session && memcmp(session->device, attest->device.id, WIRE_UEID_SIZE) == 0 &&
        ct_equal(BYTES_OF(session->exporter), BYTES_OF(asked->request.exporter))) {
        attest->key = session->key;
    }
}

static int
read_key(struct check_key *check)
{
    struct rd rd;

    if (device_key_read(check->attest->evidence.key, &check->wire, &check->fault) != 0 ||
        tpm_public_read(check->wire.public, &check->public, &check->fault) != 0) {
        return 1;
    }
    rd = rd_init(check->wire.certified);
    check->statement_bytes = rd_bytes(&rd, rd_be16(&rd));
    if (rd.failed) {
        return fault(check, RULE_ATTEST_WRAP);
    }
    if (tpm_attest_read(check->statement_bytes, TPM_ATTEST_CERTIFY, &check->statement,
                        &check->fault) != 0) {
        return 1;
    }
    return tpm_signature_read(rd_rest(&rd), &check->signature, &check->fault);
}

/* By the AK that this connection's identity names, and no other. */
static int
check_signer(struct check_key *check)
{
    const struct attest *attest = check->attest;
    struct pubkey *key = NULL;
    int r = ak_cache_get(attest->keeper->aks, &attest->ak, &key);

    if (r == 0) {
        r = tpm_signature_verify(&attest->ak, key, &check->signature, check->statement_bytes,
                                 attest->keeper->hasher, &check->fault);
    }
    if (r == 0) {
        r = tpm_public_check_signer(&attest->ak, check->statement.qualified_signer,
                                    attest->keeper->hasher, &check->fault);
    }
    return r > 0 ? fault(check, RULE_DEVKEY_SIGNATURE) : r;
}

/* The challenge of the quote beside it, under a label of its own. */
static int
check_challenge(struct check_key *check)
{
    const struct attest *attest = check->attest;
    struct binding binding = {
        .site = attest->keeper->setup.site,
        .mode = BINDING_CONNECTION,
        .nonce = attest->claims.has_nonce ? attest->claims.nonce : NULL,
        .exporter = attest->asked->request.exporter,
    };
    uint8_t want[32];
    int r = binding_certify(attest->keeper->hasher, &binding, want);

    if (r < 0) {
        return r;
    }
    return ct_equal(BYTES_OF(want), check->statement.extra_data)
               ? 0
               : fault(check, RULE_DEVKEY_BINDING);
}

/* RFC 7638 thumbprint. The TPM may have stripped zeros off the coordinates. */
static int
take_key(struct check_key *check)
{
    struct attest *attest = check->attest;
    struct pubkey *key = NULL;
    struct p256 point;
    int r = tpm_public_key(&check->public, &key);

    if (r == 0) {
        r = pubkey_point(key, point.x, point.y);
        pubkey_free(key);
    }
    if (r != 0) {
        return r < 0 ? r : fault(check, RULE_DEVKEY_KIND);
    }
    r = p256_jwk_thumb(&point, attest->keeper->hasher, attest->key.jkt);
    attest->key.set = r == 0;
    return r;
}

/* A certificate counts for its key and its bytes alone: nothing else that it says goes into a
 * token, so who signed it does not matter. */
static int
take_certificate(struct check_key *check)
{
    struct attest *attest = check->attest;
    struct bytes der = check->wire.certificate;
    struct pubkey *own = NULL;
    uint8_t point[64];
    uint8_t want[64];
    struct pubkey *certified = NULL;
    struct x509 cert;
    bool same = false;

    if (!der.p) {
        return 0;
    }
    if (x509_read(der, NULL, &cert) == 0 && x509_key(&cert, &own) == 0 &&
        tpm_public_key(&check->public, &certified) == 0 && pubkey_kind(own) == KEY_P256) {
        same = pubkey_point(own, point, point + 32) == 0 &&
               pubkey_point(certified, want, want + 32) == 0 &&
               memcmp(point, want, sizeof(want)) == 0;
    }
    pubkey_free(own);
    pubkey_free(certified);
    if (!same) {
        return fault(check, RULE_DEVKEY_CERTIFICATE);
    }
    attest->key.has_cert = true;
    return hasher_bytes(attest->keeper->hasher, HASH_SHA256, der, attest->key.x5t);
}

static int
check_area(struct check_key *check)
{
    int r = tpm_device_key_check(&check->public, &check->fault);

    return r == 0 ? tpm_device_key_certified(&check->public, &check->statement,
                                             check->attest->keeper->hasher, &check->fault)
                  : r;
}

/* The signature first: nothing in the statement is true before. */
static int
judge(struct check_key *check)
{
    static int (*const checks[])(struct check_key *) = {
        check_signer, check_challenge, check_area, take_key, take_certificate,
    };
    int r = 0;

    for (size_t i = 0; i < ARRAY_LEN(checks) && r == 0; i++) {
        r = checks[i](check);
    }
    return r;
}

/* A key that is not what it claims is told of like refused evidence. It uses the challenge up, so
 * that one challenge makes one line. */
static enum step
refuse(struct check_key *check)
{
    struct attest *attest = check->attest;
    struct keeper *keeper = attest->keeper;
    char name[RULE_NAME_MAX];
    char text[64];
    int r = store_challenge_use(keeper->store, attest->challenge,
                                keeper->clock->utc_ms(keeper->clock->context) +
                                    attest->class_row.interval_s * 1000 + CHALLENGE_KEEP_MS);

    if (r == STORE_EXISTS) {
        keeper_challenge(keeper, attest->asked, attest->device.id, REASON_EVIDENCE_STALE);
        return STEP_ANSWERED;
    }
    if (r != 0) {
        keeper_broke(keeper, attest->asked, "challenge", r);
        return STEP_ANSWERED;
    }
    (void)rule_name(check->fault.rule, name);
    log_event(LOG_NOTICE, "device-key-refused", LOG_HEX("device", BYTES_OF(attest->device.id)),
              LOG_STR("rule", name), LOG_TEXT("peer", attest->asked->request.peer));
    snprintf(text, sizeof(text), "device key: rule %s", name);
    keeper_audit(keeper, "refused", attest->device.id, "keeper", text);
    keeper_problem(keeper, attest->asked, COAP_CODE(4, 0), REASON_DEVICE_KEY, NULL);
    return STEP_ANSWERED;
}

enum step
attest_key(struct attest *attest)
{
    struct check_key check = {.attest = attest};
    int r;

    attest->key = (struct bound_key){.set = false};
    if (!class_binds(attest)) {
        return STEP_ON; /* nothing would rest on it, and a check costs as much as the quote's */
    }
    if (!attest->evidence.key.p) {
        carry_over(attest);
        return STEP_ON;
    }
    r = read_key(&check);
    if (r == 0) {
        r = judge(&check);
    }
    if (r == 0) {
        return STEP_ON;
    }
    attest->key = (struct bound_key){.set = false};
    if (r < 0) {
        keeper_broke(attest->keeper, attest->asked, "device key", r);
        return STEP_ANSWERED;
    }
    return refuse(&check);
}
