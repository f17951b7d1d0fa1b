#include "appraise/glob.h"

/* A place to come back to: the last star or hole, and the text that it has taken so far. */
struct retry {
    bool set;
    bool hole; /* takes no blanks */
    size_t glob;
    size_t text;
};

static bool
is_dash(uint8_t c)
{
    return c == '-' || c == '_';
}

/* Where the text's byte lies decides: a star of the glob may have run over the `=`. */
static bool
same(uint8_t glob, uint8_t text, bool in_name)
{
    return glob == text || (in_name && is_dash(glob) && is_dash(text));
}

/* Length of what is folded: the name before `=`. */
static size_t
name_length(struct bytes text, enum glob_fold fold)
{
    const uint8_t *equals =
        fold == GLOB_PARAMETER && text.len > 0 ? memchr(text.p, '=', text.len) : NULL;

    return equals ? (size_t)(equals - text.p) : fold == GLOB_PARAMETER ? text.len : 0;
}

/* Index behind the hole that begins at i, or i when none does. */
static size_t
hole_end(struct bytes glob, size_t i)
{
    const uint8_t *end =
        i < glob.len && glob.p[i] == '{' ? memchr(glob.p + i, '}', glob.len - i) : NULL;

    return end ? (size_t)(end - glob.p) + 1 : i;
}

static bool
is_blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}

bool
glob_match(struct bytes glob, struct bytes text, enum glob_fold fold)
{
    size_t text_name = name_length(text, fold);
    struct retry retry = {0};
    size_t g = 0;
    size_t t = 0;

    while (t < text.len || g < glob.len) {
        size_t behind = hole_end(glob, g);

        if (g < glob.len && (glob.p[g] == '*' || behind > g)) {
            retry = (struct retry){true, behind > g, behind > g ? behind : g + 1, t};
            g = retry.glob;
        } else if (g < glob.len && t < text.len && same(glob.p[g], text.p[t], t < text_name)) {
            g++;
            t++;
        } else if (retry.set && retry.text < text.len &&
                   !(retry.hole && is_blank(text.p[retry.text]))) {
            t = ++retry.text;
            g = retry.glob;
        } else {
            return false;
        }
    }
    return true;
}

bool
glob_hole(struct bytes glob, struct bytes text, enum glob_fold fold, struct bytes *ret_name,
          struct bytes *ret_hole)
{
    size_t open = 0;
    size_t close;
    size_t tail;

    while (open < glob.len && hole_end(glob, open) == open) {
        open++;
    }
    close = hole_end(glob, open);
    tail = glob.len - close;
    if (!glob_match(glob, text, fold)) {
        return false;
    }
    if (open == glob.len || text.len < open + tail) {
        *ret_name = *ret_hole = BYTES_NULL;
        return true;
    }
    *ret_name = bytes_of(glob.p + open + 1, close - open - 2);
    *ret_hole = bytes_of(text.p + open, text.len - open - tail);
    return true;
}

/* Tries the last star of a kind again, one byte further. One that stops at `/` is then given up for
 * the last one that does not. */
static bool
path_back(struct retry *one, const struct retry *all, struct bytes path, size_t *g, size_t *t)
{
    if (one->set && one->text < path.len && path.p[one->text] != '/') {
        *t = ++one->text;
        *g = one->glob;
        return true;
    }
    one->set = false;
    return all->set && all->text < path.len;
}

bool
glob_path(struct bytes glob, struct bytes path)
{
    struct retry one = {0};
    struct retry all = {0};
    size_t g = 0;
    size_t t = 0;

    while (t < path.len || g < glob.len) {
        bool star = g < glob.len && glob.p[g] == '*';

        if (star && g + 1 < glob.len && glob.p[g + 1] == '*') {
            all = (struct retry){true, false, g + 2, t};
            one.set = false;
            g += 2;
        } else if (star) {
            one = (struct retry){true, false, g + 1, t};
            g++;
        } else if (g < glob.len && t < path.len && glob.p[g] == path.p[t]) {
            g++;
            t++;
        } else if (!path_back(&one, &all, path, &g, &t)) {
            return false;
        } else if (!one.set) {
            t = ++all.text;
            g = all.glob;
        }
    }
    return true;
}

bool
glob_word(struct bytes *text, struct bytes *ret_word)
{
    size_t begin = 0;
    size_t end;

    while (begin < text->len && is_blank(text->p[begin])) {
        begin++;
    }
    end = begin;
    while (end < text->len && !is_blank(text->p[end])) {
        end++;
    }
    *ret_word = bytes_of(text->p + begin, end - begin);
    *text = bytes_of(text->p + end, text->len - end);
    return end > begin;
}
