/* Configuration: INI files (inih) behind one typed table, from which the reader, `--check` and the
 * manual's list of settings are made. Unknown names, wrong types and values out of range are
 * refused with file, line and what would be right. */
#pragma once

#include <stdio.h>

#include "base/std.h"

enum conf_type {
    CONF_TEXT, /* char[size] at offset */
    CONF_INT,  /* int64_t at offset, min to max */
    CONF_BOOL, /* bool at offset: yes or no */
    CONF_WORD, /* unsigned at offset: the place of the word among `words` */
};

struct conf_item {
    const char *section;
    const char *name;
    enum conf_type type;
    size_t offset; /* in the caller's struct */
    size_t size;   /* room of a CONF_TEXT, with the NUL */
    int64_t min;
    int64_t max;
    const char *fallback;     /* text of the default; NULL when it must be given */
    const char *help;         /* one line with the unit */
    bool live;                /* a reload changes it; others take a restart */
    const char *const *words; /* of a CONF_WORD, NULL behind the last */
};

struct conf_problem {
    char text[256]; /* "/etc/assay/verifier.conf:12: [listen] port: …" */
};

/* Sets every default, then reads the file over them. Returns 0, or 1 with the problem, or a
 * negative errno when the file cannot be read (problem filled too). path NULL reads no file. */
MUST_CHECK int conf_load(const char *path, const struct conf_item *items, size_t n_items,
                         void *ret_conf, struct conf_problem *ret_problem);

/* Whether two structs hold the same value of a setting that conf_load() stored, and its copy. */
bool conf_equal(const struct conf_item *item, const void *a, const void *b);
void conf_copy(const struct conf_item *item, void *ret_conf, const void *from);

/* Prints each setting with its default, range and help, as a commented example file. */
void conf_print(FILE *out, const struct conf_item *items, size_t n_items);
