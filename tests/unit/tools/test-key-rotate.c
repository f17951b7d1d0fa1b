/* tools/key-rotate on a folder of keys: every kind, and what is refused. What a folder is worth is
 * judged by main's own reader. */
#include "key-rotate.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "key-bundle.h"
#include "lib/check.h"
#include "lib/key-site.h"
#include "main/ek-roots.h"
#include "main/nonce-renew.h"
#include "setup-files.h"

static void
every_kind_rotates_and_main_takes_it(void)
{
    key_site_new();
    for (enum keyset_kind kind = 0; kind < KEYSET_KIND_N; kind++) {
        CHECK_EQ(key_site_rotate(kind, 0, false, KEY_SITE_NOW), 0);
        CHECK_EQ(key_site.last.new_id, kind == KEYSET_TICKET ? 1 : 2);
        key_site_drop(key_site_load(KEY_SITE_NOW));
        key_site_drop(key_site_load(INT64_C(1000000000) + KEY_SITE_NOW));
    }
    CHECK_EQ(keyset_count(&key_site.last.set, KEYSET_TOKEN), 2);
    CHECK_EQ(keyset_count(&key_site.last.set, KEYSET_SERVER), 1);
    CHECK(!key_site_has("server.key") && !key_site_has("server.pem") &&
          key_site_has("server-2.pem"));
    CHECK(!key_site_has("audit.key") &&
          key_site_has("audit-1.pub")); /* nothing is left to sign with */
    CHECK(!key_site_has("pairwise-key") && key_site_has("psk-masters") &&
          key_site_has("token.key"));
    key_site_end();
}

static void
leaked_keys_leave_nothing_behind(void)
{
    key_site_new();
    for (enum keyset_kind kind = 0; kind < KEYSET_KIND_N; kind++) {
        CHECK_EQ(key_site_rotate(kind, 0, true, KEY_SITE_NOW), 0);
        CHECK_EQ(keyset_count(&key_site.last.set, kind), 1);
        CHECK_EQ(keyset_state(&key_site.last.set,
                              keyset_active(&key_site.last.set, kind, KEY_SITE_NOW), KEY_SITE_NOW),
                 KEYSET_ACTIVE);
        key_site_drop(key_site_load(KEY_SITE_NOW));
    }
    /* 10 keys, 3 certificates, a public half, the list, and what devices get; of before nothing */
    CHECK_EQ(key_site_files(), 10 + 3 + 1 + 1 + 1);
    CHECK(!key_site_has("psk-masters") && !key_site_has("token.key") && !key_site_has("ca.key"));
    key_site_end();
}

static void
a_new_master_is_handed_out_and_the_old_one_taken_for_an_epoch(void)
{
    struct keyring *before;
    struct keyring *after;

    key_site_new();
    before = key_site_load(KEY_SITE_NOW);
    CHECK_EQ(key_site_rotate(KEYSET_PSK_MASTER, 0, false, KEY_SITE_NOW), 0);
    after = key_site_load(KEY_SITE_NOW);
    CHECK_EQ(after->masters[0].id, 2);
    CHECK_EQ(memcmp(&after->masters[1], &before->masters[0], sizeof(after->masters[1])), 0);
    CHECK(!ident_masters_lost(before->masters, after->masters));
    CHECK(ident_masters_lost(after->masters, before->masters));
    key_site_drop(after);
    after = key_site_load(KEY_SITE_NOW + KEY_MASTER_AFTER_S);
    CHECK_EQ(after->masters[1].id, 0);
    CHECK(ident_masters_lost(before->masters, after->masters));
    key_site_drop(after);
    CHECK_EQ(key_site_rotate(KEYSET_PSK_MASTER, 0, false, KEY_SITE_NOW + 1), 1); /* two are live */
    CHECK(strstr(key_site.last.problem, "--retire") != NULL);
    CHECK_EQ(key_site_rotate(KEYSET_PSK_MASTER, 2, false, KEY_SITE_NOW + 1),
             1); /* the one that is handed out */
    CHECK_EQ(key_site_rotate(KEYSET_PSK_MASTER, 7, false, KEY_SITE_NOW + 1), 1); /* none */
    CHECK_EQ(key_site_rotate(KEYSET_PSK_MASTER, 1, false, KEY_SITE_NOW + 1), 0);
    CHECK(!key_site_has("psk-masters"));
    CHECK_EQ(key_site_rotate(KEYSET_PSK_MASTER, 2, false, KEY_SITE_NOW + 1), 1); /* the last */
    CHECK_EQ(key_site_rotate(KEYSET_PSK_MASTER, 0, false, KEY_SITE_NOW + 1), 0);
    CHECK_EQ(key_site.last.new_id, 3); /* an id does not come back at once */
    key_site_drop(before);
    key_site_end();
}

static void
nonce_keys_need_nobody_to_make_room(void)
{
    struct keyring *keyring;

    key_site_new();
    for (uint32_t i = 2; i < 5; i++) {
        CHECK_EQ(key_site_rotate(KEYSET_NONCE, 0, false, KEY_SITE_NOW + i), 0);
        keyring = key_site_load(KEY_SITE_NOW + i);
        CHECK_EQ(keyring->nonce_keys[0].id, i);
        CHECK_EQ(keyring->nonce_keys[1].id, i - 1);
        key_site_drop(keyring);
    }
    CHECK(!key_site_has("nonce-keys") && !key_site_has("nonce-2") && key_site_has("nonce-3") &&
          key_site_has("nonce-4"));
    key_site_end();
}

static void
a_token_key_is_published_before_it_signs_and_after(void)
{
    struct keyring *before;
    struct keyring *now;

    key_site_new();
    before = key_site_load(KEY_SITE_NOW);
    CHECK_EQ(key_site_rotate(KEYSET_TOKEN, 0, false, KEY_SITE_NOW), 0);
    now = key_site_load(KEY_SITE_NOW + 99);
    CHECK(bytes_equal(now->token_key, before->token_key));
    CHECK_EQ(now->n_token_more, 1);
    key_site_drop(now);
    now = key_site_load(KEY_SITE_NOW + 100);
    CHECK(!bytes_equal(now->token_key, before->token_key));
    CHECK_EQ(now->n_token_more, 1);
    key_site_drop(now);
    now = key_site_load(KEY_SITE_NOW + 100 + KEY_TOKEN_AFTER_S);
    CHECK_EQ(now->n_token_more, 0);
    key_site_drop(now);
    CHECK_EQ(key_site_rotate(KEYSET_TOKEN, 0, true, KEY_SITE_NOW + 50),
             0); /* leaked: nobody waits */
    now = key_site_load(KEY_SITE_NOW + 50);
    CHECK_EQ(now->n_token_more, 0);
    CHECK(!bytes_equal(now->token_key, before->token_key));
    key_site_drop(now);
    key_site_drop(before);
    key_site_end();
}

static struct p256
public_half(const char *name)
{
    CLEANUP(pubkey_freep) struct pubkey *key = NULL;
    struct bytes pem = BYTES_NULL;
    struct p256 point;
    char path[200];

    snprintf(path, sizeof(path), "%s/%s", key_site.folder, name);
    CHECK_EQ(file_read(path, 65536, &pem), 0);
    CHECK_EQ(pubkey_from_pem(pem, &key), 0);
    CHECK_EQ(pubkey_point(key, point.x, point.y), 0);
    file_free(&pem);
    return point;
}

/* How many policy keys main takes, the first of them in *ret. */
static size_t
policy_keys(struct p256 *ret)
{
    struct keyring *keyring = key_site_load(KEY_SITE_NOW);
    size_t n = keyring->n_policy_keys;

    *ret = keyring->policy_keys[0];
    key_site_drop(keyring);
    return n;
}

static void
take_away(const char *name)
{
    char path[200];

    snprintf(path, sizeof(path), "%s/%s", key_site.folder, name);
    CHECK_EQ(unlink(path), 0);
}

static void
a_policy_key_is_for_elsewhere_and_the_old_one_is_taken_until_it_is_retired(void)
{
    struct p256 old;
    struct p256 first;

    key_site_new();
    CHECK_EQ(policy_keys(&old), 1);
    take_away("policy.key");
    CHECK_EQ(policy_keys(&first), 1);
    CHECK_EQ(key_site_rotate(KEYSET_POLICY, 0, false, KEY_SITE_NOW), 0);
    CHECK(key_site_has("policy-2.key") && key_site_has("policy-2.pub") &&
          key_site_has("policy.pub"));
    CHECK_EQ(policy_keys(&first), 2);
    CHECK(memcmp(&first, &old, sizeof(first)) != 0);
    old = public_half("policy-2.pub");
    CHECK_EQ(memcmp(&first, &old, sizeof(first)), 0);
    CHECK_EQ(keyset_find(&key_site.last.set, KEYSET_POLICY, 1)->until_s, 0);
    CHECK_EQ(key_site_rotate(KEYSET_POLICY, 0, false, KEY_SITE_NOW + 1), 1); /* two are live */
    CHECK(strstr(key_site.last.problem, "--retire") != NULL);
    CHECK_EQ(key_site_rotate(KEYSET_POLICY, 1, false, KEY_SITE_NOW + 1), 0);
    CHECK(!key_site_has("policy.pub"));
    CHECK_EQ(policy_keys(&first), 1);
    CHECK_EQ(key_site_rotate(KEYSET_POLICY, 2, false, KEY_SITE_NOW + 1), 1); /* the last */
    CHECK_EQ(key_site_rotate(KEYSET_POLICY, 0, true, KEY_SITE_NOW + 2), 0);
    CHECK(!key_site_has("policy-2.key") && !key_site_has("policy-2.pub"));
    CHECK_EQ(policy_keys(&old), 1);
    CHECK(memcmp(&first, &old, sizeof(first)) != 0);
    key_site_end();
}

static void
a_site_without_a_policy_key_starts_and_gets_one(void)
{
    struct p256 first;

    key_site_new();
    take_away("policy.key");
    take_away("policy.pub");
    CHECK_EQ(policy_keys(&first), 0);
    CHECK_EQ(key_site_rotate(KEYSET_NONCE, 0, false, KEY_SITE_NOW), 0);
    CHECK_EQ(keyset_count(&key_site.last.set, KEYSET_POLICY), 0);
    CHECK_EQ(policy_keys(&first), 0);
    CHECK_EQ(key_site_rotate(KEYSET_POLICY, 0, false, KEY_SITE_NOW), 0);
    CHECK_EQ(policy_keys(&first), 1);
    take_away("policy-1.pub"); /* an operator's mistake: no policy, and all else works */
    CHECK_EQ(policy_keys(&first), 0);
    key_site_end();
}

static void
a_file_that_the_settings_name_stands_in_for_the_list(void)
{
    struct conf_problem problem = {""};
    struct keyring *keyring = calloc(1, sizeof(*keyring));
    struct p256 own;
    struct p256 first;
    char path[200];

    key_site_new();
    own = public_half("policy.pub");
    snprintf(path, sizeof(path), "%s/policy.pub", key_site.folder);
    snprintf(key_site.settings.policy_key, sizeof(key_site.settings.policy_key), "%s/elsewhere.pub",
             key_site.top);
    CHECK_EQ(policy_keys(&first), 0); /* the list's is not looked at */
    CHECK_EQ(rename(path, key_site.settings.policy_key), 0);
    CHECK_EQ(policy_keys(&first), 1);
    CHECK_EQ(memcmp(&first, &own, sizeof(own)), 0);
    CHECK_EQ(file_replace(key_site.settings.policy_key, 0644, bytes_str("rubbish")), 0);
    CHECK(keyring && keyring_load(&key_site.settings, KEY_SITE_NOW, keyring, &problem) == 1);
    CHECK(strstr(problem.text, "elsewhere.pub"));
    key_site_drop(keyring);
    CHECK_EQ(unlink(key_site.settings.policy_key), 0);
    key_site.settings.policy_key[0] = '\0';
    key_site_end();
}

/* Setup, run again, makes what is missing, but no key to sign with where one was moved away. */
static void
setup_makes_no_second_policy_key(void)
{
    struct setup *setup = calloc(1, sizeof(*setup));
    struct p256 own;
    struct p256 again;

    key_site_new();
    CHECK(setup);
    setup->dir = key_site.top;
    snprintf(setup->keys, sizeof(setup->keys), "%s", key_site.folder);
    setup->site = KEY_SITE_NAME;
    setup->now_s = KEY_SITE_NOW;
    own = public_half("policy.pub");
    take_away("policy.pub");
    CHECK_EQ(setup_keys(setup), 0);
    CHECK(setup->policy_key);
    again = public_half("policy.pub");
    CHECK_EQ(memcmp(&own, &again, sizeof(own)), 0);
    take_away("policy.key");
    setup->n_done = 0;
    setup->policy_key = false;
    CHECK_EQ(setup_keys(setup), 0);
    CHECK(!key_site_has("policy.key") && !setup->policy_key);
    again = public_half("policy.pub");
    CHECK_EQ(memcmp(&own, &again, sizeof(own)), 0);
    free(setup);
    key_site_end();
}

/* Main lists a site by itself after a day. What that site lacks setup makes, and what it makes is
 * in the list: else the next day would sweep it away. */
static void
setup_adds_to_a_list_what_came_later(void)
{
    static const char *const later[] = {"token-rsa.key", "pairwise-key", "policy.key",
                                        "policy.pub"};
    static const char *const made[] = {"token-rsa-1.key", "pairwise-1", "policy-1.key",
                                       "policy-1.pub"};
    struct setup *setup = calloc(1, sizeof(*setup));
    struct conf_problem problem = {""};
    struct keyring *keyring;
    struct bytes list = BYTES_NULL;
    struct bytes again = BYTES_NULL;
    struct p256 point;
    char path[200];

    key_site_new();
    CHECK(setup);
    setup->dir = key_site.top;
    snprintf(setup->keys, sizeof(setup->keys), "%s", key_site.folder);
    setup->site = KEY_SITE_NAME;
    setup->now_s = KEY_SITE_NOW;
    for (size_t i = 0; i < ARRAY_LEN(later); i++) {
        take_away(later[i]);
    }
    CHECK_EQ(nonce_renew(key_site.folder, 86400, KEY_SITE_NOW, &problem), 1);
    keyring = key_site_load(KEY_SITE_NOW);
    CHECK(!keyring->rsa_key.p && !keyring->pairwise_key.p);
    key_site_drop(keyring);
    CHECK_EQ(setup_keys(setup), 0);
    CHECK(setup->policy_key);
    keyring = key_site_load(KEY_SITE_NOW);
    CHECK(keyring->rsa_key.p && keyring->pairwise_key.p);
    key_site_drop(keyring);
    CHECK_EQ(policy_keys(&point), 1);
    snprintf(path, sizeof(path), "%s/" KEYSET_FILE, key_site.folder);
    CHECK_EQ(file_read(path, KEYSET_TEXT_ROOM, &list), 0);
    setup->n_done = 0;
    CHECK_EQ(setup_keys(setup), 0); /* again: nothing */
    CHECK_EQ(file_read(path, KEYSET_TEXT_ROOM, &again), 0);
    CHECK_BYTES(again, list);
    CHECK_EQ(nonce_renew(key_site.folder, 86400, KEY_SITE_NOW + 86400, &problem), 1);
    for (size_t i = 0; i < ARRAY_LEN(made); i++) {
        CHECK(key_site_has(made[i]));
    }
    file_free(&list);
    file_free(&again);
    free(setup);
    key_site_end();
}

static void
setup_waits_for_no_rotation(void)
{
    struct setup *setup = calloc(1, sizeof(*setup));
    int fd;

    key_site_new();
    CHECK(setup);
    setup->dir = key_site.top;
    snprintf(setup->keys, sizeof(setup->keys), "%s", key_site.folder);
    setup->site = KEY_SITE_NAME;
    setup->now_s = KEY_SITE_NOW;
    take_away("token-rsa.key");
    fd = key_folder_lock(key_site.folder);
    CHECK(fd >= 0);
    CHECK_EQ(setup_keys(setup), -EWOULDBLOCK);
    CHECK(strstr(setup->problem, "a rotation is under way") != NULL);
    CHECK(!key_site_has("token-rsa.key"));
    close(fd);
    setup->problem[0] = '\0';
    CHECK_EQ(setup_keys(setup), 0);
    CHECK(key_site_has("token-rsa.key"));
    free(setup);
    key_site_end();
}

/* What is over is removed by the next rotation of anything. */
static void
the_next_rotation_sweeps(void)
{
    char path[200];

    key_site_new();
    CHECK_EQ(key_site_rotate(KEYSET_TOKEN, 0, false, KEY_SITE_NOW), 0);
    CHECK(key_site_has("token.key"));
    snprintf(path, sizeof(path), "%s/%s", key_site.folder,
             "token-9.key.abcdef"); /* of a killed one */
    CHECK_EQ(file_replace(path, 0600, bytes_str("x")), 0);
    snprintf(path, sizeof(path), "%s/%s", key_site.folder, "notes.txt"); /* an operator's */
    CHECK_EQ(file_replace(path, 0600, bytes_str("x")), 0);
    CHECK_EQ(key_site_rotate(KEYSET_TICKET, 0, false, KEY_SITE_NOW + 100000), 0);
    CHECK(!key_site_has("token.key") && !key_site_has("token-9.key.abcdef"));
    CHECK(key_site_has("notes.txt"));
    key_site_drop(key_site_load(KEY_SITE_NOW + 100000));
    key_site_end();
}

/* An operator who thinks again: the key that was to be replaced goes on, for ever. */
static void
the_last_key_of_a_kind_has_no_end(void)
{
    static const enum keyset_kind kinds[] = {KEYSET_TOKEN, KEYSET_TOKEN_RSA};

    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        key_site_new();
        CHECK_EQ(key_site_rotate(kinds[i], 0, false, KEY_SITE_NOW), 0);
        CHECK(keyset_find(&key_site.last.set, kinds[i], 1)->until_s != 0);
        CHECK_EQ(key_site_rotate(kinds[i], 2, false, KEY_SITE_NOW + 1), 0);
        CHECK_EQ(keyset_find(&key_site.last.set, kinds[i], 1)->until_s, 0);
        CHECK(keyset_active(&key_site.last.set, kinds[i], KEY_SITE_NOW + 1000000) != NULL);
        key_site_drop(key_site_load(KEY_SITE_NOW + 1000000));
        key_site_end();
    }
}

/* An elder is given its end by its successor, and keeps it while that stands. */
static void
an_elder_keeps_its_end(void)
{
    key_site_new();
    CHECK_EQ(key_site_rotate(KEYSET_PSK_MASTER, 0, false, KEY_SITE_NOW), 0);
    CHECK_EQ(key_site_rotate(KEYSET_PSK_MASTER, 1, false, KEY_SITE_NOW + 1), 0);
    CHECK_EQ(keyset_find(&key_site.last.set, KEYSET_PSK_MASTER, 2)->until_s, 0);
    CHECK(keyset_find(&key_site.last.set, KEYSET_PSK_MASTER, 1) == NULL);
    key_site_end();
}

/* Of an old audit key only the public half is there: with no clock may main want to sign by it. */
static void
a_clock_that_is_behind_does_not_want_a_public_half_to_sign(void)
{
    struct keyring *keyring;

    key_site_new();
    CHECK_EQ(key_site_rotate(KEYSET_AUDIT, 0, false, KEY_SITE_NOW), 0);
    keyring = key_site_load(KEY_SITE_NOW - 500);
    CHECK_EQ(keyring->n_audit_old, 1);
    CHECK(keyring->audit_key.len > 64);
    key_site_drop(keyring);
    key_site_end();
}

/* The list is replaced and holds: whoever rotates must tell the verifier, whatever remains. */
static void
what_cannot_be_cleared_away_does_not_hide_that_keys_changed(void)
{
    char path[200];

    key_site_new();
    snprintf(path, sizeof(path), "%s/%s", key_site.folder, "token-9.key");
    CHECK_EQ(mkdir(path, 0700), 0);
    CHECK(key_site_rotate(KEYSET_CA, 0, true, KEY_SITE_NOW) < 0);
    CHECK(key_site.last.saved);
    CHECK(strstr(key_site.last.problem, "token-9.key") != NULL);
    CHECK_EQ(keyset_active(&key_site.last.set, KEYSET_CA, KEY_SITE_NOW)->id, 2);
    CHECK(key_site_has("ca.pem")); /* and what devices get is of the new one */
    CHECK_EQ(rmdir(path), 0);
    key_site_drop(key_site_load(KEY_SITE_NOW));
    key_site_end();
}

/* DER of a file's first certificate. */
static struct bytes
cert_of(const char *name)
{
    static struct bytes der[LIMIT_CHAIN];
    static size_t n;
    struct bytes pem = BYTES_NULL;
    char path[200];

    for (size_t i = 0; i < n; i++) {
        file_free(&der[i]);
    }
    n = 0;
    snprintf(path, sizeof(path), "%s/%s", key_site.folder, name);
    CHECK_EQ(file_read(path, 65536, &pem), 0);
    CHECK_EQ(ek_roots_add(pem, der, LIMIT_CHAIN, &n), 0);
    file_free(&pem);
    return der[0];
}

static void
a_server_keeps_its_names_unless_others_are_given(void)
{
    static const char *const other[] = {"other.test"};
    struct key_names names;

    key_site_new();
    CHECK_EQ(key_site_rotate(KEYSET_SERVER, 0, false, KEY_SITE_NOW), 0);
    CHECK_EQ(key_names_read(cert_of("server-2.pem"), &names), 3);
    CHECK_STR(names.names[0], "verifier.test");
    CHECK_STR(names.names[1], "192.0.2.7");
    CHECK_STR(names.names[2], "2001:db8::7");
    key_site.last = (struct key_rotate){.folder = key_site.folder,
                                        .site = KEY_SITE_NAME,
                                        .now_s = KEY_SITE_NOW,
                                        .kind = KEYSET_SERVER,
                                        .n_names = 1,
                                        .names = other};
    CHECK_EQ(key_rotate(&key_site.last), 0);
    CHECK_EQ(key_names_read(cert_of("server-3.pem"), &names), 1);
    CHECK_STR(names.names[0], "other.test");
    CHECK_EQ(key_names_read(cert_of("ca.pem"), &names), 0); /* it has none */
    CHECK_EQ(key_names_read(bytes_str("rubbish"), &names), 0);
    key_site_end();
}

static size_t
n_certs(const char *name)
{
    struct bytes der[LIMIT_CHAIN];
    struct bytes pem = BYTES_NULL;
    char path[200];
    size_t n = 0;

    snprintf(path, sizeof(path), "%s/%s", key_site.folder, name);
    CHECK_EQ(file_read(path, 65536, &pem), 0);
    CHECK_EQ(ek_roots_add(pem, der, LIMIT_CHAIN, &n), 0);
    for (size_t i = 0; i < n; i++) {
        file_free(&der[i]);
    }
    file_free(&pem);
    return n;
}

static void
a_new_ca_waits_until_its_elder_is_retired(void)
{
    struct keyring *before;
    struct keyring *now;

    key_site_new();
    before = key_site_load(KEY_SITE_NOW);
    CHECK_EQ(key_site_rotate(KEYSET_CA, 0, false, KEY_SITE_NOW), 0);
    CHECK_EQ(n_certs("ca.pem"), 2); /* what devices get */
    CHECK_EQ(n_certs("ca-1.pem"), 1);
    now = key_site_load(KEY_SITE_NOW);
    CHECK(bytes_equal(now->server_cert, before->server_cert));
    key_site_drop(now);
    CHECK_EQ(key_site_rotate(KEYSET_SERVER, 0, false, KEY_SITE_NOW),
             0); /* the old one issues meanwhile */
    CHECK_EQ(key_site_rotate(KEYSET_CA, 1, false, KEY_SITE_NOW), 0);
    CHECK_EQ(n_certs("ca.pem"), 1);
    CHECK(!key_site_has("ca.key") && !key_site_has("ca-1.pem") && key_site_has("ca-2.key"));
    now = key_site_load(KEY_SITE_NOW);
    CHECK(!bytes_equal(now->chain[0], before->chain[0]));
    CHECK(key_site_has("server-3.pem") && key_site_has("site-2.pem"));
    key_site_drop(now);
    CHECK_EQ(key_site_rotate(KEYSET_CA, 2, false, KEY_SITE_NOW), 1); /* the last */
    key_site_drop(before);
    key_site_end();
}

static void
what_a_site_of_before_lacks_is_not_asked_for(void)
{
    char path[200];
    struct keyring *keyring;

    key_site_new();
    snprintf(path, sizeof(path), "%s/token-rsa.key", key_site.folder);
    CHECK_EQ(unlink(path), 0);
    CHECK_EQ(key_site_rotate(KEYSET_NONCE, 0, false, KEY_SITE_NOW), 0);
    CHECK_EQ(keyset_count(&key_site.last.set, KEYSET_TOKEN_RSA), 0);
    keyring = key_site_load(KEY_SITE_NOW);
    CHECK(keyring->rsa_key.p == NULL && keyring->pairwise_key.p != NULL);
    key_site_drop(keyring);
    CHECK_EQ(key_site_rotate(KEYSET_TOKEN_RSA, 0, true, KEY_SITE_NOW), 0); /* and so it gets one */
    keyring = key_site_load(KEY_SITE_NOW);
    CHECK(keyring->rsa_key.p != NULL);
    key_site_drop(keyring);
    key_site_end();
}

static void
a_rotation_that_cannot_be_done_changes_nothing(void)
{
    struct keyring *before;
    struct keyring *after;
    char path[200];
    int fd;

    key_site_new();
    before = key_site_load(KEY_SITE_NOW);
    snprintf(path, sizeof(path), "%s/ca.key", key_site.folder);
    CHECK_EQ(unlink(path), 0); /* kept elsewhere */
    CHECK(key_site_rotate(KEYSET_SERVER, 0, false, KEY_SITE_NOW) < 0);
    CHECK(strstr(key_site.last.problem, "ca.key: No such file") != NULL);
    CHECK(!key_site_has(KEYSET_FILE));
    after = key_site_load(KEY_SITE_NOW);
    CHECK(bytes_equal(before->server_cert, after->server_cert));
    key_site_drop(after);
    fd = open(key_site.folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CHECK(fd >= 0 && flock(fd, LOCK_EX) == 0);
    CHECK_EQ(key_site_rotate(KEYSET_NONCE, 0, false, KEY_SITE_NOW), -EWOULDBLOCK);
    close(fd);
    CHECK_EQ(key_site_rotate(KEYSET_NONCE, 0, false, KEY_SITE_NOW), 0);
    key_site.last.folder = "/nonexistent";
    key_site.last.problem[0] = '\0';
    CHECK_EQ(key_rotate(&key_site.last), -ENOENT);
    key_site_drop(before);
    key_site_end();
}

static void
keys_are_their_owners_alone(void)
{
    DIR *dir;
    char path[400];

    key_site_new();
    for (enum keyset_kind kind = 0; kind < KEYSET_KIND_N; kind++) {
        CHECK_EQ(key_site_rotate(kind, 0, false, KEY_SITE_NOW), 0);
    }
    dir = opendir(key_site.folder);
    CHECK(dir);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        size_t len = strlen(entry->d_name);
        const char *end = entry->d_name + (len > 4 ? len - 4 : 0);
        bool public = strcmp(end, ".pem") == 0 || strcmp(end, ".pub") == 0;
        struct stat stat_of;

        if (entry->d_name[0] == '.') {
            continue;
        }
        snprintf(path, sizeof(path), "%s/%s", key_site.folder, entry->d_name);
        CHECK_EQ(stat(path, &stat_of), 0);
        CHECK_EQ(stat_of.st_mode & 0777, public ? 0644 : 0600);
    }
    closedir(dir);
    key_site_end();
}

CHECK_MAIN(CASE(every_kind_rotates_and_main_takes_it), CASE(leaked_keys_leave_nothing_behind),
           CASE(a_new_master_is_handed_out_and_the_old_one_taken_for_an_epoch),
           CASE(nonce_keys_need_nobody_to_make_room),
           CASE(a_policy_key_is_for_elsewhere_and_the_old_one_is_taken_until_it_is_retired),
           CASE(a_site_without_a_policy_key_starts_and_gets_one),
           CASE(a_file_that_the_settings_name_stands_in_for_the_list),
           CASE(setup_makes_no_second_policy_key), CASE(setup_adds_to_a_list_what_came_later),
           CASE(setup_waits_for_no_rotation),
           CASE(a_token_key_is_published_before_it_signs_and_after), CASE(the_next_rotation_sweeps),
           CASE(the_last_key_of_a_kind_has_no_end), CASE(an_elder_keeps_its_end),
           CASE(a_clock_that_is_behind_does_not_want_a_public_half_to_sign),
           CASE(what_cannot_be_cleared_away_does_not_hide_that_keys_changed),
           CASE(a_server_keeps_its_names_unless_others_are_given),
           CASE(a_new_ca_waits_until_its_elder_is_retired),
           CASE(what_a_site_of_before_lacks_is_not_asked_for),
           CASE(a_rotation_that_cannot_be_done_changes_nothing), CASE(keys_are_their_owners_alone))
