#include "lib/softek.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/rd.h"
#include "crypto/kdf.h"
#include "lib/check.h"

struct softek
softek_new(enum key_kind kind, unsigned rsa_bits, enum hash name_alg, unsigned aes_bits)
{
    static const char *const groups[] = {
        [KEY_P256] = "P-256", [KEY_P384] = "P-384", [KEY_P521] = "P-521"};
    struct softek ek = {.name_alg = name_alg, .aes_bits = aes_bits};
    unsigned char *der = NULL;
    int len;

    ek.pkey = kind == KEY_RSA ? EVP_RSA_gen(rsa_bits) : EVP_EC_gen(groups[kind]);
    CHECK(ek.pkey);
    len = i2d_PUBKEY(ek.pkey, &der);
    CHECK(len > 0);
    CHECK_EQ(pubkey_from_spki(bytes_of(der, (size_t)len), &ek.public), 0);
    OPENSSL_free(der);
    return ek;
}

void
softek_done(struct softek *ek)
{
    EVP_PKEY_free(ek->pkey);
    pubkey_free(ek->public);
}

struct makecred_ek
softek_ek(const struct softek *ek)
{
    return (struct makecred_ek){ek->public, ek->name_alg, ek->aes_bits};
}

static bool
open_rsa(const struct softek *ek, struct bytes secret, uint8_t *seed)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(ek->pkey, NULL);
    const EVP_MD *md = EVP_get_digestbyname(hash_name(ek->name_alg));
    uint8_t room[512];
    size_t len = sizeof(room);
    bool ok;

    CHECK_EQ(EVP_PKEY_decrypt_init(context), 1);
    CHECK_EQ(EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING), 1);
    CHECK_EQ(EVP_PKEY_CTX_set_rsa_oaep_md(context, md), 1);
    CHECK_EQ(EVP_PKEY_CTX_set_rsa_mgf1_md(context, md), 1);
    CHECK_EQ(EVP_PKEY_CTX_set0_rsa_oaep_label(context, OPENSSL_memdup("IDENTITY", 9), 9), 1);
    ok = EVP_PKEY_decrypt(context, room, &len, secret.p, secret.len) == 1 &&
         len == hash_size(ek->name_alg);
    if (ok) {
        memcpy(seed, room, len);
    }
    EVP_PKEY_CTX_free(context);
    return ok;
}

static EVP_PKEY *
import_point(const struct softek *ek, struct bytes x, struct bytes y)
{
    struct pubkey *key = NULL;
    uint8_t spki[256];
    const unsigned char *at = spki;
    size_t len = 0;

    if (pubkey_from_point(pubkey_kind(ek->public), x, y, &key) != 0) {
        return NULL;
    }
    CHECK_EQ(pubkey_spki(key, spki, sizeof(spki), &len), 0);
    pubkey_free(key);
    return d2i_PUBKEY(NULL, &at, (long)len);
}

static bool
open_ecc(const struct softek *ek, struct hasher *hasher, struct bytes secret, uint8_t *seed)
{
    size_t size = key_coord_size(pubkey_kind(ek->public));
    struct rd rd = rd_init(secret);
    struct bytes x = rd_bytes(&rd, rd_be16(&rd));
    struct bytes y = rd_bytes(&rd, rd_be16(&rd));
    EVP_PKEY *peer = rd_end(&rd) ? import_point(ek, x, y) : NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(ek->pkey, NULL);
    uint8_t own_x[66];
    uint8_t own_y[66];
    uint8_t z[66];
    size_t len = sizeof(z);
    bool ok = peer && x.len == size && EVP_PKEY_derive_init(context) == 1 &&
              EVP_PKEY_derive_set_peer(context, peer) == 1 &&
              EVP_PKEY_derive(context, z, &len) == 1;

    CHECK_EQ(pubkey_point(ek->public, own_x, own_y), 0);
    if (ok) {
        CHECK_EQ(kdf_e(hasher, ek->name_alg, bytes_of(z, len), "IDENTITY", x, bytes_of(own_x, size),
                       seed),
                 0);
    }
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(peer);
    return ok;
}

static void
decrypt(const struct softek *ek, const uint8_t *key, struct bytes in, uint8_t *out)
{
    static const uint8_t iv[16];
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    int n = 0;

    CHECK_EQ(EVP_DecryptInit_ex2(context,
                                 ek->aes_bits == 256 ? EVP_aes_256_cfb128() : EVP_aes_128_cfb128(),
                                 key, iv, NULL),
             1);
    CHECK_EQ(EVP_DecryptUpdate(context, out, &n, in.p, (int)in.len), 1);
    EVP_CIPHER_CTX_free(context);
}

/* The identity object once the seed is known. */
static int
open_id(const struct softek *ek, struct hasher *hasher, const uint8_t *seed_bytes,
        struct bytes name, struct rd *id, uint8_t out[64])
{
    size_t size = hash_size(ek->name_alg);
    struct bytes seed = bytes_of(seed_bytes, size);
    struct bytes mac = rd_bytes(id, rd_be16(id));
    struct bytes parts[] = {rd_rest(id), name};
    uint8_t key[64];
    uint8_t expected[64];
    uint8_t plain[2 + 64];
    struct rd rd;

    if (id->failed || parts[0].len > sizeof(plain)) {
        return -1;
    }
    CHECK_EQ(kdf_a(hasher, ek->name_alg, seed, "INTEGRITY", BYTES_NULL, BYTES_NULL, key, size), 0);
    CHECK_EQ(hasher_hmac(hasher, ek->name_alg, bytes_of(key, size), parts, 2, expected), 0);
    if (!bytes_equal(mac, bytes_of(expected, size))) {
        return -1;
    }
    CHECK_EQ(kdf_a(hasher, ek->name_alg, seed, "STORAGE", name, BYTES_NULL, key, ek->aes_bits / 8),
             0);
    decrypt(ek, key, parts[0], plain);
    rd = rd_init(bytes_of(plain, parts[0].len));
    if (rd_be16(&rd) != rd_left(&rd)) {
        return -1;
    }
    memcpy(out, plain + 2, rd_left(&rd));
    return (int)rd_left(&rd);
}

int
softek_activate(const struct softek *ek, struct hasher *hasher, struct bytes name,
                const struct makecred_blob *blob, uint8_t out[64])
{
    struct rd id = rd_init(bytes_of(blob->id, blob->id_len));
    struct rd enc = rd_init(bytes_of(blob->enc, blob->enc_len));
    uint8_t seed[64];
    bool ok;

    if (rd_be16(&id) != rd_left(&id) || rd_be16(&enc) != rd_left(&enc)) {
        return -1;
    }
    ok = pubkey_kind(ek->public) == KEY_RSA ? open_rsa(ek, rd_rest(&enc), seed)
                                            : open_ecc(ek, hasher, rd_rest(&enc), seed);
    return ok ? open_id(ek, hasher, seed, name, &id, out) : -1;
}
