/* PCR values behind the selection that they belong to: what is read is written to the same bytes.
 */
#include "lib/fuzz.h"
#include "lib/wire-echo.h"
#include "wire/selection.h"

void
fuzz_one(struct bytes in)
{
    struct cbor_rd c = cbor_rd_init(in);
    struct selection selection;
    size_t len;

    selection_read(&c, &selection);
    len = in.len - rd_left(&c.rd);
    if (!cbor_rd_failed(&c)) {
        FUZZ_ASSERT(wire_echo_same("values", rd_rest(&c.rd), bytes_of(in.p, len)));
    }
}
