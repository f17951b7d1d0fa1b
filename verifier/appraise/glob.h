/* Globs of policies: `*` is any run of characters, {name} one without blanks, everything else
 * stands for itself. No escape, no classes. bundle-policy.h; appraisal page, section 5b. */
#pragma once

#include "base/std.h"

enum glob_fold {
    GLOB_PLAIN,
    /* A kernel parameter: `-` and `_` are one before the first `=`, as the kernel and systemd read
     * them, so that `sig-enforce=0` cannot pass by a rule that denies `sig_enforce=0`. */
    GLOB_PARAMETER,
};

/* Does the whole text fit? Time at most the product of both lengths. */
bool glob_match(struct bytes glob, struct bytes text, enum glob_fold fold);

/* Fits a glob with at most one hole, whose part of the text goes to *ret_hole (empty without a
 * hole), and its name to *ret_name. A hole takes what it can, to the end of the text when it ends
 * the glob. Both untouched unless true. */
bool glob_hole(struct bytes glob, struct bytes text, enum glob_fold fold, struct bytes *ret_name,
               struct bytes *ret_hole);

/* Does a path fit? `*` is any run without `/`, `**` one with; a brace stands for itself. */
bool glob_path(struct bytes glob, struct bytes path);

/* The next word of a text, between blanks; false at its end. */
bool glob_word(struct bytes *text, struct bytes *ret_word);
