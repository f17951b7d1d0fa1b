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

/* The columns of a line. */
struct fields {
    size_t n;
    struct bytes fingerprint, class_name, groups;
};

static bool
is_header(const struct fields *f)
{
    return bytes_equal(f->fingerprint, bytes_str("fingerprint")) &&
           bytes_equal(f->class_name, bytes_str("class")) &&
           (f->n == 2 || (f->n == 3 && bytes_equal(f->groups, bytes_str("groups"))));
}

bool
inventory_group(struct bytes *left, struct bytes *ret_name)
{
    *left = trimmed(*left);
    *ret_name = take_until(left, ' ');
    return ret_name->len > 0;
}

static const char *
groups_problem(struct bytes groups)
{
    struct bytes name;
    size_t n = 0;

    while (inventory_group(&groups, &name)) {
        if (!name_good(name)) {
            return "a group is not of " NAME_RULE;
        }
        n++;
    }
    return n > INVENTORY_GROUPS ? "a device is in 8 groups at most" : NULL;
}

/* Returns NULL, or what is wrong with the fields. */
static const char *
fields_problem(const struct fields *f)
{
    if (f->n < 2) {
        return "it is not of the form FINGERPRINT,CLASS";
    }
    if (!ask_fingerprint_good(f->fingerprint)) {
        return f->fingerprint.len == FINGERPRINT ? "the fingerprint is not hex"
                                                 : "the fingerprint has not 64 digits";
    }
    if (f->n > 3) {
        return "it has more than three columns";
    }
    if (!name_good(f->class_name)) {
        return "the class is not of " NAME_RULE;
    }
    return groups_problem(f->groups);
}

static void
add_row(struct inventory *inventory, size_t line, const struct fields *f)
{
    struct inventory_row *row = &inventory->rows[inventory->n++];
    char digits[ASK_ID_ROOM];
    char id[FINGERPRINT + 1];

    snprintf(id, sizeof(id), "%.*s", (int)f->fingerprint.len, (const char *)f->fingerprint.p);
    snprintf(row->word, sizeof(row->word), "%s,%.*s", ask_id(digits, id), (int)f->class_name.len,
             (const char *)f->class_name.p);
    row->line = line;
    row->has_groups = f->n == 3;
    row->groups = f->groups;
}

static void
read_line(struct inventory *inventory, size_t line, struct bytes text)
{
    struct fields f = {.n = 1};
    const char *problem;

    for (size_t i = 0; i < text.len; i++) {
        f.n += text.p[i] == ',';
    }
    f.fingerprint = trimmed(take_until(&text, ','));
    f.class_name = trimmed(take_until(&text, ','));
    f.groups = trimmed(text);
    if (is_header(&f) && inventory->n == 0) {
        return;
    }
    problem = fields_problem(&f);
    if (problem) {
        complain(inventory, line, problem);
    } else {
        add_row(inventory, line, &f);
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
        fprintf(stderr, "assay: the file has no line FINGERPRINT,CLASS[,GROUPS]\n");
    }
    return ret->n > 0 && ret->n_bad == 0 ? 0 : 1;
}

const char *
inventory_word(const struct inventory_row *row, char room[INVENTORY_ROW])
{
    struct bytes left = row->groups;
    struct bytes name;
    size_t len;

    if (!row->has_groups) {
        return row->word;
    }
    len = (size_t)snprintf(room, INVENTORY_ROW, "%s,", row->word);
    for (bool more = inventory_group(&left, &name); more && len < INVENTORY_ROW;) {
        len += (size_t)snprintf(room + len, INVENTORY_ROW - len, "%.*s", (int)name.len,
                                (const char *)name.p);
        more = inventory_group(&left, &name);
        len += more && len < INVENTORY_ROW ? (size_t)snprintf(room + len, INVENTORY_ROW - len, " ")
                                           : 0;
    }
    return room;
}

void
inventory_done(struct inventory *inventory)
{
    free(inventory->rows);
    *inventory = (struct inventory){0};
}
