/* Public keys and certificates as sets of keys. */
#include <errno.h>

#include "appraise/file-key.h"
#include "base/b64.h"
#include "formats/pem.h"
#include "formats/x509.h"
#include "import/import.h"
#include "policy/policy-put.h"

/* One file on its way to a set. */
struct keys {
    FILE *out;
    struct hasher *hasher;
    size_t n;
    struct fault *fault;
};

static int
no_key(const struct keys *keys)
{
    return fault_at(keys->fault, RULE_IMPORT_KEYS, FAULT_NO_EVENT, 0);
}

/* ski: that of a certificate, which a kernel looks its key up by; empty: made of the key. */
static int
put_key(struct keys *keys, const struct pubkey *key, struct bytes ski)
{
    char text[B64_LEN(LIMIT_BUNDLE_SPKI) + 1];
    uint8_t spki[LIMIT_BUNDLE_SPKI];
    struct wr wr = wr_init(spki, sizeof(spki));
    uint32_t id = 0;
    int r = file_key_write(key, &wr);

    if (r != 0) {
        return no_key(keys);
    }
    if (ski.len >= 4) {
        struct rd rd = rd_init(bytes_of(ski.p + ski.len - 4, 4));

        id = rd_be32(&rd);
    } else {
        r = file_key_id(key, keys->hasher, &id);
    }
    if (r == 0) {
        b64_write(text, wr_done(&wr));
        fprintf(keys->out, "  # %s of %u bits\n  spki:%s id %08x\n",
                pubkey_kind(key) == KEY_RSA ? "RSA" : "ECC", pubkey_bits(key), text, id);
        keys->n++;
    }
    return r;
}

static int
put_spki(struct keys *keys, struct bytes der)
{
    CLEANUP(pubkey_freep) struct pubkey *key = NULL;
    int r = file_key_read(der, &key);

    return r > 0 ? no_key(keys) : r < 0 ? r : put_key(keys, key, BYTES_NULL);
}

static int
put_cert(struct keys *keys, struct bytes der)
{
    CLEANUP(pubkey_freep) struct pubkey *key = NULL;
    struct x509 cert;
    int r = x509_read(der, keys->fault, &cert);

    if (r != 0) {
        return r;
    }
    r = x509_key(&cert, &key);
    return r > 0 ? no_key(keys) : r < 0 ? r : put_key(keys, key, cert.ski);
}

/* All blocks of a label. */
static int
put_blocks(struct keys *keys, struct bytes file, const char *label,
           int (*put)(struct keys *keys, struct bytes der))
{
    struct rd rd = rd_init(file);
    uint8_t room[LIMIT_CERT_BYTES];
    size_t len = 0;
    int r;

    while ((r = pem_next_of(&rd, label, room, sizeof(room), &len)) == 0) {
        r = put(keys, bytes_of(room, len));
        if (r != 0) {
            return r;
        }
    }
    return r == PEM_E_NONE ? 0 : no_key(keys);
}

/* DER begins with a SEQUENCE, which no text does; a certificate is told from a key by reading it as
 * one. */
static int
put_file(struct keys *keys, struct bytes file)
{
    struct x509 cert;
    int r;

    if (file.len > 0 && file.p[0] == 0x30) {
        return x509_read(file, NULL, &cert) == 0 ? put_cert(keys, file) : put_spki(keys, file);
    }
    r = put_blocks(keys, file, "CERTIFICATE", put_cert);
    r = r == 0 ? put_blocks(keys, file, "PUBLIC KEY", put_spki) : r;
    return r == 0 && keys->n == 0 ? no_key(keys) : r;
}

int
import_keys(FILE *out, struct hasher *hasher, const struct import_ask *ask,
            struct import_fault *ret_fault)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < ask->n; i++) {
        const struct import_file *file = &ask->files[i];
        struct keys keys = {.out = out, .hasher = hasher, .fault = &ret_fault->fault};
        char name[IMPORT_NAME_ROOM];

        ret_fault->file = i;
        r = import_origin(out, hasher, "keys of", file);
        fprintf(out, "set keys %s", import_name(file, "keys/", name));
        if (file->published) {
            fprintf(out, " published %s", file->published);
        }
        fprintf(out, " {\n");
        r = r == 0 ? put_file(&keys, file->bytes) : r;
        fprintf(out, "}\n");
    }
    return r;
}
