#include "wire/audit-head.h"

#include <errno.h>

#include "base/cbor-rd.h"
#include "base/cbor-wr.h"
#include "wire/audit-row.h"

enum { N_ITEMS = 5 };

static bool
is_zero(const uint8_t hash[32])
{
    static const uint8_t zero[32];

    return memcmp(hash, zero, sizeof(zero)) == 0;
}

int
audit_head_read(struct bytes in, struct audit_head *ret, struct fault *ret_fault)
{
    struct cbor_rd c = cbor_rd_init(in);
    struct audit_head head = {0};
    struct bytes label;

    cbor_rd_array(&c, N_ITEMS);
    label = cbor_rd_tstr(&c, LIMIT_TEXT);
    head.site = cbor_rd_tstr(&c, LIMIT_SITE);
    head.count = (int64_t)cbor_rd_uint(&c, (uint64_t)AUDIT_NUMBER_MAX);
    cbor_rd_bstr_copy(&c, head.hash, sizeof(head.hash));
    head.at_ms = (int64_t)cbor_rd_uint(&c, (uint64_t)AUDIT_NUMBER_MAX);
    if (!cbor_rd_end(&c) || !bytes_equal(label, bytes_str(AUDIT_HEAD_LABEL)) ||
        head.site.len == 0 || (head.count == 0 && !is_zero(head.hash))) {
        return fault_at(ret_fault, RULE_WIRE_AUDIT, FAULT_NO_EVENT, rd_offset(&c.rd));
    }
    *ret = head;
    return 0;
}

void
audit_head_write(struct wr *wr, const struct audit_head *head)
{
    if (head->count < 0 || head->at_ms < 0) {
        wr->failed = true;
    }
    cbor_wr_array(wr, N_ITEMS);
    cbor_wr_tstr(wr, AUDIT_HEAD_LABEL);
    cbor_wr_tstr_view(wr, head->site);
    cbor_wr_uint(wr, (uint64_t)head->count);
    cbor_wr_bstr(wr, BYTES_OF(head->hash));
    cbor_wr_uint(wr, (uint64_t)head->at_ms);
}

int
audit_head_sign(struct wr *wr, const struct audit_head *head, struct bytes kid, struct privkey *key,
                struct hasher *hasher)
{
    const struct cose_header header = {.kid = kid, .typ = COSE_TYP_NONE};
    uint8_t room[AUDIT_HEAD_ROOM];
    struct wr payload = wr_init(room, sizeof(room));

    audit_head_write(&payload, head);
    if (!wr_done(&payload).p) {
        return -ENOSPC;
    }
    return cose_sign1_write(wr, &header, BYTES_NULL, wr_done(&payload), key, hasher);
}

int
audit_head_kid(struct bytes in, struct bytes *ret_kid)
{
    struct cose_sign1 message;

    if (cose_sign1_read(in, &message) != 0 || message.kid.len == 0) {
        return 1;
    }
    *ret_kid = message.kid;
    return 0;
}

int
audit_head_open(struct bytes in, struct pubkey *key, struct hasher *hasher, struct audit_head *ret)
{
    struct cose_sign1 message;
    int r = cose_sign1_read(in, &message);

    if (r == 0) {
        r = cose_sign1_verify(&message, BYTES_NULL, key, hasher);
    }
    if (r != 0) {
        return r < 0 ? r : 1;
    }
    return audit_head_read(message.payload, ret, NULL);
}
