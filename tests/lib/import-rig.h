/* Files in memory as policy text: what an importer prints of them, and that it compiles. One text
 * at a time. */
#pragma once

#include "import/import.h"

typedef int import_fn(FILE *out, struct hasher *hasher, const struct import_ask *ask,
                      struct import_fault *ret_fault);

extern struct import_rig {
    char *text; /* of the last import that went well; NUL-ended */
    size_t len;
    struct import_fault fault; /* of the last that did not */
} import_rig;

/* Runs an importer; returns what it does. What it prints compiles, or the case ends. */
int import_rig_ask(import_fn *run, const struct import_ask *ask);
int import_rig_run(import_fn *run, const struct import_file *files, size_t n);

/* Runs an importer of lists; what it prints is no policy. */
int import_rig_list(import_fn *run, const struct import_file *files, size_t n);

/* The same for one file, which must be imported. */
void import_rig_one(import_fn *run, const char *path, struct bytes in);

/* The rule that one file breaks; it breaks one. */
enum rule import_rig_rule(import_fn *run, struct bytes in);

/* Does the text say so? The second prints the text and ends the case unless it does. */
bool import_rig_has(const char *part);
void import_rig_says(const char *part);

/* Does a policy text of this compile? It needs no policy in it. */
bool import_rig_compiles(struct bytes text);
