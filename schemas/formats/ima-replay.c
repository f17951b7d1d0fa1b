#include "formats/ima-replay.h"

#define LEGACY_NAME_ROOM 256u /* IMA_EVENT_NAME_LEN_MAX + 1 */

int
ima_data_hash(struct hasher *hasher, const struct ima_entry *e, enum hash alg, uint8_t *out)
{
    static const uint8_t zero[LEGACY_NAME_ROOM];
    struct bytes parts[3];

    if (!e->template.legacy) {
        return hasher_bytes(hasher, alg, e->data, out);
    }
    parts[0] = e->digest.value;
    parts[1] = e->name; /* at most 255 bytes, by the reader */
    parts[2] = bytes_of(zero, LEGACY_NAME_ROOM - e->name.len);
    return hasher_parts(hasher, alg, parts, ARRAY_LEN(parts), out);
}

int
ima_template_hash_check(struct hasher *hasher, const struct ima_entry *e, enum hash column)
{
    uint8_t hash[HASH_SIZE_MAX];
    int r;

    if (e->violation) {
        return 0;
    }
    r = ima_data_hash(hasher, e, column, hash);
    if (r < 0) {
        return r;
    }
    return bytes_equal(e->template_hash, bytes_of(hash, hash_size(column))) ? 0 : 1;
}

void
ima_replay_init(struct ima_replay *replay, enum hash bank, enum ima_extend extend)
{
    *replay = (struct ima_replay){.value.alg = bank, .extend = extend, .pcr = IMA_PCR};
}

void
ima_replay_resume(struct ima_replay *replay, const struct digest *value, enum ima_extend extend,
                  uint32_t n_entries)
{
    *replay = (struct ima_replay){
        .value = *value, .extend = extend, .pcr = IMA_PCR, .n_entries = n_entries};
}

/* What the kernel handed to the TPM for this entry and bank. */
static int
extended_digest(const struct ima_replay *replay, struct hasher *hasher, const struct ima_entry *e,
                uint8_t out[HASH_SIZE_MAX])
{
    if (e->violation) {
        memset(out, 0xff, HASH_SIZE_MAX);
        return 0;
    }
    memset(out, 0, HASH_SIZE_MAX);
    return ima_data_hash(hasher, e,
                         replay->extend == IMA_EXTEND_OWN ? replay->value.alg : HASH_SHA1, out);
}

int
ima_replay_add(struct ima_replay *replay, struct hasher *hasher, const struct ima_entry *e)
{
    uint8_t digest[HASH_SIZE_MAX];
    struct digest value = replay->value;
    int r;

    if (e->pcr == replay->pcr) {
        r = extended_digest(replay, hasher, e, digest);
        if (r < 0) {
            return r;
        }
        r = hasher_extend(hasher, value.alg, value.b, bytes_of(digest, hash_size(value.alg)));
        if (r < 0) {
            return r;
        }
        replay->value = value;
    }
    replay->n_entries++;
    return 0;
}

static bool
matches(const struct ima_replay *replay, struct bytes wanted)
{
    return bytes_equal(digest_bytes(&replay->value), wanted);
}

int
ima_replay_match(struct ima_replay *replay, struct hasher *hasher, struct ima list,
                 struct bytes wanted, struct fault *ret_fault)
{
    struct ima_replay now = *replay;
    struct ima_replay found = now;
    bool any = matches(&now, wanted);
    struct ima_entry e;
    int r;

    while ((r = ima_next(&list, &e, ret_fault)) == 0) {
        r = ima_replay_add(&now, hasher, &e);
        if (r < 0) {
            return r;
        }
        now.next = rd_offset(&list.rd);
        if (matches(&now, wanted)) {
            found = now;
            any = true;
        } else if (any) {
            break; /* a hash chain does not come back to a value */
        }
    }
    if (any) {
        *replay = found;
        return 0;
    }
    return r == IMA_E_FAULT ? IMA_MATCH_E_FAULT : IMA_MATCH_E_NONE;
}

int
ima_aggregate_hash(struct hasher *hasher, enum hash bank,
                   const struct bytes pcrs[IMA_AGGREGATE_PCRS], uint8_t *out)
{
    size_t n = bank == HASH_SHA1 ? 8 : IMA_AGGREGATE_PCRS;

    for (size_t i = 0; i < n; i++) {
        if (pcrs[i].len != hash_size(bank) || !pcrs[i].p) {
            return 1;
        }
    }
    return hasher_parts(hasher, bank, pcrs, n, out);
}

bool
ima_is_aggregate(const struct ima_entry *e)
{
    return e->number == 0 && bytes_equal(e->name, bytes_str("boot_aggregate"));
}

int
ima_aggregate_check(struct hasher *hasher, const struct ima_entry *e,
                    const struct bytes pcrs[IMA_AGGREGATE_PCRS])
{
    uint8_t hash[HASH_SIZE_MAX];
    int r;

    if (!ima_is_aggregate(e) || !e->digest.value.p || e->digest.hash == HASH_N) {
        return IMA_AGGREGATE_E_MISSING;
    }
    if (ima_is_violation(e->digest.value)) {
        return IMA_AGGREGATE_E_ZERO;
    }
    r = ima_aggregate_hash(hasher, e->digest.hash, pcrs, hash);
    if (r != 0) {
        return r < 0 ? r : IMA_AGGREGATE_E_BANK;
    }
    return bytes_equal(e->digest.value, bytes_of(hash, hash_size(e->digest.hash)))
               ? 0
               : IMA_AGGREGATE_E_DIFFERS;
}
