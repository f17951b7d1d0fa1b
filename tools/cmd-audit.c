/* assay audit …: the log, its signed end, and whether they fit. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "audit-line.h"
#include "cmd-control.h"
#include "token-keys.h"

#define AUDIT_KEYS "/var/lib/assay/public/audit-keys.cbor"

enum { KEYS_MAX = 65536, HEAD_FILE_MAX = 4096, LINE_MAX_BYTES = 65536 };

/* One run of verify or export. */
struct audit {
    struct ask ask;
    const char *keys_path;
    const char *head_path; /* a head that was kept elsewhere, or NULL */
    struct token_keys keys;
    struct hasher *hasher;
    struct audit_walk walk;
    struct audit_head head; /* the log's own */
    bool has_head;
    uint8_t head_room[AUDIT_HEAD_ROOM];
    FILE *out;           /* where rows are exported to, or NULL */
    const char *problem; /* why it is a no, with the row */
    int64_t problem_row;
};

static int
no(struct audit *audit, const char *problem)
{
    audit->problem = audit->problem ? audit->problem : problem;
    audit->problem_row = audit->walk.rows + 1;
    return CMD_NO;
}

static int
load_keys(struct audit *audit)
{
    struct bytes file = BYTES_NULL;
    const char *problem = NULL;
    int r;

    if (cmd_read_file(audit->keys_path, KEYS_MAX, &file) != 0) {
        return CMD_NO;
    }
    r = token_keys_read(file, &audit->keys, &problem);
    free((void *)(uintptr_t)file.p);
    if (r != 0) {
        fprintf(stderr, "assay: %s: %s\n", audit->keys_path, problem);
        return CMD_NO;
    }
    return CMD_YES;
}

/* Views into in. */
static int
open_head(struct audit *audit, struct bytes in, struct audit_head *ret)
{
    CLEANUP(pubkey_freep) struct pubkey *key = NULL;
    const struct token_key *named;
    struct bytes kid;

    if (audit_head_kid(in, &kid) != 0) {
        return no(audit, "the head is not of its form");
    }
    named = token_keys_find(&audit->keys, kid);
    if (!named) {
        return no(audit, "the head names a key that is not in the key set");
    }
    if (pubkey_from_point(KEY_P256, BYTES_OF(named->point.x), BYTES_OF(named->point.y), &key) !=
        0) {
        return no(audit, "the key set's key is none");
    }
    return audit_head_open(in, key, audit->hasher, ret) == 0
               ? CMD_YES
               : no(audit, "the head's signature does not hold");
}

/* A head that was kept: the file beside the store, or what `assay audit head` printed. */
static int
take_kept_head(struct audit *audit)
{
    uint8_t room[AUDIT_HEAD_ROOM];
    struct bytes file = BYTES_NULL;
    struct bytes signed_head;
    struct audit_head head;
    int r;

    if (!audit->head_path) {
        return CMD_YES;
    }
    if (cmd_read_file(audit->head_path, HEAD_FILE_MAX, &file) != 0) {
        return CMD_NO;
    }
    signed_head = file;
    if (file.len > 0 && file.p[0] == '{') {
        json_t *object = json_loadb((const char *)file.p, file.len, JSON_REJECT_DUPLICATES, NULL);

        if (audit_head_line_read(object, room, &signed_head) != 0) {
            signed_head = BYTES_NULL;
        }
        json_decref(object);
    }
    r = open_head(audit, signed_head, &head);
    if (r == CMD_YES) {
        audit_walk_head(&audit->walk, &head);
    }
    free((void *)(uintptr_t)file.p);
    return r;
}

static int
take_own_head(struct audit *audit, struct bytes in)
{
    if (open_head(audit, in, &audit->head) != CMD_YES) {
        return CMD_NO;
    }
    audit->has_head = true;
    return CMD_YES;
}

static int
take_row(struct audit *audit, const json_t *object)
{
    struct audit_line line;
    char *text;
    int r;

    if (audit_line_read(object, &line) != 0) {
        return no(audit, "the row is not of its form");
    }
    r = audit_walk_row(&audit->walk, &line, audit->hasher);
    if (r != 0) {
        audit->walk.rows -= r == AUDIT_E_HEAD; /* it is this row that does not fit */
        return no(audit, audit_outcome_text(r));
    }
    if (!audit->out) {
        return CMD_YES;
    }
    text = audit_line_write(object);
    r = text && fprintf(audit->out, "%s\n", text) > 0 ? CMD_YES : CMD_NO;
    free(text);
    return r == CMD_YES ? r : no(audit, "standard output cannot be written");
}

static int
finish(struct audit *audit)
{
    int r = audit_walk_end(&audit->walk);

    if (r != 0) {
        return no(audit, audit_outcome_text(r));
    }
    if (!audit->has_head) {
        return no(audit, "there is no signed head at its end: it was cut off");
    }
    if (audit->head.count != audit->walk.rows ||
        memcmp(audit->head.hash, audit->walk.hash, sizeof(audit->head.hash)) != 0) {
        return no(audit, audit_outcome_text(audit->head.count > audit->walk.rows ? AUDIT_E_BEHIND
                                                                                 : AUDIT_E_HEAD));
    }
    return CMD_YES;
}

/* One line of an export. */
static int
take_line(struct audit *audit, char *line, size_t len)
{
    json_t *object = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
    struct bytes head;
    int r;

    if (audit->has_head) {
        r = no(audit, "something stands behind the signed head");
    } else if (json_object_get(object, "head")) {
        r = audit_head_line_read(object, audit->head_room, &head) == 0
                ? take_own_head(audit, head)
                : no(audit, "the head is not of its form");
    } else {
        r = take_row(audit, object);
    }
    json_decref(object);
    return r;
}

static int
walk_file(struct audit *audit, const char *path)
{
    static char line[LINE_MAX_BYTES];
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    int r = CMD_YES;

    if (!file) {
        perror(path);
        return CMD_NO;
    }
    while (r == CMD_YES && fgets(line, sizeof(line), file)) {
        size_t len = strlen(line);

        r = len > 0 && line[len - 1] == '\n' ? take_line(audit, line, len)
                                             : no(audit, "a line has no end, or none that we take");
    }
    if (r == CMD_YES && ferror(file)) {
        r = no(audit, "the file cannot be read to its end"); /* which is not to be cut off */
    }
    if (file != stdin) {
        fclose(file);
    }
    return r == CMD_YES ? finish(audit) : r;
}

static int
ask_head(struct audit *audit, json_t **ret)
{
    struct ask ask = {.socket = audit->ask.socket};

    ask_word(&ask, "audit");
    ask_word(&ask, "head");
    return ask_keeper(&ask, ret);
}

static int
take_page(struct audit *audit, const json_t *rows)
{
    size_t i;
    json_t *row;

    if (json_array_size(rows) == 0) {
        return no(audit, audit_outcome_text(AUDIT_E_BEHIND));
    }
    json_array_foreach(rows, i, row)
    {
        if (audit->walk.rows == audit->head.count) {
            break; /* what came after the head was signed */
        }
        if (take_row(audit, row) != CMD_YES) {
            return CMD_NO;
        }
    }
    return CMD_YES;
}

static int
walk_pages(struct audit *audit)
{
    int r = CMD_YES;

    while (r == CMD_YES && audit->walk.rows < audit->head.count) {
        struct ask ask = {.socket = audit->ask.socket};
        json_t *answer = NULL;
        char from[24];

        snprintf(from, sizeof(from), "%" PRId64, audit->walk.rows + 1);
        ask_word(&ask, "audit");
        ask_word(&ask, "rows");
        ask_word(&ask, from);
        r = ask_keeper(&ask, &answer);
        if (r == CMD_YES) {
            r = take_page(audit, json_object_get(answer, "rows"));
        }
        json_decref(answer);
    }
    return r == CMD_YES ? finish(audit) : r;
}

/* The running verifier's log, up to a head that it signs now. *ret_line is that head as a line. */
static int
walk_service(struct audit *audit, json_t **ret_line)
{
    json_t *answer = NULL;
    json_t *line;
    struct bytes head;
    int r = ask_head(audit, &answer);

    if (r != CMD_YES) {
        return r;
    }
    line = json_pack("{s:O?}", "head", json_object_get(answer, "head"));
    r = audit_head_line_read(line, audit->head_room, &head) == 0
            ? take_own_head(audit, head)
            : no(audit, "the head is not of its form");
    if (r == CMD_YES) {
        r = walk_pages(audit);
    }
    json_decref(answer);
    *ret_line = line;
    return r;
}

static struct audit *
audit_new(void)
{
    struct audit *audit = calloc(1, sizeof(*audit));

    if (audit) {
        audit->keys_path = AUDIT_KEYS;
        audit->hasher = hasher_new();
    }
    return audit;
}

static void
audit_free(struct audit *audit)
{
    hasher_free(audit->hasher);
    free(audit);
}

static int
say(const struct audit *audit, int code)
{
    if (audit->ask.json) {
        json_t *problem = audit->problem ? json_string(audit->problem) : json_null();
        json_t *row = audit->problem ? json_integer(audit->problem_row) : json_null();

        return cmd_print_json(json_pack("{s:b, s:I, s:o, s:o}", "well", code == CMD_YES, "rows",
                                        (json_int_t)audit->walk.rows, "problem", problem, "row",
                                        row)) == 0
                   ? code
                   : CMD_NO;
    }
    if (code == CMD_YES) {
        printf("%" PRId64 " rows, chained and signed\n", audit->walk.rows);
    } else if (audit->problem) {
        printf("row %" PRId64 ": %s\n", audit->problem_row, audit->problem);
    }
    return code;
}

static int
verify(struct audit *audit, const char *path)
{
    json_t *line = NULL;
    int r = load_keys(audit);

    if (r != CMD_YES) {
        return r;
    }
    r = take_kept_head(audit);
    if (r == CMD_YES) {
        r = path ? walk_file(audit, path) : walk_service(audit, &line);
    }
    json_decref(line);
    return r == CMD_YES || audit->problem ? say(audit, r) : r;
}

static int
verify_run(const struct cmd *self, int argc, char **argv)
{
    struct audit *audit = audit_new();
    struct flag_words words = {0};
    int r = audit && audit->hasher ? CMD_YES : CMD_NO;

    if (r == CMD_YES) {
        const struct flag flags[] = {
            {.name = "keys", .ret_value = &audit->keys_path},
            {.name = "head", .ret_value = &audit->head_path},
            ASK_FLAGS(&audit->ask),
        };

        r = flags_read(self, argc, argv, flags, ARRAY_LEN(flags), &words);
        if (r == 0 && words.n > 1) {
            r = cmd_usage(self, "one file at most");
        }
        r = r == 0 ? verify(audit, words.n ? words.words[0] : NULL) : r;
        audit_free(audit);
    }
    return r;
}

static int
export_log(struct audit *audit)
{
    json_t *line = NULL;
    char *text;
    int r = load_keys(audit);

    if (r != CMD_YES) {
        return r;
    }
    audit->out = stdout;
    r = walk_service(audit, &line);
    text = r == CMD_YES ? audit_line_write(line) : NULL;
    if (r == CMD_YES && (!text || printf("%s\n", text) < 0 || fflush(stdout) != 0)) {
        r = no(audit, "standard output cannot be written");
    }
    free(text);
    json_decref(line);
    if (audit->problem) {
        fprintf(stderr, "assay: row %" PRId64 ": %s\n", audit->problem_row, audit->problem);
    }
    return r;
}

static int
export_run(const struct cmd *self, int argc, char **argv)
{
    struct audit *audit = audit_new();
    struct flag_words words = {0};
    int r = audit && audit->hasher ? CMD_YES : CMD_NO;

    if (r == CMD_YES) {
        const struct flag flags[] = {
            {.name = "keys", .ret_value = &audit->keys_path},
            {.name = "socket", .ret_value = &audit->ask.socket},
        };

        r = flags_read(self, argc, argv, flags, ARRAY_LEN(flags), &words);
        if (r == 0 && words.n > 0) {
            r = cmd_usage(self, "everything is given by options");
        }
        r = r == 0 ? export_log(audit) : r;
        audit_free(audit);
    }
    return r;
}

static int
head_run(const struct cmd *self, int argc, char **argv)
{
    struct audit audit = {0};
    struct flag_words words = {0};
    json_t *answer = NULL;
    json_t *line;
    int r;
    const struct flag flags[] = {{.name = "socket", .ret_value = &audit.ask.socket}};

    r = flags_read(self, argc, argv, flags, ARRAY_LEN(flags), &words);
    if (r != 0 || words.n > 0) {
        return r != 0 ? r : cmd_usage(self, "everything is given by options");
    }
    r = ask_head(&audit, &answer);
    if (r == CMD_YES) {
        line = json_pack("{s:O?}", "head", json_object_get(answer, "head"));
        r = cmd_print_json(line) == 0 ? CMD_YES : CMD_NO;
    }
    json_decref(answer);
    return r;
}

#define KEYS_HELP                                                          \
    "  --keys    the audit key, which the verifier writes at its start:\n" \
    "            " AUDIT_KEYS "\n"

const struct cmd cmd_audit_verify = {
    .name = "audit verify",
    .args = "[FILE] [--head FILE] [--keys FILE] " ASK_ARGS,
    .summary = "whether a row of the audit log was edited, removed, moved or cut off",
    .help = "Checks an export, or without FILE the running verifier's log: that the rows are\n"
            "chained, and that they end as the head says which the audit key signed.\n\n"
            "  --head    a head that was kept: the log must still have its row, where it was.\n"
            "            What `assay audit head` printed, or the file beside the store\n" KEYS_HELP
                ASK_HELP "Example:\n"
            "  $ assay audit verify --head /media/vault/head.json\n"
            "  2417 rows, chained and signed\n\n"
            "Exit status: 0 all fits, 1 it does not, 2 usage.\n",
    .run = verify_run,
};

const struct cmd cmd_audit_export = {
    .name = "audit export",
    .args = "[--keys FILE] [--socket PATH]",
    .summary = "the audit log as JSON, a row a line, its signed head last",
    .help = "Rows are checked on their way; at the first that does not fit it ends, without a "
            "head.\n\n" KEYS_HELP "  --socket  the verifier's control socket\n\n"
            "Example:\n"
            "  $ assay audit export > audit.jsonl && assay audit verify audit.jsonl\n\n"
            "Exit status: 0 the whole log, 1 it could not be told or does not fit, 2 usage.\n",
    .run = export_run,
};

const struct cmd cmd_audit_head = {
    .name = "audit head",
    .args = "[--socket PATH]",
    .summary = "the audit log's signed head, to be kept elsewhere",
    .help = "Keep one where nobody who may write the store can: `assay audit verify --head` tells\n"
            "later whether a row before it was changed, or the whole log was made anew.\n\n"
            "Example:\n"
            "  $ assay audit head > head.json\n\n"
            "Exit status: 0 told, 1 not, 2 usage.\n",
    .run = head_run,
};
