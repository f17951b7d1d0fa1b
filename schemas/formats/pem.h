/* PEM armour, RFC 7468: as many blocks a file as there are; text between them is passed over. */
#pragma once

#include "base/rd.h"

enum pem_outcome {
    PEM_OK,
    PEM_E_NONE, /* no further block of that kind */
    PEM_E_FORM, /* a block that does not end, is no base64 or does not fit; rd is behind its head */
};

/* Decodes the next certificate block into room. Returns 0 with the length, or an outcome. */
MUST_CHECK int pem_next(struct rd *rd, uint8_t *room, size_t cap, size_t *ret_len);

/* The same of blocks that have another label, as in "PUBLIC KEY" (RFC 7468 section 13). */
MUST_CHECK int pem_next_of(struct rd *rd, const char *label, uint8_t *room, size_t cap,
                           size_t *ret_len);

/* Base64 of RFC 4648 section 4 alone: padded, no white space. Returns 0 with the length, or
 * PEM_E_FORM, also when it gives more than cap bytes. */
MUST_CHECK int pem_base64(struct bytes text, uint8_t *room, size_t cap, size_t *ret_len);
