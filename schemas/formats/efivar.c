#include "formats/efivar.h"

#include "base/limits.h"
#include "base/rd.h"
#include "formats/efiguid.h"

int
efivar_read(struct bytes in, struct efivar *ret, struct fault *ret_fault)
{
    struct rd rd = rd_init(in);
    struct efivar var;
    uint64_t n_units;
    uint64_t value_len;

    var.guid = rd_bytes(&rd, EFIGUID_LEN);
    n_units = rd_le64(&rd);
    value_len = rd_le64(&rd);
    if (rd.failed) {
        return fault_at(ret_fault, RULE_EFIVAR_FORM, FAULT_NO_EVENT, 0);
    }
    if (n_units > LIMIT_EFIVAR_NAME) {
        return fault_at(ret_fault, RULE_EFIVAR_NAME, FAULT_NO_EVENT, EFIGUID_LEN);
    }
    var.name = rd_bytes(&rd, (size_t)n_units * 2);
    /* compared before it narrows, as size_t may have 32 bits */
    if (rd.failed || value_len > rd_left(&rd)) {
        return fault_at(ret_fault, RULE_EFIVAR_FORM, FAULT_NO_EVENT, rd_offset(&rd));
    }
    var.value = rd_bytes(&rd, (size_t)value_len);
    var.rest = rd_rest(&rd);
    *ret = var;
    return 0;
}

bool
efivar_is(const struct efivar *var, const char *ascii_name)
{
    struct rd rd = rd_init(var->name);

    while (*ascii_name != '\0' && rd_left(&rd) > 0) {
        if (rd_le16(&rd) != (uint8_t)*ascii_name) {
            return false;
        }
        ascii_name++;
    }
    return *ascii_name == '\0' && rd_end(&rd);
}
