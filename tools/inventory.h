/* The file of `assay device import`: one "fingerprint,class" a line. A header line, blank lines,
 * '#' comments, a byte order mark and blanks around the fields are taken. */
#pragma once

#include "base/std.h"

#define INVENTORY_FINGERPRINT 64u
#define INVENTORY_WORD 130u /* fingerprint, comma, class and a NUL */

struct inventory_row {
    char word[INVENTORY_WORD]; /* fingerprint in lower case */
    size_t line;               /* counted from 1 */
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
