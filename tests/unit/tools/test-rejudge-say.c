/* rejudge-say: what changes, for people and as JSON; what stays says nothing. */
#include "rejudge/rejudge-run.h"

#include <stdlib.h>

#include "lib/check.h"

static char *said;
static size_t said_len;
static struct rejudge_say say;
static struct store_device device;
static struct rejudge_result result;

static void
start(bool json)
{
    say = (struct rejudge_say){.out = open_memstream(&said, &said_len), .json = json};
    device = (struct store_device){.id = {1, 0x3f, 0xa9, 0x4c, 0x10}, .state = DEVICE_FRESH};
    snprintf(device.class_name, sizeof(device.class_name), "laptops");
    result = (struct rejudge_result){.change = REJUDGE_WORSE, .fails = true};
    result.sides[REJUDGE_OLD] = (struct rejudge_opinion){.tier = TIER_AFFIRMING,
                                                         .token = true,
                                                         .event = FAULT_NO_EVENT,
                                                         .pcr = FAULT_NO_EVENT,
                                                         .policy = "p:1"};
    result.sides[REJUDGE_NEW] = (struct rejudge_opinion){.tier = TIER_CONTRAINDICATED,
                                                         .code = REASON_CMDLINE_MISSING_TOKEN,
                                                         .event = 31,
                                                         .pcr = 8,
                                                         .policy = "p:2",
                                                         .rule = "cmdline",
                                                         .seen = "",
                                                         .expected = "lockdown=integrity"};
    rejudge_say_begin(&say);
}

static const char *
ended(const struct rejudge_tally *tally)
{
    rejudge_say_end(&say, tally);
    CHECK_EQ(fclose(say.out), 0);
    check_keep(said);
    return said;
}

static void
has(const char *text)
{
    if (!strstr(said, text)) {
        check_fail(__FILE__, __LINE__, "no \"%s\" in: %s", text, said);
    }
}

static void
a_change_is_told_with_what_decides(void)
{
    const struct rejudge_tally tally = {
        .members = 3, .judged = 3, .same = 2, .worse = 1, .fails = 1};

    start(false);
    rejudge_say_member(&say, &device, &result);
    CHECK_STR(
        ended(&tally),
        "3fa94c10  laptops      affirming -> contraindicated, no token any more\n"
        "          because   501 CMDLINE_MISSING_TOKEN  rule cmdline  event 31  PCR 8\n"
        "          expected  lockdown=integrity\n"
        "3 members: 2 same, 0 better, 1 worse, 0 not judged; 1 would get no token any more\n");
}

/* As --acknowledge takes them: the first cause alone would not do. */
static void
all_that_refuses_is_told_by_name(void)
{
    const struct rejudge_tally tally = {.members = 1};

    start(false);
    result.sides[REJUDGE_NEW].causes =
        (struct rejudge_causes){.policy = REJUDGE_NO_POLICY, .n_codes = 2, .codes = {205, 801}};
    rejudge_say_member(&say, &device, &result);
    result.sides[REJUDGE_NEW].causes.more = true;
    rejudge_say_member(&say, &device, &result);
    result.fails = false; /* it had no token before: there is nothing to acknowledge */
    result.sides[REJUDGE_NEW].causes.codes[0] = 301;
    rejudge_say_member(&say, &device, &result);
    (void)ended(&tally);
    has("          by        code 205,code 801\n");
    has("          by        code 205,code 801, and others\n");
    CHECK(!strstr(said, "code 301"));
    start(true);
    result.sides[REJUDGE_NEW].causes =
        (struct rejudge_causes){.policy = REJUDGE_NO_POLICY, .n_codes = 2, .codes = {205, 801}};
    rejudge_say_member(&say, &device, &result);
    (void)ended(&tally);
    has(",\"causes\":[\"code 205\",\"code 801\"]}");
}

static void
what_is_better_is_told_by_what_was_wrong(void)
{
    const struct rejudge_tally tally = {.members = 1, .judged = 1, .better = 1};
    struct rejudge_opinion old;

    start(false);
    old = result.sides[REJUDGE_OLD];
    result.sides[REJUDGE_OLD] = result.sides[REJUDGE_NEW];
    result.sides[REJUDGE_NEW] = old;
    result.change = REJUDGE_BETTER;
    result.fails = false;
    rejudge_say_member(&say, &device, &result);
    (void)ended(&tally);
    has("contraindicated -> affirming\n");
    has("before    501 ");
}

static void
what_stays_is_counted_only(void)
{
    const struct rejudge_tally tally = {.members = 1, .judged = 1, .same = 1};

    start(false);
    result.change = REJUDGE_SAME;
    rejudge_say_member(&say, &device, &result);
    CHECK_STR(ended(&tally), "1 members: 1 same, 0 better, 0 worse, 0 not judged; 0 would get no "
                             "token any more\n");
}

static void
publishing_lists_only_who_would_fail(void)
{
    const struct rejudge_tally tally = {
        .members = 2, .judged = 1, .worse = 1, .others = {[REJUDGE_NO_LOG] = 1}};

    start(false);
    say.fails_only = true;
    result.fails = false;
    rejudge_say_member(&say, &device, &result);
    result.why = REJUDGE_NO_LOG;
    rejudge_say_member(&say, &device, &result);
    CHECK_STR(ended(&tally),
              "2 members: 0 same, 0 better, 1 worse, 1 not judged; 0 would get no token any more\n"
              "  1 not judged: the body of its log is not in the store\n");
}

static void
no_byte_of_a_store_steers_a_terminal(void)
{
    const struct rejudge_tally tally = {.members = 1};

    start(false);
    snprintf(device.class_name, sizeof(device.class_name), "\033[2J\n");
    snprintf(result.sides[REJUDGE_NEW].rule, 64, "a\tb");
    snprintf(result.sides[REJUDGE_NEW].seen, 160, "\x9b");
    rejudge_say_member(&say, &device, &result);
    for (const char *c = ended(&tally); *c; c++) {
        CHECK(*c == '\n' || (*c >= ' ' && *c <= '~'));
    }
}

static void
json_has_both_sides_and_the_counts(void)
{
    const struct rejudge_tally tally = {
        .members = 2, .judged = 1, .worse = 1, .fails = 1, .others = {[REJUDGE_NO_IMA] = 1}};

    start(true);
    rejudge_say_member(&say, &device, &result);
    result = (struct rejudge_result){.why = REJUDGE_NO_IMA};
    rejudge_say_member(&say, &device, &result);
    (void)ended(&tally);
    has("{\"devices\":[{\"device\":\"013fa94c10");
    has("\"class\":\"laptops\",\"state\":\"fresh\",\"change\":\"worse\",\"why\":null,\"fails\":"
        "true,"
        "\"old\":{\"tier\":\"affirming\",\"token\":true,\"policy\":\"p:1\",\"code\":0,"
        "\"name\":null,\"rule\":null,\"event\":null,\"pcr\":null,\"seen\":null,\"expected\":null}");
    has("\"rule\":\"cmdline\",\"event\":31,\"pcr\":8,\"seen\":null,"
        "\"expected\":\"lockdown=integrity\"},"
        "\"causes\":[]},{\"device\"");
    has("\"change\":\"not-judged\",\"why\":\"no-ima-list\",\"fails\":false}],\"counts\":"
        "{\"members\":2,\"judged\":1,");
    has("\"not_judged\":1,\"why\":{\"no-class\":0,");
    has("\"no-ima-list\":1,\"no-age\":0}}}\n");
}

static void
days_and_hours_are_read_strictly(void)
{
    static const char *const wrong[] = {"",     "d",     "7",      "0d",      "7D",  "7dd", "-7d",
                                        "7.5d", "3661d", "87841h", "123456d", " 7d", "7m"};
    int64_t s = 42;

    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        CHECK(!rejudge_last(wrong[i], &s));
    }
    CHECK_EQ(s, 42);
    CHECK(rejudge_last("7d", &s) && s == 7 * 86400);
    CHECK(rejudge_last("12h", &s) && s == 12 * 3600);
    CHECK(rejudge_last("3660d", &s) && rejudge_last("87840h", &s));
}

static void
every_reason_has_its_words(void)
{
    for (int why = REJUDGE_JUDGED; why < REJUDGE_WHY_N; why++) {
        CHECK(rejudge_why_name((enum rejudge_why)why)[0] != '\0');
        CHECK(rejudge_why_text((enum rejudge_why)why)[0] != '\0');
    }
}

CHECK_MAIN(CASE(a_change_is_told_with_what_decides), CASE(all_that_refuses_is_told_by_name),
           CASE(what_is_better_is_told_by_what_was_wrong), CASE(what_stays_is_counted_only),
           CASE(publishing_lists_only_who_would_fail), CASE(no_byte_of_a_store_steers_a_terminal),
           CASE(json_has_both_sides_and_the_counts), CASE(days_and_hours_are_read_strictly),
           CASE(every_reason_has_its_words))
