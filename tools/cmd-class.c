/* assay class add, assay class list */
#include <inttypes.h>
#include <stdio.h>

#include "base/limits.h"
#include "base/name.h"
#include "cmd-control.h"
#include "table.h"

enum { SETTINGS = 9, SETTING_ROOM = 400, MASK_PCRS = 24 };

/* "0-9,14" of a list of numbers; others than PCRs are the answer's fault. */
static void
pcrs_cell(struct said *said, struct table *table, json_t *pcrs)
{
    bool has[MASK_PCRS + 1] = {false};
    char text[4 * MASK_PCRS] = "";
    size_t len = 0;

    for (size_t i = 0; i < json_array_size(pcrs); i++) {
        json_t *pcr = json_array_get(pcrs, i);
        json_int_t n = json_is_integer(pcr) ? json_integer_value(pcr) : -1;

        if (n < 0 || n >= MASK_PCRS) {
            said->wrong = said->wrong ? said->wrong : "pcrs";
            return;
        }
        has[n] = true;
    }
    for (int from = 0; from < MASK_PCRS; from++) {
        int to = from;

        while (has[from] && has[to + 1]) {
            to++;
        }
        if (has[from]) {
            len += (size_t)snprintf(text + len, sizeof(text) - len, to > from ? "%s%d-%d" : "%s%d",
                                    len ? "," : "", from, to);
        }
        from = to;
    }
    table_cell(table, "%s", text);
}

static void
demands_cell(struct said *said, struct table *table, const json_t *row)
{
    bool ek = said_yes(said, row, "need_ek_chain");
    bool no_nonce = said_yes(said, row, "allow_no_nonce");
    bool sha1 = said_yes(said, row, "allow_sha1");
    int64_t most = said_int(said, row, "evidence_max", LIMIT_EVIDENCE_BYTES);
    json_t *lacks = said_list(said, row, "lacks");
    char banks[64] = "";
    char size[48] = "";
    size_t len = 0;

    for (size_t i = 0; i < json_array_size(lacks) && len < sizeof(banks); i++) {
        len += (size_t)snprintf(banks + len, sizeof(banks) - len, "%s%s", i ? "," : "; lacks ",
                                said_item_text(said, lacks, i, "lacks"));
    }
    if (most != LIMIT_EVIDENCE_BYTES) {
        snprintf(size, sizeof(size), "; evidence up to %" PRId64 " KiB", most / 1024);
    }
    table_cell(table, "%s%s%s%s%s", ek ? "EK chain needed; " : "",
               no_nonce ? "first boot evidence may lack a nonce" : "nonce always",
               sha1 ? "; SHA-1 allowed" : "", banks, size);
}

static void
class_row(struct said *said, struct table *table, const json_t *row)
{
    table_cell(table, "%s", said_must_text(said, row, "name"));
    table_cell(table, "%s", said_must_text(said, row, "bank"));
    pcrs_cell(said, table, said_must_list(said, row, "pcrs"));
    table_cell(table, "%" PRId64 " s", said_must_int(said, row, "interval_s"));
    table_cell(table, "%s", said_text(said, row, "audiences"));
    demands_cell(said, table, row);
}

static struct table *
class_table(void)
{
    static const char *const heads[] = {"CLASS", "BANK", "PCRS", "EVERY", "AUDIENCES", "DEMANDS"};
    struct table *table = table_new(ARRAY_LEN(heads));

    for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
        table_cell(table, "%s", heads[i]);
    }
    return table;
}

static int
say_one(const json_t *answer)
{
    CLEANUP(table_freep) struct table *table = class_table();
    struct said said = {0};

    class_row(&said, table, answer);
    return said_wrong(&said) ? 1 : table_print(table, stdout);
}

static int
say_all(const json_t *answer)
{
    CLEANUP(table_freep) struct table *table = class_table();
    struct said said = {0};
    json_t *classes = said_must_list(&said, answer, "classes");

    for (size_t i = 0; i < json_array_size(classes); i++) {
        class_row(&said, table, said_item(&said, classes, i, "classes"));
    }
    if (said_wrong(&said)) {
        return 1;
    }
    if (json_array_size(classes) == 0) {
        printf("There is no class yet: make one with `assay class add NAME`.\n");
        return 0;
    }
    return table_print(table, stdout);
}

static int
list_run(const struct cmd *self, int argc, char **argv)
{
    return ask_plain(self, argc, argv, "class", "list", say_all);
}

/* The options that are settings, with the keeper's names; NULL where none was given. */
struct settings {
    const char *bank, *pcrs, *interval, *lacks, *need_ek_chain, *allow_no_nonce, *allow_sha1,
        *evidence_max;
    struct flag_words audiences;
    char rooms[SETTINGS][SETTING_ROOM]; /* key=value */
    size_t n;
    bool failed; /* one does not fit */
};

static void
put(struct settings *s, struct ask *ask, const char *key, const char *value)
{
    if (value && s->n < SETTINGS) {
        int len = snprintf(s->rooms[s->n], SETTING_ROOM, "%s=%s", key, value);

        s->failed = s->failed || len < 0 || len >= SETTING_ROOM;
        ask_word(ask, s->rooms[s->n++]);
    }
}

static void
put_audiences(struct settings *s, struct ask *ask)
{
    char joined[SETTING_ROOM] = "";
    size_t len = 0;

    for (size_t i = 0; i < s->audiences.n && !s->failed; i++) {
        int more = snprintf(joined + len, sizeof(joined) - len, "%s%s", i ? " " : "",
                            s->audiences.words[i]);

        len += more > 0 ? (size_t)more : 0;
        s->failed = len >= sizeof(joined);
    }
    put(s, ask, "audiences", s->audiences.n > 0 ? joined : NULL);
}

static void
put_all(struct settings *s, struct ask *ask)
{
    put(s, ask, "bank", s->bank);
    put(s, ask, "pcrs", s->pcrs);
    put(s, ask, "interval", s->interval);
    put_audiences(s, ask);
    put(s, ask, "need-ek-chain", s->need_ek_chain);
    put(s, ask, "allow-no-nonce", s->allow_no_nonce);
    put(s, ask, "allow-sha1", s->allow_sha1);
    put(s, ask, "lacks", s->lacks);
    put(s, ask, "evidence-max", s->evidence_max);
}

static int
add_run(const struct cmd *self, int argc, char **argv)
{
    struct ask ask = {0};
    struct flag_words words = {0};
    struct settings s = {0};
    const struct flag flags[] = {
        {.name = "bank", .ret_value = &s.bank},
        {.name = "pcrs", .ret_value = &s.pcrs},
        {.name = "interval", .ret_value = &s.interval},
        {.name = "audience", .list = &s.audiences},
        {.name = "need-ek-chain", .ret_value = &s.need_ek_chain, .bare = "yes"},
        {.name = "allow-no-nonce", .ret_value = &s.allow_no_nonce, .bare = "yes"},
        {.name = "allow-sha1", .ret_value = &s.allow_sha1, .bare = "yes"},
        {.name = "lacks", .ret_value = &s.lacks},
        {.name = "evidence-max", .ret_value = &s.evidence_max},
        ASK_FLAGS(&ask),
    };
    int r = flags_read(self, argc, argv, flags, ARRAY_LEN(flags), &words);

    if (r != 0) {
        return r;
    }
    if (words.n != 1 || !name_good(bytes_str(words.words[0]))) {
        return cmd_usage(self, "one name is needed, of " NAME_RULE);
    }
    ask_word(&ask, "class");
    ask_word(&ask, "add");
    ask_word(&ask, words.words[0]);
    put_all(&s, &ask);
    return s.failed ? cmd_usage(self, "an option is too long") : ask_and_say(&ask, say_one);
}

const struct cmd cmd_class_add = {
    .name = "class add",
    .args =
        "NAME [--bank ALG] [--pcrs LIST] [--interval SECONDS]\n"
        "       [--audience KIND:NAME[,OPTION]…]… [--need-ek-chain[=no]] [--allow-no-nonce[=no]]\n"
        "       [--allow-sha1[=no]] [--lacks ALG,…] [--evidence-max BYTES] " ASK_ARGS,
    .summary = "make a class of devices, or set one anew",
    .help =
        "A class is what devices that shall boot alike have in common. What is not given is as\n"
        "the verifier has it: sha256, PCRs 0-9 and 14, every 300 seconds, audience bearer:assay.\n"
        "A class that exists is set anew as a whole; its members and golden values stay.\n\n"
        "  --bank            the bank whose PCRs are judged\n"
        "  --pcrs            PCRs wanted in it, as 0-9,14; 0 to 7 are always among them,\n"
        "                    10 wants the IMA list, 11-13 and 15 systemd's userspace log\n"
        "  --interval        seconds between two attestations, 10 to 86400\n"
        "  --audience        who may be told about a device of this class; may be repeated\n"
        "                    bearer:NAME  whoever holds the token is believed\n"
        "                    bound:NAME   the token names a key of the device's TPM (cnf)\n"
        "                    and behind a comma each: rs256 (JWT signed with the RSA key),\n"
        "                    ear-2026 (EAR's names as respelled in 2026), groups (JWTs name\n"
        "                    the device's groups behind its class), pairwise (bearer: sub\n"
        "                    differs from every other audience's; not with groups), x5t\n"
        "                    (bound: to the key's certificate, not to the key), claims=A+B\n"
        "                    (its tokens tell these claims too: `assay code list --claims`)\n"
        "  --need-ek-chain   the TPM's maker must vouch for its endorsement key\n"
        "  --allow-no-nonce  the first evidence of a boot may do without the verifier's nonce\n"
        "  --allow-sha1      --bank may be sha1: for old machines only\n"
        "  --lacks           banks that these TPMs cannot have\n"
        "  --evidence-max    the largest evidence that is taken, 4K to 4M; 256K if not given.\n"
        "                    More than 256K comes over TCP only, so the devices must name\n"
        "                    a coaps+tcp server: for long IMA lists\n\n" ASK_HELP "Example:\n"
        "  $ assay class add laptops --pcrs 0-9,14 --audience bearer:vpn --need-ek-chain\n"
        "  $ assay class add gates --audience bound:broker --audience "
        "bearer:wiki,rs256,pairwise\n"
        "  $ assay class add laptops --audience bearer:vpn,claims=os.kernel+sb.pk.id\n\n"
        "Exit status: 0 made, 1 refused, 2 usage.\n",
    .run = add_run,
};

const struct cmd cmd_class_list = {
    .name = "class list",
    .args = ASK_ARGS,
    .summary = "the classes and what they demand",
    .help = ASK_HELP "Example:\n"
                     "  $ assay class list\n\n"
                     "Exit status: 0 listed, 1 refused, 2 usage.\n",
    .run = list_run,
};
