#include "inventory.h"

#include <stdio.h>
#include <stdlib.h>

#include "ask-args.h"
#include "base/name.h"

enum { BAD_SHOWN = 20, FINGERPRINT = 64 };

static struct bytes
trimmed(struct bytes text)
{
    while (text.len > 0 && strchr(" \t\r", text.p[0]) && text.p[0] != 0) {
        text = bytes_of(text.p + 1, text.len - 1);
    }
    while (text.len > 0 && strchr(" \t\r", text.p[text.len - 1]) && text.p[text.len - 1] != 0) {
        text.len--;
    }
    return text;
}

/* Takes what stands before the first `end`, or all; leaves what is behind it. */
static struct bytes
take_until(struct bytes *text, uint8_t end)
{
    const uint8_t *at = text->len ? memchr(text->p, end, text->len) : NULL;
    size_t len = at ? (size_t)(at - text->p) : text->len;
    struct bytes taken = bytes_of(text->p, len);

    len += at ? 1 : 0;
    *text = bytes_of(text->p ? text->p + len : NULL, text->len - len);
    return taken;
}

static void
complain(struct inventory *inventory, size_t line, const char *problem)
{
    if (inventory->n_bad++ < BAD_SHOWN) {
        fprintf(stderr, "assay: line %zu: %s\n", line, problem);
    }
}

static bool
is_header(struct bytes fingerprint, struct bytes class_name)
{
    return bytes_equal(fingerprint, bytes_str("fingerprint")) &&
           bytes_equal(class_name, bytes_str("class"));
}

/* Returns NULL, or what is wrong with the fields. */
static const char *
fields_problem(struct bytes fingerprint, struct bytes class_name, bool comma)
{
    if (!comma) {
        return "it is not of the form FINGERPRINT,CLASS";
    }
    if (!ask_fingerprint_good(fingerprint)) {
        return fingerprint.len == FINGERPRINT ? "the fingerprint is not hex"
                                              : "the fingerprint has not 64 digits";
    }
    if (memchr(class_name.p ? class_name.p : (const uint8_t *)"", ',', class_name.len)) {
        return "it has more than two columns";
    }
    return name_good(class_name) ? NULL : "the class is not of " NAME_RULE;
}

static void
add_row(struct inventory *inventory, size_t line, struct bytes fingerprint, struct bytes class_name)
{
    struct inventory_row *row = &inventory->rows[inventory->n++];
    char digits[ASK_ID_ROOM];
    char id[FINGERPRINT + 1];

    snprintf(id, sizeof(id), "%.*s", (int)fingerprint.len, (const char *)fingerprint.p);
    snprintf(row->word, sizeof(row->word), "%s,%.*s", ask_id(digits, id), (int)class_name.len,
             (const char *)class_name.p);
    row->line = line;
}

static void
read_line(struct inventory *inventory, size_t line, struct bytes text)
{
    bool comma = text.len > 0 && memchr(text.p, ',', text.len);
    struct bytes fingerprint = trimmed(take_until(&text, ','));
    struct bytes class_name = trimmed(text);
    const char *problem;

    if (is_header(fingerprint, class_name) && inventory->n == 0) {
        return;
    }
    problem = fields_problem(fingerprint, class_name, comma);
    if (problem) {
        complain(inventory, line, problem);
    } else {
        add_row(inventory, line, fingerprint, class_name);
    }
}

static int
by_fingerprint(const void *a, const void *b)
{
    const struct inventory_row *const *x = a;
    const struct inventory_row *const *y = b;
    int order = memcmp((*x)->word, (*y)->word, FINGERPRINT);

    return order ? order : (*x)->line < (*y)->line ? -1 : 1;
}

/* A fingerprint twice is a mistake in one of two lines; nobody but the author knows in which. */
static int
find_twins(struct inventory *inventory)
{
    const struct inventory_row **sorted = calloc(inventory->n + 1, sizeof(struct inventory_row *));

    if (!sorted) {
        return 1;
    }
    for (size_t i = 0; i < inventory->n; i++) {
        sorted[i] = &inventory->rows[i];
    }
    qsort(sorted, inventory->n, sizeof(struct inventory_row *), by_fingerprint);
    for (size_t i = 1; i < inventory->n; i++) {
        if (memcmp(sorted[i - 1]->word, sorted[i]->word, FINGERPRINT) == 0) {
            char problem[80];

            snprintf(problem, sizeof(problem), "the same fingerprint as on line %zu",
                     sorted[i - 1]->line);
            complain(inventory, sorted[i]->line, problem);
        }
    }
    free(sorted);
    return 0;
}

static size_t
count_lines(struct bytes text)
{
    size_t n = 1;

    for (size_t i = 0; i < text.len; i++) {
        n += text.p[i] == '\n';
    }
    return n;
}

int
inventory_read(struct bytes text, struct inventory *ret)
{
    *ret = (struct inventory){.rows = calloc(count_lines(text), sizeof(*ret->rows))};
    if (text.len >= 3 && memcmp(text.p, "\xef\xbb\xbf", 3) == 0) {
        text = bytes_of(text.p + 3, text.len - 3);
    }
    for (size_t line = 1; ret->rows && text.len > 0; line++) {
        struct bytes one = trimmed(take_until(&text, '\n'));

        if (one.len > 0 && one.p[0] != '#') {
            read_line(ret, line, one);
        }
    }
    if (!ret->rows || find_twins(ret) != 0) {
        fprintf(stderr, "assay: out of memory\n");
        return 1;
    }
    if (ret->n_bad > BAD_SHOWN) {
        fprintf(stderr, "assay: and %zu more lines\n", ret->n_bad - BAD_SHOWN);
    }
    if (ret->n == 0 && ret->n_bad == 0) {
        fprintf(stderr, "assay: the file has no line FINGERPRINT,CLASS\n");
    }
    return ret->n > 0 && ret->n_bad == 0 ? 0 : 1;
}

void
inventory_done(struct inventory *inventory)
{
    free(inventory->rows);
    *inventory = (struct inventory){0};
}
