/* Canonical XML 1.0 without comments, inclusive: what an XML signature's digests are over.
 * https://www.w3.org/TR/2001/REC-xml-c14n-20010315 */
#pragma once

#include "base/wr.h"
#include "formats/xml.h"

/* An element: its bytes from its "<" to behind its end. */
struct xml_span {
    size_t from, to;
};

struct xml_c14n {
    const struct xml_span *of;      /* the element; NULL: the whole document */
    const struct xml_span *without; /* an element inside that is left out, or NULL */
    bool no_blanks; /* text of white space alone is left out: some sign before they indent */
};

/* Writes the canonical form to out, which fails when there is no room. file must be the one that
 * `of` and `without` are of. Returns 0 or XML_E_FAULT with *ret_fault: what xml_next() refuses, or
 * XML_LIMIT for more than XML_ATTRS_MAX attributes xml:… around the element; or -ENOMEM. */
MUST_CHECK int xml_c14n(struct bytes file, const struct xml_c14n *what, struct wr *out,
                        struct fault *ret_fault);
