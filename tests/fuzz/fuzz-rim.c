/* Any bytes as a base RIM and its signature: what is read lies in them and within limits, and keys
 * that signed nothing vouch for nothing. */
#include "formats/rim.h"
#include "formats/xmldsig.h"
#include "lib/fuzz.h"

static bool
lies_in(struct bytes part, struct bytes whole)
{
    return part.len == 0 || (part.p >= whole.p && part.p + part.len <= whole.p + whole.len);
}

/* A content of the size that is listed, which has its digests or not, and one that is too long. */
static void
try_file(const struct rim_file *file, struct bytes in)
{
    static struct hasher *hasher;

    hasher = hasher ? hasher : hasher_new();
    FUZZ_ASSERT(hasher);
    if (file->size < in.len) {
        FUZZ_ASSERT(rim_file_check(file, hasher, bytes_of(in.p, (size_t)file->size)) >= 0);
        FUZZ_ASSERT(rim_file_check(file, hasher, in) == 1);
    }
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
        try_file(file, in);
    }
}

/* By an RSA key and by the base point of P-256, whose private halves nobody used. */
static void
try_keys(struct bytes in, const struct xmldsig *sig)
{
    static const uint8_t gx[] = {0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6,
                                 0xe5, 0x63, 0xa4, 0x40, 0xf2, 0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb,
                                 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96};
    static const uint8_t gy[] = {0x4f, 0xe3, 0x42, 0xe2, 0xfe, 0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb,
                                 0x4a, 0x7c, 0x0f, 0x9e, 0x16, 0x2b, 0xce, 0x33, 0x57, 0x6b, 0x31,
                                 0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5};
    static struct pubkey *keys[2];
    static struct hasher *hasher;
    uint8_t n[256];

    if (!hasher) {
        memset(n, 0xc1, sizeof(n));
        hasher = hasher_new();
        FUZZ_ASSERT(hasher && pubkey_from_rsa(BYTES_OF(n), 65537, &keys[0]) == 0);
        FUZZ_ASSERT(pubkey_from_point(KEY_P256, BYTES_OF(gx), BYTES_OF(gy), &keys[1]) == 0);
    }
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        struct fault fault = {0};
        bool indented;

        FUZZ_ASSERT(xmldsig_verify(in, sig, keys[i], hasher, &indented, &fault) == XMLDSIG_E_FAULT);
        FUZZ_ASSERT(fault.rule != RULE_NONE && fault.offset <= in.len);
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
        try_keys(in, &sig);
    }
}

void
fuzz_one(struct bytes in)
{
    try_rim(in);
    try_signature(in);
}
