/* What an enrolment is answered with, and what it leaves in the store. */
#include "crypto/cose.h"
#include "lib/check.h"
#include "lib/enrol-parts.h"

static void
the_answer_names_site_and_keys(void)
{
    struct credential got;
    struct tpm_public ak;
    uint8_t room[1024];
    uint8_t digest[32];
    uint8_t name[TPM_NAME_MAX];
    size_t name_len = 0;

    enrol_start();
    CHECK_EQ(enrol_on_certificate(enrol_written()), COAP_CODE(2, 4));
    got = enrol_credential_got();
    CHECK_BYTES(got.site, bytes_str(RIG_SITE));
    CHECK_EQ(hasher_bytes(rig.hasher, HASH_SHA256, enrol_area(room, &parts.ek, 0), digest), 0);
    CHECK_BYTES(got.ek, BYTES_OF(digest));
    CHECK_EQ(tpm_public_read(enrol_area(room, &parts.ak, 0), &ak, NULL), 0);
    CHECK_EQ(tpm_public_name(&ak, rig.hasher, name, &name_len), 0);
    CHECK_BYTES(got.ak_name, bytes_of(name, name_len));
}

static void
a_flipped_answer_does_not_verify(void)
{
    struct pubkey *site = NULL;
    struct cose_sign1 message;
    uint8_t x[32];
    uint8_t y[32];

    enrol_start();
    CHECK_EQ(enrol_on_certificate(enrol_written()), COAP_CODE(2, 4));
    CHECK_EQ(privkey_point(rig.keeper.site_key, x, y), 0);
    CHECK_EQ(pubkey_from_point(KEY_P256, BYTES_OF(x), BYTES_OF(y), &site), 0);
    for (size_t i = 0; i < rig.reply.body.len; i += 7) {
        rig.reply_body[i] ^= 1;
        CHECK(cose_sign1_read(rig.reply.body, &message) != 0 ||
              cose_sign1_verify(&message, BYTES_NULL, site, rig.hasher) != 0);
        rig.reply_body[i] ^= 1;
    }
    CHECK_EQ(cose_sign1_read(rig.reply.body, &message), 0);
    CHECK_EQ(cose_sign1_verify(&message, BYTES_NULL, site, rig.hasher), 0);
    pubkey_free(site);
}

/* Opens the blob as the TPM with this EK would, for an object of this name. */
static int
open_blob(const struct credential *got, struct bytes name, uint8_t out[64])
{
    struct makecred_blob blob = {.id_len = got->id_object.len, .enc_len = got->secret.len};

    CHECK(blob.id_len <= sizeof(blob.id) && blob.enc_len <= sizeof(blob.enc));
    memcpy(blob.id, got->id_object.p, blob.id_len);
    memcpy(blob.enc, got->secret.p, blob.enc_len);
    return softek_activate(&softek, rig.hasher, name, &blob, out);
}

static void
the_blob_opens_with_the_ek_for_this_ak_only(void)
{
    struct credential got;
    struct ident ident;
    uint8_t psk[IDENT_PSK_SIZE];
    uint8_t out[64];
    uint8_t other[TPM_NAME_MAX];

    enrol_start();
    CHECK_EQ(enrol_on_certificate(enrol_written()), COAP_CODE(2, 4));
    got = enrol_credential_got();
    CHECK_EQ(
        ident_read(rig.hasher, rig.keeper.setup.masters, IDENT_MASTERS_MAX, got.identity, &ident),
        0);
    CHECK_EQ(ident_psk(rig.hasher, rig.keeper.setup.masters, IDENT_MASTERS_MAX, &ident, psk), 0);
    CHECK_EQ(open_blob(&got, got.ak_name, out), IDENT_PSK_SIZE);
    CHECK_BYTES(bytes_of(out, IDENT_PSK_SIZE), BYTES_OF(psk));
    CHECK_EQ(ident.epoch, ident_epoch_new(rig.now_ms));
    memcpy(other, got.ak_name.p, got.ak_name.len);
    other[5] ^= 1;
    CHECK_EQ(open_blob(&got, bytes_of(other, got.ak_name.len), out), -1);
    softek_done(&softek);
    softek = softek_new(KEY_P256, 0, HASH_SHA256, 128);
    CHECK(open_blob(&got, got.ak_name, out) != IDENT_PSK_SIZE);
}

static void
an_rsa_ek_opens_its_blob_too(void)
{
    static uint8_t n[256];
    struct credential got;
    uint8_t out[64];
    size_t len = 0;

    enrol_start();
    softek_done(&softek);
    softek = softek_new(KEY_RSA, 2048, HASH_SHA256, 128);
    CHECK_EQ(pubkey_modulus(softek.public, n, sizeof(n), &len), 0);
    parts.ek.type = TPM_ALG_RSA;
    parts.ek.rsa_bits = 2048;
    parts.ek.rsa_n = bytes_of(n, len);
    CHECK_EQ(enrol_on_certificate(enrol_written()), COAP_CODE(2, 4));
    got = enrol_credential_got();
    CHECK_EQ(open_blob(&got, got.ak_name, out), IDENT_PSK_SIZE);
}

static void
two_answers_share_no_blob(void)
{
    uint8_t first[512];
    struct credential got;
    size_t len;

    enrol_start();
    CHECK_EQ(enrol_on_certificate(enrol_written()), COAP_CODE(2, 4));
    got = enrol_credential_got();
    len = got.secret.len;
    memcpy(first, got.secret.p, len);
    CHECK_EQ(enrol_on_certificate(enrol_written()), COAP_CODE(2, 4));
    CHECK(!bytes_equal(enrol_credential_got().secret, bytes_of(first, len)));
}

static void
a_body_of_other_keys_is_not_the_identitys(void)
{
    enrol_start();
    enrol_take_identity();
    softek_done(&softek);
    softek = softek_new(KEY_P256, 0, HASH_SHA256, 128);
    enrol_plain(); /* another EK */
    CHECK_EQ(enrol_on_psk(enrol_written()), COAP_CODE(4, 3));
    CHECK_EQ(keeper_rig_problem(&rig, NULL), REASON_AK_UNKNOWN);
    enrol_take_identity();
    parts.ak.attributes ^= TPMA_NO_DA; /* another AK, by its name */
    CHECK_EQ(enrol_on_psk(enrol_written()), COAP_CODE(4, 3));
    CHECK_EQ(keeper_rig_problem(&rig, NULL), REASON_AK_UNKNOWN);
    CHECK_EQ(enrol_rows(), 0);
}

static void
a_made_up_identity_is_refused(void)
{
    enrol_start();
    enrol_take_identity();
    for (size_t i = 0; i < IDENT_TEXT_SIZE; i++) {
        char was = rig.identity[i];

        rig.identity[i] = was == 'A' ? 'B' : 'A';
        CHECK_EQ(enrol_on_psk(enrol_written()), COAP_CODE(4, 3));
        rig.identity[i] = was;
    }
    CHECK_EQ(enrol_rows(), 0);
    CHECK_EQ(enrol_on_psk(enrol_written()), COAP_CODE(2, 4));
    CHECK_EQ(enrol_rows(), 1);
}

static void
a_second_ak_under_one_ek_is_no_device(void)
{
    struct store_device before;
    struct store_device after;
    struct enrolled first;

    enrol_start();
    enrol_take_identity();
    CHECK_EQ(enrol_on_psk(enrol_written()), COAP_CODE(2, 4));
    first = enrol_state();
    CHECK_EQ(store_device_get(rig.keeper.store, first.ueid, &before), 0);
    parts.ak.attributes ^= TPMA_NO_DA;
    enrol_take_identity(); /* anybody may have a blob: it proves itself by opening */
    CHECK_EQ(enrol_on_psk(enrol_written()), COAP_CODE(4, 3));
    CHECK_EQ(keeper_rig_problem(&rig, NULL), REASON_AK_UNKNOWN);
    CHECK_EQ(enrol_rows(), 1);
    CHECK_EQ(store_device_get(rig.keeper.store, first.ueid, &after), 0);
    CHECK_BYTES(bytes_of(after.ak_name, after.ak_name_len),
                bytes_of(before.ak_name, before.ak_name_len));
    enrol_plain();
    enrol_take_identity();
    CHECK_EQ(enrol_on_psk(enrol_written()), COAP_CODE(2, 4));
    CHECK_BYTES(BYTES_OF(enrol_state().ueid), BYTES_OF(first.ueid));
}

/* One TPM has several EKs: quarantine of one device must not be evaded by enrolling with the other.
 * The AK is the same, as both are of one hierarchy. */
static void
one_ak_under_two_eks_is_no_second_device(void)
{
    struct enrolled first;

    enrol_start();
    enrol_take_identity();
    CHECK_EQ(enrol_on_psk(enrol_written()), COAP_CODE(2, 4));
    first = enrol_state();
    softek_done(&softek);
    softek = softek_new(KEY_P256, 0, HASH_SHA256, 128);
    enrol_plain();
    enrol_take_identity();
    CHECK_EQ(enrol_on_psk(enrol_written()), COAP_CODE(4, 3));
    CHECK_EQ(keeper_rig_problem(&rig, NULL), REASON_AK_UNKNOWN);
    CHECK_EQ(enrol_rows(), 1);
    CHECK_EQ(first.state, DEVICE_PENDING);
}

static void
command(const char *const *words, size_t n, int status, char json[4096])
{
    CHECK_EQ(keeper_rig_command(&rig, words, n, json, 4096), status);
}

/* A fresh code for class c, good for so many hours. */
static struct bytes
make_code(const char *hours)
{
    static char code[27];
    char json[4096];
    const char *at;

    command((const char *[]){"class", "add", "c"}, 3, 0, json);
    command((const char *[]){"device", "code", "c", hours}, 4, 0, json);
    at = strstr(json, "\"code\":");
    CHECK(at);
    at = strchr(at + 7, '"');
    CHECK(at && strlen(at) > 27);
    memcpy(code, at + 1, 26);
    return bytes_str(code);
}

static enum device_state
enrol_with(struct bytes code)
{
    enrol_other_device();
    parts.code = code;
    enrol_take_identity();
    CHECK_EQ(enrol_on_psk(enrol_written()), COAP_CODE(2, 4));
    return enrol_state().state;
}

static void
a_code_serves_one_device(void)
{
    struct bytes code;

    enrol_start();
    code = make_code("24");
    CHECK_EQ(enrol_with(bytes_str("NOTTHECODE")), DEVICE_PENDING);
    CHECK_EQ(enrol_with(code), DEVICE_PROVISIONAL);
    CHECK_EQ(enrol_with(code), DEVICE_PENDING);
    CHECK_EQ(enrol_rows(), 3);
}

static void
a_code_is_not_used_up_on_a_certificate_connection(void)
{
    struct bytes code;

    enrol_start();
    code = make_code("24");
    parts.code = code;
    CHECK_EQ(enrol_on_certificate(enrol_written()), COAP_CODE(2, 4));
    CHECK_EQ(enrol_on_certificate(enrol_written()), COAP_CODE(2, 4));
    CHECK_EQ(enrol_with(code), DEVICE_PROVISIONAL);
}

static void
a_code_ends_at_its_time(void)
{
    struct bytes code;

    enrol_start();
    code = make_code("1");
    rig.now_ms += 3600 * 1000;
    CHECK_EQ(enrol_with(code), DEVICE_PENDING);
    code = make_code("1");
    rig.now_ms += 3600 * 1000 - 1;
    CHECK_EQ(enrol_with(code), DEVICE_PROVISIONAL);
}

static void
a_pending_device_joins_with_a_code_later(void)
{
    enrol_start();
    enrol_take_identity();
    CHECK_EQ(enrol_on_psk(enrol_written()), COAP_CODE(2, 4));
    CHECK_EQ(enrol_state().state, DEVICE_PENDING);
    CHECK(enrol_state().next_s > 0);
    parts.code = make_code("24");
    CHECK_EQ(enrol_on_psk(enrol_written()), COAP_CODE(2, 4));
    CHECK_EQ(enrol_state().state, DEVICE_PROVISIONAL);
    CHECK_EQ(enrol_state().next_s, 0);
    CHECK_EQ(enrol_rows(), 1);
}

/* Sizes of one answer on the certificate connection. */
struct shape {
    size_t whole;
    size_t identity;
    size_t id_object;
    size_t secret;
    int32_t format;
};

static struct shape
shape(void)
{
    struct credential got;

    CHECK_EQ(enrol_on_certificate(enrol_written()), COAP_CODE(2, 4));
    got = enrol_credential_got();
    return (struct shape){rig.reply.body.len, got.identity.len, got.id_object.len, got.secret.len,
                          rig.reply.content_format};
}

static void
same_shape(struct shape a, struct shape b)
{
    CHECK_EQ(a.whole, b.whole);
    CHECK_EQ(a.identity, b.identity);
    CHECK_EQ(a.id_object, b.id_object);
    CHECK_EQ(a.secret, b.secret);
    CHECK_EQ(a.format, b.format);
}

static void
nobody_learns_from_the_answer_who_is_known(void)
{
    char json[4096];
    char id[2 * WIRE_UEID_SIZE + 1];
    struct shape unknown;
    struct enrolled state;

    enrol_start();
    unknown = shape();
    enrol_take_identity();
    CHECK_EQ(enrol_on_psk(enrol_written()), COAP_CODE(2, 4));
    same_shape(unknown, shape()); /* pending */
    parts.code = make_code("24");
    CHECK_EQ(enrol_on_psk(enrol_written()), COAP_CODE(2, 4));
    state = enrol_state();
    CHECK_EQ(state.state, DEVICE_PROVISIONAL);
    same_shape(unknown, shape());
    for (size_t i = 0; i < WIRE_UEID_SIZE; i++) {
        snprintf(id + 2 * i, 3, "%02x", state.ueid[i]);
    }
    command((const char *[]){"device", "quarantine", id, "x"}, 4, 0, json);
    same_shape(unknown, shape());
    command((const char *[]){"device", "remove", id, "x"}, 4, 0, json);
    same_shape(unknown, shape());
    CHECK_EQ(enrol_on_psk(enrol_written()), COAP_CODE(4, 3));
    CHECK_EQ(keeper_rig_problem(&rig, NULL), REASON_DEVICE_DISABLED);
}

static void
another_ak_does_not_lift_a_removal(void)
{
    char json[4096];
    char id[2 * WIRE_UEID_SIZE + 1];
    struct store_device row;
    struct enrolled state;
    struct bytes code;

    enrol_start();
    enrol_take_identity();
    CHECK_EQ(enrol_on_psk(enrol_written()), COAP_CODE(2, 4));
    state = enrol_state();
    for (size_t i = 0; i < WIRE_UEID_SIZE; i++) {
        snprintf(id + 2 * i, 3, "%02x", state.ueid[i]);
    }
    command((const char *[]){"device", "remove", id, "stolen"}, 4, 0, json);
    code = make_code("24");
    parts.code = code;
    parts.ak.attributes ^= TPMA_NO_DA;
    enrol_take_identity();
    CHECK_EQ(enrol_on_psk(enrol_written()), COAP_CODE(4, 3));
    CHECK_EQ(store_device_get(rig.keeper.store, state.ueid, &row), 0);
    CHECK_EQ(row.state, DEVICE_REMOVED);
    CHECK_STR(row.why, "stolen");
    enrol_other_device(); /* and the code was not used up */
    parts.code = code;
    enrol_take_identity();
    CHECK_EQ(enrol_on_psk(enrol_written()), COAP_CODE(2, 4));
    CHECK_EQ(enrol_state().state, DEVICE_PROVISIONAL);
}

CHECK_MAIN(CASE(the_answer_names_site_and_keys), CASE(a_flipped_answer_does_not_verify),
           CASE(the_blob_opens_with_the_ek_for_this_ak_only), CASE(an_rsa_ek_opens_its_blob_too),
           CASE(two_answers_share_no_blob), CASE(a_body_of_other_keys_is_not_the_identitys),
           CASE(a_made_up_identity_is_refused), CASE(a_second_ak_under_one_ek_is_no_device),
           CASE(one_ak_under_two_eks_is_no_second_device), CASE(a_code_serves_one_device),
           CASE(a_code_is_not_used_up_on_a_certificate_connection), CASE(a_code_ends_at_its_time),
           CASE(a_pending_device_joins_with_a_code_later),
           CASE(nobody_learns_from_the_answer_who_is_known),
           CASE(another_ak_does_not_lift_a_removal))
