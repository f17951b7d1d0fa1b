/* The file of `assay device import`, move and group: a line "fingerprint,class" or
 * "fingerprint,class,groups" for each device, groups with a blank between. A header line, blank
 * lines, '#' comments, a byte order mark and blanks around the fields are taken. */
#pragma once

#include "base/std.h"

#define INVENTORY_FINGERPRINT 64u
#define INVENTORY_GROUPS 8u
#define INVENTORY_WORD 130u /* fingerprint, comma, class and a NUL */

struct inventory_row {
    char word[INVENTORY_WORD]; /* fingerprint in lower case */
    size_t line;               /* counted from 1 */
    bool has_groups;           /* there is a third column, which may be empty */
    struct bytes groups;       /* it, of the text that was read; at most INVENTORY_GROUPS names */
};

struct inventory {
    struct inventory_row *rows;
    size_t n;
    size_t n_bad;
};

/* Reads it all and names every bad line on stderr (the first twenty in words). Returns 0, or 1 when
 * a line is bad, memory ends, or no row is there. Free with inventory_done() always. */
MUST_CHECK int inventory_read(struct bytes text, struct inventory *ret);
void inventory_done(struct inventory *inventory);

/* The row as the keeper takes it: "fingerprint,class", and ",group group" where it says groups.
 * Returns room, or row->word. */
#define INVENTORY_ROW (INVENTORY_WORD + 1u + INVENTORY_GROUPS * 64u)
const char *inventory_word(const struct inventory_row *row, char room[INVENTORY_ROW]);

/* Takes the next name off a row's groups; false when there is none. */
bool inventory_group(struct bytes *left, struct bytes *ret_name);
