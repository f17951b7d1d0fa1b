/* A hello that is taken is whole, longer than our answer, and its cookie lies within it. */
#include "front/cookie.h"
#include "front/hello.h"
#include "lib/fuzz.h"

void
fuzz_one(struct bytes in)
{
    struct hello hello;
    struct hello_record record;
    int r = hello_read(in, &hello);
    int r_record = hello_record_read(in, &record);

    if (r == HELLO_OK) {
        FUZZ_ASSERT(r_record == 0 && record.type == RECORD_HANDSHAKE && record.epoch == 0);
        FUZZ_ASSERT(in.len > COOKIE_REQUEST_LEN);
        FUZZ_ASSERT(hello.cookie.len == 0 ||
                    (hello.cookie.p > in.p && hello.cookie.p + hello.cookie.len < in.p + in.len));
    }
}
