/* keeper/open: what a reload changes in a keeper that goes on, and what changes nothing. */
#include <stdlib.h>

#include "crypto/x509-make.h"
#include "formats/pem.h"
#include "lib/check.h"
#include "lib/keeper-rig.h"

static struct keeper_rig rig;

/* A CA's certificate as DER. */
static struct bytes
root(uint8_t room[LIMIT_CERT_BYTES])
{
    struct x509_make what = {.kind = X509_MAKE_CA,
                             .cn = "a maker",
                             .not_before_s = 1700000000,
                             .not_after_s = 1900000000};
    struct privkey *key = NULL;
    char *pem = NULL;
    struct rd rd;
    size_t len = 0;

    CHECK_EQ(privkey_generate(&key), 0);
    CHECK_EQ(x509_make(&what, key, NULL, BYTES_NULL, &pem), 0);
    rd = rd_init(bytes_str(pem));
    CHECK_EQ(pem_next(&rd, room, LIMIT_CERT_BYTES, &len), 0);
    free(pem);
    privkey_free(key);
    return bytes_of(room, len);
}

static uint8_t room[4 * LIMIT_CERT_BYTES];

static struct bytes
body(uint32_t pending_max, const struct bytes *anchors, size_t n)
{
    struct keeper_limits limits = {.pending_max = pending_max, .pending_days = 3, .n_anchors = n};
    struct wr wr = wr_init(room, sizeof(room));

    for (size_t i = 0; i < n; i++) {
        limits.anchors[i] = anchors[i];
    }
    keeper_limits_write(&wr, &limits);
    return wr_done(&wr);
}

static void
limits_and_anchors_are_replaced_and_outlive_the_message(void)
{
    uint8_t der[2][LIMIT_CERT_BYTES];
    struct bytes anchors[2];

    keeper_rig_new(&rig);
    anchors[0] = root(der[0]);
    anchors[1] = root(der[1]);
    CHECK_EQ(rig.keeper.anchors.n, 0);
    CHECK_EQ(keeper_limits(&rig.keeper, body(7, anchors, 2)), 0);
    memset(room, 0xee, sizeof(room));
    CHECK_EQ(rig.keeper.anchors.n, 2);
    CHECK_EQ(rig.keeper.setup.pending_max, 7);
    CHECK_EQ(rig.keeper.setup.pending_days, 3);
    CHECK_BYTES(rig.keeper.anchors.cert[1].walk.der, anchors[1]);
    CHECK_EQ(keeper_limits(&rig.keeper, body(8, anchors, 1)), 0);
    CHECK_EQ(rig.keeper.anchors.n, 1);
    CHECK_EQ(keeper_limits(&rig.keeper, body(9, NULL, 0)), 0);
    CHECK_EQ(rig.keeper.anchors.n, 0);
    CHECK_EQ(rig.keeper.setup.pending_max, 9);
    keeper_rig_done(&rig);
}

static void
an_anchor_that_is_none_is_left_out(void)
{
    uint8_t der[LIMIT_CERT_BYTES];
    struct bytes anchors[2] = {bytes_str("no certificate"), BYTES_NULL};

    keeper_rig_new(&rig);
    anchors[1] = root(der);
    CHECK_EQ(keeper_limits(&rig.keeper, body(7, anchors, 2)), 0);
    CHECK_EQ(rig.keeper.anchors.n, 1);
    keeper_rig_done(&rig);
}

static void
a_body_that_is_none_changes_nothing(void)
{
    uint8_t der[LIMIT_CERT_BYTES];
    struct bytes anchor;
    struct bytes whole;

    keeper_rig_new(&rig);
    anchor = root(der);
    CHECK_EQ(keeper_limits(&rig.keeper, body(7, &anchor, 1)), 0);
    whole = body(8, NULL, 0);
    for (size_t n = 0; n < whole.len; n++) {
        CHECK_EQ(keeper_limits(&rig.keeper, check_guarded(bytes_of(room, n))), 1);
    }
    CHECK_EQ(rig.keeper.setup.pending_max, 7);
    CHECK_EQ(rig.keeper.anchors.n, 1);
    keeper_rig_done(&rig);
}

CHECK_MAIN(CASE(limits_and_anchors_are_replaced_and_outlive_the_message),
           CASE(an_anchor_that_is_none_is_left_out), CASE(a_body_that_is_none_changes_nothing))
