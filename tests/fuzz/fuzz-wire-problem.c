/* What is read as problem details is written to the same bytes when nobody else has an entry in it;
 * without those entries it is read and written to the same bytes again. */
#include "lib/fuzz.h"
#include "lib/wire-echo.h"
#include "wire/problem.h"

#include <stdlib.h>

/* How long our entries are, with the map's head; for a problem that was read. */
static size_t
own_size(struct bytes in)
{
    struct cbor_rd c = cbor_rd_init(in);
    struct cbor_map map = cbor_rd_map(&c, LIMIT_CBOR_ITEMS);
    size_t size = in.len - rd_left(&c.rd);
    size_t before = size;
    struct cbor_key key;

    while (cbor_map_next(&c, &map, &key)) {
        bool ours = key.text.p ? bytes_equal(key.text, bytes_str(PROBLEM_ENTRY))
                               : key.number == -1 || key.number == -4;

        (void)cbor_rd_raw(&c);
        size += ours ? rd_offset(&c.rd) - before : 0;
        before = rd_offset(&c.rd);
    }
    return size;
}

void
fuzz_one(struct bytes in)
{
    uint8_t *room = malloc(in.len ? in.len : 1);
    struct wr wr = wr_init(room, room ? in.len : 0);

    if (room && wire_echo("problem", in, BYTES_NULL, &wr) == WIRE_ECHO_OK) {
        struct bytes ours = wr_done(&wr);

        FUZZ_ASSERT(ours.len == own_size(in));
        FUZZ_ASSERT(ours.len < in.len || bytes_equal(ours, in));
        FUZZ_ASSERT(wire_echo_same("problem", ours, BYTES_NULL));
    }
    free(room);
}
