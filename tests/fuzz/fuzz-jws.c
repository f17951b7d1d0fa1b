/* A compact JWS from anywhere: split, header, verification. */
#include "crypto/jose.h"
#include "lib/fuzz.h"

/* RFC 7515 appendix A.3.1: the key of the seed that verifies. */
static const uint8_t key_x[] = {0x7f, 0xcd, 0xce, 0x27, 0x70, 0xf6, 0xc4, 0x5d, 0x41, 0x83, 0xcb,
                                0xee, 0x6f, 0xdb, 0x4b, 0x7b, 0x58, 0x07, 0x33, 0x35, 0x7b, 0xe9,
                                0xef, 0x13, 0xba, 0xcf, 0x6e, 0x3c, 0x7b, 0xd1, 0x54, 0x45};
static const uint8_t key_y[] = {0xc7, 0xf1, 0x44, 0xcd, 0x1b, 0xbd, 0x9b, 0x7e, 0x87, 0x2c, 0xdf,
                                0xed, 0xb9, 0xee, 0xb9, 0xf4, 0xb3, 0x69, 0x5d, 0x6e, 0xa9, 0x0b,
                                0x24, 0xad, 0x8a, 0x46, 0x23, 0x28, 0x85, 0x88, 0xe5, 0xad};

void
fuzz_one(struct bytes in)
{
    static struct hasher *hasher;
    static struct pubkey *key;
    static uint8_t room[LIMIT_TOKEN_BYTES];
    struct jose jose;
    int r;

    if (!hasher) {
        hasher = hasher_new();
        FUZZ_ASSERT(hasher);
        FUZZ_ASSERT(pubkey_from_point(KEY_P256, BYTES_OF(key_x), BYTES_OF(key_y), &key) == 0);
    }
    r = jose_read(in, room, sizeof(room), &jose);
    FUZZ_ASSERT(r >= 0);
    if (r == 0) {
        FUZZ_ASSERT(jose.signing_input.len < in.len);
        r = jose_verify(&jose, key, hasher);
        FUZZ_ASSERT(jose.alg == JOSE_RS256 ? r == JOSE_E_ALG : r == 0 || r == JOSE_E_SIGNATURE);
    }
}
