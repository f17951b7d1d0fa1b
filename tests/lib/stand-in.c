/* stand-in FOLDER PORT JOIN ATTEST: a verifier that follows a script, for the attestor's tests. It
 * stands on the real front and checks what only a verifier can: that the credential was opened,
 * that the quote is by the enrolled AK and covers this connection, nonce and claims, and that
 * values hash to it. FOLDER holds server.pem, server.key, site.pem and site.key.
 *
 * Each /enroll on a PSK connection takes the next letter of JOIN, each /attest the next of ATTEST;
 * the last letter stays; e: its PSK has ended; A is accepted and wanted again in a second, S in
 * thirty, L in an hour. What happens is printed as lines "name value…". */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/b64.h"
#include "base/clock.h"
#include "base/hex.h"
#include "crypto/cose.h"
#include "crypto/makecred.h"
#include "formats/pem.h"
#include "formats/quote.h"
#include "formats/tpm-device-key.h"
#include "front/front.h"
#include "lib/check.h"
#include "wire/answer.h"
#include "wire/binding.h"
#include "wire/credential.h"
#include "wire/device-key.h"
#include "wire/enroll.h"
#include "wire/evidence.h"
#include "wire/problem.h"

#define SITE "lab"

static struct front *front;
static struct hasher *hasher;
static const char *folder;
static const char *join_script;
static const char *attest_script;
static uint8_t ak_room[LIMIT_PUBLIC];
static struct bytes ak_area;
static uint8_t last_nonce[WIRE_NONCE_SIZE];
static uint8_t room[16384];

static struct bytes
file(const char *name)
{
    char path[512];
    struct bytes bytes;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    CHECK(check_file(path, &bytes));
    return bytes;
}

static char
next(const char **script)
{
    char letter = **script;

    if (letter != '\0' && (*script)[1] != '\0') {
        (*script)++;
    }
    return letter;
}

static uint64_t
mono_ms(void *context)
{
    (void)context;
    return (uint64_t)clock_mono_ms();
}

static uint64_t
wall_ms(void *context)
{
    (void)context;
    return (uint64_t)clock_utc_ms();
}

static int
derive_psk(void *context, struct bytes identity, uint8_t out[32])
{
    struct bytes parts[] = {bytes_str("stand-in"), identity};

    (void)context;
    return hasher_parts(hasher, HASH_SHA256, parts, 2, out);
}

static void
reply(const struct front_request *request, uint8_t code, int format, struct bytes body)
{
    const struct front_answer answer = {code, format, FRONT_NO_MAX_AGE, 0, 0, body};

    CHECK_EQ(front_reply(front, request->conn, request->request, &answer), 0);
}

static void
fresh_nonce(void)
{
    CHECK_EQ(random_bytes(last_nonce, sizeof(last_nonce)), 0);
}

static void
refuse(const struct front_request *request, uint8_t code, enum reason reason,
       struct problem *problem)
{
    struct wr wr = wr_init(room, sizeof(room));

    problem->title = bytes_str("stand-in");
    problem->code = code;
    problem->reason = (uint16_t)reason;
    if (problem->has_nonce) {
        fresh_nonce();
        memcpy(problem->nonce, last_nonce, sizeof(last_nonce));
    }
    problem_write(&wr, problem);
    reply(request, code, 257, wr_done(&wr));
}

/* The blob for these keys, as a keeper makes it. */
static void
make_blob(const struct enroll *enroll, struct bytes ak_name, const char *identity,
          struct makecred_blob *ret)
{
    struct tpm_public ek;
    struct pubkey *key = NULL;
    struct makecred_secret secret;
    struct makecred_ek target;
    char hex[65];

    CHECK_EQ(tpm_public_read(enroll->ek, &ek, NULL), 0);
    CHECK_EQ(tpm_public_key(&ek, &key), 0);
    CHECK_EQ(derive_psk(NULL, bytes_str(identity), secret.b), 0);
    printf("psk %s\n", hex_write(hex, BYTES_OF(secret.b)));
    target = (struct makecred_ek){key, hash_from_tpm_id(ek.name_alg), ek.symmetric_bits};
    CHECK_EQ(makecred(hasher, &target, ak_name, &secret, NULL, ret), 0);
    pubkey_free(key);
}

static struct bytes
site_certificate(void)
{
    static uint8_t der[LIMIT_CERT_BYTES];
    struct rd rd = rd_init(file("site.pem"));
    size_t len = 0;

    CHECK_EQ(pem_next(&rd, der, sizeof(der), &len), 0);
    return bytes_of(der, len);
}

static struct bytes
sign(struct bytes payload)
{
    static uint8_t out[8192];
    struct wr wr = wr_init(out, sizeof(out));
    struct privkey *key = NULL;
    struct bytes chain[] = {site_certificate()};
    struct cose_header header = {.typ = COSE_TYP_NONE, .chain = chain, .n_chain = 1};

    CHECK_EQ(privkey_from_pem(file("site.key"), &key), 0);
    CHECK_EQ(cose_sign1_write(&wr, &header, BYTES_NULL, payload, key, hasher), 0);
    privkey_free(key);
    return wr_done(&wr);
}

/* In a file too: the next stand-in of the same lab knows the device then. */
static void
keep_ak(struct bytes area)
{
    char path[512];
    FILE *out;

    CHECK(area.len <= sizeof(ak_room));
    memcpy(ak_room, area.p, area.len);
    ak_area = bytes_of(ak_room, area.len);
    snprintf(path, sizeof(path), "%s/ak", folder);
    out = fopen(path, "wbe");
    CHECK(out != NULL);
    CHECK_EQ(fwrite(area.p, 1, area.len, out), area.len);
    CHECK_EQ(fclose(out), 0);
}

static void
serve_credential(const struct front_request *request, const struct enroll *enroll)
{
    struct wr wr = wr_init(room, sizeof(room));
    struct bytes keys[] = {enroll->ek, enroll->ak};
    struct tpm_public ak;
    struct makecred_blob blob;
    uint8_t name[TPM_NAME_MAX];
    uint8_t digest[32];
    uint8_t ek_digest[32];
    char identity[B64_LEN(32) + 1];
    size_t name_len = 0;
    struct credential credential = {.site = bytes_str(SITE)};

    CHECK_EQ(tpm_public_read(enroll->ak, &ak, NULL), 0);
    CHECK_EQ(tpm_public_check_ak(&ak, TPM_AK_DEFAULT, NULL), 0);
    CHECK_EQ(tpm_public_name(&ak, hasher, name, &name_len), 0);
    CHECK_EQ(hasher_parts(hasher, HASH_SHA256, keys, 2, digest), 0);
    CHECK_EQ(hasher_bytes(hasher, HASH_SHA256, enroll->ek, ek_digest), 0);
    (void)b64_write(identity, BYTES_OF(digest));
    make_blob(enroll, bytes_of(name, name_len), identity, &blob);
    credential.identity = bytes_str(identity);
    credential.id_object = bytes_of(blob.id, blob.id_len);
    credential.secret = bytes_of(blob.enc, blob.enc_len);
    credential.ek = BYTES_OF(ek_digest);
    credential.ak_name = bytes_of(name, name_len);
    credential_write(&wr, &credential);
    reply(request, FRONT_CODE(2, 4), 18, sign(wr_done(&wr)));
}

static void
serve_state(const struct front_request *request, const struct enroll *enroll)
{
    struct wr wr = wr_init(room, sizeof(room));
    struct enrolled enrolled = {.next_s = 1, .wanted = {HASH_SHA256, 0xffff}};
    struct problem problem = {0};
    char letter = next(&join_script);

    printf("join %c certs=%zu code=%.*s model=%.*s\n", letter, enroll->n_certs,
           (int)enroll->code.len, (const char *)enroll->code.p, (int)enroll->model.len,
           (const char *)enroll->model.p);
    keep_ak(enroll->ak);
    if (letter == '3' || letter == 'e') {
        refuse(request, FRONT_CODE(4, 3),
               letter == 'e' ? REASON_ENROL_EXPIRED : REASON_DEVICE_DISABLED, &problem);
        return;
    }
    enrolled.state = letter == 'p'   ? DEVICE_PENDING
                     : letter == 'r' ? DEVICE_REMOVED
                                     : DEVICE_PROVISIONAL;
    fresh_nonce();
    memcpy(enrolled.nonce, last_nonce, sizeof(last_nonce));
    memset(enrolled.ueid, 1, sizeof(enrolled.ueid));
    enrolled_write(&wr, &enrolled);
    reply(request, FRONT_CODE(2, 4), 60, wr_done(&wr));
}

static void
on_enroll(const struct front_request *request)
{
    struct enroll enroll;
    struct fault fault;

    CHECK_EQ(enroll_read(request->body, &enroll, &fault), 0);
    if (request->kind == FRONT_CERT) {
        printf("credential certs=%zu code=%zu\n", enroll.n_certs, enroll.code.len);
        serve_credential(request, &enroll);
    } else {
        serve_state(request, &enroll);
    }
}

/* Everything that the quote must cover; a failure ends the stand-in, and with it the test. */
static void
check_quote(const struct front_request *request, const struct evidence *evidence,
            const struct claims *claims)
{
    struct binding binding = {.site = bytes_str(SITE),
                              .mode = BINDING_CONNECTION,
                              .nonce = claims->has_nonce ? claims->nonce : NULL,
                              .exporter = request->exporter,
                              .claims = evidence->claims};
    struct rd rd = rd_init(evidence->quote);
    struct bytes info = rd_bytes(&rd, rd_be16(&rd));
    struct tpm_signature signature;
    struct tpm_attest attest;
    struct tpm_public ak;
    struct pubkey *key = NULL;
    uint8_t want[32];

    CHECK_EQ(binding_quote(hasher, &binding, want), 0);
    CHECK_EQ(tpm_attest_read(info, TPM_ATTEST_QUOTE, &attest, NULL), 0);
    CHECK_BYTES(attest.extra_data, BYTES_OF(want));
    CHECK_EQ(tpm_public_read(ak_area.len ? ak_area : file("ak"), &ak, NULL), 0);
    CHECK_EQ(tpm_public_key(&ak, &key), 0);
    CHECK_EQ(tpm_signature_read(rd_rest(&rd), &signature, NULL), 0);
    CHECK_EQ(tpm_signature_verify(&ak, key, &signature, info, hasher, NULL), 0);
    CHECK_EQ(tpm_public_check_signer(&ak, attest.qualified_signer, hasher, NULL), 0);
    pubkey_free(key);
    printf("quoted banks=%zu pcrs=%x\n", attest.selections.n,
           attest.selections.n > 1 ? attest.selections.bank[1].mask : 0);
}

/* The device key, certified by the AK for this connection and nonce. */
static void
check_key(const struct front_request *request, struct bytes item, const struct claims *claims)
{
    struct binding binding = {.site = bytes_str(SITE),
                              .mode = BINDING_CONNECTION,
                              .nonce = claims->has_nonce ? claims->nonce : NULL,
                              .exporter = request->exporter};
    struct device_key wire;
    struct tpm_public public;
    struct tpm_attest statement;
    struct tpm_signature signature;
    struct tpm_public ak;
    struct pubkey *key = NULL;
    struct bytes info;
    struct rd rd;
    uint8_t want[32];

    CHECK_EQ(device_key_read(item, &wire, NULL), 0);
    CHECK_EQ(tpm_public_read(wire.public, &public, NULL), 0);
    CHECK_EQ(tpm_device_key_check(&public, NULL), 0);
    rd = rd_init(wire.certified);
    info = rd_bytes(&rd, rd_be16(&rd));
    CHECK_EQ(tpm_attest_read(info, TPM_ATTEST_CERTIFY, &statement, NULL), 0);
    CHECK_EQ(tpm_device_key_certified(&public, &statement, hasher, NULL), 0);
    CHECK_EQ(binding_certify(hasher, &binding, want), 0);
    CHECK_BYTES(statement.extra_data, BYTES_OF(want));
    CHECK_EQ(tpm_public_read(ak_area.len ? ak_area : file("ak"), &ak, NULL), 0);
    CHECK_EQ(tpm_public_key(&ak, &key), 0);
    CHECK_EQ(tpm_signature_read(rd_rest(&rd), &signature, NULL), 0);
    CHECK_EQ(tpm_signature_verify(&ak, key, &signature, info, hasher, NULL), 0);
    pubkey_free(key);
    printf("key bytes=%zu certificate=%zu\n", item.len, wire.certificate.len);
}

static void
check_evidence(const struct front_request *request)
{
    struct evidence evidence;
    struct claims claims;
    struct fault fault;
    bool own;

    CHECK_EQ(evidence_read(request->body, &evidence, &fault), 0);
    CHECK_EQ(claims_read(evidence.claims, &claims, &fault), 0);
    CHECK_EQ(evidence_match(&evidence, &claims, &fault), 0);
    own = claims.has_nonce && memcmp(claims.nonce, last_nonce, sizeof(last_nonce)) == 0;
    printf("evidence bytes=%zu nonce=%s values=%zu model=%zu clock=%u\n", request->body.len,
           own                ? "last"
           : claims.has_nonce ? "other"
                              : "null",
           evidence.values.len, claims.model.len, (unsigned)claims.clock_floor_s);
    for (size_t i = 0; i < claims.n_logs; i++) {
        printf("log %s offset=%u body=%zu\n", log_kind_name(claims.logs[i].kind),
               (unsigned)claims.logs[i].offset, evidence.logs[i].len);
    }
    check_quote(request, &evidence, &claims);
    if (evidence.key.p) {
        check_key(request, evidence.key, &claims);
    }
}

static void
judge(const struct front_request *request, enum tier tier, uint32_t next_s)
{
    struct wr wr = wr_init(room, sizeof(room));
    struct answer answer = {.tier = tier, .next_s = next_s, .wanted = {HASH_SHA256, 0xffff}};
    struct evidence evidence;
    struct claims claims;
    struct fault fault;

    CHECK_EQ(evidence_read(request->body, &evidence, &fault), 0);
    CHECK_EQ(claims_read(evidence.claims, &claims, &fault), 0);
    for (size_t i = 0; i < claims.n_logs; i++) {
        answer.known[answer.n_known++] =
            (struct log_offset){claims.logs[i].kind, claims.logs[i].offset + evidence.logs[i].len};
    }
    if (tier == TIER_AFFIRMING || tier == TIER_WARNING) {
        answer.cwt = bytes_str("cwt");
    } else {
        answer.reasons[answer.n_reasons++] = REASON_FW_UNKNOWN;
    }
    fresh_nonce();
    memcpy(answer.nonce, last_nonce, sizeof(last_nonce));
    answer_write(&wr, &answer);
    reply(request, FRONT_CODE(2, 4), 60, wr_done(&wr));
}

static void
on_attest(const struct front_request *request)
{
    struct problem problem = {.has_nonce = true};
    char letter = next(&attest_script);

    printf("attest %c\n", letter);
    if (letter == '3' || letter == 'e') { /* told before anything is looked at */
        problem.has_nonce = false;
        refuse(request, FRONT_CODE(4, 3),
               letter == 'e' ? REASON_ENROL_EXPIRED : REASON_DEVICE_UNKNOWN, &problem);
        return;
    }
    check_evidence(request);
    switch (letter) {
    case '1':
        refuse(request, FRONT_CODE(4, 1), REASON_EVIDENCE_STALE, &problem);
        return;
    case '9': /* another selection */
        problem.has_wanted = true;
        problem.wanted = (struct pcr_set){HASH_SHA256, 0x2ff};
        refuse(request, FRONT_CODE(4, 9), REASON_QUOTE_SELECTION, &problem);
        return;
    case 'v': /* values, and the firmware log from its start */
        problem.want_values = true;
        problem.n_want_logs = 1;
        problem.want_logs[0].kind = LOG_FIRMWARE;
        refuse(request, FRONT_CODE(4, 9), REASON_PCR_DIGEST, &problem);
        return;
    default:
        judge(request, letter == 'C' ? TIER_CONTRAINDICATED : TIER_AFFIRMING,
              letter == 'L'   ? 3600
              : letter == 'S' ? 30
                              : 1);
    }
}

static void
on_request(void *context, const struct front_request *request)
{
    struct problem problem = {.has_nonce = false};

    (void)context;
    switch (request->resource) {
    case FRONT_ENROLL:
        on_enroll(request);
        break;
    case FRONT_ATTEST:
        on_attest(request);
        break;
    case FRONT_TOKEN:
        printf("token %.*s\n", (int)request->aud.len, (const char *)request->aud.p);
        if (bytes_equal(request->aud, bytes_str("nothing"))) {
            refuse(request, FRONT_CODE(4, 3), REASON_DEVICE_KEY, &problem);
            return;
        }
        reply(request, FRONT_CODE(2, 5), 60, bytes_str("jwt"));
        break;
    default:
        reply(request, FRONT_CODE(4, 4), FRONT_NO_FORMAT, BYTES_NULL);
    }
}

static void
on_signal(int number)
{
    (void)number;
    front_stop(front);
}

int
main(int argc, char **argv)
{
    int fd = -1;
    struct front_config config = {
        .fds = &fd,
        .n_fds = 1,
        .keys = {.ticket = {{1}}, .cookie = {{2}, {3}}},
        .clock = {.mono_ms = mono_ms, .wall_ms = wall_ms},
        .calls = {.psk = derive_psk, .on_request = on_request},
    };

    setvbuf(stdout, NULL, _IOLBF, 0);
    CHECK_EQ(argc, 5);
    folder = argv[1];
    join_script = argv[3];
    attest_script = argv[4];
    hasher = hasher_new();
    CHECK(hasher != NULL);
    config.cert_pem = file("server.pem");
    config.key_pem = file("server.key");
    CHECK_EQ(binding_exporter_context(hasher, bytes_str(SITE), config.site_hash), 0);
    CHECK_EQ(front_listen("127.0.0.1", (uint16_t)strtoul(argv[2], NULL, 10), &fd), 0);
    CHECK_EQ(front_new(&config, &front), 0);
    signal(SIGTERM, on_signal);
    puts("ready");
    CHECK_EQ(front_run(front), 0);
    front_free(front);
    hasher_free(hasher);
    return 0;
}
