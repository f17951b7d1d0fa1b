/* Any element reads back as what it spans, and no reader of a value gets out of its element. */
#include "formats/der.h"
#include "lib/fuzz.h"

/* Walks into everything that is constructed; depth is bounded here, as the input is not. */
static void
walk(struct rd *rd, unsigned depth)
{
    while (rd_left(rd) > 0) {
        struct rd copy = *rd;
        unsigned tag = der_peek(rd);
        struct bytes whole = der_any(rd);
        struct rd again = rd_init(whole);
        struct rd in;

        if (rd->failed) {
            return;
        }
        FUZZ_ASSERT(whole.len >= 2);
        FUZZ_ASSERT(rd_left(&copy) == whole.len + rd_left(rd));
        in = der_enter(&again, tag);
        FUZZ_ASSERT(rd_end(&again));
        if ((tag & 0x20) && depth < 16) {
            walk(&in, depth + 1);
        }
    }
}

static void
read_values(struct bytes in)
{
    struct rd rd = rd_init(in);
    struct bytes bytes = der_positive(&rd);

    FUZZ_ASSERT(rd.failed == (bytes.len == 0));
    rd = rd_init(in);
    FUZZ_ASSERT(der_small(&rd, 1000) <= 1000);
    rd = rd_init(in);
    FUZZ_ASSERT(!der_bool(&rd) || !rd.failed);
    rd = rd_init(in);
    FUZZ_ASSERT(der_bit_bytes(&rd).len < in.len + 1);
    rd = rd_init(in);
    FUZZ_ASSERT(der_named_bits(&rd) == 0 || !rd.failed);
    rd = rd_init(in);
    FUZZ_ASSERT(der_time(&rd) <= 253402300799);
}

void
fuzz_one(struct bytes in)
{
    struct rd rd = rd_init(in);

    read_values(in);
    walk(&rd, 0);
}
