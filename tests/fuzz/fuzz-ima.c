/* Each entry that is read has its fields inside the list, and the list reads in one pass. */
#include "formats/ima-sig.h"
#include "formats/ima.h"
#include "lib/fuzz.h"

static void
walk(struct bytes in, enum hash column)
{
    struct ima ima;
    struct ima_entry e;
    struct ima_sig sig;
    struct fault f;
    uint64_t last = 0;
    int r;

    FUZZ_ASSERT(ima_open(&ima, in, column, 0, &f) == 0);
    while ((r = ima_next(&ima, &e, &f)) == 0) {
        FUZZ_ASSERT(e.number == 0 || e.offset > last);
        FUZZ_ASSERT(e.pcr < LIMIT_PCRS && e.template.n_fields <= LIMIT_IMA_FIELDS);
        FUZZ_ASSERT(e.name.len == 0 || !memchr(e.name.p, 0, e.name.len));
        FUZZ_ASSERT(e.digest.value.len <= HASH_SIZE_MAX);
        last = e.offset;
        ignore(ima_sig_read(e.sig, &sig, &f), "any outcome is fine");
    }
    FUZZ_ASSERT(r == IMA_E_END || f.rule != RULE_NONE);
    FUZZ_ASSERT(r == IMA_E_END || f.offset <= in.len);
}

void
fuzz_one(struct bytes in)
{
    walk(in, HASH_SHA1);
    walk(in, HASH_SHA256);
    if (in.len > 0) {
        struct ima_sig sig;

        ignore(ima_sig_read(in, &sig, NULL), "any outcome is fine");
    }
}
