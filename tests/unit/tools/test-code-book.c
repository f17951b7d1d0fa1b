/* The records of reasons and claims, as `assay code` finds and prints them. */
#include "code-book.h"

#include <stdio.h>

#include "lib/check.h"

static void
every_reason_has_one_record(void)
{
    size_t n = 0;
    size_t found = 0;
    const struct code_record *records = code_book(&n);

    for (int i = 1; i < 1000; i++) {
        const struct code_record *record = code_book_of((enum reason)i);

        CHECK_EQ(record != NULL, reason_name((enum reason)i) != NULL);
        if (record) {
            CHECK_EQ(record, &records[found]);
            CHECK_STR(record->name, reason_name((enum reason)i));
            CHECK_EQ(record->effect, reason_effect((enum reason)i));
            found++;
        }
    }
    CHECK_EQ(found, n);
    CHECK(code_book_of(REASON_NONE) == NULL);
}

static void
a_record_is_found_by_number_and_name(void)
{
    const struct code_record *record = code_book_of(REASON_SB_OFF);

    CHECK_EQ(code_book_find("401"), record);
    CHECK_EQ(code_book_find("SB_OFF"), record);
    CHECK_EQ(code_book_find("sb_off"), record);
    CHECK_EQ(code_book_find("sb-Off"), record);
    CHECK_STR(record->about, "configuration");
    CHECK(!record->reserved && code_book_of(REASON_PLATFORM_CERT_MISMATCH)->reserved);
}

static void
what_is_no_code_is_not_found(void)
{
    static const char *const wrong[] = {
        "",       "0",    "100",  "401x", "4294967697",           "-401", "SB_OF", "SB_OFFF",
        "SB OFF", "NONE", "401 ", "+401", "18446744073709552017", "\x80", "_"};

    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        if (code_book_find(wrong[i])) {
            check_fail(__FILE__, __LINE__, "found: %s", wrong[i]);
        }
    }
}

static void
causes_are_told_one_by_one(void)
{
    const char *rest = "one|two words|three";

    CHECK_BYTES(code_book_cause(&rest), bytes_str("one"));
    CHECK_BYTES(code_book_cause(&rest), bytes_str("two words"));
    CHECK_BYTES(code_book_cause(&rest), bytes_str("three"));
    CHECK(code_book_cause(&rest).p == NULL);
    CHECK(code_book_cause(&rest).p == NULL);
}

/* A cell of the tables that print them takes so much. */
static void
texts_are_short(void)
{
    size_t n = 0;
    const struct code_record *records = code_book(&n);

    for (size_t i = 0; i < n; i++) {
        const char *rest = records[i].causes;
        size_t n_causes = 0;

        for (struct bytes cause; (cause = code_book_cause(&rest)).p; n_causes++) {
            CHECK(cause.len > 0 && cause.len < 100);
        }
        CHECK(n_causes >= 1 && n_causes <= 4);
        CHECK(strlen(records[i].title) < 100);
        CHECK(strlen(records[i].impact) < 120);
        CHECK(strlen(records[i].action) < 160);
    }
}

static void
effects_have_words(void)
{
    CHECK_STR(code_book_effect(EFFECT_FAIL), "refuses");
    CHECK_STR(code_book_effect(EFFECT_WARN), "warns");
    CHECK_STR(code_book_effect(EFFECT_NOTE), "is noted");
}

static void
every_claim_has_name_type_and_meaning(void)
{
    size_t n = 0;
    size_t n_by_rule = 0;
    const struct claim_record *claims = code_book_claims(&n);

    for (size_t i = 0; i < n; i++) {
        CHECK(claims[i].name[0] && claims[i].type[0] && claims[i].meaning[0]);
        for (size_t k = 0; k < i; k++) {
            CHECK(strcmp(claims[i].name, claims[k].name) != 0);
        }
        n_by_rule += claims[i].by_rule;
    }
    CHECK(n_by_rule > 0 && n_by_rule < n);
    CHECK(!claims[0].by_rule); /* tpm.vendor */
}

CHECK_MAIN(CASE(every_reason_has_one_record), CASE(a_record_is_found_by_number_and_name),
           CASE(what_is_no_code_is_not_found), CASE(causes_are_told_one_by_one),
           CASE(texts_are_short), CASE(effects_have_words),
           CASE(every_claim_has_name_type_and_meaning))
