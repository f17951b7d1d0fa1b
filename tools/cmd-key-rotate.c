/* assay key rotate */
#include <stdio.h>
#include <stdlib.h>

#include "ask-args.h"
#include "base/clock.h"
#include "cmd-key.h"
#include "key-rotate.h"
#include "key-tell.h"
#include "key-words.h"

enum { ID_MAX = 255, LEAD_MAX_S = 30 * 86400 };

struct wish {
    const char *config;
    const char *retire;
    const char *lead;
    bool leaked;
    bool json;
    struct flag_words names;
};

/* Digits only, up to most. */
static bool
number(const char *text, int64_t most, int64_t *ret)
{
    int64_t value = 0;

    if (!ask_number_good(text)) {
        return false;
    }
    for (; *text != '\0'; text++) {
        value = value * 10 + (*text - '0');
    }
    *ret = value;
    return value <= most;
}

/* Returns NULL, or what is wrong with the command line. */
static const char *
judge(const struct wish *wish, const struct flag_words *words, struct key_rotate *rotate)
{
    int64_t retire = 0;

    if (words->n != 1) {
        return "one kind of key is expected";
    }
    rotate->kind = keyset_kind_of(bytes_str(words->words[0]));
    rotate->lead_s = KEY_LEAD_S;
    if (rotate->kind == KEYSET_KIND_N) {
        return "no such kind: psk-master, nonce, ticket, token, token-rsa, pairwise, audit, site, "
               "server, ca or policy";
    }
    if (wish->retire && (!number(wish->retire, ID_MAX, &retire) || retire == 0)) {
        return "--retire takes the id of a key: see `assay key list`";
    }
    if (wish->lead && !number(wish->lead, LEAD_MAX_S, &rotate->lead_s)) {
        return "--lead takes seconds, 30 days at most";
    }
    if (wish->leaked && wish->retire) {
        return "--leaked makes a new key and --retire makes none: one of them";
    }
    if (wish->names.n > KEY_NAMES_MAX) {
        return "too many --name";
    }
    rotate->retire = (uint32_t)retire;
    rotate->leaked = wish->leaked;
    rotate->names = wish->names.words;
    rotate->n_names = wish->names.n;
    return NULL;
}

static const char *
told_text(enum key_tell told)
{
    return told == KEY_TELL_TAKEN    ? "The verifier uses it."
           : told == KEY_TELL_NOBODY ? "No verifier runs; the next start takes it."
                                     : "The verifier does NOT use it yet.";
}

static int
say(const struct key_rotate *rotate, enum key_tell told, bool json)
{
    const struct key_words *words = key_words(rotate->kind);
    const char *kind = keyset_kind_name(rotate->kind);
    const char *retired = words->retired ? words->retired : "";
    const char *then = rotate->leaked ? words->leaked : rotate->retire ? retired : words->rotated;

    if (json) {
        return cmd_print_json(json_pack("{s:s, s:i, s:i, s:b, s:s, s:s}", "kind", kind, "made",
                                        (int)rotate->new_id, "retired", (int)rotate->retire,
                                        "leaked", rotate->leaked, "verifier",
                                        told == KEY_TELL_TAKEN    ? "uses it"
                                        : told == KEY_TELL_NOBODY ? "not running"
                                                                  : "not told",
                                        "then", then));
    }
    if (rotate->retire) {
        printf("%s %u is retired. %s\n", kind, rotate->retire, told_text(told));
    } else {
        printf("%s %u is made. %s\n", kind, rotate->new_id, told_text(told));
    }
    if (then[0]) {
        printf("%s\n", then);
    }
    return 0;
}

static int
rotate_run(const struct cmd *self, int argc, char **argv)
{
    CLEANUP(free_p) struct key_rotate *rotate = calloc(1, sizeof(*rotate));
    struct wish wish = {.config = SETTINGS_FILE};
    struct flag_words words = {0};
    const struct flag flags[] = {
        {.name = "config", .ret_value = &wish.config},
        {.name = "retire", .ret_value = &wish.retire},
        {.name = "lead", .ret_value = &wish.lead},
        {.name = "leaked", .ret_set = &wish.leaked},
        {.name = "name", .list = &wish.names},
        {.name = "json", .ret_set = &wish.json},
    };
    struct conf_problem problem = {""};
    struct settings settings = {0};
    const char *wrong;
    enum key_tell told;
    int r = rotate ? flags_read(self, argc, argv, flags, ARRAY_LEN(flags), &words) : CMD_NO;

    if (r != 0) {
        return r;
    }
    wrong = judge(&wish, &words, rotate);
    if (wrong) {
        return cmd_usage(self, wrong);
    }
    if (settings_load(wish.config, &settings, &problem) != 0) {
        ask_complain(problem.text);
        return CMD_NO;
    }
    rotate->folder = settings.keys;
    rotate->site = settings.site;
    rotate->now_s = clock_utc_ms() / 1000;
    r = key_rotate(rotate);
    if (r != 0) {
        ask_complain(rotate->problem);
    }
    if (!rotate->saved) {
        return CMD_NO;
    }
    told = key_tell(&settings);
    r |= say(rotate, told, wish.json);
    return r == 0 && told != KEY_TELL_NOT ? CMD_YES : CMD_NO;
}

const struct cmd cmd_key_rotate = {
    .name = "key rotate",
    .args = "KIND [--leaked] [--retire ID] [--name HOST]… [--lead SECONDS]\n"
            "       [--config FILE] [--json]",
    .summary = "make a new key, or end an old one, without losing a device",
    .help = "KIND is psk-master, nonce, ticket, token, token-rsa, pairwise, audit, site, server, "
            "ca or\n"
            "policy. To be run by root on the verifier's machine. The new key is written whole\n"
            "before it takes its place in the list of keys, then the running verifier is told and\n"
            "waited for; no connection ends, and what was made with the old key is taken for a\n"
            "time that `assay key list` shows.\n\n"
            "  --leaked  the old keys are in wrong hands: nothing of theirs is taken from now on. "
            "What\n"
            "            that means, and what is left to do, is printed; SECURITY.md has it all\n"
            "  --retire  end this key now and make none; for a CA: issue with the one that waits\n"
            "  --name    of a server certificate, instead of the names that the present one has\n"
            "  --lead    a token key signs so many seconds after it was published; 900 by default\n"
            "  --config  the verifier's configuration, " SETTINGS_FILE " by default\n"
            "  --json    what was done as JSON\n\n"
            "A policy key that is made and kept elsewhere is rotated by hand: put its public half\n"
            "(PEM) into keys/policy.pub, or the file that [policy] key names, beside the old one\n"
            "until the next bundle is published, and reload the verifier.\n\n"
            "Example:\n"
            "  $ assay key rotate server\n"
            "  server 2 is made. The verifier uses it.\n"
            "  New handshakes show the new certificate; connections go on.\n\n"
            "Exit status: 0 done, and used where a verifier runs; 1 not; 2 usage.\n",
    .run = rotate_run,
};
