/* What is hashed lies in the file, in its order but for what follows the sections, and so do the
 * sections. */
#include "formats/pe.h"
#include "lib/fuzz.h"

static void
within(struct bytes in, struct bytes part)
{
    FUZZ_ASSERT(part.len == 0 || (part.p >= in.p && part.len <= in.len - (size_t)(part.p - in.p)));
}

void
fuzz_one(struct bytes in)
{
    static struct pe pe;
    struct fault fault = {0};
    const uint8_t *end = in.p;

    if (pe_read(in, &pe, &fault) != 0) {
        FUZZ_ASSERT(fault.rule != RULE_NONE && fault.offset <= in.len);
        return;
    }
    FUZZ_ASSERT(pe.n_parts >= 3 && pe.n_parts <= PE_PARTS && pe.n_sections <= PE_SECTIONS);
    for (size_t i = 0; i < pe.n_parts; i++) {
        within(in, pe.parts[i]);
        FUZZ_ASSERT(pe.parts[i].p >= end || i + 1 == pe.n_parts);
        end = pe.parts[i].p + pe.parts[i].len;
    }
    for (size_t i = 0; i < pe.n_sections; i++) {
        FUZZ_ASSERT(pe.sections[i].name.len <= 8);
        within(in, pe.sections[i].name);
        within(in, pe.sections[i].content);
    }
    (void)pe_find(&pe, ".linux");
}
