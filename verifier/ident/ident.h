/* PSK identities and keys, derived and never stored: identity = base64url(master id 1 ||
 * SHA-256(site, EK, AK name)[16] || epoch 2 || tag 8), PSK = HKDF-SHA-256(master, identity). Both
 * front and keeper hold the master; a guess is refused by its tag, without a look-up. Protocol
 * page, Identity 3 and 7. */
#pragma once

#include "crypto/digest.h"
#include "base/limits.h"

#define IDENT_MASTER_SIZE 32u
#define IDENT_MASTERS_MAX 2u /* the live one and the one before it, during a rotation */
#define IDENT_TEXT_SIZE 36u  /* characters, without the NUL */
#define IDENT_KEYS_SIZE 16u  /* bytes of the digest over site, EK and AK name */
#define IDENT_PSK_SIZE 32u

struct ident_master {
    uint8_t id; /* 0: slot unused */
    uint8_t key[IDENT_MASTER_SIZE];
};

struct ident {
    uint8_t master_id;
    uint8_t keys[IDENT_KEYS_SIZE];
    uint16_t epoch;
};

/* First 16 bytes of SHA-256 over deterministic CBOR ["assay-id-1", site, EK TPMT_PUBLIC, AK name].
 * Returns 0 or a negative errno. */
MUST_CHECK int ident_keys(struct hasher *hasher, struct bytes site, struct bytes ek_public,
                          struct bytes ak_name, uint8_t ret[IDENT_KEYS_SIZE]);

/* UEID: 0x01 || SHA-256 over deterministic CBOR ["assay-ueid-1", site, EK TPMT_PUBLIC]. */
MUST_CHECK int ident_ueid(struct hasher *hasher, struct bytes site, struct bytes ek_public,
                          uint8_t ret[33]);

/* Text of an identity under its master, NUL-ended. Returns 0 or a negative errno. */
MUST_CHECK int ident_write(struct hasher *hasher, const struct ident_master *master,
                           const struct ident *ident, char ret[IDENT_TEXT_SIZE + 1]);

/* Reads an identity that one of the masters made. Returns 0, 1 for anything else, or a negative
 * errno. */
MUST_CHECK int ident_read(struct hasher *hasher, const struct ident_master *masters,
                          size_t n_masters, struct bytes text, struct ident *ret);

/* PSK of an identity that ident_read() accepted or ident_write() made. The caller wipes it. */
MUST_CHECK int ident_psk(struct hasher *hasher, const struct ident_master *masters,
                         size_t n_masters, const struct ident *ident, uint8_t ret[IDENT_PSK_SIZE]);

/* Whether a master of `before` is none of `after` (IDENT_MASTERS_MAX each): what was derived of it
 * must open nothing. */
bool ident_masters_lost(const struct ident_master *before, const struct ident_master *after);

/* A PSK ends with its epoch, 30 days; in the last third of it devices fetch one of the next, so
 * that a device which comes each ten days never has none. Protocol page, Identity 7. */
#define IDENT_EPOCH_MS (INT64_C(30) * 86400 * 1000)

/* Epoch that a time lies in, and that of an identity made then. */
uint16_t ident_epoch(int64_t utc_ms);
uint16_t ident_epoch_new(int64_t utc_ms);

/* Whether the next identity should be fetched, each device from its own time in the first three
 * quarters of the last third on: a fleet of one day must not enrol in one minute. */
bool ident_is_old(const struct ident *ident, int64_t utc_ms);

/* Whether it serves no more: of an epoch that is over, or of one that nobody has begun to hand out
 * (a clock was ahead). Its holder may enrol again and no more. */
bool ident_ended(const struct ident *ident, int64_t utc_ms);
