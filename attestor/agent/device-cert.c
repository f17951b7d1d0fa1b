#include "agent/device-cert.h"

#include <errno.h>

#include "crypto/der-sig.h"

enum { SPKI_P256_SIZE = 91, SERIAL_SIZE = 16, TBS_SIZE = 269, HEAD = 4 };

/* SEQUENCE of 265 bytes; version 3; INTEGER of 16 bytes */
static const uint8_t tbs_head[] = {0x30, 0x82, 0x01, 0x09, 0xa0,       0x03,
                                   0x02, 0x01, 0x02, 0x02, SERIAL_SIZE};

/* ecdsa-with-SHA256, RFC 5758 section 3.2 */
static const uint8_t algorithm[] = {0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86,
                                    0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};

/* CN=assay device, as issuer and as subject */
static const uint8_t name[] = {0x30, 0x17, 0x31, 0x15, 0x30, 0x13, 0x06, 0x03, 0x55,
                               0x04, 0x03, 0x0c, 0x0c, 'a',  's',  's',  'a',  'y',
                               ' ',  'd',  'e',  'v',  'i',  'c',  'e'};

/* 2000-01-01 to 9999-12-31: the key has no end of its own, RFC 5280 section 4.1.2.5 */
static const uint8_t validity[] = {0x30, 0x20, 0x17, 0x0d, '0', '0',  '0',  '1', '0', '1', '0', '0',
                                   '0',  '0',  '0',  '0',  'Z', 0x18, 0x0f, '9', '9', '9', '9', '1',
                                   '2',  '3',  '1',  '2',  '3', '5',  '9',  '5', '9', 'Z'};

/* critical: no CA; critical: digitalSignature; clientAuth */
static const uint8_t extensions[] = {
    0xa3, 0x35, 0x30, 0x33, 0x30, 0x0c, 0x06, 0x03, 0x55, 0x1d, 0x13, 0x01, 0x01, 0xff,
    0x04, 0x02, 0x30, 0x00, 0x30, 0x0e, 0x06, 0x03, 0x55, 0x1d, 0x0f, 0x01, 0x01, 0xff,
    0x04, 0x04, 0x03, 0x02, 0x07, 0x80, 0x30, 0x13, 0x06, 0x03, 0x55, 0x1d, 0x25, 0x04,
    0x0c, 0x30, 0x0a, 0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02};

int
device_cert_tbs(struct hasher *hasher, struct bytes spki, struct wr *wr)
{
    size_t start = wr->len;
    uint8_t serial[32];
    int r;

    if (spki.len != SPKI_P256_SIZE) {
        return -EINVAL;
    }
    r = hasher_bytes(hasher, HASH_SHA256, spki, serial);
    if (r < 0) {
        return r;
    }
    serial[0] = (uint8_t)((serial[0] & 0x7f) | 0x40); /* positive, and not shorter */
    wr_bytes(wr, BYTES_OF(tbs_head));
    wr_bytes(wr, bytes_of(serial, SERIAL_SIZE));
    wr_bytes(wr, BYTES_OF(algorithm));
    wr_bytes(wr, BYTES_OF(name));
    wr_bytes(wr, BYTES_OF(validity));
    wr_bytes(wr, BYTES_OF(name));
    wr_bytes(wr, spki);
    wr_bytes(wr, BYTES_OF(extensions));
    return wr->failed ? -ENOSPC : wr->len - start == TBS_SIZE ? 0 : -EINVAL;
}

int
device_cert_write(struct bytes tbs, const uint8_t signature[64], struct wr *wr)
{
    uint8_t der[DER_SIG_MAX];
    size_t len = 0;

    if (tbs.len != TBS_SIZE ||
        der_sig_write(bytes_of(signature, 32), bytes_of(signature + 32, 32), der, &len) != 0) {
        return -EINVAL;
    }
    wr_u8(wr, 0x30);
    wr_u8(wr, 0x82);
    wr_be16(wr, (uint16_t)(tbs.len + sizeof(algorithm) + 3 + len));
    wr_bytes(wr, tbs);
    wr_bytes(wr, BYTES_OF(algorithm));
    wr_u8(wr, 0x03); /* BIT STRING, no unused bits */
    wr_u8(wr, (uint8_t)(len + 1));
    wr_u8(wr, 0);
    wr_bytes(wr, bytes_of(der, len));
    return wr->failed ? -ENOSPC : 0;
}

bool
device_cert_is_of(struct bytes certificate, struct bytes tbs)
{
    return certificate.len > HEAD + tbs.len && certificate.len <= DEVICE_CERT_ROOM &&
           memcmp(certificate.p + HEAD, tbs.p, tbs.len) == 0;
}
