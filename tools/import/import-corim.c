/* CoRIM as releases and sets: reference triples become releases of their environment, files of
 * CoSWID tags become sets. */
#include <errno.h>
#include <stdlib.h>

#include "formats/coswid.h"
#include "import/corim-own.h"
#include "import/import.h"
#include "policy/policy-put.h"

enum {
    DAY_S = 86400,
    LABELS_MAX = LIMIT_BUNDLE_LABELS,
};

struct group {
    struct bytes version;
    enum comid_svn svn_kind;
    uint64_t svn;
};

struct swid_file {
    enum hash alg;
    uint8_t digest[HASH_SIZE_MAX];
    struct bytes path; /* owned */
};

struct state {
    FILE *out;
    const struct import_ask *ask;
    const struct import_file *file;
    struct corim corim;
    bool own;     /* its profile is ours */
    bool vouched; /* its signature is by the key that was asked with */
    struct corim_tag tag;
    struct comid comid;
    size_t n_labels;
    size_t n_groups; /* of the triple */
    struct group groups[LIMIT_BUNDLE_RELEASES];
    struct corim_names names; /* of what is made: once each, over all files */
};

/* ---- what is told ---- */

static void
put_text(FILE *out, const char *word, struct bytes text)
{
    if (text.len > 0) {
        fprintf(out, "%s", word);
        policy_put_quoted(out, text);
    }
}

static void
put_name(FILE *out, const char *word, const struct corim_name *name)
{
    char room[CORIM_NAME_ROOM];

    if (name->kind != CORIM_NONE) {
        fprintf(out, "%s%s", word, corim_name_text(name, room));
    }
}

/* The beginning of a line that tells what is left out of this tag. */
static FILE *
left_out(const struct state *s)
{
    fprintf(s->out, "# NOT IMPORTED: tag %u: ", s->tag.index);
    return s->out;
}

static void
put_signature(const struct state *s)
{
    const struct corim *corim = &s->corim;

    if (!corim->is_signed) {
        fputs("# not signed: take it from its publisher\n", s->out);
        return;
    }
    fputs(s->vouched ? "# signed by the key given" : "# SIGNATURE NOT VERIFIED", s->out);
    put_text(s->out, ", as ", corim->signer);
    corim_names_put_day(s->out, ", from ", corim->signature_validity.from_s);
    corim_names_put_day(s->out, ", until ", corim->signature_validity.until_s);
    fputc('\n', s->out);
}

static void
put_manifest(const struct state *s)
{
    const struct corim *corim = &s->corim;

    put_signature(s);
    put_name(s->out, "# id ", &corim->id);
    put_name(s->out, ", profile ", &corim->profile);
    put_text(s->out, ", of ", corim->entity);
    corim_names_put_day(s->out, ", valid from ", corim->validity.from_s);
    corim_names_put_day(s->out, ", valid until ", corim->validity.until_s);
    fputc('\n', s->out);
    if (corim->n_dependent > 0) {
        fprintf(s->out, "# NOT IMPORTED: %zu manifests that it depends on\n", corim->n_dependent);
    }
    if (corim->n_unknown > 0) {
        fprintf(s->out, "# NOT IMPORTED: %zu members of the manifest that are not known\n",
                corim->n_unknown);
    }
}

static void
put_environment(FILE *out, const struct comid_env *env)
{
    put_text(out, " vendor ", env->vendor);
    put_text(out, " model ", env->model);
    if (env->has_layer) {
        fprintf(out, " layer %llu", (unsigned long long)env->layer);
    }
    if (env->has_index) {
        fprintf(out, " index %llu", (unsigned long long)env->index);
    }
    put_name(out, " class ", &env->class_id);
}

/* ---- measurements ---- */

/* How many digests of it a policy can hold; all of them are read. Returns 0 or 1 with *ret_fault.
 */
static int
count_digests(const struct state *s, struct corim_list list, size_t *ret_n, struct fault *ret_fault)
{
    struct comid_digest digest;
    unsigned seen = 0;
    int r;

    *ret_n = 0;
    while ((r = comid_next_digest(&list, &digest, ret_fault)) == 0) {
        if (digest.alg != HASH_N && seen >> digest.alg & 1) {
            return fault_at(ret_fault, RULE_COMID_DIGEST, s->tag.index, rd_offset(&list.c.rd));
        }
        seen |= digest.alg != HASH_N ? 1u << digest.alg : 0;
        *ret_n += corim_names_holds(digest.alg);
    }
    return r == CORIM_E_END ? 0 : 1;
}

static void
put_place(const struct state *s, size_t triple, size_t measurement)
{
    fprintf(left_out(s), "triple %zu, measurement %zu: ", triple, measurement);
}

static void
put_other_digests(const struct state *s, struct corim_list list, size_t triple, size_t n)
{
    struct comid_digest digest;

    while (comid_next_digest(&list, &digest, NULL) == 0) {
        if (!corim_names_holds(digest.alg)) {
            char room[CORIM_NAME_ROOM];

            put_place(s, triple, n);
            fprintf(s->out, "a digest of algorithm %s\n", corim_name_text(&digest.name, room));
        }
    }
}

/* A policy has no whole PCR values; people may want to see them. */
static int
put_registers(const struct state *s, struct corim_list list, size_t triple, size_t n,
              struct fault *ret_fault)
{
    struct comid_register one;
    int r;

    while ((r = comid_next_register(&list, &one, ret_fault)) == 0) {
        struct comid_digest digest;
        size_t n_taken;

        if (count_digests(s, one.digests, &n_taken, ret_fault) != 0) {
            return 1;
        }
        while (comid_next_digest(&one.digests, &digest, NULL) == 0) {
            char room[CORIM_NAME_ROOM];

            put_place(s, triple, n);
            fprintf(s->out, "value of register %s", corim_name_text(&one.key, room));
            if (corim_names_holds(digest.alg)) {
                fputc(' ', s->out);
                policy_put_digest(s->out, digest.alg, digest.value);
            } else {
                fprintf(s->out, " by algorithm %s", corim_name_text(&digest.name, room));
            }
            fputc('\n', s->out);
        }
    }
    return r == CORIM_E_END ? 0 : 1;
}

static void
put_more(const struct state *s, const struct comid_measurement *m, size_t triple, size_t n)
{
    const char *comma = "";

    if (m->more == 0) {
        return;
    }
    put_place(s, triple, n);
    for (unsigned key = 0; key < 32; key++) {
        if (m->more & COMID_VALUE(key)) {
            fprintf(s->out, "%s%s", comma, comid_value_name(key));
            comma = ", ";
        }
    }
    fputc('\n', s->out);
}

/* ---- releases ---- */

static bool
is_of_group(const struct group *group, const struct comid_measurement *m)
{
    return bytes_equal(group->version, m->version) && group->svn_kind == m->svn_kind &&
           group->svn == m->svn;
}

/* Measurements of one version and svn are one release. False when there are too many. */
static bool
take_group(struct state *s, const struct comid_measurement *m)
{
    for (size_t i = 0; i < s->n_groups; i++) {
        if (is_of_group(&s->groups[i], m)) {
            return true;
        }
    }
    if (s->n_groups == ARRAY_LEN(s->groups)) {
        return false;
    }
    s->groups[s->n_groups++] = (struct group){m->version, m->svn_kind, m->svn};
    return true;
}

/* What of the triple is left out, and the groups that there are. */
static int
look_at_triple(struct state *s, const struct comid_triple *triple, size_t n_triple,
               struct fault *ret_fault)
{
    struct corim_list list = triple->measurements;
    struct comid_measurement m;
    size_t n_digests;
    int r;

    s->n_groups = 0;
    for (size_t n = 0; (r = comid_next_measurement(&list, &m, ret_fault)) == 0; n++) {
        if (count_digests(s, m.digests, &n_digests, ret_fault) != 0 ||
            put_registers(s, m.registers, n_triple, n, ret_fault) != 0) {
            return 1;
        }
        put_other_digests(s, m.digests, n_triple, n);
        put_more(s, &m, n_triple, n);
        if (n_digests == 0 && m.registers.left == 0) {
            put_place(s, n_triple, n);
            fputs("it has no digest that a policy holds\n", s->out);
        }
        if (n_digests > 0 && !take_group(s, &m)) {
            return fault_at(ret_fault, RULE_IMPORT_MANY, s->tag.index, rd_offset(&list.c.rd));
        }
    }
    return r == CORIM_E_END ? 0 : 1;
}

static void
put_digests(const struct state *s, struct corim_list list)
{
    struct comid_digest digest;

    while (comid_next_digest(&list, &digest, NULL) == 0) {
        if (corim_names_holds(digest.alg)) {
            fputc(' ', s->out);
            policy_put_digest(s->out, digest.alg, digest.value);
        }
    }
}

/* Labels are for people, and a bundle has room for some. */
static void
put_label(struct state *s, struct bytes label)
{
    if (label.len > 0 && s->n_labels < LABELS_MAX) {
        policy_put_label(s->out, label);
        s->n_labels++;
    }
}

static void
put_parts(struct state *s, const struct comid_triple *triple, const struct group *group)
{
    struct corim_list list = triple->measurements;
    struct comid_measurement m;

    while (comid_next_measurement(&list, &m, NULL) == 0) {
        char room[CORIM_NAMES_ROOM];
        size_t n = 0;

        if (is_of_group(group, &m)) {
            ignore(count_digests(s, m.digests, &n, NULL), "they were looked at before");
        }
        if (n > 0) {
            fprintf(s->out, "  %s", corim_names_part(&m, room));
            put_digests(s, m.digests);
            put_label(s, m.name);
            fputc('\n', s->out);
        }
    }
}

/* Days: from the first whole one to the last whole one. */
static void
put_validity(const struct state *s)
{
    uint64_t from_s = (s->corim.validity.from_s + DAY_S - 1) / DAY_S * DAY_S;
    uint64_t until_s = s->corim.validity.until_s / DAY_S * DAY_S;

    if (s->corim.validity.until_s == 0) {
        return;
    }
    if (from_s > CORIM_DATE_LAST_S || until_s <= from_s) {
        fputs("  state staged # it is valid on no whole day until 2105\n", s->out);
        return;
    }
    corim_names_put_day(s->out, "  active ", from_s);
    fputs(from_s > 0 ? "\n" : "", s->out);
    if (until_s <= CORIM_DATE_LAST_S) {
        corim_names_put_day(s->out, "  retire ", until_s);
        fputc('\n', s->out);
    }
}

static void
put_group(struct state *s, const struct comid_triple *triple, const struct group *group)
{
    struct corim_release name;
    char who[CORIM_NAMES_ROOM];

    corim_names_release(&s->names, s->ask, s->file, &triple->env, group->version, &name);
    corim_names_word(s->comid.entity.len > 0 ? s->comid.entity : s->corim.signer, "corim", who);
    fprintf(s->out, "release %s %s %s {\n  source %s %s\n", name.component, name.name, name.version,
            s->vouched ? "vendor" : "operator", s->vouched ? who : "corim");
    if (group->svn_kind != COMID_NO_SVN && group->svn > 0) {
        fprintf(s->out, "  svn %llu%s\n", (unsigned long long)group->svn,
                group->svn_kind == COMID_MIN_SVN
                    ? " # the least: `at-least floor(COMPONENT)` is a rule"
                    : "");
    }
    put_validity(s);
    put_parts(s, triple, group);
    fputs("}\n", s->out);
}

static int
put_triple(struct state *s, const struct comid_triple *triple, size_t n, struct fault *ret_fault)
{
    bool narrow = triple->env.has_instance || triple->env.has_group;

    if (narrow) {
        fprintf(left_out(s), "triple %zu is of %s:", n,
                triple->env.has_instance ? "one machine alone" : "a group of machines");
    } else {
        fprintf(s->out, "# triple %zu:", n);
    }
    put_environment(s->out, &triple->env);
    fputc('\n', s->out);
    if (narrow) {
        return 0;
    }
    if (look_at_triple(s, triple, n, ret_fault) != 0) {
        return 1;
    }
    for (size_t i = 0; i < s->n_groups; i++) {
        if (s->names.n == LIMIT_BUNDLE_RELEASES) {
            return fault_at(ret_fault, RULE_IMPORT_MANY, s->tag.index, 0);
        }
        put_group(s, triple, &s->groups[i]);
    }
    return 0;
}

static int
put_comid(struct state *s, struct fault *ret_fault)
{
    struct comid *comid = &s->comid;
    struct comid_triple triple;
    int r = comid_read(&s->tag, comid, ret_fault);

    if (r != 0) {
        return 1;
    }
    fprintf(s->out, "# tag %u: CoMID", s->tag.index);
    put_name(s->out, " ", &comid->id);
    fprintf(s->out, " version %llu", (unsigned long long)comid->version);
    put_text(s->out, ", of ", comid->entity);
    fputc('\n', s->out);
    if (comid->n_linked > 0) {
        fprintf(left_out(s), "%zu links to tags that it supplements or replaces\n",
                comid->n_linked);
    }
    for (unsigned kind = 1; kind < COMID_KINDS; kind++) {
        if (comid->n_triples[kind] > 0) {
            fprintf(left_out(s), "%zu %s\n", comid->n_triples[kind], comid_kind_name(kind));
        }
    }
    if (s->own) {
        return corim_own_put(s->out, &s->tag, comid, s->vouched, &s->names, ret_fault);
    }
    if (comid->n_unknown + (comid->own.len > 0) > 0) {
        fprintf(left_out(s), "%zu members that are not known\n",
                comid->n_unknown + (comid->own.len > 0));
    }
    for (size_t n = 0; r == 0; n++) {
        r = comid_next_triple(&comid->reference, &triple, ret_fault);
        if (r == CORIM_E_END) {
            return 0;
        }
        r = r == 0 ? put_triple(s, &triple, n, ret_fault) : r;
    }
    return 1;
}

/* ---- files ---- */

struct swid_files {
    struct swid_file *files; /* owned */
    size_t n, room;
    size_t n_bare, n_other; /* without a digest, with one that a policy does not hold */
    bool broke;             /* memory ended */
};

static void
count_file(void *context, struct bytes path, const struct comid_digest *digest)
{
    struct swid_files *all = context;

    (void)path;
    all->n_bare += !digest;
    all->n_other += digest && !corim_names_holds(digest->alg);
    all->room += digest && corim_names_holds(digest->alg);
}

static void
take_file(void *context, struct bytes path, const struct comid_digest *digest)
{
    struct swid_files *all = context;
    struct swid_file *one = &all->files[all->n];
    uint8_t *copy;

    if (!digest || !corim_names_holds(digest->alg) || all->broke) {
        return;
    }
    copy = malloc(path.len);
    all->broke = !copy;
    if (copy) {
        memcpy(copy, path.p, path.len);
        *one = (struct swid_file){.alg = digest->alg, .path = bytes_of(copy, path.len)};
        memcpy(one->digest, digest->value.p, digest->value.len);
        all->n++;
    }
}

static int
by_digest(const void *a, const void *b)
{
    const struct swid_file *x = a;
    const struct swid_file *y = b;

    return x->alg != y->alg ? (x->alg < y->alg ? -1 : 1)
                            : memcmp(x->digest, y->digest, sizeof(x->digest));
}

static void
put_files(struct state *s, const struct coswid *coswid, const struct swid_files *all)
{
    size_t n_again = 0;

    if (all->n == 0) {
        return;
    }
    qsort(all->files, all->n, sizeof(all->files[0]), by_digest);
    fprintf(s->out, "set digests %s {\n", corim_names_set(&s->names, s->file, coswid->name));
    for (size_t i = 0; i < all->n; i++) {
        const struct swid_file *one = &all->files[i];

        if (i > 0 && by_digest(one - 1, one) == 0) {
            n_again++;
            continue;
        }
        fputs("  ", s->out);
        policy_put_digest(s->out, one->alg, bytes_of(one->digest, hash_size(one->alg)));
        put_label(s, one->path);
        fputc('\n', s->out);
    }
    fputs("}\n", s->out);
    if (n_again > 0) {
        fprintf(s->out, "# %zu files are what stands above under another path\n", n_again);
    }
}

static void
put_files_left(const struct state *s, const struct coswid *coswid, const struct swid_files *all)
{
    if (all->n_bare > 0) {
        fprintf(left_out(s), "%zu files without a digest\n", all->n_bare);
    }
    if (all->n_other > 0) {
        fprintf(left_out(s), "%zu files with a digest that no set holds\n", all->n_other);
    }
    if (coswid->has_evidence) {
        fprintf(left_out(s), "evidence of what was found on a machine\n");
    }
    if (all->room == 0) {
        fprintf(left_out(s), "it has no file that a set could hold\n");
    }
}

static int
put_coswid(struct state *s, struct fault *ret_fault)
{
    struct swid_files all = {0};
    struct coswid coswid;
    int r = coswid_read(&s->tag, &coswid, ret_fault);

    r = r == 0 ? coswid_files(&coswid, count_file, &all, ret_fault) : r;
    if (r != 0) {
        return 1;
    }
    if (all.room > LIMIT_SET_RECORDS || s->names.n == LIMIT_BUNDLE_RELEASES) {
        return fault_at(ret_fault, RULE_IMPORT_MANY, s->tag.index, 0);
    }
    all.files = calloc(all.room + 1, sizeof(*all.files));
    if (all.files) {
        ignore(coswid_files(&coswid, take_file, &all, NULL), "they were counted before");
    }
    r = all.files && !all.broke ? 0 : -ENOMEM;
    if (r == 0) {
        fprintf(s->out, "# tag %u: CoSWID", s->tag.index);
        put_name(s->out, " ", &coswid.id);
        put_text(s->out, " of ", coswid.name);
        put_text(s->out, " version ", coswid.version);
        put_text(s->out, ", by ", coswid.entity);
        fputc('\n', s->out);
        put_files_left(s, &coswid, &all);
        put_files(s, &coswid, &all);
    }
    for (size_t i = 0; i < all.n; i++) {
        free((void *)(uintptr_t)all.files[i].path.p);
    }
    free(all.files);
    return r;
}

/* ---- the whole ---- */

static int
put_tag(struct state *s, struct fault *ret_fault)
{
    if (s->tag.number == CORIM_COMID) {
        return put_comid(s, ret_fault);
    }
    if (s->tag.number == CORIM_COSWID) {
        return put_coswid(s, ret_fault);
    }
    fprintf(left_out(s), "%s %llu\n",
            s->tag.number == CORIM_COTL ? "a list of active tags," : "its kind",
            (unsigned long long)s->tag.number);
    return 0;
}

/* A key that is given must be whose signature it is, in its time; without one a signature is
 * nothing, and that must be known. */
static int
check_signature(struct state *s, struct hasher *hasher, struct fault *ret_fault)
{
    const struct corim *corim = &s->corim;
    uint64_t from_s = corim->signature_validity.from_s;
    uint64_t until_s = corim->signature_validity.until_s;
    int r;

    s->vouched = false;
    if (!s->ask->key) {
        return corim->is_signed && !s->ask->unverified
                   ? fault_at(ret_fault, RULE_CORIM_UNVERIFIED, FAULT_NO_EVENT, 0)
                   : 0;
    }
    if (!corim->is_signed) {
        return fault_at(ret_fault, RULE_CORIM_SIGNATURE, FAULT_NO_EVENT, 0);
    }
    r = corim_verify(corim, s->ask->key, hasher);
    if (r > 0) {
        return fault_at(ret_fault, r == CORIM_E_ALG ? RULE_CORIM_ALGORITHM : RULE_CORIM_SIGNATURE,
                        FAULT_NO_EVENT, 0);
    }
    if (r == 0 && (s->ask->now_s < from_s || (until_s > 0 && s->ask->now_s >= until_s))) {
        return fault_at(ret_fault, RULE_CORIM_LATE, FAULT_NO_EVENT, 0);
    }
    s->vouched = r == 0;
    return r;
}

static int
put_file(struct state *s, struct hasher *hasher, struct fault *ret_fault)
{
    int r = corim_read(s->file->bytes, &s->corim, ret_fault);

    r = r == 0 ? check_signature(s, hasher, ret_fault) : r;
    r = r == 0 ? import_origin(s->out, hasher, "CoRIM", s->file) : r;
    if (r != 0) {
        return r;
    }
    put_manifest(s);
    s->own = s->corim.profile.kind == CORIM_TEXT &&
             bytes_equal(s->corim.profile.bytes, bytes_str(CORIM_OWN_PROFILE));
    while (r == 0) {
        r = corim_next_tag(&s->corim.tags, &s->tag, ret_fault);
        if (r == CORIM_E_END) {
            return 0;
        }
        r = r == 0 ? put_tag(s, ret_fault) : r;
    }
    return r;
}

int
import_corim(FILE *out, struct hasher *hasher, const struct import_ask *ask,
             struct import_fault *ret_fault)
{
    CLEANUP(free_p) struct state *s = calloc(1, sizeof(*s));
    int r = s ? 0 : -ENOMEM;

    for (size_t i = 0; r == 0 && i < ask->n; i++) {
        s->out = out;
        s->ask = ask;
        s->file = &ask->files[i];
        ret_fault->file = i;
        r = put_file(s, hasher, &ret_fault->fault);
    }
    return r;
}
