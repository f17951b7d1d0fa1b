/* assay policy export: releases of a policy for others. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/hex.h"
#include "cmd-policy.h"
#include "crypto/p256.h"
#include "flags.h"
#include "import/corim-make.h"
#include "rejudge/rejudge-open.h"
#include "wire/bundle-part.h"

enum { KEY_MAX = 65536 };

struct export
{
    const char *kind, *id, *key, *issuer, *out;
    struct corim_make make;
};

static const char *
problem_of(const struct export *e, const struct flag_words *words)
{
    if (!e->kind || strcmp(e->kind, "corim") != 0) {
        return "--kind is corim";
    }
    if (words->n != 1) {
        return "one bundle or policy is wanted";
    }
    if (strcmp(words->words[0], "active") == 0 || strcmp(words->words[0], "-") == 0) {
        return "a file is wanted: neither the store's bundle nor standard input";
    }
    if ((e->id && !part_is_name(bytes_str(e->id))) ||
        (e->issuer && !part_is_name(bytes_str(e->issuer)))) {
        return "an id and an issuer are at most 48 of A-Z a-z 0-9 . _ / : + ~ -";
    }
    return e->issuer && !e->key ? "--issuer says who signs: --sign is wanted, too" : NULL;
}

/* What is told goes to standard error, line by line, as assay's own words. */
static void
say_told(const char *told)
{
    while (*told != '\0') {
        size_t len = strcspn(told, "\n");

        fprintf(stderr, "assay: %.*s\n", (int)len, told);
        told += len + (told[len] == '\n');
    }
}

static int
make(struct export *e, const struct bundle *bundle)
{
    char *told = NULL;
    size_t told_len = 0;
    FILE *out = open_memstream(&told, &told_len);
    int r = out ? corim_make(bundle, e->id ? e->id : "assay-policy", out, &e->make) : -ENOMEM;

    r = out && fclose(out) != 0 && r == 0 ? -ENOMEM : r;
    if (told) {
        say_told(told);
    }
    free(told);
    if (r != 0) {
        fprintf(stderr, "assay: %s\n",
                r < 0 ? strerror(-r)
                      : "it has no release with a digest that counts: nothing to export");
    }
    return r == 0 ? 0 : 1;
}

/* Without an issuer the key's thumbprint says who signs. */
static int
sign_by(struct export *e, struct privkey *key, struct hasher *hasher)
{
    char issuer[2 * P256_THUMB_SIZE + 1];
    uint8_t kid[P256_THUMB_SIZE];
    struct p256 point;
    int r = privkey_point(key, point.x, point.y);

    r = r == 0 ? p256_cose_thumb(&point, hasher, kid) : r;
    if (r < 0) {
        return r;
    }
    hex_write(issuer, BYTES_OF(kid));
    return corim_make_sign(&e->make, BYTES_OF(kid), e->issuer ? e->issuer : issuer, key, hasher);
}

static int
sign(struct export *e)
{
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    CLEANUP(privkey_freep) struct privkey *key = NULL;
    struct bytes pem = BYTES_NULL;
    int r = hasher ? file_read(e->key, KEY_MAX, &pem) : -ENOMEM;

    if (r == 0) {
        r = privkey_from_pem(pem, &key);
        file_free(&pem);
    }
    r = r == 0 ? sign_by(e, key, hasher) : r;
    if (r != 0) {
        fprintf(stderr, "assay: %s: %s\n", e->key,
                r < 0 ? strerror(-r) : "not an unencrypted P-256 key in PEM");
    }
    return r == 0 ? 0 : 1;
}

static int
write_out(const struct export *e)
{
    struct bytes bytes = e->make.bytes;
    int r;

    if (e->out) {
        r = file_replace(e->out, 0644, bytes);
    } else {
        r = fwrite(bytes.p, 1, bytes.len, stdout) == bytes.len && fflush(stdout) == 0 ? 0 : -EIO;
    }
    if (r < 0) {
        fprintf(stderr, "assay: cannot write %s: %s\n", e->out ? e->out : "the CoRIM",
                strerror(-r));
    }
    return r < 0 ? 1 : 0;
}

static int
export_file(struct export *e, const char *path)
{
    CLEANUP(free_p) struct bundle *bundle = malloc(sizeof(*bundle));
    struct bundle_file file;
    int r;

    if (!bundle || rejudge_open_bundle(NULL, path, (uint64_t)(clock_utc_ms() / 1000), &file) != 0) {
        return 1;
    }
    r = bundle_read(file.seal.body, bundle, NULL);
    r = r == 0 ? make(e, bundle) : r;
    r = r == 0 && e->key ? sign(e) : r;
    r = r == 0 ? write_out(e) : r;
    bundle_file_done(&file);
    free(e->make.room);
    return r;
}

static int
run(const struct cmd *self, int argc, char **argv)
{
    struct export e = {0};
    struct flag_words words = {0};
    const struct flag flags[] = {
        {.name = "id", .ret_value = &e.id},     {.name = "issuer", .ret_value = &e.issuer},
        {.name = "kind", .ret_value = &e.kind}, {.name = "out", .ret_value = &e.out},
        {.name = "sign", .ret_value = &e.key},
    };
    int r = flags_read(self, argc, argv, flags, ARRAY_LEN(flags), &words);
    const char *problem = r == 0 ? problem_of(&e, &words) : NULL;

    if (r != 0 || problem) {
        return r != 0 ? r : cmd_usage(self, problem);
    }
    return export_file(&e, words.words[0]) == 0 ? CMD_YES : CMD_NO;
}

const struct cmd cmd_policy_export = {
    .name = "policy export",
    .args = "--kind corim [--id ID] [--sign KEY [--issuer NAME]] [--out FILE] POLICY",
    .summary = "releases of a policy for others, as CoRIM",
    .help =
        "POLICY is text, compiled or signed. Its releases that are active or retiring become a\n"
        "CoRIM (draft-ietf-rats-corim): a CoMID tag each, whose reference values have the "
        "digests,\n"
        "the version and the svn. Digests, svn and days come back as they are by\n"
        "`assay policy import --kind corim`. What a CoRIM does not say (rules, counts, order,\n"
        "texts, sets that no release makes) is told on standard error, a line each.\n\n"
        "  --id      name of the manifest; assay-policy unless given\n"
        "  --sign    an unencrypted P-256 key in PEM: the CoRIM is a COSE_Sign1 with ES256\n"
        "  --issuer  who signs; the key's thumbprint (RFC 9679) unless given\n"
        "  --out     where to write; standard output unless given\n\n"
        "Exit status: 0 exported, 1 no such policy, or nothing in it to export, 2 usage.\n\n"
        "  assay policy export --kind corim --sign release.key --out fw.corim site.policy\n",
    .run = run,
};
