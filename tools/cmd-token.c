/* assay token …: what a token says, and whether it holds. */
#include "cmd-token.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/hex.h"
#include "base/text.h"
#include "token-file.h"
#include "token-keys.h"

enum { KEYS_FILE_MAX = 65536 };

struct options {
    const char *keys;
    const char *token;
    const char *aud;
    const char *iss;
    long long at;
    long long leeway_s;
    bool json;
};

/* The first check that failed; check is NULL as long as none did. */
struct finding {
    const char *check;
    const char *problem;
};

static void
find_if(struct finding *f, bool bad, const char *check, const char *problem)
{
    if (bad && !f->check) {
        *f = (struct finding){check, problem};
    }
}

static bool
number(const char *text, long long *ret)
{
    char *end;

    errno = 0;
    *ret = strtoll(text, &end, 10);
    return errno == 0 && end != text && *end == '\0' && *ret >= 0;
}

static bool
option(int letter, struct options *o)
{
    switch (letter) {
    case 'k':
        o->keys = optarg;
        return true;
    case 'a':
        o->aud = optarg;
        return true;
    case 'i':
        o->iss = optarg;
        return true;
    case 't':
        return number(optarg, &o->at);
    case 'l':
        return number(optarg, &o->leeway_s);
    case 'j':
        o->json = true;
        return true;
    default:
        return false;
    }
}

/* Returns NULL or the problem. */
static const char *
options_read(int argc, char **argv, const struct option *known, struct options *o)
{
    int letter;

    *o = (struct options){.at = -1};
    optind = 1;
    while ((letter = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (!option(letter, o)) {
            return "an option is unknown, or its value makes no sense";
        }
    }
    if (optind + 1 != argc) {
        return "one token file is wanted";
    }
    o->token = argv[optind];
    return NULL;
}

static bool
text_is(const json_t *claims, const char *name, const char *want)
{
    const char *text = json_string_value(json_object_get(claims, name));

    return text && strcmp(text, want) == 0;
}

/* Integer times only: EAT forbids fractions. */
static bool
time_of(const json_t *claims, const char *name, long long *ret)
{
    const json_t *value = json_object_get(claims, name);

    *ret = json_integer_value(value);
    return json_is_integer(value) && *ret > 0;
}

static long long
now_or(long long at)
{
    struct timespec now;

    if (at >= 0) {
        return at;
    }
    return clock_gettime(CLOCK_REALTIME, &now) == 0 ? now.tv_sec : 0;
}

static void
check_claims(const json_t *claims, const struct options *o, struct finding *f)
{
    long long now = now_or(o->at);
    long long iat;
    long long nbf;
    long long exp;

    if (!time_of(claims, "iat", &iat) || !time_of(claims, "nbf", &nbf) ||
        !time_of(claims, "exp", &exp)) {
        find_if(f, true, "claims", "iat, nbf or exp is missing or not a whole number");
        return;
    }
    find_if(f, o->leeway_s < iat - now, "iat", "issued in the future");
    find_if(f, o->leeway_s < nbf - now, "nbf", "not valid yet");
    find_if(f, now - exp >= o->leeway_s, "exp", "expired");
    find_if(f, o->aud && !text_is(claims, "aud", o->aud), "aud", "for another audience");
    find_if(f, o->iss && !text_is(claims, "iss", o->iss), "iss", "from another issuer");
}

static void
check_signature(const struct token_file *file, const struct token_keys *keys, struct finding *f)
{
    const struct token_key *named = token_keys_find(keys, file->kid);
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    CLEANUP(pubkey_freep) struct pubkey *key = NULL;

    find_if(f, !file->typ_ok, "typ", "typed as something else than a token");
    find_if(f, file->kid.len == 0, "kid", "the token names no key");
    find_if(f, !named, "kid", "no key of that name in the key file, or two");
    if (f->check) {
        return;
    }
    if (!hasher || token_keys_decode(named, &key) != 0) {
        find_if(f, true, "key", "the named key is neither a point of P-256 nor RSA of a good size");
        return;
    }
    find_if(f, token_file_verify(file, key, hasher) != 0, "signature", "not by the named key");
}

/* Adds what the file holds to a report. */
static void
report_file(json_t *report, const struct token_file *file)
{
    json_object_set_new(report, "form", json_string(file->jwt ? "jwt" : "cwt"));
    json_object_set_new(report, "kid",
                        file->jwt ? cmd_text_json(file->kid) : cmd_hex_json(file->kid));
    json_object_set(report, "claims", file->claims);
}

static void
print_file(const struct token_file *file)
{
    char kid[TEXT_QUOTED_ROOM(LIMIT_TOKEN_BYTES)];

    printf("form:   %s\nkid:    %s\nclaims: ", file->jwt ? "JWT" : "CWT",
           file->jwt ? text_quoted(kid, sizeof(kid), file->kid) : hex_write(kid, file->kid));
    json_dumpf(file->claims, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII);
    putchar('\n');
}

/* Prints the outcome; file is NULL when it could not be read. Returns the exit code. */
static int
print_verdict(const struct token_file *file, const struct finding *f, bool json)
{
    int code = f->check ? CMD_NO : CMD_YES;
    json_t *report;

    if (!json) {
        if (file) {
            print_file(file);
        }
        printf(f->check ? "REFUSED: %s: %s\n" : "valid\n", f->check, f->problem);
        return code;
    }
    report = json_pack("{s:b}", "valid", !f->check);
    if (f->check) {
        json_object_set_new(report, "check", json_string(f->check));
        json_object_set_new(report, "problem", json_string(f->problem));
    }
    if (file) {
        report_file(report, file);
    }
    return cmd_print_json(report) == 0 ? code : CMD_NO;
}

static int
judge(struct bytes in, const struct token_keys *keys, const struct options *o)
{
    struct finding f = {NULL, NULL};
    struct token_file file;
    int code;

    if (token_file_read(in, &file, &f.check, &f.problem) != 0) {
        return print_verdict(NULL, &f, o->json);
    }
    check_signature(&file, keys, &f);
    check_claims(file.claims, o, &f);
    code = print_verdict(&file, &f, o->json);
    token_file_done(&file);
    return code;
}

static bool
keys_from(const char *path, struct token_keys *keys)
{
    struct bytes in = BYTES_NULL;
    const char *problem;
    int r;

    if (cmd_read_file(path, KEYS_FILE_MAX, &in) != 0) {
        return false;
    }
    r = token_keys_read(in, keys, &problem);
    free((void *)(uintptr_t)in.p);
    if (r != 0) {
        fprintf(stderr, "assay: %s: %s\n", path, problem);
    }
    return r == 0;
}

static int
verify(const struct cmd *self, int argc, char **argv)
{
    static const struct option known[] = {{"keys", required_argument, NULL, 'k'},
                                          {"aud", required_argument, NULL, 'a'},
                                          {"iss", required_argument, NULL, 'i'},
                                          {"at", required_argument, NULL, 't'},
                                          {"leeway", required_argument, NULL, 'l'},
                                          {"json", no_argument, NULL, 'j'},
                                          {0}};
    struct token_keys keys;
    struct options o;
    struct bytes in = BYTES_NULL;
    const char *problem = options_read(argc, argv, known, &o);
    int code;

    if (problem || !o.keys) {
        return cmd_usage(self, problem ? problem : "--keys is wanted");
    }
    if (!keys_from(o.keys, &keys) || cmd_read_file(o.token, LIMIT_TOKEN_BYTES + 1, &in) != 0) {
        return CMD_NO;
    }
    code = judge(in, &keys, &o);
    free((void *)(uintptr_t)in.p);
    return code;
}

/* Prints what the token claims; returns the exit code. */
static int
print_unverified(struct bytes in, bool json)
{
    static const char warning[] = "NOT VERIFIED: anybody could have written this";
    struct finding f = {NULL, NULL};
    struct token_file file;
    json_t *report;

    if (token_file_read(in, &file, &f.check, &f.problem) != 0) {
        return print_verdict(NULL, &f, json);
    }
    if (json) {
        report = json_pack("{s:b, s:s}", "verified", 0, "warning", warning);
        report_file(report, &file);
        ignore(cmd_print_json(report), "the claims say it all");
    } else {
        printf("%s\n", warning);
        print_file(&file);
        printf("%s\n", warning);
    }
    token_file_done(&file);
    return CMD_YES;
}

static int
show(const struct cmd *self, int argc, char **argv)
{
    static const struct option known[] = {{"json", no_argument, NULL, 'j'}, {0}};
    struct options o;
    struct bytes in = BYTES_NULL;
    const char *problem = options_read(argc, argv, known, &o);
    int code;

    if (problem) {
        return cmd_usage(self, problem);
    }
    if (cmd_read_file(o.token, LIMIT_TOKEN_BYTES + 1, &in) != 0) {
        return CMD_NO;
    }
    code = print_unverified(in, o.json);
    free((void *)(uintptr_t)in.p);
    return code;
}

const struct cmd cmd_token_verify = {
    .name = "token verify",
    .args = "--keys FILE TOKEN [--aud A] [--iss I] [--at UNIX] [--leeway S] [--json]",
    .summary = "check a token against published keys and print its claims",
    .help =
        "TOKEN is a JWT or a raw CWT, told apart by content; - is standard input. FILE is the\n"
        "JWKS for a JWT or the COSE key set for a CWT. Checked in this order: form, header, alg,\n"
        "claims, typ, kid, key, signature, iat, nbf, exp, and aud and iss if given. --at sets the\n"
        "present time, --leeway (0) the seconds by which clocks may differ.\n\n"
        "Exit status: 0 valid, 1 refused (the check is named) or a file cannot be read, 2 "
        "usage.\n\n"
        "  assay token verify --keys jwks.json --aud https://api.example token.jwt\n",
    .run = verify,
};

const struct cmd cmd_token_show = {
    .name = "token show",
    .args = "TOKEN [--json]",
    .summary = "print what a token claims, verifying nothing",
    .help = "TOKEN is a JWT or a raw CWT; - is standard input. No signature, time or audience is\n"
            "checked: never decide on this output.\n\n"
            "Exit status: 0 printed, 1 not a token of ours, 2 usage.\n\n"
            "  assay token show token.cwt\n",
    .run = show,
};
