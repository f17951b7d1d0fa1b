/* Rows of cells in aligned columns, for people's eyes. Every cell is escaped (base/text.h), so what
 * devices or the keeper wrote cannot steer a terminal. */
#pragma once

#include <stdio.h>

#include "base/std.h"

#define TABLE_CELL_MAX 400u /* characters on the screen; longer cells end in "..." */

struct table;

/* NULL when memory ends; the functions below take that too, and table_print() says it. */
struct table *table_new(size_t n_columns);
void table_free(struct table *table);
void table_freep(struct table **table);

/* The next cell; a row is whole when n_columns were given. */
void table_cell(struct table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* One line outside a table, escaped and cut as a cell is. */
void table_line(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

size_t table_rows(const struct table *table);

/* Returns 0, or 1 after a message on stderr when a cell is missing for want of memory. */
MUST_CHECK int table_print(const struct table *table, FILE *out);
