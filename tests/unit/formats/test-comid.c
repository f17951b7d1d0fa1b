/* formats/comid, formats/coswid: what should be measured, and files. */
#include "formats/comid.h"

#include <stdlib.h>

#include "formats/coswid.h"
#include "lib/cbor-text.h"
#include "lib/check.h"

#define D1 "44aa336af4cb14a879432e53dd6571c7fa9bccafb75f488259262d6ea3a4d91b"
#define DIGEST "[1, h'" D1 "']"
#define ENV "{0: {2: \"m\"}}"
#define COMID(triples) "{1: {0: \"t\"}, 4: {0: [" triples "]}}"

/* Content of a tag as a file of its own. */
static struct corim_tag
tag_of(struct bytes in)
{
    return (struct corim_tag){.index = 3, .file = in.p, .content = in};
}

static struct comid
comid_of(struct bytes in)
{
    struct corim_tag tag = tag_of(in);
    struct comid comid;

    CHECK_EQ(comid_read(&tag, &comid, NULL), 0);
    return comid;
}

/* Reads all that there is, as the importer does; the rule that is broken. */
static enum rule
walk(struct bytes in)
{
    struct corim_tag tag = tag_of(in);
    struct fault fault = {.event = 3};
    struct comid comid;
    struct comid_triple triple;
    struct comid_measurement m;
    struct comid_digest digest;
    struct comid_register one;

    if (comid_read(&tag, &comid, &fault) == 0) {
        while (comid_next_triple(&comid.reference, &triple, &fault) == 0) {
            while (comid_next_measurement(&triple.measurements, &m, &fault) == 0) {
                while (comid_next_digest(&m.digests, &digest, &fault) == 0) {
                }
                while (comid_next_register(&m.registers, &one, &fault) == 0) {
                    while (comid_next_digest(&one.digests, &digest, &fault) == 0) {
                    }
                }
            }
        }
    }
    CHECK_EQ(fault.event, 3);
    CHECK(fault.offset <= in.len);
    return fault.rule;
}

static void
a_tag_is_read(void)
{
    struct comid comid = comid_of(cbor_text(
        "{4: {0: [[" ENV ", [{1: {11: \"n\"}}]]], 1: [1, 2], 10: [3], 11: [4], \"x\": [5]}, "
        "0: \"en\", 1: {1: 9, 0: \"t\"}, 2: [{0: \"ACME\"}], 3: [{0: \"o\", 1: 0}], -1: {0: 1}, "
        "7: 1}"));

    CHECK_BYTES(comid.id.bytes, bytes_str("t"));
    CHECK_EQ(comid.version, 9);
    CHECK_BYTES(comid.entity, bytes_str("ACME"));
    CHECK_EQ(comid.n_linked, 1);
    CHECK_EQ(comid.n_triples[0], 1);
    CHECK_EQ(comid.n_triples[1], 2);
    CHECK_EQ(comid.n_triples[10], 1);
    CHECK_EQ(comid.n_unknown, 3);
    CHECK_BYTES(comid.own, check_hex("a10001"));
    CHECK_STR(comid_kind_name(8), "conditional endorsement series");
}

static void
an_environment_is_read(void)
{
    struct comid comid = comid_of(
        cbor_text(COMID("[{1: 550(h'01'), 0: {4: 2, 3: 1, 2: \"m\", 1: \"v\", 0: 37(h'"
                        "67b28b6c34cc40a19117ab5b05911e37"
                        "')}}, {1: {11: \"n\"}}], [{2: 560(h'01')}, [{1: {11: \"n\"}}]]")));
    struct comid_triple triple;

    CHECK_EQ(comid_next_triple(&comid.reference, &triple, NULL), 0);
    CHECK_EQ(triple.env.class_id.kind, CORIM_UUID);
    CHECK_BYTES(triple.env.vendor, bytes_str("v"));
    CHECK_BYTES(triple.env.model, bytes_str("m"));
    CHECK(triple.env.has_layer && triple.env.layer == 1);
    CHECK(triple.env.has_index && triple.env.index == 2);
    CHECK(triple.env.has_instance && !triple.env.has_group);
    CHECK_EQ(triple.measurements.left, 1); /* alone, as old drafts have it */
    CHECK_EQ(comid_next_triple(&comid.reference, &triple, NULL), 0);
    CHECK(!triple.env.has_layer && triple.env.has_group && triple.env.model.len == 0);
    CHECK_EQ(comid_next_triple(&comid.reference, &triple, NULL), CORIM_E_END);
}

static struct corim_list
measurements(const char *text)
{
    struct comid comid = comid_of(cbor_textf(COMID("[" ENV ", [%s]]"), text));
    struct comid_triple triple;

    CHECK_EQ(comid_next_triple(&comid.reference, &triple, NULL), 0);
    return triple.measurements;
}

static void
a_measurement_is_read(void)
{
    struct corim_list list = measurements(
        "{2: [554(\"k\")], 1: {0: {1: 16384, 0: \"1.0\"}, 1: 552(7), 2: [" DIGEST "], 11: \"n\", "
        "3: {0: true}, 15: [1, 2], -70: 1, 16: 1, 14: {\"r\": [" DIGEST "], 5: [" DIGEST "]}}, "
        "0: \"k\"}, {1: {1: 553(8)}}, {0: 4, 1: {1: 9}}, {0: 601({1: \"BL\"}), 1: {4: "
        "560(h'01')}}");
    struct comid_measurement m;
    struct comid_register one;

    CHECK_EQ(comid_next_measurement(&list, &m, NULL), 0);
    CHECK_BYTES(m.key.bytes, bytes_str("k"));
    CHECK_BYTES(m.version, bytes_str("1.0"));
    CHECK_BYTES(m.name, bytes_str("n"));
    CHECK(m.svn_kind == COMID_SVN && m.svn == 7);
    CHECK_EQ(m.more, COMID_VALUE(3) | COMID_VALUE(15) | COMID_VALUE(31));
    CHECK_EQ(m.digests.left, 1);
    CHECK_EQ(comid_next_register(&m.registers, &one, NULL), 0);
    CHECK_BYTES(one.key.bytes, bytes_str("r"));
    CHECK_EQ(comid_next_register(&m.registers, &one, NULL), 0);
    CHECK(one.key.kind == CORIM_NUMBER && one.key.number == 5 && one.digests.left == 1);
    CHECK_EQ(comid_next_register(&m.registers, &one, NULL), CORIM_E_END);
    CHECK_EQ(comid_next_measurement(&list, &m, NULL), 0);
    CHECK(m.svn_kind == COMID_MIN_SVN && m.svn == 8 && m.key.kind == CORIM_NONE);
    CHECK_EQ(comid_next_measurement(&list, &m, NULL), 0);
    CHECK(m.svn_kind == COMID_SVN && m.svn == 9 && m.key.number == 4);
    CHECK_EQ(comid_next_measurement(&list, &m, NULL), 0);
    CHECK(m.key.kind == CORIM_OTHER && m.key.number == 601 && m.more == COMID_VALUE(4));
    CHECK_STR(comid_value_name(4), "raw value");
    CHECK_STR(comid_value_name(31), "values of a profile");
    CHECK_STR(comid_value_name(0), "");
    CHECK_STR(comid_value_name(99), "");
}

static void
digests_are_of_the_registry_s_algorithms(void)
{
    struct corim_list list = measurements("{1: {2: [" DIGEST ", [\"sha-256\", h'" D1 "'], "
                                          "[6, h'abcdef01'], [\"mine\", h'01'], [-16, h'02'], "
                                          "[10, h'" D1 "']]}}");
    static const enum hash algs[] = {HASH_SHA256, HASH_SHA256, HASH_N,
                                     HASH_N,      HASH_N,      HASH_SHA3_256};
    struct comid_measurement m;
    struct comid_digest digest;

    CHECK_EQ(comid_next_measurement(&list, &m, NULL), 0);
    for (size_t i = 0; i < ARRAY_LEN(algs); i++) {
        CHECK_EQ(comid_next_digest(&m.digests, &digest, NULL), 0);
        CHECK_EQ(digest.alg, algs[i]);
        CHECK(digest.alg == HASH_N || bytes_equal(digest.value, check_hex(D1)));
    }
    CHECK_EQ(comid_next_digest(&m.digests, &digest, NULL), CORIM_E_END);
    CHECK_EQ(comid_alg_number(HASH_SHA384), 7);
    CHECK_EQ(comid_alg_number(HASH_SHA1), 0);
}

static void
a_broken_tag_is_refused(void)
{
    static const char *const rows[] = {
        "7",
        "{}",
        "{1: {0: \"t\"}}",
        "{4: {0: [1]}}",
        "{1: {}, 4: {0: [1]}}",
        "{1: {0: 7}, 4: {0: [1]}}",
        "{1: {0: \"t\", 2: 1}, 4: {0: [1]}}",
        "{1: {0: \"t\", 1: -1}, 4: {0: [1]}}",
        "{1: {0: \"t\"}, 4: {}}",
        "{1: {0: \"t\"}, 4: {0: []}}",
        "{1: {0: \"t\"}, 4: {0: 7}}",
        "{1: {0: \"t\"}, 4: {1: 7}}",
        "{1: {0: \"t\"}, 2: [], 4: {1: [1]}}",
        "{1: {0: \"t\"}, 2: [7], 4: {1: [1]}}",
        "{1: {0: \"t\"}, 3: [], 4: {1: [1]}}",
        "{0: 7, 1: {0: \"t\"}, 4: {1: [1]}}",
        COMID("7"),
        COMID("[" ENV "]"),
        COMID("[" ENV ", [{1: {11: \"n\"}}], 1]"),
        COMID("[" ENV ", []]"),
        COMID("[{}, [{1: {11: \"n\"}}]]"),
        COMID("[{0: {}}, [{1: {11: \"n\"}}]]"),
        COMID("[{0: {5: 1}}, [{1: {11: \"n\"}}]]"),
        COMID("[{0: {1: 7}}, [{1: {11: \"n\"}}]]"),
        COMID("[{0: {3: -1}}, [{1: {11: \"n\"}}]]"),
        COMID("[{3: 1}, [{1: {11: \"n\"}}]]"),
        COMID("[" ENV ", [7]]"),
        COMID("[" ENV ", [{0: \"k\"}]]"),
        COMID("[" ENV ", [{1: {}}]]"),
        COMID("[" ENV ", [{1: {11: 7}}]]"),
        COMID("[" ENV ", [{1: {11: \"n\"}, 3: 1}]]"),
        COMID("[" ENV ", [{0: [1], 1: {11: \"n\"}}]]"),
        COMID("[" ENV ", [{1: {0: {}}}]]"),
        COMID("[" ENV ", [{1: {0: {1: 1}}}]]"),
        COMID("[" ENV ", [{1: {1: 554(1)}}]]"),
        COMID("[" ENV ", [{1: {1: 552(-1)}}]]"),
        COMID("[" ENV ", [{1: {1: 9223372036854775808}}]]"),
        COMID("[" ENV ", [{1: {2: []}}]]"),
        COMID("[" ENV ", [{1: {2: [7]}}]]"),
        COMID("[" ENV ", [{1: {2: [[1]]}}]]"),
        COMID("[" ENV ", [{1: {2: [[1, \"x\"]]}}]]"),
        COMID("[" ENV ", [{1: {2: [[1, h'']]}}]]"),
        COMID("[" ENV ", [{1: {2: [[h'01', h'01']]}}]]"),
        COMID("[" ENV ", [{1: {14: {}}}]]"),
        COMID("[" ENV ", [{1: {14: 7}}]]"),
        COMID("[" ENV ", [{1: {14: {0: 7}}}]]"),
        COMID("[" ENV ", [{1: {14: {0: []}}}]]"),
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        enum rule rule = walk(cbor_text(rows[i]));

        printf("# %s\n", rows[i]);
        CHECK_EQ(rule, RULE_COMID_FORM);
    }
    CHECK_EQ(walk(cbor_text(COMID("[" ENV ", [{1: {2: [[1, h'01']]}}]]"))), RULE_COMID_DIGEST);
    CHECK_EQ(walk(cbor_text(COMID("[" ENV ", [{1: {14: {0: [[7, h'" D1 "']]}}}]]"))),
             RULE_COMID_DIGEST);
}

/* Whatever byte is changed, it is another tag or none, and nothing is read past its end. */
static void
every_truncation_and_flip_ends_well(void)
{
    struct bytes in =
        cbor_text(COMID("[" ENV ", [{0: \"k\", 1: {0: {0: \"1\"}, 1: 552(1), 2: [" DIGEST
                        "], 14: {0: [" DIGEST "]}}}]]"));
    uint8_t *copy = check_keep(malloc(in.len));
    size_t refused = 0;

    CHECK_EQ(walk(in), RULE_NONE);
    for (size_t len = 0; len < in.len; len++) {
        CHECK(walk(check_guarded(bytes_of(in.p, len))) != RULE_NONE);
    }
    for (size_t i = 0; i < 8 * in.len; i++) {
        memcpy(copy, in.p, in.len);
        copy[i / 8] ^= (uint8_t)(1u << (i % 8));
        refused += walk(check_guarded(bytes_of(copy, in.len))) != RULE_NONE;
    }
    printf("# %zu of %zu\n", refused, 8 * in.len);
    CHECK(refused > 2 * in.len); /* texts, digests and numbers may be any */
}

/* ---- CoSWID ---- */

static struct {
    size_t n, n_digests;
    char last[COSWID_PATH_MAX + 1];
} seen;

static void
take(void *context, struct bytes path, const struct comid_digest *digest)
{
    CHECK(context == &seen);
    CHECK(path.len < sizeof(seen.last));
    memcpy(seen.last, path.p, path.len);
    seen.last[path.len] = '\0';
    seen.n++;
    seen.n_digests += digest != NULL;
}

static enum rule
files_of(struct bytes in)
{
    struct corim_tag tag = tag_of(in);
    struct fault fault = {0};
    struct coswid coswid;

    memset(&seen, 0, sizeof(seen));
    if (coswid_read(&tag, &coswid, &fault) == 0) {
        CHECK_EQ(coswid_files(&coswid, take, &seen, &fault), fault.rule != RULE_NONE);
    }
    CHECK(fault.offset <= in.len);
    return fault.rule;
}

static void
a_software_is_read(void)
{
    struct corim_tag tag =
        tag_of(cbor_text("{13: \"4.1\", 0: h'3f06af63a93c11e4979700505690773f', 12: 0, 1: \"gcc\", "
                         "2: {31: \"ACME\", 33: 1}, 3: {17: {24: \"x\"}}, \"x\": 1}"));
    struct coswid coswid;

    CHECK_EQ(coswid_read(&tag, &coswid, NULL), 0);
    CHECK_EQ(coswid.id.kind, CORIM_UUID);
    CHECK_BYTES(coswid.name, bytes_str("gcc"));
    CHECK_BYTES(coswid.version, bytes_str("4.1"));
    CHECK_BYTES(coswid.entity, bytes_str("ACME"));
    CHECK(coswid.has_evidence && coswid.payload.len == 0);
    CHECK_EQ(coswid_files(&coswid, take, &seen, NULL), 0);
    CHECK_EQ(seen.n, 0);
}

static void
paths_are_put_together(void)
{
    static const struct {
        const char *payload, *last;
        size_t n, n_digests;
    } rows[] = {
        {"{17: {24: \"a\", 7: " DIGEST "}}", "a", 1, 1},
        {"{17: [{24: \"a\"}, {24: \"b\", 20: 5}]}", "b", 2, 0},
        {"{17: {23: \"/usr\", 24: \"a\", 25: \"C:\"}}", "C://usr/a", 1, 0},
        {"{16: {24: \"bin\", 25: \"/\", 26: {17: {24: \"a\", 7: " DIGEST "}}}}", "/bin/a", 1, 1},
        {"{16: [{24: \"a\"}, {24: \"b\", 26: {16: {24: \"c\", 26: {17: {24: \"d\"}}}}}]}", "b/c/d",
         1, 0},
        {"{18: {27: \"init\"}, 17: {24: \"a\", 7: [99, h'01']}}", "a", 1, 1},
        {"{}", "", 0, 0},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        CHECK_EQ(files_of(cbor_textf("{0: \"t\", 1: \"n\", 6: %s}", rows[i].payload)), RULE_NONE);
        CHECK_STR(seen.last, rows[i].last);
        CHECK_EQ(seen.n, rows[i].n);
        CHECK_EQ(seen.n_digests, rows[i].n_digests);
    }
}

static void
long_paths_are_cut(void)
{
    char name[600];

    memset(name, 'n', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    CHECK_EQ(files_of(cbor_textf(
                 "{0: \"t\", 1: \"n\", 6: {16: {24: \"%s\", 26: {17: {24: \"a\"}}}}}", name)),
             RULE_NONE);
    CHECK_EQ(strlen(seen.last), COSWID_PATH_MAX);
    CHECK_EQ(seen.n, 1);
}

static void
folders_end(void)
{
    char text[2048] = "{17: {24: \"a\"}}";

    for (unsigned depth = 1; depth <= 7; depth++) {
        char inner[2048];

        memcpy(inner, text, sizeof(inner));
        snprintf(text, sizeof(text), "{16: {24: \"d\", 26: %.1000s}}", inner);
        CHECK_EQ(files_of(cbor_textf("{0: \"t\", 1: \"n\", 6: %s}", text)),
                 depth <= 6 ? RULE_NONE : RULE_COSWID_FORM);
    }
}

static void
a_broken_software_is_refused(void)
{
    static const struct {
        const char *text;
        enum rule rule;
    } rows[] = {
        {"7", RULE_COSWID_FORM},
        {"{}", RULE_COSWID_FORM},
        {"{0: \"t\"}", RULE_COSWID_FORM},
        {"{1: \"n\"}", RULE_COSWID_FORM},
        {"{0: 7, 1: \"n\"}", RULE_COSWID_FORM},
        {"{0: \"t\", 1: 7}", RULE_COSWID_FORM},
        {"{0: \"t\", 1: \"n\", 2: 7}", RULE_COSWID_FORM},
        {"{0: \"t\", 1: \"n\", 6: 7}", RULE_COSWID_FORM},
        {"{0: \"t\", 1: \"n\", 6: {17: 7}}", RULE_COSWID_FORM},
        {"{0: \"t\", 1: \"n\", 6: {17: []}}", RULE_COSWID_FORM},
        {"{0: \"t\", 1: \"n\", 6: {17: {}}}", RULE_COSWID_FORM},
        {"{0: \"t\", 1: \"n\", 6: {17: {24: 7}}}", RULE_COSWID_FORM},
        {"{0: \"t\", 1: \"n\", 6: {17: {24: \"a\", 7: 7}}}", RULE_COSWID_FORM},
        {"{0: \"t\", 1: \"n\", 6: {16: {24: \"a\", 26: 7}}}", RULE_COSWID_FORM},
        {"{0: \"t\", 1: \"n\", 6: {16: {24: \"a\", 26: {17: {}}}}}", RULE_COSWID_FORM},
        {"{0: \"t\", 1: \"n\", 6: {17: {24: \"a\", 7: [1, h'01']}}}", RULE_COMID_DIGEST},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        enum rule rule = files_of(cbor_text(rows[i].text));

        printf("# %s\n", rows[i].text);
        CHECK_EQ(rule, rows[i].rule);
    }
}

CHECK_MAIN(CASE(a_tag_is_read), CASE(an_environment_is_read), CASE(a_measurement_is_read),
           CASE(digests_are_of_the_registry_s_algorithms), CASE(a_broken_tag_is_refused),
           CASE(every_truncation_and_flip_ends_well), CASE(a_software_is_read),
           CASE(paths_are_put_together), CASE(long_paths_are_cut), CASE(folders_end),
           CASE(a_broken_software_is_refused))
