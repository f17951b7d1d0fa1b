#include "formats/authvar.h"

#include "formats/der.h"
#include "formats/efiguid.h"
#include "formats/siglist.h"

enum {
    CERT_REVISION = 0x0200,
    CERT_TYPE_EFI_GUID = 0x0ef1, /* WIN_CERT_TYPE_EFI_GUID */
    CERT_HEAD = 8 + EFIGUID_LEN,
};

/* EFI_TIME with all zero that section 8.2.2 wants zero. */
static bool
time_read(struct rd *rd, struct authvar *v)
{
    bool zero;

    v->year = rd_le16(rd);
    v->month = rd_u8(rd);
    v->day = rd_u8(rd);
    zero = rd_u8(rd) < 24;
    zero = rd_u8(rd) < 60 && zero;
    zero = rd_u8(rd) < 60 && zero;
    zero = rd_u8(rd) == 0 && zero;   /* Pad1 */
    zero = rd_le32(rd) == 0 && zero; /* Nanosecond */
    zero = rd_le16(rd) == 0 && zero; /* TimeZone */
    zero = rd_le16(rd) == 0 && zero; /* Daylight, Pad2 */
    return zero && !rd->failed && v->year >= 1900 && v->year <= 9999 && v->month >= 1 &&
           v->month <= 12 && v->day >= 1 && v->day <= 31;
}

/* WIN_CERTIFICATE_UEFI_GUID of the kind PKCS #7, whose data is one DER element. */
static bool
signature_read(struct rd *rd, struct authvar *v)
{
    static const uint8_t pkcs7[EFIGUID_LEN] = {0x9d, 0xd2, 0xaf, 0x4a, 0xdf, 0x68, 0xee, 0x49,
                                               0x8a, 0xa9, 0x34, 0x7d, 0x37, 0x56, 0x65, 0xa7};
    uint32_t len = rd_le32(rd);
    uint16_t revision = rd_le16(rd);
    uint16_t type = rd_le16(rd);
    struct bytes guid = rd_bytes(rd, EFIGUID_LEN);
    struct rd data;

    if (rd->failed || len < CERT_HEAD || revision != CERT_REVISION || type != CERT_TYPE_EFI_GUID ||
        !bytes_equal(guid, BYTES_OF(pkcs7))) {
        return false;
    }
    data = rd_sub(rd, len - CERT_HEAD);
    v->signature = der_whole(&data, DER_SEQUENCE);
    return rd_end(&data);
}

/* Every list to the end, so that nobody has to take half of a file back. */
static int
lists_check(struct bytes lists, uint64_t offset, struct fault *ret_fault)
{
    struct siglist list = siglist_init(lists);
    struct siglist_entry entry;
    struct fault fault = {0};
    size_t n = 0;
    int r;

    while ((r = siglist_next(&list, &entry, &fault)) == 0) {
        n++;
    }
    if (r == SIGLIST_FAULT) {
        return fault_at(ret_fault, fault.rule, FAULT_NO_EVENT, offset + fault.offset);
    }
    return n > 0 ? 0 : fault_at(ret_fault, RULE_AUTHVAR_EMPTY, FAULT_NO_EVENT, offset);
}

int
authvar_read(struct bytes in, struct authvar *ret, struct fault *ret_fault)
{
    struct rd rd = rd_init(in);
    struct authvar v;
    size_t lists_at;

    if (!time_read(&rd, &v)) {
        return fault_at(ret_fault, RULE_AUTHVAR_TIME, FAULT_NO_EVENT, 0);
    }
    if (!signature_read(&rd, &v)) {
        return fault_at(ret_fault, RULE_AUTHVAR_SIGNATURE, FAULT_NO_EVENT, 16);
    }
    lists_at = rd_offset(&rd);
    v.lists = rd_rest(&rd);
    if (lists_check(v.lists, lists_at, ret_fault) != 0) {
        return 1;
    }
    *ret = v;
    return 0;
}
