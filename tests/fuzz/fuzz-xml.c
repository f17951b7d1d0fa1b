/* Any bytes as XML: items lie in the file one behind the other, elements nest, and what is read has
 * one canonical form, whose form it is itself. */
#include <stdlib.h>

#include "formats/xml-c14n.h"
#include "lib/fuzz.h"

/* Walks to the end. Returns false for what is refused. */
static bool
walk(struct bytes in)
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
        at = item.to;
    }
    FUZZ_ASSERT(r == XML_E_END ? depth == 0 : fault.rule != RULE_NONE && fault.offset <= in.len);
    return r == XML_E_END;
}

static struct bytes
form_of(struct bytes in, uint8_t *room, size_t cap)
{
    struct wr out = wr_init(room, cap);

    FUZZ_ASSERT(xml_c14n(in, &(struct xml_c14n){0}, &out, NULL) == 0);
    return wr_done(&out);
}

void
fuzz_one(struct bytes in)
{
    size_t cap = 8 * in.len + 16; /* a sign becomes six, <a/> seven */
    uint8_t *room = malloc(2 * cap);
    struct bytes form;

    FUZZ_ASSERT(room);
    if (walk(in)) {
        form = form_of(in, room, cap);
        FUZZ_ASSERT(form.p && (form.len > XML_BYTES_MAX || walk(form)));
        FUZZ_ASSERT(form.len > XML_BYTES_MAX || bytes_equal(form_of(form, room + cap, cap), form));
    }
    free(room);
}
