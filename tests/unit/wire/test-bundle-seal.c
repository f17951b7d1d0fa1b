/* A signed bundle: whose it is, in which order, and how long it counts. */
#include <errno.h>

#include "lib/bundle-sample.h"
#include "lib/check.h"

enum { ROOM = 16384, ISSUED = 1000, ENDS = 2000 };

struct rig {
    struct privkey *secret;
    struct pubkey *key;
    struct hasher *hasher;
};

static struct rig
rig_new(void)
{
    struct rig rig = {.hasher = check_keep(hasher_new())};
    uint8_t x[32];
    uint8_t y[32];

    CHECK_EQ(privkey_generate(&rig.secret), 0);
    CHECK_EQ(privkey_point(check_keep(rig.secret), x, y), 0);
    CHECK_EQ(pubkey_from_point(KEY_P256, BYTES_OF(x), BYTES_OF(y), &rig.key), 0);
    (void)check_keep(rig.key);
    return rig;
}

static struct bundle_seal
seal_of(uint64_t sequence)
{
    return (struct bundle_seal){sequence, ISSUED, ENDS, bundle_sample_bytes(bundle_sample())};
}

static struct bytes
signed_by(const struct rig *rig, const struct bundle_seal *seal)
{
    static uint8_t out[ROOM];
    static uint8_t scratch[ROOM];
    struct wr wr = wr_init(out, sizeof(out));
    struct wr room = wr_init(scratch, sizeof(scratch));

    CHECK_EQ(bundle_sign(&wr, seal, bytes_str("kid"), &room, rig->secret, rig->hasher), 0);
    return wr_done(&wr);
}

static int
opened(const struct rig *rig, struct bytes in, uint64_t last, uint64_t now_s)
{
    struct bundle_seal seal = {0};
    struct fault fault = {0};
    int r = bundle_open(check_guarded(in), rig->key, rig->hasher, last, now_s, &seal, &fault);

    CHECK(r == 0 || seal.sequence == 0);
    return r == 1 ? (int)rule_reason(fault.rule) : r;
}

static void
a_signed_bundle_opens_and_holds_its_body(void)
{
    static struct bundle bundle;
    struct rig rig = rig_new();
    struct bundle_seal seal = seal_of(7);
    struct bundle_seal got;
    struct bytes in = signed_by(&rig, &seal);

    CHECK(bundle_is_signed(in));
    CHECK(!bundle_is_signed(seal.body));
    CHECK(!bundle_is_signed(BYTES_NULL));
    CHECK_EQ(bundle_open(in, rig.key, rig.hasher, 7, 1500, &got, NULL), 0);
    CHECK_EQ(got.sequence, 7);
    CHECK_EQ(got.issued_s, ISSUED);
    CHECK_EQ(got.not_after_s, ENDS);
    CHECK_BYTES(got.body, seal.body);
    CHECK_EQ(bundle_read(got.body, &bundle, NULL), 0);
}

static void
a_flipped_byte_or_another_key_is_refused(void)
{
    struct rig rig = rig_new();
    struct rig other = rig_new();
    struct bundle_seal seal = seal_of(1);
    struct bytes in = signed_by(&rig, &seal);
    static uint8_t copy[ROOM];

    memcpy(copy, in.p, in.len);
    for (size_t i = 0; i < in.len; i += 5) {
        copy[i] ^= 1;
        CHECK_EQ(opened(&rig, bytes_of(copy, in.len), 0, 0), REASON_POLICY_MISSING);
        copy[i] ^= 1;
    }
    CHECK_EQ(opened(&rig, bytes_of(copy, in.len), 0, 0), 0);
    CHECK_EQ(opened(&other, in, 0, 0), REASON_POLICY_MISSING);
    CHECK_EQ(opened(&rig, bytes_of(copy, in.len - 1), 0, 0), REASON_POLICY_MISSING);
    CHECK_EQ(opened(&rig, seal.body, 0, 0), REASON_POLICY_MISSING);
}

static void
a_signature_for_something_else_does_not_count(void)
{
    static uint8_t out[ROOM];
    static uint8_t scratch[ROOM];
    struct rig rig = rig_new();
    struct bundle_seal seal = seal_of(1);
    struct wr wr = wr_init(out, sizeof(out));
    struct wr room = wr_init(scratch, sizeof(scratch));
    struct cose_header header = {.typ = COSE_TYP_NONE};

    bundle_seal_write(&room, &seal);
    CHECK_EQ(cose_sign1_write(&wr, &header, BYTES_NULL, wr_done(&room), rig.secret, rig.hasher), 0);
    CHECK_EQ(opened(&rig, wr_done(&wr), 0, 0), REASON_POLICY_MISSING);
}

static void
a_lower_sequence_is_refused(void)
{
    struct rig rig = rig_new();
    struct bundle_seal seal = seal_of(7);
    struct bytes in = signed_by(&rig, &seal);

    CHECK_EQ(opened(&rig, in, 8, 0), REASON_BUNDLE_ROLLBACK);
    CHECK_EQ(opened(&rig, in, 7, 0), 0);
    CHECK_EQ(opened(&rig, in, 6, 0), 0);
}

static void
it_counts_from_its_issue_to_its_end(void)
{
    struct rig rig = rig_new();
    struct bundle_seal seal = seal_of(7);

    CHECK_EQ(opened(&rig, signed_by(&rig, &seal), 0, ISSUED - 1), REASON_POLICY_EXPIRED);
    CHECK_EQ(opened(&rig, signed_by(&rig, &seal), 0, ISSUED), 0);
    CHECK_EQ(opened(&rig, signed_by(&rig, &seal), 0, ENDS - 1), 0);
    CHECK_EQ(opened(&rig, signed_by(&rig, &seal), 0, ENDS), REASON_POLICY_EXPIRED);
    CHECK_EQ(opened(&rig, signed_by(&rig, &seal), 0, 0), 0);
    seal.not_after_s = 0;
    CHECK_EQ(opened(&rig, signed_by(&rig, &seal), 0, UINT32_MAX), 0);
}

static void
a_seal_has_one_form(void)
{
    struct bundle_seal seal;
    struct fault fault = {0};

    CHECK_EQ(bundle_seal_read(check_hex("84 01 01 02 41 a0"), &seal, NULL), 0);
    CHECK_EQ(bundle_seal_read(check_hex("84 00 01 02 41 a0"), &seal, &fault), 1);
    CHECK_EQ(fault.rule, RULE_WIRE_BUNDLE);
    CHECK_EQ(bundle_seal_read(check_hex("84 01 02 02 41 a0"), &seal, NULL), 1);
    CHECK_EQ(bundle_seal_read(check_hex("84 01 01 02 40"), &seal, NULL), 1);
    CHECK_EQ(bundle_seal_read(check_hex("84 01 01 02 41 a0 00"), &seal, NULL), 1);
    CHECK_EQ(bundle_seal_read(check_hex("83 01 01 02"), &seal, NULL), 1);
}

static void
a_seal_of_a_wrong_form_is_refused_though_signed(void)
{
    struct rig rig = rig_new();
    struct bundle_seal seal = seal_of(0);

    CHECK_EQ(opened(&rig, signed_by(&rig, &seal), 0, 0), REASON_SCHEMA_UNSUPPORTED);
}

static void
room_that_is_too_small_is_told(void)
{
    static uint8_t out[ROOM];
    struct rig rig = rig_new();
    struct bundle_seal seal = seal_of(1);
    struct wr wr = wr_init(out, 16);
    struct wr small = wr_init(out, 16);
    struct wr room = wr_init(out + 64, sizeof(out) - 64);

    CHECK_EQ(bundle_sign(&wr, &seal, BYTES_NULL, &small, rig.secret, rig.hasher), -ENOSPC);
    CHECK_EQ(bundle_sign(&wr, &seal, BYTES_NULL, &room, rig.secret, rig.hasher), -ENOSPC);
}

CHECK_MAIN(CASE(a_signed_bundle_opens_and_holds_its_body),
           CASE(a_flipped_byte_or_another_key_is_refused),
           CASE(a_signature_for_something_else_does_not_count), CASE(a_lower_sequence_is_refused),
           CASE(it_counts_from_its_issue_to_its_end), CASE(a_seal_has_one_form),
           CASE(a_seal_of_a_wrong_form_is_refused_though_signed),
           CASE(room_that_is_too_small_is_told))
