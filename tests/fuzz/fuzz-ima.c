/* Each entry that is read has its fields inside the list, and the list reads in one pass. */
#include "formats/ima-replay.h"
#include "formats/ima-sig.h"
#include "formats/ima.h"
#include "lib/fuzz.h"

static void
walk(struct bytes in, enum hash column)
{
    struct ima ima;
    struct ima_entry e;
    struct ima_sig sig;
    struct fault f;
    uint64_t last = 0;
    int r;

    FUZZ_ASSERT(ima_open(&ima, in, column, 0, &f) == 0);
    while ((r = ima_next(&ima, &e, &f)) == 0) {
        FUZZ_ASSERT(e.number == 0 || e.offset > last);
        FUZZ_ASSERT(e.pcr < LIMIT_PCRS && e.template.n_fields <= LIMIT_IMA_FIELDS);
        FUZZ_ASSERT(e.name.len == 0 || !memchr(e.name.p, 0, e.name.len));
        FUZZ_ASSERT(e.digest.value.len <= HASH_SIZE_MAX);
        last = e.offset;
        ignore(ima_sig_read(e.sig, &sig, &f), "any outcome is fine");
    }
    FUZZ_ASSERT(r == IMA_E_END || f.rule != RULE_NONE);
    FUZZ_ASSERT(r == IMA_E_END || f.offset <= in.len);
}

/* Judgements of one entry, against PCRs of another boot. */
static void
judge(struct hasher *hasher, const struct ima_entry *e, enum hash column)
{
    static const uint8_t zeros[HASH_SIZE_MAX];
    struct bytes pcrs[IMA_AGGREGATE_PCRS];
    size_t size = e->digest.hash == HASH_N ? 0 : hash_size(e->digest.hash);

    for (size_t i = 0; i < ARRAY_LEN(pcrs); i++) {
        pcrs[i] = bytes_of(zeros, size);
    }
    ignore(ima_template_hash_check(hasher, e, column), "either will do");
    FUZZ_ASSERT(ima_aggregate_check(hasher, e, pcrs) != 0);
    pcrs[7] = BYTES_NULL;
    FUZZ_ASSERT(ima_aggregate_check(hasher, e, pcrs) != 0);
}

/* What adding entry by entry gives is what the search for that value finds, at the last entry. */
static void
replay(struct hasher *hasher, struct bytes in, enum hash bank, enum ima_extend extend)
{
    struct ima_replay all;
    struct ima_replay found;
    struct ima_replay first;
    struct ima ima;
    struct ima_entry e;
    struct fault f = {0};

    ima_replay_init(&all, bank, extend);
    found = all;
    first = all;
    FUZZ_ASSERT(ima_open(&ima, in, bank, 0, &f) == 0);
    while (ima_next(&ima, &e, &f) == 0) {
        judge(hasher, &e, bank);
        if (ima_replay_add(&all, hasher, &e) != 0) {
            return;
        }
        first = all.n_entries == 1 ? all : first;
    }
    FUZZ_ASSERT(ima_open(&ima, in, bank, 0, &f) == 0);
    FUZZ_ASSERT(ima_replay_match(&found, hasher, ima, digest_bytes(&all.value), &f) == 0);
    FUZZ_ASSERT(found.n_entries == all.n_entries && found.next <= in.len);
    ima_replay_init(&found, bank, extend);
    FUZZ_ASSERT(ima_replay_match(&found, hasher, ima, digest_bytes(&first.value), &f) == 0);
    FUZZ_ASSERT(found.n_entries >= first.n_entries && found.n_entries <= all.n_entries);
    ima_replay_resume(&found, &all.value, extend, all.n_entries);
    FUZZ_ASSERT(found.pcr == all.pcr && found.next == 0);
    found.value.b[0] ^= 1; /* no entry follows a value that is no hash of one */
    FUZZ_ASSERT(ima_replay_match(&all, hasher, ima, digest_bytes(&found.value), &f) != 0);
}

void
fuzz_one(struct bytes in)
{
    static struct hasher *hasher;

    hasher = hasher ? hasher : hasher_new();
    walk(in, HASH_SHA1);
    walk(in, HASH_SHA256);
    replay(hasher, in, HASH_SHA1, IMA_EXTEND_PADDED);
    replay(hasher, in, HASH_SHA256, IMA_EXTEND_OWN);
    if (in.len > 0) {
        struct ima_sig sig;

        ignore(ima_sig_read(in, &sig, NULL), "any outcome is fine");
    }
}
