/* `assay policy …`, and moves of releases: shared by cmd-policy*.c and cmd-golden-move.c. */
#pragma once

#include "cmd.h"
#include "policy/policy-say.h"

struct flag_words;
struct rejudge_place;

/* `assay policy learn` from devices, for `assay golden learn --out`. Returns an exit code. */
int cmd_policy_learn_from(const struct cmd *self, const char *class_name,
                          const struct flag_words *devices, const struct rejudge_place *place,
                          const char *out, bool json);

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
