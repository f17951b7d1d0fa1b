/* What must not boot any more: scenarios 12 to 16. The lists are Microsoft's updates of 2020-10 and
 * 2021-04 as they were published, the second of which does not hold all of the first; the log is
 * scene_laptop()'s, with a dbx of theirs. */
#include <stdlib.h>

#include "base/hex.h"
#include "formats/siglist.h"
#include "lib/scene.h"

enum { DAY = 24 * 60 * 60, LIST_ROOM = 64 * 1024 };

/* The signature lists of an update, behind its EFI_VARIABLE_AUTHENTICATION_2: UEFI 2.10 section
 * 8.2.2. */
static struct bytes
update(const char *date)
{
    struct bytes file = check_vector(scene_format("import/dbxupdate_x64-%s.bin", date));
    size_t head;

    CHECK(file.len > 20);
    head = 16 + (size_t)(file.p[16] | file.p[17] << 8);
    CHECK(head < file.len);
    return bytes_of(file.p + head, file.len - head);
}

static struct bytes
both(struct bytes a, struct bytes b)
{
    struct wr wr = wr_init(check_keep(malloc(LIST_ROOM)), LIST_ROOM);

    wr_bytes(&wr, a);
    wr_bytes(&wr, b);
    CHECK(wr_done(&wr).p);
    return wr_done(&wr);
}

/* The next hash of a list; certificates are left to baselines of their own. */
static bool
next_hash(struct siglist *list, struct siglist_entry *ret)
{
    int r = siglist_next(list, ret, NULL);

    while (r == 0 && ret->kind != SIGLIST_SHA256) {
        r = siglist_next(list, ret, NULL);
    }
    CHECK(r == 0 || r == SIGLIST_END);
    return r == 0;
}

/* A list's first hashes alone, as one EFI_SIGNATURE_LIST: UEFI 2.10 section 32.4.1. */
static struct bytes
first_of(struct bytes lists, uint32_t n)
{
    struct wr wr = wr_init(check_keep(malloc(LIST_ROOM)), LIST_ROOM);
    struct siglist list = siglist_init(lists);
    struct siglist_entry entry;

    for (uint32_t i = 0; i < n; i++) {
        CHECK(next_hash(&list, &entry));
        if (i == 0) {
            wr_bytes(&wr, entry.type);
            wr_le32(&wr, 28 + n * 48);
            wr_le32(&wr, 0);
            wr_le32(&wr, 48);
        }
        wr_bytes(&wr, entry.owner);
        wr_bytes(&wr, entry.data);
    }
    CHECK(wr_done(&wr).p);
    return wr_done(&wr);
}

/* A baseline as a policy has it; returns how many hashes it has. */
static uint32_t
baseline(const char *head, struct bytes lists)
{
    struct siglist list = siglist_init(lists);
    struct siglist_entry entry;
    char hex[65];
    uint32_t n = 0;

    scene_add(scene_format("set dbx %s {\n", head));
    for (; next_hash(&list, &entry); n++) {
        scene_add(scene_format("  sha256:%s\n", hex_write(hex, entry.data)));
    }
    scene_add("}\n");
    return n;
}

static void
has(struct bytes lists)
{
    scene_value(scene_variable("dbx"), NULL, lists);
}

static size_t
known(void)
{
    return learn_rig.told.facts->lists[SLOT_SB_DBX].n;
}

/* Both baselines, of which a rule names one. */
static void
laptop(const char *rule)
{
    scene_laptop();
    (void)baseline("dbx/2020-10 published 2020-10-12 next dbx/2021-04", update("2020-10-12"));
    (void)baseline("dbx/2021-04 published 2026-09-01", update("2021-04-29"));
    scene_rule("dbx", scene_format("  rule dbx : sb.dbx includes %s claim dbx.level", rule));
}

static void
an_update_of_the_list_passes(void)
{
    size_t old;

    laptop("@dbx/2020-10");
    has(update("2020-10-12"));
    scene_says("as of 2020-10", "", TIER_AFFIRMING);
    scene_claim("dbx.level", "\"dbx/2020-10\"");
    scene_claim("dbx.missing", "31");
    old = known();
    has(both(update("2020-10-12"), update("2021-04-29")));
    scene_says("updated to 2021-04", "", TIER_AFFIRMING);
    scene_claim("dbx.level", "\"dbx/2021-04\"");
    scene_claim("dbx.missing", "0");
    CHECK(known() > old);
}

static void
a_list_without_one_entry_is_old(void)
{
    struct bytes lists = update("2020-10-12");
    uint32_t n;

    laptop("@dbx/2020-10");
    n = baseline("counted", lists);
    has(first_of(lists, n));
    scene_says("2020-10, its hashes alone", "", TIER_AFFIRMING);
    has(first_of(lists, n - 1));
    scene_says("2020-10 without its last entry", "411f", TIER_CONTRAINDICATED);
    scene_claim("dbx.level", "\"none\"");
    CHECK_EQ(known(), n - 1);
    scene_cause("dbx", scene_variable("dbx"));
}

static void
on_day(unsigned day)
{
    learn_rig.now_s = 1788220800 + (uint64_t)day * DAY; /* 2026-09-01 */
}

static void
an_old_list_warns_for_its_days_and_then_refuses(void)
{
    laptop("@dbx/2021-04 else warn for 14d then fail");
    has(update("2020-10-12"));
    on_day(3);
    scene_says("as of 2020-10, day 3", "411w", TIER_WARNING);
    on_day(14);
    learn_rig.now_s--;
    scene_says("day 14, its last second", "411w", TIER_WARNING);
    on_day(15);
    scene_says("day 15", "411f", TIER_CONTRAINDICATED);
}

/* Days are counted from the set's date, and not from when a device was first seen. */
static void
who_stayed_away_has_no_more_days(void)
{
    laptop("@dbx/2021-04 else warn for 14d then fail");
    has(update("2020-10-12"));
    on_day(40);
    scene_says("first seen on day 40", "411f", TIER_CONTRAINDICATED);
    has(update("2021-04-29"));
    scene_says("updated on day 40", "", TIER_AFFIRMING);
}

/* A laptop whose list is held to what it was, enrolled with this one. */
static void
held(struct bytes lists)
{
    laptop("@dbx/2020-10");
    scene_swap("  rule sbat", "  rule kept : sb.dbx device-pin\n  rule sbat");
    learn_rig.n_pins = 0;
    has(lists);
    scene_says("enrolled with it", "", TIER_AFFIRMING);
    scene_enrol();
    scene_says("again", "", TIER_AFFIRMING);
}

static void
a_list_that_lost_entries_refuses(void)
{
    held(both(update("2020-10-12"), update("2021-04-29")));
    has(update("2020-10-12"));
    scene_says("only 2020-10 is left, which the baseline asks for", "412f", TIER_CONTRAINDICATED);
    scene_claim("dbx.level", "\"dbx/2020-10\"");
    scene_claim("pins.changed", "[\"sb.dbx\"]");
    CHECK_STR(learn_rig.verdict.policy_rule, "kept");
    CHECK_EQ(learn_rig_rule("dbx")->outcome, OUTCOME_PASSED);
}

/* By entry: an update that was installed is no change to ask an operator about. */
static void
a_list_that_grew_passes_and_is_kept(void)
{
    const struct rule_judgement *judgement;

    held(update("2020-10-12"));
    learn_rig.may_pin = true;
    has(both(update("2020-10-12"), update("2021-04-29")));
    scene_says("grown by 2021-04", "", TIER_AFFIRMING);
    judgement = learn_rig.told.judgement;
    CHECK_EQ(judgement->n_learnt, 1);
    CHECK(judgement->learnt[0].slot == SLOT_SB_DBX && judgement->learnt[0].instead);
    CHECK_EQ(judgement->n_shown, 0);
    has(both(update("2021-04-29"), update("2020-10-12")));
    scene_says("the same in another order", "", TIER_AFFIRMING);
    has(update("2021-04-29"));
    scene_says("2021-04 alone, which lacks some of 2020-10", "412f", TIER_CONTRAINDICATED);
    CHECK_EQ(learn_rig_rule("kept")->token.len, 64);
    CHECK_EQ(learn_rig.told.judgement->n_learnt, 0);
    CHECK_EQ(learn_rig.told.judgement->n_shown, 1);
}

/* Nobody knows what the list was: then any other is a change. */
static void
without_what_it_was_digests_decide(void)
{
    held(update("2020-10-12"));
    learn_rig.past_list = BYTES_NULL;
    has(both(update("2020-10-12"), update("2021-04-29")));
    scene_says("grown, and what it was is lost", "412f", TIER_CONTRAINDICATED);
    CHECK_EQ(learn_rig_rule("kept")->token.len, 0);
    learn_rig.past_list = bytes_str("no list");
    scene_says("or damaged", "412f", TIER_CONTRAINDICATED);
}

static void
a_successor_meets_the_baseline(void)
{
    laptop("@dbx/2020-10");
    has(update("2021-04-29"));
    scene_says("2021-04, which lacks entries of 2020-10", "", TIER_AFFIRMING);
    scene_claim("dbx.level", "\"dbx/2021-04\"");
    scene_claim("dbx.missing", "0");
}

static void
without_a_successor_it_does_not(void)
{
    laptop("@dbx/2020-10");
    scene_swap(" next dbx/2021-04", "");
    has(update("2021-04-29"));
    scene_says("the same where nothing says that it supersedes", "411f", TIER_CONTRAINDICATED);
    scene_claim("dbx.level", "\"none\"");
    scene_claim("dbx.missing", "3"); /* of its hashes; the six are with certificates */
}

static void
less_than_either_meets_none(void)
{
    laptop("@dbx/2020-10");
    has(first_of(update("2021-04-29"), 100));
    scene_says("100 entries of 2021-04", "411f", TIER_CONTRAINDICATED);
    scene_claim("dbx.level", "\"none\"");
}

/* As it was recorded: one certificate more than once, and hashes. */
static void
recorded_entries_count_once(void)
{
    struct siglist list;
    struct siglist_entry entry;
    size_t n = 0;

    scene_laptop();
    list = siglist_init(scene_value_of(scene_variable("dbx")));
    while (siglist_next(&list, &entry, NULL) == 0) {
        n++;
    }
    CHECK_EQ(n, 460);
    CHECK_EQ(known(), 427);
}

static void
an_entry_that_stands_twice_meets_nothing_twice(void)
{
    struct bytes some = first_of(update("2020-10-12"), 120);

    laptop("@dbx/2020-10");
    has(both(some, some));
    scene_says("240 entries, of which 120 are distinct", "411f", TIER_CONTRAINDICATED);
    scene_claim("dbx.level", "\"none\"");
    CHECK_EQ(known(), 120);
    has(both(update("2020-10-12"), some));
    scene_says("the whole list, and some of it again", "", TIER_AFFIRMING);
}

SCENE_MAIN({12,
            "dbx is updated",
            {CASE(an_update_of_the_list_passes), CASE(a_list_without_one_entry_is_old)}},
           {13,
            "a dbx below its baseline",
            {CASE(an_old_list_warns_for_its_days_and_then_refuses),
             CASE(who_stayed_away_has_no_more_days)}},
           {14,
            "a dbx that lost entries",
            {CASE(a_list_that_lost_entries_refuses), CASE(a_list_that_grew_passes_and_is_kept),
             CASE(without_what_it_was_digests_decide)}},
           {15,
            "a baseline that is superseded",
            {CASE(a_successor_meets_the_baseline), CASE(without_a_successor_it_does_not),
             CASE(less_than_either_meets_none)}},
           {16,
            "entries that stand twice",
            {CASE(recorded_entries_count_once),
             CASE(an_entry_that_stands_twice_meets_nothing_twice)}})
