/* Subcommands about the numbers of verdicts. */
#pragma once

#include "cmd.h"

extern const struct cmd cmd_code_show;
extern const struct cmd cmd_code_list;
