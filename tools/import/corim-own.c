#include "import/corim-own.h"

#include <stdio.h>

#include "base/cbor-wr.h"
#include "policy/policy-put.h"
#include "wire/bundle-part.h"

enum {
    OWN_KIND = 0,
    OWN_RETIRING = 1,
    OWN_ACTIVE = 2,
    OWN_RETIRE = 3,
    DAY_S = 86400,
    PLACE_MAX = 512
};

/* ---- the tag's own member ---- */

static uint64_t
day_read(struct cbor_rd *c)
{
    uint64_t seconds = cbor_rd_uint(c, CORIM_DATE_LAST_S);

    cbor_rd_require(c, seconds > 0 && seconds % DAY_S == 0);
    return seconds;
}

bool
corim_own_tag_read(struct bytes item, struct corim_own_tag *ret)
{
    struct cbor_rd c = cbor_rd_init(item);
    struct cbor_map m = cbor_rd_map(&c, LIMIT_CBOR_ITEMS);
    struct corim_own_tag tag = {0};
    int64_t key;

    while (cbor_map_next_int(&c, &m, &key)) {
        if (key == OWN_KIND) {
            tag.source_kind = part_name(&c);
        } else if (key == OWN_RETIRING) {
            tag.retiring = cbor_rd_bool(&c);
        } else if (key == OWN_ACTIVE) {
            tag.active_s = day_read(&c);
        } else if (key == OWN_RETIRE) {
            tag.retire_s = day_read(&c);
        } else {
            cbor_rd_fail(&c);
        }
    }
    if (!cbor_rd_end(&c)) {
        return false;
    }
    *ret = tag;
    return true;
}

void
corim_own_tag_write(struct wr *wr, const struct corim_own_tag *tag)
{
    cbor_wr_map(wr, (size_t)(tag->source_kind.len > 0) + tag->retiring + (tag->active_s > 0) +
                        (tag->retire_s > 0));
    part_write_text(wr, OWN_KIND, tag->source_kind);
    if (tag->retiring) {
        cbor_wr_uint(wr, OWN_RETIRING);
        cbor_wr_bool(wr, true);
    }
    part_write_uint(wr, OWN_ACTIVE, tag->active_s);
    part_write_uint(wr, OWN_RETIRE, tag->retire_s);
}

/* ---- places ---- */

/* Up to the next slash, which goes with it. */
static struct bytes
next_word(struct bytes *text)
{
    const uint8_t *slash = text->len > 0 ? memchr(text->p, '/', text->len) : NULL;
    size_t len = slash ? (size_t)(slash - text->p) : text->len;
    struct bytes word = bytes_of(text->p, len);

    len += slash != NULL;
    *text = bytes_of(text->p + len, text->len - len);
    return word;
}

/* 0 to 255 as it is printed. */
static bool
number_read(struct bytes text, uint8_t *ret)
{
    unsigned number = 0;

    for (size_t i = 0; i < text.len && i < 4; i++) {
        if (text.p[i] < '0' || text.p[i] > '9') {
            return false;
        }
        number = 10 * number + (unsigned)(text.p[i] - '0');
    }
    *ret = (uint8_t)number;
    return text.len > 0 && number <= UINT8_MAX && (text.len == 1 || text.p[0] != '0') &&
           text.len <= 3;
}

static bool
place_parse(struct bytes text, struct corim_own_place *place)
{
    struct bytes word = next_word(&text);

    place->variant = bytes_equal(word, bytes_str("variant"));
    if (!place->variant) {
        place->part = word;
        return text.len == 0 || number_read(next_word(&text), &place->position);
    }
    if (!number_read(next_word(&text), &place->group) ||
        !number_read(next_word(&text), &place->position)) {
        return false;
    }
    place->optional = text.len > 0;
    return text.len == 0 || bytes_equal(next_word(&text), bytes_str("optional"));
}

bool
corim_own_place_read(struct bytes mkey, struct corim_own_place *ret)
{
    struct corim_own_place place = {0};
    char room[CORIM_OWN_ROOM];

    /* written again it must be the same, so that nothing has two names */
    if (mkey.len >= sizeof(room) || !place_parse(mkey, &place) ||
        !bytes_equal(mkey, bytes_str(corim_own_place_text(&place, room)))) {
        return false;
    }
    *ret = place;
    return true;
}

const char *
corim_own_place_text(const struct corim_own_place *place, char room[CORIM_OWN_ROOM])
{
    int n;

    if (place->variant) {
        snprintf(room, CORIM_OWN_ROOM, "variant/%u/%u%s", place->group, place->position,
                 place->optional ? "/optional" : "");
        return room;
    }
    n = snprintf(room, CORIM_OWN_ROOM, "%.*s", (int)place->part.len, (const char *)place->part.p);
    if (place->position > 0 && n > 0 && (size_t)n < CORIM_OWN_ROOM) {
        snprintf(room + n, CORIM_OWN_ROOM - (size_t)n, "/%u", place->position);
    }
    return room;
}

bool
corim_own_place_equal(const struct corim_own_place *a, const struct corim_own_place *b)
{
    return a->variant == b->variant && a->optional == b->optional && a->group == b->group &&
           a->position == b->position && bytes_equal(a->part, b->part);
}

/* ---- a release ---- */

struct putting {
    FILE *out;
    bool open, began; /* a variant's block; a line */
    struct corim_own_place place;
    struct bytes label; /* of the event that is open */
    size_t n;           /* digests of the place */
    struct bytes digests[PLACE_MAX];
};

static void
end_line(struct putting *p)
{
    if (p->began && p->place.variant) {
        fputs(p->place.optional ? " optional" : "", p->out);
        policy_put_label(p->out, p->label);
    }
    fputs(p->began ? "\n" : "", p->out);
    p->began = false;
}

static void
end_variant(struct putting *p)
{
    end_line(p);
    fputs(p->open ? "  }\n" : "", p->out);
    p->open = false;
}

/* Goes on with the line of this place, or begins its own. */
static void
begin_place(struct putting *p, const struct corim_own_place *place, struct bytes label)
{
    if (p->began && corim_own_place_equal(&p->place, place)) {
        fputs(place->variant ? " +" : "", p->out);
        return;
    }
    if (p->open && (!place->variant || place->group != p->place.group)) {
        end_variant(p);
    }
    end_line(p);
    if (place->variant) {
        fputs(p->open ? "" : "  variant {\n", p->out);
        p->open = true;
        fputs("   ", p->out);
    } else {
        fprintf(p->out, "  %.*s", (int)place->part.len, (const char *)place->part.p);
    }
    p->n = 0;
    p->began = true;
    p->place = *place;
    p->label = label;
}

/* What stands behind the slot and a blank. */
static struct bytes
label_of(struct bytes name)
{
    const uint8_t *blank = name.len > 0 ? memchr(name.p, ' ', name.len) : NULL;

    return blank ? bytes_of(blank + 1, name.len - (size_t)(blank + 1 - name.p)) : BYTES_NULL;
}

static bool
is_plain(struct bytes name)
{
    return part_is_name(name) && !memchr(name.p, '.', name.len) && !memchr(name.p, ':', name.len);
}

/* A digest stands once at its place: with another label it would be two things. */
static bool
digest_fits(struct putting *p, const struct comid_digest *digest)
{
    if (!corim_names_holds(digest->alg) || p->n == PLACE_MAX) {
        return false;
    }
    for (size_t i = 0; i < p->n; i++) {
        if (bytes_equal(p->digests[i], digest->value)) {
            return false;
        }
    }
    p->digests[p->n++] = digest->value;
    return true;
}

static int
put_digests(struct putting *p, const struct comid_measurement *m, struct fault *ret_fault)
{
    struct corim_list list = m->digests;
    struct comid_digest digest;
    const char *between = " ";
    int r;

    while ((r = comid_next_digest(&list, &digest, ret_fault)) == 0) {
        if (!digest_fits(p, &digest)) {
            return fault_at(ret_fault, RULE_CORIM_OWN, list.tag, rd_offset(&list.c.rd));
        }
        fputs(between, p->out);
        policy_put_digest(p->out, digest.alg, digest.value);
        if (!p->place.variant) {
            policy_put_label(p->out, label_of(m->name));
        }
        between = p->place.variant ? " + " : " ";
    }
    return r == CORIM_E_END ? 0 : 1;
}

/* Is it a place of this release, whose sets have names of COMPONENT.PART and COMPONENT/NAME? */
static bool
place_fits(const struct corim_own_place *place, struct bytes model)
{
    struct bytes rest = model;
    struct bytes component = next_word(&rest);

    return place->variant ? model.len <= LIMIT_BUNDLE_NAME
                          : is_plain(place->part) && !corim_names_keyword(place->part) &&
                                component.len + 1 + place->part.len <= LIMIT_BUNDLE_NAME;
}

static bool
measurement_fits(const struct comid_measurement *m, const struct comid_measurement *first)
{
    struct bytes label = label_of(m->name);

    return m->key.kind == CORIM_TEXT && m->digests.left > 0 && m->registers.left == 0 &&
           m->more == 0 && m->svn_kind == first->svn_kind && m->svn == first->svn &&
           bytes_equal(m->version, first->version) && (label.len == 0 || part_is_text(label));
}

static int
put_measurements(FILE *out, const struct comid_triple *triple,
                 const struct comid_measurement *first, struct fault *ret_fault)
{
    struct corim_list list = triple->measurements;
    struct putting p = {.out = out};
    struct corim_own_place place;
    struct comid_measurement m;
    int r;

    while ((r = comid_next_measurement(&list, &m, ret_fault)) == 0) {
        if (!measurement_fits(&m, first) || !corim_own_place_read(m.key.bytes, &place) ||
            !place_fits(&place, triple->env.model)) {
            return fault_at(ret_fault, RULE_CORIM_OWN, list.tag, rd_offset(&list.c.rd));
        }
        begin_place(&p, &place, label_of(m.name));
        if (put_digests(&p, &m, ret_fault) != 0) {
            return 1;
        }
    }
    end_variant(&p);
    return r == CORIM_E_END ? 0 : 1;
}

/* Who speaks: a maker's own word, for which less is asked, is believed by its signature alone. */
static void
put_source(FILE *out, const struct comid_env *env, const struct corim_own_tag *own, bool vouched)
{
    bool vendor = bytes_equal(own->source_kind, bytes_str("vendor"));
    struct bytes kind = vendor && !vouched ? bytes_str("operator") : own->source_kind;

    if (kind.len > 0) {
        fprintf(out, "  source %.*s %.*s%s\n", (int)kind.len, (const char *)kind.p,
                (int)env->vendor.len, (const char *)env->vendor.p,
                vendor && !vouched ? " # says vendor, and no signature was verified" : "");
    }
}

static void
put_head(FILE *out, const struct comid_env *env, const struct corim_own_tag *own,
         const struct comid_measurement *m, bool vouched)
{
    struct bytes rest = env->model;
    struct bytes component = next_word(&rest);

    fprintf(out, "release %.*s %.*s %.*s {\n", (int)component.len, (const char *)component.p,
            (int)rest.len, (const char *)rest.p, (int)m->version.len, (const char *)m->version.p);
    put_source(out, env, own, vouched);
    if (m->svn > 0) {
        fprintf(out, "  svn %llu\n", (unsigned long long)m->svn);
    }
    fputs(own->retiring ? "  state retiring\n" : "", out);
    corim_names_put_day(out, "  active ", own->active_s);
    fputs(own->active_s > 0 ? "\n" : "", out);
    corim_names_put_day(out, "  retire ", own->retire_s);
    fputs(own->retire_s > 0 ? "\n" : "", out);
}

static bool
env_fits(const struct comid_env *env, const struct corim_own_tag *own)
{
    struct bytes rest = env->model;
    struct bytes component = next_word(&rest);

    return is_plain(component) && part_is_name(rest) && !env->has_layer && !env->has_index &&
           !env->has_instance && !env->has_group && env->class_id.kind == CORIM_NONE &&
           (env->vendor.len > 0) == (own->source_kind.len > 0) &&
           (env->vendor.len == 0 || part_is_name(env->vendor)) &&
           (own->retire_s == 0 || own->retire_s > own->active_s);
}

/* The one triple and its first measurement, which has the release's version and svn. */
static int
release_read(const struct corim_tag *tag, const struct comid *comid, struct corim_own_tag *own,
             struct comid_triple *triple, struct comid_measurement *first, struct fault *ret_fault)
{
    struct corim_list triples = comid->reference;
    struct corim_list list;

    if (triples.left != 1 || comid->n_unknown > 0 || !corim_own_tag_read(comid->own, own)) {
        return fault_at(ret_fault, RULE_CORIM_OWN, tag->index,
                        (uint64_t)(tag->content.p - tag->file));
    }
    if (comid_next_triple(&triples, triple, ret_fault) != 0) {
        return 1;
    }
    list = triple->measurements;
    return comid_next_measurement(&list, first, ret_fault) != 0;
}

int
corim_own_put(FILE *out, const struct corim_tag *tag, const struct comid *comid, bool vouched,
              struct corim_names *names, struct fault *ret_fault)
{
    struct corim_own_tag own;
    struct comid_triple triple;
    struct comid_measurement first;
    struct bytes name;
    struct bytes component;

    if (release_read(tag, comid, &own, &triple, &first, ret_fault) != 0) {
        return 1;
    }
    name = triple.env.model;
    component = next_word(&name);
    if (!env_fits(&triple.env, &own) || !part_is_name(first.version) ||
        first.svn_kind == COMID_MIN_SVN ||
        !corim_names_take(names, component, name, first.version)) {
        return fault_at(ret_fault, RULE_CORIM_OWN, tag->index,
                        (uint64_t)(tag->content.p - tag->file));
    }
    put_head(out, &triple.env, &own, &first, vouched);
    if (put_measurements(out, &triple, &first, ret_fault) != 0) {
        return 1;
    }
    fputs("}\n", out);
    return 0;
}
