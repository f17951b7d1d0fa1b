#include "table.h"

#include <stdarg.h>
#include <stdlib.h>

#include "base/text.h"

struct table {
    size_t n_columns;
    char **cells;
    size_t n_cells;
    size_t cap;
    bool failed;
};

struct table *
table_new(size_t n_columns)
{
    struct table *table = calloc(1, sizeof(*table));

    if (table) {
        table->n_columns = n_columns;
    }
    return table;
}

void
table_free(struct table *table)
{
    for (size_t i = 0; table && i < table->n_cells; i++) {
        free(table->cells[i]);
    }
    if (table) {
        free(table->cells);
    }
    free(table);
}

void
table_freep(struct table **table)
{
    table_free(*table);
    *table = NULL;
}

static bool
reserve(struct table *table)
{
    size_t cap = table->cap ? table->cap * 2 : 64;
    char **bigger;

    if (table->n_cells < table->cap) {
        return true;
    }
    bigger = realloc(table->cells, cap * sizeof(*bigger));
    if (!bigger) {
        return false;
    }
    table->cells = bigger;
    table->cap = cap;
    return true;
}

/* What a cell shows. A text that is cut here is longer than shown, so text_escaped() says "...". */
static void cell_text(char shown[TABLE_CELL_MAX], const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

static void
cell_text(char shown[TABLE_CELL_MAX], const char *format, va_list args)
{
    char raw[TABLE_CELL_MAX + 1];
    int n = vsnprintf(raw, sizeof(raw), format, args);
    size_t len = n < 0 ? 0 : n < (int)sizeof(raw) ? (size_t)n : sizeof(raw) - 1;

    (void)text_escaped(shown, TABLE_CELL_MAX, bytes_of(raw, len));
}

void
table_cell(struct table *table, const char *format, ...)
{
    char shown[TABLE_CELL_MAX];
    va_list args;

    if (!table || table->failed) {
        return;
    }
    va_start(args, format);
    cell_text(shown, format, args);
    va_end(args);
    table->failed = !reserve(table);
    if (!table->failed) {
        table->cells[table->n_cells] = strdup(shown);
        table->failed = !table->cells[table->n_cells];
        table->n_cells += !table->failed;
    }
}

void
table_line(FILE *out, const char *format, ...)
{
    char shown[TABLE_CELL_MAX];
    va_list args;

    va_start(args, format);
    cell_text(shown, format, args);
    va_end(args);
    fprintf(out, "%s\n", shown);
}

size_t
table_rows(const struct table *table)
{
    return table ? table->n_cells / table->n_columns : 0;
}

static size_t
width_of(const struct table *table, size_t column)
{
    size_t width = 0;

    for (size_t i = column; i < table->n_cells; i += table->n_columns) {
        size_t len = strlen(table->cells[i]);

        width = len > width ? len : width;
    }
    return width;
}

/* No blanks behind the last cell that says something. */
static void
print_row(const struct table *table, size_t row, const size_t *widths, FILE *out)
{
    char **cells = table->cells + row * table->n_columns;
    size_t last = table->n_columns;

    while (last > 0 && cells[last - 1][0] == '\0') {
        last--;
    }
    for (size_t i = 0; i < last; i++) {
        fprintf(out, "%-*s%s", i + 1 < last ? (int)widths[i] : 0, cells[i],
                i + 1 < last ? "  " : "");
    }
    fputc('\n', out);
}

int
table_print(const struct table *table, FILE *out)
{
    size_t *widths = table ? calloc(table->n_columns, sizeof(*widths)) : NULL;

    if (!widths || table->failed) {
        fprintf(stderr, "assay: out of memory\n");
        free(widths);
        return 1;
    }
    for (size_t i = 0; i < table->n_columns; i++) {
        widths[i] = width_of(table, i);
    }
    for (size_t row = 0; row < table_rows(table); row++) {
        print_row(table, row, widths, out);
    }
    free(widths);
    return 0;
}
