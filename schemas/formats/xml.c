#include "formats/xml.h"

#include "base/rd-until.h"
#include "base/utf8.h"
#include "base/wr.h"

enum { NAME_MAX_LEN = 128, REF_MAX_LEN = 10 };

static int
refuse(const struct xml *xml, enum rule rule, struct fault *ret_fault)
{
    return fault_at(ret_fault, rule, FAULT_NO_EVENT, xml->rd.pos);
}

/* The next byte without taking it; 0, which no document has, at the end. */
static uint8_t
peek(const struct rd *rd)
{
    struct rd ahead = *rd;

    return rd_left(rd) > 0 ? rd_u8(&ahead) : 0;
}

/* Takes the word if it stands next. */
static bool
takes(struct rd *rd, const char *word)
{
    struct rd ahead = *rd;

    if (!bytes_equal(rd_bytes(&ahead, strlen(word)), bytes_str(word))) {
        return false;
    }
    *rd = ahead;
    return true;
}

static bool
is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Section 2.3, S. Returns whether there was any. */
static bool
take_blanks(struct rd *rd)
{
    size_t from = rd->pos;

    while (is_space(peek(rd))) {
        rd_u8(rd);
    }
    return rd->pos > from;
}

/* The bytes up to one of the two, which stays; fails without either. */
static struct bytes
take_to(struct rd *rd, uint8_t a, uint8_t b)
{
    struct rd from = *rd;

    while (rd_left(rd) > 0 && peek(rd) != a && peek(rd) != b) {
        rd_u8(rd);
    }
    if (rd_left(rd) == 0) {
        rd_fail(rd);
    }
    return rd_bytes(&from, rd->pos - from.pos);
}

/* ---- characters ---- */

/* Section 2.2, Char */
static bool
is_char(uint32_t code)
{
    return code == '\t' || code == '\n' || code == '\r' || (code >= 0x20 && code <= 0xd7ff) ||
           (code >= 0xe000 && code <= 0xfffd) || (code >= 0x10000 && code <= 0x10ffff);
}

/* All bytes at once, so that nothing behind it looks at them as more than ASCII. */
static bool
is_document(struct bytes file)
{
    for (size_t i = 0; i < file.len; i++) {
        bool nonchar = file.p[i] == 0xef && file.len - i >= 3 && file.p[i + 1] == 0xbf &&
                       file.p[i + 2] >= 0xbe; /* U+FFFE and U+FFFF */

        if ((file.p[i] < 0x20 && !is_space(file.p[i])) || nonchar) {
            return false;
        }
    }
    return utf8_valid(file);
}

static void
put_code(uint32_t code, struct xml_char *ret)
{
    static const uint8_t lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    size_t n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

    ret->n = n;
    for (size_t i = n; i-- > 1; code >>= 6) {
        ret->bytes[i] = (uint8_t)(0x80u | (code & 0x3fu));
    }
    ret->bytes[0] = (uint8_t)(lead[n] | code);
}

static int
digit_of(uint8_t c, bool hex)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (hex && c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return hex && c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* #65 or #x41, section 4.1 */
static bool
read_number(struct bytes word, struct xml_char *ret)
{
    bool hex = word.len > 1 && word.p[1] == 'x';
    uint32_t code = 0;

    if (word.len < (hex ? 3u : 2u)) {
        return false;
    }
    for (size_t i = hex ? 2 : 1; i < word.len; i++) {
        int digit = digit_of(word.p[i], hex);

        if (digit < 0 || code > 0x10ffff) {
            return false;
        }
        code = code * (hex ? 16u : 10u) + (uint32_t)digit;
    }
    if (!is_char(code)) {
        return false;
    }
    put_code(code, ret);
    return true;
}

/* What stands behind an ampersand, which was taken. */
static bool
read_reference(struct rd *rd, struct xml_char *ret)
{
    static const char *const entities[] = {"amp", "lt", "gt", "quot", "apos"};
    static const char is[] = "&<>\"'";
    struct bytes word = rd_until(rd, ';', REF_MAX_LEN);

    if (word.len > 0 && word.p[0] == '#') {
        return read_number(word, ret);
    }
    for (size_t i = 0; i < ARRAY_LEN(entities); i++) {
        if (bytes_equal(word, bytes_str(entities[i]))) {
            put_code((uint8_t)is[i], ret);
            return true;
        }
    }
    return false;
}

bool
xml_char(struct rd *raw, bool attr, struct xml_char *ret)
{
    uint8_t c = rd_u8(raw);

    if (raw->failed) {
        return false;
    }
    if (c == '&') {
        return read_reference(raw, ret);
    }
    if (c == '\r') {
        takes(raw, "\n");
        c = '\n';
    }
    ret->bytes[0] = attr && is_space(c) ? ' ' : c;
    ret->n = 1;
    return true;
}

struct bytes
xml_text(struct bytes raw, bool attr, uint8_t *room, size_t cap)
{
    struct wr out = wr_init(room, cap);
    struct rd rd = rd_init(raw);
    struct xml_char c;

    while (xml_char(&rd, attr, &c)) {
        wr_bytes(&out, bytes_of(c.bytes, c.n));
    }
    return out.failed ? BYTES_NULL : bytes_of(room, out.len);
}

/* Are all references of a raw value good? */
static bool
is_value(struct bytes raw)
{
    struct rd rd = rd_init(raw);
    struct xml_char c;

    while (rd_left(&rd) > 0) {
        if (!xml_char(&rd, false, &c)) {
            return false;
        }
    }
    return true;
}

bool
xml_blank(struct bytes raw)
{
    struct rd rd = rd_init(raw);

    take_blanks(&rd);
    return rd_end(&rd);
}

/* ---- names ---- */

static bool
is_name_byte(uint8_t c, bool first)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           (!first && ((c >= '0' && c <= '9') || c == '-' || c == '.'));
}

/* Namespaces in XML section 3, NCName; empty when there is none. */
static struct bytes
take_ncname(struct rd *rd)
{
    struct rd from = *rd;

    while (is_name_byte(peek(rd), rd->pos == from.pos)) {
        rd_u8(rd);
    }
    return rd_bytes(&from, rd->pos - from.pos);
}

/* QName, whole in *ret_name. */
static bool
take_qname(struct rd *rd, struct bytes *ret_prefix, struct bytes *ret_local, struct bytes *ret_name)
{
    struct rd from = *rd;
    struct bytes local = take_ncname(rd);
    struct bytes prefix = BYTES_NULL;

    if (local.len > 0 && takes(rd, ":")) {
        prefix = local;
        local = take_ncname(rd);
    }
    *ret_name = rd_bytes(&from, rd->pos - from.pos);
    *ret_prefix = prefix;
    *ret_local = local;
    return local.len > 0 && ret_name->len <= NAME_MAX_LEN;
}

/* ---- namespaces ---- */

/* The innermost binding; the default, which needs none, is empty. */
static bool
resolve(const struct xml *xml, struct bytes prefix, struct bytes *ret_uri)
{
    if (bytes_equal(prefix, bytes_str("xml"))) {
        *ret_uri = bytes_str(XML_URI_XML);
        return true;
    }
    for (size_t i = xml->n_spaces; i-- > 0;) {
        if (bytes_equal(xml->spaces[i].prefix, prefix)) {
            *ret_uri = xml->spaces[i].uri;
            return true;
        }
    }
    *ret_uri = BYTES_NULL;
    return prefix.len == 0;
}

/* Absolute, and written as it is: canonical forms compare and copy it. */
static bool
is_uri(struct bytes uri)
{
    bool absolute = false;

    for (size_t i = 0; i < uri.len; i++) {
        absolute = absolute || (uri.p[i] == ':' && i > 0);
        if (uri.p[i] <= ' ' || uri.p[i] > '~' || strchr("&\"'<>", uri.p[i])) {
            return false;
        }
    }
    return absolute;
}

/* xmlns="…" with an empty prefix, xmlns:p="…". Sections 3 and 5. */
static enum rule
declare(struct xml *xml, struct bytes prefix, struct bytes uri)
{
    bool ends = prefix.len == 0 && uri.len == 0;
    bool reserved = bytes_equal(prefix, bytes_str("xml")) ||
                    bytes_equal(prefix, bytes_str("xmlns")) ||
                    bytes_equal(uri, bytes_str(XML_URI_XML)) ||
                    bytes_equal(uri, bytes_str("http://www.w3.org/2000/xmlns/"));

    if (reserved || (!ends && !is_uri(uri))) {
        return RULE_XML_SPACE;
    }
    for (size_t i = 0; i < xml->n_spaces; i++) {
        if (xml->spaces[i].depth == xml->depth && bytes_equal(xml->spaces[i].prefix, prefix)) {
            return RULE_XML_FORM;
        }
    }
    if (xml->n_spaces == ARRAY_LEN(xml->spaces)) {
        return RULE_XML_LIMIT;
    }
    xml->spaces[xml->n_spaces++] = (struct xml_space){prefix, uri, xml->depth};
    return RULE_NONE;
}

static bool
same_attr(const struct xml_attr *a, const struct xml_attr *b)
{
    return bytes_equal(a->uri, b->uri) && bytes_equal(a->local, b->local);
}

/* Once all declarations are known. */
static enum rule
resolve_all(const struct xml *xml, struct xml_item *item)
{
    if (!resolve(xml, item->prefix, &item->uri)) {
        return RULE_XML_SPACE;
    }
    for (size_t i = 0; i < item->n_attrs; i++) {
        struct xml_attr *attr = &item->attrs[i];

        if (attr->prefix.len > 0 && !resolve(xml, attr->prefix, &attr->uri)) {
            return RULE_XML_SPACE;
        }
        for (size_t k = 0; k < i; k++) {
            if (same_attr(&item->attrs[k], attr)) {
                return RULE_XML_FORM;
            }
        }
    }
    return RULE_NONE;
}

/* ---- tags ---- */

static enum rule
take_attr(struct xml *xml, struct xml_item *item)
{
    struct rd *rd = &xml->rd;
    struct xml_attr attr = {0};
    struct bytes name;
    uint8_t quote;

    if (!take_qname(rd, &attr.prefix, &attr.local, &name)) {
        return RULE_XML_FORM;
    }
    take_blanks(rd);
    if (!takes(rd, "=")) {
        return RULE_XML_FORM;
    }
    take_blanks(rd);
    quote = rd_u8(rd);
    attr.raw = take_to(rd, quote, '<');
    if ((quote != '"' && quote != '\'') || rd_u8(rd) != quote || !is_value(attr.raw)) {
        return RULE_XML_FORM;
    }
    if (bytes_equal(attr.prefix, bytes_str("xmlns"))) {
        return declare(xml, attr.local, attr.raw);
    }
    if (bytes_equal(name, bytes_str("xmlns"))) {
        return declare(xml, BYTES_NULL, attr.raw);
    }
    if (item->n_attrs == ARRAY_LEN(item->attrs)) {
        return RULE_XML_LIMIT;
    }
    item->attrs[item->n_attrs++] = attr;
    return RULE_NONE;
}

/* Behind "<": section 3.1, STag and EmptyElemTag. */
static enum rule
take_start(struct xml *xml, struct xml_item *item)
{
    struct bytes name;
    enum rule rule = RULE_NONE;

    if (xml->depth == XML_DEPTH_MAX) {
        return RULE_XML_LIMIT;
    }
    if (!take_qname(&xml->rd, &item->prefix, &item->local, &name)) {
        return RULE_XML_FORM;
    }
    xml->names[xml->depth++] = name;
    xml->begun = true;
    item->kind = XML_START;
    item->depth = xml->depth;
    while (rule == RULE_NONE) {
        bool apart = take_blanks(&xml->rd);

        if (takes(&xml->rd, "/>")) {
            xml->empty = true;
            break;
        }
        if (takes(&xml->rd, ">")) {
            break;
        }
        rule = apart ? take_attr(xml, item) : RULE_XML_FORM;
    }
    return rule == RULE_NONE ? resolve_all(xml, item) : rule;
}

/* The element that is open ends; its namespaces go with the next item. */
static enum rule
close_element(struct xml *xml, struct xml_item *item, struct bytes name)
{
    struct rd rd;

    if (xml->depth == 0 || !bytes_equal(name, xml->names[xml->depth - 1])) {
        return RULE_XML_FORM;
    }
    rd = rd_init(xml->names[xml->depth - 1]);
    take_qname(&rd, &item->prefix, &item->local, &name);
    item->kind = XML_STOP;
    item->depth = xml->depth;
    xml->closing = true;
    return resolve_all(xml, item);
}

/* Behind "</": section 3.1, ETag. */
static enum rule
take_stop(struct xml *xml, struct xml_item *item)
{
    struct bytes name;

    if (!take_qname(&xml->rd, &item->prefix, &item->local, &name)) {
        return RULE_XML_FORM;
    }
    take_blanks(&xml->rd);
    return takes(&xml->rd, ">") ? close_element(xml, item, name) : RULE_XML_FORM;
}

/* Behind "<!--": section 2.5. */
static bool
take_comment(struct rd *rd)
{
    while (rd_left(rd) > 0) {
        if (takes(rd, "--")) {
            return takes(rd, ">");
        }
        rd_u8(rd);
    }
    return false;
}

static bool
holds(struct bytes text, const char *word)
{
    struct rd rd = rd_init(text);

    while (rd_left(&rd) > 0) {
        if (takes(&rd, word)) {
            return true;
        }
        rd_u8(&rd);
    }
    return false;
}

/* Section 2.4, CharData and references. */
static enum rule
take_text(struct xml *xml, struct xml_item *item)
{
    item->kind = XML_TEXT;
    item->depth = xml->depth;
    item->raw = take_to(&xml->rd, '<', '<');
    return !xml->rd.failed && is_value(item->raw) && !holds(item->raw, "]]>") ? RULE_NONE
                                                                              : RULE_XML_FORM;
}

/* ---- the walk ---- */

/* What is behind an element's end is out of its namespaces. */
static void
leave(struct xml *xml)
{
    xml->depth--;
    while (xml->n_spaces > 0 && xml->spaces[xml->n_spaces - 1].depth > xml->depth) {
        xml->n_spaces--;
    }
    xml->closing = false;
}

static enum rule
take_item(struct xml *xml, struct xml_item *item)
{
    struct rd *rd = &xml->rd;

    if (xml->empty) {
        xml->empty = false;
        return close_element(xml, item, xml->names[xml->depth - 1]);
    }
    if (xml->depth > 0 && peek(rd) != '<') {
        return take_text(xml, item);
    }
    if (takes(rd, "</")) {
        return take_stop(xml, item);
    }
    if (takes(rd, "<!") || takes(rd, "<?")) {
        return RULE_XML_OTHER;
    }
    return takes(rd, "<") && (xml->depth > 0 || !xml->begun) ? take_start(xml, item)
                                                             : RULE_XML_FORM;
}

int
xml_next(struct xml *xml, struct xml_item *ret_item, struct fault *ret_fault)
{
    enum rule rule;

    if (xml->closing) {
        leave(xml);
    }
    for (;;) {
        if (xml->depth == 0) {
            take_blanks(&xml->rd);
        }
        if (xml->empty || !takes(&xml->rd, "<!--")) {
            break;
        }
        if (!take_comment(&xml->rd)) {
            return refuse(xml, RULE_XML_FORM, ret_fault);
        }
    }
    if (xml->begun && xml->depth == 0 && rd_end(&xml->rd)) {
        return XML_E_END;
    }
    memset(ret_item, 0, sizeof(*ret_item));
    ret_item->from = xml->rd.pos;
    rule = take_item(xml, ret_item);
    ret_item->to = xml->rd.pos;
    return rule == RULE_NONE ? 0 : refuse(xml, rule, ret_fault);
}

/* ---- the beginning ---- */

/* " name="value"", of which the value has these letters at most. */
static bool
take_pseudo(struct rd *rd, const char *name, struct bytes *ret)
{
    uint8_t quote;

    if (!take_blanks(rd) || !takes(rd, name)) {
        return false;
    }
    take_blanks(rd);
    if (!takes(rd, "=")) {
        return false;
    }
    take_blanks(rd);
    quote = rd_u8(rd);
    *ret = take_to(rd, quote, '<');
    return (quote == '"' || quote == '\'') && rd_u8(rd) == quote;
}

static bool
is_utf8_name(struct bytes name)
{
    return bytes_equal(name, bytes_str("UTF-8")) || bytes_equal(name, bytes_str("utf-8"));
}

/* Section 2.8, XMLDecl, behind "<?xml". */
static bool
take_declaration(struct rd *rd)
{
    struct bytes value;
    struct rd ahead;

    if (!take_pseudo(rd, "version", &value) || !bytes_equal(value, bytes_str("1.0"))) {
        return false;
    }
    ahead = *rd;
    if (take_pseudo(&ahead, "encoding", &value)) {
        if (!is_utf8_name(value)) {
            return false;
        }
        *rd = ahead;
    }
    ahead = *rd;
    if (take_pseudo(&ahead, "standalone", &value)) {
        if (!bytes_equal(value, bytes_str("yes")) && !bytes_equal(value, bytes_str("no"))) {
            return false;
        }
        *rd = ahead;
    }
    take_blanks(rd);
    return takes(rd, "?>");
}

int
xml_open(struct bytes file, struct xml *ret_xml, struct fault *ret_fault)
{
    struct rd rd = rd_init(file);
    struct rd word;

    if (file.len > XML_BYTES_MAX) {
        return fault_at(ret_fault, RULE_XML_LIMIT, FAULT_NO_EVENT, 0);
    }
    if (!is_document(file)) {
        return fault_at(ret_fault, RULE_XML_BYTES, FAULT_NO_EVENT, 0);
    }
    takes(&rd, "\xef\xbb\xbf"); /* some editors begin a file so */
    word = rd;
    if (takes(&word, "<?xml") && is_space(peek(&word))) {
        rd = word;
        if (!take_declaration(&rd)) {
            return fault_at(ret_fault, RULE_XML_FORM, FAULT_NO_EVENT, rd.pos);
        }
    }
    memset(ret_xml, 0, sizeof(*ret_xml));
    ret_xml->rd = rd;
    return 0;
}

/* ---- what is asked of an item ---- */

bool
xml_is(const struct xml_item *item, const char *uri, const char *local)
{
    return item->kind != XML_TEXT && bytes_equal(item->uri, bytes_str(uri)) &&
           bytes_equal(item->local, bytes_str(local));
}

bool
xml_attr(const struct xml_item *item, const char *uri, const char *local, struct bytes *ret_raw)
{
    for (size_t i = 0; i < item->n_attrs; i++) {
        const struct xml_attr *attr = &item->attrs[i];

        if (bytes_equal(attr->uri, bytes_str(uri)) && bytes_equal(attr->local, bytes_str(local))) {
            *ret_raw = attr->raw;
            return true;
        }
    }
    return false;
}
