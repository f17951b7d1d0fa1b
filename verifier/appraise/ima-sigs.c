#include "appraise/ima-sigs.h"

#include <stdlib.h>

#include "appraise/file-key.h"
#include "formats/ima-sig.h"

enum { BUCKETS = 4096, WAYS = 16, TAG = 32 };

struct bucket {
    uint8_t next; /* who goes */
    uint8_t tags[WAYS][TAG];
};

struct ima_sigs {
    struct bucket buckets[BUCKETS];
};

struct ima_sigs *
ima_sigs_new(void)
{
    return calloc(1, sizeof(struct ima_sigs));
}

void
ima_sigs_free(struct ima_sigs *sigs)
{
    free(sigs);
}

static struct bucket *
bucket_of(struct ima_sigs *sigs, const uint8_t tag[TAG])
{
    return &sigs->buckets[(tag[0] << 8 | tag[1]) % BUCKETS];
}

static bool
is_known(struct ima_sigs *sigs, const uint8_t tag[TAG])
{
    const struct bucket *bucket = bucket_of(sigs, tag);

    for (size_t i = 0; i < WAYS; i++) {
        if (memcmp(bucket->tags[i], tag, TAG) == 0) {
            return true;
        }
    }
    return false;
}

static void
remember(struct ima_sigs *sigs, const uint8_t tag[TAG])
{
    struct bucket *bucket = bucket_of(sigs, tag);

    memcpy(bucket->tags[bucket->next], tag, TAG);
    bucket->next = (uint8_t)((bucket->next + 1) % WAYS);
}

/* Of OpenSSL 3.0 on one core of 2026; P-384 has no code of its own there. */
static uint32_t
price_us(const struct pubkey *key)
{
    switch (pubkey_kind(key)) {
    case KEY_P256:
        return 60;
    case KEY_P384:
        return 600;
    default:
        return 4 + pubkey_bits(key) * pubkey_bits(key) / 262144; /* RSA-2048: 20, RSA-4096: 68 */
    }
}

static int
verify(struct ima_sigs_ask *ask, const struct rulebook_key *key, const struct ima_digest *of,
       struct bytes signature)
{
    int r;

    if (ask->n_bad >= IMA_SIGS_BAD_MAX) {
        return IMA_SIGS_E_BAD;
    }
    if (ask->work && ask->work->most_us > 0 && ask->work->us >= ask->work->most_us) {
        return IMA_SIGS_E_WORK;
    }
    if (ask->work) {
        ask->work->us += price_us(key->key);
    }
    r = pubkey_verify_plain(key->key, of->hash, of->value, signature);
    if (r < 0) {
        return r;
    }
    ask->n_bad += r != 0;
    return r == 0 ? IMA_SIGS_GOOD : IMA_SIGS_E_BAD;
}

/* The hash says with its length which digest it is; the key's digest and it are of known lengths,
 * so that no two questions make one tag. */
static int
verify_once(struct ima_sigs_ask *ask, const struct rulebook_key *key, const struct ima_digest *of,
            struct bytes signature)
{
    uint8_t alg = (uint8_t)of->hash;
    uint8_t tag[TAG];
    const struct bytes parts[] = {BYTES_OF(key->digest), bytes_of(&alg, 1), of->value, signature};
    int r;

    if (!ask->sigs) {
        return verify(ask, key, of, signature);
    }
    r = hasher_parts(ask->hasher, HASH_SHA256, parts, ARRAY_LEN(parts), tag);
    if (r < 0 || is_known(ask->sigs, tag)) {
        return r < 0 ? r : IMA_SIGS_GOOD;
    }
    r = verify(ask, key, of, signature);
    if (r == IMA_SIGS_GOOD) {
        remember(ask->sigs, tag);
    }
    return r;
}

/* What the kernel signs for files: their content's digest, of the hash that the signature names. */
static bool
is_over_digest(const struct ima_sig *sig, const struct ima_digest *of)
{
    return sig->hash == of->hash && sig->hash != HASH_N && of->value.len == hash_size(of->hash);
}

/* Which of two outcomes says more: a key that is there but weak more than none, one that was tried
 * more than that, and most that one is still to be tried. */
static int
graver(int a, int b)
{
    return a > b ? a : b;
}

/* The keys of one set that have the signature's id; another key may have it, too. */
static int
judge_set(struct ima_sigs_ask *ask, const struct bundle_set *set, const struct ima_sig *sig,
          const struct ima_digest *of)
{
    const struct bundle *bundle = rulebook_bundle(ask->book);
    int outcome = IMA_SIGS_E_KEY;

    for (size_t i = set->first_key; i < set->first_key + set->n_keys; i++) {
        const struct rulebook_key *key = rulebook_key(ask->book, i);
        int r = IMA_SIGS_E_WEAK;

        if (bundle->keys[i].id != sig->key_id) {
            continue;
        }
        if (file_key_taken(key->key, ask->block->keys)) {
            r = is_over_digest(sig, of) ? verify_once(ask, key, of, sig->value) : IMA_SIGS_E_BAD;
        }
        if (r <= IMA_SIGS_GOOD) {
            return r;
        }
        outcome = graver(outcome, r);
    }
    return outcome;
}

int
ima_sigs_judge(struct ima_sigs_ask *ask, const struct ima_entry *entry)
{
    const struct bundle *bundle = rulebook_bundle(ask->book);
    const struct bundle_list *list = &ask->block->list;
    struct ima_sig sig;
    int outcome = IMA_SIGS_E_KEY;

    if (ima_sig_read(entry->sig, &sig, NULL) != 0 || sig.type != IMA_SIG_FILE || sig.version != 2 ||
        bytes_equal(entry->digest.type, bytes_str("verity"))) {
        return IMA_SIGS_E_FORM;
    }
    for (size_t i = list->first_item; i < list->first_item + list->n_items; i++) {
        const struct bundle_item *item = &bundle->items[i];
        int r = IMA_SIGS_E_KEY;

        if (item->kind == ITEM_SIGNED_SET) {
            r = judge_set(ask, &bundle->sets[item->set], &sig, &entry->digest);
        }
        if (r <= IMA_SIGS_GOOD) {
            return r;
        }
        outcome = graver(outcome, r);
    }
    return outcome;
}
