/* What is read as a row of the audit log is written to the same bytes, and its hash hangs on each
 * of them and on the row before. */
#include <errno.h>

#include "lib/fuzz.h"
#include "lib/wire-echo.h"
#include "wire/audit-row.h"

static void
chain(const struct audit_row *row)
{
    static struct hasher *hasher;
    static const uint8_t none[32];
    struct audit_row other = *row;
    uint8_t first[32];
    uint8_t second[32];

    if (!hasher) {
        hasher = hasher_new();
        FUZZ_ASSERT(hasher);
    }
    FUZZ_ASSERT(audit_row_hash(row, none, hasher, first) == 0);
    FUZZ_ASSERT(audit_row_hash(row, first, hasher, second) == 0);
    FUZZ_ASSERT(memcmp(first, second, sizeof(first)) != 0);
    other.at_ms += other.at_ms > 0 ? -1 : 1;
    FUZZ_ASSERT(audit_row_hash(&other, none, hasher, second) == 0);
    FUZZ_ASSERT(memcmp(first, second, sizeof(first)) != 0);
    other.seq = 0; /* no row has this number */
    FUZZ_ASSERT(audit_row_hash(&other, none, hasher, second) == -EMSGSIZE);
}

void
fuzz_one(struct bytes in)
{
    struct audit_row row;

    FUZZ_ASSERT(wire_echo_same("audit-row", in, BYTES_NULL));
    if (audit_row_read(in, &row, NULL) == 0) {
        chain(&row);
    }
}
