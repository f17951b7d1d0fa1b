/* A caller that expects anything at any time: the first byte counts the calls, a byte for each
 * follows, the rest is the message. A failure latches and yields nothing. */
#include "base/cbor-rd.h"
#include "lib/fuzz.h"

enum { BOUND = 40 }; /* a caller's bound that seeds of a few bytes can exceed */

static void
read_int_map(struct cbor_rd *c)
{
    struct cbor_map m = cbor_rd_map(c, BOUND);
    int64_t key;

    while (cbor_map_next_int(c, &m, &key)) {
        (void)cbor_rd_raw(c);
    }
    FUZZ_ASSERT(!cbor_rd_failed(c) || key == 0);
}

static void
read_copy(struct cbor_rd *c)
{
    uint8_t out[5] = {0xa5, 0xa5, 0xa5, 0xa5, 0xa5};

    cbor_rd_bstr_copy(c, out, 4);
    FUZZ_ASSERT(out[4] == 0xa5);
    FUZZ_ASSERT(!cbor_rd_failed(c) || (out[0] | out[1] | out[2] | out[3]) == 0);
}

static void
read_string(struct cbor_rd *c, bool text)
{
    struct bytes view = text ? cbor_rd_tstr(c, BOUND) : cbor_rd_bstr(c, BOUND);

    FUZZ_ASSERT(view.len <= BOUND);
    FUZZ_ASSERT(!cbor_rd_failed(c) || view.len == 0);
}

static void
read_scalar(struct cbor_rd *c, unsigned op)
{
    uint64_t value = 0;

    switch (op) {
    case 0:
        value = cbor_rd_uint(c, BOUND);
        FUZZ_ASSERT(value <= BOUND);
        break;
    case 1:
        value = (uint64_t)cbor_rd_int(c);
        break;
    case 2:
        value = cbor_rd_bool(c);
        break;
    default:
        value = cbor_rd_tag(c);
        break;
    }
    FUZZ_ASSERT(!cbor_rd_failed(c) || value == 0);
}

static void
read_one(struct cbor_rd *c, unsigned op)
{
    switch (op) {
    case 4:
        read_string(c, false);
        break;
    case 5:
        read_string(c, true);
        break;
    case 6:
        read_copy(c);
        break;
    case 7:
        (void)cbor_rd_null(c);
        break;
    case 8:
        cbor_rd_array(c, 2);
        break;
    case 9:
        FUZZ_ASSERT(cbor_rd_array_max(c, BOUND) <= BOUND);
        break;
    case 10:
        read_int_map(c);
        break;
    case 11:
        (void)cbor_rd_raw(c);
        break;
    case 12:
        cbor_rd_fail(c);
        break;
    default:
        read_scalar(c, op % 4);
        break;
    }
}

void
fuzz_one(struct bytes in)
{
    struct rd rd = rd_init(in);
    struct bytes ops = rd_bytes(&rd, rd_u8(&rd));
    struct cbor_rd c = cbor_rd_init(rd_rest(&rd));
    bool failed = false;

    for (size_t i = 0; i < ops.len; i++) {
        read_one(&c, ops.p[i] % 16);
        FUZZ_ASSERT(!failed || cbor_rd_failed(&c));
        failed = cbor_rd_failed(&c);
        FUZZ_ASSERT(!failed || (cbor_rd_peek(&c) == CBOR_NONE && !cbor_rd_end(&c)));
    }
}
