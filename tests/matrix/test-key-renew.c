/* keeper/keys: what a rotation changes in a keeper that goes on, and what changes nothing. */
#include "keeper/keys.h"

#include <stdio.h>
#include <stdlib.h>

#include "crypto/cose-key.h"
#include "keeper/audit-sign.h"
#include "keeper/policies.h"
#include "lib/attest-play.h"
#include "lib/check.h"
#include "lib/sealing.h"
#include "wire/audit-head.h"

static uint8_t room[16384];
static char *pem;
static struct p256 point;

/* The rig's setup with fresh private keys; a case changes what it is about. */
static struct keeper_setup
fresh_keys(void)
{
    struct keeper_setup setup = {
        .masters = {{.id = 1, .key = {1, 2, 3}}},
        .nonce_keys = {{.id = 1, .key = {4, 5, 6}}},
        .stamp = {9, 9},
    };
    struct privkey *key = NULL;

    free(pem);
    CHECK_EQ(privkey_generate(&key), 0);
    CHECK_EQ(privkey_to_pem(key, &pem), 0);
    CHECK_EQ(privkey_point(key, point.x, point.y), 0);
    privkey_free(key);
    setup.token_key = bytes_str(pem);
    setup.site_key = bytes_str(pem);
    setup.audit_key = bytes_str(pem);
    return setup;
}

static struct bytes
body_of(const struct keeper_setup *setup)
{
    struct wr wr = wr_init(room, sizeof(room));

    keeper_keys_write(&wr, setup);
    CHECK(wr_done(&wr).p);
    return wr_done(&wr);
}

static int
renew(struct keeper *keeper, const struct keeper_setup *setup)
{
    return keys_renew(keeper, body_of(setup));
}

/* The next evidence, a while later; the code of its answer. */
static uint8_t
attest_again(void)
{
    play.rig.now_ms += 1000;
    play.rig.mono_ms += 1000;
    play_repeat();
    return play_attest(play_written());
}

static void
two_masters(struct keeper_setup *setup)
{
    setup->masters[1] = setup->masters[0];
    setup->masters[0] = (struct ident_master){.id = 2, .key = {7}};
}

static void
a_device_of_an_earlier_master_is_asked_to_fetch_the_next_psk(void)
{
    struct keeper_setup setup = fresh_keys();
    int64_t n = 0;

    play_start();
    CHECK_EQ(attest_again(), COAP_CODE(2, 4));
    CHECK_EQ(play_answered().actions, 0);
    two_masters(&setup);
    CHECK_EQ(renew(&play.rig.keeper, &setup), 0);
    CHECK_EQ(attest_again(), COAP_CODE(2, 4));
    CHECK_EQ(play_reason(), REASON_NONE);
    CHECK_EQ(play_answered().actions, ACTION_CREDENTIAL);
    CHECK_EQ(store_last_masters(play.rig.keeper.store, 1, &n), 0);
    CHECK_EQ(n, 1);
    keeper_rig_identity(&play.rig); /* what it would have fetched */
    CHECK_EQ(attest_again(), COAP_CODE(2, 4));
    CHECK_EQ(play_answered().actions, 0);
    CHECK_EQ(store_last_masters(play.rig.keeper.store, 1, &n), 0);
    CHECK_EQ(n, 0);
    CHECK_EQ(store_last_masters(play.rig.keeper.store, 2, &n), 0);
    CHECK_EQ(n, 1);
    play_done();
}

/* Moves both clocks on a new connection; the device's challenge is old then. */
static void
pass(int64_t ms)
{
    play.rig.now_ms += ms;
    play.rig.mono_ms += ms;
    keeper_rig_connect(&play.rig);
}

static void
take_nonce(void)
{
    struct problem problem;

    CHECK_EQ(attest_again(), COAP_CODE(4, 1));
    CHECK_EQ(problem_read(play.rig.reply.body, &problem, NULL), 0);
    memcpy(play.nonce, problem.nonce, sizeof(play.nonce));
}

/* Milliseconds until `part` of 256 of the present epoch are over. */
static int64_t
until_part(int64_t part)
{
    return ident_epoch(play.rig.now_ms) * IDENT_EPOCH_MS + IDENT_EPOCH_MS / 256 * part -
           play.rig.now_ms;
}

static void
in_the_last_third_of_its_epoch_a_device_fetches_the_next(void)
{
    play_start();
    pass(until_part(170)); /* of 171 */
    take_nonce();
    CHECK_EQ(attest_again(), COAP_CODE(2, 4));
    CHECK_EQ(play_answered().actions, 0);
    pass(until_part(171 + 64) + 3600 * 1000); /* by now every device */
    take_nonce();
    CHECK_EQ(attest_again(), COAP_CODE(2, 4));
    CHECK_EQ(play_reason(), REASON_NONE);
    CHECK_EQ(play_answered().actions, ACTION_CREDENTIAL);
    keeper_rig_identity(&play.rig); /* what it would have fetched */
    CHECK_EQ(attest_again(), COAP_CODE(2, 4));
    CHECK_EQ(play_answered().actions, 0);
    pass(until_part(256)); /* and serves on in its own epoch */
    take_nonce();
    CHECK_EQ(attest_again(), COAP_CODE(2, 4));
    CHECK_EQ(play_answered().actions, 0);
    play_done();
}

static void
refused_as_ended(uint8_t code)
{
    struct problem problem;

    CHECK_EQ(code, COAP_CODE(4, 3));
    CHECK_EQ(problem_read(play.rig.reply.body, &problem, NULL), 0);
    CHECK_EQ(problem.reason, REASON_ENROL_EXPIRED);
    CHECK(!problem.has_nonce);
}

/* A PSK of an epoch that is over may be anybody's: it gives no challenge, no verdict, no token and
 * no row, also on a connection that stood before. */
static void
one_whose_epoch_is_over_can_only_enrol_again(void)
{
    static struct store_device before, after;
    static uint8_t body_room[8192];
    struct keeper_rig *rig = &play.rig;
    struct wr wr = wr_init(body_room, sizeof(body_room));
    struct store_last last;
    struct bytes body;
    int64_t arrived_ms;

    play_start();
    CHECK_EQ(attest_again(), COAP_CODE(2, 4));
    CHECK_EQ(keeper_rig_ask(rig, REQUEST_PSK, RESOURCE_TOKEN, BYTES_NULL, "wiki"),
             COAP_CODE(4, 3)); /* no such audience */
    CHECK_EQ(keeper_device(&rig->keeper, bytes_str(rig->identity), &before), 0);
    CHECK_EQ(store_last_get(rig->keeper.store, before.id, &last), 0);
    arrived_ms = last.arrived_ms;
    rig->now_ms += until_part(256); /* the connection stands */
    refused_as_ended(attest_again());
    refused_as_ended(keeper_rig_ask(rig, REQUEST_PSK, RESOURCE_TOKEN, BYTES_NULL, "wiki"));
    body = soft_device_enroll(&rig->device, &wr);
    refused_as_ended(keeper_rig_ask(rig, REQUEST_PSK, RESOURCE_ENROLL, body, NULL));
    CHECK_EQ(store_device_get(rig->keeper.store, before.id, &after), 0);
    CHECK_EQ(memcmp(&before, &after, sizeof(after)), 0);
    CHECK_EQ(store_last_get(rig->keeper.store, before.id, &last), 0);
    CHECK_EQ(last.arrived_ms, arrived_ms);
    CHECK_EQ(keeper_rig_ask(rig, REQUEST_CERTIFICATE, RESOURCE_ENROLL, body, NULL),
             COAP_CODE(2, 4));
    keeper_rig_identity(rig);
    keeper_rig_connect(rig);
    take_nonce();
    CHECK_EQ(attest_again(), COAP_CODE(2, 4));
    play_done();
}

/* Handed out while our clock was a year ahead. */
static void
one_of_an_epoch_to_come_has_ended_too(void)
{
    play_start();
    play.rig.now_ms -= 2 * IDENT_EPOCH_MS;
    refused_as_ended(attest_again());
    play.rig.now_ms += 2 * IDENT_EPOCH_MS;
    CHECK_EQ(attest_again(), COAP_CODE(2, 4));
    play_done();
}

static void
an_identity_of_a_master_that_is_gone_is_unknown(void)
{
    struct keeper_setup setup = fresh_keys();

    play_start();
    setup.masters[0] = (struct ident_master){.id = 2, .key = {7}};
    CHECK_EQ(renew(&play.rig.keeper, &setup), 0);
    CHECK_EQ(attest_again(), COAP_CODE(4, 3));
    setup = fresh_keys(); /* the same id, another key: no help to who knows the old one */
    setup.masters[0].key[0] ^= 1;
    CHECK_EQ(renew(&play.rig.keeper, &setup), 0);
    CHECK_EQ(attest_again(), COAP_CODE(4, 3));
    play_done();
}

static void
a_challenge_of_an_earlier_key_serves_and_one_of_a_key_that_is_gone_does_not(void)
{
    struct keeper_setup setup = fresh_keys();

    play_start();
    setup.nonce_keys[1] = setup.nonce_keys[0];
    setup.nonce_keys[0] = (struct nonce_key){.id = 2, .key = {8}};
    CHECK_EQ(renew(&play.rig.keeper, &setup), 0);
    CHECK_EQ(attest_again(), COAP_CODE(2, 4));
    CHECK_EQ(play_answered().nonce[0], 2); /* the next is by the new one */
    setup = fresh_keys();
    setup.nonce_keys[0] = (struct nonce_key){.id = 3, .key = {9}};
    CHECK_EQ(renew(&play.rig.keeper, &setup), 0);
    CHECK_EQ(attest_again(), COAP_CODE(4, 1)); /* with a fresh one: no verdict */
    play_done();
}

/* Points of the COSE key set, as GET /keys gives it. */
static size_t
key_set(const struct keeper *keeper, struct cose_key keys[4])
{
    size_t n = 0;

    CHECK_EQ(cose_key_set_read(bytes_of(keeper->key_set, keeper->key_set_len), keys, 4, &n), 0);
    return n;
}

static void
the_key_set_tells_the_new_key_and_those_beside_it(void)
{
    struct keeper_setup setup = fresh_keys();
    struct cose_key keys[4];
    struct keeper_rig *rig = calloc(1, sizeof(*rig));
    char old_kid[64];

    CHECK(rig);
    keeper_rig_new_all_keys(rig);
    CHECK_EQ(key_set(&rig->keeper, keys), 1);
    memcpy(old_kid, rig->keeper.token_kid, sizeof(old_kid));
    setup.n_token_more = 2;
    setup.token_more[0] = keys[0].point;
    setup.token_more[1] = point;
    CHECK(rig->keeper.rsa_key);
    CHECK_EQ(renew(&rig->keeper, &setup), 0);
    CHECK(!rig->keeper.rsa_key); /* the site has none any more */
    CHECK(!rig->keeper.setup.pairwise_key.p);
    CHECK_EQ(key_set(&rig->keeper, keys), 3);
    CHECK_EQ(memcmp(&keys[0].point, &point, sizeof(point)), 0);
    CHECK_EQ(memcmp(&keys[1].point, &setup.token_more[0], sizeof(point)), 0);
    CHECK(strcmp(old_kid, rig->keeper.token_kid) != 0);
    CHECK_EQ(rig->keeper.setup.stamp[0], 9);
    CHECK_BYTES(rig->keeper.setup.site, bytes_str(RIG_SITE)); /* what is no key stays */
    setup = fresh_keys();
    CHECK_EQ(renew(&rig->keeper, &setup), 0); /* leaked: alone at once */
    CHECK_EQ(key_set(&rig->keeper, keys), 1);
    keeper_rig_done(rig);
    free(rig);
}

static void
a_body_that_is_none_changes_nothing(void)
{
    struct keeper_setup setup = fresh_keys();
    struct keeper_rig *rig = calloc(1, sizeof(*rig));
    uint8_t before[sizeof(rig->keeper.key_set)];
    size_t len = body_of(&setup).len;

    CHECK(rig);
    keeper_rig_new(rig);
    memcpy(before, rig->keeper.key_set, sizeof(before));
    for (size_t n = 0; n < len; n += 7) {
        CHECK_EQ(keys_renew(&rig->keeper, bytes_of(body_of(&setup).p, n)), 1);
    }
    setup.token_key = bytes_str("no key");
    CHECK(renew(&rig->keeper, &setup) < 0);
    setup = fresh_keys();
    setup.site_key = bytes_str("no key");
    CHECK(renew(&rig->keeper, &setup) < 0);
    setup = fresh_keys();
    setup.rsa_key = bytes_str(pem); /* of another kind */
    CHECK(renew(&rig->keeper, &setup) < 0);
    setup = fresh_keys();
    setup.audit_key = bytes_str("no key"); /* the last one that is looked at */
    CHECK(renew(&rig->keeper, &setup) < 0);
    CHECK_EQ(memcmp(before, rig->keeper.key_set, sizeof(before)), 0);
    CHECK_EQ(rig->keeper.setup.stamp[0], 0);
    CHECK(rig->keeper.token_key && rig->keeper.site_key);
    setup = fresh_keys();
    CHECK_EQ(renew(&rig->keeper, &setup), 0);
    CHECK(memcmp(before, rig->keeper.key_set, sizeof(before)) != 0);
    keeper_rig_done(rig);
    free(rig);
}

static void
the_audit_head_is_by_the_new_key(void)
{
    struct keeper_setup setup = fresh_keys();
    struct keeper_rig *rig = calloc(1, sizeof(*rig));
    struct pubkey *own = NULL;
    struct audit_head head;
    uint8_t out[AUDIT_HEAD_ROOM];
    struct wr wr = wr_init(out, sizeof(out));
    int64_t n = 0;

    CHECK(rig);
    keeper_rig_new(rig);
    CHECK_EQ(renew(&rig->keeper, &setup), 0);
    CHECK_EQ(pubkey_from_point(KEY_P256, BYTES_OF(point.x), BYTES_OF(point.y), &own), 0);
    CHECK_EQ(audit_sign_now(&rig->keeper, &wr, &n), 0);
    CHECK_EQ(audit_head_open(wr_done(&wr), own, rig->hasher, &head), 0);
    pubkey_free(own);
    keeper_rig_done(rig);
    free(rig);
}

/* A bundle in the store, whoever signed it. */
static void
put_bundle(struct keeper *keeper, struct bytes sealed)
{
    const struct store_bundle row = {.sequence = 1, .loaded_ms = 5};

    CHECK_EQ(store_bundle_put(keeper->store, &row, sealed), 0);
    CHECK_EQ(store_commit(keeper->store), 0);
}

static enum policies_state
state_of(const struct keeper *keeper)
{
    return policies_state(keeper->policies, 2000);
}

static void
a_policy_bundle_counts_while_a_key_of_its_own_is_among_them(void)
{
    struct keeper_setup setup = fresh_keys();
    struct keeper_rig *rig = calloc(1, sizeof(*rig));
    struct sealing own;
    struct sealing next;

    CHECK(rig);
    keeper_rig_new(rig);
    sealing_new(&own);
    sealing_new(&next);
    put_bundle(&rig->keeper, sealing_text(&own, sealing_policy("p", "c", "enforce"), 1, 1000, 0));
    setup.n_policy_keys = 1;
    setup.policy_keys[0] = own.point;
    CHECK_EQ(renew(&rig->keeper, &setup), 0);
    CHECK_EQ(state_of(&rig->keeper), POLICIES_READY);
    setup = fresh_keys();
    setup.n_policy_keys = 2;
    setup.policy_keys[0] = next.point;
    setup.policy_keys[1] = own.point;
    CHECK_EQ(renew(&rig->keeper, &setup), 0);
    CHECK_EQ(state_of(&rig->keeper), POLICIES_READY);
    setup = fresh_keys();
    setup.n_policy_keys = 1;
    setup.policy_keys[0] = next.point; /* its own is retired */
    CHECK_EQ(renew(&rig->keeper, &setup), 0);
    CHECK_EQ(state_of(&rig->keeper), POLICIES_BROKEN);
    CHECK_EQ(rig->keeper.policies_told, POLICIES_BROKEN);
    setup = fresh_keys();
    setup.n_policy_keys = 1; /* no point */
    CHECK(renew(&rig->keeper, &setup) < 0);
    CHECK_EQ(rig->keeper.setup.policy_keys[0].x[0], next.point.x[0]);
    setup.policy_keys[0] = own.point;
    setup.token_key = setup.site_key = setup.audit_key = bytes_str(pem);
    CHECK_EQ(renew(&rig->keeper, &setup), 0);
    CHECK_EQ(state_of(&rig->keeper), POLICIES_READY);
    CHECK_EQ(rig->keeper.policies_told, POLICIES_READY);
    keeper_rig_done(rig);
    free(rig);
}

static void
a_bundle_whose_end_passes_is_told_once(void)
{
    struct keeper_setup setup = fresh_keys();
    struct keeper_rig *rig = calloc(1, sizeof(*rig));
    struct sealing own;
    uint64_t now_s;

    CHECK(rig);
    keeper_rig_new(rig);
    now_s = (uint64_t)rig->now_ms / 1000;
    sealing_new(&own);
    put_bundle(&rig->keeper,
               sealing_text(&own, sealing_policy("p", "c", "enforce"), 1, now_s - 9, now_s + 9));
    setup.n_policy_keys = 1;
    setup.policy_keys[0] = own.point;
    CHECK_EQ(renew(&rig->keeper, &setup), 0);
    CHECK_EQ(rig->keeper.policies_told, POLICIES_READY);
    rig->now_ms += 9000;
    keeper_policies_tell(&rig->keeper);
    CHECK_EQ(rig->keeper.policies_told, POLICIES_EXPIRED);
    keeper_policies_tell(&rig->keeper);
    CHECK_EQ(rig->keeper.policies_told, POLICIES_EXPIRED);
    keeper_rig_done(rig);
    free(rig);
}

static void
an_operator_sees_which_list_is_used_and_who_is_on_which_master(void)
{
    static const char *const words[] = {"key", "state"};
    struct keeper_setup setup = fresh_keys();
    char json[4096];

    play_start();
    two_masters(&setup);
    CHECK_EQ(renew(&play.rig.keeper, &setup), 0);
    CHECK_EQ(keeper_rig_command(&play.rig, words, 2, json, sizeof(json)), 0);
    CHECK(strstr(json, "\"stamp\":\"0909000000000000\"") != NULL);
    CHECK(strstr(json, "{\"id\":2,\"devices\":0},{\"id\":1,\"devices\":1}") != NULL);
    CHECK(strstr(json, play.rig.keeper.token_kid) != NULL);
    play_done();
}

CHECK_MAIN(CASE(a_device_of_an_earlier_master_is_asked_to_fetch_the_next_psk),
           CASE(in_the_last_third_of_its_epoch_a_device_fetches_the_next),
           CASE(one_whose_epoch_is_over_can_only_enrol_again),
           CASE(one_of_an_epoch_to_come_has_ended_too),
           CASE(an_identity_of_a_master_that_is_gone_is_unknown),
           CASE(a_challenge_of_an_earlier_key_serves_and_one_of_a_key_that_is_gone_does_not),
           CASE(the_key_set_tells_the_new_key_and_those_beside_it),
           CASE(a_body_that_is_none_changes_nothing), CASE(the_audit_head_is_by_the_new_key),
           CASE(a_policy_bundle_counts_while_a_key_of_its_own_is_among_them),
           CASE(a_bundle_whose_end_passes_is_told_once),
           CASE(an_operator_sees_which_list_is_used_and_who_is_on_which_master))
