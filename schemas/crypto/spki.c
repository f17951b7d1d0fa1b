#include "crypto/spki.h"

#include "base/rd.h"

enum { DER_INTEGER = 0x02, DER_BITS = 0x03, DER_SEQUENCE = 0x30 };

/* AlgorithmIdentifier of each curve: id-ecPublicKey and the named curve. */
static const uint8_t alg_p256[] = {0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
                                   0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
static const uint8_t alg_p384[] = {0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d,
                                   0x02, 0x01, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22};
static const uint8_t alg_p521[] = {0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d,
                                   0x02, 0x01, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23};
/* rsaEncryption with NULL parameters, and the exponent 65537. */
static const uint8_t alg_rsa[] = {0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                  0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00};
static const uint8_t exponent[] = {0x02, 0x03, 0x01, 0x00, 0x01};

static const struct {
    struct bytes alg;
    size_t size;
} curves[] = {
    [SPKI_P256] = {BYTES_OF(alg_p256), 32},
    [SPKI_P384] = {BYTES_OF(alg_p384), 48},
    [SPKI_P521] = {BYTES_OF(alg_p521), 66},
};

/* Bytes of tag and length before a body of n bytes. */
static size_t
head_len(size_t n)
{
    return n < 0x80 ? 2 : n < 0x100 ? 3 : 4;
}

static void
wr_head(struct wr *wr, uint8_t tag, size_t n)
{
    wr_u8(wr, tag);
    if (n < 0x80) {
        wr_u8(wr, (uint8_t)n);
    } else if (n < 0x100) {
        wr_u8(wr, 0x81);
        wr_u8(wr, (uint8_t)n);
    } else {
        wr_u8(wr, 0x82);
        wr_be16(wr, (uint16_t)n);
    }
}

static struct bytes
without_zeros(struct bytes number)
{
    struct rd rd = rd_init(number);
    struct rd next = rd;

    while (rd_left(&next) > 0 && rd_u8(&next) == 0) {
        rd = next;
    }
    return rd_rest(&rd);
}

static void
wr_padded(struct wr *wr, struct bytes number, size_t size)
{
    for (size_t i = number.len; i < size; i++) {
        wr_u8(wr, 0);
    }
    wr_bytes(wr, number);
}

int
spki_from_ec(struct wr *wr, enum spki_curve curve, struct bytes x, struct bytes y)
{
    size_t size = curves[curve].size;
    size_t bits = 2 + 2 * size; /* unused bits, 0x04 (uncompressed), x, y */

    x = without_zeros(x);
    y = without_zeros(y);
    if (x.len > size || y.len > size || x.len + y.len == 0) {
        return SPKI_E_FORM;
    }
    wr_head(wr, DER_SEQUENCE, curves[curve].alg.len + head_len(bits) + bits);
    wr_bytes(wr, curves[curve].alg);
    wr_head(wr, DER_BITS, bits);
    wr_u8(wr, 0);
    wr_u8(wr, 4);
    wr_padded(wr, x, size);
    wr_padded(wr, y, size);
    return wr->failed ? SPKI_E_FORM : SPKI_OK;
}

int
spki_from_rsa(struct wr *wr, struct bytes modulus)
{
    struct bytes n = without_zeros(modulus);
    size_t integer;
    size_t key;
    size_t bits;

    if (n.len == 0 || n.len > SPKI_RSA_BYTES_MAX) {
        return SPKI_E_FORM;
    }
    integer = n.len + (n.p[0] >= 0x80 ? 1 : 0);
    key = head_len(integer) + integer + sizeof(exponent);
    bits = 1 + head_len(key) + key;
    wr_head(wr, DER_SEQUENCE, sizeof(alg_rsa) + head_len(bits) + bits);
    wr_bytes(wr, BYTES_OF(alg_rsa));
    wr_head(wr, DER_BITS, bits);
    wr_u8(wr, 0);
    wr_head(wr, DER_SEQUENCE, key);
    wr_head(wr, DER_INTEGER, integer);
    wr_padded(wr, n, integer);
    wr_bytes(wr, BYTES_OF(exponent));
    return wr->failed ? SPKI_E_FORM : SPKI_OK;
}
