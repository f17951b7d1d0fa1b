/* assay key: the keys of a site. Root's commands: they read and write the folder of the keys. */
#pragma once

#include "flags.h"

extern const struct cmd cmd_key_list;
extern const struct cmd cmd_key_rotate;
