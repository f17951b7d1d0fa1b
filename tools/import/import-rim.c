/* TCG RIM bundles: what a maker's support logs measure of the firmware, as a release. */
#include <errno.h>
#include <stdlib.h>

#include "formats/rim.h"
#include "formats/xmldsig.h"
#include "import/corim-names.h"
#include "import/import.h"
#include "offline-log.h"
#include "policy/policy-learn.h"
#include "policy/policy-put.h"

struct log {
    struct offline_log log;
    struct slot_map map;
    struct boot_facts facts;
};

struct state {
    FILE *out;
    struct hasher *hasher;
    const struct import_ask *ask;
    struct import_fault *fault;
    struct rim rim;
    bool vouched, indented;
    bool given[RIM_FILES_MAX];
    size_t n_logs;
    struct log *logs[RIM_FILES_MAX]; /* owned */
    char who[CORIM_NAMES_ROOM], name[CORIM_NAMES_ROOM], version[CORIM_NAMES_ROOM];
};

static int
refuse(struct state *s, size_t file, enum rule rule, uint32_t record)
{
    s->fault->file = file;
    return fault_at(&s->fault->fault, rule, record, 0);
}

/* ---- the base RIM ---- */

static int
check_signature(struct state *s)
{
    const struct import_ask *ask = s->ask;
    struct bytes base = ask->files[0].bytes;
    struct fault *fault = &s->fault->fault;
    struct xmldsig sig;
    int r;

    if (ask->unverified) {
        return 0;
    }
    r = xmldsig_read(base, &sig, fault);
    if (r == XMLDSIG_E_NONE) {
        return ask->key ? refuse(s, 0, RULE_RIM_UNSIGNED, FAULT_NO_EVENT) : 0;
    }
    if (r == 0 && !ask->key) {
        return refuse(s, 0, RULE_RIM_UNVERIFIED, FAULT_NO_EVENT);
    }
    r = r == 0 ? xmldsig_verify(base, &sig, ask->key, s->hasher, &s->indented, fault) : r;
    s->vouched = r == 0;
    return r;
}

/* ---- its files ---- */

static const char *
last_of(const struct rim_file *file, char room[RIM_TEXT_MAX + 1])
{
    struct bytes name = xml_text(file->name, true, (uint8_t *)room, RIM_TEXT_MAX);

    room[name.len] = '\0';
    return import_last_part(room);
}

/* Which listed file it is; n_files for none that was not given before. */
static size_t
find(const struct state *s, const struct import_file *file)
{
    char room[RIM_TEXT_MAX + 1];
    size_t i = 0;

    while (i < s->rim.n_files && (s->given[i] || strcmp(last_of(&s->rim.files[i], room),
                                                        import_last_part(file->path)) != 0)) {
        i++;
    }
    return i;
}

/* Files of the payload that are no logs: values of PCRs, and further manifests. */
static bool
is_other(const char *path)
{
    static const char *const ends[] = {".rimpcr", ".swidtag", ".xml", ".corim", ".coswid"};
    const char *dot = strrchr(import_last_part(path), '.');

    for (size_t i = 0; dot && i < ARRAY_LEN(ends); i++) {
        if (strcmp(dot, ends[i]) == 0) {
            return true;
        }
    }
    return false;
}

static int
take_log(struct state *s, struct bytes content)
{
    struct log *log = calloc(1, sizeof(*log));
    int r;

    if (!log) {
        return -ENOMEM;
    }
    s->logs[s->n_logs] = log;
    r = offline_log_firmware(s->hasher, content, &log->log, &s->fault->fault);
    s->n_logs++;
    return r;
}

static int
take_files(struct state *s)
{
    for (size_t i = 1; i < s->ask->n; i++) {
        const struct import_file *file = &s->ask->files[i];
        size_t at = find(s, file);
        int r;

        s->fault->file = i;
        if (at == s->rim.n_files) {
            return refuse(s, i, RULE_RIM_UNLISTED, FAULT_NO_EVENT);
        }
        s->given[at] = true;
        r = rim_file_check(&s->rim.files[at], s->hasher, file->bytes);
        if (r != 0) {
            return r < 0 ? r : refuse(s, i, RULE_RIM_CONTENT, FAULT_NO_EVENT);
        }
        r = is_other(file->path) ? 0 : take_log(s, file->bytes);
        if (r != 0) {
            return r;
        }
    }
    for (size_t i = 0; i < s->rim.n_files; i++) {
        if (!s->given[i]) {
            return refuse(s, 0, RULE_RIM_MISSING, (uint32_t)i);
        }
    }
    return s->n_logs > 0 ? 0 : refuse(s, 0, RULE_RIM_EVENTS, FAULT_NO_EVENT);
}

/* ---- what is told ---- */

static void
put_text(const struct state *s, const char *word, struct bytes raw)
{
    uint8_t room[RIM_TEXT_MAX];

    if (raw.len > 0) {
        fputs(word, s->out);
        policy_put_quoted(s->out, xml_text(raw, true, room, sizeof(room)));
    }
}

static void
put_head(const struct state *s)
{
    const struct rim *rim = &s->rim;

    fputs(s->vouched           ? "# signed by the key given"
          : s->ask->unverified ? "# SIGNATURE NOT VERIFIED"
                               : "# not signed: take it from its publisher",
          s->out);
    fputs(s->indented ? ", without the white space between its tags\n" : "\n", s->out);
    put_text(s, "# ", rim->name);
    put_text(s, " version ", rim->version);
    put_text(s, ", tag ", rim->tag_id);
    put_text(s, ", of ", rim->entity);
    put_text(s, ", by ", rim->binding);
    fputc('\n', s->out);
    fputs("# platform", s->out);
    put_text(s, " ", rim->platform_maker);
    put_text(s, " ", rim->platform_model);
    put_text(s, " ", rim->platform_version);
    fputs(", firmware", s->out);
    put_text(s, " ", rim->firmware_maker);
    put_text(s, " ", rim->firmware_model);
    put_text(s, " ", rim->firmware_version);
    fputc('\n', s->out);
    if (rim->corpus || rim->patch || rim->supplemental) {
        fprintf(s->out, "# NOT IMPORTED: what this %s changes or adds to; ask whether it is all\n",
                rim->patch    ? "patch"
                : rim->corpus ? "corpus"
                              : "supplement");
    }
    if (rim->n_other > 0) {
        fprintf(s->out, "# NOT IMPORTED: %zu elements that are not known\n", rim->n_other);
    }
}

static int
put_origins(struct state *s)
{
    int r = import_origin(s->out, s->hasher, "base RIM", &s->ask->files[0]);

    for (size_t i = 1; r == 0 && i < s->ask->n; i++) {
        bool other = is_other(s->ask->files[i].path);

        r = import_origin(s->out, s->hasher,
                          other ? "NOT IMPORTED: no log, of the payload:" : "support log",
                          &s->ask->files[i]);
    }
    return r;
}

/* ---- the release ---- */

static void
word(struct bytes first, struct bytes second, const char *otherwise, char room[CORIM_NAMES_ROOM])
{
    uint8_t text[RIM_TEXT_MAX];

    corim_names_word(xml_text(first.len > 0 ? first : second, true, text, sizeof(text)), otherwise,
                     room);
}

/* SHA-256 if all logs have it, else the next that all have. */
static enum hash
choose_bank(const struct state *s)
{
    for (enum hash bank = HASH_SHA256; bank <= HASH_SHA512; bank++) {
        size_t n = 0;

        for (size_t i = 0; i < s->n_logs; i++) {
            const struct event_log *log = &s->logs[i]->log.log;

            n += event_log_bank(log, bank) < log->n_banks;
        }
        if (n == s->n_logs) {
            return bank;
        }
    }
    return HASH_N;
}

static int
place(struct state *s, enum hash bank, uint32_t *ret_pcrs)
{
    int r = 0;

    for (size_t i = 0; i < s->n_logs; i++) {
        *ret_pcrs |= policy_learn_pcrs(&s->logs[i]->log.log);
    }
    for (size_t i = 0; r == 0 && i < s->n_logs; i++) {
        struct log *log = s->logs[i];
        struct pcr_set quoted = {bank, *ret_pcrs};

        r = slots_assign(s->hasher, &log->log.log, NULL, quoted, &log->map);
        r = r == 0 ? facts_read(s->hasher, &log->log.log, &log->map, &log->facts) : r;
    }
    return r;
}

static void
name_release(struct state *s, struct learn_options *options)
{
    const struct rim *rim = &s->rim;
    const struct import_file *base = &s->ask->files[0];

    word(rim->platform_model, rim->name, "rim", s->name);
    word(rim->firmware_version, rim->version, "1", s->version);
    word(rim->platform_maker, rim->entity, "rim", s->who);
    options->name = base->name ? base->name : s->name;
    options->source_kind = bytes_str(s->vouched ? "vendor" : "operator");
    options->source = bytes_str(s->vouched ? s->who : "rim");
}

static int
put_release(struct state *s)
{
    struct learn_boot boots[RIM_FILES_MAX];
    struct learn_options options = {.bank = choose_bank(s)};
    const struct import_ask *ask = s->ask;
    size_t n_others = 0;
    int r;

    if (options.bank == HASH_N) {
        return refuse(s, 0, RULE_RIM_EVENTS, FAULT_NO_EVENT);
    }
    name_release(s, &options);
    r = place(s, options.bank, &options.pcrs);
    for (size_t i = 0; i < s->n_logs; i++) {
        struct log *log = s->logs[i];

        boots[i] =
            (struct learn_boot){.log = &log->log.log, .map = &log->map, .facts = &log->facts};
    }
    r = r == 0 ? policy_learn_firmware(s->out, &options, ask->component ? ask->component : "fw",
                                       ask->release ? ask->release : s->version, boots, s->n_logs,
                                       &n_others)
               : r;
    if (r > 0) {
        return refuse(s, 0, RULE_RIM_EVENTS, FAULT_NO_EVENT);
    }
    if (r == 0 && n_others > 0) {
        fprintf(s->out,
                "# NOT IMPORTED: %zu events of other kinds; `assay policy learn` makes rules of a "
                "whole boot\n",
                n_others);
    }
    return r;
}

static void
state_free(struct state *s)
{
    for (size_t i = 0; i < s->n_logs; i++) {
        offline_log_done(&s->logs[i]->log);
        free(s->logs[i]);
    }
    free(s);
}

int
import_rim(FILE *out, struct hasher *hasher, const struct import_ask *ask,
           struct import_fault *ret_fault)
{
    struct state *s = calloc(1, sizeof(*s));
    int r;

    if (!s) {
        return -ENOMEM;
    }
    s->out = out;
    s->hasher = hasher;
    s->ask = ask;
    s->fault = ret_fault;
    ret_fault->file = 0;
    r = rim_read(ask->files[0].bytes, &s->rim, &ret_fault->fault);
    r = r == 0 ? check_signature(s) : r;
    r = r == 0 ? take_files(s) : r;
    r = r == 0 ? put_origins(s) : r;
    if (r == 0) {
        put_head(s);
        r = put_release(s);
    }
    state_free(s);
    return r;
}
