/* Whatever the strict reader accepts has one spelling: it decodes and encodes to the same bytes. */
#include "base/cbor-rd.h"
#include "base/cbor-wr.h"
#include "lib/fuzz.h"

#include <stdlib.h>

static void copy_item(struct cbor_rd *c, struct wr *wr);

static void
copy_map(struct cbor_rd *c, struct wr *wr)
{
    struct cbor_map m = cbor_rd_map(c, SIZE_MAX);
    struct cbor_key key;

    cbor_wr_map(wr, m.left);
    while (cbor_map_next(c, &m, &key)) {
        if (key.text.p) {
            cbor_wr_tstr_view(wr, key.text);
        } else {
            cbor_wr_int(wr, key.number);
        }
        copy_item(c, wr);
    }
}

static void
copy_item(struct cbor_rd *c, struct wr *wr)
{
    size_t n;

    switch (cbor_rd_peek(c)) {
    case CBOR_UINT:
        cbor_wr_uint(wr, cbor_rd_uint(c, UINT64_MAX));
        break;
    case CBOR_NINT:
        cbor_wr_int(wr, cbor_rd_int(c));
        break;
    case CBOR_BSTR:
        cbor_wr_bstr(wr, cbor_rd_bstr(c, SIZE_MAX));
        break;
    case CBOR_TSTR:
        cbor_wr_tstr_view(wr, cbor_rd_tstr(c, SIZE_MAX));
        break;
    case CBOR_ARRAY:
        n = cbor_rd_array_max(c, SIZE_MAX);
        cbor_wr_array(wr, n);
        for (size_t i = 0; i < n && !cbor_rd_failed(c); i++) {
            copy_item(c, wr);
        }
        break;
    case CBOR_MAP:
        copy_map(c, wr);
        break;
    case CBOR_TAG:
        cbor_wr_tag(wr, cbor_rd_tag(c));
        copy_item(c, wr);
        break;
    case CBOR_BOOL:
        cbor_wr_bool(wr, cbor_rd_bool(c));
        break;
    case CBOR_NULL:
        FUZZ_ASSERT(cbor_rd_null(c));
        cbor_wr_null(wr);
        break;
    case CBOR_NONE:
        cbor_rd_fail(c);
    }
}

void
fuzz_one(struct bytes in)
{
    struct cbor_rd probe = cbor_rd_init(in);
    struct cbor_rd c = cbor_rd_init(in);
    struct bytes raw = cbor_rd_raw(&probe); /* bounds the depth of what follows */
    uint8_t *room;
    struct wr wr;

    if (cbor_rd_failed(&probe) || !(room = malloc(raw.len))) {
        return;
    }
    wr = wr_init(room, raw.len);
    copy_item(&c, &wr);
    /* an integer below INT64_MIN is well-formed and read by raw only */
    FUZZ_ASSERT(cbor_rd_failed(&c) || bytes_equal(wr_done(&wr), raw));
    free(room);
}
