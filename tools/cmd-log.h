/* `assay log …` */
#pragma once

#include "cmd.h"

extern const struct cmd cmd_log_show;
extern const struct cmd cmd_log_diff;

/* Takes "--json", and "--slots" unless ret_slots is NULL, out of the arguments; the rest must be
 * n_files paths. Returns 0 and the paths, or CMD_USAGE after a message. */
MUST_CHECK int cmd_log_args(const struct cmd *self, int argc, char **argv, int n_files,
                            const char **ret_files, bool *ret_json, bool *ret_slots);
