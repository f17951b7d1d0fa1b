/* What the reader accepts writes back to the same bytes, and is no signature of these keys. */
#include "formats/tpm-signature.h"
#include "lib/fuzz.h"

#include <stdlib.h>

/* The base point of P-256, FIPS 186-4 D.1.2.3: a key that is on the curve and easy to write down */
static const uint8_t base_x[] = {
    0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40, 0xf2,
    0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96,
};
static const uint8_t base_y[] = {
    0x4f, 0xe3, 0x42, 0xe2, 0xfe, 0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16,
    0x2b, 0xce, 0x33, 0x57, 0x6b, 0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5,
};
static struct hasher *hasher;
static struct pubkey *keys[2];

static void
make_keys(void)
{
    uint8_t n[256];

    memset(n, 0xff, sizeof(n));
    hasher = hasher_new();
    if (!hasher || pubkey_from_point(KEY_P256, BYTES_OF(base_x), BYTES_OF(base_y), &keys[0]) != 0 ||
        pubkey_from_rsa(BYTES_OF(n), 65537, &keys[1]) != 0) {
        abort();
    }
}

/* An area of that scheme and hash lets the signature through to the key; any other does not. */
static void
verify(const struct tpm_signature *signature)
{
    static const struct tpm_public other = {.scheme = TPM_ALG_NULL};
    struct tpm_public same = {.scheme_hash = hash_tpm_id(signature->alg)};

    same.scheme = signature->scheme == SIG_ECDSA    ? TPM_ALG_ECDSA
                  : signature->scheme == SIG_RSASSA ? TPM_ALG_RSASSA
                                                    : TPM_ALG_RSAPSS;
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        struct fault fault = {.rule = RULE_NONE};
        struct bytes message = bytes_str("message");

        FUZZ_ASSERT(tpm_signature_verify(&other, keys[i], signature, message, hasher, &fault) > 0);
        FUZZ_ASSERT(fault.rule == RULE_SIGNATURE_SCHEME);
        FUZZ_ASSERT(tpm_signature_verify(&same, keys[i], signature, message, hasher, &fault) > 0);
        FUZZ_ASSERT(fault.rule != RULE_SIGNATURE_SCHEME);
        FUZZ_ASSERT(tpm_signature_verify(NULL, keys[i], signature, message, hasher, NULL) > 0);
    }
}

void
fuzz_one(struct bytes in)
{
    struct tpm_signature signature;
    struct fault fault = {.rule = RULE_NONE};
    uint8_t *room;
    struct wr wr;

    if (tpm_signature_read(in, &signature, &fault) != 0) {
        FUZZ_ASSERT(fault.rule != RULE_NONE && fault.offset <= in.len);
        return;
    }
    if (!hasher) {
        make_keys();
    }
    verify(&signature);
    room = malloc(in.len);
    if (room) {
        wr = wr_init(room, in.len);
        tpm_signature_write(&wr, &signature);
        FUZZ_ASSERT(bytes_equal(wr_done(&wr), in));
    }
    free(room);
}
