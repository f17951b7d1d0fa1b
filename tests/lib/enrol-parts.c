#include "lib/enrol-parts.h"

#include "crypto/cose.h"
#include "lib/check.h"

struct keeper_rig rig;
struct softek softek;

struct enrol_parts parts;

void
enrol_plain(void)
{
    struct soft_device *device = &rig.device;

    parts = (struct enrol_parts){.maker = bytes_str("Test")};
    CHECK_EQ(tpm_public_read(bytes_of(device->ek_public, device->ek_public_len), &parts.ek, NULL),
             0);
    CHECK_EQ(tpm_public_read(bytes_of(device->ak_public, device->ak_public_len), &parts.ak, NULL),
             0);
    if (softek.public) {
        CHECK_EQ(pubkey_point(softek.public, parts.ek_room[0], parts.ek_room[1]), 0);
        parts.ek.ecc_x = bytes_of(parts.ek_room[0], 32);
        parts.ek.ecc_y = bytes_of(parts.ek_room[1], 32);
    }
}

void
enrol_start(void)
{
    keeper_rig_new(&rig);
    softek_done(&softek); /* of a keeper before this one, if there was one */
    softek = softek_new(KEY_P256, 0, HASH_SHA256, 128);
    keeper_rig_connect(&rig);
    enrol_plain();
}

struct bytes
enrol_area(uint8_t room[1024], const struct tpm_public *public, size_t trailing)
{
    struct wr wr = wr_init(room, 1024);

    tpm_public_write(&wr, public);
    for (size_t i = 0; i < trailing; i++) {
        wr_u8(&wr, 0);
    }
    CHECK(wr_done(&wr).p);
    return wr_done(&wr);
}

struct bytes
enrol_written(void)
{
    static uint8_t rooms[2][1024];
    static uint8_t room[32768];
    struct wr wr = wr_init(room, sizeof(room));
    struct enroll enroll = {
        .ek = enrol_area(rooms[0], &parts.ek, parts.ek_trailing),
        .ak = enrol_area(rooms[1], &parts.ak, parts.ak_trailing),
        .code = parts.code,
        .maker = parts.maker,
        .n_certs = parts.n_certs,
    };

    memcpy(enroll.certs, parts.certs, sizeof(enroll.certs));
    enroll_write(&wr, &enroll);
    CHECK(wr_done(&wr).p);
    return wr_done(&wr);
}

uint8_t
enrol_on_certificate(struct bytes body)
{
    return keeper_rig_ask(&rig, REQUEST_CERTIFICATE, RESOURCE_ENROLL, body, NULL);
}

uint8_t
enrol_on_psk(struct bytes body)
{
    return keeper_rig_ask(&rig, REQUEST_PSK, RESOURCE_ENROLL, body, NULL);
}

int64_t
enrol_rows(void)
{
    int64_t all = 0;

    for (int state = 0; state < DEVICE_STATE_N; state++) {
        int64_t n = 0;

        CHECK_EQ(store_device_count(rig.keeper.store, (enum device_state)state, &n), 0);
        all += n;
    }
    return all;
}

struct credential
enrol_credential_got(void)
{
    struct pubkey *site = NULL;
    struct cose_sign1 message;
    struct credential ret;
    uint8_t x[32];
    uint8_t y[32];

    CHECK_EQ(rig.reply.code, COAP_CODE(2, 4));
    CHECK_EQ(cose_sign1_read(rig.reply.body, &message), 0);
    CHECK_EQ(privkey_point(rig.keeper.site_key, x, y), 0);
    CHECK_EQ(pubkey_from_point(KEY_P256, BYTES_OF(x), BYTES_OF(y), &site), 0);
    CHECK_EQ(cose_sign1_verify(&message, BYTES_NULL, site, rig.hasher), 0);
    pubkey_free(site);
    CHECK_EQ(credential_read(message.payload, &ret, NULL), 0);
    return ret;
}

void
enrol_take_identity(void)
{
    struct credential got;

    CHECK_EQ(enrol_on_certificate(enrol_written()), COAP_CODE(2, 4));
    got = enrol_credential_got();
    CHECK_EQ(got.identity.len, IDENT_TEXT_SIZE);
    snprintf(rig.identity, sizeof(rig.identity), "%.*s", IDENT_TEXT_SIZE,
             (const char *)got.identity.p);
}

struct enrolled
enrol_state(void)
{
    struct enrolled ret;

    CHECK_EQ(rig.reply.code, COAP_CODE(2, 4));
    CHECK_EQ(enrolled_read(rig.reply.body, &ret, NULL), 0);
    return ret;
}

void
enrol_other_device(void)
{
    softek_done(&softek);
    softek = softek_new(KEY_P256, 0, HASH_SHA256, 128);
    soft_device_done(&rig.device);
    soft_device_new(&rig.device, rig.hasher, RIG_SITE);
    enrol_plain();
}
