#include "keeper/keys.h"

#include <errno.h>
#include <stdlib.h>

#include "base/b64.h"
#include "base/log.h"
#include "crypto/cose-key.h"
#include "crypto/jose.h"
#include "keeper/audit-sign.h"
#include "keeper/open.h"
#include "keeper/policies.h"

/* The token key's names, and the set that tells it and those that are published beside it. */
static int
open_key_set(struct keeper *keeper)
{
    const struct keeper_setup *setup = &keeper->setup;
    struct cose_key set[1 + SETUP_TOKEN_MORE];
    uint8_t thumbs[SETUP_TOKEN_MORE][P256_THUMB_SIZE];
    struct wr wr = wr_init(keeper->key_set, sizeof(keeper->key_set));
    uint8_t thumb[P256_THUMB_SIZE];
    int r = privkey_point(keeper->token_key, set[0].point.x, set[0].point.y);

    if (r == 0) {
        r = p256_cose_thumb(&set[0].point, keeper->hasher, keeper->cose_kid);
    }
    if (r == 0) {
        r = p256_jwk_thumb(&set[0].point, keeper->hasher, thumb);
    }
    for (size_t i = 0; r == 0 && i < setup->n_token_more; i++) {
        r = p256_cose_thumb(&setup->token_more[i], keeper->hasher, thumbs[i]);
        set[i + 1] = (struct cose_key){setup->token_more[i], BYTES_OF(thumbs[i])};
    }
    if (r != 0) {
        return r;
    }
    (void)b64_write(keeper->token_kid, BYTES_OF(thumb));
    set[0].kid = BYTES_OF(keeper->cose_kid);
    cose_key_set_write(&wr, set, 1 + setup->n_token_more);
    keeper->key_set_len = wr_done(&wr).len;
    return keeper->key_set_len > 0 ? 0 : -ENOSPC;
}

/* The RSA token key, where the site has one. */
static int
open_rsa_key(struct keeper *keeper)
{
    struct bytes pem = keeper->setup.rsa_key;
    uint8_t n[RS256_SIG_MAX];
    uint8_t thumb[32];
    size_t len = 0;
    int r = pem.len ? privkey_rsa_from_pem(pem, &keeper->rsa_key) : 0;

    if (r != 0 || !keeper->rsa_key) {
        return r;
    }
    wipe((void *)(uintptr_t)pem.p, pem.len);
    r = privkey_rsa_modulus(keeper->rsa_key, n, &len);
    if (r == 0) {
        r = jose_rsa_thumb(bytes_of(n, len), keeper->hasher, thumb);
    }
    if (r == 0) {
        (void)b64_write(keeper->rsa_kid, BYTES_OF(thumb));
    }
    return r;
}

int
keys_open(struct keeper *keeper)
{
    struct keeper_setup *setup = &keeper->setup;
    int r = privkey_from_pem(setup->token_key, &keeper->token_key);

    if (r != 0) {
        return keeper_fail("token key", r);
    }
    r = privkey_from_pem(setup->site_key, &keeper->site_key);
    if (r != 0) {
        return keeper_fail("site key", r);
    }
    /* the texts have served; the objects hold the keys from here on */
    wipe((void *)(uintptr_t)setup->token_key.p, setup->token_key.len);
    wipe((void *)(uintptr_t)setup->site_key.p, setup->site_key.len);
    r = open_rsa_key(keeper);
    if (r != 0) {
        return keeper_fail("RSA token key", r);
    }
    r = open_key_set(keeper);
    return r == 0 ? 0 : keeper_fail("key set", r);
}

static void
swap_keys(struct privkey **a, struct privkey **b)
{
    struct privkey *kept = *a;

    *a = *b;
    *b = kept;
}

/* From a keeper that holds nothing but fresh keys; the old ones go over to it. Nothing fails here.
 */
static void
move(struct keeper *keeper, struct keeper *fresh)
{
    struct policies *policies = keeper->policies;
    uint8_t *bytes = keeper->key_bytes;
    size_t len = keeper->key_bytes_len;

    swap_keys(&keeper->token_key, &fresh->token_key);
    swap_keys(&keeper->rsa_key, &fresh->rsa_key);
    swap_keys(&keeper->site_key, &fresh->site_key);
    if (!keeper->key_bytes) { /* the keys of the setup: nothing points there from here on */
        const uint8_t *from = keeper->setup.store_path.p + keeper->setup.store_path.len;
        const uint8_t *to = keeper->setup.audit_key.p + keeper->setup.audit_key.len;

        wipe((void *)(uintptr_t)from, (size_t)(to - from));
    }
    keeper->setup = fresh->setup;
    memcpy(keeper->token_kid, fresh->token_kid, sizeof(keeper->token_kid));
    memcpy(keeper->rsa_kid, fresh->rsa_kid, sizeof(keeper->rsa_kid));
    memcpy(keeper->cose_kid, fresh->cose_kid, sizeof(keeper->cose_kid));
    memcpy(keeper->key_set, fresh->key_set, sizeof(keeper->key_set));
    keeper->key_set_len = fresh->key_set_len;
    keeper->policies = fresh->policies;
    keeper->policies_told = POLICIES_NONE;
    keeper->sets_told = 0;
    fresh->policies = policies;
    keeper->key_bytes = fresh->key_bytes;
    keeper->key_bytes_len = fresh->key_bytes_len;
    fresh->key_bytes = bytes;
    fresh->key_bytes_len = len;
}

/* The bundle as the new keys see it. */
static int
read_policies(const struct keeper *keeper, struct keeper *fresh)
{
    int r = -ENOMEM;

    fresh->policies = policies_new();
    if (fresh->policies) {
        policies_folder_as(fresh->policies, keeper->policies);
        r = policies_start(fresh->policies, keeper->store, keeper->hasher, fresh->setup.policy_keys,
                           fresh->setup.n_policy_keys);
    }
    return r == 0 ? 0 : keeper_fail("policy bundle", r);
}

/* Returns as keys_renew(); fresh's own to free in any case. */
static int
read_fresh(struct keeper *keeper, struct bytes body, struct keeper *fresh)
{
    int r;

    fresh->hasher = keeper->hasher;
    fresh->setup = keeper->setup;
    fresh->key_bytes = malloc(body.len ? body.len : 1);
    if (!fresh->key_bytes) {
        return -ENOMEM;
    }
    memcpy(fresh->key_bytes, body.p, body.len);
    fresh->key_bytes_len = body.len;
    r = keeper_keys_read(bytes_of(fresh->key_bytes, body.len), &fresh->setup);
    if (r != 0) {
        return 1;
    }
    r = keys_open(fresh);
    return r == 0 ? read_policies(keeper, fresh) : r;
}

int
keys_renew(struct keeper *keeper, struct bytes body)
{
    struct keeper *fresh = calloc(1, sizeof(*fresh));
    int r = fresh ? read_fresh(keeper, body, fresh) : -ENOMEM;

    if (r == 0) {
        r = audit_sign_renew(keeper, fresh->setup.audit_key);
        r = r == 0 ? 0 : keeper_fail("audit key", r);
    }
    if (r == 0) {
        move(keeper, fresh);
        keeper_policies_tell(keeper);
    }
    if (fresh) {
        privkey_free(fresh->token_key);
        privkey_free(fresh->rsa_key);
        privkey_free(fresh->site_key);
        policies_free(fresh->policies);
        keys_forget(fresh);
        wipe(fresh, sizeof(*fresh));
    }
    free(fresh);
    wipe((void *)(uintptr_t)body.p, body.len);
    return r;
}

void
keys_forget(struct keeper *keeper)
{
    if (keeper->key_bytes) {
        wipe(keeper->key_bytes, keeper->key_bytes_len);
        free(keeper->key_bytes);
        keeper->key_bytes = NULL;
    }
}
