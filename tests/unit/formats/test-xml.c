/* formats/xml: well-formed documents item by item, and everything else refused. */
#include "formats/xml.h"

#include <stdio.h>
#include <stdlib.h>

#include "lib/check.h"

static struct xml xml;
static struct xml_item item;
static char said[16384];
static size_t n_said;

static void
say(const char *before, struct bytes text, const char *behind)
{
    int n = snprintf(said + n_said, sizeof(said) - n_said, "%s%.*s%s", before, (int)text.len,
                     text.len > 0 ? (const char *)text.p : "", behind);

    CHECK(n >= 0 && (size_t)n < sizeof(said) - n_said);
    n_said += (size_t)n;
}

/* "<p:a{uri} k=[v] >text</p:a{uri}>" */
static void
say_item(void)
{
    if (item.kind == XML_TEXT) {
        say("", item.raw, "");
        return;
    }
    say(item.kind == XML_START ? "<" : "</", item.local, "");
    say("{", item.uri, "}");
    for (size_t i = 0; i < item.n_attrs; i++) {
        say(" ", item.attrs[i].local, "");
        say("{", item.attrs[i].uri, "}");
        say("=[", item.attrs[i].raw, "]");
    }
    say(">", BYTES_NULL, "");
}

/* Walks to the end; the rule that ended it, RULE_NONE behind the root. */
static enum rule
walk(struct bytes in)
{
    struct bytes file = check_guarded(in);
    struct fault fault = {0};
    int r = xml_open(file, &xml, &fault);

    n_said = 0;
    said[0] = '\0';
    while (r == 0 && (r = xml_next(&xml, &item, &fault)) == 0) {
        CHECK(item.from <= item.to && item.to <= in.len && item.depth > 0);
        say_item();
    }
    CHECK(r == XML_E_END ? fault.rule == RULE_NONE && xml.depth == 0 && xml.n_spaces == 0
                         : fault.rule != RULE_NONE && fault.offset <= in.len);
    return fault.rule;
}

static void
is(const char *text, const char *items)
{
    CHECK_EQ(walk(bytes_str(text)), RULE_NONE);
    CHECK_STR(said, items);
}

static void
refused(const char *text, enum rule rule)
{
    enum rule found = walk(bytes_str(text));

    if (found != rule) {
        printf("# %s: rule %d\n", text, found);
    }
    CHECK_EQ(found, rule);
}

static void
elements_text_and_attributes_are_told_in_their_order(void)
{
    is("<a/>", "<a{}></a{}>");
    is("<a>x<b k=\"1\" l = 'two'/>y</a >", "<a{}>x<b{} k{}=[1] l{}=[two]></b{}>y</a{}>");
    is(" \r\n<!-- a - comment --><a\n>\n</a>\t<!----> ", "<a{}>\n</a{}>");
    is("<a>1<!-- cuts -->2</a>", "<a{}>12</a{}>");
    is("\xef\xbb\xbf<a.b-c_9/>", "<a.b-c_9{}></a.b-c_9{}>");
    is("<a k='>\"'>]] > \xc3\xa9</a>", "<a{} k{}=[>\"]>]] > \xc3\xa9</a{}>");
}

static void
a_declaration_says_what_is_read_anyway(void)
{
    is("<?xml version=\"1.0\"?><a/>", "<a{}></a{}>");
    is("<?xml version='1.0' encoding='utf-8' standalone='yes' ?>\n<a/>", "<a{}></a{}>");
    is("<?xml version = \"1.0\" standalone=\"no\"?><a/>", "<a{}></a{}>");
    refused("<?xml version=\"1.1\"?><a/>", RULE_XML_FORM);
    refused("<?xml version=\"1.0\" encoding=\"UTF-16\"?><a/>", RULE_XML_FORM);
    refused("<?xml version=\"1.0\" standalone=\"maybe\"?><a/>", RULE_XML_FORM);
    refused("<?xml version=\"1.0\" standalone=\"no\" encoding=\"UTF-8\"?><a/>", RULE_XML_FORM);
    refused("<?xml encoding=\"UTF-8\"?><a/>", RULE_XML_FORM);
    refused("<?xml version \"1.0\"?><a/>", RULE_XML_FORM);
    refused("<?xml version=1.0?><a/>", RULE_XML_FORM);
    refused("<?xml version=\"1.0\"><a/>", RULE_XML_FORM);
    refused(" <?xml version=\"1.0\"?><a/>", RULE_XML_OTHER);
}

static void
prefixes_stand_for_the_innermost_namespace(void)
{
    is("<a xmlns='u:1' k='v'><b/><c xmlns=''><d xmlns='u:2'/></c><e/></a>",
       "<a{u:1} k{}=[v]><b{u:1}></b{u:1}><c{}><d{u:2}></d{u:2}></c{}><e{u:1}></e{u:1}></a{u:1}>");
    is("<p:a xmlns:p='u:1' p:k='1' k='2'><p:b xmlns:p='u:2'/><p:c/></p:a>",
       "<a{u:1} k{u:1}=[1] k{}=[2]><b{u:2}></b{u:2}><c{u:1}></c{u:1}></a{u:1}>");
    is("<a p:k='1' xmlns:p='u:1'/>", "<a{} k{u:1}=[1]></a{}>");
    is("<a xml:lang='en'/>", "<a{} lang{" XML_URI_XML "}=[en]></a{}>");
    refused("<p:a/>", RULE_XML_SPACE);
    refused("<a p:k='1'/>", RULE_XML_SPACE);
    refused("<a><b xmlns:p='u:1'/><p:c/></a>", RULE_XML_SPACE);
    refused("<a xmlns:p=''/>", RULE_XML_SPACE);
    refused("<a xmlns='relative'/>", RULE_XML_SPACE);
    refused("<a xmlns=':1'/>", RULE_XML_SPACE);
    refused("<a xmlns='u:&amp;'/>", RULE_XML_SPACE);
    refused("<a xmlns='u: 1'/>", RULE_XML_SPACE);
    refused("<a xmlns='u:\xc3\xa9'/>", RULE_XML_SPACE);
    refused("<a xmlns:xml='u:1'/>", RULE_XML_SPACE);
    refused("<a xmlns:xmlns='u:1'/>", RULE_XML_SPACE);
    refused("<a xmlns:p='" XML_URI_XML "'/>", RULE_XML_SPACE);
    refused("<a xmlns='http://www.w3.org/2000/xmlns/'/>", RULE_XML_SPACE);
    refused("<xmlns:a/>", RULE_XML_SPACE);
}

static void
what_stands_twice_is_refused_whatever_its_prefix(void)
{
    refused("<a k='1' k='1'/>", RULE_XML_FORM);
    refused("<a xmlns:p='u:1' xmlns:q='u:1' p:k='1' q:k='1'/>", RULE_XML_FORM);
    refused("<a xmlns='u:1' xmlns='u:2'/>", RULE_XML_FORM);
    refused("<a xmlns:p='u:1' xmlns:p='u:1'/>", RULE_XML_FORM);
}

static void
what_is_not_well_formed_is_refused(void)
{
    static const char *const bad[] = {
        "",
        "x",
        "<a>",
        "<a/><b/>",
        "<a/>x",
        "<a></b>",
        "</a>",
        "<a></a",
        "<a k/>",
        "<a k=v/>",
        "<a k='v/>",
        "<a k='<'/>",
        "<a k='1'l='2'/>",
        "<1a/>",
        "<a:/>",
        "<:a/>",
        "<a:b:c/>",
        "< a/>",
        "<a / >",
        "<a>&x;</a>",
        "<a>&amp</a>",
        "<a k='&'/>",
        "<a>]]></a>",
        "<a>&#;</a>",
        "<a>&#x;</a>",
        "<a>&#0;</a>",
        "<a>&#xD800;</a>",
        "<a>&#x110000;</a>",
        "<a>&#99999999999;</a>",
        "<a>&#1a;</a>",
        "<a>&#xg;</a>",
        "<a>&;</a>",
        "<a>&#xFFFE;</a>",
        "<!-- a -- b --><a/>",
        "<!-- a",
        "<a><!-- ",
        "<a/><!--- --->",
        "<a=/>",
        "<a \xc3\xa9='1'/>",
        "<a><b></a></b>",
    };

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        refused(bad[i], RULE_XML_FORM);
    }
}

static void
other_markup_is_refused_by_its_kind(void)
{
    refused("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", RULE_XML_OTHER);
    refused("<?xml-stylesheet href='x'?><a/>", RULE_XML_OTHER);
    refused("<a><?php ?></a>", RULE_XML_OTHER);
    refused("<a><![CDATA[x]]></a>", RULE_XML_OTHER);
}

static void
bytes_that_no_document_has_are_refused(void)
{
    static const char zero[] = "<a>\0</a>";

    CHECK_EQ(walk(bytes_of(zero, sizeof(zero) - 1)), RULE_XML_BYTES);
    refused("<a>\x1b</a>", RULE_XML_BYTES);
    refused("<a>\xc3</a>", RULE_XML_BYTES);
    refused("<a>\xc0\xaf</a>", RULE_XML_BYTES);
    refused("<a>\xef\xbf\xbe</a>", RULE_XML_BYTES);
    refused("<a>\xef\xbf\xbf</a>", RULE_XML_BYTES);
    is("<a>\xef\xbf\xbd</a>", "<a{}>\xef\xbf\xbd</a{}>");
}

/* A document of n times two words with eight digits between, and others around. */
static struct bytes
many(const char *before, const char *a, const char *b, unsigned n, const char *behind)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    CHECK(out);
    fputs(before, out);
    for (unsigned i = 0; i < n; i++) {
        fprintf(out, "%s%08u%s", a, i, b);
    }
    fputs(behind, out);
    CHECK_EQ(fclose(out), 0);
    check_keep(text);
    return bytes_of(text, len);
}

static void
limits_are_met_and_not_passed(void)
{
    struct bytes large = many("<a>", "", "", XML_BYTES_MAX / 8, "</a>");

    CHECK_EQ(walk(many("<a ", " k", "=''", XML_ATTRS_MAX, "/>")), RULE_NONE);
    CHECK_EQ(walk(many("<a ", " k", "=''", XML_ATTRS_MAX + 1, "/>")), RULE_XML_LIMIT);
    CHECK_EQ(walk(many("<a ", " xmlns:k", "='u:'", XML_SPACES_MAX, "/>")), RULE_NONE);
    CHECK_EQ(walk(many("<a ", " xmlns:k", "='u:'", XML_SPACES_MAX + 1, "/>")), RULE_XML_LIMIT);
    CHECK_EQ(walk(many("", "<a", ">", XML_DEPTH_MAX + 1, "")), RULE_XML_LIMIT);
    CHECK_EQ(walk(many("", "<a", ">", XML_DEPTH_MAX, "")),
             RULE_XML_FORM); /* it only does not end */
    CHECK_EQ(walk(many("<a", "", "", 15, "bcdefgh/>")), RULE_NONE);
    CHECK_EQ(walk(many("<a", "", "", 15, "bcdefghi/>")), RULE_XML_FORM);
    CHECK_EQ(xml_open(large, &xml, NULL), XML_E_FAULT);
}

static void
text_is_what_it_stands_for(void)
{
    static const struct {
        const char *raw, *text, *attr;
    } cases[] = {
        {"&lt;&gt;&amp;&quot;&apos;", "<>&\"'", "<>&\"'"},
        {"a\r\nb\rc\n\td", "a\nb\nc\n\td", "a b c  d"},
        {"&#13;\n&#9;&#xA;", "\r\n\t\n", "\r \t\n"},
        {"&#x41;&#233;&#x20AC;&#x1F600;", "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80",
         "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"},
        {"&#xd7ff;&#xE000;&#x10FFFF;", "\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf",
         "\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf"},
        {"", "", ""},
    };
    uint8_t room[32];

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct bytes raw = check_guarded(bytes_str(cases[i].raw));

        CHECK_BYTES(xml_text(raw, false, room, sizeof(room)), bytes_str(cases[i].text));
        CHECK_BYTES(xml_text(raw, true, room, sizeof(room)), bytes_str(cases[i].attr));
    }
    CHECK(xml_text(bytes_str("&amp;b"), false, room, 2).p == room);
    CHECK(!xml_text(bytes_str("&amp;b"), false, room, 1).p);
}

static void
an_item_is_asked_for_names_and_values(void)
{
    struct bytes raw = BYTES_NULL;

    CHECK_EQ(xml_open(bytes_str("<p:a xmlns:p='u:1' p:k='1' l='2'> </p:a>"), &xml, NULL), 0);
    CHECK_EQ(xml_next(&xml, &item, NULL), 0);
    CHECK(xml_is(&item, "u:1", "a") && !xml_is(&item, "", "a") && !xml_is(&item, "u:1", "b"));
    CHECK(xml_attr(&item, "u:1", "k", &raw));
    CHECK_BYTES(raw, bytes_str("1"));
    CHECK(xml_attr(&item, "", "l", &raw));
    CHECK_BYTES(raw, bytes_str("2"));
    CHECK(!xml_attr(&item, "", "k", &raw) && !xml_attr(&item, "u:1", "l", &raw));
    CHECK_EQ(xml_next(&xml, &item, NULL), 0);
    CHECK(xml_blank(item.raw) && !xml_is(&item, "", ""));
    CHECK(!xml_blank(bytes_str(" x")) && !xml_blank(bytes_str("&#32;")) && xml_blank(BYTES_NULL));
    CHECK_EQ(xml_next(&xml, &item, NULL), 0);
    CHECK(xml_is(&item, "u:1", "a") && item.kind == XML_STOP);
    CHECK_EQ(xml_next(&xml, &item, NULL), XML_E_END);
}

static void
manifests_of_others_are_read_and_no_part_of_one_is(void)
{
    static const char *const names[] = {"rim/hirs-laptop.swidtag", "rim/rim-tool-sha384.swidtag",
                                        "rim/hirs-with-cert.swidtag", "rim/hirs-timestamp.swidtag"};

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct bytes file = check_vector(names[i]);
        size_t end = file.len;

        CHECK_EQ(walk(file), RULE_NONE);
        CHECK(strstr(said, "<SoftwareIdentity{http://standards.iso.org/iso/19770/-2/2015/"));
        while (file.p[end - 1] == '\n') {
            end--;
        }
        for (size_t len = 0; len < end; len++) {
            CHECK(walk(bytes_of(file.p, len)) != RULE_NONE);
        }
    }
}

CHECK_MAIN(CASE(elements_text_and_attributes_are_told_in_their_order),
           CASE(a_declaration_says_what_is_read_anyway),
           CASE(prefixes_stand_for_the_innermost_namespace),
           CASE(what_stands_twice_is_refused_whatever_its_prefix),
           CASE(what_is_not_well_formed_is_refused), CASE(other_markup_is_refused_by_its_kind),
           CASE(bytes_that_no_document_has_are_refused), CASE(limits_are_met_and_not_passed),
           CASE(text_is_what_it_stands_for), CASE(an_item_is_asked_for_names_and_values),
           CASE(manifests_of_others_are_read_and_no_part_of_one_is))
