#include "roles/setup.h"

#include "base/cbor-rd.h"
#include "base/cbor-wr.h"

enum { N_KEEPER = 9, N_KEYS = 12, N_FRONT = 9, N_SECRETS = 3 };
enum { N_KEEPER_LIMITS = 4, N_FRONT_LIMITS = 3 };
enum { PEM_MAX = 16384, PATH_MAX_SIZE = 512, ISSUER_MAX = 255 };

static void
masters_read(struct cbor_rd *c, struct ident_master masters[IDENT_MASTERS_MAX])
{
    cbor_rd_array(c, IDENT_MASTERS_MAX);
    for (size_t i = 0; i < IDENT_MASTERS_MAX; i++) {
        cbor_rd_array(c, 2);
        masters[i].id = (uint8_t)cbor_rd_uint(c, UINT8_MAX);
        cbor_rd_bstr_copy(c, masters[i].key, sizeof(masters[i].key));
    }
}

static void
masters_write(struct wr *wr, const struct ident_master masters[IDENT_MASTERS_MAX])
{
    cbor_wr_array(wr, IDENT_MASTERS_MAX);
    for (size_t i = 0; i < IDENT_MASTERS_MAX; i++) {
        cbor_wr_array(wr, 2);
        cbor_wr_uint(wr, masters[i].id);
        cbor_wr_bstr(wr, BYTES_OF(masters[i].key));
    }
}

static void
nonces_read(struct cbor_rd *c, struct nonce_key keys[NONCE_KEYS_MAX])
{
    cbor_rd_array(c, NONCE_KEYS_MAX);
    for (size_t i = 0; i < NONCE_KEYS_MAX; i++) {
        cbor_rd_array(c, 2);
        keys[i].id = (uint8_t)cbor_rd_uint(c, UINT8_MAX);
        cbor_rd_bstr_copy(c, keys[i].key, sizeof(keys[i].key));
    }
}

static void
nonces_write(struct wr *wr, const struct nonce_key keys[NONCE_KEYS_MAX])
{
    cbor_wr_array(wr, NONCE_KEYS_MAX);
    for (size_t i = 0; i < NONCE_KEYS_MAX; i++) {
        cbor_wr_array(wr, 2);
        cbor_wr_uint(wr, keys[i].id);
        cbor_wr_bstr(wr, BYTES_OF(keys[i].key));
    }
}

static size_t
list_read(struct cbor_rd *c, struct bytes *items, size_t max)
{
    size_t n = cbor_rd_array_max(c, max);

    for (size_t i = 0; i < n; i++) {
        items[i] = cbor_rd_bstr(c, LIMIT_CERT_BYTES);
    }
    return n;
}

static void
list_write(struct wr *wr, const struct bytes *items, size_t n)
{
    cbor_wr_array(wr, n);
    for (size_t i = 0; i < n; i++) {
        cbor_wr_bstr(wr, items[i]);
    }
}

/* Nothing, or a whole key: a part of one would be a weak one. */
static struct bytes
pairwise_read(struct cbor_rd *c)
{
    struct bytes key = cbor_rd_bstr(c, SETUP_PAIRWISE_SIZE);

    if (key.len != 0 && key.len != SETUP_PAIRWISE_SIZE) {
        cbor_rd_fail(c);
    }
    return key.len ? key : BYTES_NULL;
}

static enum log_level
level_read(struct cbor_rd *c)
{
    return (enum log_level)cbor_rd_uint(c, LOG_ERROR);
}

/* Public keys as x and y, one behind the other. */
static size_t
points_read(struct cbor_rd *c, struct p256 *points, size_t max)
{
    size_t n = cbor_rd_array_max(c, max);

    for (size_t i = 0; i < n; i++) {
        cbor_rd_bstr_copy(c, (uint8_t *)&points[i], sizeof(points[i]));
    }
    return n;
}

static void
points_write(struct wr *wr, const struct p256 *points, size_t n)
{
    cbor_wr_array(wr, n);
    for (size_t i = 0; i < n; i++) {
        cbor_wr_bstr(wr, bytes_of(&points[i], sizeof(points[i])));
    }
}

_Static_assert(sizeof(struct p256) == 64, "x and y and nothing else");

static void
keys_read(struct cbor_rd *c, struct keeper_setup *ret)
{
    cbor_rd_array(c, N_KEYS);
    masters_read(c, ret->masters);
    nonces_read(c, ret->nonce_keys);
    ret->token_key = cbor_rd_bstr(c, PEM_MAX);
    ret->rsa_key = cbor_rd_bstr(c, PEM_MAX);
    ret->pairwise_key = pairwise_read(c);
    ret->site_key = cbor_rd_bstr(c, PEM_MAX);
    ret->audit_key = cbor_rd_bstr(c, PEM_MAX);
    ret->n_token_more = points_read(c, ret->token_more, SETUP_TOKEN_MORE);
    ret->n_audit_old = points_read(c, ret->audit_old, SETUP_AUDIT_OLD);
    ret->n_policy_keys = points_read(c, ret->policy_keys, SETUP_POLICY_KEYS);
    cbor_rd_bstr_copy(c, ret->stamp, sizeof(ret->stamp));
    ret->n_chain = list_read(c, ret->chain, LIMIT_CHAIN);
}

int
keeper_keys_read(struct bytes in, struct keeper_setup *ret)
{
    struct cbor_rd c = cbor_rd_init(in);

    keys_read(&c, ret);
    return cbor_rd_end(&c) ? 0 : 1;
}

void
keeper_keys_write(struct wr *wr, const struct keeper_setup *setup)
{
    cbor_wr_array(wr, N_KEYS);
    masters_write(wr, setup->masters);
    nonces_write(wr, setup->nonce_keys);
    cbor_wr_bstr(wr, setup->token_key);
    cbor_wr_bstr(wr, setup->rsa_key);
    cbor_wr_bstr(wr, setup->pairwise_key);
    cbor_wr_bstr(wr, setup->site_key);
    cbor_wr_bstr(wr, setup->audit_key);
    points_write(wr, setup->token_more, setup->n_token_more);
    points_write(wr, setup->audit_old, setup->n_audit_old);
    points_write(wr, setup->policy_keys, setup->n_policy_keys);
    cbor_wr_bstr(wr, BYTES_OF(setup->stamp));
    list_write(wr, setup->chain, setup->n_chain);
}

int
keeper_setup_read(struct bytes in, struct keeper_setup *ret)
{
    struct cbor_rd c = cbor_rd_init(in);

    memset(ret, 0, sizeof(*ret));
    cbor_rd_array(&c, N_KEEPER);
    ret->site = cbor_rd_tstr(&c, LIMIT_SITE);
    ret->issuer = cbor_rd_tstr(&c, ISSUER_MAX);
    ret->store_path = cbor_rd_tstr(&c, PATH_MAX_SIZE);
    keys_read(&c, ret);
    ret->audit_tokens = cbor_rd_bool(&c);
    ret->n_anchors = list_read(&c, ret->anchors, SETUP_ANCHORS_MAX);
    ret->pending_max = (uint32_t)cbor_rd_uint(&c, UINT32_MAX);
    ret->pending_days = (uint32_t)cbor_rd_uint(&c, UINT32_MAX);
    ret->log_level = level_read(&c);
    return cbor_rd_end(&c) ? 0 : 1;
}

void
keeper_setup_write(struct wr *wr, const struct keeper_setup *setup)
{
    cbor_wr_array(wr, N_KEEPER);
    cbor_wr_tstr_view(wr, setup->site);
    cbor_wr_tstr_view(wr, setup->issuer);
    cbor_wr_tstr_view(wr, setup->store_path);
    keeper_keys_write(wr, setup);
    cbor_wr_bool(wr, setup->audit_tokens);
    list_write(wr, setup->anchors, setup->n_anchors);
    cbor_wr_uint(wr, setup->pending_max);
    cbor_wr_uint(wr, setup->pending_days);
    cbor_wr_uint(wr, setup->log_level);
}

int
front_secrets_read(struct bytes in, struct front_secrets *ret)
{
    struct cbor_rd c = cbor_rd_init(in);

    memset(ret, 0, sizeof(*ret));
    cbor_rd_array(&c, N_SECRETS);
    masters_read(&c, ret->masters);
    ret->certificate = cbor_rd_bstr(&c, PEM_MAX);
    ret->key = cbor_rd_bstr(&c, PEM_MAX);
    return cbor_rd_end(&c) ? 0 : 1;
}

void
front_secrets_write(struct wr *wr, const struct front_secrets *secrets)
{
    cbor_wr_array(wr, N_SECRETS);
    masters_write(wr, secrets->masters);
    cbor_wr_bstr(wr, secrets->certificate);
    cbor_wr_bstr(wr, secrets->key);
}

static void
shared_read(struct cbor_rd *c, struct shared_keys *keys)
{
    cbor_rd_array(c, 2);
    cbor_rd_bstr_copy(c, keys->ticket[0], sizeof(keys->ticket));
    cbor_rd_bstr_copy(c, keys->cookie[0], sizeof(keys->cookie));
}

int
shared_keys_read(struct bytes in, struct shared_keys *ret)
{
    struct cbor_rd c = cbor_rd_init(in);

    memset(ret, 0, sizeof(*ret));
    shared_read(&c, ret);
    return cbor_rd_end(&c) ? 0 : 1;
}

void
shared_keys_write(struct wr *wr, const struct shared_keys *keys)
{
    cbor_wr_array(wr, 2);
    cbor_wr_bstr(wr, bytes_of(keys->ticket, sizeof(keys->ticket)));
    cbor_wr_bstr(wr, bytes_of(keys->cookie, sizeof(keys->cookie)));
}

int
front_setup_read(struct bytes in, struct front_setup *ret)
{
    struct cbor_rd c = cbor_rd_init(in);

    memset(ret, 0, sizeof(*ret));
    cbor_rd_array(&c, N_FRONT);
    ret->site = cbor_rd_tstr(&c, LIMIT_SITE);
    masters_read(&c, ret->masters);
    ret->certificate = cbor_rd_bstr(&c, PEM_MAX);
    ret->key = cbor_rd_bstr(&c, PEM_MAX);
    shared_read(&c, &ret->shared);
    ret->connections_max = (uint32_t)cbor_rd_uint(&c, UINT32_MAX);
    ret->handshakes_max = (uint32_t)cbor_rd_uint(&c, UINT32_MAX);
    ret->body_max = (uint32_t)cbor_rd_uint(&c, UINT32_MAX);
    ret->log_level = level_read(&c);
    return cbor_rd_end(&c) ? 0 : 1;
}

void
front_setup_write(struct wr *wr, const struct front_setup *setup)
{
    cbor_wr_array(wr, N_FRONT);
    cbor_wr_tstr_view(wr, setup->site);
    masters_write(wr, setup->masters);
    cbor_wr_bstr(wr, setup->certificate);
    cbor_wr_bstr(wr, setup->key);
    shared_keys_write(wr, &setup->shared);
    cbor_wr_uint(wr, setup->connections_max);
    cbor_wr_uint(wr, setup->handshakes_max);
    cbor_wr_uint(wr, setup->body_max);
    cbor_wr_uint(wr, setup->log_level);
}

int
keeper_limits_read(struct bytes in, struct keeper_limits *ret)
{
    struct cbor_rd c = cbor_rd_init(in);

    memset(ret, 0, sizeof(*ret));
    cbor_rd_array(&c, N_KEEPER_LIMITS);
    ret->pending_max = (uint32_t)cbor_rd_uint(&c, UINT32_MAX);
    ret->pending_days = (uint32_t)cbor_rd_uint(&c, UINT32_MAX);
    ret->log_level = level_read(&c);
    ret->n_anchors = list_read(&c, ret->anchors, SETUP_ANCHORS_MAX);
    return cbor_rd_end(&c) ? 0 : 1;
}

void
keeper_limits_write(struct wr *wr, const struct keeper_limits *limits)
{
    cbor_wr_array(wr, N_KEEPER_LIMITS);
    cbor_wr_uint(wr, limits->pending_max);
    cbor_wr_uint(wr, limits->pending_days);
    cbor_wr_uint(wr, limits->log_level);
    list_write(wr, limits->anchors, limits->n_anchors);
}

int
front_limits_read(struct bytes in, struct front_limits *ret)
{
    struct cbor_rd c = cbor_rd_init(in);

    memset(ret, 0, sizeof(*ret));
    cbor_rd_array(&c, N_FRONT_LIMITS);
    ret->handshakes_max = (uint32_t)cbor_rd_uint(&c, UINT32_MAX);
    ret->body_max = (uint32_t)cbor_rd_uint(&c, UINT32_MAX);
    ret->log_level = level_read(&c);
    return cbor_rd_end(&c) ? 0 : 1;
}

void
front_limits_write(struct wr *wr, const struct front_limits *limits)
{
    cbor_wr_array(wr, N_FRONT_LIMITS);
    cbor_wr_uint(wr, limits->handshakes_max);
    cbor_wr_uint(wr, limits->body_max);
    cbor_wr_uint(wr, limits->log_level);
}
