#include "wire/binding.h"

#include <errno.h>

/* One item of n bytes, or null. */
static void
bstr_or_null(struct wr *wr, const uint8_t *p, size_t n)
{
    if (p) {
        cbor_wr_bstr(wr, bytes_of(p, n));
    } else {
        cbor_wr_null(wr);
    }
}

static bool
mode_holds(const struct binding *binding)
{
    switch (binding->mode) {
    case BINDING_CONNECTION:
        return binding->exporter != NULL;
    case BINDING_RELAYED:
        return binding->nonce != NULL && !binding->exporter;
    case BINDING_COLLECTED:
        return !binding->nonce && !binding->exporter;
    }
    return false;
}

static int
binding_hash(struct hasher *hasher, const char *label, const struct binding *binding,
             struct bytes claims_digest, uint8_t ret[32])
{
    uint8_t room[256];
    struct wr wr = wr_init(room, sizeof(room));

    if (!mode_holds(binding)) {
        return -EINVAL;
    }
    cbor_wr_array(&wr, claims_digest.p ? 6 : 5);
    cbor_wr_tstr(&wr, label);
    cbor_wr_tstr_view(&wr, binding->site);
    cbor_wr_uint(&wr, binding->mode);
    bstr_or_null(&wr, binding->nonce, WIRE_NONCE_SIZE);
    bstr_or_null(&wr, binding->exporter, EXPORTER_SIZE);
    if (claims_digest.p) {
        cbor_wr_bstr(&wr, claims_digest);
    }
    if (!wr_done(&wr).p) {
        return -EMSGSIZE;
    }
    return hasher_bytes(hasher, HASH_SHA256, wr_done(&wr), ret);
}

int
binding_quote(struct hasher *hasher, const struct binding *binding, uint8_t ret[32])
{
    uint8_t claims[32];
    int r = hasher_bytes(hasher, HASH_SHA256, binding->claims, claims);

    return r < 0 ? r : binding_hash(hasher, "assay-quote-1", binding, BYTES_OF(claims), ret);
}

int
binding_certify(struct hasher *hasher, const struct binding *binding, uint8_t ret[32])
{
    return binding_hash(hasher, "assay-certify-1", binding, BYTES_NULL, ret);
}

int
binding_exporter_context(struct hasher *hasher, struct bytes site, uint8_t ret[32])
{
    return hasher_bytes(hasher, HASH_SHA256, site, ret);
}
