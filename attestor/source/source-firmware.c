#include "source/source-firmware.h"

#include "base/limits.h"

int
source_firmware_read(const char *path, struct source_data *ret)
{
    struct source_data data = {0};
    int r = source_file_read(path, LIMIT_LOG_BYTES, &data);

    if (r == 0 && data.len == 0) {
        source_file_done(&data);
        r = SOURCE_E_ABSENT;
    }
    if (r == 0) {
        *ret = data;
    }
    return r;
}
