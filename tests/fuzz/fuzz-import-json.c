/* Any bytes as each file of JSON that is imported, alone and together; what is imported compiles.
 */
#include "lib/fuzz.h"
#include "lib/import-rig.h"

void
fuzz_one(struct bytes in)
{
    struct import_file file = {.path = "650-a.pcrlock.d/v.pcrlock", .bytes = in};
    struct import_ask ask = {.component = "os", .release = "1", .n = 1, .files = &file};
    int apart = import_rig_run(import_pcrlock, &file, 1);

    FUZZ_ASSERT(import_rig_ask(import_pcrlock, &ask) == apart);
}
