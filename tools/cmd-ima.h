/* `assay ima …` */
#pragma once

#include "cmd.h"

extern const struct cmd cmd_ima_show;
extern const struct cmd cmd_ima_set_make;
extern const struct cmd cmd_ima_set_show;
extern const struct cmd cmd_ima_set_check;
