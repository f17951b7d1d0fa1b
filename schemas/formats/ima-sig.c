#include "formats/ima-sig.h"

#include "base/rd.h"

/* Numbers of the kernel's enum hash_algo (include/uapi/linux/hash_info.h), which are ABI. */
static enum hash
hash_from_kernel_id(uint8_t id)
{
    switch (id) {
    case 2:
        return HASH_SHA1;
    case 4:
        return HASH_SHA256;
    case 5:
        return HASH_SHA384;
    case 6:
        return HASH_SHA512;
    case 17:
        return HASH_SM3_256;
    case 20:
        return HASH_SHA3_256;
    case 21:
        return HASH_SHA3_384;
    case 22:
        return HASH_SHA3_512;
    default:
        return HASH_N;
    }
}

static bool
type_fits(uint8_t type, uint8_t version)
{
    return type == IMA_SIG_VERITY
               ? version == 3
               : (type == IMA_SIG_FILE || type == IMA_SIG_EVM) && (version == 2 || version == 3);
}

int
ima_sig_read(struct bytes field, struct ima_sig *ret, struct fault *ret_fault)
{
    struct rd rd = rd_init(field);
    uint8_t type = rd_u8(&rd);
    uint8_t version = rd_u8(&rd);
    struct ima_sig sig = {.type = (enum ima_sig_type)type, .version = version};
    size_t value_len;

    sig.hash = hash_from_kernel_id(rd_u8(&rd));
    sig.key_id = rd_be32(&rd);
    value_len = rd_be16(&rd);
    sig.value = rd_bytes(&rd, value_len);
    if (!type_fits(type, version)) {
        return fault_at(ret_fault, RULE_IMA_SIG, FAULT_NO_EVENT, 0);
    }
    if (!rd_end(&rd) || value_len == 0) {
        return fault_at(ret_fault, RULE_IMA_SIG, FAULT_NO_EVENT, rd_offset(&rd));
    }
    *ret = sig;
    return 0;
}
