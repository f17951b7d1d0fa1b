/* Any bytes as keys that sign files; what is imported compiles, and says nothing but keys. */
#include "lib/fuzz.h"
#include "lib/import-rig.h"

void
fuzz_one(struct bytes in)
{
    struct import_file file = {.path = "a", .bytes = in};
    int r = import_rig_run(import_keys, &file, 1);

    FUZZ_ASSERT(r == 0 || (r == 1 && import_rig.fault.fault.rule != RULE_NONE));
    if (r == 0) {
        import_rig_says("  spki:");
    }
}
