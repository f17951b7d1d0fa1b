#include "wire/device-key.h"

#include "base/cbor-rd.h"
#include "base/cbor-wr.h"

enum { KEY_PUBLIC = 0, KEY_CERTIFIED = 1, KEY_CERTIFICATE = 2, N_KEYS = 3, CERTIFIED_MAX = 2048 };

static struct bytes
field_read(struct cbor_rd *c, size_t max)
{
    struct bytes field = cbor_rd_bstr(c, max);

    cbor_rd_require(c, field.len > 0);
    return field;
}

int
device_key_read(struct bytes in, struct device_key *ret, struct fault *ret_fault)
{
    struct cbor_rd c = cbor_rd_init(in);
    struct cbor_map map = cbor_rd_map(&c, N_KEYS);
    struct device_key key = {.public = BYTES_NULL};
    int64_t name;

    while (cbor_map_next_int(&c, &map, &name)) {
        if (name == KEY_PUBLIC) {
            key.public = field_read(&c, LIMIT_PUBLIC);
        } else if (name == KEY_CERTIFIED) {
            key.certified = field_read(&c, CERTIFIED_MAX);
        } else if (name == KEY_CERTIFICATE) {
            key.certificate = field_read(&c, LIMIT_CERT_BYTES);
        } else {
            cbor_rd_fail(&c);
        }
    }
    if (!cbor_rd_end(&c) || !key.public.p || !key.certified.p) {
        return fault_at(ret_fault, RULE_WIRE_DEVICE_KEY, FAULT_NO_EVENT, rd_offset(&c.rd));
    }
    *ret = key;
    return 0;
}

void
device_key_write(struct wr *wr, const struct device_key *key)
{
    cbor_wr_map(wr, 2u + (key->certificate.p != NULL));
    cbor_wr_uint(wr, KEY_PUBLIC);
    cbor_wr_bstr(wr, key->public);
    cbor_wr_uint(wr, KEY_CERTIFIED);
    cbor_wr_bstr(wr, key->certified);
    if (key->certificate.p) {
        cbor_wr_uint(wr, KEY_CERTIFICATE);
        cbor_wr_bstr(wr, key->certificate);
    }
}
