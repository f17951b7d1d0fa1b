/* Any bytes as a base RIM and its signature: what is read lies in them and within limits. */
#include "formats/rim.h"
#include "formats/xmldsig.h"
#include "lib/fuzz.h"

static bool
lies_in(struct bytes part, struct bytes whole)
{
    return part.len == 0 || (part.p >= whole.p && part.p + part.len <= whole.p + whole.len);
}

static void
try_rim(struct bytes in)
{
    static struct rim rim;
    struct fault fault = {0};

    if (rim_read(in, &rim, &fault) != 0) {
        FUZZ_ASSERT(fault.rule != RULE_NONE && fault.offset <= in.len);
        return;
    }
    FUZZ_ASSERT(rim.n_files > 0 && rim.n_files <= RIM_FILES_MAX && rim.name.len > 0);
    FUZZ_ASSERT(lies_in(rim.name, in) && lies_in(rim.entity, in) && lies_in(rim.binding, in));
    for (size_t i = 0; i < rim.n_files; i++) {
        const struct rim_file *file = &rim.files[i];

        FUZZ_ASSERT(lies_in(file->name, in) && file->name.len <= RIM_TEXT_MAX);
        FUZZ_ASSERT(file->has[HASH_SHA256] || file->has[HASH_SHA384] || file->has[HASH_SHA512]);
    }
}

static void
try_signature(struct bytes in)
{
    static struct xmldsig sig;
    struct fault fault = {0};
    int r = xmldsig_read(in, &sig, &fault);

    FUZZ_ASSERT(r == XMLDSIG_E_FAULT ? fault.rule != RULE_NONE && fault.offset <= in.len
                                     : fault.rule == RULE_NONE);
    if (r == 0) {
        FUZZ_ASSERT(sig.whole.from < sig.info.from && sig.info.from < sig.info.to);
        FUZZ_ASSERT(sig.info.to < sig.whole.to && sig.whole.to < in.len);
        FUZZ_ASSERT(sig.signature_len > 0 && sig.signature_len <= sizeof(sig.signature));
        FUZZ_ASSERT(sig.hash < HASH_N && sig.digest.alg < HASH_N && sig.scheme != SIG_NONE);
    }
}

void
fuzz_one(struct bytes in)
{
    try_rim(in);
    try_signature(in);
}
