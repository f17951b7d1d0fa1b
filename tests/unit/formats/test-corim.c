/* formats/corim: manifests of others, signed and not, and what is none. */
#include "formats/corim.h"

#include <stdlib.h>

#include "lib/cbor-text.h"
#include "lib/check.h"

#define UUID "h'284e6c3e5d9f4f6b851f5a4247f243a7'"
#define TAGS "[506(<<{}>>)]"
#define PLAIN "{0: \"a\", 1: " TAGS "}"
#define SIGNED(header, payload) "18([<<" header ">>, {}, " payload ", h'01'])"
#define ES256 "{1: -7}"
#define WHOLE "<<501(" PLAIN ")>>"

static struct corim
read_good(const char *text)
{
    struct corim corim;

    CHECK_EQ(corim_read(check_guarded(cbor_text(text)), &corim, NULL), 0);
    return corim;
}

static enum rule
rule_of(struct bytes in)
{
    struct corim corim = {.n_unknown = 7};
    struct fault fault = {0};
    int r = corim_read(check_guarded(in), &corim, &fault);

    CHECK_EQ(r, fault.rule != RULE_NONE);
    CHECK(r == 0 || (corim.n_unknown == 7 && fault.offset <= in.len));
    return fault.rule;
}

static const char *
named(const struct corim_name *name)
{
    static char room[CORIM_NAME_ROOM];

    return corim_name_text(name, room);
}

static void
a_manifest_is_read_whatever_wraps_it(void)
{
    static const char *const good[] = {
        "501(" PLAIN ")",
        "500(501(" PLAIN "))",
        PLAIN,
        SIGNED(ES256, WHOLE),
        "502(" SIGNED(ES256, WHOLE) ")",
        "500(502(" SIGNED(ES256, WHOLE) "))",
        SIGNED(ES256, "<<" PLAIN ">>"),
    };

    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        struct corim corim = read_good(good[i]);

        CHECK_EQ(corim.is_signed, i >= 3);
        CHECK_STR(named(&corim.id), "a");
        CHECK_EQ(corim.tags.left, 1);
        CHECK_EQ(corim.profile.kind, CORIM_NONE);
        CHECK_EQ(corim.validity.until_s, 0);
    }
}

static void
all_members_are_read_in_any_order(void)
{
    struct corim corim =
        read_good("501({5: [{0: \"ACME\", 1: 32(\"u\"), 2: [1]}, {0: \"B\"}], 3: 32(\"tag:x\"), "
                  "4: {1: 1(20), 0: 1(10)}, 1: " TAGS ", 2: [{0: 32(\"u\")}], 0: " UUID
                  ", -5: 1, \"x\": {1: 2}})");

    CHECK_BYTES(corim.entity, bytes_str("ACME"));
    CHECK_EQ(corim.id.kind, CORIM_UUID);
    CHECK_STR(named(&corim.id), "284e6c3e-5d9f-4f6b-851f-5a4247f243a7");
    CHECK_STR(named(&corim.profile), "tag:x");
    CHECK_EQ(corim.validity.from_s, 10);
    CHECK_EQ(corim.validity.until_s, 20);
    CHECK_EQ(corim.n_dependent, 1);
    CHECK_EQ(corim.n_unknown, 2);
}

static void
profiles_are_uris_or_oids(void)
{
    static const struct {
        const char *text, *name;
    } rows[] = {
        {"\"http://a\"", "http://a"},
        {"32(\"http://a\")", "http://a"},
        {"111(h'6086480186f84d010f06')", "2.16.840.1.113741.1.15.6"},
        {"[111(h'2b0601')]", "1.3.6.1"},
        {"111(h'5502c000')", "2.5.2.8192"},
        {"111(h'00')", "0.0"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct bytes in = cbor_textf("501({0: \"a\", 1: " TAGS ", 3: %s})", rows[i].text);
        struct corim corim;

        CHECK_EQ(corim_read(in, &corim, NULL), 0);
        CHECK_STR(named(&corim.profile), rows[i].name);
    }
}

static void
names_are_printable_whatever_they_are(void)
{
    static const struct {
        struct corim_name name;
        const char *text;
    } rows[] = {
        {{.kind = CORIM_NONE}, "none"},
        {{.kind = CORIM_NUMBER, .number = 7}, "7"},
        {{.kind = CORIM_OTHER, .number = 601}, "tag 601"},
        {{.kind = CORIM_TEXT, .bytes = {(const uint8_t *)"a\n", 2}}, "a\\x0a"},
        {{.kind = CORIM_BYTES, .bytes = {(const uint8_t *)"ab", 2}}, "6162"},
        {{.kind = CORIM_OID, .bytes = {(const uint8_t *)"\x88\x37\xff", 3}}, "2.999"}, /* cut */
    };
    struct corim_name longer = {.kind = CORIM_OID};
    uint8_t bytes[200];

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        CHECK_STR(named(&rows[i].name), rows[i].text);
    }
    memset(bytes, 0x7f, sizeof(bytes));
    longer.bytes = BYTES_OF(bytes);
    CHECK_EQ(strlen(named(&longer)), CORIM_NAME_ROOM - 1);
}

static void
a_signature_says_who_and_when(void)
{
    static const struct {
        const char *header, *signer;
        uint64_t from_s, until_s;
    } rows[] = {
        {"{1: -7, 15: {1: \"ACME\", 2: \"x\", 4: 50, 5: 40, \"x\": 1}, \"y\": 1, 3: \"t\"}", "ACME",
         40, 50},
        {"{1: -7, 15: {1: \"ACME\", 4: 1(50)}}", "ACME", 0, 50},
        {"{1: -7, 8: <<{0: {0: \"ACME\", 1: 32(\"u\")}, 1: {0: 1(40), 1: 1(50)}}>>}", "ACME", 40,
         50},
        {"{1: -7, 8: <<{0: [{0: \"ACME\"}, {0: \"B\"}], \"x\": 1}>>}", "ACME", 0, 0},
        {"{1: -7, 15: {1: \"ACME\"}, 8: <<{0: {0: \"B\"}}>>}", "ACME", 0, 0},
        {"{1: -7, 8: <<{1: {1: 0(\"2027-02-28T23:59:59Z\")}}>>}", "", 0, 1803859199},
        {"{1: -7, 8: <<{1: {1: 0(\"2024-02-29T00:00:00Z\")}}>>}", "", 0, 1709164800},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct corim corim;

        CHECK_EQ(
            corim_read(cbor_textf("18([<<%s>>, {4: h'01'}, " WHOLE ", h'01'])", rows[i].header),
                       &corim, NULL),
            0);
        CHECK_BYTES(corim.signer, bytes_str(rows[i].signer));
        CHECK_EQ(corim.signature_validity.from_s, rows[i].from_s);
        CHECK_EQ(corim.signature_validity.until_s, rows[i].until_s);
        CHECK_EQ(corim.alg, -7);
    }
}

static void
samples_of_others_are_read(void)
{
    static const struct {
        const char *path;
        bool is_signed;
        enum rule rule;
    } rows[] = {
        {"corim/ietf-corim-2.cbor", false, RULE_NONE},
        {"corim/ietf-corim-4.cbor", true, RULE_NONE},
        {"corim/ietf-series.cbor", false, RULE_NONE},
        {"corim/ietf-validity.cbor", false, RULE_CORIM_TIME}, /* it is in milliseconds */
        {"corim/intel-firmware.cbor", true, RULE_NONE},
        {"corim/veraison-coswid.cbor", false, RULE_NONE},
        {"corim/veraison-cots.cbor", false, RULE_NONE},
        {"corim/veraison-firmware.cbor", false, RULE_NONE},
        {"corim/veraison-psa.cbor", false, RULE_NONE},
        {"corim/veraison-registers.cbor", false, RULE_NONE},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct bytes in = check_vector(rows[i].path);
        struct corim corim;

        CHECK_EQ(rule_of(in), rows[i].rule);
        if (rows[i].rule == RULE_NONE) {
            CHECK_EQ(corim_read(in, &corim, NULL), 0);
            CHECK_EQ(corim.is_signed, rows[i].is_signed);
        }
    }
}

static void
what_is_none_is_refused(void)
{
    static const struct {
        const char *text;
        enum rule rule;
    } rows[] = {
        {"1", RULE_CORIM_FORM},
        {"[]", RULE_CORIM_FORM},
        {"{}", RULE_CORIM_FORM},
        {"{0: \"a\"}", RULE_CORIM_FORM},
        {"{1: " TAGS "}", RULE_CORIM_FORM},
        {"503(" PLAIN ")", RULE_CORIM_FORM},
        {"500(" PLAIN ")", RULE_CORIM_FORM},
        {"501(500(" PLAIN "))", RULE_CORIM_FORM},
        {"{0: \"\", 1: " TAGS "}", RULE_CORIM_FORM},
        {"{0: 7, 1: " TAGS "}", RULE_CORIM_FORM},
        {"{0: h'0102', 1: " TAGS "}", RULE_CORIM_FORM},
        {"{0: 37(h'0102'), 1: " TAGS "}", RULE_CORIM_FORM},
        {"{0: [1], 1: " TAGS "}", RULE_CORIM_FORM},
        {"{0: \"a\", 1: []}", RULE_CORIM_FORM},
        {"{0: \"a\", 1: 506(<<{}>>)}", RULE_CORIM_FORM},
        {"{0: \"a\", 1: " TAGS ", 0: \"a\"}", RULE_CORIM_FORM},
        {"{0: \"a\", 1: " TAGS ", 2: []}", RULE_CORIM_FORM},
        {"{0: \"a\", 1: " TAGS ", 3: 7}", RULE_CORIM_FORM},
        {"{0: \"a\", 1: " TAGS ", 3: []}", RULE_CORIM_FORM},
        {"{0: \"a\", 1: " TAGS ", 3: 111(h'')}", RULE_CORIM_FORM},
        {"{0: \"a\", 1: " TAGS ", 5: []}", RULE_CORIM_FORM},
        {"{0: \"a\", 1: " TAGS ", 5: [7]}", RULE_CORIM_FORM},
        {"{0: \"a\", 1: " TAGS ", h'01': 1}", RULE_CORIM_FORM},
        {"{0: \"a\", 1: " TAGS ", 9: `fa47c35000}", RULE_CORIM_FORM}, /* a float */
        {"{0: \"a\", 1: " TAGS ", 9: `9fff}", RULE_CORIM_FORM},       /* an endless array */
        {"{0: \"a\", 1: " TAGS ", 9: `1801}", RULE_CORIM_FORM},       /* 1 in two bytes */
        {"{0: \"a\", 1: " TAGS ", 9: `61ff}", RULE_CORIM_FORM},       /* no UTF-8 */
        {"{0: \"a\", 1: " TAGS ", 9: {1: 1, 1: 2}}", RULE_CORIM_FORM},
        {"{0: \"a\", 1: " TAGS ", 4: {}}", RULE_CORIM_TIME},
        {"{0: \"a\", 1: " TAGS ", 4: {0: 1(10)}}", RULE_CORIM_TIME},
        {"{0: \"a\", 1: " TAGS ", 4: {0: 1(10), 1: 1(10)}}", RULE_CORIM_TIME},
        {"{0: \"a\", 1: " TAGS ", 4: {1: 1(0)}}", RULE_CORIM_TIME},
        {"{0: \"a\", 1: " TAGS ", 4: {1: 10}}", RULE_CORIM_TIME},
        {"{0: \"a\", 1: " TAGS ", 4: {1: 2(10)}}", RULE_CORIM_TIME},
        {"{0: \"a\", 1: " TAGS ", 4: {1: 1(-10)}}", RULE_CORIM_TIME},
        {"{0: \"a\", 1: " TAGS ", 4: {1: 1(253402300800)}}", RULE_CORIM_TIME},
        {"{0: \"a\", 1: " TAGS ", 4: {1: 1(10), 2: 1}}", RULE_CORIM_FORM},
        {"{0: \"a\", 1: " TAGS ", 4: 7}", RULE_CORIM_FORM},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        enum rule rule = rule_of(cbor_text(rows[i].text));

        printf("# %s\n", rows[i].text);
        CHECK_EQ(rule, rows[i].rule);
    }
    CHECK_EQ(rule_of(BYTES_NULL), RULE_CORIM_FORM);
}

static void
texts_of_time_are_whole(void)
{
    static const char *const bad[] = {
        "2027-02-28",
        "2027-02-28T23:59:59",
        "2027-02-28T23:59:59z",
        "1969-12-31T23:59:59Z",
        "2027-00-28T23:59:59Z",
        "2027-13-28T23:59:59Z",
        "2027-02-00T23:59:59Z",
        "2027-02-32T23:59:59Z",
        "2027-02-28T24:00:00Z",
        "2027-02-28T23:60:00Z",
        "2027-02-28T23:59:60Z",
        "2027-02-2xT23:59:59Z",
        "2027-02-28T23:59:59ZZ",
        "2027-02-28 23:59:59Z",
        "1970-01-01T00:00:00Z",
    };

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        CHECK_EQ(rule_of(cbor_textf("{0: \"a\", 1: " TAGS ", 4: {1: 0(\"%s\")}}", bad[i])),
                 RULE_CORIM_TIME);
    }
}

static void
a_broken_signature_s_form_is_refused(void)
{
    static const struct {
        const char *text;
        enum rule rule;
    } rows[] = {
        {"18(" PLAIN ")", RULE_CORIM_SIGNED},
        {"18([<<" ES256 ">>, {}, " WHOLE "])", RULE_CORIM_SIGNED},
        {"18([<<" ES256 ">>, {}, " WHOLE ", h'01', 1])", RULE_CORIM_SIGNED},
        {"18([" ES256 ", {}, " WHOLE ", h'01'])", RULE_CORIM_SIGNED},
        {"18([<<" ES256 ">>, 7, " WHOLE ", h'01'])", RULE_CORIM_SIGNED},
        {"18([<<" ES256 ">>, {}, " WHOLE ", h''])", RULE_CORIM_SIGNED},
        {"18([<<" ES256 ">>, {}, null, h'01'])", RULE_CORIM_SIGNED}, /* detached */
        {"18([<<" ES256 ">>, {}, h'', h'01'])", RULE_CORIM_SIGNED},
        {"18([h'', {}, " WHOLE ", h'01'])", RULE_CORIM_SIGNED},
        {"18([<<{}>>, {}, " WHOLE ", h'01'])", RULE_CORIM_SIGNED},
        {"18([<<{1: -7} {}>>, {}, " WHOLE ", h'01'])", RULE_CORIM_SIGNED},
        {"18([<<{1: -7, 2: [15]}>>, {}, " WHOLE ", h'01'])", RULE_CORIM_SIGNED},
        {"18([<<{1: -7, 258: -16}>>, {}, " WHOLE ", h'01'])", RULE_CORIM_SIGNED},
        {"18([<<{1: \"ES256\"}>>, {}, " WHOLE ", h'01'])", RULE_CORIM_SIGNED},
        {"18([<<{1: -7, 8: {}}>>, {}, " WHOLE ", h'01'])", RULE_CORIM_SIGNED},
        {"18([<<{1: -7, 8: <<7>>}>>, {}, " WHOLE ", h'01'])", RULE_CORIM_SIGNED},
        {"18([<<{1: -7, 8: <<{0: 7}>>}>>, {}, " WHOLE ", h'01'])", RULE_CORIM_SIGNED},
        {"18([<<{1: -7, 15: {1: 7}}>>, {}, " WHOLE ", h'01'])", RULE_CORIM_SIGNED},
        {"18([<<{1: -7, 15: {4: -7}}>>, {}, " WHOLE ", h'01'])", RULE_CORIM_TIME},
        {"18([<<" ES256 ">>, {}, <<500(" PLAIN ")>>, h'01'])", RULE_CORIM_FORM},
        {"18([<<" ES256 ">>, {}, <<501({})>>, h'01'])", RULE_CORIM_FORM},
        {"18([<<" ES256 ">>, {}, <<501(" PLAIN ") 1>>, h'01'])", RULE_CORIM_FORM},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        enum rule rule = rule_of(cbor_text(rows[i].text));

        printf("# %s\n", rows[i].text);
        CHECK_EQ(rule, rows[i].rule);
    }
}

static void
faults_are_where_the_file_is_broken(void)
{
    struct bytes in = cbor_text(SIGNED(ES256, "<<501({0: \"a\", 1: []})>>"));
    struct corim corim;
    struct fault fault = {0};

    CHECK_EQ(corim_read(in, &corim, &fault), CORIM_E_FAULT);
    CHECK_EQ(fault.offset, in.len - 2); /* behind the empty list, before the signature */
}

static void
every_truncation_and_a_trailing_byte_are_refused(void)
{
    static const char *const paths[] = {"corim/ietf-corim-2.cbor", "corim/intel-firmware.cbor",
                                        "corim/veraison-coswid.cbor"};

    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        struct bytes in = check_vector(paths[i]);
        uint8_t *longer = calloc(1, in.len + 1);

        for (size_t len = 0; len < in.len; len++) {
            CHECK(rule_of(bytes_of(in.p, len)) != RULE_NONE);
        }
        CHECK(longer);
        memcpy(longer, in.p, in.len);
        CHECK_EQ(rule_of(bytes_of(longer, in.len + 1)), RULE_CORIM_FORM);
        free(longer);
    }
}

static void
tags_are_told_apart(void)
{
    struct corim corim = read_good("{0: \"a\", 1: [505(<<{0: 1}>>), h'd901faa0', 508(h'01')]}");
    struct corim_tag tag = {0};

    CHECK_EQ(corim_next_tag(&corim.tags, &tag, NULL), 0);
    CHECK_EQ(tag.number, CORIM_COSWID);
    CHECK_EQ(tag.index, 0);
    CHECK_BYTES(tag.content, check_hex("a10001"));
    CHECK_EQ(corim_next_tag(&corim.tags, &tag, NULL), 0);
    CHECK_EQ(tag.number, CORIM_COMID); /* inside the byte string, as old drafts have it */
    CHECK_EQ(tag.index, 1);
    CHECK_BYTES(tag.content, check_hex("a0"));
    CHECK_EQ(corim_next_tag(&corim.tags, &tag, NULL), 0);
    CHECK_EQ(tag.number, CORIM_COTL);
    CHECK_EQ(corim_next_tag(&corim.tags, &tag, NULL), CORIM_E_END);
    CHECK_EQ(corim_next_tag(&corim.tags, &tag, NULL), CORIM_E_END);
}

static void
a_tag_is_one_item_in_a_byte_string(void)
{
    static const char *const bad[] = {"7",     "\"a\"",     "506({})",       "506(h'')", "h''",
                                      "h'a0'", "h'd901fa'", "h'd901faa0a0'", "{}"};

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct bytes in = cbor_textf("{0: \"a\", 1: [506(<<{}>>), %s]}", bad[i]);
        struct corim_tag tag = {0};
        struct fault fault = {0};
        struct corim corim;

        CHECK_EQ(corim_read(in, &corim, NULL), 0);
        CHECK_EQ(corim_next_tag(&corim.tags, &tag, NULL), 0);
        CHECK_EQ(corim_next_tag(&corim.tags, &tag, &fault), CORIM_E_FAULT);
        CHECK_EQ(fault.rule, RULE_CORIM_FORM);
        CHECK_EQ(fault.event, 1);
        CHECK_EQ(tag.index, 0);
    }
}

CHECK_MAIN(CASE(a_manifest_is_read_whatever_wraps_it), CASE(all_members_are_read_in_any_order),
           CASE(profiles_are_uris_or_oids), CASE(names_are_printable_whatever_they_are),
           CASE(a_signature_says_who_and_when), CASE(samples_of_others_are_read),
           CASE(what_is_none_is_refused), CASE(texts_of_time_are_whole),
           CASE(a_broken_signature_s_form_is_refused), CASE(faults_are_where_the_file_is_broken),
           CASE(every_truncation_and_a_trailing_byte_are_refused), CASE(tags_are_told_apart),
           CASE(a_tag_is_one_item_in_a_byte_string))
