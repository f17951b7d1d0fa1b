/* assay policy sign, show: bundles. */
#include "cmd-policy.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/file.h"
#include "bundle-file.h"
#include "crypto/p256.h"
#include "flags.h"
#include "policy/policy-compile.h"
#include "when.h"

enum { KEY_MAX = 65536, MORE = 1024 };

struct sign_options {
    const char *in, *key, *out, *sequence, *not_after;
};

/* The key's name, as all our kids. */
static int
key_name(struct privkey *key, struct hasher *hasher, uint8_t kid[P256_THUMB_SIZE])
{
    struct p256 point;
    int r = privkey_point(key, point.x, point.y);

    return r == 0 ? p256_cose_thumb(&point, hasher, kid) : r;
}

static struct privkey *
key_from(const char *path)
{
    struct bytes pem = BYTES_NULL;
    struct privkey *key = NULL;
    int r = file_read(path, KEY_MAX, &pem);

    if (r == 0) {
        r = privkey_from_pem(pem, &key);
        file_free(&pem);
    }
    if (r != 0) {
        fprintf(stderr, "assay: %s: %s\n", path,
                r < 0 ? strerror(-r) : "not an unencrypted P-256 key in PEM");
    }
    return key;
}

/* Signs a checked seal into out. */
static int
sign_seal(const struct bundle_seal *seal, const struct sign_options *o)
{
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    CLEANUP(privkey_freep) struct privkey *key = key_from(o->key);
    CLEANUP(free_p) uint8_t *room = malloc(2 * (seal->body.len + MORE));
    uint8_t kid[P256_THUMB_SIZE];
    struct wr wr = wr_init(room, seal->body.len + MORE);
    struct wr scratch;
    int r = -ENOMEM;

    if (!key) {
        return 1;
    }
    if (hasher && room) {
        scratch = wr_init(room + seal->body.len + MORE, seal->body.len + MORE);
        r = key_name(key, hasher, kid);
        r = r == 0 ? bundle_sign(&wr, seal, BYTES_OF(kid), &scratch, key, hasher) : r;
        r = r == 0 ? file_replace(o->out, 0644, wr_done(&wr)) : r;
    }
    if (r != 0) {
        fprintf(stderr, "assay: cannot sign to %s: %s\n", o->out, strerror(-r));
    }
    return r != 0;
}

static const char *
seal_from(const struct sign_options *o, struct bundle_seal *seal)
{
    char *end = NULL;

    errno = 0;
    seal->sequence =
        o->sequence[0] >= '0' && o->sequence[0] <= '9' ? strtoull(o->sequence, &end, 10) : 0;
    if (seal->sequence == 0 || seal->sequence > INT64_MAX || errno != 0 || *end != '\0') {
        return "--sequence is a number from 1 on";
    }
    seal->issued_s = (uint64_t)(clock_utc_ms() / 1000);
    if (o->not_after && !policy_date(bytes_str(o->not_after), &seal->not_after_s)) {
        return "--not-after is a date such as 2027-02-28";
    }
    if (o->not_after && seal->not_after_s <= seal->issued_s) {
        return "--not-after lies in the past";
    }
    return NULL;
}

/* Reads a body or a signed bundle without a look at its signature; *ret_seal of a body has
 * sequence 0. Returns 0 or 1 after a message. */
static int
bundle_from(struct bytes in, const char *path, struct bundle_seal *ret_seal, struct bundle *bundle)
{
    struct fault fault = {.rule = RULE_WIRE_BUNDLE, .event = FAULT_NO_EVENT};
    int r = bundle_file_seal(in, ret_seal, &fault);

    if (r != 0) {
        fprintf(stderr, "assay: %s: not a signed bundle\n", path);
        return 1;
    }
    r = bundle_read(ret_seal->body, bundle, &fault);
    if (r != 0) {
        fprintf(stderr, "assay: %s: %s\n", path, rule_text(fault.rule));
    }
    return r;
}

/* The bundle's text, which is all of it. Returns 0 and *ret (free()), or 1 after a message: what
 * people cannot see whole they cannot answer for. */
static int
whole_text(const struct bundle *bundle, struct bytes body, const char *path, char **ret)
{
    int r = policy_text_of(bundle, body, ret);

    if (r < 0) {
        fprintf(stderr, "assay: %s: %s\n", path, strerror(-r));
    } else if (r > 0) {
        fprintf(
            stderr,
            "assay: %s: not of this compiler: its text would not compile to the same bytes and\n"
            "might hide some; compile its source with this assay, and sign that\n",
            path);
    }
    return r != 0;
}

static int
sign_file(const struct cmd *self, const struct sign_options *o)
{
    CLEANUP(free_p) struct bundle *bundle = malloc(sizeof(*bundle));
    struct bytes in = BYTES_NULL;
    struct bundle_seal old;
    struct bundle_seal seal = {0};
    const char *problem = seal_from(o, &seal);
    CLEANUP(free_p) char *text = NULL;
    int r;

    if (problem) {
        return cmd_usage(self, problem);
    }
    if (!bundle || cmd_read_file(o->in, BUNDLE_FILE_MAX, &in) != 0) {
        return CMD_NO;
    }
    r = bundle_from(in, o->in, &old, bundle);
    if (r == 0 && old.sequence >= seal.sequence) {
        fprintf(stderr, "assay: %s has sequence %" PRIu64 "; a verifier takes no lower one\n",
                o->in, old.sequence);
        r = 1;
    }
    if (r == 0) {
        seal.body = old.body;
        r = whole_text(bundle, old.body, o->in, &text);
    }
    if (r == 0) {
        r = sign_seal(&seal, o);
    }
    free((void *)(uintptr_t)in.p);
    return r == 0 ? CMD_YES : CMD_NO;
}

static int
run_sign(const struct cmd *self, int argc, char **argv)
{
    struct flag_words words = {0};
    struct sign_options o = {0};
    const struct flag flags[] = {{.name = "key", .ret_value = &o.key},
                                 {.name = "out", .ret_value = &o.out},
                                 {.name = "sequence", .ret_value = &o.sequence},
                                 {.name = "not-after", .ret_value = &o.not_after}};
    int r = flags_read(self, argc, argv, flags, ARRAY_LEN(flags), &words);

    if (r != 0) {
        return r;
    }
    if (words.n != 1 || !o.key || !o.sequence) {
        return cmd_usage(self, "one bundle, --key and --sequence are wanted");
    }
    o.in = words.words[0];
    o.out = o.out ? o.out : o.in;
    return sign_file(self, &o);
}

/* Says in words or JSON whose and of when the bundle is. Returns the exit code. */
static int
check_signature(struct bytes in, const char *path, const char **ret_word)
{
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    CLEANUP(pubkey_freep) struct pubkey *key = NULL;
    struct bundle_seal seal;
    int r;

    *ret_word = "not checked: no --key";
    if (!path) {
        return CMD_YES;
    }
    *ret_word = "REFUSED: the key cannot be read";
    if (!hasher || bundle_file_key(path, &key) != 0) {
        return CMD_NO;
    }
    r = bundle_open(in, key, hasher, 0, 0, &seal, NULL);
    *ret_word = r == 0 ? "by this key" : "REFUSED: not by this key, or not signed";
    return r == 0 ? CMD_YES : CMD_NO;
}

static void
print_seal(const struct bundle_seal *seal, const char *signature)
{
    char issued[WHEN_ROOM];
    char ends[WHEN_ROOM];

    if (seal->sequence > 0) {
        printf("# sequence %" PRIu64 ", issued %s, ends %s\n", seal->sequence,
               when_utc(issued, (int64_t)seal->issued_s * 1000),
               seal->not_after_s == 0 ? "never"
                                      : when_utc(ends, (int64_t)seal->not_after_s * 1000));
    } else {
        printf("# not signed\n");
    }
    printf("# signature %s\n\n", signature);
}

static json_t *
policies_json(const struct bundle *b)
{
    json_t *list = json_array();

    for (size_t i = 0; i < b->n_policies; i++) {
        const struct bundle_policy *p = &b->policies[i];
        json_t *classes = json_array();

        for (size_t k = 0; k < p->n_classes; k++) {
            json_array_append_new(classes, cmd_text_json(p->classes[k]));
        }
        json_array_append_new(
            list, json_pack("{s:o, s:I, s:I, s:o, s:o*}", "name", cmd_text_json(p->name), "version",
                            (json_int_t)p->version, "rules", (json_int_t)p->n_rules, "classes",
                            classes, "group", p->group.len > 0 ? cmd_text_json(p->group) : NULL));
    }
    return list;
}

/* {sequence, issued, not_after, signature, policies, text} */
static int
print_json(const struct bundle_seal *seal, const char *signature, const struct bundle *b,
           const char *text)
{
    json_t *value =
        json_pack("{s:I, s:I, s:I, s:s, s:o, s:s}", "sequence", (json_int_t)seal->sequence,
                  "issued", (json_int_t)seal->issued_s, "not_after", (json_int_t)seal->not_after_s,
                  "signature", signature, "policies", policies_json(b), "text", text);

    return cmd_print_json(value);
}

static int
show_bytes(struct bytes in, const char *path, const char *key, bool json)
{
    CLEANUP(free_p) struct bundle *bundle = malloc(sizeof(*bundle));
    CLEANUP(free_p) char *text = NULL;
    const char *signature;
    struct bundle_seal seal;
    int code;

    if (!bundle || bundle_from(in, path, &seal, bundle) != 0 ||
        whole_text(bundle, seal.body, path, &text) != 0) {
        return CMD_NO;
    }
    code = check_signature(in, key, &signature);
    if (json) {
        return print_json(&seal, signature, bundle, text) == 0 ? code : CMD_NO;
    }
    print_seal(&seal, signature);
    fputs(text, stdout);
    return code;
}

static int
run_show(const struct cmd *self, int argc, char **argv)
{
    struct flag_words words = {0};
    const char *key = NULL;
    bool json = false;
    const struct flag flags[] = {{.name = "json", .ret_set = &json},
                                 {.name = "key", .ret_value = &key}};
    struct bytes in = BYTES_NULL;
    int r = flags_read(self, argc, argv, flags, ARRAY_LEN(flags), &words);

    if (r != 0) {
        return r;
    }
    if (words.n != 1) {
        return cmd_usage(self, "one bundle is wanted");
    }
    if (cmd_read_file(words.words[0], BUNDLE_FILE_MAX, &in) != 0) {
        return CMD_NO;
    }
    r = show_bytes(in, words.words[0], key, json);
    free((void *)(uintptr_t)in.p);
    return r;
}

const struct cmd cmd_policy_sign = {
    .name = "policy sign",
    .args = "BUNDLE --key KEY --sequence N [--not-after DATE] [--out OUT]",
    .summary = "sign a compiled bundle",
    .help =
        "KEY is an unencrypted P-256 key in PEM, best kept off the verifier. N must rise with\n"
        "every bundle: a verifier never goes back. The bundle is issued now and counts until\n"
        "DATE (UTC), or for ever. Without --out BUNDLE itself is replaced. A signed bundle is\n"
        "signed again with a higher N.\n\n"
        "What is signed is what `assay policy show` prints: a bundle whose text does not compile\n"
        "to the same bytes is refused, since the rest of it nobody could see.\n\n"
        "Exit status: 0 signed, 1 not a bundle of this compiler, key unusable or N too low,\n"
        "2 usage.\n\n"
        "  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem\n"
        "  assay policy sign site.bundle --key key.pem --sequence 15 --not-after 2027-02-28\n",
    .run = run_sign,
};

const struct cmd cmd_policy_show = {
    .name = "policy show",
    .args = "BUNDLE [--key PUBLIC] [--json]",
    .summary = "print a bundle as the text that compiles to it",
    .help =
        "BUNDLE may be signed or not. With --key (a public key in PEM) the signature is\n"
        "checked; without it nothing vouches for what is printed. The text is compiled again: a\n"
        "bundle that is not the same bytes (of another compiler, or made by hand) is not shown.\n\n"
        "Exit status: 0 printed, 1 not a bundle of this compiler or not signed by that key,\n"
        "2 usage.\n\n"
        "  assay policy show site.bundle | diff - site.policy\n",
    .run = run_show,
};
