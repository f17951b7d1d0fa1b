/* Any bytes as each file of JSON that is imported; what is imported as a policy compiles, and a
 * list has lines of one digest and one path. */
#include "lib/fuzz.h"
#include "lib/import-rig.h"

static bool
is_list(const char *text)
{
    for (const char *line = text; *line != '\0'; line = strchr(line, '\n') + 1) {
        if (!strchr(line, '\n') || (line[0] != '#' && strncmp(line, "sha", 3) != 0)) {
            return false;
        }
    }
    return true;
}

void
fuzz_one(struct bytes in)
{
    struct import_file file = {.path = "650-a.pcrlock.d/v.pcrlock", .bytes = in};
    struct import_ask ask = {.component = "os", .release = "1", .n = 1, .files = &file};
    int apart = import_rig_run(import_pcrlock, &file, 1);

    FUZZ_ASSERT(import_rig_ask(import_pcrlock, &ask) == apart);
    FUZZ_ASSERT(import_rig_run(import_keylime_boot, &file, 1) >= 0);
    if (import_rig_list(import_keylime_runtime, &file, 1) == 0) {
        FUZZ_ASSERT(is_list(import_rig.text));
    }
}
