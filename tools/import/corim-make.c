#include "import/corim-make.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cbor-wr.h"
#include "import/corim-own.h"

enum {
    TAG_TIME = 1,
    TAG_SIGN1 = 18,
    TAG_URI = 32,
    TAG_MAP = 501,
    TAG_SVN = 552,
    HEAD_MAX = 512, /* of a release, beside its measurements */
    ONE_MAX = 512,  /* of a measurement with one digest: five texts of 48 to 180 bytes */
    SIGNED_MORE = 512,
};

/* A digest of a release, with its place. */
struct found {
    struct corim_own_place place;
    size_t nth; /* of its algorithm at this place */
    enum hash alg;
    struct bytes digest;
    uint16_t label, set;
};

struct making {
    const struct bundle *b;
    FILE *told;
    struct wr *wr;
    struct wr tag; /* one tag at a time */
    struct found *found;
    size_t n, n_weak;
    bool one_validity; /* of all that is written: active_s and retire_s */
    uint64_t active_s, retire_s;
};

/* ---- what a release has ---- */

static bool
is_derived(const struct bundle_set *set)
{
    return set->kind == BUNDLE_SET_DIGESTS && set->n_tables > 0 && set->tables[0].n > 0 &&
           bundle_table_at(&set->tables[0], 0).release != BUNDLE_NONE;
}

static void
take_record(struct making *m, size_t set, enum hash alg, const struct bundle_record *record)
{
    struct bytes name = m->b->sets[set].name;
    const uint8_t *dot = memchr(name.p, '.', name.len);
    const uint8_t *slash = memchr(name.p, '/', name.len);
    struct found *one = &m->found[m->n];

    if (!corim_names_holds(alg)) {
        m->n_weak++;
        return;
    }
    *one = (struct found){
        .alg = alg, .digest = record->digest, .label = record->label, .set = (uint16_t)set};
    one->place.variant = slash && (!dot || slash < dot); /* a component has neither */
    one->place.position = record->position;
    if (one->place.variant) {
        one->place.group = record->group;
        one->place.optional = record->optional;
    } else if (dot) {
        one->place.part = bytes_of(dot + 1, (size_t)(name.p + name.len - dot) - 1);
    }
    m->n++;
}

static void
take_release(struct making *m, uint16_t release)
{
    m->n = 0;
    m->n_weak = 0;
    for (size_t i = 0; i < m->b->n_sets; i++) {
        const struct bundle_set *set = &m->b->sets[i];

        for (size_t t = 0; is_derived(set) && t < set->n_tables; t++) {
            for (size_t k = 0; k < set->tables[t].n; k++) {
                struct bundle_record record = bundle_table_at(&set->tables[t], k);

                if (record.release == release) {
                    take_record(m, i, set->tables[t].alg, &record);
                }
            }
        }
    }
}

static int
by_number(unsigned a, unsigned b)
{
    return a < b ? -1 : a > b;
}

/* Set, group, position: as the text has them. */
static int
by_place(const struct found *a, const struct found *b)
{
    int r = by_number(a->set, b->set);

    r = r != 0 ? r : by_number(a->place.group, b->place.group);
    return r != 0 ? r : by_number(a->place.position, b->place.position);
}

static int
by_alg(const void *x, const void *y)
{
    const struct found *a = x;
    const struct found *b = y;
    int r = by_place(a, b);

    r = r != 0 ? r : by_number(a->alg, b->alg);
    return r != 0 ? r : memcmp(a->digest.p, b->digest.p, a->digest.len);
}

static int
by_measurement(const void *x, const void *y)
{
    const struct found *a = x;
    const struct found *b = y;
    int r = by_place(a, b);

    r = r != 0 ? r : by_number((unsigned)a->nth, (unsigned)b->nth);
    r = r != 0 ? r : by_number(a->label, b->label);
    return r != 0 ? r : by_number(a->alg, b->alg);
}

/* Digests of one place: the first of each algorithm together, then the second; for a list of
 * digests has each algorithm once. */
static void
sort_found(struct making *m)
{
    if (m->n == 0) {
        return;
    }
    qsort(m->found, m->n, sizeof(*m->found), by_alg);
    for (size_t i = 1; i < m->n; i++) {
        bool same =
            by_place(&m->found[i - 1], &m->found[i]) == 0 && m->found[i - 1].alg == m->found[i].alg;

        m->found[i].nth = same ? m->found[i - 1].nth + 1 : 0;
    }
    qsort(m->found, m->n, sizeof(*m->found), by_measurement);
}

/* ---- one tag ---- */

/* The slot of the first rule that names the set. */
static struct bytes
slot_of(const struct bundle *b, size_t set)
{
    for (size_t i = 0; i < b->n_rules; i++) {
        for (size_t k = 0; k < b->rules[i].n_args; k++) {
            enum verb_args args = bundle_verb_args(b->rules[i].verb);

            if ((args == ARGS_SET || args == ARGS_LIST) &&
                b->args[b->rules[i].first_arg + k].index == set) {
                return b->rules[i].slot;
            }
        }
    }
    return bytes_str("-");
}

static void
write_name(struct making *m, const struct found *one)
{
    char room[LIMIT_BUNDLE_NAME + LIMIT_BUNDLE_TEXT + 2];
    struct bytes slot = slot_of(m->b, one->set);
    struct bytes label = one->label != BUNDLE_NONE ? m->b->labels[one->label] : BYTES_NULL;

    snprintf(room, sizeof(room), "%.*s%s%.*s", (int)slot.len, (const char *)slot.p,
             label.len > 0 ? " " : "", (int)label.len, (const char *)label.p);
    cbor_wr_tstr(&m->tag, room);
}

/* Digests that are one measurement, n of them from `one` on. */
static void
write_measurement(struct making *m, const struct bundle_release *release, const struct found *one,
                  size_t n)
{
    char room[CORIM_OWN_ROOM];

    cbor_wr_map(&m->tag, 2);
    cbor_wr_uint(&m->tag, 0);
    cbor_wr_tstr(&m->tag, corim_own_place_text(&one->place, room));
    cbor_wr_uint(&m->tag, 1);
    cbor_wr_map(&m->tag, release->svn > 0 ? 4 : 3);
    cbor_wr_uint(&m->tag, 0);
    cbor_wr_map(&m->tag, 1);
    cbor_wr_uint(&m->tag, 0);
    cbor_wr_tstr_view(&m->tag, release->version);
    if (release->svn > 0) {
        cbor_wr_uint(&m->tag, 1);
        cbor_wr_tag(&m->tag, TAG_SVN);
        cbor_wr_uint(&m->tag, release->svn);
    }
    cbor_wr_uint(&m->tag, 2);
    cbor_wr_array(&m->tag, n);
    for (size_t i = 0; i < n; i++) {
        cbor_wr_array(&m->tag, 2);
        cbor_wr_uint(&m->tag, comid_alg_number(one[i].alg));
        cbor_wr_bstr(&m->tag, one[i].digest);
    }
    cbor_wr_uint(&m->tag, 11);
    write_name(m, one);
}

/* How many from i on are of one measurement. */
static size_t
run_of(const struct making *m, size_t i)
{
    size_t n = 1;

    while (i + n < m->n && by_place(&m->found[i], &m->found[i + n]) == 0 &&
           m->found[i].nth == m->found[i + n].nth && m->found[i].label == m->found[i + n].label) {
        n++;
    }
    return n;
}

static void
write_measurements(struct making *m, const struct bundle_release *release)
{
    size_t n = 0;

    for (size_t i = 0; i < m->n; i += run_of(m, i)) {
        n++;
    }
    cbor_wr_array(&m->tag, n);
    for (size_t i = 0; i < m->n; i += run_of(m, i)) {
        write_measurement(m, release, &m->found[i], run_of(m, i));
    }
}

static void
write_class(struct making *m, const struct bundle_release *r)
{
    char model[2 * LIMIT_BUNDLE_NAME + 2];

    snprintf(model, sizeof(model), "%.*s/%.*s", (int)r->component.len, (const char *)r->component.p,
             (int)r->name.len, (const char *)r->name.p);
    cbor_wr_map(&m->tag, 1);
    cbor_wr_uint(&m->tag, 0);
    cbor_wr_map(&m->tag, r->source.len > 0 ? 2 : 1);
    if (r->source.len > 0) {
        cbor_wr_uint(&m->tag, 1);
        cbor_wr_tstr_view(&m->tag, r->source);
    }
    cbor_wr_uint(&m->tag, 2);
    cbor_wr_tstr(&m->tag, model);
}

static void
write_identity(struct making *m, const struct bundle_release *r)
{
    char id[3 * LIMIT_BUNDLE_NAME + 3];

    snprintf(id, sizeof(id), "%.*s/%.*s/%.*s", (int)r->component.len, (const char *)r->component.p,
             (int)r->name.len, (const char *)r->name.p, (int)r->version.len,
             (const char *)r->version.p);
    cbor_wr_map(&m->tag, 1);
    cbor_wr_uint(&m->tag, 0);
    cbor_wr_tstr(&m->tag, id);
}

static void
write_tag(struct making *m, const struct bundle_release *r)
{
    struct corim_own_tag own = {.source_kind = r->source.len > 0 ? r->source_kind : BYTES_NULL,
                                .retiring = r->state == BUNDLE_RETIRING,
                                .active_s = r->active_s,
                                .retire_s = r->retire_s};

    m->tag.len = 0;
    cbor_wr_map(&m->tag, 3);
    cbor_wr_uint(&m->tag, 1);
    write_identity(m, r);
    cbor_wr_uint(&m->tag, 4);
    cbor_wr_map(&m->tag, 1);
    cbor_wr_uint(&m->tag, 0);
    cbor_wr_array(&m->tag, 1);
    cbor_wr_array(&m->tag, 2);
    write_class(m, r);
    write_measurements(m, r);
    cbor_wr_int(&m->tag, CORIM_OWN_KEY);
    corim_own_tag_write(&m->tag, &own);
    cbor_wr_tag(m->wr, CORIM_COMID);
    cbor_wr_bstr(m->wr, wr_done(&m->tag));
}

/* ---- what is told ---- */

#define T(text) (int)(text).len, (const char *)(text).p

static void
tell_release(const struct making *m, const struct bundle_release *r, const char *what)
{
    fprintf(m->told, "NOT EXPORTED: release %.*s %.*s %.*s: %s\n", T(r->component), T(r->name),
            T(r->version), what);
}

/* What of a release that is written has no place. */
static void
tell_rest(const struct making *m, const struct bundle_release *r)
{
    if (m->n_weak > 0) {
        tell_release(m, r, "its digests of SHA-1, which have no number in CoRIM");
    }
    if (r->replaces.len > 0 || r->overlap_s > 0) {
        tell_release(m, r, "what it replaces, and how long both pass");
    }
    if (r->slots.len > 0 || r->cmdline != BUNDLE_NONE || r->announced_initrd) {
        tell_release(m, r, "its boot slots, command line, or announced initrd");
    }
    if ((r->active_s > 0 || r->retire_s > 0) && !m->one_validity) {
        tell_release(m, r, "its days, to readers that do not know our profile");
    }
}

static void
tell_policies(const struct making *m)
{
    const struct bundle *b = m->b;

    for (size_t i = 0; i < b->n_policies; i++) {
        const struct bundle_policy *p = &b->policies[i];

        fprintf(m->told, "NOT EXPORTED: policy %.*s: its settings\n", T(p->name));
        for (size_t k = 0; k < p->n_rules; k++) {
            const struct bundle_rule *rule = &b->rules[p->first_rule + k];

            fprintf(m->told, "NOT EXPORTED: policy %.*s: rule %.*s : %.*s %s\n", T(p->name),
                    T(rule->id), T(rule->slot), bundle_verb_name(rule->verb));
        }
    }
}

static void
tell_sets(const struct making *m)
{
    const struct bundle *b = m->b;

    for (size_t i = 0; i < b->n_sets; i++) {
        if (!is_derived(&b->sets[i])) {
            fprintf(m->told, "NOT EXPORTED: set %s %.*s\n", bundle_set_kind_name(b->sets[i].kind),
                    T(b->sets[i].name));
        }
    }
    for (size_t i = 0; i < b->n_cmdlines; i++) {
        fprintf(m->told, "NOT EXPORTED: cmdline %.*s\n", T(b->cmdlines[i].name));
    }
    for (size_t i = 0; i < b->n_grubcmds; i++) {
        fprintf(m->told, "NOT EXPORTED: grubcmd %.*s\n", T(b->grubcmds[i].name));
    }
    for (size_t i = 0; i < b->n_imas; i++) {
        fprintf(m->told, "NOT EXPORTED: ima %.*s\n", T(b->imas[i].list.name));
    }
    for (size_t i = 0; i < b->n_advisories; i++) {
        fprintf(m->told, "NOT EXPORTED: advisory %.*s\n", T(b->advisories[i].name));
    }
}

/* ---- the whole ---- */

static bool
counts(const struct bundle_release *r)
{
    return r->state == BUNDLE_ACTIVE || r->state == BUNDLE_RETIRING;
}

static size_t
n_records(const struct bundle *b)
{
    size_t n = 0;

    for (size_t i = 0; i < b->n_sets; i++) {
        for (size_t t = 0; t < b->sets[i].n_tables; t++) {
            n += b->sets[i].tables[t].n;
        }
    }
    return n;
}

/* Have all that are written the same days, with an end, as the manifest's own validity wants it? */
static void
look_at_days(struct making *m)
{
    bool first = true;

    for (size_t i = 0; i < m->b->n_releases; i++) {
        const struct bundle_release *r = &m->b->releases[i];

        take_release(m, (uint16_t)i);
        if (!counts(r) || m->n == 0) {
            continue;
        }
        m->one_validity =
            r->retire_s > 0 && (first || (m->one_validity && m->active_s == r->active_s &&
                                          m->retire_s == r->retire_s));
        m->active_s = r->active_s;
        m->retire_s = r->retire_s;
        first = false;
    }
}

static void
write_time(struct wr *wr, uint64_t key, uint64_t seconds)
{
    cbor_wr_uint(wr, key);
    cbor_wr_tag(wr, TAG_TIME);
    cbor_wr_uint(wr, seconds);
}

static void
write_validity(struct making *m)
{
    cbor_wr_uint(m->wr, 4);
    cbor_wr_map(m->wr, m->active_s > 0 ? 2 : 1);
    if (m->active_s > 0) {
        write_time(m->wr, 0, m->active_s);
    }
    write_time(m->wr, 1, m->retire_s);
}

/* The tags, behind their array's head; returns how many. To tell, none is written. */
static size_t
write_tags(struct making *m, bool tell)
{
    size_t n = 0;

    for (size_t i = 0; i < m->b->n_releases; i++) {
        const struct bundle_release *r = &m->b->releases[i];

        take_release(m, (uint16_t)i);
        if (tell && !counts(r)) {
            tell_release(m, r, bundle_state_name(r->state));
        } else if (tell && m->n == 0) {
            tell_release(m, r, "it has no digest that a CoRIM holds");
        } else if (tell) {
            tell_rest(m, r);
        }
        if (counts(r) && m->n > 0) {
            n++;
            if (!tell) {
                sort_found(m);
                write_tag(m, r);
            }
        }
    }
    return n;
}

static void
write_manifest(struct making *m, const char *id, size_t n)
{
    cbor_wr_tag(m->wr, TAG_MAP);
    cbor_wr_map(m->wr, m->one_validity ? 4 : 3);
    cbor_wr_uint(m->wr, 0);
    cbor_wr_tstr(m->wr, id);
    cbor_wr_uint(m->wr, 1);
    cbor_wr_array(m->wr, n);
    (void)write_tags(m, false);
    cbor_wr_uint(m->wr, 3);
    cbor_wr_tag(m->wr, TAG_URI);
    cbor_wr_tstr(m->wr, CORIM_OWN_PROFILE);
    if (m->one_validity) {
        write_validity(m);
    }
}

int
corim_make(const struct bundle *b, const char *id, FILE *told, struct corim_make *ret)
{
    size_t records = n_records(b);
    size_t cap = HEAD_MAX * (b->n_releases + 2) + ONE_MAX * records;
    CLEANUP(free_p) struct found *found = calloc(records + 1, sizeof(*found));
    CLEANUP(free_p) uint8_t *tag = malloc(cap);
    uint8_t *room = malloc(cap);
    struct wr wr = wr_init(room, cap);
    struct making m = {.b = b, .told = told, .wr = &wr, .tag = wr_init(tag, cap), .found = found};
    size_t n;

    if (!found || !tag || !room) {
        free(room);
        return -ENOMEM;
    }
    look_at_days(&m);
    n = write_tags(&m, true);
    tell_policies(&m);
    tell_sets(&m);
    if (n == 0) {
        free(room);
        return 1;
    }
    write_manifest(&m, id, n);
    *ret = (struct corim_make){.room = room, .bytes = wr_done(&wr), .n_releases = n};
    return 0;
}

/* ---- the signature ---- */

/* {1: ES256, 3: content type, ? 4: kid, 15: {1: issuer}} */
static void
write_header(struct wr *wr, struct bytes kid, const char *issuer)
{
    cbor_wr_map(wr, kid.len > 0 ? 4 : 3);
    cbor_wr_uint(wr, 1);
    cbor_wr_int(wr, COSE_ALG_ES256);
    cbor_wr_uint(wr, 3);
    cbor_wr_tstr(wr, "application/rim+cbor");
    if (kid.len > 0) {
        cbor_wr_uint(wr, 4);
        cbor_wr_bstr(wr, kid);
    }
    cbor_wr_uint(wr, 15);
    cbor_wr_map(wr, 1);
    cbor_wr_uint(wr, 1);
    cbor_wr_tstr(wr, issuer);
}

int
corim_make_sign(struct corim_make *make, struct bytes kid, const char *issuer, struct privkey *key,
                struct hasher *hasher)
{
    size_t cap = make->bytes.len + SIGNED_MORE;
    uint8_t signature[ES256_SIG_SIZE];
    uint8_t protected[SIGNED_MORE / 2];
    struct wr header = wr_init(protected, sizeof(protected));
    uint8_t *room = malloc(cap);
    struct wr wr = wr_init(room, cap);
    uint8_t digest[32];
    int r = room ? 0 : -ENOMEM;

    write_header(&header, kid, issuer);
    r = r == 0 ? cose_sign1_digest(wr_done(&header), BYTES_NULL, make->bytes, hasher, digest) : r;
    r = r == 0 ? privkey_sign(key, digest, signature) : r;
    if (r == 0) {
        cbor_wr_tag(&wr, TAG_SIGN1);
        cbor_wr_array(&wr, 4);
        cbor_wr_bstr(&wr, wr_done(&header));
        cbor_wr_map(&wr, 0);
        cbor_wr_bstr(&wr, make->bytes);
        cbor_wr_bstr(&wr, BYTES_OF(signature));
        r = header.failed || wr.failed ? -ENOSPC : 0;
    }
    if (r != 0) {
        free(room);
        return r;
    }
    free(make->room);
    make->room = room;
    make->bytes = wr_done(&wr);
    return 0;
}
