/* explain-history: the audit log's rows of a device and of bundles, before and after it passed. */
#include "explain/explain-history.h"

#include "lib/explain-rig.h"

static struct explain_history history;

static void
read_history(int64_t accepted_ms)
{
    CHECK_EQ(explain_history(explain_rig.store, explain_rig.device.id, accepted_ms, &history), 0);
}

static void
an_empty_log_tells_nothing(void)
{
    explain_rig_start();
    read_history(RIG_NOW_MS);
    CHECK(history.since_ms == 0 && !history.known && history.n_published == 0);
    CHECK(history.then == 0 && history.now == 0);
}

static void
a_verdict_counts_since_its_run_began(void)
{
    explain_rig_start();
    explain_rig_audit(-9, "refused", true, "x");
    explain_rig_audit(-8, "accepted", true, "x");
    explain_rig_audit(1, "refused", true, "x");
    explain_rig_audit(2, "token", true, "x");
    explain_rig_audit(3, "refused", true, "x");
    read_history(RIG_NOW_MS);
    CHECK_EQ(history.since_ms, RIG_NOW_MS + 60000);
    explain_rig_audit(4, "accepted", true, "x");
    read_history(RIG_NOW_MS);
    CHECK_EQ(history.since_ms, RIG_NOW_MS + 4 * 60000);
}

static void
another_devices_rows_are_not_its_own(void)
{
    explain_rig_start();
    explain_rig_audit(1, "refused", true, "x");
    explain_rig.device.id[16] ^= 1;
    read_history(RIG_NOW_MS);
    CHECK_EQ(history.since_ms, 0);
}

static void
bundles_are_told_apart_by_when_it_passed(void)
{
    explain_rig_start();
    explain_rig_audit(-3, "policy", false, "bundle 6 sha256:00 untested");
    explain_rig_audit(-2, "policy", false, "bundle 7 sha256:00 untested");
    explain_rig_audit(2, "policy", false, "bundle 8 sha256:00 untested");
    explain_rig_audit(3, "policy", false, "bundle 12 sha256:00 tested against");
    read_history(RIG_NOW_MS);
    CHECK(history.known && history.then == 7 && history.now == 12 && history.n_published == 2);
    CHECK_EQ(history.published_ms, RIG_NOW_MS + 3 * 60000);
    read_history(RIG_NOW_MS + 10 * 60000); /* it passed after all of them */
    CHECK(history.then == 12 && history.n_published == 0);
    read_history(0); /* it never passed */
    CHECK(history.then == 0 && history.n_published == 4);
}

static void
releases_that_moved_since_are_named_up_to_a_bound(void)
{
    explain_rig_start();
    explain_rig_audit(-1, "release", false, "os/n/1: active, was staged, bundle 7");
    for (int64_t n = 1; n <= HISTORY_MOVES + 2; n++) {
        explain_rig_audit(n, "release", false, n == 1 ? "os/n/1: retired" : "os/n/2: staged");
    }
    read_history(RIG_NOW_MS);
    CHECK_EQ(history.n_moves, HISTORY_MOVES + 2);
    CHECK_STR(history.moves[0], "os/n/1: retired");
    CHECK_STR(history.moves[HISTORY_MOVES - 1], "os/n/2: staged");
}

/* A text of another form names no bundle, and ends nothing. */
static void
odd_texts_name_no_bundle(void)
{
    static const char *const texts[] = {"",         "bundle", "bundle ",
                                        "bundle x", "odd 5",  "bundle 99999999999999999999999999"};

    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        explain_rig_start();
        explain_rig_audit(1, "policy", false, texts[i]);
        read_history(RIG_NOW_MS);
        CHECK(history.now == 0 || i == ARRAY_LEN(texts) - 1);
        CHECK_EQ(history.n_published, 1);
    }
}

static void
people_read_what_was_published_since(void)
{
    explain_rig_start();
    explain_rig_boot(check_vector(RIG_INITRD), TIER_CONTRAINDICATED, REASON_INITRD_UNKNOWN);
    explain_rig_audit(-2, "policy", false, "bundle 1 sha256:00 untested");
    (void)explain_rig_text(false);
    CHECK(explain_rig_says("policy       nothing was published since it passed last\n"));
    explain_rig_audit(2, "policy", false, "bundle 2 sha256:00 untested");
    explain_rig_audit(2, "release", false, "os/n/2: staged, was not there, bundle 2");
    (void)explain_rig_text(false);
    CHECK(explain_rig_says("policy       bundle 2, published 2026-09-21 "));
    CHECK(strstr(explain_rig.text, "; bundle 1 counted when it passed last\n"));
    CHECK(explain_rig_says("  os/n/2: staged, was not there, bundle 2\n"));
}

CHECK_MAIN(CASE(an_empty_log_tells_nothing), CASE(a_verdict_counts_since_its_run_began),
           CASE(another_devices_rows_are_not_its_own),
           CASE(bundles_are_told_apart_by_when_it_passed),
           CASE(releases_that_moved_since_are_named_up_to_a_bound), CASE(odd_texts_name_no_bundle),
           CASE(people_read_what_was_published_since))
