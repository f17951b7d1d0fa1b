#include "appraise/facts-lists.h"

#include "formats/der.h"
#include "formats/efiguid.h"
#include "formats/sbat.h"
#include "formats/siglist.h"

enum { SHA256_LEN = 32 };

static const enum bundle_sig NO_SET_HAS_IT = (enum bundle_sig)0;

/* ---- order ---- */

static int
compare(const struct rule_entry *a, const struct rule_entry *b)
{
    if (a->sig != b->sig) {
        return a->sig < b->sig ? -1 : 1;
    }
    return memcmp(a->digest.p, b->digest.p, SHA256_LEN);
}

static void
sift(struct rule_entry *entries, size_t at, size_t n)
{
    for (size_t child = 2 * at + 1; child < n; child = 2 * at + 1) {
        struct rule_entry moved = entries[at];

        child += child + 1 < n && compare(&entries[child], &entries[child + 1]) < 0 ? 1 : 0;
        if (compare(&moved, &entries[child]) >= 0) {
            return;
        }
        entries[at] = entries[child];
        entries[child] = moved;
        at = child;
    }
}

/* A heap, as qsort() may allocate, and a list that a device chose must not cost its square. */
static void
sort(struct rule_entry *entries, size_t n)
{
    for (size_t i = n / 2; i > 0; i--) {
        sift(entries, i - 1, n);
    }
    for (size_t i = n; i > 1; i--) {
        struct rule_entry last = entries[i - 1];

        entries[i - 1] = entries[0];
        entries[0] = last;
        sift(entries, 0, i - 1);
    }
}

struct rule_entries
facts_list(struct boot_facts *facts, size_t first)
{
    struct rule_entry *entries = &facts->entries[first];
    size_t n = facts->n_entries - first;
    size_t kept = 0;

    sort(entries, n);
    for (size_t i = 0; i < n; i++) {
        if (kept == 0 || compare(&entries[kept - 1], &entries[i]) != 0) {
            entries[kept++] = entries[i];
        }
    }
    facts->n_entries = first + kept;
    return (struct rule_entries){.known = true, .n = kept, .entries = entries};
}

/* ---- entries ---- */

static int
add(struct boot_facts *facts, enum bundle_sig sig, struct bytes digest)
{
    if (facts->n_entries == FACTS_ENTRIES) {
        return 1;
    }
    facts->entries[facts->n_entries++] = (struct rule_entry){sig, digest};
    return 0;
}

/* An entry whose digest is made here, of one or two parts. */
static int
add_hashed(struct boot_facts *facts, struct hasher *hasher, enum bundle_sig sig, struct bytes a,
           struct bytes b)
{
    const struct bytes parts[] = {a, b};
    uint8_t *out;
    int r;

    if (facts->n_certs == FACTS_CERTS) {
        return 1;
    }
    out = facts->certs[facts->n_certs++];
    r = hasher_parts(hasher, HASH_SHA256, parts, ARRAY_LEN(parts), out);
    return r < 0 ? r : add(facts, sig, bytes_of(out, SHA256_LEN));
}

/* The highest version of an application counts, appraisal page, section 2d (3). Returns 0, or 1
 * when there are too many. */
static int
add_svn(struct boot_facts *facts, struct bytes guid, uint32_t version)
{
    char *text;

    for (size_t i = 0; i < facts->n_numbers; i++) {
        char room[EFIGUID_TEXT_MAX];

        if (bytes_equal(facts->numbers[i].name, bytes_str(efiguid_text(guid, room)))) {
            facts->numbers[i].number =
                facts->numbers[i].number > version ? facts->numbers[i].number : version;
            return 0;
        }
    }
    if (facts->n_numbers == FACTS_NUMBERS) {
        return 1;
    }
    text = facts->guids[facts->n_guids++];
    (void)efiguid_text(guid, text);
    facts->numbers[facts->n_numbers++] = (struct rule_number){bytes_str(text), version};
    return 0;
}

/* What sets can hold; everything else is an entry that is in no set, so that nothing which lets
 * code start, or which a baseline asks for, is dropped in silence. */
static int
add_entry(struct boot_facts *facts, struct hasher *hasher, const struct siglist_entry *entry)
{
    struct bytes digest;

    switch (entry->kind) {
    case SIGLIST_X509:
        return add_hashed(facts, hasher, BUNDLE_SIG_X509, entry->data, BYTES_NULL);
    case SIGLIST_SHA256:
        return add(facts, BUNDLE_SIG_SHA256, entry->data);
    case SIGLIST_X509_SHA256:
        if (siglist_tbs(entry, &digest)) {
            return add(facts, BUNDLE_SIG_X509_SHA256, digest);
        }
        return add_hashed(facts, hasher, NO_SET_HAS_IT, entry->type, entry->data);
    default:
        return add_hashed(facts, hasher, NO_SET_HAS_IT, entry->type, entry->data);
    }
}

int
facts_add_lists(struct boot_facts *facts, struct hasher *hasher, struct bytes value, bool with_svn)
{
    struct siglist list = siglist_init(value);
    struct siglist_entry entry;
    struct siglist_svn svn;
    int r;

    while ((r = siglist_next(&list, &entry, NULL)) == 0) {
        r = with_svn && siglist_svn(&entry, &svn) ? add_svn(facts, svn.guid, svn.version)
                                                  : add_entry(facts, hasher, &entry);
        if (r != 0) {
            return r;
        }
    }
    return r == SIGLIST_END ? 0 : 1;
}

/* Is it one DER certificate, and nothing behind it? */
static bool
is_certificate(struct bytes in)
{
    struct rd rd = rd_init(in);

    (void)der_whole(&rd, DER_SEQUENCE);
    return rd_end(&rd);
}

int
facts_add_authority(struct boot_facts *facts, struct hasher *hasher, struct bytes value)
{
    struct rd rd = rd_init(value);
    struct bytes data;

    if (is_certificate(value)) { /* shim's own */
        return add_hashed(facts, hasher, BUNDLE_SIG_X509, value, BYTES_NULL);
    }
    (void)rd_bytes(&rd, EFIGUID_LEN); /* the owner */
    data = rd_rest(&rd);
    if (is_certificate(data)) {
        return add_hashed(facts, hasher, BUNDLE_SIG_X509, data, BYTES_NULL);
    }
    return data.len == SHA256_LEN ? add(facts, BUNDLE_SIG_SHA256, data) : 1;
}

/* ---- levels ---- */

static int
add_component(struct boot_facts *facts, const struct sbat_component *component)
{
    for (size_t i = 0; i < facts->n_numbers; i++) {
        if (bytes_equal(facts->numbers[i].name, component->name)) {
            facts->numbers[i].number = facts->numbers[i].number < component->generation
                                           ? facts->numbers[i].number
                                           : component->generation;
            return 0;
        }
    }
    if (facts->n_numbers == FACTS_NUMBERS) {
        return 1;
    }
    facts->numbers[facts->n_numbers++] =
        (struct rule_number){component->name, component->generation};
    return 0;
}

int
facts_add_sbat(struct boot_facts *facts, struct bytes value)
{
    struct sbat_component component;
    struct sbat sbat;
    int r = sbat_open(value, &sbat, NULL);

    while (r == 0 && (r = sbat_next(&sbat, &component, NULL)) == 0) {
        r = add_component(facts, &component);
    }
    if (r != SBAT_END) {
        return 1;
    }
    if (facts->sbat_level == 0 || sbat.level < facts->sbat_level) {
        facts->sbat_level = sbat.level;
    }
    return 0;
}
