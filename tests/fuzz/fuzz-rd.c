/* Any sequence of reads keeps the cursor's promises. The input is a program: each byte is a read, a
 * byte behind it its length where it needs one; all of it comes from the same cursor. */
#include "base/rd.h"
#include "lib/fuzz.h"

enum { READS = 12 };

static void
read_number(struct rd *rd, unsigned op)
{
    uint64_t value = 0;

    switch (op) {
    case 0:
        value = rd_u8(rd);
        break;
    case 1:
        value = rd_le16(rd);
        break;
    case 2:
        value = rd_le32(rd);
        break;
    case 3:
        value = rd_le64(rd);
        break;
    case 4:
        value = rd_be16(rd);
        break;
    case 5:
        value = rd_be32(rd);
        break;
    default:
        value = rd_be64(rd);
        break;
    }
    FUZZ_ASSERT(!rd->failed || value == 0);
}

static void
read_bytes(struct rd *rd, size_t n)
{
    struct bytes view = rd_bytes(rd, n);

    FUZZ_ASSERT(rd->failed ? view.len == 0 : view.len == n);
}

static void
read_copy(struct rd *rd, size_t n)
{
    uint8_t out[256];
    size_t i = 0;

    memset(out, 0xa5, sizeof(out));
    rd_copy(rd, out, n);
    while (rd->failed && i < n) {
        FUZZ_ASSERT(out[i++] == 0);
    }
    FUZZ_ASSERT(n == sizeof(out) || out[n] == 0xa5);
}

static void
read_sub(struct rd *rd, size_t n)
{
    size_t at = rd_offset(rd);
    struct rd sub = rd_sub(rd, n);

    FUZZ_ASSERT(sub.failed == rd->failed);
    if (!sub.failed) {
        FUZZ_ASSERT(rd_offset(&sub) == at && rd_left(&sub) == n);
        FUZZ_ASSERT(rd_rest(&sub).len == n && rd_end(&sub));
    }
}

static void
read_one(struct rd *rd, unsigned op)
{
    size_t n = op < 7 ? 0 : rd_u8(rd);

    if (op < 7) {
        read_number(rd, op);
    } else if (op == 7) {
        read_bytes(rd, n);
    } else if (op == 8) {
        read_copy(rd, n);
    } else if (op == 9) {
        read_sub(rd, n);
    } else if (op == 10) {
        FUZZ_ASSERT(rd_rest(rd).len == 0 || rd_left(rd) == 0);
    } else {
        rd_fail(rd);
    }
}

void
fuzz_one(struct bytes in)
{
    struct rd rd = rd_init(in);

    while (rd_left(&rd) > 0) {
        size_t before = rd_offset(&rd);
        bool failed;

        read_one(&rd, rd_u8(&rd) % READS);
        failed = rd.failed;
        FUZZ_ASSERT(rd_offset(&rd) > before && rd_offset(&rd) <= in.len);
        FUZZ_ASSERT(!failed || (rd_left(&rd) == 0 && !rd_end(&rd)));
    }
    FUZZ_ASSERT(rd.failed || rd_end(&rd));
}
