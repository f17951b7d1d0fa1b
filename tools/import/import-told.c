#include "import/import-told.h"

struct told {
    json_t *releases, *sets, *left_out;
    json_int_t digests;
};

/* Is the line one that begins so? Then *ret is the rest of it, without the brace of a block. */
static bool
begins(struct bytes line, const char *word, struct bytes *ret)
{
    size_t len = strlen(word);

    if (line.len < len || memcmp(line.p, word, len) != 0) {
        return false;
    }
    *ret = bytes_of(line.p + len, line.len - len);
    if (ret->len >= 2 && memcmp(ret->p + ret->len - 2, " {", 2) == 0) {
        ret->len -= 2;
    }
    return true;
}

static void
add(json_t *list, struct bytes text)
{
    json_array_append_new(list, json_stringn((const char *)text.p, text.len));
}

static void
take_line(struct told *told, struct bytes line)
{
    struct bytes rest;

    told->digests += begins(line, "sha", &rest); /* a list's stand at the margin */
    while (line.len > 0 && line.p[0] == ' ') {
        line = bytes_of(line.p + 1, line.len - 1);
    }
    if (begins(line, "release ", &rest)) {
        add(told->releases, rest);
    } else if (begins(line, "set ", &rest)) {
        add(told->sets, rest);
    } else if (begins(line, "# NOT IMPORTED: ", &rest) || begins(line, "# NOT IMPORTED, ", &rest)) {
        add(told->left_out, rest);
    }
}

json_t *
import_told(struct bytes text)
{
    struct told told = {json_array(), json_array(), json_array(), 0};
    size_t from = 0;

    for (size_t i = 0; i < text.len; i++) {
        if (text.p[i] == '\n') {
            take_line(&told, bytes_of(text.p + from, i - from));
            from = i + 1;
        }
    }
    return json_pack("{s:o, s:o, s:I, s:o}", "releases", told.releases, "sets", told.sets,
                     "digests", told.digests, "left_out", told.left_out);
}
