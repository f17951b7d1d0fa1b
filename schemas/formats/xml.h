/* XML 1.0 with namespaces, as far as signed manifests use it: a walker over a whole file in memory
 * that allocates nothing and looks nothing up. Extensible Markup Language 1.0 (Fifth Edition) and
 * Namespaces in XML 1.0. UTF-8 alone, names of ASCII, the five entities and characters by number;
 * a document type, processing instructions and CDATA are refused, comments passed over. Whatever
 * is refused ends the walk: who walks to XML_E_END has read a well-formed document. */
#pragma once

#include "base/fault.h"
#include "base/rd.h"

#define XML_BYTES_MAX (1024u * 1024u) /* signed manifests have 3 to 40 KB */
#define XML_DEPTH_MAX 16u             /* a time stamp in a signature: 6 */
#define XML_ATTRS_MAX 48u             /* a manifest's Meta: 22 are known */
#define XML_SPACES_MAX 48u            /* prefixes in scope */

#define XML_URI_XML "http://www.w3.org/XML/1998/namespace" /* of the prefix xml */

enum xml_outcome { XML_OK, XML_E_FAULT, XML_E_END };

enum xml_kind { XML_START, XML_STOP, XML_TEXT };

/* All parts are views into the file. */
struct xml_attr {
    struct bytes prefix, local; /* prefix is empty without one */
    struct bytes uri;           /* of the namespace; empty without a prefix */
    struct bytes raw;           /* between the quotes: read it with xml_text() or xml_char() */
};

struct xml_space {
    struct bytes prefix, uri; /* prefix is empty for the default; uri where that ends again */
    unsigned depth;           /* of the element that declares it */
};

struct xml_item {
    enum xml_kind kind;
    unsigned depth;             /* of the element, 1 for the root; of text, that it stands in */
    size_t from, to;            /* its bytes: of XML_START the tag's; both equal when a STOP has no
                                   tag of its own (<a/>) */
    struct bytes prefix, local; /* of the element */
    struct bytes uri;           /* of its namespace, may be empty */
    struct bytes raw;           /* of XML_TEXT */
    size_t n_attrs;             /* of XML_START, without declarations of namespaces */
    struct xml_attr attrs[XML_ATTRS_MAX];
};

struct xml {
    size_t n_spaces; /* in scope, the outermost first; of an XML_STOP still the element's */
    struct xml_space spaces[XML_SPACES_MAX];

    /* Private */
    struct rd rd;
    unsigned depth;
    struct bytes names[XML_DEPTH_MAX]; /* of the elements that are open, with their prefixes */
    bool begun, closing;               /* a root was seen; the last item was <a/> or a STOP */
    bool empty;                        /* it was <a/> */
};

/* Begins a walk, behind the declaration if there is one. Returns 0 or XML_E_FAULT (XML_LIMIT,
 * XML_BYTES, XML_FORM) with *ret_fault, which may be NULL. *ret_xml is untouched unless 0. */
MUST_CHECK int xml_open(struct bytes file, struct xml *ret_xml, struct fault *ret_fault);

/* The next item. Returns 0, XML_E_END behind the root, or XML_E_FAULT with *ret_fault (XML_FORM,
 * XML_OTHER, XML_SPACE, XML_LIMIT); do not go on after one of the latter two. *ret_item is of no
 * use unless 0. */
MUST_CHECK int xml_next(struct xml *xml, struct xml_item *ret_item, struct fault *ret_fault);

/* Is the item an element of that namespace and name? */
bool xml_is(const struct xml_item *item, const char *uri, const char *local);

/* The raw value of an attribute of a namespace ("" for none); false without it. */
bool xml_attr(const struct xml_item *item, const char *uri, const char *local,
              struct bytes *ret_raw);

/* Is it white space alone, written as such? */
bool xml_blank(struct bytes raw);

/* One character of raw text or of a raw attribute's value, as XML 1.0 sections 2.11 and 3.3.3 have
 * it: ends of lines are \n, in an attribute all white space is a blank, unless by number. */
struct xml_char {
    uint8_t bytes[4]; /* of its UTF-8; one of several bytes may come byte by byte */
    size_t n;
};
bool xml_char(struct rd *raw, bool attr, struct xml_char *ret);

/* The same as bytes in at most cap bytes of room; a view of it, or p == NULL when it is longer. */
struct bytes xml_text(struct bytes raw, bool attr, uint8_t *room, size_t cap);
