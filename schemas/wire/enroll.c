#include "wire/enroll.h"

#include "base/cbor-rd.h"
#include "base/cbor-wr.h"

enum enroll_key {
    KEY_CERTS = 1,
    KEY_EK = 2,
    KEY_AK = 3,
    KEY_CODE = 4,
    KEY_MAKER = 5,
    KEY_MODEL = 6,
    KEY_SERIAL = 7,
    N_KEYS = 7,
};

static void
certs_read(struct cbor_rd *c, struct enroll *enroll)
{
    enroll->n_certs = cbor_rd_array_max(c, LIMIT_CERTS);
    for (size_t i = 0; i < enroll->n_certs && !cbor_rd_failed(c); i++) {
        enroll->certs[i] = cbor_rd_bstr(c, LIMIT_CERT_BYTES);
        if (enroll->certs[i].len == 0) {
            cbor_rd_fail(c);
        }
    }
}

static void
field_read(struct cbor_rd *c, int64_t key, struct enroll *enroll)
{
    switch (key) {
    case KEY_CERTS:
        certs_read(c, enroll);
        break;
    case KEY_EK:
        enroll->ek = cbor_rd_bstr(c, LIMIT_PUBLIC);
        break;
    case KEY_AK:
        enroll->ak = cbor_rd_bstr(c, LIMIT_PUBLIC);
        break;
    case KEY_CODE:
        enroll->code = cbor_rd_tstr(c, LIMIT_CODE);
        break;
    case KEY_MAKER:
        enroll->maker = cbor_rd_tstr(c, LIMIT_TEXT);
        break;
    case KEY_MODEL:
        enroll->model = cbor_rd_tstr(c, LIMIT_TEXT);
        break;
    case KEY_SERIAL:
        enroll->serial = cbor_rd_tstr(c, LIMIT_TEXT);
        break;
    default:
        cbor_rd_fail(c);
    }
}

int
enroll_read(struct bytes in, struct enroll *ret, struct fault *ret_fault)
{
    struct cbor_rd c = cbor_rd_init(in);
    struct cbor_map map = cbor_rd_map(&c, N_KEYS);
    struct enroll enroll = {0};
    bool has_certs = false;
    int64_t key;

    while (cbor_map_next_int(&c, &map, &key)) {
        field_read(&c, key, &enroll);
        has_certs = has_certs || key == KEY_CERTS;
    }
    if (!cbor_rd_end(&c) || !has_certs || enroll.ek.len == 0 || enroll.ak.len == 0) {
        return fault_at(ret_fault, RULE_WIRE_ENROLL, FAULT_NO_EVENT, rd_offset(&c.rd));
    }
    *ret = enroll;
    return 0;
}

static void
text_write(struct wr *wr, enum enroll_key key, struct bytes text)
{
    if (text.p) {
        cbor_wr_uint(wr, key);
        cbor_wr_tstr_view(wr, text);
    }
}

void
enroll_write(struct wr *wr, const struct enroll *enroll)
{
    size_t n_texts = 0u + (enroll->code.p != NULL) + (enroll->maker.p != NULL) +
                     (enroll->model.p != NULL) + (enroll->serial.p != NULL);

    cbor_wr_map(wr, 3 + n_texts);
    cbor_wr_uint(wr, KEY_CERTS);
    cbor_wr_array(wr, enroll->n_certs);
    for (size_t i = 0; i < enroll->n_certs; i++) {
        cbor_wr_bstr(wr, enroll->certs[i]);
    }
    cbor_wr_uint(wr, KEY_EK);
    cbor_wr_bstr(wr, enroll->ek);
    cbor_wr_uint(wr, KEY_AK);
    cbor_wr_bstr(wr, enroll->ak);
    text_write(wr, KEY_CODE, enroll->code);
    text_write(wr, KEY_MAKER, enroll->maker);
    text_write(wr, KEY_MODEL, enroll->model);
    text_write(wr, KEY_SERIAL, enroll->serial);
}
