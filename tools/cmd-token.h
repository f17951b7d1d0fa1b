/* assay token verify, assay token show */
#pragma once

#include "cmd.h"

extern const struct cmd cmd_token_verify;
extern const struct cmd cmd_token_show;
