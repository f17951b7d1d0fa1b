/* Any bytes as an update of dbx; what is imported compiles. */
#include "formats/authvar.h"
#include "formats/siglist.h"
#include "lib/fuzz.h"
#include "lib/import-rig.h"

void
fuzz_one(struct bytes in)
{
    struct import_file file = {.path = "a", .bytes = in};
    struct authvar var;
    struct fault fault = {0};
    int r = authvar_read(in, &var, &fault);

    FUZZ_ASSERT(r == 0 || (r == 1 && fault.rule != RULE_NONE && fault.offset <= in.len));
    FUZZ_ASSERT(r != 0 || 40 + var.signature.len + var.lists.len == in.len);
    FUZZ_ASSERT(import_rig_run(import_dbx, &file, 1) == r);
}
