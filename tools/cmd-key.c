/* assay key list */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "ask.h"
#include "base/b64.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/hex.h"
#include "cmd-key.h"
#include "crypto/jose.h"
#include "formats/pem.h"
#include "formats/x509.h"
#include "key-make.h"
#include "key-tell.h"
#include "key-words.h"
#include "table.h"
#include "when.h"

enum { KID_ROOM = 72, PATH_ROOM = 400 };

struct row {
    const struct keyset_key *key;
    enum keyset_state state;
    char kid[KID_ROOM]; /* "": it has none, or cannot be read */
    int64_t expires_s;  /* of a certificate; 0: none */
    int64_t devices;    /* -1: not known */
};

struct listing {
    struct settings settings;
    struct keyset set;
    int64_t now_s;
    struct hasher *hasher;
    json_t *masters; /* NULL: no keeper said */
    bool used;
    size_t n;
    struct row rows[KEYSET_KEYS_MAX];
};

static int
read_file(const struct listing *listing, const char *name, struct bytes *ret)
{
    char path[PATH_ROOM];

    snprintf(path, sizeof(path), "%s/%s", listing->settings.keys, name);
    return name[0] ? file_read(path, KEY_MAKE_PEM_MAX, ret) : -ENOENT;
}

/* SHA-256 of the certificate, as tools show it, and its end. */
static void
cert_fill(const struct listing *listing, struct row *row)
{
    struct bytes pem = BYTES_NULL;
    uint8_t der[LIMIT_CERT_BYTES];
    uint8_t digest[32];
    struct x509 cert;
    size_t len = 0;
    struct rd rd;

    if (read_file(listing, row->key->cert, &pem) != 0) {
        return;
    }
    rd = rd_init(pem);
    if (pem_next(&rd, der, sizeof(der), &len) == 0 &&
        x509_read(bytes_of(der, len), NULL, &cert) == 0 &&
        hasher_bytes(listing->hasher, HASH_SHA256, bytes_of(der, len), digest) == 0) {
        hex_write(row->kid, BYTES_OF(digest));
        row->expires_s = cert.not_after;
    }
    file_free(&pem);
}

/* kid of JWTs; a CWT's, by which an audit head names its key too, is another digest. */
static int
thumb(const struct listing *listing, struct bytes pem, bool rsa, uint8_t ret[32])
{
    CLEANUP(privkey_freep) struct privkey *key = NULL;
    uint8_t n[RS256_SIG_MAX];
    struct p256 point;
    size_t len = 0;
    int r = rsa ? privkey_rsa_from_pem(pem, &key) : privkey_from_pem(pem, &key);

    if (r == 0 && rsa) {
        r = privkey_rsa_modulus(key, n, &len);
        return r == 0 ? jose_rsa_thumb(bytes_of(n, len), listing->hasher, ret) : r;
    }
    if (r == 0) {
        r = privkey_point(key, point.x, point.y);
    }
    return r == 0 ? p256_jwk_thumb(&point, listing->hasher, ret) : r;
}

static void
kid_fill(const struct listing *listing, struct row *row)
{
    struct bytes pem = BYTES_NULL;
    uint8_t digest[32];

    if (read_file(listing, row->key->file, &pem) != 0) {
        return;
    }
    if (thumb(listing, pem, row->key->kind == KEYSET_TOKEN_RSA, digest) == 0) {
        (void)b64_write(row->kid, BYTES_OF(digest));
    }
    file_free(&pem);
}

/* Of a policy key: by what is left of it here. */
static void
policy_fill(const struct listing *listing, struct row *row)
{
    CLEANUP(pubkey_freep) struct pubkey *key = NULL;
    struct bytes pem = BYTES_NULL;
    struct p256 point;
    uint8_t digest[32];

    if (read_file(listing, row->key->cert, &pem) != 0) {
        return;
    }
    if (pubkey_from_pem(pem, &key) == 0 && pubkey_kind(key) == KEY_P256 &&
        pubkey_point(key, point.x, point.y) == 0 &&
        p256_cose_thumb(&point, listing->hasher, digest) == 0) {
        hex_write(row->kid, BYTES_OF(digest)); /* as bundles name it */
    }
    file_free(&pem);
}

static int64_t
devices_of(const struct listing *listing, uint32_t id)
{
    size_t i;
    json_t *master;

    json_array_foreach(listing->masters, i, master)
    {
        if (json_integer_value(json_object_get(master, "id")) == (json_int_t)id) {
            return json_integer_value(json_object_get(master, "devices"));
        }
    }
    return -1;
}

static void
row_fill(const struct listing *listing, const struct keyset_key *key, struct row *row)
{
    *row = (struct row){.key = key, .devices = -1};
    row->state = keyset_state(&listing->set, key, listing->now_s);
    if (key->kind == KEYSET_POLICY) {
        policy_fill(listing, row);
    } else if (key->cert[0]) {
        cert_fill(listing, row);
    } else if (key->kind == KEYSET_TOKEN || key->kind == KEYSET_TOKEN_RSA) {
        kid_fill(listing, row);
    } else if (key->kind == KEYSET_PSK_MASTER) {
        row->devices = devices_of(listing, key->id);
    }
}

static json_t *
time_json(int64_t s)
{
    return s == 0 || s == KEYSET_NEVER ? json_null() : json_integer(s);
}

static json_t *
row_json(const struct row *row)
{
    const struct keyset_key *key = row->key;

    return json_pack("{s:s, s:i, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:s}", "kind",
                     keyset_kind_name(key->kind), "id", (int)key->id, "state",
                     keyset_state_name(row->state), "kid",
                     row->kid[0] ? json_string(row->kid) : json_null(), "made",
                     time_json(key->made_s), "from", time_json(key->from_s), "until",
                     time_json(key->until_s), "expires", time_json(row->expires_s), "devices",
                     row->devices >= 0 ? json_integer(row->devices) : json_null(), "file",
                     key->file, "for", key_words(key->kind)->use);
}

static int
say_json(const struct listing *listing)
{
    json_t *keys = json_array();

    for (size_t i = 0; i < listing->n; i++) {
        json_array_append_new(keys, row_json(&listing->rows[i]));
    }
    return cmd_print_json(json_pack("{s:o, s:b}", "keys", keys, "used_by_verifier", listing->used));
}

static int
say(const struct listing *listing)
{
    CLEANUP(table_freep) struct table *table = table_new(7);
    static const char *const heads[] = {"KIND", "ID", "STATE", "MADE", "UNTIL", "DEVICES", "KEY"};
    char room[WHEN_ROOM];

    for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
        table_cell(table, "%s", heads[i]);
    }
    for (size_t i = 0; i < listing->n; i++) {
        const struct row *row = &listing->rows[i];
        int64_t until = row->key->until_s ? row->key->until_s : row->expires_s;

        table_cell(table, "%s", keyset_kind_name(row->key->kind));
        table_cell(table, "%u", row->key->id);
        table_cell(table, "%s", keyset_state_name(row->state));
        table_cell(table, "%s", when_utc(room, row->key->made_s * 1000));
        table_cell(table, "%s", when_utc(room, until * 1000));
        if (row->devices >= 0) {
            table_cell(table, "%lld", (long long)row->devices);
        } else {
            table_cell(table, "-");
        }
        table_cell(table, "%.16s", row->kid[0] ? row->kid : "-");
    }
    return table_print(table, stdout);
}

/* Whom the keeper has on each master; without a verifier nobody says. */
static void
ask_verifier(struct listing *listing)
{
    json_t *answer = NULL;

    listing->used = key_tell_state(&listing->settings, &answer) == KEY_TELL_TAKEN;
    listing->masters = json_incref(json_object_get(answer, "psk_masters"));
    json_decref(answer);
}

static int
fill_and_say(struct listing *listing, bool json)
{
    struct conf_problem problem = {""};

    if (keyset_load(listing->settings.keys, &listing->set, &problem) != 0) {
        ask_complain(problem.text);
        return CMD_NO;
    }
    ask_verifier(listing);
    for (size_t i = 0; i < listing->set.n; i++) {
        row_fill(listing, &listing->set.keys[i], &listing->rows[listing->n++]);
    }
    return (json ? say_json(listing) : say(listing)) == 0 ? CMD_YES : CMD_NO;
}

static int
list_run(const struct cmd *self, int argc, char **argv)
{
    CLEANUP(free_p) struct listing *listing = calloc(1, sizeof(*listing));
    const char *config = SETTINGS_FILE;
    struct conf_problem problem = {""};
    struct flag_words words = {0};
    bool json = false;
    const struct flag flags[] = {
        {.name = "config", .ret_value = &config},
        {.name = "json", .ret_set = &json},
    };
    int r = listing ? flags_read(self, argc, argv, flags, ARRAY_LEN(flags), &words) : CMD_NO;

    if (r != 0 || words.n > 0) {
        return r != 0 ? r : cmd_usage(self, "it takes no words");
    }
    if (settings_load(config, &listing->settings, &problem) != 0) {
        ask_complain(problem.text);
        return CMD_NO;
    }
    listing->now_s = clock_utc_ms() / 1000;
    listing->hasher = hasher_new();
    r = listing->hasher ? fill_and_say(listing, json) : CMD_NO;
    hasher_freep(&listing->hasher);
    json_decref(listing->masters);
    return r;
}

const struct cmd cmd_key_list = {
    .name = "key list",
    .args = "[--config FILE] [--json]",
    .summary = "the keys of this site: which, since when, until when, who is still on them",
    .help = "To be run by root on the verifier's machine.\n\n"
            "  --config  the verifier's configuration, " SETTINGS_FILE " by default\n"
            "  --json    all of it as JSON, with what each key is for\n\n"
            "States: next (published, not used yet), active, accepted (what was made with it is "
            "taken),\n"
            "retired (over; the next rotation removes its file). UNTIL is when that changes, or "
            "when a\n"
            "certificate ends. DEVICES were last judged on a connection of that PSK master.\n\n"
            "Example:\n"
            "  $ assay key list\n"
            "  KIND        ID  STATE     MADE                  UNTIL                 DEVICES  KEY\n"
            "  psk-master  2   active    2026-11-27 21:02 UTC  -                     112      -\n"
            "  psk-master  1   accepted  2026-08-01 09:00 UTC  2026-12-27 21:02 UTC  5        -\n\n"
            "Exit status: 0 listed, 1 not, 2 usage.\n",
    .run = list_run,
};
