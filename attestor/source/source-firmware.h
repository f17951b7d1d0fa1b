/* The firmware's event log as the kernel hands it on. TCG PC Client Platform Firmware Profile; the
 * kernel's drivers/char/tpm/eventlog. */
#pragma once

#include "source/source-file.h"

#define SOURCE_FIRMWARE_PATH "/sys/kernel/security/tpm0/binary_bios_measurements"

/* An empty file is no log. Returns as source_file_read(). */
MUST_CHECK int source_firmware_read(const char *path, struct source_data *ret);
