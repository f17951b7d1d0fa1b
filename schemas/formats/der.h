/* DER, X.690 section 10, over the bounded reader: definite, minimal lengths of at most three bytes
 * and one-byte tags only. Each call reads one element and latches the reader's failure when the
 * element is not of the asked tag and form, so that a caller reads a structure and tests once. */
#pragma once

#include "base/rd.h"

enum der_tag {
    DER_NONE = 0,
    DER_BOOL = 0x01,
    DER_INTEGER = 0x02,
    DER_BITS = 0x03,
    DER_OCTETS = 0x04,
    DER_NULL = 0x05,
    DER_OID = 0x06,
    DER_UTF8 = 0x0c,
    DER_PRINTABLE = 0x13,
    DER_IA5 = 0x16,
    DER_UTC_TIME = 0x17,
    DER_TIME = 0x18,
    DER_SEQUENCE = 0x30,
    DER_SET = 0x31,
};

/* Context-specific tags: constructed or primitive [n], n < 31. */
#define DER_CONTEXT(n) (0xa0u + (n))
#define DER_CONTEXT_PLAIN(n) (0x80u + (n))

/* Tag of the next element; DER_NONE at the end or after a failure. */
unsigned der_peek(const struct rd *rd);

/* A reader over the content of the next element. */
struct rd der_enter(struct rd *rd, unsigned tag);

/* The content, or the whole element with its head, as a view. */
struct bytes der_body(struct rd *rd, unsigned tag);
struct bytes der_whole(struct rd *rd, unsigned tag);

/* The next element of any tag, whole. */
struct bytes der_any(struct rd *rd);

/* TRUE is ff and FALSE 00, nothing else. */
bool der_bool(struct rd *rd);

/* Magnitude of a positive, minimal INTEGER without its sign byte. Zero and negatives fail. */
struct bytes der_positive(struct rd *rd);

/* A minimal INTEGER of 0..max. */
uint32_t der_small(struct rd *rd, uint32_t max);

/* Content of a BIT STRING of whole bytes. */
struct bytes der_bit_bytes(struct rd *rd);

/* The first 16 named bits, bit 0 as 0x8000. */
uint16_t der_named_bits(struct rd *rd);

/* UTCTime (1950..2049) or GeneralizedTime with seconds and Z, as RFC 5280 section 4.1.2.5 has them,
 * in seconds since 1970. */
int64_t der_time(struct rd *rd);
