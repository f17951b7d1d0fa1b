#include "formats/xml-c14n.h"

#include <errno.h>
#include <stdlib.h>

struct state {
    const struct xml_c14n *what;
    struct wr *out;
    struct xml xml;
    struct xml_item item;
    bool begun; /* the outermost element that is written was met */
    size_t n_outer;
    struct { /* xml:… of the elements around it, section 2.4 */
        struct xml_attr attr;
        unsigned depth;
    } outer[XML_ATTRS_MAX];
};

/* The end of <a/> has no bytes: where the span begins it is that of an element before it. */
static bool
lies_in(const struct state *s, const struct xml_span *span)
{
    size_t from = s->item.from;

    return (from > span->from || (from == span->from && s->item.to > from)) &&
           s->item.to <= span->to;
}

/* ---- text, section 2.3 ---- */

static const char *
escape_of(uint8_t c, bool attr)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return attr ? NULL : "&gt;";
    case '"':
        return attr ? "&quot;" : NULL;
    case '\t':
        return attr ? "&#x9;" : NULL;
    case '\n':
        return attr ? "&#xA;" : NULL;
    case '\r':
        return "&#xD;";
    default:
        return NULL;
    }
}

static void
put_text(struct wr *out, struct bytes raw, bool attr)
{
    struct rd rd = rd_init(raw);
    struct xml_char c;

    while (xml_char(&rd, attr, &c)) {
        const char *escape = escape_of(c.bytes[0], attr);

        if (escape) {
            wr_str(out, escape);
        } else {
            wr_bytes(out, bytes_of(c.bytes, c.n));
        }
    }
}

static void
put_name(struct wr *out, struct bytes prefix, struct bytes local)
{
    wr_bytes(out, prefix);
    wr_str(out, prefix.len > 0 ? ":" : "");
    wr_bytes(out, local);
}

/* ---- order, section 2.2 ---- */

static int
compare(struct bytes a, struct bytes b)
{
    size_t least = a.len < b.len ? a.len : b.len;
    int r = least > 0 ? memcmp(a.p, b.p, least) : 0;

    return r != 0 ? r : a.len < b.len ? -1 : a.len > b.len;
}

static int
compare_attrs(const struct xml_attr *a, const struct xml_attr *b)
{
    int r = compare(a->uri, b->uri);

    return r != 0 ? r : compare(a->local, b->local);
}

/* ---- namespaces, sections 2.3 and 4.7 ---- */

/* Is the i-th the innermost of its prefix? */
static bool
is_innermost(const struct xml *xml, size_t i)
{
    for (size_t k = i + 1; k < xml->n_spaces; k++) {
        if (bytes_equal(xml->spaces[k].prefix, xml->spaces[i].prefix)) {
            return false;
        }
    }
    return true;
}

/* What the prefix was bound to around the i-th; empty for nothing. */
static struct bytes
outer_uri(const struct xml *xml, size_t i)
{
    for (size_t k = i; k-- > 0;) {
        if (bytes_equal(xml->spaces[k].prefix, xml->spaces[i].prefix)) {
            return xml->spaces[k].uri;
        }
    }
    return BYTES_NULL;
}

/* The outermost element that is written has all that are in scope, others what changes there. */
static bool
is_rendered(const struct state *s, size_t i, bool outermost)
{
    const struct xml_space *space = &s->xml.spaces[i];

    if (outermost) {
        return is_innermost(&s->xml, i) && space->uri.len > 0;
    }
    return space->depth == s->item.depth && !bytes_equal(space->uri, outer_uri(&s->xml, i));
}

static void
put_spaces(struct state *s, bool outermost)
{
    const struct xml_space *last = NULL;

    for (;;) {
        const struct xml_space *next = NULL;

        for (size_t i = 0; i < s->xml.n_spaces; i++) {
            const struct xml_space *space = &s->xml.spaces[i];

            if (is_rendered(s, i, outermost) &&
                (!last || compare(space->prefix, last->prefix) > 0) &&
                (!next || compare(space->prefix, next->prefix) < 0)) {
                next = space;
            }
        }
        if (!next) {
            return;
        }
        wr_str(s->out, next->prefix.len > 0 ? " xmlns:" : " xmlns");
        wr_bytes(s->out, next->prefix);
        wr_str(s->out, "=\"");
        wr_bytes(s->out, next->uri);
        wr_str(s->out, "\"");
        last = next;
    }
}

/* ---- attributes ---- */

/* Is the i-th xml:… of the elements around hidden by an inner one, or by the element itself? */
static bool
is_hidden(const struct state *s, size_t i)
{
    const struct xml_attr *attr = &s->outer[i].attr;

    for (size_t k = i + 1; k < s->n_outer; k++) {
        if (bytes_equal(s->outer[k].attr.local, attr->local)) {
            return true;
        }
    }
    for (size_t k = 0; k < s->item.n_attrs; k++) {
        if (compare_attrs(&s->item.attrs[k], attr) == 0) {
            return true;
        }
    }
    return false;
}

static void
take_next(const struct xml_attr *attr, const struct xml_attr *last, const struct xml_attr **next)
{
    if ((!last || compare_attrs(attr, last) > 0) && (!*next || compare_attrs(attr, *next) < 0)) {
        *next = attr;
    }
}

static void
put_attrs(struct state *s, bool outermost)
{
    const struct xml_attr *last = NULL;

    for (;;) {
        const struct xml_attr *next = NULL;

        for (size_t i = 0; i < s->item.n_attrs; i++) {
            take_next(&s->item.attrs[i], last, &next);
        }
        for (size_t i = 0; outermost && i < s->n_outer; i++) {
            if (!is_hidden(s, i)) {
                take_next(&s->outer[i].attr, last, &next);
            }
        }
        if (!next) {
            return;
        }
        wr_str(s->out, " ");
        put_name(s->out, next->prefix, next->local);
        wr_str(s->out, "=\"");
        put_text(s->out, next->raw, true);
        wr_str(s->out, "\"");
        last = next;
    }
}

/* ---- items ---- */

/* Forgets xml:… of elements that ended before this one began. */
static void
drop_ended(struct state *s)
{
    while (s->n_outer > 0 && s->outer[s->n_outer - 1].depth >= s->item.depth) {
        s->n_outer--;
    }
}

/* Keeps xml:… of an element around the one that is written. False when there are too many. */
static bool
take_outer(struct state *s)
{
    for (size_t i = 0; i < s->item.n_attrs; i++) {
        if (!bytes_equal(s->item.attrs[i].uri, bytes_str(XML_URI_XML))) {
            continue;
        }
        if (s->n_outer == ARRAY_LEN(s->outer)) {
            return false;
        }
        s->outer[s->n_outer].attr = s->item.attrs[i];
        s->outer[s->n_outer++].depth = s->item.depth;
    }
    return true;
}

static void
put_item(struct state *s)
{
    const struct xml_item *item = &s->item;
    bool outermost = !s->begun;

    if (item->kind == XML_TEXT) {
        if (!s->what->no_blanks || !xml_blank(item->raw)) {
            put_text(s->out, item->raw, false);
        }
        return;
    }
    wr_str(s->out, item->kind == XML_START ? "<" : "</");
    put_name(s->out, item->prefix, item->local);
    if (item->kind == XML_START) {
        s->begun = true;
        put_spaces(s, outermost);
        put_attrs(s, outermost);
    }
    wr_str(s->out, ">");
}

int
xml_c14n(struct bytes file, const struct xml_c14n *what, struct wr *out, struct fault *ret_fault)
{
    CLEANUP(free_p) struct state *s = calloc(1, sizeof(*s));
    int r;

    if (!s) {
        return -ENOMEM;
    }
    s->what = what;
    s->out = out;
    r = xml_open(file, &s->xml, ret_fault);
    while (r == 0 && (r = xml_next(&s->xml, &s->item, ret_fault)) == 0) {
        bool in = !what->of || lies_in(s, what->of);

        if (s->item.kind == XML_START && !s->begun) {
            drop_ended(s);
        }
        if (!in && s->item.kind == XML_START && !s->begun && !take_outer(s)) {
            return fault_at(ret_fault, RULE_XML_LIMIT, FAULT_NO_EVENT, s->item.from);
        }
        if (in && !(what->without && lies_in(s, what->without))) {
            put_item(s);
        }
    }
    return r == XML_E_END ? 0 : r;
}
