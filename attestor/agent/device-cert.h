/* The self-signed certificate of the device key, for mutual TLS with bound tokens (RFC 8705). It
 * says nothing but the key: all its fields are the same on every device but key and serial number,
 * which is made of the key. So the same key gives the same certificate up to the signature, and a
 * kept one can be told from another's. RFC 5280. */
#pragma once

#include "base/wr.h"
#include "crypto/digest.h"

#define DEVICE_CERT_ROOM 512u

/* Appends what is signed. spki is the key's DER SubjectPublicKeyInfo (crypto/spki.h, P-256).
 * Returns 0, -EINVAL for a key of another size, or another negative errno. */
MUST_CHECK int device_cert_tbs(struct hasher *hasher, struct bytes spki, struct wr *wr);

/* Appends the certificate: tbs with its signature, r || s. Returns 0 or -EINVAL. */
MUST_CHECK int device_cert_write(struct bytes tbs, const uint8_t signature[64], struct wr *wr);

/* Whether a kept certificate is of this tbs; the signature is not looked at. */
bool device_cert_is_of(struct bytes certificate, struct bytes tbs);
