#include "wire/audit-row.h"

#include <errno.h>

#include "base/cbor-rd.h"
#include "base/cbor-wr.h"

enum { N_ITEMS = 6, ROW_ROOM = 3 * (AUDIT_TEXT_MAX + 8) + 128 };

int
audit_row_read(struct bytes in, struct audit_row *ret, struct fault *ret_fault)
{
    struct cbor_rd c = cbor_rd_init(in);
    struct audit_row row = {0};

    cbor_rd_array(&c, N_ITEMS);
    row.seq = (int64_t)cbor_rd_uint(&c, (uint64_t)AUDIT_NUMBER_MAX);
    row.at_ms = cbor_rd_int(&c);
    row.kind = cbor_rd_tstr(&c, AUDIT_TEXT_MAX);
    if (!cbor_rd_null(&c)) {
        struct bytes device = cbor_rd_bstr(&c, WIRE_UEID_SIZE);

        cbor_rd_require(&c, device.len == WIRE_UEID_SIZE);
        row.device = device.p;
    }
    row.actor = cbor_rd_tstr(&c, AUDIT_TEXT_MAX);
    row.text = cbor_rd_tstr(&c, AUDIT_TEXT_MAX);
    if (!cbor_rd_end(&c) || row.seq == 0 || row.at_ms > AUDIT_NUMBER_MAX ||
        row.at_ms < -AUDIT_NUMBER_MAX) {
        return fault_at(ret_fault, RULE_WIRE_AUDIT, FAULT_NO_EVENT, rd_offset(&c.rd));
    }
    *ret = row;
    return 0;
}

static bool
fits(const struct audit_row *row)
{
    return row->seq >= 1 && row->seq <= AUDIT_NUMBER_MAX && row->at_ms <= AUDIT_NUMBER_MAX &&
           row->at_ms >= -AUDIT_NUMBER_MAX && row->kind.len <= AUDIT_TEXT_MAX &&
           row->actor.len <= AUDIT_TEXT_MAX && row->text.len <= AUDIT_TEXT_MAX;
}

void
audit_row_write(struct wr *wr, const struct audit_row *row)
{
    if (!fits(row)) {
        wr->failed = true;
    }
    cbor_wr_array(wr, N_ITEMS);
    cbor_wr_int(wr, row->seq);
    cbor_wr_int(wr, row->at_ms);
    cbor_wr_tstr_view(wr, row->kind);
    if (row->device) {
        cbor_wr_bstr(wr, bytes_of(row->device, WIRE_UEID_SIZE));
    } else {
        cbor_wr_null(wr);
    }
    cbor_wr_tstr_view(wr, row->actor);
    cbor_wr_tstr_view(wr, row->text);
}

int
audit_row_hash(const struct audit_row *row, const uint8_t previous[32], struct hasher *hasher,
               uint8_t ret[32])
{
    uint8_t room[ROW_ROOM];
    struct wr wr = wr_init(room, sizeof(room));
    struct bytes parts[2] = {bytes_of(previous, 32)};

    audit_row_write(&wr, row);
    parts[1] = wr_done(&wr);
    return parts[1].p ? hasher_parts(hasher, HASH_SHA256, parts, 2, ret) : -EMSGSIZE;
}
