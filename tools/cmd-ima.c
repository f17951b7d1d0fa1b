/* assay ima show: an IMA list as people and programs read it. */
#include <stdio.h>
#include <stdlib.h>

#include "base/hex.h"
#include "base/text.h"
#include "cmd-ima.h"
#include "formats/ima-replay.h"
#include "formats/ima-text.h"
#include "ima-keys.h"
#include "import/import.h"

#define SHOWN 20u      /* entries, and faults, of the text form without --all */
#define NAME_WIDTH 200 /* longest name of the table */

static const enum hash own_banks[] = {HASH_SHA1, HASH_SHA256};
static const enum hash padded_banks[] = {HASH_SHA256, HASH_SHA384, HASH_SHA512};

struct options {
    const char *file;
    const char *keys[IMPORT_FILES_MAX];
    size_t n_keys;
    struct rulebook *book; /* of these; NULL: signatures are not judged */
    enum hash column;
    bool json;
    bool all;
};

/* Either spelling of a list. */
struct source {
    bool is_text;
    struct ima binary;
    struct ima_text text;
    uint8_t *room;
};

/* What there is to say about a list. */
struct report {
    uint32_t n_entries;
    uint32_t n_violations;
    bool mixed;
    char template[4 * LIMIT_IMA_TEMPLATE_NAME + 8];
    struct ima_replay own[ARRAY_LEN(own_banks)];
    struct ima_replay padded[ARRAY_LEN(padded_banks)];
    uint32_t n_mismatches;
    struct fault *mismatches;                  /* one an entry at most */
    uint32_t n_signatures[IMA_SIGS_E_BAD + 1]; /* of each outcome, with keys */
    uint32_t n_refused;                        /* all but the good ones */
    json_t *refused;                           /* [{entry, outcome}]; NULL without keys */
    bool broken;
    struct fault fault;
};

static int
source_open(struct source *source, struct bytes list, enum hash column, struct fault *fault)
{
    source->is_text = ima_text_probe(list);
    if (!source->is_text) {
        return ima_open(&source->binary, list, column, 0, fault);
    }
    source->room = malloc(IMA_TEXT_ROOM);
    return source->room
               ? ima_text_open(&source->text, list, column, 0, source->room, IMA_TEXT_ROOM, fault)
               : -1;
}

static int
source_next(struct source *source, struct ima_entry *e, struct fault *fault)
{
    return source->is_text ? ima_text_next(&source->text, e, fault)
                           : ima_next(&source->binary, e, fault);
}

static void
report_init(struct report *report)
{
    *report = (struct report){0};
    for (size_t i = 0; i < ARRAY_LEN(own_banks); i++) {
        ima_replay_init(&report->own[i], own_banks[i], IMA_EXTEND_OWN);
    }
    for (size_t i = 0; i < ARRAY_LEN(padded_banks); i++) {
        ima_replay_init(&report->padded[i], padded_banks[i], IMA_EXTEND_PADDED);
    }
}

static int
report_mismatch(struct report *report, const struct ima_entry *e)
{
    if (!report->mismatches) {
        report->mismatches = calloc(LIMIT_IMA_ENTRIES, sizeof(*report->mismatches));
    }
    if (!report->mismatches || report->n_mismatches == LIMIT_IMA_ENTRIES) {
        return -1;
    }
    fault_at(&report->mismatches[report->n_mismatches++], RULE_IMA_TEMPLATE_HASH, e->number,
             e->offset);
    return 0;
}

static void
report_template(struct report *report, const struct ima_entry *e)
{
    char name[sizeof(report->template)];

    text_escaped(name, sizeof(name), e->template.name);
    if (report->n_entries == 0) {
        snprintf(report->template, sizeof(report->template), "%s", name);
    } else if (strcmp(report->template, name) != 0) {
        report->mixed = true;
    }
}

/* Adds an entry; < 0 when memory or the crypto library fails. */
static int
report_add(struct report *report, struct hasher *hasher, const struct ima_entry *e,
           enum hash column)
{
    int r = ima_template_hash_check(hasher, e, column);

    if (r > 0) {
        r = report_mismatch(report, e);
    }
    for (size_t i = 0; i < ARRAY_LEN(own_banks) && r == 0; i++) {
        r = ima_replay_add(&report->own[i], hasher, e);
    }
    for (size_t i = 0; i < ARRAY_LEN(padded_banks) && r == 0; i++) {
        r = ima_replay_add(&report->padded[i], hasher, e);
    }
    report_template(report, e);
    report->n_violations += e->violation ? 1 : 0;
    report->n_entries++;
    return r;
}

/* Judges what an entry is signed with; signatures of a violation are over nothing that was
 * measured. *ret_word is untouched where there is none. Returns 0 or a negative errno. */
static int
report_signature(struct report *report, const struct rulebook *book, struct hasher *hasher,
                 const struct ima_entry *e, const char **ret_word)
{
    int r;

    if (e->sig.len == 0 || e->violation) {
        return 0;
    }
    r = ima_keys_judge(book, hasher, e);
    if (r < 0) {
        return r;
    }
    *ret_word = ima_keys_word((enum ima_sigs_outcome)r);
    report->n_signatures[r]++;
    if (r == IMA_SIGS_GOOD) {
        return 0;
    }
    report->n_refused++;
    return json_array_append_new(
        report->refused,
        json_pack("{s:I, s:s}", "entry", (json_int_t)e->number, "outcome", *ret_word));
}

/* word: of its signature, "" where nobody looked. */
static void
print_row(const struct ima_entry *e, const char *word)
{
    char name[NAME_WIDTH];
    char algo[64];
    char hex[2 * HASH_SIZE_MAX + 1] = "-";

    if (e->digest.value.p) {
        hex_write(hex, e->digest.value); /* at most HASH_SIZE_MAX bytes, by the reader */
    }
    text_escaped(algo, sizeof(algo), e->digest.algo);
    printf("%6u  %3u  %-9.9s  %-8.8s  %-16.16s  %s", e->number, e->pcr,
           e->violation ? "violation" : "", algo, hex, text_escaped(name, sizeof(name), e->name));
    if (e->sig.len > 0 || e->modsig.len > 0) {
        printf("  (signed%s%s)", word[0] ? ": " : "", word);
    }
    printf("\n");
}

/* The first entries, and the first ones whose signature is refused. */
static bool
is_shown(const struct options *o, const struct report *report, bool refused)
{
    return !o->json &&
           (o->all || report->n_entries < SHOWN || (refused && report->n_refused <= SHOWN));
}

static int
walk_one(struct report *report, const struct options *o, struct hasher *hasher,
         const struct ima_entry *e)
{
    uint32_t n_refused = report->n_refused;
    const char *word = "";
    int r = o->book ? report_signature(report, o->book, hasher, e, &word) : 0;

    if (r < 0) {
        return r;
    }
    if (is_shown(o, report, report->n_refused > n_refused)) {
        print_row(e, word);
    }
    return report_add(report, hasher, e, o->column);
}

/* Reads the list to its end or first fault, printing rows on the way. */
static int
walk(struct source *source, struct report *report, const struct options *o, struct hasher *hasher)
{
    struct ima_entry e;
    int r;

    if (!o->json) {
        printf("%s list, template hash column %s\n\n", source->is_text ? "ASCII" : "binary",
               hash_name(o->column));
        printf("%6s  %3s  %-9s  %-8s  %-16s  %s\n", "entry", "pcr", "", "hash", "digest", "name");
    }
    while ((r = source_next(source, &e, &report->fault)) == 0) {
        r = walk_one(report, o, hasher, &e);
        if (r < 0) {
            return r;
        }
    }
    report->broken = r == IMA_E_FAULT;
    return 0;
}

static json_t *
values_json(const struct ima_replay *replays, size_t n)
{
    json_t *values = json_object();

    for (size_t i = 0; i < n; i++) {
        json_object_set_new(values, hash_name(replays[i].value.alg),
                            cmd_hex_json(digest_bytes(&replays[i].value)));
    }
    return values;
}

static json_t *
signatures_json(const struct report *report)
{
    json_t *signatures = json_object();

    for (enum ima_sigs_outcome i = 0; i < ARRAY_LEN(report->n_signatures); i++) {
        json_object_set_new(signatures, ima_keys_word(i), json_integer(report->n_signatures[i]));
    }
    json_object_set(signatures, "refused", report->refused);
    return signatures;
}

static int
print_json(const struct report *report)
{
    json_t *out;
    json_t *mismatches = json_array();
    json_t *faults = json_array();
    const char *template = report->mixed ? "mixed" : report->template;

    for (uint32_t i = 0; i < report->n_mismatches; i++) {
        json_array_append_new(mismatches, json_integer(report->mismatches[i].event));
        json_array_append_new(faults, cmd_fault_json(&report->mismatches[i]));
    }
    if (report->broken) {
        json_array_append_new(faults, cmd_fault_json(&report->fault));
    }
    out = json_pack("{s:o, s:I, s:o, s:I, s:o, s:o, s:o}", "template",
                    report->n_entries > 0 ? json_string(template) : json_null(), "entries",
                    (json_int_t)report->n_entries, "template_hash_mismatches", mismatches,
                    "violations", (json_int_t)report->n_violations, "pcr10",
                    values_json(report->own, ARRAY_LEN(own_banks)), "pcr10_padded",
                    values_json(report->padded, ARRAY_LEN(padded_banks)), "faults", faults);
    if (report->refused) {
        json_object_set_new(out, "signatures", signatures_json(report));
    }
    return cmd_print_json(out);
}

static void
print_values(const char *label, const struct ima_replay *replays, size_t n)
{
    char hex[2 * HASH_SIZE_MAX + 1];

    for (size_t i = 0; i < n; i++) {
        printf("  %-7s %-12s %s\n", hash_name(replays[i].value.alg), label,
               hex_write(hex, digest_bytes(&replays[i].value)));
    }
}

static void
print_signatures(const struct report *report)
{
    printf("signatures:");
    for (enum ima_sigs_outcome i = 0; i < ARRAY_LEN(report->n_signatures); i++) {
        printf("%s %u %s", i > 0 ? "," : "", report->n_signatures[i], ima_keys_word(i));
    }
    printf("\n");
}

static void
print_totals(const struct report *report, bool all)
{
    if (!all && report->n_entries > SHOWN) {
        printf("   ...  %u more, shown by --all\n", report->n_entries - SHOWN);
    }
    printf("\ntemplate %s: %u entries, %u violations, %u template hash mismatches\n",
           report->n_entries == 0 ? "unknown"
           : report->mixed        ? "mixed"
                                  : report->template,
           report->n_entries, report->n_violations, report->n_mismatches);
    if (report->refused) {
        print_signatures(report);
    }
    printf("PCR 10 after the last entry\n");
    print_values("own hash", report->own, ARRAY_LEN(own_banks));
    print_values("padded SHA-1", report->padded, ARRAY_LEN(padded_banks));
    for (uint32_t i = 0; i < report->n_mismatches && (all || i < SHOWN); i++) {
        cmd_fault_print(&report->mismatches[i]);
    }
    if (report->broken) {
        cmd_fault_print(&report->fault);
    }
}

static int
show(const struct options *o, struct bytes list)
{
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    struct source source = {0};
    struct report report;
    int r;

    report_init(&report);
    report.refused = o->book ? json_array() : NULL;
    r = hasher && (!o->book || report.refused)
            ? source_open(&source, list, o->column, &report.fault)
            : -1;
    if (r > 0) {
        report.broken = true;
        r = 0;
    } else if (r == 0) {
        r = walk(&source, &report, o, hasher);
    }
    if (r < 0) {
        fprintf(stderr, "assay: out of memory, or OpenSSL lacks %s\n", hash_name(o->column));
        r = CMD_NO;
    } else {
        if (o->json) {
            r = print_json(&report);
        } else {
            print_totals(&report, o->all);
        }
        r = r == 0 && !report.broken && report.n_refused == 0 ? CMD_YES : CMD_NO;
    }
    json_decref(report.refused);
    free(report.mismatches);
    free(source.room);
    return r;
}

/* NULL, or what is wrong with the arguments. */
static const char *
parse(int argc, char **argv, struct options *o)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0) {
            o->json = true;
        } else if (strcmp(argv[i], "--all") == 0) {
            o->all = true;
        } else if (strcmp(argv[i], "--column") == 0) {
            i++;
            o->column = i < argc ? hash_from_name(bytes_str(argv[i])) : HASH_N;
            if (o->column == HASH_N) {
                return "--column needs sha1, sha256, sha384, sha512 or sm3_256";
            }
        } else if (strcmp(argv[i], "--keys") == 0) {
            i++;
            if (i == argc || o->n_keys == ARRAY_LEN(o->keys)) {
                return i < argc ? "too many --keys" : "--keys needs a file";
            }
            o->keys[o->n_keys++] = argv[i];
        } else if (argv[i][0] == '-' && argv[i][1] != '\0') {
            return "no such option";
        } else if (o->file) {
            return "one FILE only";
        } else {
            o->file = argv[i];
        }
    }
    return o->file ? NULL : "FILE is missing";
}

static int
run(const struct cmd *self, int argc, char **argv)
{
    struct options o = {.column = HASH_SHA1};
    const char *problem = parse(argc, argv, &o);
    struct bytes list;
    int r;

    if (problem) {
        return cmd_usage(self, problem);
    }
    if ((o.n_keys > 0 && ima_keys_open(o.keys, o.n_keys, &o.book) != 0) ||
        cmd_read_file(o.file, LIMIT_IMA_BYTES, &list) != 0) {
        rulebook_free(o.book);
        return CMD_NO;
    }
    r = show(&o, list);
    rulebook_free(o.book);
    free((void *)(uintptr_t)list.p);
    return r;
}

const struct cmd cmd_ima_show = {
    .name = "ima show",
    .args = "FILE [--all] [--column HASH] [--keys KEYS]… [--json]",
    .summary = "Show an IMA measurement list and the PCR 10 that it gives",
    .help =
        "FILE is binary_runtime_measurements or ascii_runtime_measurements of a kernel, told "
        "apart\n"
        "by content; - is standard input. --column names the hash of the template-hash column of "
        "a\n"
        "per-bank file (sha1 by default). PCR 10 is given as extended by each bank's own hash, "
        "and\n"
        "as extended by the zero-padded SHA-1, which kernels use for hashes they have no driver "
        "for.\n"
        "The text form shows the first 20 entries, or --all.\n\n"
        "--keys judges each file's signature by the public keys and certificates in KEYS, PEM or\n"
        "DER, as a policy that holds them and names no min-key would (docs/policy.md): good,\n"
        "malformed, key-unknown, key-weak or bad. Whether a file is one that should run is the\n"
        "policy's question: `assay appraise`.\n\n"
        "Exit status: 0 the list was read to its end, even if template hashes do not match; 1 its\n"
        "form is broken, it cannot be read, or --keys refuses a signature; 2 usage.\n\n"
        "  assay ima show /sys/kernel/security/ima/binary_runtime_measurements\n"
        "  assay ima show LIST --keys /usr/share/distribution/ima.pem\n",
    .run = run,
};
