#include "cmd.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hex.h"
#include "base/text.h"

int
cmd_usage(const struct cmd *self, const char *problem)
{
    if (problem) {
        fprintf(stderr, "assay %s: %s\n", self->name, problem);
    }
    fprintf(stderr, "usage: assay %s %s\n", self->name, self->args);
    return CMD_USAGE;
}

const char *
cmd_path(const char *path, char room[CMD_PATH_ROOM])
{
    return text_escaped(room, CMD_PATH_ROOM, bytes_str(path));
}

/* Reads to the end, but no more than limit + 1 bytes. */
static int
read_all(FILE *file, size_t limit, struct bytes *ret)
{
    size_t cap = 16384;
    size_t len = 0;
    uint8_t *room = malloc(cap);

    errno = 0;
    while (room) {
        size_t n = fread(room + len, 1, cap - len, file);

        len += n;
        if (len > limit || n == 0) {
            break;
        }
        if (len == cap) {
            uint8_t *bigger = realloc(room, cap * 2);

            if (!bigger) {
                free(room); /* what was read is not the file */
                return -ENOMEM;
            }
            room = bigger;
            cap *= 2;
        }
    }
    if (!room) {
        return -ENOMEM;
    }
    if (ferror(file)) {
        int r = errno ? -errno : -EIO;

        free(room);
        return r;
    }
    *ret = bytes_of(room, len);
    return len > limit ? 1 : 0;
}

int
cmd_read_file(const char *path, size_t limit, struct bytes *ret)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rbe");
    char room[CMD_PATH_ROOM];
    int r;

    if (!file) {
        fprintf(stderr, "assay: cannot open %s: %s\n", cmd_path(path, room), strerror(errno));
        return 1;
    }
    r = read_all(file, limit, ret);
    if (r < 0) {
        fprintf(stderr, "assay: cannot read %s: %s\n", cmd_path(path, room), strerror(-r));
    } else if (r > 0) {
        fprintf(stderr, "assay: %s is longer than %zu bytes\n", cmd_path(path, room), limit);
        free((void *)(uintptr_t)ret->p);
        *ret = BYTES_NULL;
    }
    if (file != stdin) {
        fclose(file);
    }
    return r == 0 ? 0 : 1;
}

int
cmd_print_json(json_t *take_value)
{
    int r = json_dumpf(take_value, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII);

    json_decref(take_value);
    putchar('\n');
    return r == 0 && fflush(stdout) == 0 ? 0 : 1;
}

json_t *
cmd_text_json(struct bytes in)
{
    size_t cap = TEXT_QUOTED_ROOM(in.len);
    char *room = malloc(cap);
    json_t *value = room ? json_string(text_escaped(room, cap, in)) : NULL;

    free(room);
    return value;
}

json_t *
cmd_hex_json(struct bytes in)
{
    char *room = malloc(2 * in.len + 1);
    json_t *value = room ? json_string(hex_write(room, in)) : NULL;

    free(room);
    return value;
}

json_t *
cmd_fault_json(const struct fault *fault)
{
    char room[RULE_NAME_MAX];
    json_t *event = fault->event == FAULT_NO_EVENT ? json_null() : json_integer(fault->event);

    return json_pack("{s:s, s:i, s:s, s:s, s:s, s:o, s:I}", "code",
                     reason_name(rule_reason(fault->rule)), "number", (int)rule_reason(fault->rule),
                     "rule", rule_name(fault->rule, room), "clause", rule_clause(fault->rule),
                     "text", rule_text(fault->rule), "event", event, "offset",
                     (json_int_t)fault->offset);
}

void
cmd_fault_print(const struct fault *fault)
{
    char room[RULE_NAME_MAX];

    printf("%s (%d), %s: %s [", reason_name(rule_reason(fault->rule)),
           (int)rule_reason(fault->rule), rule_name(fault->rule, room), rule_text(fault->rule));
    if (fault->event != FAULT_NO_EVENT) {
        printf("event %u, ", fault->event);
    }
    printf("offset %llu; %s]\n", (unsigned long long)fault->offset, rule_clause(fault->rule));
}
