/* Makes a credential for tpm2_activatecredential: `makecred-file EK.PUB AK.NAME OUT` reads a
 * TPM2B_PUBLIC and a name, takes the 32-byte secret from standard input and writes the file that
 * tpm2-tools reads (magic, version, TPM2B_ID_OBJECT, TPM2B_ENCRYPTED_SECRET). */
#include <stdio.h>
#include <stdlib.h>

#include "base/rd.h"
#include "base/wr.h"
#include "crypto/makecred.h"
#include "lib/check.h"

enum { ALG_RSA = 1, ALG_AES = 6, ALG_CFB = 0x43, ALG_NULL = 0x10, ALG_ECC = 0x23 };

static __attribute__((noreturn)) void
die(const char *what)
{
    fprintf(stderr, "makecred-file: %s\n", what);
    exit(1);
}

static int
read_unique(struct rd *rd, uint16_t type, struct pubkey **ret_key)
{
    static const enum key_kind kinds[] = {[3] = KEY_P256, [4] = KEY_P384, [5] = KEY_P521};
    uint16_t size_or_curve = rd_be16(rd);
    struct bytes a;
    struct bytes b;

    if (type == ALG_RSA) {
        (void)rd_be32(rd); /* exponent, 0 for 65537 */
        a = rd_bytes(rd, rd_be16(rd));
        return a.len * 8 == size_or_curve ? pubkey_from_rsa(a, 65537, ret_key) : 1;
    }
    (void)rd_be16(rd); /* kdf */
    a = rd_bytes(rd, rd_be16(rd));
    b = rd_bytes(rd, rd_be16(rd));
    return size_or_curve >= 3 && size_or_curve <= 5
               ? pubkey_from_point(kinds[size_or_curve], a, b, ret_key)
               : 1;
}

static void
read_ek(struct bytes in, struct makecred_ek *ek, struct pubkey **ret_key)
{
    struct rd rd = rd_init(in);
    uint16_t size = rd_be16(&rd);
    uint16_t type = rd_be16(&rd);

    ek->name_alg = hash_from_tpm_id(rd_be16(&rd));
    (void)rd_be32(&rd);
    (void)rd_bytes(&rd, rd_be16(&rd));
    if (size + 2u != in.len || rd_be16(&rd) != ALG_AES) {
        die("not an endorsement key");
    }
    ek->aes_bits = rd_be16(&rd);
    if (rd_be16(&rd) != ALG_CFB || rd_be16(&rd) != ALG_NULL ||
        read_unique(&rd, type, ret_key) != 0 || !rd_end(&rd)) {
        die("not an endorsement key");
    }
    ek->key = *ret_key;
}

static void
write_file(const char *path, const struct makecred_blob *blob)
{
    static const uint8_t head[] = {0xba, 0xdc, 0xc0, 0xde, 0, 0, 0, 1};
    FILE *file = fopen(path, "wbe");

    if (!file || fwrite(head, 1, sizeof(head), file) != sizeof(head) ||
        fwrite(blob->id, 1, blob->id_len, file) != blob->id_len ||
        fwrite(blob->enc, 1, blob->enc_len, file) != blob->enc_len || fclose(file) != 0) {
        die("cannot write");
    }
}

int
main(int argc, char **argv)
{
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    CLEANUP(pubkey_freep) struct pubkey *key = NULL;
    struct makecred_ek ek = {0};
    struct makecred_secret secret;
    struct makecred_blob blob;
    struct bytes pub;
    struct bytes name;

    if (argc != 4 || !check_file(argv[1], &pub) || !check_file(argv[2], &name) ||
        fread(secret.b, 1, sizeof(secret.b), stdin) != sizeof(secret.b)) {
        die("usage: makecred-file EK.PUB AK.NAME OUT <SECRET");
    }
    read_ek(pub, &ek, &key);
    if (makecred(hasher, &ek, name, &secret, NULL, &blob) != 0) {
        die("refused");
    }
    write_file(argv[3], &blob);
    return 0;
}
