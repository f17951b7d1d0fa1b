/* Keys that sign files, as items of a set. */
#include "appraise/file-key.h"
#include "base/b64.h"
#include "base/hex.h"
#include "base/rd.h"
#include "policy/policy-draft.h"
#include "policy/policy-words.h"

static const char prefix[] = "spki:";

/* The bytes behind spki: in memory of the bundle; empty after a message. */
static struct bytes
spki_of(struct draft *d)
{
    const size_t n = sizeof(prefix) - 1;
    struct bytes text = d->at->text;
    uint8_t *room = draft_alloc(d, LIMIT_BUNDLE_SPKI);
    size_t len = 0;

    if (!room) {
        return BYTES_NULL;
    }
    if (d->at->kind != LEX_WORD || text.len <= n || memcmp(text.p, prefix, n) != 0 ||
        b64_read(bytes_of(text.p + n, text.len - n), room, LIMIT_BUNDLE_SPKI, &len) != 0) {
        draft_error(d, "a key is written spki:BASE64URL, as `assay policy import --kind keys` "
                       "prints it");
        return BYTES_NULL;
    }
    return bytes_of(room, len);
}

/* The id that a kernel makes of the key itself. */
static uint32_t
usual_id(struct draft *d, const struct bundle_key *key)
{
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    CLEANUP(pubkey_freep) struct pubkey *pubkey = NULL;
    uint32_t id = 0;
    int r = hasher ? file_key_read(key->spki, &pubkey) : -1;

    if (r > 0) {
        draft_error(d, "keys that sign files are RSA of 1024 to 4096 bits with the exponent 65537, "
                       "P-256 or P-384, in their DER form");
    } else if (r < 0 || file_key_id(pubkey, hasher, &id) != 0) {
        draft_error(d, "memory ends");
    }
    return id;
}

/* id 1a2b3c4d */
static uint32_t
said_id(struct draft *d)
{
    uint8_t id[4];
    size_t len = 0;
    struct rd rd = rd_init(BYTES_OF(id));

    if (d->at->kind != LEX_WORD || hex_read(d->at->text, id, sizeof(id), &len) != 0 ||
        len != sizeof(id)) {
        draft_error(d, "an id is eight digits of hex: the end of the certificate's subject key "
                       "identifier");
        return 0;
    }
    d->at++;
    return rd_be32(&rd);
}

/* spki:… [id 1a2b3c4d] */
void
draft_key_item(struct draft *d, size_t set)
{
    struct bundle_set *s = &d->sets[set].set;
    struct bundle_key key = {.spki = spki_of(d)};

    if (!d->failed) {
        key.id = usual_id(d, &key);
    }
    d->at += !d->failed;
    if (draft_skip(d, "id")) {
        key.id = said_id(d);
    }
    if (!d->failed && d->b->n_keys == LIMIT_BUNDLE_KEYS) {
        draft_error(d, "more than %u keys in all sets", LIMIT_BUNDLE_KEYS);
    }
    if (!d->failed) {
        s->first_key = s->n_keys == 0 ? d->b->n_keys : s->first_key;
        d->b->keys[d->b->n_keys++] = key;
        s->n_keys++;
    }
}

static int
order_keys(const struct bundle_key *a, const struct bundle_key *b)
{
    return a->id != b->id ? (a->id < b->id ? -1 : 1) : policy_order(a->spki, b->spki);
}

void
draft_sort_keys(struct draft *d, const struct draft_set *set)
{
    struct bundle_key *keys = &d->b->keys[set->set.first_key];

    for (size_t i = 1; i < set->set.n_keys; i++) {
        for (size_t k = i; k > 0 && order_keys(&keys[k - 1], &keys[k]) >= 0; k--) {
            struct bundle_key key = keys[k];

            if (order_keys(&keys[k - 1], &key) == 0) {
                draft_error_at(d, set->at, "a key stands twice in the set");
                return;
            }
            keys[k] = keys[k - 1];
            keys[k - 1] = key;
        }
    }
}
