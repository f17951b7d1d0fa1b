#include "lib/ima-signer.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>

#include "base/b64.h"
#include "base/wr.h"
#include "lib/check.h"

/* Keys are made once a process. */
static EVP_PKEY *
key_of(enum ima_signer signer)
{
    static EVP_PKEY *keys[SIGNER_N];
    static const char *const curves[SIGNER_N] = {
        [SIGNER_P256] = "P-256", [SIGNER_P384] = "P-384", [SIGNER_P521] = "P-521"};

    if (!keys[signer]) {
        keys[signer] = curves[signer]              ? EVP_EC_gen(curves[signer])
                       : signer == SIGNER_RSA_1024 ? EVP_RSA_gen(1024)
                                                   : EVP_RSA_gen(2048);
    }
    CHECK(keys[signer]);
    return keys[signer];
}

struct bytes
ima_signer_spki(enum ima_signer signer)
{
    static uint8_t rooms[SIGNER_N][600];
    uint8_t *at = rooms[signer];
    int len = i2d_PUBKEY(key_of(signer), NULL);

    CHECK(len > 0 && (size_t)len <= sizeof(rooms[0]));
    CHECK_EQ(i2d_PUBKEY(key_of(signer), &at), len);
    return bytes_of(rooms[signer], (size_t)len);
}

/* As evmctl has it: of SHA-1 over the key alone. */
uint32_t
ima_signer_id(enum ima_signer signer)
{
    uint8_t *bits = NULL;
    uint8_t digest[EVP_MAX_MD_SIZE];
    int len = i2d_PublicKey(key_of(signer), &bits);

    CHECK(len > 0);
    CHECK_EQ(EVP_Digest(bits, (size_t)len, digest, NULL, EVP_sha1(), NULL), 1);
    OPENSSL_free(bits);
    return (uint32_t)digest[16] << 24 | (uint32_t)digest[17] << 16 | (uint32_t)digest[18] << 8 |
           digest[19];
}

const char *
ima_signer_item(enum ima_signer signer)
{
    static char rooms[SIGNER_N][900] = {{0}};
    size_t len = (size_t)snprintf(rooms[signer], 8, "spki:");

    len += b64_write(rooms[signer] + len, ima_signer_spki(signer));
    snprintf(rooms[signer] + len, sizeof(rooms[0]) - len, " ");
    return rooms[signer];
}

/* Numbers of include/uapi/linux/hash_info.h. */
static uint8_t
kernel_id(enum hash hash)
{
    return hash == HASH_SHA1 ? 2 : hash == HASH_SHA256 ? 4 : hash == HASH_SHA384 ? 5 : 6;
}

const struct ima_signature *
ima_signer_sign(enum ima_signer signer, enum hash hash, struct bytes digest)
{
    static struct ima_signature ret;
    struct wr wr = wr_init(ret.bytes, sizeof(ret.bytes));
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key_of(signer), NULL);
    uint8_t value[512];
    size_t len = sizeof(value);

    CHECK(context && EVP_PKEY_sign_init(context) == 1);
    CHECK_EQ(EVP_PKEY_CTX_set_signature_md(context, EVP_get_digestbyname(hash_name(hash))), 1);
    CHECK_EQ(EVP_PKEY_sign(context, value, &len, digest.p, digest.len), 1);
    EVP_PKEY_CTX_free(context);
    wr_u8(&wr, 3); /* EVM_IMA_XATTR_DIGSIG */
    wr_u8(&wr, 2);
    wr_u8(&wr, kernel_id(hash));
    wr_be32(&wr, ima_signer_id(signer));
    wr_be16(&wr, (uint16_t)len);
    wr_bytes(&wr, bytes_of(value, len));
    CHECK(!wr.failed);
    ret.len = wr.len;
    return &ret;
}

struct bytes
ima_signer_attribute(enum ima_signer signer, enum hash hash, uint8_t b)
{
    uint8_t digest[HASH_SIZE_MAX];
    const struct ima_signature *made;

    memset(digest, b, sizeof(digest));
    made = ima_signer_sign(signer, hash, bytes_of(digest, hash_size(hash)));
    return bytes_of(made->bytes, made->len);
}
