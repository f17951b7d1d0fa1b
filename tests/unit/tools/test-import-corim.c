/* import/import-corim: manifests of others as releases and sets. */
#include "import/corim-names.h"
#include "import/import.h"
#include "base/wr.h"
#include "lib/cbor-text.h"
#include "lib/check.h"
#include "lib/import-rig.h"

#define D1 "44aa336af4cb14a879432e53dd6571c7fa9bccafb75f488259262d6ea3a4d91b"
#define D2 "50aa341af9cb20a879440e58dd6581c14fa14bccafb75f488259262d6ea3a4d9"
#define D48                                                                                        \
    "15e77d6f133252f1db7044901313884f2977d2109b33c79f33e079bfc78865255c0fb733c240fdda544b8215d7b8" \
    "f815"
#define A "[1, h'" D1 "']"
#define B "[1, h'" D2 "']"
#define ENV "{0: {1: \"ACME\", 2: \"board\"}}"
#define COMID(triples) "506(<<{1: {0: \"t\"}, 4: " triples "}>>)"
#define ONE(env, measurements) COMID("{0: [[" env ", [" measurements "]]]}")

static void
import(const char *tags)
{
    import_rig_one(import_corim, "a.corim", cbor_textf("501({0: \"i\", 1: [%s]})", tags));
}

static enum rule
rule_of(const char *tags)
{
    return import_rig_rule(import_corim, cbor_textf("501({0: \"i\", 1: [%s]})", tags));
}

static void
take_vector(const char *path)
{
    struct import_file file = {.path = path, .bytes = check_vector(path)};
    struct import_ask ask = {.unverified = true, .n = 1, .files = &file};

    CHECK_EQ(import_rig_ask(import_corim, &ask), 0);
}

static void
manifests_of_others_become_releases(void)
{
    take_vector("corim/veraison-firmware.cbor");
    import_rig_says("# CoRIM \"veraison-firmware.cbor\", sha256:");
    import_rig_says("# not signed");
    import_rig_says("profile 2.16.840.1.113741.1.15.6");
    import_rig_says("# NOT IMPORTED: tag 0: 1 endorsed values\n");
    import_rig_says("release fwY_n5x-L0-I0 fwmfginc.example 1 {\n  source operator corim\n  svn 1\n"
                    "  measured sha384:15e77d6f");
    import_rig_says("release fwX_n5x-L1-I0 fwmfginc.example 1 {");
    take_vector("corim/intel-firmware.cbor");
    import_rig_says("# SIGNATURE NOT VERIFIED, as \"Firmware Author\", until 9999-12-31\n");
    import_rig_says("# NOT IMPORTED: 2 manifests that it depends on\n");
    import_rig_says("release Agilex-L1-I0 intel.com 1 {");
    take_vector("corim/veraison-psa.cbor");
    import_rig_says("release RoadRunner ACME 1 {\n  source operator corim\n"
                    "  measured sha256:87428fc5");
    import_rig_says("\n  measured sha256:a3a5e715");
    take_vector("corim/ietf-corim-2.cbor");
    import_rig_says("release WYLIE-Coyote-Trusted-L2-I1 WYLIE-Inc. 1 {");
}

static void
what_no_policy_says_is_told_with_its_place(void)
{
    take_vector("corim/veraison-registers.cbor");
    import_rig_says("# NOT IMPORTED: tag 0: triple 0, measurement 0: value of register 0 "
                    "sha256:44aa336a");
    import_rig_says("value of register my-ir by algorithm my-alg-id\n");
    CHECK(!import_rig_has("\nrelease"));
    take_vector("corim/ietf-series.cbor");
    import_rig_says("# NOT IMPORTED: tag 0: 1 conditional endorsement series\n");
    take_vector("corim/veraison-cots.cbor");
    import_rig_says("# NOT IMPORTED: tag 0: its kind 507\n");
    import("508(<<{}>>), " ONE(ENV, "{1: {1: 1, 3: {0: true}, 4: 560(h'00'), -70: 1}}"));
    import_rig_says("tag 0: a list of active tags, 508\n");
    import_rig_says("tag 1: triple 0, measurement 0: flags, raw value, values of a profile\n");
    import_rig_says("tag 1: triple 0, measurement 0: it has no digest that a policy holds\n");
    import("506(<<{1: {0: \"t\"}, 3: [{0: \"u\", 1: 0}], 4: {2: [1], 3: [1], 11: [1]}, -1: 1}>>)");
    import_rig_says("tag 0: 1 links to tags");
    import_rig_says("tag 0: 1 identity keys\n");
    import_rig_says("tag 0: 1 attestation keys\n");
    import_rig_says("tag 0: 2 members that are not known\n");
    import_rig_one(import_corim, "a", cbor_text("{0: \"i\", 1: [508(<<{}>>)], 9: 1}"));
    import_rig_says("# NOT IMPORTED: 1 members of the manifest");
}

static void
measurements_of_one_version_and_svn_are_one_release(void)
{
    import(ONE(ENV,
               "{0: \"kernel\", 1: {0: {0: \"6.1\"}, 1: 552(3), 2: [" A ", [7, h'" D48 "']]}}, "
               "{0: \"initrd\", 1: {0: {0: \"6.1\"}, 1: 552(3), 2: [" B "], 11: \"an \\ e\"}}, "
               "{0: \"kernel\", 1: {0: {0: \"6.1\"}, 1: 552(4), 2: [" B "]}}, "
               "{0: \"kernel\", 1: {0: {0: \"6.2\"}, 2: [" B "]}}"));
    import_rig_says("release board ACME 6.1 {\n  source operator corim\n  svn 3\n"
                    "  kernel sha256:" D1 " sha384:" D48 "\n  initrd sha256:" D2
                    " \"an \\ e\"\n}\n");
    import_rig_says(
        "release board ACME 6.1-2 {\n  source operator corim\n  svn 4\n  kernel sha256:");
    import_rig_says("release board ACME 6.2 {\n  source operator corim\n  kernel sha256:");
}

static void
alternatives_are_releases_of_their_own(void)
{
    import(COMID("{0: [[" ENV ", [{1: {2: [" A "]}}]], [" ENV ", [{1: {2: [" B
                 "]}}]]]}") ", " ONE(ENV, "{1: {2: [" A "]}}"));
    import_rig_says("release board ACME 1 {");
    import_rig_says("release board ACME 1-2 {");
    import_rig_says("release board ACME 1-3 {");
}

static void
parts_are_words_that_begin_no_other_line(void)
{
    import(ONE(ENV, "{0: \"svn\", 1: {2: [" A "]}}, {0: \"variant\", 1: {2: [" A "]}}, "
                    "{0: \"a.b/c:d }\", 1: {2: [" A "]}}, {0: 7, 1: {2: [" A "]}}, "
                    "{0: 601({1: 1}), 1: {2: [" A "]}}, {0: 111(h'2b06'), 1: {2: [" A "]}}, "
                    "{0: \"state-is-what-no-part-can-be-called\", 1: {2: [" A "]}}"));
    import_rig_says("\n  svn-is sha256:");
    import_rig_says("\n  variant-is sha256:");
    import_rig_says("\n  a-b-c-d-- sha256:");
    import_rig_says("\n  mkey-7 sha256:");
    import_rig_says("\n  measured sha256:");
    import_rig_says("\n  1-3-6 sha256:");
    import_rig_says("\n  state-is-what-no sha256:");
}

static void
components_are_models_layers_and_classes(void)
{
    static const struct {
        const char *env, *said;
    } rows[] = {
        {"{0: {2: \"b\"}}", "release b a 1 {"},
        {"{0: {2: \"b\", 3: 100, 4: 99}}", "release b-L+-I99 a 1 {"},
        {"{0: {0: 111(h'2b06'), 1: \"v\"}}", "release 1-3-6 v 1 {"},
        {"{0: {3: 0}}", "release corim-L0 a 1 {"},
        {"{0: {2: \"swid\"}}", "release swid- a 1 {"},
        {"{0: {2: \"a.b c{\\n\", 1: \"v.w/x\"}}", "release a-b-c--n v.w-x 1 {"},
        {"{0: {2: \"0123456789012345678901234567\", 3: 12, 4: 12}}",
         "release 01234567890123456789-L12-I12 a 1 {"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char tags[1024];

        snprintf(tags, sizeof(tags), ONE("%s", "{0: \"0123456789012345678\", 1: {2: [" A "]}}"),
                 rows[i].env);
        import(tags);
        import_rig_says(rows[i].said);
    }
}

static void
names_that_are_given_are_taken(void)
{
    struct import_file file = {.path = "a",
                               .name = "gw",
                               .bytes =
                                   cbor_text("{0: \"i\", 1: [" ONE(ENV, "{1: {2: [" A "]}}") "]}")};
    struct import_ask ask = {.component = "fw", .release = "7", .n = 1, .files = &file};

    CHECK_EQ(import_rig_ask(import_corim, &ask), 0);
    import_rig_says("release fw gw 7 {");
}

static void
a_name_as_long_as_one_may_be_has_room_for_a_number(void)
{
#define LONGEST "123456789012345678901234567890123456789012345678"
    struct import_file file = {
        .path = "a",
        .name = "gw",
        .bytes = cbor_text("{0: \"i\", 1: [" ONE(ENV, "{1: {2: [" A "]}}") ", " ONE(
            ENV, "{1: {2: [" A "]}}") "]}")};
    struct import_ask ask = {.component = "fw", .release = LONGEST, .n = 1, .files = &file};

    CHECK_EQ(import_rig_ask(import_corim, &ask), 0);
    import_rig_says("release fw gw " LONGEST " {");
    import_rig_says("release fw gw 12345678901234567890123456789012345678901234-2 {");
#undef LONGEST
}

static void
what_is_of_one_machine_or_some_is_left_out(void)
{
    import(ONE("{0: {2: \"b\"}, 1: 550(h'01')}",
               "{1: {2: [" A "]}}") ", " ONE("{2: 560(h'01')}", "{1: {2: [" A "]}}"));
    import_rig_says("# NOT IMPORTED: tag 0: triple 0 is of one machine alone: model \"b\"\n");
    import_rig_says("# NOT IMPORTED: tag 1: triple 0 is of a group of machines:\n");
    CHECK(!import_rig_has("\nrelease"));
}

static void
a_validity_is_whole_days(void)
{
    static const struct {
        const char *validity, *said;
    } rows[] = {
        {"{0: 1(1764288000), 1: 1(1795824000)}", "\n  active 2025-11-28\n  retire 2026-11-28\n  m"},
        {"{0: 1(1764288001), 1: 1(1795910399)}", "\n  active 2025-11-29\n  retire 2026-11-28\n  m"},
        {"{1: 1(1795824000)}", "corim\n  retire 2026-11-28\n  m"},
        {"{0: 1(1764288000), 1: 1(253402300799)}", "\n  active 2025-11-28\n  m"},
        {"{0: 1(1764288001), 1: 1(1764374401)}", "\n  state staged # "},
        {"{1: 1(86399)}", "\n  state staged # "},
        {"{0: 1(5000000000), 1: 1(253402300799)}", "\n  state staged # "},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        import_rig_one(import_corim, "a",
                       cbor_textf("{0: \"i\", 1: [" ONE(ENV, "{1: {2: [" A "]}}") "], 4: %s}",
                                  rows[i].validity));
        import_rig_says(rows[i].said);
    }
}

static void
the_least_svn_is_told_as_one(void)
{
    import(ONE(ENV, "{1: {1: 553(5), 2: [" A "]}}") ", " ONE(ENV, "{1: {1: 0, 2: [" A "]}}"));
    import_rig_says("  svn 5 # the least: `at-least floor(COMPONENT)` is a rule\n");
    CHECK(!import_rig_has("svn 0"));
}

static void
digests_that_no_policy_holds_are_told(void)
{
    import(ONE(ENV, "{1: {2: [" A ", [6, h'abcdef01'], [10, h'" D1 "'], [\"mine\", h'01']]}}"));
    import_rig_says("measurement 0: a digest of algorithm 6\n");
    import_rig_says("measurement 0: a digest of algorithm 10\n");
    import_rig_says("measurement 0: a digest of algorithm mine\n");
    import_rig_says("  measured sha256:" D1 "\n");
}

static void
files_of_software_are_sets(void)
{
    take_vector("corim/veraison-coswid.cbor");
    import_rig_says("set digests swid/ACME-Roadrunner-Detector-2013-Coyote-Ed {\n"
                    "  sha256:a314fc2dc663ae7a6b6bc6787594057396e6b3f569cd50fd5ddb4d1bbafd2b6a "
                    "\"%programdata%/rrdetector/rrdetector.exe\"\n}\n");
    import("505(<<{0: \"t\", 1: \"n\", 3: {}, 6: {17: [{24: \"b\", 7: " B "}, {24: \"a\", 7: " A
           "}, "
           "{24: \"c\", 7: " A "}, {24: \"d\"}, {24: \"e\", 7: [9, h'01']}, "
           "{24: \"f\", 7: [7, h'" D48 "']}]}}>>), 505(<<{0: \"t\", 1: \"n\", 6: {17: {24: \"x\", "
           "7: " A "}}}>>), 505(<<{0: \"t\", 1: \"o\"}>>)");
    import_rig_says("set digests swid/n {\n  sha256:" D1 " \"");
    import_rig_says("\n  sha256:" D2 " \"b\"\n  sha384:" D48 " \"f\"\n}\n"
                    "# 1 files are what stands above under another path\n");
    import_rig_says("# NOT IMPORTED: tag 0: 1 files without a digest\n");
    import_rig_says("# NOT IMPORTED: tag 0: 1 files with a digest that no set holds\n");
    import_rig_says("# NOT IMPORTED: tag 0: evidence of what was found on a machine\n");
    import_rig_says("set digests swid/n-2 {");
    import_rig_says("# NOT IMPORTED: tag 2: it has no file that a set could hold\n");
}

static void
more_than_a_policy_holds_is_refused(void)
{
    static char text[128 * 1024];

    for (unsigned n = 256; n <= 257; n++) {
        int len = 0;

        for (unsigned i = 0; i < n; i++) {
            len += snprintf(text + len, sizeof(text) - (size_t)len,
                            "%s{1: {0: {0: \"%u\"}, 2: [" A "]}}", i > 0 ? ", " : "", i);
        }
        CHECK_EQ(
            import_rig_run(
                import_corim,
                &(struct import_file){
                    .path = "a", .bytes = cbor_textf("{0: \"i\", 1: [" ONE(ENV, "%s") "]}", text)},
                1),
            n > 256);
    }
    CHECK_EQ(import_rig.fault.fault.rule, RULE_IMPORT_MANY);
}

/* A set has LIMIT_SET_RECORDS digests of a hash; their paths are not kept for nothing. */
static void
more_files_than_a_set_holds_are_refused(void)
{
    enum { FILE_LEN = 42 };
    const struct bytes head = check_hex("a2 1818 6166 07 82 01 5820");
    static const uint8_t rest[28];
    static uint8_t bytes[64 + (LIMIT_SET_RECORDS + 1) * FILE_LEN];

    for (size_t n = LIMIT_SET_RECORDS; n <= LIMIT_SET_RECORDS + 1; n++) {
        struct wr wr = wr_init(bytes, sizeof(bytes));
        struct import_file file = {.path = "a"};

        wr_bytes(&wr, check_hex("a2 00 6169 01 81 d901f9 5a"));
        wr_be32(&wr, (uint32_t)(15 + n * FILE_LEN));
        wr_bytes(&wr, check_hex("a3 00 6174 01 616e 06 a1 11 9a"));
        wr_be32(&wr, (uint32_t)n);
        for (size_t i = 0; i < n; i++) {
            wr_bytes(&wr, head);
            wr_be32(&wr, (uint32_t)i);
            wr_bytes(&wr, BYTES_OF(rest));
        }
        file.bytes = wr_done(&wr);
        CHECK(file.bytes.p);
        CHECK_EQ(import_rig_run(import_corim, &file, 1), n > LIMIT_SET_RECORDS);
    }
    CHECK_EQ(import_rig.fault.fault.rule, RULE_IMPORT_MANY);
}

/* Releases are of all files of one command together. */
static void
files_have_no_release_twice(void)
{
    struct bytes in = cbor_text("{0: \"i\", 1: [" ONE(ENV, "{1: {2: [" A "]}}") "]}");
    struct import_file files[2] = {{.path = "a", .bytes = in}, {.path = "b", .bytes = in}};

    CHECK_EQ(import_rig_run(import_corim, files, 2), 0);
    import_rig_says("release board ACME 1 {");
    import_rig_says("release board ACME 1-2 {");
}

static void
broken_tags_are_refused_by_their_number(void)
{
    static const struct {
        const char *tags;
        enum rule rule;
    } rows[] = {
        {"506(<<{}>>)", RULE_COMID_FORM},
        {"505(<<{}>>)", RULE_COSWID_FORM},
        {"506(h'')", RULE_CORIM_FORM},
        {COMID("{0: [7]}"), RULE_COMID_FORM},
        {ONE(ENV, "7"), RULE_COMID_FORM},
        {ONE(ENV, "{1: {2: [7]}}"), RULE_COMID_FORM},
        {ONE(ENV, "{1: {2: [" A ", " B "]}}"), RULE_COMID_DIGEST}, /* one algorithm twice */
        {ONE(ENV, "{1: {2: [[7, h'" D1 "']]}}"), RULE_COMID_DIGEST},
        {ONE(ENV, "{1: {14: {0: 7}}}"), RULE_COMID_FORM},
        {ONE(ENV, "{1: {14: {0: [7]}}}"), RULE_COMID_FORM},
        {"505(<<{0: \"t\", 1: \"n\", 6: 7}>>)", RULE_COSWID_FORM},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char tags[1024];

        snprintf(tags, sizeof(tags), "508(<<{}>>), %s", rows[i].tags);
        CHECK_EQ(rule_of(tags), rows[i].rule);
        CHECK_EQ(import_rig.fault.fault.event, 1);
        CHECK(import_rig.fault.fault.offset > 0);
    }
}

static void
a_signature_wants_a_key_or_a_word(void)
{
    struct import_file file = {.path = "a", .bytes = check_vector("corim/intel-firmware.cbor")};
    struct import_ask ask = {.n = 1, .files = &file};

    CHECK_EQ(import_rig_ask(import_corim, &ask), 1);
    CHECK_EQ(import_rig.fault.fault.rule, RULE_CORIM_UNVERIFIED);
    CHECK_EQ(import_rig.fault.file, 0);
}

CHECK_MAIN(CASE(manifests_of_others_become_releases),
           CASE(what_no_policy_says_is_told_with_its_place),
           CASE(measurements_of_one_version_and_svn_are_one_release),
           CASE(alternatives_are_releases_of_their_own),
           CASE(parts_are_words_that_begin_no_other_line),
           CASE(components_are_models_layers_and_classes), CASE(names_that_are_given_are_taken),
           CASE(a_name_as_long_as_one_may_be_has_room_for_a_number),
           CASE(what_is_of_one_machine_or_some_is_left_out), CASE(a_validity_is_whole_days),
           CASE(the_least_svn_is_told_as_one), CASE(digests_that_no_policy_holds_are_told),
           CASE(files_of_software_are_sets), CASE(more_than_a_policy_holds_is_refused),
           CASE(more_files_than_a_set_holds_are_refused), CASE(files_have_no_release_twice),
           CASE(broken_tags_are_refused_by_their_number), CASE(a_signature_wants_a_key_or_a_word))
