/* `assay-attestor --check`: the files and names that the settings speak of. */
#pragma once

#include <stdio.h>

#include "agent/agent-conf.h"

/* Prints a line for each problem; returns how many there are. What may come later, as the TPM and
 * the logs of a machine that is still being set up, is no problem: a run has exit codes for it. */
MUST_CHECK int agent_look(const struct agent_conf *conf, FILE *out);
