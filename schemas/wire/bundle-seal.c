/* The signed form of a bundle: a seal in a COSE_Sign1. */
#include <errno.h>

#include "wire/bundle-part.h"

enum { SEAL_ITEMS = 4, TAG_SIGN1 = 0xd2 };

int
bundle_seal_read(struct bytes in, struct bundle_seal *ret, struct fault *ret_fault)
{
    struct cbor_rd c = cbor_rd_init(in);
    struct bundle_seal seal;

    cbor_rd_array(&c, SEAL_ITEMS);
    seal.sequence = part_uint(&c, INT64_MAX);
    seal.issued_s = cbor_rd_uint(&c, UINT32_MAX);
    seal.not_after_s = cbor_rd_uint(&c, UINT32_MAX);
    seal.body = cbor_rd_bstr(&c, LIMIT_BUNDLE_BYTES);
    cbor_rd_require(&c, seal.body.len > 0);
    cbor_rd_require(&c, seal.not_after_s == 0 || seal.not_after_s > seal.issued_s);
    if (!cbor_rd_end(&c)) {
        return fault_at(ret_fault, RULE_WIRE_BUNDLE, FAULT_NO_EVENT, rd_offset(&c.rd));
    }
    *ret = seal;
    return 0;
}

void
bundle_seal_write(struct wr *wr, const struct bundle_seal *seal)
{
    cbor_wr_array(wr, SEAL_ITEMS);
    cbor_wr_uint(wr, seal->sequence);
    cbor_wr_uint(wr, seal->issued_s);
    cbor_wr_uint(wr, seal->not_after_s);
    cbor_wr_bstr(wr, seal->body);
}

bool
bundle_is_signed(struct bytes in)
{
    return in.len > 0 && in.p[0] == TAG_SIGN1;
}

int
bundle_sign(struct wr *wr, const struct bundle_seal *seal, struct bytes kid, struct wr *room,
            struct privkey *key, struct hasher *hasher)
{
    const struct cose_header header = {.kid = kid, .typ = COSE_TYP_NONE};
    struct bytes payload;

    bundle_seal_write(room, seal);
    payload = wr_done(room);
    if (!payload.p) {
        return -ENOSPC;
    }
    return cose_sign1_write(wr, &header, bytes_str(BUNDLE_PROFILE), payload, key, hasher);
}

static int
refuse(enum rule rule, struct fault *ret_fault)
{
    return fault_at(ret_fault, rule, FAULT_NO_EVENT, 0);
}

int
bundle_open(struct bytes in, struct pubkey *key, struct hasher *hasher, uint64_t last,
            uint64_t now_s, struct bundle_seal *ret, struct fault *ret_fault)
{
    struct cose_sign1 message;
    struct bundle_seal seal;
    int r;

    if (cose_sign1_read(in, &message) != 0) {
        return refuse(RULE_BUNDLE_SIGNATURE, ret_fault);
    }
    r = cose_sign1_verify(&message, bytes_str(BUNDLE_PROFILE), key, hasher);
    if (r != 0) {
        return r < 0 ? r : refuse(RULE_BUNDLE_SIGNATURE, ret_fault);
    }
    if (bundle_seal_read(message.payload, &seal, ret_fault) != 0) {
        return 1;
    }
    if (seal.sequence < last) {
        return refuse(RULE_BUNDLE_BACK, ret_fault);
    }
    /* a bundle of tomorrow is a clock that is wrong, here or there */
    if (now_s > 0 &&
        (now_s < seal.issued_s || (seal.not_after_s > 0 && now_s >= seal.not_after_s))) {
        return refuse(RULE_BUNDLE_LATE, ret_fault);
    }
    *ret = seal;
    return 0;
}
