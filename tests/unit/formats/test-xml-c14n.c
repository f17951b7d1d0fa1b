/* formats/xml-c14n: canonical forms, as the recommendation's examples and signers have them. */
#include "formats/xml-c14n.h"

#include <stdio.h>

#include "crypto/digest.h"
#include "lib/check.h"

#define DSIG "http://www.w3.org/2000/09/xmldsig#"

static uint8_t room[16384];

static struct bytes
form_of(const char *text, const struct xml_c14n *what)
{
    struct wr out = wr_init(room, sizeof(room));

    CHECK_EQ(xml_c14n(check_guarded(bytes_str(text)), what, &out, NULL), 0);
    return wr_done(&out);
}

static void
is(const char *text, const char *form)
{
    CHECK_BYTES(form_of(text, &(struct xml_c14n){0}), bytes_str(form));
}

/* The bytes of the element that begins with this tag, up to what ends it. */
static struct xml_span
span_of(const char *text, const char *tag, const char *end)
{
    const char *from = strstr(text, tag);
    const char *to = from ? strstr(from, end) : NULL;

    CHECK(to);
    return (struct xml_span){(size_t)(from - text), (size_t)(to - text) + strlen(end)};
}

/* Sections 3.1 to 3.4 of the recommendation, without what needs a document type. */
static void
the_recommendation_s_examples_come_out(void)
{
    is("<?xml version=\"1.0\"?>\n<doc>Hello, world!<!-- Comment 1 --></doc>\n<!-- Comment 2 -->",
       "<doc>Hello, world!</doc>");
    is("<doc>\n   <clean>   </clean>\n   <dirty>   A   B   </dirty>\n</doc>",
       "<doc>\n   <clean>   </clean>\n   <dirty>   A   B   </dirty>\n</doc>");
    is("<doc>\n<e1   />\n<e2   ></e2>\n<e3   name = \"elem3\"   id=\"elem3\"   />\n"
       "<e5 a:attr=\"out\" b:attr=\"sorted\" attr2=\"all\" attr=\"I'm\"\n"
       "   xmlns:b=\"http://www.ietf.org\"\n   xmlns:a=\"http://www.w3.org\"\n"
       "   xmlns=\"http://example.org\"/>\n<e6 xmlns=\"\" xmlns:a=\"http://www.w3.org\">\n"
       "<e7 xmlns=\"http://www.ietf.org\">\n<e8 xmlns=\"\" xmlns:a=\"http://www.w3.org\">\n"
       "<e9 xmlns=\"\" xmlns:a=\"http://www.ietf.org\"/>\n</e8>\n</e7>\n</e6>\n</doc>",
       "<doc>\n<e1></e1>\n<e2></e2>\n<e3 id=\"elem3\" name=\"elem3\"></e3>\n"
       "<e5 xmlns=\"http://example.org\" xmlns:a=\"http://www.w3.org\" "
       "xmlns:b=\"http://www.ietf.org\" attr=\"I'm\" attr2=\"all\" b:attr=\"sorted\" "
       "a:attr=\"out\"></e5>\n<e6 xmlns:a=\"http://www.w3.org\">\n"
       "<e7 xmlns=\"http://www.ietf.org\">\n<e8 xmlns=\"\">\n"
       "<e9 xmlns:a=\"http://www.ietf.org\"></e9>\n</e8>\n</e7>\n</e6>\n</doc>");
    is("<doc>\n<text>First line&#x0d;&#10;Second line</text>\n<value>&#x32;</value>\n"
       "<compute expr='value>\"0\" &amp;&amp; value&lt;\"10\" ?\"valid\":\"error\"'>valid</compute>"
       "\n<norm attr=' &apos;   &#x20;&#13;&#xa;&#9;   &apos; '/>\n</doc>",
       "<doc>\n<text>First line&#xD;\nSecond line</text>\n<value>2</value>\n"
       "<compute expr=\"value>&quot;0&quot; &amp;&amp; value&lt;&quot;10&quot; "
       "?&quot;valid&quot;:&quot;error&quot;\">valid</compute>\n"
       "<norm attr=\" '    &#xD;&#xA;&#x9;   ' \"></norm>\n</doc>");
}

static void
ends_of_lines_and_signs_are_written_one_way(void)
{
    is("<a k='1\r\n2\t3'>x\r\ny\rz &gt; &lt; &amp; \" &quot;</a>",
       "<a k=\"1 2 3\">x\ny\nz &gt; &lt; &amp; \" \"</a>");
    is("\xef\xbb\xbf<a>\xc3\xa9&#233;</a>", "<a>\xc3\xa9\xc3\xa9</a>");
    is("<ab:c xmlns:ab='u:1' xmlns:a='u:2' xmlns:b='u:3' b:k='' a:k='' ab:k='' z=''/>",
       "<ab:c xmlns:a=\"u:2\" xmlns:ab=\"u:1\" xmlns:b=\"u:3\" z=\"\" ab:k=\"\" a:k=\"\" "
       "b:k=\"\"></ab:c>");
}

static void
a_part_has_the_namespaces_and_xml_attributes_around_it(void)
{
    static const char text[] =
        "<a xmlns='u:1' xmlns:p='u:2' xmlns:q='u:3' xml:lang='en' xml:base='b' k='1'>"
        "<x xml:lang='xx'/><b xmlns:q='u:4' xml:lang='de'><c xml:base='c' p:l='2'><d xmlns='u:1'/>"
        "</c></b></a>";
    struct xml_span c = span_of(text, "<c", "</c>");
    struct xml_span x = span_of(text, "<x", "/>");
    struct xml_c14n what = {.of = &c};

    CHECK_BYTES(form_of(text, &what),
                bytes_str("<c xmlns=\"u:1\" xmlns:p=\"u:2\" xmlns:q=\"u:4\" "
                          "xml:base=\"c\" xml:lang=\"de\" p:l=\"2\"><d></d></c>"));
    what.of = &x;
    CHECK_BYTES(form_of(text, &what),
                bytes_str("<x xmlns=\"u:1\" xmlns:p=\"u:2\" xmlns:q=\"u:3\" xml:base=\"b\" "
                          "xml:lang=\"xx\"></x>"));
}

static void
what_stands_before_a_part_is_not_around_it(void)
{
    static const char text[] =
        "<r xml:lang='en' xml:base='b'><s xml:lang='xx'><t xml:base='y'/></s><of/></r>";
    struct xml_span of = span_of(text, "<of", "/>");
    struct xml_c14n what = {.of = &of};

    CHECK_BYTES(form_of(text, &what), bytes_str("<of xml:base=\"b\" xml:lang=\"en\"></of>"));
}

static void
a_default_that_ended_around_a_part_is_not_told(void)
{
    static const char text[] = "<a xmlns='u:1'><b xmlns=''><c xmlns=''/></b></a>";
    struct xml_span b = span_of(text, "<b", "</b>");

    CHECK_BYTES(form_of(text, &(struct xml_c14n){.of = &b}), bytes_str("<b><c></c></b>"));
    is(text, "<a xmlns=\"u:1\"><b xmlns=\"\"><c></c></b></a>");
}

static void
what_is_left_out_takes_nothing_along(void)
{
    static const char text[] = "<a><b/><s><t/>x</s><c/></a>";
    struct xml_span s = span_of(text, "<s", "</s>");
    struct xml_span b = span_of(text, "<b", "/>");
    struct xml_c14n what = {.without = &s};

    CHECK_BYTES(form_of(text, &what), bytes_str("<a><b></b><c></c></a>"));
    what.without = &b;
    CHECK_BYTES(form_of(text, &what), bytes_str("<a><s><t></t>x</s><c></c></a>"));
    what = (struct xml_c14n){.of = &s, .without = &b};
    CHECK_BYTES(form_of(text, &what), bytes_str("<s><t></t>x</s>"));
}

static void
blanks_between_tags_are_left_out_when_asked(void)
{
    CHECK_BYTES(
        form_of("<a>\n <b> x </b>\r\n\t<c> </c>&#32;</a>", &(struct xml_c14n){.no_blanks = true}),
        bytes_str("<a><b> x </b><c></c> </a>"));
}

static void
what_does_not_fit_or_is_no_document_is_told(void)
{
    struct fault fault = {0};
    struct wr out = wr_init(room, 6);
    char text[4096];
    size_t len;

    CHECK_EQ(xml_c14n(bytes_str("<a/>"), &(struct xml_c14n){0}, &out, NULL), 0);
    CHECK(!wr_done(&out).p);
    out = wr_init(room, sizeof(room));
    CHECK_EQ(xml_c14n(bytes_str("<a>"), &(struct xml_c14n){0}, &out, &fault), XML_E_FAULT);
    CHECK_EQ(fault.rule, RULE_XML_FORM);
    CHECK_EQ(xml_c14n(bytes_str("\x01"), &(struct xml_c14n){0}, &out, &fault), XML_E_FAULT);
    CHECK_EQ(fault.rule, RULE_XML_BYTES);
    /* two elements around a part with more xml:… than are kept */
    len = (size_t)snprintf(text, sizeof(text), "<a");
    for (unsigned i = 0; i <= XML_ATTRS_MAX; i++) {
        len += (size_t)snprintf(text + len, sizeof(text) - len, " xml:k%u=''%s", i,
                                i == XML_ATTRS_MAX / 2 ? "><b" : "");
    }
    snprintf(text + len, sizeof(text) - len, "><c/></b></a>");
    {
        struct xml_span c = span_of(text, "<c", "/>");

        CHECK_EQ(xml_c14n(bytes_str(text), &(struct xml_c14n){.of = &c}, &out, &fault),
                 XML_E_FAULT);
    }
    CHECK_EQ(fault.rule, RULE_XML_LIMIT);
}

/* DigestValue of a vector is over the document without its signature. */
static void
the_digest_of_others_signatures_comes_out(void)
{
    static const struct {
        const char *name;
        bool no_blanks;
        const char *digest;
    } cases[] = {
        {"rim/hirs-laptop.swidtag", false,
         "bcb476c83d7601fa9bd10444cd45e8449a2952d1d2fd03203717e309a75a82ef"},
        {"rim/hirs-with-cert.swidtag", true,
         "7b7579e163c254aaf28911ce348dfb1adb5781e3d00c4633d4618f7298adcb91"},
    };
    struct hasher *hasher = hasher_new();

    CHECK(hasher);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct bytes file = check_vector(cases[i].name);
        struct wr out = wr_init(room, sizeof(room));
        struct xml_span signature;
        uint8_t digest[32];
        char *text = check_keep(strndup((const char *)file.p, file.len));

        signature = span_of(text, "<Signature ", "</Signature>");
        CHECK_EQ(
            xml_c14n(file,
                     &(struct xml_c14n){.without = &signature, .no_blanks = cases[i].no_blanks},
                     &out, NULL),
            0);
        CHECK_EQ(hasher_bytes(hasher, HASH_SHA256, wr_done(&out), digest), 0);
        CHECK_BYTES(BYTES_OF(digest), check_hex(cases[i].digest));
    }
    hasher_freep(&hasher);
}

CHECK_MAIN(CASE(the_recommendation_s_examples_come_out),
           CASE(ends_of_lines_and_signs_are_written_one_way),
           CASE(a_part_has_the_namespaces_and_xml_attributes_around_it),
           CASE(what_stands_before_a_part_is_not_around_it),
           CASE(a_default_that_ended_around_a_part_is_not_told),
           CASE(what_is_left_out_takes_nothing_along),
           CASE(blanks_between_tags_are_left_out_when_asked),
           CASE(what_does_not_fit_or_is_no_document_is_told),
           CASE(the_digest_of_others_signatures_comes_out))
