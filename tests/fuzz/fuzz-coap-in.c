/* Whatever is read of a CoAP message lies within the message and within its bounds. */
#include "front/coap-in.h"
#include "lib/fuzz.h"

void
fuzz_one(struct bytes in)
{
    struct coap_in message = {.mid = 1};
    int r = coap_in_read(in, &message);

    FUZZ_ASSERT(r >= 0);
    if (r == COAP_IN_E_MALFORMED) {
        FUZZ_ASSERT(message.mid == 1);
        return;
    }
    FUZZ_ASSERT(in.len >= 4 && message.token.len <= COAP_TOKEN_MAX);
    FUZZ_ASSERT(message.mid == (in.p[2] << 8 | in.p[3]));
    if (r == COAP_IN_OK) {
        FUZZ_ASSERT(message.payload.len == 0 ||
                    message.payload.p + message.payload.len == in.p + in.len);
        FUZZ_ASSERT(message.payload.len <= in.len - 4);
        FUZZ_ASSERT(message.resource <= FRONT_RESOURCE_N && message.aud_len <= LIMIT_NAME);
        FUZZ_ASSERT(message.block1.szx <= 6 && message.block2.szx <= 6);
    }
}
