/* The fixed table of reasons: each slot, verb and outcome has one, and slots agree with it. */
#include "appraise/slot-table.h"
#include "lib/check.h"
#include "wire/policy-code.h"

static enum reason
code(const char *slot, enum bundle_verb verb, enum policy_outcome outcome)
{
    return policy_code(bytes_str(slot), verb, outcome).reason;
}

static void
each_slot_verb_and_outcome_has_a_reason_of_its_own_kind(void)
{
    for (size_t i = SLOT_NONE + 1; i < SLOT_N; i++) {
        const char *name = slot_table((enum slot)i)->name;

        if (slot_table((enum slot)i)->verbs == 0) {
            continue; /* no rule may name it */
        }
        for (int verb = 1; verb <= VERB_MAX; verb++) {
            for (int outcome = 1; outcome <= OUTCOME_MAX; outcome++) {
                struct policy_code got = policy_code(bytes_str(name), (enum bundle_verb)verb,
                                                     (enum policy_outcome)outcome);

                CHECK(reason_name(got.reason) != NULL);
                CHECK(got.reason != REASON_NONE);
                /* Windows' counters have no reason of their own */
                CHECK(got.reason != REASON_EVT_UNCLAIMED || strcmp(name, "wbcl") == 0);
                CHECK(got.dimension >= 1 && got.dimension <= DIMENSION_MAX);
            }
        }
    }
}

static void
the_page_s_codes_follow(void)
{
    CHECK_EQ(code("firmware", VERB_ONE_OF, OUTCOME_UNKNOWN), REASON_FW_UNKNOWN);
    CHECK_EQ(code("firmware", VERB_AT_LEAST, OUTCOME_OLD), REASON_FW_ROLLBACK);
    CHECK_EQ(code("firmware", VERB_ONE_OF, OUTCOME_RETIRED), REASON_RELEASE_RETIRED);
    CHECK_EQ(code("boot.images", VERB_SEQUENCE, OUTCOME_UNKNOWN), REASON_BOOT_IMAGE_UNKNOWN);
    CHECK_EQ(code("boot.images", VERB_SEQUENCE, OUTCOME_ORDER), REASON_BOOT_ORDER_UNEXPECTED);
    CHECK_EQ(code("boot.images", VERB_NOT_IN, OUTCOME_REVOKED), REASON_BOOT_IMAGE_REVOKED);
    CHECK_EQ(code("boot.images", VERB_SEQUENCE, OUTCOME_MIXED), REASON_RELEASE_MIXED);
    CHECK_EQ(code("boot.initrd", VERB_ONE_OF, OUTCOME_FEW), REASON_INITRD_MISSING);
    CHECK_EQ(code("boot.kernel", VERB_AT_LEAST, OUTCOME_OLD), REASON_OS_ROLLBACK);
    CHECK_EQ(code("boot.files", VERB_ANY, OUTCOME_UNPINNED), REASON_UNPINNED_CODE);
    CHECK_EQ(code("sb.db", VERB_INCLUDES, OUTCOME_UNKNOWN), REASON_DB_MISSING_CA);
    CHECK_EQ(code("sb.db", VERB_SUBSET_OF, OUTCOME_UNKNOWN), REASON_DB_UNEXPECTED);
    CHECK_EQ(code("sb.dbx", VERB_INCLUDES, OUTCOME_OLD), REASON_DBX_OLD);
    CHECK_EQ(code("sb.sbat", VERB_AT_LEAST, OUTCOME_OLD), REASON_SBAT_OLD);
    CHECK_EQ(code("secureboot", VERB_IS, OUTCOME_UNKNOWN), REASON_SB_OFF);
    CHECK_EQ(code("secureboot", VERB_IS, OUTCOME_UNAVAILABLE), REASON_SB_UNKNOWN);
    CHECK_EQ(code("boot.cmdline", VERB_TOKENS, OUTCOME_DENIED), REASON_CMDLINE_DENIED_TOKEN);
    CHECK_EQ(code("boot.cmdline", VERB_TOKENS, OUTCOME_CHANGED), REASON_CMDLINE_BIND_CHANGED);
    CHECK_EQ(code("driver", VERB_ONE_OF, OUTCOME_RETIRING), REASON_RELEASE_RETIRING);
    CHECK_EQ(code("boot.vars", VERB_ANY, OUTCOME_MANY), REASON_EVT_COUNT_HIGH);
}

/* What no boot of the corpus brings about. */
static void
what_is_rare_has_its_code_too(void)
{
    CHECK_EQ(code("firmware", VERB_NOT_IN, OUTCOME_REVOKED), REASON_FW_REVOKED);
    CHECK_EQ(code("firmware", VERB_ONE_OF, OUTCOME_RETIRING), REASON_FW_RETIRING);
    CHECK_EQ(code("firmware", VERB_ONE_OF, OUTCOME_PENDING), REASON_FW_PENDING);
    CHECK_EQ(code("driver", VERB_NOT_IN, OUTCOME_REVOKED), REASON_DRIVER_REVOKED);
    CHECK_EQ(code("sb.kek", VERB_EQUALS, OUTCOME_UNKNOWN), REASON_KEK_UNEXPECTED);
    CHECK_EQ(code("sb.dbx", VERB_DEVICE_PIN, OUTCOME_CHANGED), REASON_DBX_SHRUNK);
    CHECK_EQ(code("boot.authority", VERB_SUBSET_OF, OUTCOME_FEW), REASON_AUTHORITY_MISSING);
    CHECK_EQ(code("mok", VERB_ONE_OF, OUTCOME_UNKNOWN), REASON_MOK_UNEXPECTED);
    CHECK_EQ(code("boot.preos", VERB_ONE_OF, OUTCOME_UNKNOWN), REASON_PREOS_APP);
    CHECK_EQ(code("boot.kernel", VERB_ONE_OF, OUTCOME_UNKNOWN), REASON_KERNEL_UNKNOWN);
    CHECK_EQ(code("boot.dtb", VERB_ONE_OF, OUTCOME_UNKNOWN), REASON_DTB_UNKNOWN);
    CHECK_EQ(code("uki.addon", VERB_ONE_OF, OUTCOME_UNKNOWN), REASON_UKI_ADDON_UNKNOWN);
    CHECK_EQ(code("uki.credential", VERB_ONE_OF, OUTCOME_UNKNOWN), REASON_CREDENTIAL_UNKNOWN);
    CHECK_EQ(code("uki.sysext", VERB_ONE_OF, OUTCOME_UNKNOWN), REASON_SYSEXT_UNKNOWN);
    CHECK_EQ(code("ima", VERB_POLICY, OUTCOME_UNKNOWN), REASON_IMA_UNKNOWN);
}

/* Its own code, or an operator is told that a release that he staged himself is unknown. */
static void
a_staged_release_is_pending_in_each_slot_of_code(void)
{
    static const char *const slots[] = {"boot.preos",  "boot.images", "boot.kernel",
                                        "boot.initrd", "boot.dtb",    "boot.files",
                                        "uki",         "uki.addon",   "uki.sysext"};

    for (size_t i = 0; i < ARRAY_LEN(slots); i++) {
        CHECK_EQ(code(slots[i], VERB_ONE_OF, OUTCOME_PENDING), REASON_BOOT_IMAGE_PENDING);
        CHECK(code(slots[i], VERB_ONE_OF, OUTCOME_UNKNOWN) != REASON_BOOT_IMAGE_PENDING);
    }
    CHECK_EQ(code("driver", VERB_ONE_OF, OUTCOME_PENDING), REASON_DRIVER_UNKNOWN);
    CHECK_EQ(code("ima", VERB_POLICY, OUTCOME_PENDING), REASON_IMA_UNKNOWN_PENDING);
}

static void
dimensions_follow_from_the_slot(void)
{
    CHECK_EQ(policy_code(bytes_str("firmware"), VERB_ONE_OF, OUTCOME_FEW).dimension,
             DIMENSION_HARDWARE);
    CHECK_EQ(policy_code(bytes_str("os.identity"), VERB_DEVICE_PIN, OUTCOME_CHANGED).dimension,
             DIMENSION_IDENTITY);
    CHECK_EQ(policy_code(bytes_str("sb.db"), VERB_EQUALS, OUTCOME_UNKNOWN).dimension,
             DIMENSION_CONFIGURATION);
    CHECK_EQ(policy_code(bytes_str("boot.script"), VERB_COMMANDS, OUTCOME_UNKNOWN).dimension,
             DIMENSION_EXECUTABLES);
}

static void
a_slot_that_nobody_knows_is_told_as_unclaimed(void)
{
    struct policy_code got = policy_code(bytes_str("nowhere"), VERB_ONE_OF, OUTCOME_UNKNOWN);

    CHECK_EQ(got.reason, REASON_EVT_UNCLAIMED);
    CHECK_EQ(got.dimension, DIMENSION_EXECUTABLES);
}

CHECK_MAIN(CASE(each_slot_verb_and_outcome_has_a_reason_of_its_own_kind),
           CASE(the_page_s_codes_follow), CASE(what_is_rare_has_its_code_too),
           CASE(a_staged_release_is_pending_in_each_slot_of_code),
           CASE(dimensions_follow_from_the_slot),
           CASE(a_slot_that_nobody_knows_is_told_as_unclaimed))
