#include "base/fault.h"
#include "lib/check.h"

static void
every_reason_has_its_name_and_effect(void)
{
    CHECK_STR(reason_name(REASON_LOG_REPLAY), "LOG_REPLAY");
    CHECK_EQ(REASON_LOG_REPLAY, 203);
    CHECK_EQ(reason_effect(REASON_LOG_TRUNCATED), EFFECT_WARN);
    CHECK_EQ(reason_effect(REASON_QUIRK_USED), EFFECT_NOTE);
    CHECK_EQ(reason_effect((enum reason)999), EFFECT_FAIL);
    CHECK_STR(reason_name(REASON_NONE), "NONE");
    CHECK(reason_name((enum reason)999) == NULL);
}

/* The device's user: one sentence, in words of no verdict. */
static void
every_reason_has_a_text_for_the_user(void)
{
    for (int i = 0; i < 1000; i++) {
        const char *text = reason_user((enum reason)i);

        CHECK_EQ(text[0] != '\0', i != REASON_NONE && reason_name((enum reason)i) != NULL);
        CHECK(strstr(text, "PCR") == NULL && strchr(text, '_') == NULL);
    }
    CHECK_STR(reason_user(REASON_CLOCK_UNSAFE), "Nothing to do.");
    CHECK_STR(reason_user(REASON_SB_OFF),
              "A security setting of this device is not as your organisation wants it. Call your "
              "help desk.");
    CHECK(strstr(reason_user(REASON_INTERNAL), "not at fault") != NULL);
}

static void
every_rule_has_reason_clause_text_and_a_short_name(void)
{
    for (size_t i = 1; i < RULE_N; i++) {
        char room[RULE_NAME_MAX];
        enum rule rule = (enum rule)i;

        CHECK(reason_name(rule_reason(rule)) != NULL);
        CHECK(rule_clause(rule)[0] != '\0');
        CHECK(rule_text(rule)[0] != '\0');
        CHECK(strlen(rule_name(rule, room)) < RULE_NAME_MAX - 1);
    }
}

static void
a_fault_is_filled_and_the_outcome_is_one(void)
{
    struct fault fault = {0};

    CHECK_EQ(fault_at(&fault, RULE_EVLOG_SHORT, 3, 99), 1);
    CHECK_EQ(fault.event, 3);
    CHECK_EQ(fault.offset, 99);
    CHECK_EQ(rule_reason(fault.rule), REASON_LOG_PARSE);
    CHECK_EQ(fault_at(NULL, RULE_EVLOG_SHORT, 3, 99), 1);
}

CHECK_MAIN(CASE(every_reason_has_its_name_and_effect), CASE(every_reason_has_a_text_for_the_user),
           CASE(every_rule_has_reason_clause_text_and_a_short_name),
           CASE(a_fault_is_filled_and_the_outcome_is_one))
