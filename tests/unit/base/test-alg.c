#include "base/alg.h"
#include "lib/check.h"

static void
every_algorithm_is_found_by_id_and_by_name(void)
{
    for (size_t i = 0; i < HASH_N; i++) {
        enum hash h = (enum hash)i;

        CHECK_EQ(hash_from_tpm_id(hash_tpm_id(h)), h);
        CHECK_EQ(hash_from_name(bytes_str(hash_name(h))), h);
        CHECK(hash_size(h) >= 20 && hash_size(h) <= HASH_SIZE_MAX);
    }
}

static void
others_are_none(void)
{
    CHECK_EQ(hash_from_tpm_id(0x0010), HASH_N);
    CHECK_EQ(hash_from_name(bytes_str("sha2")), HASH_N);
    CHECK_EQ(hash_size(HASH_N), 0);
    CHECK_STR(hash_name(HASH_N), "unknown");
}

CHECK_MAIN(CASE(every_algorithm_is_found_by_id_and_by_name), CASE(others_are_none))
