#include "keeper/enrol.h"

#include <errno.h>
#include <stdlib.h>

#include "crypto/cose.h"
#include "crypto/makecred.h"
#include "crypto/roca.h"
#include "wire/credential.h"

enum { PAYLOAD_ROOM = 1024 };

void
enrol_done(struct enrol *enrol)
{
    pubkey_freep(&enrol->ek_key);
}

/* Fingerprint, digest, name and identities of keys that were found good. */
static int
derive(struct keeper *keeper, struct enrol *enrol)
{
    struct bytes site = keeper->setup.site;
    uint8_t spki[1024];
    size_t len = 0;
    int r = pubkey_spki(enrol->ek_key, spki, sizeof(spki), &len);

    if (r == 0) {
        r = hasher_bytes(keeper->hasher, HASH_SHA256, bytes_of(spki, len), enrol->fingerprint);
    }
    if (r == 0) {
        r = hasher_bytes(keeper->hasher, HASH_SHA256, enrol->ek.area, enrol->ek_digest);
    }
    if (r == 0) {
        r = tpm_public_name(&enrol->ak, keeper->hasher, enrol->ak_name, &enrol->ak_name_len);
    }
    if (r == 0) {
        r = ident_ueid(keeper->hasher, site, enrol->ek.area, enrol->ueid);
    }
    if (r == 0) {
        r = ident_keys(keeper->hasher, site, enrol->ek.area,
                       bytes_of(enrol->ak_name, enrol->ak_name_len), enrol->ident);
    }
    return r;
}

/* Whether quotes can be verified with this AK: found here, not at the first evidence, when its row
 * is made already. Returns 0, 1, or a negative errno. */
static int
ak_usable(const struct tpm_public *ak)
{
    struct pubkey *key = NULL;
    int r = tpm_public_key(ak, &key);

    pubkey_free(key);
    return r > 0 ? 1 : r;
}

int
enrol_read(struct keeper *keeper, struct bytes body, struct enrol *ret, struct fault *ret_fault)
{
    int r;

    *ret = (struct enrol){0};
    if (enroll_read(body, &ret->wire, ret_fault) != 0 ||
        tpm_public_read(ret->wire.ek, &ret->ek, ret_fault) != 0 ||
        tpm_public_check_ek(&ret->ek, &ret->template, ret_fault) != 0 ||
        tpm_public_read(ret->wire.ak, &ret->ak, ret_fault) != 0 ||
        tpm_public_check_ak(&ret->ak, TPM_AK_DEFAULT, ret_fault) != 0) {
        return 1;
    }
    r = tpm_public_key(&ret->ek, &ret->ek_key);
    if (r != 0) {
        return r < 0 ? r : fault_at(ret_fault, RULE_ENROL_EK_KEY, FAULT_NO_EVENT, 0);
    }
    r = ak_usable(&ret->ak);
    if (r != 0) {
        return r < 0 ? r : fault_at(ret_fault, RULE_ENROL_AK_KEY, FAULT_NO_EVENT, 0);
    }
    if (roca_suspected(ret->ek.rsa_n) || roca_suspected(ret->ak.rsa_n)) {
        return fault_at(ret_fault, RULE_ENROL_WEAK_KEY, FAULT_NO_EVENT, 0);
    }
    return derive(keeper, ret);
}

/* TPM2_MakeCredential of the PSK of a fresh identity. */
static int
make_blob(struct keeper *keeper, const struct enrol *enrol, char identity[IDENT_TEXT_SIZE + 1],
          struct makecred_blob *blob)
{
    const struct ident_master *masters = keeper->setup.masters;
    struct makecred_ek ek = {
        .key = enrol->ek_key,
        .name_alg = hash_from_tpm_id(enrol->ek.name_alg),
        .aes_bits = enrol->ek.symmetric_bits,
    };
    struct ident ident = {
        .master_id = masters[0].id,
        .epoch = ident_epoch_new(keeper->clock->utc_ms(keeper->clock->context)),
    };
    struct makecred_secret psk;
    int r;

    memcpy(ident.keys, enrol->ident, sizeof(ident.keys));
    r = ident_write(keeper->hasher, &masters[0], &ident, identity);
    if (r == 0) {
        r = ident_psk(keeper->hasher, masters, IDENT_MASTERS_MAX, &ident, psk.b);
    }
    if (r == 0) {
        r = makecred(keeper->hasher, &ek, bytes_of(enrol->ak_name, enrol->ak_name_len), &psk, NULL,
                     blob);
    }
    wipe(&psk, sizeof(psk));
    return r > 0 ? -EINVAL : r;
}

int
enrol_credential(struct keeper *keeper, const struct enrol *enrol, struct wr *wr)
{
    char identity[IDENT_TEXT_SIZE + 1];
    struct makecred_blob blob;
    struct credential credential;
    uint8_t room[PAYLOAD_ROOM];
    struct wr payload = wr_init(room, sizeof(room));
    struct cose_header header = {
        .typ = COSE_TYP_NONE,
        .chain = keeper->setup.chain,
        .n_chain = keeper->setup.n_chain,
    };
    int r = make_blob(keeper, enrol, identity, &blob);

    if (r < 0) {
        return r;
    }
    credential = (struct credential){
        .site = keeper->setup.site,
        .identity = bytes_str(identity),
        .id_object = bytes_of(blob.id, blob.id_len),
        .secret = bytes_of(blob.enc, blob.enc_len),
        .ek = BYTES_OF(enrol->ek_digest),
        .ak_name = bytes_of(enrol->ak_name, enrol->ak_name_len),
    };
    credential_write(&payload, &credential);
    if (!wr_done(&payload).p) {
        return -ENOSPC;
    }
    return cose_sign1_write(wr, &header, BYTES_NULL, wr_done(&payload), keeper->site_key,
                            keeper->hasher);
}
