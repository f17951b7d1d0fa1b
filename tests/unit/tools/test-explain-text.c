/* explain-text: an object of a judgement, also one that nobody of ours wrote, as people read it. */
#include "explain-text.h"

#include "lib/check.h"

static char printed[16384];

/* What is printed of an object in JSON. */
static const char *
text_of(const char *json, bool verbose)
{
    json_t *object = json_loads(json, JSON_DECODE_ANY, NULL);
    FILE *out = fmemopen(printed, sizeof(printed), "w");

    CHECK(object && out);
    memset(printed, 0, sizeof(printed));
    explain_text(out, object, verbose);
    CHECK_EQ(fclose(out), 0);
    json_decref(object);
    return printed;
}

static bool
has_line(const char *line)
{
    size_t len = strlen(line);

    for (const char *at = strstr(printed, line); at; at = strstr(at + 1, line)) {
        if ((at == printed || at[-1] == '\n') && at[len] == '\n') {
            return true;
        }
    }
    return false;
}

#define RULE_FAILED                                                                    \
    "{\"id\":\"chain\",\"slot\":\"boot.images\",\"verb\":\"one-of\",\"events\":2,"     \
    "\"outcome\":\"unknown\",\"learns\":false,\"effect\":\"fail\",\"number\":421,"     \
    "\"name\":\"BOOT_IMAGE_UNKNOWN\",\"event\":31,\"pcr\":4,\"seen\":\"sha256:aa k\"," \
    "\"expected\":\"corp 7\"}"
#define RULE_WARNED                                                                  \
    "{\"id\":\"cap\",\"slot\":\"driver\",\"verb\":\"any\",\"events\":1,"             \
    "\"outcome\":\"unpinned\",\"learns\":false,\"effect\":\"warn\",\"number\":442,"  \
    "\"name\":\"UNPINNED_CODE\",\"event\":null,\"pcr\":null,\"seen\":\"sha256:bb\"," \
    "\"expected\":null}"
#define RULE_PASSED                                                          \
    "{\"id\":\"fw\",\"slot\":\"firmware\",\"verb\":\"one-of\",\"events\":3," \
    "\"outcome\":\"passed\",\"learns\":false}"
#define RULE_LEARNS                                                            \
    "{\"id\":\"pin\",\"slot\":\"sb.pk\",\"verb\":\"device-pin\",\"events\":1," \
    "\"outcome\":\"passed\",\"learns\":true}"

static const char refused[] =
    "{\"tier\":\"contraindicated\",\"policy\":{\"name\":\"p\",\"version\":3,\"mode\":\"enforce\"},"
    "\"first_cause\":{\"number\":421,\"name\":\"BOOT_IMAGE_UNKNOWN\",\"rule\":\"chain\","
    "\"check\":null,\"clause\":null,\"text\":null,\"event\":31,\"pcr\":4,"
    "\"seen\":\"sha256:aa k\",\"expected\":\"corp 7\"},"
    "\"reasons\":[{\"number\":421,\"name\":\"BOOT_IMAGE_UNKNOWN\",\"effect\":\"fail\"},"
    "{\"number\":442,\"name\":\"UNPINNED_CODE\",\"effect\":\"warn\"},"
    "{\"number\":219,\"name\":\"QUIRK_USED\",\"effect\":\"note\"}],"
    "\"rules\":[" RULE_FAILED "," RULE_WARNED "," RULE_PASSED "," RULE_LEARNS "],"
    "\"facts\":{\"secureboot\":\"on\",\"mode\":null,\"rtm\":\"hw\",\"dma_unprotected\":true,"
    "\"debug\":true,\"sbat_level\":2024010900,\"numbers\":[{\"name\":\"shim\",\"number\":4},"
    "{\"name\":\"grub\",\"number\":5}],\"lists\":{\"sb.db\":2,\"sb.dbx\":0}},"
    "\"quirks\":[\"shim-byte\",\"kernel-twice\"],"
    "\"dimensions\":{\"identity\":2,\"executables\":96}}";

static void
a_refusal_begins_with_verdict_and_first_cause(void)
{
    static const char head[] = "verdict      contraindicated  policy p version 3 (enforce)\n"
                               "first cause  421 BOOT_IMAGE_UNKNOWN  rule chain  event 31  PCR 4\n"
                               "  means      a loader, boot manager or kernel image is none that "
                               "the policy knows\n"
                               "  often      an update of shim, GRUB, systemd-boot or the kernel\n"
                               "  seen       sha256:aa k\n"
                               "  expected   corp 7\n";

    CHECK(strncmp(text_of(refused, false), head, sizeof(head) - 1) == 0);
}

static void
the_first_cause_is_told_once_and_all_else_beside_it(void)
{
    (void)text_of(refused, false);
    CHECK(has_line("also         warn 442 UNPINNED_CODE  rule cap"));
    CHECK(has_line("also         note 219 QUIRK_USED"));
    CHECK(!strstr(printed, "also         fail"));
    CHECK(!strstr(printed, "sha256:bb"));
    CHECK(!strstr(printed, "passed "));
    CHECK(has_line("not compared pin (nothing is pinned)"));
}

static void
facts_are_lines_of_their_own(void)
{
    (void)text_of(refused, false);
    CHECK(has_line("facts        Secure Boot on, mode unknown, RTM hw, SBAT level 2024010900, "
                   "DMA not protected, firmware in debug mode"));
    CHECK(has_line("entries      sb.db 2, sb.dbx 0"));
    CHECK(has_line("versions     shim 4, grub 5"));
    CHECK(has_line("quirks       shim-byte, kernel-twice"));
    CHECK(has_line("dimensions   identity 2, executables 96"));
}

static void
verbose_tells_each_rule(void)
{
    (void)text_of(refused, true);
    CHECK(has_line("passed       fw : firmware one-of  3 events"));
    CHECK(has_line("passed       pin : sb.pk device-pin  1 events, nothing is pinned"));
    CHECK(has_line("  seen       sha256:bb"));
}

static void
two_rules_with_the_reason_of_the_first_cause_are_both_told(void)
{
    static const char twice[] =
        "{\"tier\":\"contraindicated\",\"policy\":null,\"first_cause\":{\"number\":421,"
        "\"name\":\"BOOT_IMAGE_UNKNOWN\",\"rule\":\"other\"},\"reasons\":[{\"number\":421,"
        "\"name\":\"BOOT_IMAGE_UNKNOWN\",\"effect\":\"fail\"}],\"rules\":[" RULE_FAILED "]}";

    (void)text_of(twice, false);
    CHECK(has_line("first cause  421 BOOT_IMAGE_UNKNOWN  rule other"));
    CHECK(has_line("also         fail 421 BOOT_IMAGE_UNKNOWN  rule chain  event 31  PCR 4"));
}

static void
a_check_of_ours_says_its_text_and_clause(void)
{
    static const char broken[] =
        "{\"tier\":\"contraindicated\",\"policy\":null,\"first_cause\":{\"number\":202,"
        "\"name\":\"LOG_PARSE\",\"rule\":null,\"check\":\"evlog-short\",\"clause\":\"PFP 10.2\","
        "\"text\":\"the log ends\",\"event\":null,\"pcr\":0,\"seen\":null,\"expected\":null},"
        "\"reasons\":[{\"number\":202,\"name\":\"LOG_PARSE\",\"effect\":\"fail\"}],"
        "\"rules\":null,\"facts\":null,\"quirks\":null,\"dimensions\":null}";

    CHECK_STR(text_of(broken, true), "verdict      contraindicated\n"
                                     "first cause  202 LOG_PARSE  PCR 0\n"
                                     "  means      the log is not in the form of its standard\n"
                                     "  often      a firmware that writes a faulty log\n"
                                     "  check      the log ends [evlog-short, PFP 10.2]\n");
}

/* A keeper of another version, or a hijacked one, says what it likes. */
static void
objects_of_another_form_print_what_they_have(void)
{
    static const char *const objects[] = {
        "{}",
        "[]",
        "null",
        "\"x\"",
        "{\"tier\":1,\"policy\":\"p\",\"first_cause\":[],\"reasons\":{},\"rules\":7}",
        "{\"policy\":{},\"first_cause\":{},\"reasons\":[1,null,[]],\"rules\":[\"x\",{},null]}",
        "{\"facts\":{\"lists\":[],\"numbers\":{\"a\":1},\"sbat_level\":\"x\"},\"quirks\":[1,{}]}",
        "{\"rules\":[{\"learns\":true},{\"outcome\":5}],\"dimensions\":[],\"facts\":[]}",
    };

    for (size_t i = 0; i < ARRAY_LEN(objects); i++) {
        const char *text = text_of(objects[i], true);

        CHECK(strncmp(text, "verdict      ", 13) == 0);
        CHECK(text[strlen(text) - 1] == '\n');
    }
}

static void
no_text_steers_a_terminal(void)
{
    static const char hostile[] =
        "{\"tier\":\"a\\u001b[2Jff\\ning\",\"policy\":{\"name\":\"\\u009b\",\"version\":1,"
        "\"mode\":\"\\r\"},\"first_cause\":{\"number\":1,\"name\":\"\\u001b\",\"rule\":\"\\u0007\","
        "\"seen\":\"\\u202e\",\"text\":\"\\u001b\",\"check\":\"\\b\"},"
        "\"rules\":[{\"id\":\"\\u001b]0;\",\"outcome\":\"passed\",\"learns\":true}],"
        "\"facts\":{\"secureboot\":\"\\u001b\",\"lists\":{\"\\u001b\":1},"
        "\"numbers\":[{\"name\":\"\\u001b\",\"number\":1}]},\"quirks\":[\"\\u001b\"],"
        "\"dimensions\":{\"\\u001bx\":2}}";
    const char *text = text_of(hostile, true);

    for (; *text != '\0'; text++) {
        CHECK(*text == '\n' || (*text >= 0x20 && *text <= 0x7e));
    }
    CHECK(strncmp(printed, "verdict      a\\x1b[2Jff\\x0aing  policy", 38) == 0);
}

static void
long_lists_are_cut_at_a_line_s_end(void)
{
    static char json[16384] = "{\"quirks\":[\"0\"";
    size_t len = strlen(json);

    for (int i = 0; i < 400; i++) {
        len += (size_t)snprintf(json + len, sizeof(json) - len, ",\"quirk-%020d\"", i);
    }
    snprintf(json + len, sizeof(json) - len, "]}");
    CHECK(strlen(text_of(json, false)) < 4096);
    CHECK(strstr(printed, "quirks       0, quirk-"));
    CHECK(printed[strlen(printed) - 1] == '\n');
}

static void
claims_are_a_line_each(void)
{
    (void)text_of("{\"claims\":{\"secureboot\":\"on\",\"dbx.missing\":3,\"uki\":true,"
                  "\"fw.debug\":false,\"tpm.cves\":[\"CVE-1\",\"CVE-2\"],\"quirk\":[],"
                  "\"x\\u001b\":\"\\u001b[2J\",\"y\":null}}",
                  false);
    CHECK(has_line("claims       secureboot on"));
    CHECK(has_line("             dbx.missing 3"));
    CHECK(has_line("             uki true"));
    CHECK(has_line("             fw.debug false"));
    CHECK(has_line("             tpm.cves CVE-1 CVE-2"));
    CHECK(has_line("             quirk (none)"));
    CHECK(has_line("             x\\x1b \\x1b[2J"));
    CHECK(has_line("             y"));
    (void)text_of("{\"claims\":null}", false);
    CHECK(!strstr(printed, "claims"));
}

CHECK_MAIN(CASE(a_refusal_begins_with_verdict_and_first_cause),
           CASE(the_first_cause_is_told_once_and_all_else_beside_it),
           CASE(facts_are_lines_of_their_own), CASE(claims_are_a_line_each),
           CASE(verbose_tells_each_rule),
           CASE(two_rules_with_the_reason_of_the_first_cause_are_both_told),
           CASE(a_check_of_ours_says_its_text_and_clause),
           CASE(objects_of_another_form_print_what_they_have), CASE(no_text_steers_a_terminal),
           CASE(long_lists_are_cut_at_a_line_s_end))
