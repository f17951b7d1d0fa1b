/* What is read as a selection is written to the same bytes; every bank is found in it, once. */
#include "lib/fuzz.h"
#include "lib/wire-echo.h"
#include "wire/selection.h"

void
fuzz_one(struct bytes in)
{
    struct cbor_rd c = cbor_rd_init(in);
    struct selection selection;

    FUZZ_ASSERT(wire_echo_same("selection", in, BYTES_NULL));
    selection_read(&c, &selection);
    for (size_t i = 0; !cbor_rd_failed(&c) && i < selection.n; i++) {
        struct selection less = selection;

        FUZZ_ASSERT(selection_mask(&selection, selection.sets[i].bank) == selection.sets[i].mask);
        less.sets[i].mask ^= 1;
        FUZZ_ASSERT(!selection_equal(&selection, &less));
        less.n--;
        less.sets[i] = selection.sets[less.n];
        FUZZ_ASSERT(!selection_names(&less, selection.sets[i].bank));
        FUZZ_ASSERT(selection_mask(&less, selection.sets[i].bank) == 0);
    }
}
