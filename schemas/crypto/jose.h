/* JWS compact serialisation with ES256 and RS256 (RFC 7515 section 7.1, RFC 7518 sections 3.3 and
 * 3.4) and the JWKS that publishes its keys (RFC 7517). We write tokens for others and read back
 * what we wrote: nothing here takes a foreign header's word for an algorithm, a key or an address.
 *
 * The header that we read is a JSON object of at most alg, kid and typ, each a string without
 * escapes, no white space, each once; anything else (crit, jwk, jku, x5u, b64, …) is refused, also
 * where the RFC would have it ignored. */
#pragma once

#include "base/json-wr.h"
#include "base/limits.h"
#include "crypto/p256.h"
#include "crypto/privkey.h"

enum jose_outcome {
    JOSE_OK,
    JOSE_E_FORM, /* not three parts of strict base64url, too long, or a signature of a wrong size */
    JOSE_E_HEADER, /* not the header described above */
    JOSE_E_ALG, /* no alg, another alg than ES256 and RS256 ("none" too), or a key of another kind
                 */
    JOSE_E_SIGNATURE, /* not by this key over these bytes */
};

enum jose_alg { JOSE_ES256, JOSE_RS256 };

struct jose {
    enum jose_alg alg;          /* as the header says: the key decides, see jose_verify() */
    struct bytes signing_input; /* view into the text */
    struct bytes kid;           /* views into the room; empty when absent */
    struct bytes typ;
    struct bytes payload;
    uint8_t signature[RS256_SIG_MAX];
    size_t signature_len; /* ES256_SIG_SIZE, or 256 to RS256_SIG_MAX */
};

/* Takes a JWS apart; says nothing about its signature. Header and payload are decoded into room,
 * which must hold 3/4 of the text. Text longer than LIMIT_TOKEN_BYTES is refused.
 * Returns 0, JOSE_E_FORM, JOSE_E_HEADER or JOSE_E_ALG; ret_jose is untouched unless 0. */
MUST_CHECK int jose_read(struct bytes text, uint8_t *room, size_t cap, struct jose *ret_jose);

/* Verifies the signature and nothing else: kid and typ are the caller's to check. Returns 0,
 * JOSE_E_SIGNATURE, JOSE_E_ALG when the key is not P-256 for ES256, or RSA of 2048 bits or more for
 * RS256, or a negative errno. */
MUST_CHECK int jose_verify(const struct jose *jose, struct pubkey *key, struct hasher *hasher);

/* Signs and appends the text, with the one algorithm of the key's kind. kid and typ are printable
 * ASCII without quote and backslash; a kid that is empty is left out. Returns 0, -ENOSPC when wr
 * has no room, -EINVAL for such a kid or typ, or another errno. */
MUST_CHECK int jose_write(struct wr *wr, const char *typ, struct bytes kid, struct bytes payload,
                          struct privkey *key, struct hasher *hasher);

/* How long the text of so long a payload becomes; 0 for a kid or typ that cannot be. */
size_t jose_size(const char *typ, struct bytes kid, size_t payload_len, const struct privkey *key);

/* A key to publish; kid is ASCII, in our sets the thumbprint as base64url. */
struct jose_key {
    struct p256 point;
    struct bytes kid;
    struct bytes rsa_n; /* modulus: the key is RSA, and point is not used; .p == NULL: P-256 */
};

/* RFC 7638 section 3 of an RSA key with e = 65537. Returns 0 or a negative errno. */
MUST_CHECK int jose_rsa_thumb(struct bytes n, struct hasher *hasher, uint8_t ret_thumb[32]);

/* {"keys":[{"alg":"ES256","crv":"P-256","kid":…,"kty":"EC","use":"sig","x":…,"y":…},
 * {"alg":"RS256","e":"AQAB","kid":…,"kty":"RSA","n":…,"use":"sig"},…]} */
void jose_key_set_write(struct json_wr *j, const struct jose_key *keys, size_t n);
