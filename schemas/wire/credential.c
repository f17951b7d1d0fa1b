#include "wire/credential.h"

#include "base/cbor-rd.h"
#include "base/cbor-wr.h"

enum { N_ITEMS = 7, NAME_MAX_SIZE = LIMIT_TPM_NAME_BYTES };

int
credential_read(struct bytes in, struct credential *ret, struct fault *ret_fault)
{
    struct cbor_rd c = cbor_rd_init(in);
    struct credential credential = {0};
    struct bytes label;

    cbor_rd_array(&c, N_ITEMS);
    label = cbor_rd_tstr(&c, LIMIT_TEXT);
    credential.site = cbor_rd_tstr(&c, LIMIT_SITE);
    credential.identity = cbor_rd_tstr(&c, LIMIT_IDENTITY);
    credential.id_object = cbor_rd_bstr(&c, LIMIT_CREDENTIAL);
    credential.secret = cbor_rd_bstr(&c, LIMIT_SECRET);
    credential.ek = cbor_rd_bstr(&c, 32);
    credential.ak_name = cbor_rd_bstr(&c, NAME_MAX_SIZE);
    if (!cbor_rd_end(&c) || !bytes_equal(label, bytes_str(CREDENTIAL_LABEL)) ||
        credential.site.len == 0 || credential.identity.len == 0 || credential.id_object.len == 0 ||
        credential.secret.len == 0 || credential.ek.len != 32 || credential.ak_name.len == 0) {
        return fault_at(ret_fault, RULE_WIRE_CREDENTIAL, FAULT_NO_EVENT, rd_offset(&c.rd));
    }
    *ret = credential;
    return 0;
}

void
credential_write(struct wr *wr, const struct credential *credential)
{
    cbor_wr_array(wr, N_ITEMS);
    cbor_wr_tstr(wr, CREDENTIAL_LABEL);
    cbor_wr_tstr_view(wr, credential->site);
    cbor_wr_tstr_view(wr, credential->identity);
    cbor_wr_bstr(wr, credential->id_object);
    cbor_wr_bstr(wr, credential->secret);
    cbor_wr_bstr(wr, credential->ek);
    cbor_wr_bstr(wr, credential->ak_name);
}
