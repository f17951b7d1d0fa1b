#include "wire/enrolled.h"

enum { N_ITEMS = 5, NEXT_MAX_S = 7 * 86400 };

const char *
device_state_name(enum device_state state)
{
    static const char *const names[DEVICE_STATE_N] = {
        [DEVICE_PENDING] = "pending", [DEVICE_PROVISIONAL] = "provisional",
        [DEVICE_FRESH] = "fresh",     [DEVICE_STALE] = "stale",
        [DEVICE_FAILED] = "failed",   [DEVICE_QUARANTINED] = "quarantined",
        [DEVICE_REMOVED] = "removed",
    };

    return state < DEVICE_STATE_N ? names[state] : "unknown";
}

int
enrolled_read(struct bytes in, struct enrolled *ret, struct fault *ret_fault)
{
    struct cbor_rd c = cbor_rd_init(in);
    struct enrolled enrolled = {0};

    cbor_rd_array(&c, N_ITEMS);
    enrolled.state = (enum device_state)cbor_rd_uint(&c, DEVICE_STATE_N - 1);
    enrolled.next_s = (uint32_t)cbor_rd_uint(&c, NEXT_MAX_S);
    cbor_rd_bstr_copy(&c, enrolled.ueid, sizeof(enrolled.ueid));
    cbor_rd_bstr_copy(&c, enrolled.nonce, sizeof(enrolled.nonce));
    selection_read_wanted(&c, &enrolled.wanted);
    if (!cbor_rd_end(&c)) {
        return fault_at(ret_fault, RULE_WIRE_ENROLLED, FAULT_NO_EVENT, rd_offset(&c.rd));
    }
    *ret = enrolled;
    return 0;
}

void
enrolled_write(struct wr *wr, const struct enrolled *enrolled)
{
    cbor_wr_array(wr, N_ITEMS);
    cbor_wr_uint(wr, enrolled->state);
    cbor_wr_uint(wr, enrolled->next_s);
    cbor_wr_bstr(wr, BYTES_OF(enrolled->ueid));
    cbor_wr_bstr(wr, BYTES_OF(enrolled->nonce));
    selection_write_wanted(wr, &enrolled->wanted);
}
