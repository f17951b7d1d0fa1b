/* The two published updates of dbx as baselines, over machines that were at one, at the other or at
 * none: appraisal page, section 2d, scenarios 12, 13, 15 and 16. How many entries a machine lacks
 * is from a survey that was made by other means. */
#include <stdlib.h>

#include "lib/check.h"
#include "lib/import-rig.h"
#include "lib/learn-rig.h"

static const char old[] = "import/dbxupdate_x64-2020-10-12.bin";
static const char new[] = "import/dbxupdate_x64-2021-04-29.bin";

/* Both updates, imported, below a policy with one rule of dbx. */
static void
load(const char *rule, const char *published)
{
    struct import_file files[] = {
        {.path = old, .name = "dbx/2020-10", .published = published, .bytes = check_vector(old)},
        {.path = new, .name = "dbx/2021-04", .published = "2021-04-29", .bytes = check_vector(new)},
    };
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    CHECK(out);
    CHECK_EQ(import_rig_run(import_dbx, files, ARRAY_LEN(files)), 0);
    fprintf(out,
            "policy p version 1 {\n  applies class in { c }\n  quote sha256 pcrs 7\n"
            "  rule dbx : sb.dbx %s\n}\n%s",
            rule, import_rig.text);
    CHECK_EQ(fclose(out), 0);
    learn_rig_load(check_keep(text));
}

static const struct rule_result *
result(const char *log, const char *rule, const char *published)
{
    char path[96];

    snprintf(path, sizeof(path), "evlog/%s.bin", log);
    learn_rig_new();
    learn_rig_file(path);
    load(rule, published);
    learn_rig_judge(learn_rig.boots[0]);
    return learn_rig_rule("dbx");
}

static enum policy_outcome
outcome(const char *log, const char *rule)
{
    return result(log, rule, "2020-10-12")->outcome;
}

/* What of the baseline the machine just judged lacks. */
static size_t
lacks(const char *name)
{
    const struct bundle *bundle = rulebook_bundle(learn_rig.book);
    const struct rule_entries *have = &learn_rig.told.facts->lists[SLOT_SB_DBX];
    const struct bundle_set *set = &bundle->sets[bundle_set_named(bundle, bytes_str(name))];
    const struct bundle_table *table = bundle_set_table(set, HASH_SHA256);
    size_t n = 0;

    CHECK(table != NULL);
    for (size_t i = 0; i < table->n; i++) {
        struct bundle_record record = bundle_table_at(table, i);
        bool found = false;

        for (size_t k = 0; !found && k < have->n; k++) {
            found = have->entries[k].sig == (enum bundle_sig)record.group &&
                    bytes_equal(have->entries[k].digest, record.digest);
        }
        n += !found;
    }
    return n;
}

/* log, entries that differ, what it lacks of each update's hashes and of the old one's certificates
 */
static const struct row {
    const char *log;
    size_t distinct, old_hashes, old_certs, new_hashes;
} rows[] = {
    {"debian-10", 186, 0, 0, 31},     {"rhel8-uefi", 186, 0, 0, 31},
    {"keylime-mb", 427, 0, 1, 0},     {"gdc-host", 460, 3, 2, 0},
    {"glinux-alex", 77, 156, 3, 184}, {"cos-85-amd-sev", 4, 183, 3, 211},
};

static void
machines_lack_what_the_survey_says(void)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        ignore(outcome(rows[i].log, "includes @dbx/2020-10"), "only the facts are looked at");
        CHECK_EQ(learn_rig.told.facts->lists[SLOT_SB_DBX].n, rows[i].distinct);
        CHECK_EQ(lacks("dbx/2020-10"), rows[i].old_hashes);
        CHECK_EQ(lacks("dbx/2020-10/certs"), rows[i].old_certs);
        CHECK_EQ(lacks("dbx/2021-04"), rows[i].new_hashes);
    }
}

/* Scenarios 12 and 15: the update of 2021 has not all that the one of 2020 had. A machine that took
 * it meets the older baseline all the same, though entries of it lack. */
static void
who_is_at_a_later_level_meets_the_earlier_one(void)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        bool at_old = rows[i].old_hashes == 0;
        bool at_new = rows[i].new_hashes == 0;

        CHECK_EQ(outcome(rows[i].log, "includes @dbx/2021-04"),
                 at_new ? OUTCOME_PASSED : OUTCOME_OLD);
        CHECK_EQ(outcome(rows[i].log, "includes @dbx/2020-10"),
                 at_old || at_new ? OUTCOME_PASSED : OUTCOME_OLD);
    }
    CHECK_EQ(outcome("gdc-host", "includes @dbx/2020-10"), OUTCOME_PASSED);
}

static void
certificates_are_asked_for_by_a_rule_of_their_own(void)
{
    CHECK_EQ(outcome("debian-10", "includes @dbx/2020-10/certs"), OUTCOME_PASSED);
    CHECK_EQ(outcome("gdc-host", "includes @dbx/2020-10/certs"), OUTCOME_OLD);
}

/* Scenario 13: it counts from the day that the update was published. */
static void
who_is_below_has_days_and_then_fails(void)
{
    static const char rule[] = "includes @dbx/2020-10 else warn for 14d then fail";
    const struct rule_result *r = result("glinux-alex", rule, "2026-09-18");

    CHECK_EQ(r->code.reason, REASON_DBX_OLD);
    CHECK_EQ(r->effect, EFFECT_WARN);
    r = result("glinux-alex", rule, "2026-09-06");
    CHECK_EQ(r->code.reason, REASON_DBX_OLD);
    CHECK_EQ(r->effect, EFFECT_FAIL);
    CHECK_EQ(result("debian-10", rule, "2026-09-06")->outcome, OUTCOME_PASSED);
}

/* Scenario 16: hundreds of entries are no level. */
static void
a_count_is_no_level(void)
{
    size_t kept = 0;

    CHECK_EQ(outcome("keylime-mb", "includes @dbx/2021-04"), OUTCOME_PASSED);
    kept = learn_rig.told.facts->lists[SLOT_SB_DBX].n;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (rows[i].new_hashes > 0 && rows[i].distinct < kept) {
            CHECK_EQ(outcome(rows[i].log, "includes @dbx/2021-04"), OUTCOME_OLD);
        }
    }
    CHECK_EQ(outcome("gdc-host", "includes @dbx/2020-10/certs"), OUTCOME_OLD); /* 460 entries */
    CHECK(learn_rig.told.facts->lists[SLOT_SB_DBX].n > kept);
    CHECK_EQ(result("tss-hcrtm", "includes @dbx/2021-04", NULL)->code.reason, REASON_DBX_OLD);
}

/* A loader that is revoked by its hash is one, whoever measured it. */
static void
what_an_update_revokes_is_denied(void)
{
    CHECK_EQ(outcome("debian-10", "not-in @dbx/2020-10"), OUTCOME_REVOKED);
    CHECK_EQ(outcome("tss-hcrtm", "not-in @dbx/2020-10"), OUTCOME_PASSED);
}

CHECK_MAIN(CASE(machines_lack_what_the_survey_says),
           CASE(who_is_at_a_later_level_meets_the_earlier_one),
           CASE(certificates_are_asked_for_by_a_rule_of_their_own),
           CASE(who_is_below_has_days_and_then_fails), CASE(a_count_is_no_level),
           CASE(what_an_update_revokes_is_denied))
