#include "base/name.h"

#include "base/limits.h"

bool
name_good(struct bytes name)
{
    static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";

    if (name.len == 0 || name.len > LIMIT_NAME || name.p[0] == '.') {
        return false;
    }
    for (size_t i = 0; i < name.len; i++) {
        if (name.p[i] == 0 || !strchr(good, name.p[i])) {
            return false;
        }
    }
    return true;
}
