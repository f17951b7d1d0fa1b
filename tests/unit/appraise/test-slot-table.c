/* appraise/slot-table: the one table that compiler and evaluator share. */
#include "appraise/slot-table.h"
#include "lib/check.h"

static void
each_slot_has_a_name_of_its_own(void)
{
    for (size_t i = SLOT_NONE; i < SLOT_N; i++) {
        const char *name = slot_table((enum slot)i)->name;

        CHECK(name && name[0] && strlen(name) <= LIMIT_BUNDLE_NAME);
        for (size_t k = i + 1; k < SLOT_N; k++) {
            CHECK(strcmp(name, slot_table((enum slot)k)->name) != 0);
        }
    }
}

static void
rules_name_slots_that_have_verbs(void)
{
    size_t n = 0;

    for (size_t i = SLOT_NONE + 1; i < SLOT_N; i++) {
        const struct slot_info *slot = slot_table((enum slot)i);

        CHECK_EQ(slot_table_find(bytes_str(slot->name)), slot->verbs != 0 ? (int)i : SLOT_NONE);
        n += slot->verbs == 0 ? 1 : 0;
        CHECK(slot->verbs != 0 || slot->flags & SLOT_F_BUILTIN);
    }
    CHECK_EQ(n, 2);
    CHECK_EQ(slot_table_find(bytes_str("other")), SLOT_NONE);
    CHECK_EQ(slot_table_find(bytes_str("separator")), SLOT_NONE);
    CHECK_EQ(slot_table_find(bytes_str("none")), SLOT_NONE);
    CHECK_EQ(slot_table_find(bytes_str("nowhere")), SLOT_NONE);
    CHECK_EQ(slot_table_find(BYTES_NULL), SLOT_NONE);
    CHECK_STR(slot_table(SLOT_N)->name, "none");
}

static void
text_verbs_stand_only_with_slots_of_text(void)
{
    for (size_t i = SLOT_NONE; i < SLOT_N; i++) {
        const struct slot_info *slot = slot_table((enum slot)i);

        for (int verb = 1; verb <= VERB_MAX; verb++) {
            bool text = bundle_verb_flags((enum bundle_verb)verb) & VERB_TEXT;

            CHECK(!(slot->verbs >> verb & 1) || !text || slot->flags & SLOT_F_TEXT);
        }
    }
}

static void
only_virtual_slots_are_of_no_pcr(void)
{
    for (size_t i = SLOT_NONE + 1; i < SLOT_N; i++) {
        const struct slot_info *slot = slot_table((enum slot)i);

        CHECK(slot->pcrs != 0 || slot->flags & SLOT_F_VIRTUAL);
        CHECK_EQ(slot->pcrs >> 16, 0);
        CHECK(!(slot->flags & SLOT_F_RELEASE) || slot->flags & SLOT_F_CODE);
        CHECK(!(slot->flags & (SLOT_F_NEEDED | SLOT_F_NEEDED_PROFILE)) ||
              slot->flags & SLOT_F_CODE);
    }
}

static void
verbs_that_only_deny_claim_no_slot(void)
{
    for (size_t i = SLOT_NONE + 1; i < SLOT_N; i++) {
        CHECK(!slot_table_claims((enum slot)i, VERB_NOT_IN));
        CHECK_EQ(slot_table_claims((enum slot)i, VERB_AT_LEAST), i == SLOT_SB_SBAT);
        CHECK_EQ(slot_table_claims((enum slot)i, VERB_IS),
                 !(slot_table((enum slot)i)->flags & SLOT_F_ASIDE));
        CHECK_EQ(slot_table_claims((enum slot)i, VERB_ONE_OF),
                 !(slot_table((enum slot)i)->flags & SLOT_F_ASIDE));
        CHECK_EQ(slot_table_claims((enum slot)i, VERB_ANY),
                 !(slot_table((enum slot)i)->flags & SLOT_F_ASIDE));
    }
}

CHECK_MAIN(CASE(each_slot_has_a_name_of_its_own), CASE(rules_name_slots_that_have_verbs),
           CASE(text_verbs_stand_only_with_slots_of_text), CASE(only_virtual_slots_are_of_no_pcr),
           CASE(verbs_that_only_deny_claim_no_slot))
