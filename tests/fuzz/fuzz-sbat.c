/* Any bytes as a level of SBAT. */
#include "formats/sbat.h"

#include "base/limits.h"
#include "lib/fuzz.h"

void
fuzz_one(struct bytes in)
{
    struct sbat_component component;
    struct fault fault;
    struct sbat sbat;
    int r = sbat_open(in, &sbat, &fault);

    FUZZ_ASSERT(r != 0 || (sbat.level >= 1000000000u && sbat.level <= 9999999999u));
    while (r == 0 && (r = sbat_next(&sbat, &component, &fault)) == 0) {
        FUZZ_ASSERT(component.name.len > 0 && component.name.len <= LIMIT_SBAT_NAME);
        FUZZ_ASSERT(component.generation > 0 && component.generation <= 999999999u);
    }
    FUZZ_ASSERT(r == SBAT_END || (fault.rule == RULE_SBAT_FORM && fault.offset <= in.len));
}
