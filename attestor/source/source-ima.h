/* The kernel's IMA list in its binary form. It only grows, and an entry is in the list before PCR
 * 10 is extended with it: read after the quote, it holds at least what was quoted. */
#pragma once

#include "source/source-file.h"

#define SOURCE_IMA_PATH "/sys/kernel/security/ima/binary_runtime_measurements"

/* Returns as source_file_read(). */
MUST_CHECK int source_ima_read(const char *path, struct source_data *ret);
