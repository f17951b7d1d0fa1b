/* `assay policy …`, and moves of releases: shared by cmd-policy*.c and cmd-golden-move.c. */
#pragma once

#include "cmd.h"
#include "policy/policy-say.h"

extern const struct cmd cmd_golden_promote;
extern const struct cmd cmd_golden_retire;
extern const struct cmd cmd_golden_revoke;
extern const struct cmd cmd_golden_stage;
extern const struct cmd cmd_golden_suggest;
extern const struct cmd cmd_policy_check;
extern const struct cmd cmd_policy_compile;
extern const struct cmd cmd_policy_export;
extern const struct cmd cmd_policy_import;
extern const struct cmd cmd_policy_learn;
extern const struct cmd cmd_policy_report;
extern const struct cmd cmd_policy_sign;
extern const struct cmd cmd_policy_show;
extern const struct cmd cmd_policy_test;
