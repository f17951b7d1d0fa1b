#include "reader/sandbox-reader.h"

/* Its channel, and its end. */
const struct sandbox_rule sandbox_reader[] = {
    SANDBOX_ANY("recvmsg"),
    SANDBOX_ANY("sendmsg"),
    SANDBOX_ANY("close"),
};
const size_t sandbox_reader_n = ARRAY_LEN(sandbox_reader);
