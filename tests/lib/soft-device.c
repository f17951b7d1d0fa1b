#include "lib/soft-device.h"

#include "formats/tpm-ek.h"
#include "lib/check.h"

enum { ALG_SHA256 = 0x000b, ALG_CFB = 0x0043, ATTR_AK = 0x00050472, ATTR_EK_L = 0x000300b2 };

static size_t
area(uint8_t *room, size_t cap, struct tpm_public *public, struct privkey *key)
{
    static uint8_t x[32];
    static uint8_t y[32];
    struct wr wr = wr_init(room, cap);

    CHECK_EQ(privkey_point(key, x, y), 0);
    public->type = TPM_ALG_ECC;
    public->name_alg = ALG_SHA256;
    public->curve = 3;
    public->kdf = TPM_ALG_NULL;
    public->ecc_x = BYTES_OF(x);
    public->ecc_y = BYTES_OF(y);
    tpm_public_write(&wr, public);
    CHECK(wr_done(&wr).p);
    return wr_done(&wr).len;
}

void
soft_device_new(struct soft_device *device, struct hasher *hasher, const char *site)
{
    struct tpm_public ek = {
        .attributes = ATTR_EK_L,
        .policy = tpm_ek_policy_a(HASH_SHA256),
        .symmetric = TPM_ALG_AES,
        .symmetric_bits = 128,
        .symmetric_mode = ALG_CFB,
        .scheme = TPM_ALG_NULL,
    };
    struct tpm_public ak = {
        .attributes = ATTR_AK,
        .symmetric = TPM_ALG_NULL,
        .scheme = TPM_ALG_ECDSA,
        .scheme_hash = ALG_SHA256,
    };

    *device = (struct soft_device){.hasher = hasher,
                                   .site = site,
                                   .clock_ms = 1000,
                                   .reset_count = 5,
                                   .firmware = 0x0102030405060708};
    CHECK_EQ(privkey_generate(&device->ek), 0);
    CHECK_EQ(privkey_generate(&device->ak), 0);
    device->ek_public_len = area(device->ek_public, sizeof(device->ek_public), &ek, device->ek);
    device->ak_public_len = area(device->ak_public, sizeof(device->ak_public), &ak, device->ak);
    CHECK_EQ(
        tpm_public_read(bytes_of(device->ak_public, device->ak_public_len), &device->ak_area, NULL),
        0);
    CHECK_EQ(tpm_public_name(&device->ak_area, hasher, device->ak_name, &device->ak_name_len), 0);
}

void
soft_device_done(struct soft_device *device)
{
    privkey_free(device->ek);
    privkey_free(device->ak);
}

struct bytes
soft_device_enroll(const struct soft_device *device, struct wr *wr)
{
    struct enroll enroll = {
        .ek = bytes_of(device->ek_public, device->ek_public_len),
        .ak = bytes_of(device->ak_public, device->ak_public_len),
        .maker = bytes_str("Test"),
        .model = bytes_str("Soft"),
        .serial = bytes_str("1"),
    };

    enroll_write(wr, &enroll);
    return wr_done(wr);
}

static void
growing_plain(struct soft_device *device, enum log_kind kind, const struct soft_growing *growing,
              struct claims *claims)
{
    struct claims_log *log = &claims->logs[claims->n_logs];

    if (growing->bytes.p) {
        claims->n_logs++;
        log->kind = kind;
        log->offset = growing->offset;
        CHECK_EQ(hasher_bytes(device->hasher, HASH_SHA256,
                              bytes_of(growing->bytes.p, (size_t)growing->offset), log->before),
                 0);
    }
}

static void
claims_plain(struct soft_device *device, const uint8_t *nonce, struct soft_evidence *evidence)
{
    struct wr wr = wr_init(evidence->claims_room, sizeof(evidence->claims_room));
    struct claims_log *log = &evidence->claims.logs[0];

    evidence->claims.has_nonce = nonce != NULL;
    if (nonce) {
        memcpy(evidence->claims.nonce, nonce, WIRE_NONCE_SIZE);
    }
    evidence->claims.quoted = device->values.selection;
    evidence->claims.n_logs = 1;
    log->kind = LOG_FIRMWARE;
    log->whole = true;
    log->offset = evidence->with_log ? 0 : device->log.len;
    log->length = device->log.len;
    CHECK_EQ(hasher_bytes(device->hasher, HASH_SHA256, device->log, log->digest), 0);
    CHECK_EQ(hasher_bytes(device->hasher, HASH_SHA256, bytes_of(device->log.p, (size_t)log->offset),
                          log->before),
             0);
    growing_plain(device, LOG_IMA, &device->ima, &evidence->claims);
    growing_plain(device, LOG_USERSPACE, &device->userspace, &evidence->claims);
    claims_write(&wr, &evidence->claims);
    evidence->claims_bytes = wr_done(&wr);
    CHECK(evidence->claims_bytes.p);
}

/* SHA-256 over the values in the order of the selection. */
static void
digest_plain(struct soft_device *device, struct soft_evidence *evidence)
{
    static uint8_t all[LIMIT_BANKS * LIMIT_PCRS * HASH_SIZE_MAX];
    struct wr wr = wr_init(all, sizeof(all));

    for (size_t i = 0; i < device->values.selection.n; i++) {
        const struct pcr_set *set = &device->values.selection.sets[i];

        for (size_t pcr = 0; pcr < LIMIT_PCRS; pcr++) {
            if (set->mask >> pcr & 1) {
                wr_bytes(&wr, bytes_of(device->values.value[i][pcr], hash_size(set->bank)));
            }
        }
    }
    CHECK_EQ(hasher_bytes(device->hasher, HASH_SHA256, wr_done(&wr), evidence->pcr_digest), 0);
}

static void
attest_plain(struct soft_device *device, const uint8_t *nonce, const uint8_t *exporter,
             struct soft_evidence *evidence)
{
    struct binding binding = {
        .site = bytes_str(device->site),
        .mode = BINDING_CONNECTION,
        .nonce = nonce,
        .exporter = exporter,
        .claims = evidence->claims_bytes,
    };
    struct tpm_attest *attest = &evidence->attest;

    CHECK_EQ(binding_quote(device->hasher, &binding, evidence->extra), 0);
    evidence->extra_len = 32;
    CHECK_EQ(tpm_public_qualified_name(&device->ak_area, TPM_RH_ENDORSEMENT, device->hasher,
                                       evidence->signer, &evidence->signer_len),
             0);
    attest->type = TPM_ATTEST_QUOTE;
    attest->clock_ms = device->clock_ms;
    attest->reset_count = device->reset_count;
    attest->restart_count = device->restart_count;
    attest->safe = true;
    attest->firmware_version = device->firmware;
    for (size_t i = 0; i < device->values.selection.n; i++) {
        const struct pcr_set *set = &device->values.selection.sets[i];

        attest->selections.bank[i] = (struct tpm_selection){
            .alg_id = hash_tpm_id(set->bank), .alg = set->bank, .size = 3, .mask = set->mask};
    }
    attest->selections.n = device->values.selection.n;
}

void
soft_evidence_plain(struct soft_device *device, const uint8_t *nonce, const uint8_t *exporter,
                    struct soft_evidence *ret)
{
    bool with_log = ret->with_log;
    bool with_values = ret->with_values;

    *ret = (struct soft_evidence){.with_log = with_log, .with_values = with_values};
    ret->sig_alg = TPM_ALG_ECDSA;
    ret->sig_hash = ALG_SHA256;
    claims_plain(device, nonce, ret);
    digest_plain(device, ret);
    attest_plain(device, nonce, exporter, ret);
    soft_evidence_attest(ret);
    soft_evidence_sign(device, ret);
    device->clock_ms += 100;
}

void
soft_evidence_attest(struct soft_evidence *evidence)
{
    struct wr wr = wr_init(evidence->attest_room, sizeof(evidence->attest_room));

    evidence->attest.qualified_signer = bytes_of(evidence->signer, evidence->signer_len);
    evidence->attest.extra_data = bytes_of(evidence->extra, evidence->extra_len);
    evidence->attest.pcr_digest = bytes_of(evidence->pcr_digest, 32);
    tpm_attest_write(&wr, &evidence->attest);
    CHECK(wr_done(&wr).p);
    evidence->attest_len = wr_done(&wr).len;
}

void
soft_evidence_sign(struct soft_device *device, struct soft_evidence *evidence)
{
    uint8_t digest[32];

    CHECK_EQ(hasher_bytes(device->hasher, HASH_SHA256,
                          bytes_of(evidence->attest_room, evidence->attest_len), digest),
             0);
    CHECK_EQ(privkey_sign(device->ak, digest, evidence->signature), 0);
}

struct bytes
soft_evidence_write(const struct soft_device *device, const struct soft_evidence *evidence,
                    struct wr *wr)
{
    static uint8_t quote[2048];
    static uint8_t values[8192];
    struct wr quote_wr = wr_init(quote, sizeof(quote));
    struct wr values_wr = wr_init(values, sizeof(values));
    struct evidence out = {.claims = evidence->claims_bytes, .key = evidence->key};

    wr_be16(&quote_wr, (uint16_t)evidence->attest_len);
    wr_bytes(&quote_wr, bytes_of(evidence->attest_room, evidence->attest_len));
    wr_be16(&quote_wr, evidence->sig_alg);
    wr_be16(&quote_wr, evidence->sig_hash);
    for (size_t i = 0; i < 2; i++) {
        wr_be16(&quote_wr, 32);
        wr_bytes(&quote_wr, bytes_of(evidence->signature + 32 * i, 32));
    }
    for (size_t i = 0; i < evidence->trailing; i++) {
        wr_u8(&quote_wr, 0);
    }
    out.quote = wr_done(&quote_wr);
    if (evidence->with_values) {
        pcr_values_write(&values_wr, &device->values);
        out.values = wr_done(&values_wr);
        CHECK(out.values.p);
    }
    if (evidence->with_log) {
        out.logs[0] = device->log;
    }
    for (size_t i = 1; i < evidence->claims.n_logs; i++) {
        const struct soft_growing *growing =
            evidence->claims.logs[i].kind == LOG_IMA ? &device->ima : &device->userspace;
        size_t from = (size_t)evidence->claims.logs[i].offset;

        if (growing->bytes.len > from) {
            out.logs[i] = bytes_of(growing->bytes.p + from, growing->bytes.len - from);
        }
    }
    evidence_write(wr, &out, &evidence->claims);
    CHECK(wr_done(wr).p);
    return wr_done(wr);
}
