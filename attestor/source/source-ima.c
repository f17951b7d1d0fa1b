#include "source/source-ima.h"

#include "base/limits.h"

int
source_ima_read(const char *path, struct source_data *ret)
{
    return source_file_read(path, LIMIT_IMA_BYTES, ret);
}
