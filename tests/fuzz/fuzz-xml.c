/* Any bytes as XML: items lie in the file one behind the other, elements nest, and what is read has
 * one canonical form, whose form it is itself. */
#include <stdlib.h>

#include "formats/xml-c14n.h"
#include "lib/fuzz.h"

/* Walks to the end. Returns false for what is refused; *ret_inner is the last element of depth 3,
 * or else what it was. */
static bool
walk(struct bytes in, struct xml_span *ret_inner)
{
    static struct xml xml;
    static struct xml_item item;
    struct fault fault = {0};
    unsigned depth = 0;
    size_t at = 0;
    int r = xml_open(in, &xml, &fault);

    while (r == 0 && (r = xml_next(&xml, &item, &fault)) == 0) {
        FUZZ_ASSERT(item.from >= at && item.to >= item.from && item.to <= in.len);
        FUZZ_ASSERT(item.n_attrs <= XML_ATTRS_MAX && xml.n_spaces <= XML_SPACES_MAX);
        depth += item.kind == XML_START;
        FUZZ_ASSERT(item.depth == depth && depth > 0);
        depth -= item.kind == XML_STOP;
        if (item.depth == 3 && item.kind == XML_START) {
            ret_inner->from = item.from;
        } else if (item.depth == 3 && item.kind == XML_STOP) {
            ret_inner->to = item.to;
        }
        at = item.to;
    }
    FUZZ_ASSERT(r == XML_E_END ? depth == 0 : fault.rule != RULE_NONE && fault.offset <= in.len);
    return r == XML_E_END;
}

static struct bytes
form_of(struct bytes in, const struct xml_c14n *what, uint8_t *room, size_t cap)
{
    struct wr out = wr_init(room, cap);
    int r = xml_c14n(in, what, &out, NULL);

    FUZZ_ASSERT(r == 0 || (what->of && r == XML_E_FAULT)); /* too much around it */
    FUZZ_ASSERT(r != 0 || wr_done(&out).p);
    return r == 0 ? wr_done(&out) : BYTES_NULL;
}

/* The whole and a part, whose forms are documents and their own forms. */
static void
try_forms(struct bytes in, const struct xml_span *inner, uint8_t *room, size_t cap)
{
    const struct xml_c14n whole = {0};
    const struct xml_c14n part = {.of = inner, .no_blanks = true};
    const struct xml_c14n rest = {.without = inner};
    struct xml_span unused;
    struct bytes form = form_of(in, &whole, room, cap);

    if (form.len <= XML_BYTES_MAX) {
        FUZZ_ASSERT(walk(form, &unused));
        FUZZ_ASSERT(bytes_equal(form_of(form, &whole, room + cap, cap), form));
    }
    if (inner->to > 0) {
        FUZZ_ASSERT(form_of(in, &rest, room + cap, cap).len < form.len);
        form = form_of(in, &part, room, cap);
        FUZZ_ASSERT(!form.p || form.len > XML_BYTES_MAX || walk(form, &unused));
    }
}

void
fuzz_one(struct bytes in)
{
    size_t cap = 8 * in.len + 65536; /* a sign becomes six, <a/> seven; a part has what is around */
    uint8_t *room = malloc(2 * cap);
    struct xml_span inner = {0};

    FUZZ_ASSERT(room);
    if (walk(in, &inner)) {
        try_forms(in, &inner, room, cap);
    }
    free(room);
}
