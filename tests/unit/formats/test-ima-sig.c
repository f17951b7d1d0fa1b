/* formats/ima-sig: the header of a file signature. */
#include "formats/ima-sig.h"
#include "lib/check.h"

#define GOOD "03 02 04 aabbccdd 0003 010203"

static int
read_hex(const char *hex, struct ima_sig *sig)
{
    struct fault f = {0};
    int r = ima_sig_read(check_guarded(check_hex(hex)), sig, &f);

    CHECK_EQ(f.rule, r == 0 ? RULE_NONE : RULE_IMA_SIG);
    return r;
}

static void
a_signature_has_its_parts(void)
{
    struct ima_sig sig;

    CHECK_EQ(read_hex(GOOD, &sig), 0);
    CHECK_EQ(sig.type, IMA_SIG_FILE);
    CHECK_EQ(sig.version, 2);
    CHECK_EQ(sig.hash, HASH_SHA256);
    CHECK_EQ(sig.key_id, 0xaabbccdd);
    CHECK_BYTES(sig.value, check_hex("010203"));
}

static void
every_truncation_and_a_trailing_byte_are_refused(void)
{
    struct bytes good = check_hex(GOOD "ff");
    struct ima_sig sig = {.key_id = 7};
    struct fault f;

    for (size_t n = 0; n <= good.len; n++) {
        if (n != good.len - 1) {
            CHECK_EQ(ima_sig_read(check_guarded(bytes_of(good.p, n)), &sig, &f), 1);
        }
    }
    CHECK_EQ(sig.key_id, 7);
}

static void
types_and_versions_are_checked(void)
{
    struct ima_sig sig;

    CHECK_EQ(read_hex("05 02 02 00000000 0001 01", &sig), 0);
    CHECK_EQ(sig.type, IMA_SIG_EVM);
    CHECK_EQ(read_hex("06 03 05 00000000 0001 01", &sig), 0);
    CHECK_EQ(read_hex("06 02 05 00000000 0001 01", &sig), 1);
    CHECK_EQ(read_hex("03 01 05 00000000 0001 01", &sig), 1);
    CHECK_EQ(read_hex("04 02 05 00000000 0001 01", &sig), 1);
    CHECK_EQ(read_hex("03 02 05 00000000 0000", &sig), 1);
}

static void
algorithms_are_the_kernel_s_numbers(void)
{
    static const struct {
        const char *hex;
        enum hash hash;
    } rows[] = {
        {"03 02 02 00000000 0001 01", HASH_SHA1},     {"03 02 05 00000000 0001 01", HASH_SHA384},
        {"03 02 06 00000000 0001 01", HASH_SHA512},   {"03 02 11 00000000 0001 01", HASH_SM3_256},
        {"03 02 14 00000000 0001 01", HASH_SHA3_256}, {"03 02 15 00000000 0001 01", HASH_SHA3_384},
        {"03 02 16 00000000 0001 01", HASH_SHA3_512}, {"03 02 01 00000000 0001 01", HASH_N},
    };
    struct ima_sig sig;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        CHECK_EQ(read_hex(rows[i].hex, &sig), 0);
        CHECK_EQ(sig.hash, rows[i].hash);
    }
}

CHECK_MAIN(CASE(a_signature_has_its_parts), CASE(every_truncation_and_a_trailing_byte_are_refused),
           CASE(types_and_versions_are_checked), CASE(algorithms_are_the_kernel_s_numbers))
