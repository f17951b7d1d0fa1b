/* assay quote check: a quote, its signature and its key from files, judged offline. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hex.h"
#include "cmd.h"
#include "quote-log.h"
#include "quote-say.h"
#include "quote-values.h"

enum { NONCE_MAX = 1024 };

/* One file given by an option. */
struct quote_file {
    const char *path;
    struct bytes bytes;
};

struct quote_session {
    struct quote_file ak, quote, signature, log, pcr_values;
    const char *nonce_text, *pcrs_text;
    uint8_t nonce[NONCE_MAX];
    struct tpm_selections asked;
    struct quote_values values;
    struct quote_ak key;
    struct hasher *hasher;
    struct quote_input input;
    struct quote_answer answer;
};

static void
session_free(struct quote_session *s)
{
    struct quote_file *const files[] = {&s->ak, &s->quote, &s->signature, &s->log, &s->pcr_values};

    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        free((void *)(uintptr_t)files[i]->bytes.p);
    }
    quote_ak_done(&s->key);
    hasher_free(s->hasher);
    free(s);
}

/* Returns NULL, or what is wrong with the command line. */
static const char *
parse_options(struct quote_session *s, int argc, char **argv)
{
    static const struct option options[] = {
        {"ak", required_argument, NULL, 'a'},
        {"quote", required_argument, NULL, 'q'},
        {"nonce", required_argument, NULL, 'n'},
        {"signature", required_argument, NULL, 's'},
        {"pcrs", required_argument, NULL, 'p'},
        {"log", required_argument, NULL, 'l'},
        {"pcr-values", required_argument, NULL, 'v'},
        {"json", no_argument, NULL, 'j'},
        {NULL, 0, NULL, 0},
    };
    const char **const targets[] = {
        ['a'] = &s->ak.path,         ['q'] = &s->quote.path, ['s'] = &s->signature.path,
        ['n'] = &s->nonce_text,      ['p'] = &s->pcrs_text,  ['l'] = &s->log.path,
        ['v'] = &s->pcr_values.path,
    };
    int c;

    opterr = 0;
    optind = 1;
    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (c == '?') {
            return "unknown option, or an option without its value";
        }
        if (c == 'j') {
            s->answer.json = true;
        } else {
            *targets[c] = optarg;
        }
    }
    if (optind != argc) {
        return "files are given by options";
    }
    if (!s->ak.path || !s->quote.path || !s->signature.path || !s->nonce_text || !s->pcrs_text) {
        return "--ak, --quote, --signature, --nonce and --pcrs are needed";
    }
    return NULL;
}

static const char *
parse_values(struct quote_session *s)
{
    size_t len = 0;

    if (hex_read(bytes_str(s->nonce_text), s->nonce, NONCE_MAX, &len) != 0) {
        return "--nonce is not hex";
    }
    if (tpm_selections_text(bytes_str(s->pcrs_text), &s->asked) != 0) {
        return "--pcrs is not of the form sha1:0,1+sha256:0-7";
    }
    s->input.nonce = bytes_of(s->nonce, len);
    s->input.asked = &s->asked;
    return NULL;
}

static int
read_file(struct quote_file *file, size_t limit)
{
    return file->path ? cmd_read_file(file->path, limit, &file->bytes) : 0;
}

static int
read_files(struct quote_session *s)
{
    if (read_file(&s->ak, 4 * LIMIT_CERT_BYTES) != 0 ||
        read_file(&s->quote, LIMIT_TPM_BYTES) != 0 ||
        read_file(&s->signature, LIMIT_TPM_BYTES) != 0 ||
        read_file(&s->log, LIMIT_LOG_BYTES) != 0 ||
        read_file(&s->pcr_values, LIMIT_ENVELOPE_BYTES * 16) != 0) {
        return 1;
    }
    return 0;
}

/* The PCR values that the caller gave. With both, the log overrides the file for each PCR that it
 * extended: so the quote is accepted only if the log replays to it, and PCRs of other logs may come
 * from the file. */
static int
take_values(struct quote_session *s)
{
    int r = 0;

    if (s->pcr_values.path) {
        s->answer.values_from = "values";
        r = quote_values_read(s->pcr_values.bytes, &s->values, &s->answer.fault);
    }
    if (r == 0 && s->log.path) {
        s->answer.values_from = s->pcr_values.path ? "log and values" : "log";
        r = quote_log_replay(s->log.bytes, !s->pcr_values.path, s->hasher, &s->values,
                             &s->answer.fault);
    }
    s->input.values = s->answer.values_from ? &s->values : NULL;
    return r;
}

/* What is known of the key beside its bits: told, not judged. */
static int
look_at_key(struct quote_session *s)
{
    static const struct {
        uint32_t handle;
        const char *name;
    } hierarchies[] = {
        {TPM_RH_ENDORSEMENT, "endorsement"},
        {TPM_RH_OWNER, "owner"},
        {TPM_RH_NULL, "null"},
    };
    uint8_t room[TPM_NAME_MAX];
    size_t len = 0;

    if (!s->input.ak || s->answer.verdict.form != QUOTE_PASSED) {
        return 0;
    }
    s->answer.hierarchy = "other";
    for (size_t i = 0; i < ARRAY_LEN(hierarchies); i++) {
        int r =
            tpm_public_qualified_name(s->input.ak, hierarchies[i].handle, s->hasher, room, &len);

        if (r < 0) {
            s->answer.hierarchy = NULL;
            return r == -ENOTSUP ? 0 : r;
        }
        if (bytes_equal(s->answer.verdict.attest.qualified_signer, bytes_of(room, len))) {
            s->answer.hierarchy = hierarchies[i].name;
        }
    }
    return 0;
}

/* Fills the answer. Returns 0, or a negative errno. */
static int
judge(struct quote_session *s)
{
    int r = quote_ak_read(s->ak.bytes, &s->key, &s->answer.fault);

    if (r != 0) {
        return r < 0 ? r : 0;
    }
    s->answer.ak = &s->key;
    s->input.ak = quote_ak_public(&s->key);
    s->input.key = s->key.key;
    if (s->input.ak) {
        ignore(tpm_public_check_ak(s->input.ak, TPM_AK_LARGER, &s->answer.ak_fault), "a note");
    }
    r = take_values(s);
    if (r != 0) {
        return r < 0 ? r : 0;
    }
    s->input.attest = s->quote.bytes;
    ignore(tpm_attest_wrapped(s->quote.bytes, &s->input.attest, NULL), "then it is bare");
    s->input.signature = s->signature.bytes;
    r = quote_check(&s->input, s->hasher, &s->answer.verdict);
    if (r < 0) {
        return r;
    }
    s->answer.fault = s->answer.verdict.fault;
    s->answer.accepted = quote_trusted(&s->answer.verdict, s->answer.values_from == NULL);
    return look_at_key(s);
}

static int
run_session(const struct cmd *self, struct quote_session *s, int argc, char **argv)
{
    const char *problem = parse_options(s, argc, argv);
    int r;

    problem = problem ? problem : parse_values(s);
    if (problem) {
        return cmd_usage(self, problem);
    }
    s->hasher = hasher_new();
    if (!s->hasher || read_files(s) != 0) {
        return CMD_NO;
    }
    r = judge(s);
    if (r < 0) {
        fprintf(stderr, "assay %s: %s\n", self->name, strerror(-r));
        return CMD_NO;
    }
    return quote_say(&s->answer);
}

static int
quote_check_run(const struct cmd *self, int argc, char **argv)
{
    struct quote_session *s = calloc(1, sizeof(*s));
    int code = CMD_NO;

    if (s) {
        code = run_session(self, s, argc, argv);
        session_free(s);
    }
    return code;
}

extern const struct cmd cmd_quote_check;
const struct cmd cmd_quote_check = {
    .name = "quote check",
    .args = "--ak FILE --quote FILE --signature FILE --nonce HEX --pcrs BANK:LIST[+BANK:LIST…]\n"
            "       [--log FILE] [--pcr-values FILE] [--json]",
    .summary = "judge the cryptography of a TPM quote",
    .help =
        "  --ak          PEM, TPMT_PUBLIC or TPM2B_PUBLIC\n"
        "  --quote       TPMS_ATTEST or TPM2B_ATTEST\n"
        "  --signature   TPMT_SIGNATURE\n"
        "  --nonce       the expected qualifyingData, of any length; \"\" if it must be empty\n"
        "  --pcrs        what must be quoted, banks in the quote's order: sha1:0,1+sha256:0-7;\n"
        "                a bank without PCRs is sha1:none\n"
        "  --pcr-values  {\"sha256\": {\"0\": \"hex\", …}}; must hash to the quote's PCR digest\n"
        "  --log         a firmware event log that must replay to it; PCRs that it does not\n"
        "                extend (PCR 10, IMA) may come from --pcr-values\n\n"
        "Without log or values the PCR digest is not compared. SHA-1 and small keys are accepted\n"
        "and named weak; whether a key may attest is a note: this is no policy.\n"
        "Exit status: 0 accepted, 1 refused (the failed check is named), 2 usage.\n",
    .run = quote_check_run,
};
