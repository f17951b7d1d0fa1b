/* explain-device-text: an explanation's object, also one that nobody of ours wrote, as people read
 * it. What the whole looks like: test-explain-device, docs/golden.md. */
#include "explain/explain-device-text.h"

#include <stdlib.h>

#include "lib/check.h"

static char printed[65536];

static const char *
text_of(const char *json, bool verbose)
{
    json_t *object = json_loads(json, JSON_DECODE_ANY, NULL);
    FILE *out = fmemopen(printed, sizeof(printed), "w");

    CHECK(object && out);
    memset(printed, 0, sizeof(printed));
    explain_device_text(out, object, verbose);
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

#define DEVICE "\"device\":{\"id\":\"013fa94c1000\",\"class\":\"c\",\"state\":\"failed\"}"
#define KEPT                                                                                    \
    "\"kept\":{\"judged\":true,\"why\":null,\"text\":null,\"is_last\":true,\"ages\":true,\"ima" \
    "\":false}"
#define REFUSED                                                                                  \
    "\"verdict\":{\"tier\":\"contraindicated\",\"accepted\":false,\"code\":421,\"name\":\"X\","  \
    "\"rule\":\"policy/r\",\"event\":3,\"pcr\":4,\"seen\":\"s\",\"expected\":\"e\",\"policy\":"  \
    "\"c:1\",\"judged_ms\":1790000000000,\"since_ms\":null,\"accepted_ms\":1780000000000,\"boot" \
    "\":7}"

static void
nothing_prints_no_fault(void)
{
    static const char *const all[] = {"{}",
                                      "[]",
                                      "null",
                                      "1",
                                      "{\"device\":1,\"verdict\":[]}",
                                      "{\"diff\":{\"slots\":1,\"changes\":{}}}",
                                      "{\"diff\":{\"changed\":1,\"slots\":[1,null,[],{}]}}",
                                      "{\"peers\":{},\"history\":[],\"repair\":{\"steps\":[1]}}",
                                      "{\"first_cause\":{\"values\":[1,{}],\"known\":{}}}"};

    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        (void)text_of(all[i], i % 2 == 0);
        CHECK(strncmp(printed, "device ", 7) == 0);
    }
}

/* What a store says is shown, and steers no terminal. */
static void
no_byte_of_a_device_steers_the_terminal(void)
{
    (void)text_of(
        "{" DEVICE "," KEPT "," REFUSED ",\"diff\":{\"before\":1,\"after\":1,\"changed\":"
        "2,\"slots\":[{\"slot\":\"a\\u001b\",\"same\":0,\"changed\":2,\"asked\":true},"
        "{\"slot\":\"q\\u001b\",\"same\":1,\"changed\":0}],\"changes\":[{\"slot\":"
        "\"a\\u001b\",\"pcr\":4,\"change\":\"changed\",\"before\":{\"event\":1,\"digest\":"
        "\"\\u001bdigest\",\"label\":\"\\u001b\"},\"after\":{\"event\":2,\"digest\":"
        "\"aa\",\"label\":\"x\\ny\\u001b\"},\"words_before\":null},{\"slot\":"
        "\"a\\u001b\",\"change\":\"changed\",\"before\":{},\"after\":{},\"words_before\":"
        "[\"\\u001bw\"],\"words_after\":[\"\\u0007\",1]}]},\"announced\":{\"component\":"
        "\"\\u001b\",\"version\":\"\\u001b\"},\"peers\":{\"same\":0},\"advice\":{"
        "\"command\":\"\\u001b\",\"what\":\"\\u001b\"},\"history\":{\"known\":true,"
        "\"published\":1,\"moves\":[\"\\u001b\",1]},\"repair\":{\"passes\":true,\"steps\":"
        "[{\"slot\":\"\\u001b\",\"rule\":\"\\u001b\",\"instead\":\"\\u001b\"}]},"
        "\"first_cause\":{\"number\":421,\"name\":\"\\u001b\",\"slot\":\"\\u001b\","
        "\"known\":{\"release\":\"\\u001b\",\"state\":\"\\u001b\"},\"values\":[{\"digest\":"
        "\"\\u001b\",\"label\":\"\\u001b\"}]}}",
        true);
    for (const char *at = printed; *at != '\0'; at++) {
        CHECK(*at == '\n' || (*at >= 0x20 && *at < 0x7f));
    }
    CHECK(strstr(printed, "\\x1b"));
}

static void
the_head_says_since_when_where_it_is_known(void)
{
    (void)text_of("{" DEVICE "," KEPT "," REFUSED "}", false);
    CHECK(has_line("device 3fa94c10 (c, failed)  REFUSED contraindicated  boot 7  policy c:1"));
    CHECK(has_line("evidence     last judged 2026-09-21 14:13 UTC"));
    CHECK(has_line("             last accepted 2026-05-28 20:26 UTC"));
    (void)text_of("{" DEVICE ",\"verdict\":{\"tier\":\"affirming\",\"accepted\":true,\"boot\":1,"
                  "\"since_ms\":1790000000000,\"accepted_ms\":null}}",
                  false);
    CHECK(has_line("device 3fa94c10 (c, failed)  ACCEPTED affirming since 2026-09-21 14:13 UTC  "
                   "boot 1"));
    CHECK(has_line("             last accepted never"));
    (void)text_of("{" DEVICE ",\"verdict\":null}", false);
    CHECK(has_line("device 3fa94c10 (c, failed)  has brought no evidence yet"));
}

static void
what_is_not_known_is_said(void)
{
    (void)text_of("{" DEVICE "," REFUSED ",\"kept\":{\"judged\":true,\"is_last\":false,\"ages\":"
                  "false,\"ima\":true},\"now\":{\"tier\":\"warning\",\"token\":true,\"references\":"
                  "true},\"history\":{"
                  "\"known\":false,\"now\":9,\"published\":2,"
                  "\"published_ms\":1790000000000}}",
                  false);
    CHECK(has_line("kept         evidence of before: the last was not genuine, and of such nothing "
                   "is kept"));
    CHECK(has_line("by now       reference events: warning for the evidence of before"));
    CHECK(has_line("not judged   ages, which the policy limits: they are not kept"));
    CHECK(has_line("not judged   the files of its IMA list, which is not kept"));
    CHECK(has_line("diff         no log of accepted evidence is kept to compare with"));
    CHECK(has_line("policy       what counted when it passed last is not known any more"));
    CHECK(
        has_line("policy       bundle 9, published 2026-09-21 14:13 UTC; another one counted when "
                 "it passed last"));
    CHECK(has_line("was refused  421 X  rule policy/r  event 3  PCR 4"));
    CHECK(has_line("  seen       s"));
    CHECK(has_line("  expected   e"));
}

static void
an_audit_log_that_was_cut_says_nothing_of_bundles(void)
{
    (void)text_of("{" DEVICE "," REFUSED "," KEPT ",\"history\":{\"known\":false,\"now\":0,"
                  "\"published\":0}}",
                  false);
    CHECK(has_line("policy       what counted when it passed last is not known any more"));
    CHECK(!strstr(printed, "bundle 0"));
}

static void
no_bundle_before_is_said(void)
{
    (void)text_of("{" DEVICE "," REFUSED "," KEPT
                  ",\"history\":{\"known\":true,\"now\":1,\"then\":0,"
                  "\"published\":1,\"published_ms\":1790000000000,\"moves\":[\"os/n/1: active\"],"
                  "\"moves_more\":3}}",
                  false);
    CHECK(
        has_line("policy       bundle 1, published 2026-09-21 14:13 UTC; no bundle counted when it "
                 "passed last"));
    CHECK(has_line("  os/n/1: active"));
    CHECK(has_line("  and 3 more releases moved"));
}

/* Slots that no rule asks about are one line each, and each change with --verbose. */
#define NOISE                                                                                      \
    "{" DEVICE "," KEPT "," REFUSED ",\"diff\":{\"before\":9,\"after\":9,\"changed\":9,\"slots\":" \
    "[{\"slot\":\"boot.vars\",\"same\":3,\"changed\":1,\"asked\":false},{\"slot\":\"driver\","     \
    "\"same\":0,\"changed\":8,\"asked\":true},{\"slot\":\"gpt\",\"same\":1,\"changed\":0,"         \
    "\"asked\":true}],\"changes\":[{\"slot\":\"boot.vars\",\"pcr\":1,\"change\":\"moved\","        \
    "\"before\":{\"event\":5,\"digest\":\"aabbccddeeff00\",\"label\":\"l\"},\"after\":{\"event\":" \
    "6,\"digest\":\"aabbccddeeff00\",\"label\":\"l\"}}" ADDED ADDED ADDED ADDED ADDED ADDED ADDED  \
        REMOVED "]}}"
#define ADDED                                                                                    \
    ",{\"slot\":\"driver\",\"pcr\":2,\"change\":\"added\",\"before\":null,\"after\":{\"event\":" \
    "7,\"digest\":\"11\",\"label\":\"rom\"}}"
#define REMOVED                                                                                 \
    ",{\"slot\":\"driver\",\"pcr\":2,\"change\":\"removed\",\"after\":null,\"before\":{\"event" \
    "\":8,\"digest\":\"22\",\"label\":null}}"

static void
noise_is_folded_and_told_at_length(void)
{
    (void)text_of(NOISE, false);
    CHECK(has_line("diff         9 of 9 events differ from the last accepted boot"));
    CHECK(has_line("  ~ boot.vars      1 of 4 events, which no rule asks about"));
    CHECK(has_line("  + driver         event 7    11  rom"));
    CHECK(!strstr(printed, "  - driver"));
    CHECK(has_line("    driver         and 2 more"));
    CHECK(has_line("  = gpt"));
    (void)text_of(NOISE, true);
    CHECK(has_line("  > boot.vars      event 6    aabbccddeeff -> aabbccddeeff  l"));
    CHECK(has_line("  - driver         event 8    22"));
    CHECK(!strstr(printed, " and "));
}

static void
equal_slots_are_folded_into_lines(void)
{
    char json[8192];
    size_t len = (size_t)snprintf(json, sizeof(json),
                                  "{" DEVICE "," KEPT "," REFUSED
                                  ",\"diff\":{\"after\":1,\"changed\":1,\"slots\":[");
    for (int i = 0; i < 40; i++) {
        len +=
            (size_t)snprintf(json + len, sizeof(json) - len,
                             "%s{\"slot\":\"slot.%d\",\"same\":1,\"changed\":0}", i ? "," : "", i);
    }
    snprintf(json + len, sizeof(json) - len, "]}}");
    (void)text_of(json, false);
    CHECK(strstr(printed, "  = slot.0, slot.1, "));
    CHECK(strstr(printed, ",\n    slot."));
    CHECK(strstr(printed, ", slot.39\n"));
    for (const char *at = strstr(printed, "  = "); at && *at != '\0';) {
        const char *end = strchr(at, '\n');

        CHECK(end && end - at <= 96);
        at = strncmp(end, "\n    slot.", 10) == 0 ? end + 1 : NULL;
    }
}

static void
repairs_are_told_with_what_is_left(void)
{
    (void)text_of(
        "{" DEVICE "," REFUSED "," KEPT ",\"repair\":{\"passes\":true,\"left\":null,"
        "\"steps\":[{\"slot\":\"gpt\",\"rule\":\"g\",\"event\":3,\"tried\":true,"
        "\"instead\":\"aa\"},{\"slot\":\"driver\",\"rule\":null,\"event\":4,\"tried\":"
        "false,\"instead\":\"a rule\"},{\"slot\":\"boot.initrd\",\"rule\":\"i\",\"event\":"
        "null,\"tried\":false,\"instead\":null}]}}",
        false);
    CHECK(has_line("would pass   with 3 other values"));
    CHECK(has_line("  event 3 gpt, rule g: were it aa"));
    CHECK(has_line("  event 4 driver: needs a rule"));
    CHECK(has_line("  boot.initrd, rule i"));
    (void)text_of("{" DEVICE "," REFUSED "," KEPT ",\"repair\":{\"passes\":false,\"left\":\"EK\","
                  "\"steps\":[]}}",
                  false);
    CHECK(has_line("would pass   by no other values alone: EK stays"));
    (void)text_of("{" DEVICE "," REFUSED "," KEPT ",\"repair\":{\"passes\":false,\"left\":null,"
                  "\"steps\":[{\"slot\":\"gpt\"}]}}",
                  false);
    CHECK(has_line("would pass   only if more than 1 values were others"));
}

static void
what_judges_now_is_named(void)
{
    (void)text_of("{" DEVICE ",\"now\":{\"tier\":\"warning\",\"token\":true,\"policy\":null,"
                  "\"references\":true,\"mode\":null,\"sequence\":null}}",
                  false);
    CHECK(strstr(printed, "by now       reference events: warning"));
    (void)text_of("{" DEVICE ",\"now\":{\"tier\":\"none\",\"token\":false,\"policy\":null,"
                  "\"references\":false,\"mode\":null,\"sequence\":4}}",
                  false);
    CHECK(has_line("by now       no policy of bundle 4: none, no token"));
}

static void
advice_says_for_how_many(void)
{
    (void)text_of("{\"advice\":{\"command\":\"assay x\",\"what\":\"does it\",\"devices\":1}}",
                  false);
    CHECK(has_line("suggest      assay x"));
    CHECK(has_line("  does it (1 device now)"));
    (void)text_of("{\"advice\":{\"command\":\"assay x\",\"what\":\"does it\",\"devices\":6}}",
                  false);
    CHECK(has_line("  does it (6 devices now)"));
    (void)text_of("{\"advice\":{\"command\":null,\"what\":\"look\",\"devices\":1}}", false);
    CHECK(has_line("suggest      look"));
}

static void
peers_beyond_the_bound_are_said(void)
{
    (void)text_of("{" DEVICE ",\"peers\":{\"members\":9,\"kept\":5,\"same\":0,\"not_read\":4}}",
                  false);
    CHECK(has_line("peers        none of 5 others of class c shows the value"));
    CHECK(has_line("             4 more were not looked into: too many different logs"));
}

static void
values_beyond_the_bound_are_counted(void)
{
    (void)text_of(
        "{\"first_cause\":{\"number\":421,\"name\":\"N\",\"slot\":\"driver\",\"event\":1,"
        "\"verified\":true,\"seen\":\"s\",\"expected\":\"e\",\"values\":[{\"digest\":"
        "\"00112233445566\",\"release\":\"os/n/1\",\"state\":\"active\"}],\"values_more\":"
        "7}}",
        false);
    CHECK(has_line("  values     001122334455  os/n/1 active"));
    CHECK(has_line("             and 7 more"));
    CHECK(has_line("  slot       driver; its text is what was measured"));
    CHECK(!strstr(printed, "  expected"));
    (void)text_of(
        "{\"first_cause\":{\"number\":432,\"name\":\"N\",\"slot\":\"boot.initrd\",\"event\":"
        "null,\"expected\":\"e\",\"values\":[]}}",
        false);
    CHECK(has_line("  slot       boot.initrd"));
    CHECK(has_line("  expected   e"));
}

CHECK_MAIN(CASE(nothing_prints_no_fault), CASE(no_byte_of_a_device_steers_the_terminal),
           CASE(the_head_says_since_when_where_it_is_known), CASE(what_is_not_known_is_said),
           CASE(an_audit_log_that_was_cut_says_nothing_of_bundles), CASE(no_bundle_before_is_said),
           CASE(noise_is_folded_and_told_at_length), CASE(equal_slots_are_folded_into_lines),
           CASE(repairs_are_told_with_what_is_left), CASE(what_judges_now_is_named),
           CASE(advice_says_for_how_many), CASE(peers_beyond_the_bound_are_said),
           CASE(values_beyond_the_bound_are_counted))
