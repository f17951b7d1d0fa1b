#include "formats/x509-trim.h"

#include "formats/der.h"

/* {tag 1001, type 00 (full), size, tag 1002}: big-endian, the size counts the inner tag. */
static struct bytes
skip_stored_head(struct bytes in)
{
    struct rd rd = rd_init(in);
    uint16_t outer = rd_be16(&rd);
    uint8_t type = rd_u8(&rd);
    uint16_t size = rd_be16(&rd);
    uint16_t inner;

    if (outer != 0x1001 || type != 0 || size < 2 || size > rd_left(&rd)) {
        return in;
    }
    inner = rd_be16(&rd);
    return inner == 0x1002 ? rd_rest(&rd) : in;
}

int
x509_trim(struct bytes in, struct fault *ret_fault, struct bytes *ret_der)
{
    struct rd rd = rd_init(skip_stored_head(in));
    struct bytes der = der_whole(&rd, DER_SEQUENCE);
    struct rd padding = rd;
    uint8_t first = rd_u8(&padding);

    if (rd.failed) {
        return fault_at(ret_fault, RULE_X509_DER, FAULT_NO_EVENT, 0);
    }
    while (rd_left(&rd) > 0) {
        if (rd_u8(&rd) != first) {
            return fault_at(ret_fault, RULE_X509_PADDING, FAULT_NO_EVENT, rd_offset(&rd) - 1);
        }
    }
    *ret_der = der;
    return 0;
}
