/* tpm-ops TCTI VERB [ARGS]: one verb of attestor/tpm/ against a real (software) TPM, its results
 * as lines "name hex-or-number" for tpm.py, which makes the claims. A refusal is the line "refused
 * NAME CODE TEXT" and exit code 1. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hex.h"
#include "base/text.h"
#include "formats/tpm-signature.h"
#include "lib/check.h"
#include "tpm/tpm-activate.h"
#include "tpm/tpm-ak.h"
#include "tpm/tpm-certify.h"
#include "tpm/tpm-endorse.h"
#include "tpm/tpm-info.h"
#include "tpm/tpm-quote.h"

struct session {
    struct tpm *tpm;
    struct tpm_error error;
    int argc;
    char **argv;
};

static void
print_hex(const char *name, struct bytes bytes)
{
    char *hex = malloc(2 * bytes.len + 1);

    if (hex) {
        printf("%s %s\n", name, hex_write(hex, bytes));
    }
    free(hex);
}

static int
print_key(const struct tpm_key *key, const char *name)
{
    uint8_t room[1024];
    uint8_t fingerprint[32];
    struct wr wr = wr_init(room, sizeof(room));
    int r = tpm_key_spki(key, &wr);

    if (r == 0) {
        r = tpm_key_fingerprint(key, fingerprint);
    }
    printf("key %s\n", name);
    print_hex("public", tpm_key_public(key));
    print_hex("name", tpm_key_name(key));
    print_hex("spki", wr_done(&wr));
    print_hex("fingerprint", BYTES_OF(fingerprint));
    return r;
}

static struct bytes
arg(const struct session *s, int n)
{
    return bytes_str(n < s->argc ? s->argv[n] : "");
}

static enum tpm_ak_kind
ak_kind(const struct session *s, int n)
{
    struct bytes word = arg(s, n);

    return bytes_equal(word, bytes_str("rsa"))    ? TPM_AK_RSA2048
           : bytes_equal(word, bytes_str("p256")) ? TPM_AK_P256
                                                  : TPM_AK_ANY;
}

/* info */
static int
verb_info(struct session *s)
{
    struct tpm_info info;
    int r = tpm_info_read(s->tpm, &info, &s->error);

    if (r != 0) {
        return r;
    }
    printf("manufacturer %s\nvendor %s\nfirmware %llx\nrevision %u\nclock %llu\nreset %u\n"
           "restart %u\nsafe %d\n",
           info.manufacturer, info.vendor, (unsigned long long)info.firmware_version,
           info.spec_revision, (unsigned long long)info.clock_ms, info.reset_count,
           info.restart_count, info.clock_safe);
    for (size_t i = 0; i < info.banks.n_banks; i++) {
        printf("bank-%s %x\n", hash_name(info.banks.bank[i].alg), info.banks.bank[i].pcrs);
    }
    return 0;
}

/* certs */
static int
verb_certs(struct session *s)
{
    struct tpm_certs certs;
    int r = tpm_cert_read_all(s->tpm, &certs, &s->error);

    if (r != 0) {
        return r;
    }
    for (size_t i = 0; i < certs.n_certs; i++) {
        char name[16];

        snprintf(name, sizeof(name), "%08x", certs.cert[i].index);
        print_hex(name, bytes_of(certs.cert[i].p, certs.cert[i].len));
    }
    print_hex("chain", bytes_of(certs.chain, certs.chain_len));
    printf("skipped %u\nchosen %s\n", certs.n_skipped,
           tpm_endorse_name(tpm_endorse_choose(&certs)));
    tpm_cert_done(&certs);
    return 0;
}

/* The EK named by argument n ("L-1 RSA-2048"), or the one that the certificates choose. */
static int
load_ek(struct session *s, int n, struct tpm_key **ret, enum tpm_endorse_kind *ret_kind)
{
    struct tpm_certs certs;
    int r;

    for (unsigned kind = 0; kind < TPM_ENDORSE_N; kind++) {
        if (bytes_equal(arg(s, n), bytes_str(tpm_endorse_name((enum tpm_endorse_kind)kind)))) {
            *ret_kind = (enum tpm_endorse_kind)kind;
            return tpm_endorse_load(s->tpm, *ret_kind, ret, &s->error);
        }
    }
    r = tpm_cert_read_all(s->tpm, &certs, &s->error);
    if (r != 0) {
        return r;
    }
    *ret_kind = tpm_endorse_choose(&certs);
    tpm_cert_done(&certs);
    return tpm_endorse_load(s->tpm, *ret_kind, ret, &s->error);
}

/* ek [KIND] */
static int
verb_ek(struct session *s)
{
    CLEANUP(tpm_key_freep) struct tpm_key *ek = NULL;
    enum tpm_endorse_kind kind = TPM_ENDORSE_N;
    int r = load_ek(s, 0, &ek, &kind);

    return r != 0 ? r : print_key(ek, tpm_endorse_name(kind));
}

/* ak SITE [p256|rsa] */
static int
verb_ak(struct session *s)
{
    CLEANUP(tpm_key_freep) struct tpm_key *ak = NULL;
    int r = tpm_ak_load(s->tpm, arg(s, 0), ak_kind(s, 1), &ak, &s->error);

    return r != 0 ? r : print_key(ak, "ak");
}

/* activate SITE KIND ID_OBJECT ENCRYPTED_SECRET */
static int
verb_activate(struct session *s)
{
    CLEANUP(tpm_key_freep) struct tpm_key *ek = NULL;
    CLEANUP(tpm_key_freep) struct tpm_key *ak = NULL;
    CLEANUP(secret_freep) struct secret *secret = NULL;
    enum tpm_endorse_kind kind;
    int r = load_ek(s, 1, &ek, &kind);

    if (r == 0) {
        r = tpm_ak_load(s->tpm, arg(s, 0), TPM_AK_ANY, &ak, &s->error);
    }
    if (r == 0) {
        r = tpm_activate(ek, ak, check_hex(s->argv[2]), check_hex(s->argv[3]), &secret, &s->error);
    }
    if (r == 0) {
        print_hex("secret", secret_bytes(secret));
    }
    return r;
}

static void
print_quote(const struct tpm_quote *quote)
{
    print_hex("info", bytes_of(quote->attest.info, quote->attest.info_len));
    print_hex("signature", bytes_of(quote->attest.signature, quote->attest.signature_len));
    print_hex("digest", BYTES_OF(quote->pcr_digest));
    for (size_t i = 0; i < quote->selection.n_banks; i++) {
        printf("bank-%s %x\n", hash_name(quote->selection.bank[i].alg),
               quote->selection.bank[i].pcrs);
    }
}

static void
print_values(const struct tpm_pcr_values *values)
{
    for (size_t i = 0; i < values->n_values; i++) {
        const struct tpm_pcr_value *value = &values->value[i];
        char name[32];

        snprintf(name, sizeof(name), "%s-%u", hash_name(value->alg), value->pcr);
        print_hex(name, bytes_of(value->b, hash_size(value->alg)));
    }
}

/* quote SITE p256|rsa BANK PCRS QUALIFYING */
static int
verb_quote(struct session *s)
{
    CLEANUP(tpm_key_freep) struct tpm_key *ak = NULL;
    struct tpm_pcr_bank wanted = {hash_from_name(arg(s, 2)), 0};
    struct tpm_pcr_values values;
    struct tpm_quote quote;
    int r = tpm_ak_load(s->tpm, arg(s, 0), ak_kind(s, 1), &ak, &s->error);

    wanted.pcrs = (uint32_t)strtoul(s->argv[3], NULL, 16);
    if (r == 0) {
        r = tpm_quote_values(ak, &wanted, check_hex(s->argv[4]).p, &quote, &values, &s->error);
    }
    if (r == 0) {
        r = print_key(ak, "ak");
        print_quote(&quote);
        print_values(&values);
    }
    return r;
}

/* changed SITE: a value that is not the quoted one does not hold */
static int
verb_changed(struct session *s)
{
    CLEANUP(tpm_key_freep) struct tpm_key *ak = NULL;
    static const uint8_t qualifying[32];
    struct tpm_pcr_values values;
    struct tpm_quote quote;
    int r = tpm_ak_load(s->tpm, arg(s, 0), TPM_AK_ANY, &ak, &s->error);

    if (r == 0) {
        r = tpm_quote_values(ak, &TPM_PCR_DEFAULT, qualifying, &quote, &values, &s->error);
    }
    if (r == 0) {
        printf("before %d\n", tpm_quote_holds(ak, &quote, &values));
        values.value[0].b[0] ^= 1;
        printf("after %d\n", tpm_quote_holds(ak, &quote, &values));
    }
    return r;
}

/* certify SITE QUALIFYING */
static int
verb_certify(struct session *s)
{
    CLEANUP(tpm_key_freep) struct tpm_key *ak = NULL;
    CLEANUP(tpm_key_freep) struct tpm_key *dev = NULL;
    struct tpm_signed attest;
    int r = tpm_ak_load(s->tpm, arg(s, 0), TPM_AK_ANY, &ak, &s->error);

    if (r == 0) {
        r = tpm_ak_load_dev(s->tpm, arg(s, 0), &dev, &s->error);
    }
    if (r == 0) {
        r = tpm_certify(dev, ak, check_hex(s->argv[1]).p, &attest, &s->error);
    }
    if (r == 0) {
        r = print_key(dev, "dev");
        print_hex("info", bytes_of(attest.info, attest.info_len));
        print_hex("signature", bytes_of(attest.signature, attest.signature_len));
        print_hex("ak", tpm_key_public(ak));
    }
    return r;
}

/* One session's work: everything that takes a slot. */
static int
one_round(struct session *s)
{
    CLEANUP(tpm_key_freep) struct tpm_key *ek = NULL;
    CLEANUP(tpm_key_freep) struct tpm_key *ak = NULL;
    CLEANUP(tpm_key_freep) struct tpm_key *dev = NULL;
    CLEANUP(secret_freep) struct secret *secret = NULL;
    static const uint8_t qualifying[32];
    struct tpm_signed attest;
    struct tpm_quote quote;
    enum tpm_endorse_kind kind;
    int r = load_ek(s, 1, &ek, &kind);

    if (r == 0) {
        r = tpm_ak_load(s->tpm, arg(s, 0), TPM_AK_ANY, &ak, &s->error);
    }
    if (r == 0) {
        r = tpm_activate(ek, ak, check_hex(s->argv[2]), check_hex(s->argv[3]), &secret, &s->error);
    }
    if (r == (int)TPM_E_FOREIGN) {
        r = 0; /* the path of failure leaves nothing behind either */
    }
    tpm_key_freep(&ek);
    if (r == 0) {
        r = tpm_quote_make(ak, &TPM_PCR_DEFAULT, qualifying, &quote, &s->error);
    }
    if (r == 0) {
        r = tpm_ak_load_dev(s->tpm, arg(s, 0), &dev, &s->error);
    }
    return r != 0 ? r : tpm_certify(dev, ak, qualifying, &attest, &s->error);
}

/* rounds SITE KIND ID_OBJECT ENCRYPTED_SECRET N */
static int
verb_rounds(struct session *s)
{
    unsigned long n = strtoul(s->argv[4], NULL, 10);
    int r = 0;

    for (unsigned long i = 0; r == 0 && i < n; i++) {
        r = one_round(s);
        printf("round %lu\n", i);
    }
    return r;
}

/* hold N: keeps N keys loaded and asks for one more */
static int
verb_hold(struct session *s)
{
    struct tpm_key *keys[8] = {0};
    unsigned long n = strtoul(s->argv[0], NULL, 10);
    int r = 0;

    for (size_t i = 0; r == 0 && i < n && i < ARRAY_LEN(keys); i++) {
        r = tpm_ak_load(s->tpm, bytes_str("hold"), TPM_AK_P256, &keys[i], &s->error);
    }
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        tpm_key_free(keys[i]);
    }
    return r;
}

/* The hook as the attestor gives it: the readers and keys that the verifier uses too. */
static int
verify(void *context, struct bytes spki, struct bytes info, struct bytes signature)
{
    CLEANUP(pubkey_freep) struct pubkey *key = NULL;
    struct tpm_signature read;
    int r = pubkey_from_spki(spki, &key);

    if (r == 0) {
        r = tpm_signature_read(signature, &read, NULL);
    }
    return r != 0 ? r : tpm_signature_verify(NULL, key, &read, info, context, NULL);
}

/* verify SITE p256|rsa: our own quote, and the same under another key of this TPM */
static int
verb_verify(struct session *s)
{
    CLEANUP(tpm_key_freep) struct tpm_key *ak = NULL;
    CLEANUP(tpm_key_freep) struct tpm_key *other = NULL;
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    static const uint8_t qualifying[32];
    struct tpm_quote quote;
    int r = tpm_ak_load(s->tpm, arg(s, 0), ak_kind(s, 1), &ak, &s->error);

    if (r == 0) {
        r = tpm_quote_make(ak, &TPM_PCR_DEFAULT, qualifying, &quote, &s->error);
    }
    if (r == 0) {
        r = tpm_ak_load(s->tpm, bytes_str("another site"), ak_kind(s, 1), &other, &s->error);
    }
    if (r == 0) {
        int own = tpm_signed_check(&quote.attest, ak, verify, hasher);
        int others = tpm_signed_check(&quote.attest, other, verify, hasher);

        printf("own %s\nothers %s\n", tpm_outcome_name((enum tpm_outcome)own),
               tpm_outcome_name((enum tpm_outcome)others));
    }
    return r;
}

static const struct {
    const char *name;
    int argc;
    int (*run)(struct session *s);
} verbs[] = {
    {"info", 0, verb_info},       {"certs", 0, verb_certs},       {"ek", 0, verb_ek},
    {"ak", 1, verb_ak},           {"activate", 4, verb_activate}, {"quote", 5, verb_quote},
    {"changed", 1, verb_changed}, {"certify", 2, verb_certify},   {"rounds", 5, verb_rounds},
    {"hold", 1, verb_hold},       {"verify", 2, verb_verify},
};

static int
count_wait(void *context, uint32_t wait_ms)
{
    *(uint32_t *)context += wait_ms;
    return 0;
}

int
main(int argc, char **argv)
{
    uint32_t waited_ms = 0;
    struct tpm_patience patience = {count_wait, &waited_ms, 10, 3};
    struct session s = {.argc = argc - 3, .argv = argv + 3};
    char text[TEXT_QUOTED_ROOM(sizeof(s.error.text))];
    int r = -EINVAL;

    tpm_quiet();
    if (argc >= 3) {
        r = tpm_open(argv[1], &patience, &s.tpm, &s.error);
    }
    for (size_t i = 0; r == 0 && i < ARRAY_LEN(verbs); i++) {
        if (strcmp(verbs[i].name, argv[2]) == 0) {
            r = s.argc >= verbs[i].argc ? verbs[i].run(&s) : -EINVAL;
        }
    }
    tpm_close(s.tpm);
    if (r > 0) {
        printf("refused %s %x %s\n", tpm_outcome_name((enum tpm_outcome)r), s.error.rc,
               text_escaped(text, sizeof(text), bytes_str(s.error.text)));
    }
    if (waited_ms > 0) {
        printf("waited %u\n", waited_ms);
    }
    return r == 0 ? 0 : r > 0 ? 1 : 2;
}
