#include "appraise/kernel-args.h"

static bool
is_space(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || c == 0xa0; /* lib/ctype.c */
}

bool
kernel_args_next(struct bytes *line, struct kernel_arg *ret)
{
    bool quoted = false;
    size_t len = 0;
    size_t begin = 0;
    size_t i;

    while (begin < line->len && is_space(line->p[begin])) {
        begin++;
    }
    if (begin == line->len || line->p[begin] == '\0') {
        *line = BYTES_NULL;
        return false;
    }
    ret->too_long = false;
    for (i = begin; i < line->len && line->p[i] != '\0' && (quoted || !is_space(line->p[i])); i++) {
        if (line->p[i] == '"') {
            quoted = !quoted;
        } else if (len < KERNEL_ARG_MAX) {
            ret->room[len++] = line->p[i];
        } else {
            ret->too_long = true;
        }
    }
    ret->word = bytes_of(ret->room, len);
    ret->raw = bytes_of(line->p + begin, i - begin);
    *line = bytes_of(line->p + i, line->len - i);
    return true;
}
