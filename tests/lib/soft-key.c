#include "lib/soft-key.h"

#include "lib/check.h"
#include "wire/device-key.h"

enum { ALG_SHA256 = 0x000b, ATTR_DEVICE = 0x00040472 };

void
soft_key_new(struct soft_key *key)
{
    *key = (struct soft_key){
        .area = {.type = TPM_ALG_ECC,
                 .name_alg = ALG_SHA256,
                 .attributes = ATTR_DEVICE,
                 .symmetric = TPM_ALG_NULL,
                 .scheme = TPM_ALG_ECDSA,
                 .scheme_hash = ALG_SHA256,
                 .curve = 3,
                 .kdf = TPM_ALG_NULL},
    };
    CHECK_EQ(privkey_generate(&key->key), 0);
    CHECK_EQ(privkey_point(key->key, key->x, key->y), 0);
    key->area.ecc_x = BYTES_OF(key->x);
    key->area.ecc_y = BYTES_OF(key->y);
    soft_key_area(key);
}

void
soft_key_done(struct soft_key *key)
{
    privkey_free(key->key);
    key->key = NULL;
}

void
soft_key_area(struct soft_key *key)
{
    struct wr wr = wr_init(key->public, sizeof(key->public));

    tpm_public_write(&wr, &key->area);
    CHECK(wr_done(&wr).p);
    key->public_len = wr_done(&wr).len;
}

void
soft_key_statement(struct soft_key *key, struct soft_device *device, const uint8_t *nonce,
                   const uint8_t *exporter)
{
    struct binding binding = {
        .site = bytes_str(device->site),
        .mode = BINDING_CONNECTION,
        .nonce = nonce,
        .exporter = exporter,
    };
    struct tpm_public area;

    CHECK_EQ(tpm_public_read(bytes_of(key->public, key->public_len), &area, NULL), 0);
    CHECK_EQ(binding_certify(device->hasher, &binding, key->extra), 0);
    CHECK_EQ(tpm_public_name(&area, device->hasher, key->name, &key->name_len), 0);
    CHECK_EQ(tpm_public_qualified_name(&area, TPM_RH_ENDORSEMENT, device->hasher, key->qualified,
                                       &key->qualified_len),
             0);
    CHECK_EQ(tpm_public_qualified_name(&device->ak_area, TPM_RH_ENDORSEMENT, device->hasher,
                                       key->signer, &key->signer_len),
             0);
    key->statement = (struct tpm_attest){
        .type = TPM_ATTEST_CERTIFY,
        .clock_ms = device->clock_ms,
        .reset_count = device->reset_count,
        .restart_count = device->restart_count,
        .safe = true,
        .firmware_version = device->firmware,
    };
}

void
soft_key_sign(struct soft_key *key, struct soft_device *device)
{
    struct wr wr = wr_init(key->statement_room, sizeof(key->statement_room));
    uint8_t digest[32];

    key->statement.qualified_signer = bytes_of(key->signer, key->signer_len);
    key->statement.extra_data = BYTES_OF(key->extra);
    key->statement.name = bytes_of(key->name, key->name_len);
    key->statement.qualified_name = bytes_of(key->qualified, key->qualified_len);
    tpm_attest_write(&wr, &key->statement);
    CHECK(wr_done(&wr).p);
    key->statement_len = wr_done(&wr).len;
    CHECK_EQ(hasher_bytes(device->hasher, HASH_SHA256, wr_done(&wr), digest), 0);
    CHECK_EQ(privkey_sign(device->ak, digest, key->signature), 0);
}

struct bytes
soft_key_item(const struct soft_key *key)
{
    static uint8_t certified[2048];
    static uint8_t item[8192];
    struct wr certified_wr = wr_init(certified, sizeof(certified));
    struct wr wr = wr_init(item, sizeof(item));
    struct device_key wire = {.public = bytes_of(key->public, key->public_len),
                              .certificate = key->certificate};

    wr_be16(&certified_wr, (uint16_t)key->statement_len);
    wr_bytes(&certified_wr, bytes_of(key->statement_room, key->statement_len));
    wr_be16(&certified_wr, TPM_ALG_ECDSA);
    wr_be16(&certified_wr, ALG_SHA256);
    for (size_t i = 0; i < 2; i++) {
        wr_be16(&certified_wr, 32);
        wr_bytes(&certified_wr, bytes_of(key->signature + 32 * i, 32));
    }
    for (size_t i = 0; i < key->trailing; i++) {
        wr_u8(&certified_wr, 0);
    }
    wire.certified = wr_done(&certified_wr);
    device_key_write(&wr, &wire);
    CHECK(wr_done(&wr).p);
    return wr_done(&wr);
}
