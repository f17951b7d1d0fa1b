/* tools/key-rotate on a folder of keys: every kind, what is refused, and a kill at every step. What
 * a folder is worth is judged by main's own reader. */
#include "key-rotate.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "key-bundle.h"
#include "lib/check.h"
#include "main/ek-roots.h"
#include "main/key-folder.h"
#include "main/keyring.h"
#include "main/nonce-renew.h"
#include "setup-files.h"

#define NOW 1800000000
#define SITE "test.assay"

static char top[64];
static char folder[80];
static struct settings settings;

/* The files of an old site, kept once made: an RSA key takes a while. */
static size_t n_kept;
static struct {
    char path[SETUP_PATH]; /* from the top */
    struct bytes content;
    mode_t mode;
} kept[SETUP_FILES_MAX];

static void
site_keep(const struct setup *setup)
{
    for (size_t i = 0; i < setup->n_done; i++) {
        const char *path = setup->done[i].path;
        struct stat stat_of;

        snprintf(kept[i].path, SETUP_PATH, "%s", path + strlen(top));
        CHECK(setup->done[i].made && stat(path, &stat_of) == 0);
        kept[i].mode = stat_of.st_mode & 0777;
        CHECK_EQ(file_read(path, 65536, &kept[i].content), 0);
    }
    n_kept = setup->n_done;
}

/* Without a sync each, which is what takes the time. */
static void
site_copy(void)
{
    for (size_t i = 0; i < n_kept; i++) {
        char path[SETUP_PATH + 100];
        int fd;

        snprintf(path, sizeof(path), "%s%.300s", top, kept[i].path);
        fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kept[i].mode);
        CHECK(fd >= 0);
        CHECK_EQ(write(fd, kept[i].content.p, kept[i].content.len), (ssize_t)kept[i].content.len);
        CHECK_EQ(fchmod(fd, kept[i].mode), 0);
        close(fd);
    }
}

/* An old site: files of fixed names and no list, as `assay setup` leaves them. */
static void
site_new(void)
{
    static const char *const names[] = {"verifier.test", "192.0.2.7", "2001:db8::7"};
    struct setup *setup = calloc(1, sizeof(*setup));

    snprintf(top, sizeof(top), "/tmp/assay-rotate-XXXXXX");
    CHECK(setup && mkdtemp(top));
    snprintf(folder, sizeof(folder), "%s/keys", top);
    CHECK_EQ(file_folder(folder, 0700), 0);
    snprintf(settings.keys, sizeof(settings.keys), "%s", folder);
    snprintf(settings.ek_roots, sizeof(settings.ek_roots), "%s", top);
    if (n_kept > 0) {
        free(setup);
        site_copy();
        return;
    }
    setup->dir = top;
    snprintf(setup->keys, sizeof(setup->keys), "%s", folder);
    setup->site = SITE;
    setup->now_s = NOW - 1000;
    memcpy(setup->names, names, sizeof(names));
    setup->n_names = ARRAY_LEN(names);
    CHECK_EQ(setup_keys(setup), 0);
    site_keep(setup);
    free(setup);
}

static bool
there(const char *name)
{
    char path[200];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return access(path, F_OK) == 0;
}

static size_t
n_files(void)
{
    DIR *dir = opendir(folder);
    size_t n = 0;

    CHECK(dir);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        n += entry->d_name[0] != '.';
    }
    closedir(dir);
    return n;
}

static void
site_end(void)
{
    DIR *dir = opendir(folder);
    char path[400];

    CHECK(dir);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        ignore(unlink(path) < 0, "the two folders of each");
    }
    closedir(dir);
    CHECK_EQ(rmdir(folder), 0);
    CHECK_EQ(rmdir(top), 0);
}

static struct key_rotate last;

static int
rotate(enum keyset_kind kind, uint32_t retire, bool leaked, int64_t now_s)
{
    last = (struct key_rotate){.folder = folder,
                               .site = SITE,
                               .now_s = now_s,
                               .kind = kind,
                               .retire = retire,
                               .leaked = leaked,
                               .lead_s = 100};
    return key_rotate(&last);
}

/* Would main start with it? */
static struct keyring *
load(int64_t now_s)
{
    struct keyring *keyring = calloc(1, sizeof(*keyring));
    struct conf_problem problem = {""};

    CHECK(keyring);
    if (keyring_load(&settings, now_s, keyring, &problem) != 0) {
        check_fail(__FILE__, __LINE__, "main would not start: %s", problem.text);
    }
    return keyring;
}

static void
drop(struct keyring *keyring)
{
    keyring_free(keyring);
    free(keyring);
}

static void
every_kind_rotates_and_main_takes_it(void)
{
    site_new();
    for (enum keyset_kind kind = 0; kind < KEYSET_KIND_N; kind++) {
        CHECK_EQ(rotate(kind, 0, false, NOW), 0);
        CHECK_EQ(last.new_id, kind == KEYSET_TICKET ? 1 : 2);
        drop(load(NOW));
        drop(load(INT64_C(1000000000) + NOW));
    }
    CHECK_EQ(keyset_count(&last.set, KEYSET_TOKEN), 2);
    CHECK_EQ(keyset_count(&last.set, KEYSET_SERVER), 1);
    CHECK(!there("server.key") && !there("server.pem") && there("server-2.pem"));
    CHECK(!there("audit.key") && there("audit-1.pub")); /* nothing is left to sign with */
    CHECK(!there("pairwise-key") && there("psk-masters") && there("token.key"));
    site_end();
}

static void
leaked_keys_leave_nothing_behind(void)
{
    site_new();
    for (enum keyset_kind kind = 0; kind < KEYSET_KIND_N; kind++) {
        CHECK_EQ(rotate(kind, 0, true, NOW), 0);
        CHECK_EQ(keyset_count(&last.set, kind), 1);
        CHECK_EQ(keyset_state(&last.set, keyset_active(&last.set, kind, NOW), NOW), KEYSET_ACTIVE);
        drop(load(NOW));
    }
    /* 10 keys, 3 certificates, a public half, the list, and what devices get; of before nothing */
    CHECK_EQ(n_files(), 10 + 3 + 1 + 1 + 1);
    CHECK(!there("psk-masters") && !there("token.key") && !there("ca.key"));
    site_end();
}

static void
a_new_master_is_handed_out_and_the_old_one_taken_for_an_epoch(void)
{
    struct keyring *before;
    struct keyring *after;

    site_new();
    before = load(NOW);
    CHECK_EQ(rotate(KEYSET_PSK_MASTER, 0, false, NOW), 0);
    after = load(NOW);
    CHECK_EQ(after->masters[0].id, 2);
    CHECK_EQ(memcmp(&after->masters[1], &before->masters[0], sizeof(after->masters[1])), 0);
    CHECK(!ident_masters_lost(before->masters, after->masters));
    CHECK(ident_masters_lost(after->masters, before->masters));
    drop(after);
    after = load(NOW + KEY_MASTER_AFTER_S);
    CHECK_EQ(after->masters[1].id, 0);
    CHECK(ident_masters_lost(before->masters, after->masters));
    drop(after);
    CHECK_EQ(rotate(KEYSET_PSK_MASTER, 0, false, NOW + 1), 1); /* two are live */
    CHECK(strstr(last.problem, "--retire") != NULL);
    CHECK_EQ(rotate(KEYSET_PSK_MASTER, 2, false, NOW + 1), 1); /* the one that is handed out */
    CHECK_EQ(rotate(KEYSET_PSK_MASTER, 7, false, NOW + 1), 1); /* none */
    CHECK_EQ(rotate(KEYSET_PSK_MASTER, 1, false, NOW + 1), 0);
    CHECK(!there("psk-masters"));
    CHECK_EQ(rotate(KEYSET_PSK_MASTER, 2, false, NOW + 1), 1); /* the last */
    CHECK_EQ(rotate(KEYSET_PSK_MASTER, 0, false, NOW + 1), 0);
    CHECK_EQ(last.new_id, 3); /* an id does not come back at once */
    drop(before);
    site_end();
}

static void
nonce_keys_need_nobody_to_make_room(void)
{
    struct keyring *keyring;

    site_new();
    for (uint32_t i = 2; i < 5; i++) {
        CHECK_EQ(rotate(KEYSET_NONCE, 0, false, NOW + i), 0);
        keyring = load(NOW + i);
        CHECK_EQ(keyring->nonce_keys[0].id, i);
        CHECK_EQ(keyring->nonce_keys[1].id, i - 1);
        drop(keyring);
    }
    CHECK(!there("nonce-keys") && !there("nonce-2") && there("nonce-3") && there("nonce-4"));
    site_end();
}

static void
a_token_key_is_published_before_it_signs_and_after(void)
{
    struct keyring *before;
    struct keyring *now;

    site_new();
    before = load(NOW);
    CHECK_EQ(rotate(KEYSET_TOKEN, 0, false, NOW), 0);
    now = load(NOW + 99);
    CHECK(bytes_equal(now->token_key, before->token_key));
    CHECK_EQ(now->n_token_more, 1);
    drop(now);
    now = load(NOW + 100);
    CHECK(!bytes_equal(now->token_key, before->token_key));
    CHECK_EQ(now->n_token_more, 1);
    drop(now);
    now = load(NOW + 100 + KEY_TOKEN_AFTER_S);
    CHECK_EQ(now->n_token_more, 0);
    drop(now);
    CHECK_EQ(rotate(KEYSET_TOKEN, 0, true, NOW + 50), 0); /* leaked: nobody waits */
    now = load(NOW + 50);
    CHECK_EQ(now->n_token_more, 0);
    CHECK(!bytes_equal(now->token_key, before->token_key));
    drop(now);
    drop(before);
    site_end();
}

static struct p256
public_half(const char *name)
{
    CLEANUP(pubkey_freep) struct pubkey *key = NULL;
    struct bytes pem = BYTES_NULL;
    struct p256 point;
    char path[200];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
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
    struct keyring *keyring = load(NOW);
    size_t n = keyring->n_policy_keys;

    *ret = keyring->policy_keys[0];
    drop(keyring);
    return n;
}

static void
take_away(const char *name)
{
    char path[200];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    CHECK_EQ(unlink(path), 0);
}

static void
a_policy_key_is_for_elsewhere_and_the_old_one_is_taken_until_it_is_retired(void)
{
    struct p256 old;
    struct p256 first;

    site_new();
    CHECK_EQ(policy_keys(&old), 1);
    take_away("policy.key");
    CHECK_EQ(policy_keys(&first), 1);
    CHECK_EQ(rotate(KEYSET_POLICY, 0, false, NOW), 0);
    CHECK(there("policy-2.key") && there("policy-2.pub") && there("policy.pub"));
    CHECK_EQ(policy_keys(&first), 2);
    CHECK(memcmp(&first, &old, sizeof(first)) != 0);
    old = public_half("policy-2.pub");
    CHECK_EQ(memcmp(&first, &old, sizeof(first)), 0);
    CHECK_EQ(keyset_find(&last.set, KEYSET_POLICY, 1)->until_s, 0);
    CHECK_EQ(rotate(KEYSET_POLICY, 0, false, NOW + 1), 1); /* two are live */
    CHECK(strstr(last.problem, "--retire") != NULL);
    CHECK_EQ(rotate(KEYSET_POLICY, 1, false, NOW + 1), 0);
    CHECK(!there("policy.pub"));
    CHECK_EQ(policy_keys(&first), 1);
    CHECK_EQ(rotate(KEYSET_POLICY, 2, false, NOW + 1), 1); /* the last */
    CHECK_EQ(rotate(KEYSET_POLICY, 0, true, NOW + 2), 0);
    CHECK(!there("policy-2.key") && !there("policy-2.pub"));
    CHECK_EQ(policy_keys(&old), 1);
    CHECK(memcmp(&first, &old, sizeof(first)) != 0);
    site_end();
}

static void
a_site_without_a_policy_key_starts_and_gets_one(void)
{
    struct p256 first;

    site_new();
    take_away("policy.key");
    take_away("policy.pub");
    CHECK_EQ(policy_keys(&first), 0);
    CHECK_EQ(rotate(KEYSET_NONCE, 0, false, NOW), 0);
    CHECK_EQ(keyset_count(&last.set, KEYSET_POLICY), 0);
    CHECK_EQ(policy_keys(&first), 0);
    CHECK_EQ(rotate(KEYSET_POLICY, 0, false, NOW), 0);
    CHECK_EQ(policy_keys(&first), 1);
    take_away("policy-1.pub"); /* an operator's mistake: no policy, and all else works */
    CHECK_EQ(policy_keys(&first), 0);
    site_end();
}

static void
a_file_that_the_settings_name_stands_in_for_the_list(void)
{
    struct conf_problem problem = {""};
    struct keyring *keyring = calloc(1, sizeof(*keyring));
    struct p256 own;
    struct p256 first;
    char path[200];

    site_new();
    own = public_half("policy.pub");
    snprintf(path, sizeof(path), "%s/policy.pub", folder);
    snprintf(settings.policy_key, sizeof(settings.policy_key), "%s/elsewhere.pub", top);
    CHECK_EQ(policy_keys(&first), 0); /* the list's is not looked at */
    CHECK_EQ(rename(path, settings.policy_key), 0);
    CHECK_EQ(policy_keys(&first), 1);
    CHECK_EQ(memcmp(&first, &own, sizeof(own)), 0);
    CHECK_EQ(file_replace(settings.policy_key, 0644, bytes_str("rubbish")), 0);
    CHECK(keyring && keyring_load(&settings, NOW, keyring, &problem) == 1);
    CHECK(strstr(problem.text, "elsewhere.pub"));
    drop(keyring);
    CHECK_EQ(unlink(settings.policy_key), 0);
    settings.policy_key[0] = '\0';
    site_end();
}

/* Setup, run again, makes what is missing, but no key to sign with where one was moved away. */
static void
setup_makes_no_second_policy_key(void)
{
    struct setup *setup = calloc(1, sizeof(*setup));
    struct p256 own;
    struct p256 again;

    site_new();
    CHECK(setup);
    setup->dir = top;
    snprintf(setup->keys, sizeof(setup->keys), "%s", folder);
    setup->site = SITE;
    setup->now_s = NOW;
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
    CHECK(!there("policy.key") && !setup->policy_key);
    again = public_half("policy.pub");
    CHECK_EQ(memcmp(&own, &again, sizeof(own)), 0);
    free(setup);
    site_end();
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

    site_new();
    CHECK(setup);
    setup->dir = top;
    snprintf(setup->keys, sizeof(setup->keys), "%s", folder);
    setup->site = SITE;
    setup->now_s = NOW;
    for (size_t i = 0; i < ARRAY_LEN(later); i++) {
        take_away(later[i]);
    }
    CHECK_EQ(nonce_renew(folder, 86400, NOW, &problem), 1);
    keyring = load(NOW);
    CHECK(!keyring->rsa_key.p && !keyring->pairwise_key.p);
    drop(keyring);
    CHECK_EQ(setup_keys(setup), 0);
    CHECK(setup->policy_key);
    keyring = load(NOW);
    CHECK(keyring->rsa_key.p && keyring->pairwise_key.p);
    drop(keyring);
    CHECK_EQ(policy_keys(&point), 1);
    snprintf(path, sizeof(path), "%s/" KEYSET_FILE, folder);
    CHECK_EQ(file_read(path, KEYSET_TEXT_ROOM, &list), 0);
    setup->n_done = 0;
    CHECK_EQ(setup_keys(setup), 0); /* again: nothing */
    CHECK_EQ(file_read(path, KEYSET_TEXT_ROOM, &again), 0);
    CHECK_BYTES(again, list);
    CHECK_EQ(nonce_renew(folder, 86400, NOW + 86400, &problem), 1);
    for (size_t i = 0; i < ARRAY_LEN(made); i++) {
        CHECK(there(made[i]));
    }
    file_free(&list);
    file_free(&again);
    free(setup);
    site_end();
}

static void
setup_waits_for_no_rotation(void)
{
    struct setup *setup = calloc(1, sizeof(*setup));
    int fd;

    site_new();
    CHECK(setup);
    setup->dir = top;
    snprintf(setup->keys, sizeof(setup->keys), "%s", folder);
    setup->site = SITE;
    setup->now_s = NOW;
    take_away("token-rsa.key");
    fd = key_folder_lock(folder);
    CHECK(fd >= 0);
    CHECK_EQ(setup_keys(setup), -EWOULDBLOCK);
    CHECK(strstr(setup->problem, "a rotation is under way") != NULL);
    CHECK(!there("token-rsa.key"));
    close(fd);
    setup->problem[0] = '\0';
    CHECK_EQ(setup_keys(setup), 0);
    CHECK(there("token-rsa.key"));
    free(setup);
    site_end();
}

/* What is over is removed by the next rotation of anything. */
static void
the_next_rotation_sweeps(void)
{
    char path[200];

    site_new();
    CHECK_EQ(rotate(KEYSET_TOKEN, 0, false, NOW), 0);
    CHECK(there("token.key"));
    snprintf(path, sizeof(path), "%s/%s", folder, "token-9.key.abcdef"); /* of a killed one */
    CHECK_EQ(file_replace(path, 0600, bytes_str("x")), 0);
    snprintf(path, sizeof(path), "%s/%s", folder, "notes.txt"); /* an operator's */
    CHECK_EQ(file_replace(path, 0600, bytes_str("x")), 0);
    CHECK_EQ(rotate(KEYSET_TICKET, 0, false, NOW + 100000), 0);
    CHECK(!there("token.key") && !there("token-9.key.abcdef"));
    CHECK(there("notes.txt"));
    drop(load(NOW + 100000));
    site_end();
}

/* An operator who thinks again: the key that was to be replaced goes on, for ever. */
static void
the_last_key_of_a_kind_has_no_end(void)
{
    static const enum keyset_kind kinds[] = {KEYSET_TOKEN, KEYSET_TOKEN_RSA};

    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        site_new();
        CHECK_EQ(rotate(kinds[i], 0, false, NOW), 0);
        CHECK(keyset_find(&last.set, kinds[i], 1)->until_s != 0);
        CHECK_EQ(rotate(kinds[i], 2, false, NOW + 1), 0);
        CHECK_EQ(keyset_find(&last.set, kinds[i], 1)->until_s, 0);
        CHECK(keyset_active(&last.set, kinds[i], NOW + 1000000) != NULL);
        drop(load(NOW + 1000000));
        site_end();
    }
}

/* An elder is given its end by its successor, and keeps it while that stands. */
static void
an_elder_keeps_its_end(void)
{
    site_new();
    CHECK_EQ(rotate(KEYSET_PSK_MASTER, 0, false, NOW), 0);
    CHECK_EQ(rotate(KEYSET_PSK_MASTER, 1, false, NOW + 1), 0);
    CHECK_EQ(keyset_find(&last.set, KEYSET_PSK_MASTER, 2)->until_s, 0);
    CHECK(keyset_find(&last.set, KEYSET_PSK_MASTER, 1) == NULL);
    site_end();
}

/* Of an old audit key only the public half is there: with no clock may main want to sign by it. */
static void
a_clock_that_is_behind_does_not_want_a_public_half_to_sign(void)
{
    struct keyring *keyring;

    site_new();
    CHECK_EQ(rotate(KEYSET_AUDIT, 0, false, NOW), 0);
    keyring = load(NOW - 500);
    CHECK_EQ(keyring->n_audit_old, 1);
    CHECK(keyring->audit_key.len > 64);
    drop(keyring);
    site_end();
}

/* The list is replaced and holds: whoever rotates must tell the verifier, whatever remains. */
static void
what_cannot_be_cleared_away_does_not_hide_that_keys_changed(void)
{
    char path[200];

    site_new();
    snprintf(path, sizeof(path), "%s/%s", folder, "token-9.key");
    CHECK_EQ(mkdir(path, 0700), 0);
    CHECK(rotate(KEYSET_CA, 0, true, NOW) < 0);
    CHECK(last.saved);
    CHECK(strstr(last.problem, "token-9.key") != NULL);
    CHECK_EQ(keyset_active(&last.set, KEYSET_CA, NOW)->id, 2);
    CHECK(there("ca.pem")); /* and what devices get is of the new one */
    CHECK_EQ(rmdir(path), 0);
    drop(load(NOW));
    site_end();
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
    snprintf(path, sizeof(path), "%s/%s", folder, name);
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

    site_new();
    CHECK_EQ(rotate(KEYSET_SERVER, 0, false, NOW), 0);
    CHECK_EQ(key_names_read(cert_of("server-2.pem"), &names), 3);
    CHECK_STR(names.names[0], "verifier.test");
    CHECK_STR(names.names[1], "192.0.2.7");
    CHECK_STR(names.names[2], "2001:db8::7");
    last = (struct key_rotate){.folder = folder,
                               .site = SITE,
                               .now_s = NOW,
                               .kind = KEYSET_SERVER,
                               .n_names = 1,
                               .names = other};
    CHECK_EQ(key_rotate(&last), 0);
    CHECK_EQ(key_names_read(cert_of("server-3.pem"), &names), 1);
    CHECK_STR(names.names[0], "other.test");
    CHECK_EQ(key_names_read(cert_of("ca.pem"), &names), 0); /* it has none */
    CHECK_EQ(key_names_read(bytes_str("rubbish"), &names), 0);
    site_end();
}

static size_t
n_certs(const char *name)
{
    struct bytes der[LIMIT_CHAIN];
    struct bytes pem = BYTES_NULL;
    char path[200];
    size_t n = 0;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
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

    site_new();
    before = load(NOW);
    CHECK_EQ(rotate(KEYSET_CA, 0, false, NOW), 0);
    CHECK_EQ(n_certs("ca.pem"), 2); /* what devices get */
    CHECK_EQ(n_certs("ca-1.pem"), 1);
    now = load(NOW);
    CHECK(bytes_equal(now->server_cert, before->server_cert));
    drop(now);
    CHECK_EQ(rotate(KEYSET_SERVER, 0, false, NOW), 0); /* the old one issues meanwhile */
    CHECK_EQ(rotate(KEYSET_CA, 1, false, NOW), 0);
    CHECK_EQ(n_certs("ca.pem"), 1);
    CHECK(!there("ca.key") && !there("ca-1.pem") && there("ca-2.key"));
    now = load(NOW);
    CHECK(!bytes_equal(now->chain[0], before->chain[0]));
    CHECK(there("server-3.pem") && there("site-2.pem"));
    drop(now);
    CHECK_EQ(rotate(KEYSET_CA, 2, false, NOW), 1); /* the last */
    drop(before);
    site_end();
}

static void
what_a_site_of_before_lacks_is_not_asked_for(void)
{
    char path[200];
    struct keyring *keyring;

    site_new();
    snprintf(path, sizeof(path), "%s/token-rsa.key", folder);
    CHECK_EQ(unlink(path), 0);
    CHECK_EQ(rotate(KEYSET_NONCE, 0, false, NOW), 0);
    CHECK_EQ(keyset_count(&last.set, KEYSET_TOKEN_RSA), 0);
    keyring = load(NOW);
    CHECK(keyring->rsa_key.p == NULL && keyring->pairwise_key.p != NULL);
    drop(keyring);
    CHECK_EQ(rotate(KEYSET_TOKEN_RSA, 0, true, NOW), 0); /* and so it gets one */
    keyring = load(NOW);
    CHECK(keyring->rsa_key.p != NULL);
    drop(keyring);
    site_end();
}

static void
a_rotation_that_cannot_be_done_changes_nothing(void)
{
    struct keyring *before;
    struct keyring *after;
    char path[200];
    int fd;

    site_new();
    before = load(NOW);
    snprintf(path, sizeof(path), "%s/ca.key", folder);
    CHECK_EQ(unlink(path), 0); /* kept elsewhere */
    CHECK(rotate(KEYSET_SERVER, 0, false, NOW) < 0);
    CHECK(strstr(last.problem, "ca.key: No such file") != NULL);
    CHECK(!there(KEYSET_FILE));
    after = load(NOW);
    CHECK(bytes_equal(before->server_cert, after->server_cert));
    drop(after);
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CHECK(fd >= 0 && flock(fd, LOCK_EX) == 0);
    CHECK_EQ(rotate(KEYSET_NONCE, 0, false, NOW), -EWOULDBLOCK);
    close(fd);
    CHECK_EQ(rotate(KEYSET_NONCE, 0, false, NOW), 0);
    last.folder = "/nonexistent";
    last.problem[0] = '\0';
    CHECK_EQ(key_rotate(&last), -ENOENT);
    drop(before);
    site_end();
}

static void
keys_are_their_owners_alone(void)
{
    DIR *dir;
    char path[400];

    site_new();
    for (enum keyset_kind kind = 0; kind < KEYSET_KIND_N; kind++) {
        CHECK_EQ(rotate(kind, 0, false, NOW), 0);
    }
    dir = opendir(folder);
    CHECK(dir);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        size_t len = strlen(entry->d_name);
        const char *end = entry->d_name + (len > 4 ? len - 4 : 0);
        bool public = strcmp(end, ".pem") == 0 || strcmp(end, ".pub") == 0;
        struct stat stat_of;

        if (entry->d_name[0] == '.') {
            continue;
        }
        snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        CHECK_EQ(stat(path, &stat_of), 0);
        CHECK_EQ(stat_of.st_mode & 0777, public ? 0644 : 0600);
    }
    closedir(dir);
    site_end();
}

/* Whether the child is about to make a call that changes the folder. */
static bool
at_a_change(pid_t pid)
{
    static const uint64_t calls[] = {SYS_write,  SYS_fsync,  SYS_fchmod,
                                     SYS_rename, SYS_unlink, SYS_flock};
    struct __ptrace_syscall_info info;

    CHECK(ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) > 0);
    for (size_t i = 0; info.op == PTRACE_SYSCALL_INFO_ENTRY && i < ARRAY_LEN(calls); i++) {
        if (info.entry.nr == calls[i]) {
            return true;
        }
    }
    return false;
}

/* Runs a rotation in a child that is killed before its nth call that changes anything. False when
 * it came to its end before that. */
static bool
killed_at(enum keyset_kind kind, uint32_t retire, bool leaked, size_t nth)
{
    pid_t pid = fork();
    int status = 0;

    CHECK(pid >= 0);
    if (pid == 0) {
        ignore(ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0 || raise(SIGSTOP) != 0, "then it ends");
        _exit(rotate(kind, retire, leaked, NOW) == 0 ? 0 : 9);
    }
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    CHECK(WIFSTOPPED(status));
    CHECK_EQ(ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_TRACESYSGOOD), 0);
    while (nth > 0) {
        CHECK_EQ(ptrace(PTRACE_SYSCALL, pid, NULL, NULL), 0);
        CHECK_EQ(waitpid(pid, &status, 0), pid);
        if (WIFEXITED(status)) {
            CHECK_EQ(WEXITSTATUS(status), 0);
            return false;
        }
        nth -= at_a_change(pid);
    }
    CHECK_EQ(kill(pid, SIGKILL), 0);
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    CHECK(WIFSIGNALED(status));
    return true;
}

/* A kill before each call in turn: main starts each time, the next rotation is not hindered, and at
 * the end no file is left that the list does not name. */
static void
kill_everywhere(enum keyset_kind kind, uint32_t retire, bool leaked)
{
    size_t n = 1;
    size_t n_done = 0;
    bool killed = true;

    for (; killed; n++) {
        struct keyset set;
        struct conf_problem problem = {""};

        site_new();
        if (retire) {
            CHECK_EQ(rotate(kind, 0, false, NOW), 0);
        }
        killed = killed_at(kind, retire, leaked, n);
        drop(load(NOW));
        CHECK_EQ(keyset_load(folder, &set, &problem), 0);
        n_done += keyset_find(&set, kind, retire ? retire : 2) ? !retire : retire != 0;
        CHECK_EQ(rotate(KEYSET_TICKET, 0, false, NOW), 0);
        drop(load(NOW));
        for (size_t i = 0; i < last.set.n; i++) {
            CHECK(last.set.keys[i].file[0] == '\0' || there(last.set.keys[i].file));
        }
        CHECK(there(KEY_BUNDLE_FILE));
        site_end();
    }
    printf("# %s: killed at %zu steps, %zu of them behind the change\n", keyset_kind_name(kind), n,
           n_done);
    CHECK(n > 10);                   /* it was killed, and often */
    CHECK(n_done > 0 && n_done < n); /* on both sides of the list's change */
}

static void
a_kill_at_any_step_leaves_a_site_that_starts(void)
{
    kill_everywhere(KEYSET_PSK_MASTER, 0, true);
    kill_everywhere(KEYSET_SERVER, 0, false);
    kill_everywhere(KEYSET_AUDIT, 0, false);
}

static void
so_does_one_while_a_ca_takes_over(void)
{
    kill_everywhere(KEYSET_CA, 0, false);
    kill_everywhere(KEYSET_CA, 1, false);
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
           CASE(a_rotation_that_cannot_be_done_changes_nothing), CASE(keys_are_their_owners_alone),
           CASE(a_kill_at_any_step_leaves_a_site_that_starts),
           CASE(so_does_one_while_a_ca_takes_over))
