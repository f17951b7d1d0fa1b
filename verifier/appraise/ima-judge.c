#include "appraise/ima-judge.h"

#include "appraise/glob.h"
#include "appraise/ima-open.h"
#include "appraise/ima-records.h"
#include "formats/ima-replay.h"

const char *
ima_status_name(enum ima_status status)
{
    static const char *const names[] = {
        [IMA_ALLOWED] = "allowed",
        [IMA_SIGNED] = "signed",
        [IMA_SUPERSEDED] = "superseded",
        [IMA_SKIPPED] = "skipped",
        [IMA_VIOLATED] = "violation",
        [IMA_WEAK] = "weak-digest",
        [IMA_PENDING] = "pending",
        [IMA_UNKNOWN] = "unknown",
        [IMA_KEY_UNKNOWN] = "key-unknown",
        [IMA_KEY_WEAK] = "key-weak",
        [IMA_BAD_SIGNATURE] = "bad-signature",
        [IMA_DENIED] = "denied",
    };

    return names[status];
}

/* One judgement under way. */
struct judging_ima {
    const struct ima_judge_ask *ask;
    struct hasher *hasher;
    enum hash bound;         /* the template digest that the quote binds */
    enum ima_status unknown; /* what nothing names, at this time */
    struct ima_sigs_ask sigs;
    struct ima_judgement *ret;
};

static const struct bundle_item *
item_at(const struct judging_ima *j, size_t i)
{
    return &rulebook_bundle(j->ask->book)->items[j->ask->block->list.first_item + i];
}

/* ---- sets ---- */

/* Bits of bundle_state. What denies does so whatever the state of a record, and what is revoked
 * denies in whichever set it stands. */
enum {
    IN_USE = 1u << BUNDLE_ACTIVE | 1u << BUNDLE_RETIRING,
    REVOKED = 1u << BUNDLE_REVOKED,
    ANY_STATE = (1u << (BUNDLE_STATE_MAX + 1)) - 1,
};

/* Whether a record of the set has the digest in such a state; it may stand in several releases. */
static bool
in_table(const struct judging_ima *j, uint16_t set, unsigned states, const struct ima_digest *of)
{
    const struct rulebook_ref *refs = NULL;
    size_t n = rulebook_find(j->ask->book, of->hash, of->value, &refs);

    for (size_t i = 0; i < n; i++) {
        if (refs[i].set == set &&
            states >> rulebook_state(j->ask->book, &refs[i], j->ask->now_s) & 1) {
            return true;
        }
    }
    return false;
}

/* A set in a file has no states: what is in it counts. */
static bool
in_set(const struct judging_ima *j, uint16_t set, unsigned states, const struct ima_digest *of)
{
    const struct digest_set *file = j->ask->files ? &j->ask->files[set] : NULL;

    if (rulebook_bundle(j->ask->book)->sets[set].kind != BUNDLE_SET_FILE) {
        return in_table(j, set, states, of);
    }
    return states & IN_USE && file && file->n > 0 && file->alg == of->hash &&
           digest_set_has(file, of->value);
}

static bool
any_set(const struct judging_ima *j, enum bundle_item_kind kind, unsigned states,
        const struct ima_digest *of)
{
    for (size_t i = 0; i < j->ask->block->list.n_items; i++) {
        const struct bundle_item *item = item_at(j, i);

        if (item->kind == kind && in_set(j, item->set, states, of)) {
            return true;
        }
    }
    return false;
}

/* Longer than any real one: looking through it for each glob would take long. */
enum { PATH_MOST = 1024 };

/* A path that is too long to be looked at is denied where any is. */
static bool
any_path(const struct judging_ima *j, enum bundle_item_kind kind, const struct ima_entry *e)
{
    for (size_t i = 0; i < j->ask->block->list.n_items; i++) {
        const struct bundle_item *item = item_at(j, i);

        if (item->kind == kind &&
            (e->name.len > PATH_MOST ? kind == ITEM_DENY_PATH : glob_path(item->text, e->name))) {
            return true;
        }
    }
    return false;
}

static bool
has_item(const struct judging_ima *j, enum bundle_item_kind kind)
{
    for (size_t i = 0; i < j->ask->block->list.n_items; i++) {
        if (item_at(j, i)->kind == kind) {
            return true;
        }
    }
    return false;
}

bool
ima_judge_lacks(const struct ima_judge_ask *ask)
{
    const struct judging_ima j = {.ask = ask};

    for (size_t i = 0; i < ask->block->list.n_items; i++) {
        const struct bundle_item *item = item_at(&j, i);

        if (item->kind == ITEM_DENY_SET &&
            rulebook_bundle(ask->book)->sets[item->set].kind == BUNDLE_SET_FILE &&
            !(ask->files && ask->files[item->set].n > 0)) {
            return true;
        }
    }
    return false;
}

/* ---- one entry ---- */

static bool
is_weak(const struct judging_ima *j, enum hash hash)
{
    return hash == HASH_N || hash_size(hash) < hash_size(j->ask->block->min_digest);
}

/* Whether a set allows the digest, and as what. */
static bool
is_allowed(const struct judging_ima *j, const struct ima_digest *of, enum ima_status *ret)
{
    if (of->hash == HASH_N || !any_set(j, ITEM_ALLOW_SET, IN_USE, of)) {
        return false;
    }
    *ret = is_weak(j, of->hash) ? IMA_WEAK : IMA_ALLOWED;
    return true;
}

bool
ima_judge_allows(const struct ima_judge_ask *ask, enum hash alg, struct bytes digest,
                 enum ima_status *ret)
{
    const struct judging_ima j = {.ask = ask};
    const struct ima_digest of = {.hash = alg, .value = digest};

    return is_allowed(&j, &of, ret);
}

/* What a signature is worth. *ret is a status; returns 0, IMA_JUDGE_E_WORK or a negative errno. */
static int
judge_signature(struct judging_ima *j, const struct ima_entry *e, enum ima_status *ret)
{
    static const enum ima_status statuses[] = {
        [IMA_SIGS_GOOD] = IMA_SIGNED,         [IMA_SIGS_E_FORM] = IMA_BAD_SIGNATURE,
        [IMA_SIGS_E_KEY] = IMA_KEY_UNKNOWN,   [IMA_SIGS_E_WEAK] = IMA_KEY_WEAK,
        [IMA_SIGS_E_BAD] = IMA_BAD_SIGNATURE,
    };
    int r = ima_sigs_judge(&j->sigs, e);

    if (r < 0 || r == IMA_SIGS_E_WORK) {
        return r < 0 ? r : IMA_JUDGE_E_WORK;
    }
    *ret = r == IMA_SIGS_GOOD && is_weak(j, e->digest.hash) ? IMA_WEAK : statuses[r];
    return 0;
}

/* Code that the kernel itself runs or obeys, as far as an entry tells: modules by their name,
 * measured buffers (kexec command lines, keys, policies) and what has an appended signature. */
static bool
never_skipped(const struct ima_entry *e)
{
    static const char *const ends[] = {".ko", ".ko.xz", ".ko.zst", ".ko.gz"};

    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        struct bytes end = bytes_str(ends[i]);

        if (e->name.len >= end.len &&
            memcmp(e->name.p + e->name.len - end.len, end.p, end.len) == 0) {
            return true;
        }
    }
    return e->buf.len > 0 || e->modsig.len > 0;
}

/* Whether a set marks a digest as staged; what is of a release is looked for by it. */
static bool
has_staged(const struct bundle_set *set)
{
    for (size_t i = 0; i < set->n_tables; i++) {
        for (size_t k = 0; k < set->tables[i].n; k++) {
            struct bundle_record record = bundle_table_at(&set->tables[i], k);

            if (record.release == BUNDLE_NONE && record.state == BUNDLE_STAGED) {
                return true;
            }
        }
    }
    return false;
}

/* Whether an update is under way: a release of the bundle is staged, or a digest of a set that the
 * block allows by. */
static bool
is_pending(const struct judging_ima *j)
{
    const struct bundle *bundle = rulebook_bundle(j->ask->book);

    for (size_t i = 0; i < bundle->n_releases; i++) {
        if (rulebook_release_state(j->ask->book, (uint16_t)i, j->ask->now_s) == BUNDLE_STAGED) {
            return true;
        }
    }
    for (size_t i = 0; i < j->ask->block->list.n_items; i++) {
        if (item_at(j, i)->kind == ITEM_ALLOW_SET &&
            has_staged(&bundle->sets[item_at(j, i)->set])) {
            return true;
        }
    }
    return false;
}

/* From when the block's span counts: the youngest set that it allows by, or, where it waits for an
 * update, the day of a release that is staged, if that is later. 0: nobody says. */
static uint64_t
span_begins(const struct judging_ima *j)
{
    const struct bundle *bundle = rulebook_bundle(j->ask->book);
    uint64_t begin_s = 0;

    for (size_t i = 0; i < j->ask->block->list.n_items; i++) {
        const struct bundle_item *item = item_at(j, i);

        if (item->kind == ITEM_ALLOW_SET && bundle->sets[item->set].published_s > begin_s) {
            begin_s = bundle->sets[item->set].published_s;
        }
    }
    for (size_t i = 0; j->ask->block->unknown_pending && i < bundle->n_releases; i++) {
        if (bundle->releases[i].active_s > begin_s &&
            rulebook_release_state(j->ask->book, (uint16_t)i, j->ask->now_s) == BUNDLE_STAGED) {
            begin_s = bundle->releases[i].active_s;
        }
    }
    return begin_s;
}

/* The effect of what nothing names, at this time. */
static enum ima_status
find_unknown(const struct judging_ima *j)
{
    const struct bundle_ima *block = j->ask->block;
    uint64_t begin_s = block->unknown_for_s > 0 ? span_begins(j) : 0;

    return begin_s > 0 && j->ask->now_s < begin_s + block->unknown_for_s &&
                   (!block->unknown_pending || is_pending(j))
               ? IMA_PENDING
               : IMA_UNKNOWN;
}

static bool
is_denied(const struct judging_ima *j, const struct ima_entry *e)
{
    bool by_digest =
        e->digest.hash != HASH_N && (any_set(j, ITEM_DENY_SET, ANY_STATE, &e->digest) ||
                                     any_set(j, ITEM_ALLOW_SET, REVOKED, &e->digest));

    return by_digest || any_path(j, ITEM_DENY_PATH, e);
}

/* The fixed order of section 3. Returns as judge_signature(). */
static int
judge_entry(struct judging_ima *j, const struct ima_entry *e, enum ima_status *ret)
{
    if (e->violation) {
        *ret = any_path(j, ITEM_DENY_PATH, e) ? IMA_DENIED : IMA_VIOLATED;
    } else if (is_denied(j, e)) {
        *ret = IMA_DENIED;
    } else if (e->number == 0 && ima_is_aggregate(e)) {
        *ret = IMA_ALLOWED; /* compared with the quote by ima_begin_judge() */
    } else if (is_allowed(j, &e->digest, ret)) {
        return 0;
    } else if (e->sig.len > 0 && has_item(j, ITEM_SIGNED_SET)) {
        return judge_signature(j, e, ret);
    } else {
        *ret = !never_skipped(e) && any_path(j, ITEM_SKIP_PATH, e) ? IMA_SKIPPED : j->unknown;
    }
    return 0;
}

static void
note(const struct judging_ima *j, const struct ima_entry *e, enum ima_status status)
{
    struct ima_judgement *ret = j->ret;
    const struct ima_finding finding = {e->number, status, e->digest.hash, e->digest.value,
                                        e->name};

    if (ret->n[status]++ == 0) {
        ret->worst[status] = finding;
    }
    if (status > IMA_SKIPPED && ret->n_findings < IMA_FINDINGS_MAX) {
        ret->findings[ret->n_findings++] = finding;
    }
    if (j->ask->open) {
        ima_open_add(j->ask->open, &finding);
    }
}

enum reason_effect
ima_judge_effect(const struct bundle_ima *block, const struct ima_judgement *judgement,
                 enum ima_status status)
{
    switch (status) {
    case IMA_ALLOWED:
    case IMA_SIGNED:
    case IMA_SUPERSEDED:
    case IMA_SKIPPED:
        return EFFECT_NOTE;
    case IMA_VIOLATED:
        return judgement->n[status] > block->violations_max ? EFFECT_FAIL : block->violations;
    case IMA_WEAK:
        return EFFECT_WARN;
    case IMA_PENDING:
        return block->list.otherwise;
    case IMA_UNKNOWN:
        return block->unknown_then;
    default:
        return EFFECT_FAIL;
    }
}

/* ---- the list ---- */

/* The digest that the TPM was handed for each entry: of the list's strongest bank of its own, else
 * SHA-1, which a kernel without the bank's hash fills up with zeros. */
static enum hash
bound_by(const struct growing *now)
{
    enum hash bound = HASH_SHA1;

    for (size_t i = 0; i < now->n_tracks; i++) {
        const struct growing_track *track = &now->tracks[i];

        if (!track->padded && hash_size(track->bank) > hash_size(bound)) {
            bound = track->bank;
        }
    }
    return bound;
}

/* Whether entry and record are the same: what replayed is what is judged here. Returns 0,
 * IMA_JUDGE_E_FORM, or a negative errno. */
static int
compare(const struct judging_ima *j, const struct ima_entry *e, const struct ima_record *record)
{
    uint8_t digest[HASH_SIZE_MAX];
    size_t bank = 0;
    int r;

    if (e->pcr != record->pcr || e->violation != ((record->flags & IMA_RECORD_VIOLATION) != 0)) {
        return IMA_JUDGE_E_FORM;
    }
    while (bank < IMA_RECORDS_BANKS && ima_records_banks[bank] != j->bound) {
        bank++;
    }
    if (bank == IMA_RECORDS_BANKS) {
        return IMA_JUDGE_E_FORM;
    }
    if (e->violation) {
        return 0; /* the PCR was extended with all ones: nothing binds its fields */
    }
    r = ima_data_hash(j->hasher, e, j->bound, digest);
    return r < 0 ? r
           : bytes_equal(record->template_digest[bank], bytes_of(digest, hash_size(j->bound)))
               ? 0
               : IMA_JUDGE_E_FORM;
}

static int
judge_all(struct judging_ima *j, const struct growing_ima *list, struct bytes accepted)
{
    struct ima_records records = ima_records_open(list->records);
    struct fault fault;
    struct ima_record record;
    enum ima_status status;
    struct ima_entry e;
    struct ima ima;
    int r = ima_open(&ima, accepted, HASH_SHA1, list->known.n_entries, &fault);

    while (r == 0 && (r = ima_next(&ima, &e, &fault)) == 0) {
        if (ima_records_next(&records, &record, NULL) != 0 ||
            record.end != (uint32_t)rd_offset(&ima.rd)) {
            return IMA_JUDGE_E_FORM;
        }
        r = compare(j, &e, &record);
        if (r != 0 || e.pcr != j->ask->block->pcr) {
            continue; /* of other PCRs the quote tells nothing */
        }
        r = judge_entry(j, &e, &status);
        if (r != 0) {
            return r;
        }
        note(j, &e, status);
    }
    return r == IMA_E_END ? 0 : r < 0 ? r : IMA_JUDGE_E_FORM;
}

int
ima_judge(struct hasher *hasher, const struct ima_judge_ask *ask, const struct growing_ima *list,
          struct bytes part, struct ima_judgement *ret)
{
    struct ima_judgement judgement = {.block = ask->block,
                                      .judged = ask->block->pcr == GROWING_PCR_IMA,
                                      .n_entries = list->now.n_entries};
    struct judging_ima j = {
        .ask = ask,
        .hasher = hasher,
        .bound = bound_by(&list->now),
        .sigs = {.book = ask->book,
                 .block = ask->block,
                 .hasher = hasher,
                 .sigs = ask->sigs,
                 .work = ask->work},
        .ret = &judgement,
    };
    int r;

    if (list->end > part.len) {
        return IMA_JUDGE_E_FORM;
    }
    j.unknown = find_unknown(&j);
    judgement.judged = judgement.judged && !ima_judge_lacks(ask);
    if (ask->past) {
        ima_past_begin(ask->past, j.unknown, &judgement);
    }
    r = judge_all(&j, list, bytes_of(part.p, list->end));
    if (r == 0) {
        *ret = judgement;
    }
    return r;
}
