/* `assay policy …`: shared by cmd-policy.c, cmd-policy-learn.c and cmd-policy-sign.c. */
#pragma once

#include "cmd.h"

extern const struct cmd cmd_policy_check;
extern const struct cmd cmd_policy_compile;
extern const struct cmd cmd_policy_import;
extern const struct cmd cmd_policy_learn;
extern const struct cmd cmd_policy_sign;
extern const struct cmd cmd_policy_show;
