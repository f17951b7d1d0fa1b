/* Any bytes as a CoRIM: what is read lies in them, and what is imported compiles. */
#include "formats/corim.h"
#include "lib/fuzz.h"
#include "lib/import-rig.h"

static bool
lies_in(struct bytes part, struct bytes whole)
{
    return part.len == 0 || (part.p >= whole.p && part.p + part.len <= whole.p + whole.len);
}

void
fuzz_one(struct bytes in)
{
    struct import_file file = {.path = "a.corim", .bytes = in};
    struct import_ask ask = {.unverified = true, .n = 1, .files = &file};
    struct fault fault = {0};
    struct corim corim;
    int r = corim_read(in, &corim, &fault);

    FUZZ_ASSERT(r == 0 || (fault.rule != RULE_NONE && fault.offset <= in.len));
    if (r == 0) {
        FUZZ_ASSERT(corim.tags.left > 0 && corim.id.kind != CORIM_NONE);
        FUZZ_ASSERT(lies_in(corim.payload, in) && lies_in(corim.signature, in));
        FUZZ_ASSERT(lies_in(corim.signer, in) && lies_in(corim.entity, in));
        FUZZ_ASSERT(corim.is_signed == (corim.signature.len > 0));
    }
    FUZZ_ASSERT(import_rig_ask(import_corim, &ask) == 0 ? r == 0
                                                        : import_rig.fault.fault.offset <= in.len);
}
