/* What a site's verifier holds against a class, a TPM or a policy before any boot is looked at:
 * scenarios 46, 47, 50. */
#include <stdlib.h>

#include "lib/attest-play.h"
#include "lib/kept-rig.h"
#include "lib/rule-play.h"
#include "lib/scene.h"
#include "lib/store-make.h"
#include "rejudge/rejudge-say.h"

#define NOW_MS INT64_C(1790000000000)

/* ---- 46 ---- */

/* The class as a row of the store: no command makes one without leave. */
static void
judged_by_sha1(bool leave)
{
    struct store_class row;

    play_start();
    CHECK_EQ(store_class_get(play.rig.keeper.store, "c", &row), 0);
    row.bank = HASH_SHA1;
    row.allow_sha1 = leave;
    CHECK_EQ(store_class_put(play.rig.keeper.store, &row), 0);
    CHECK_EQ(store_commit(play.rig.keeper.store), 0);
    play_plain();
}

static void
sha1_alone_is_refused(void)
{
    judged_by_sha1(false);
    CHECK_EQ(play_attest(play_written()), COAP_CODE(2, 4));
    CHECK_EQ(play_reason(), REASON_BANK_WEAK);
}

/* With leave the device, which quoted SHA-256, is asked to quote that bank. */
static void
with_leave_it_is_asked_for(void)
{
    judged_by_sha1(true);
    CHECK_EQ(play_attest(play_written()), COAP_CODE(4, 9));
    CHECK_EQ(play_reason(), REASON_QUOTE_SELECTION);
}

/* ---- 47 ---- */

static void
the_policy_s_bank_without_pcrs(void)
{
    play.evidence.attest.selections.bank[1].mask = 0;
    play_resign();
}

/* Bank 3 of the device is SHA-384, in which nothing was measured and which the log has not. */
static void
another_bank_that_nobody_measured_into(void)
{
    play.rig.device.values.selection.sets[3].mask = 0xff;
    play_plain();
}

static void
that_bank_switched_off(void)
{
    play.rig.device.values.selection.sets[3].mask = 0;
    play_plain();
}

static void
a_bank_that_is_active_and_empty_refuses(void)
{
    static const struct play_row rows[] = {
        {"the bank that is judged is empty", the_policy_s_bank_without_pcrs, COAP_CODE(2, 4),
         REASON_BANK_EMPTY_ACTIVE},
        {"SHA-384 is active and nobody measured into it", another_bank_that_nobody_measured_into,
         COAP_CODE(2, 4), REASON_BANK_MISSING_IN_LOG},
    };

    play_rows(rows, ARRAY_LEN(rows));
}

static void
switched_off_it_passes(void)
{
    play_start();
    play_plain();
    that_bank_switched_off();
    CHECK_EQ(play_attest(play_written()), COAP_CODE(2, 4));
    CHECK_EQ(play_answered().tier, TIER_AFFIRMING);
}

/* ---- 50 ---- */

static struct rejudge_tally tally;
static struct rejudge_say say;
static char *said;
static size_t said_len;

static void
on_member(void *context, const struct store_device *device, const struct rejudge_result *result)
{
    (void)context;
    if (result->change != REJUDGE_SAME) {
        CHECK_EQ(result->sides[REJUDGE_NEW].code, REASON_CMDLINE_MISSING_TOKEN);
    }
    rejudge_say_member(&say, device, result);
}

static const struct rulebook *
book(void)
{
    struct rulebook *made = NULL;
    struct fault fault;

    CHECK_EQ(rulebook_new(rule_play_body(scene.policy), &made, &fault), 0);
    return check_keep(made);
}

/* 14 of 20 laptops whose kernel runs without lockdown. */
static void
fill(struct store *store)
{
    size_t line = scene_text(8, "kernel_cmdline: ");
    const char *plain = "/vmlinuz root=/dev/vda1 ro quiet";

    kept_rig_class(store, "c");
    for (uint32_t i = 1; i <= 20; i++) {
        scene_grub(line, "kernel_cmdline: ",
                   i <= 14 ? plain : scene_format("%s lockdown=integrity", plain));
        (void)kept_rig_member(store, i, "c", scene_log(), NOW_MS);
    }
}

static void
cmdline(const char *require)
{
    scene_rule("cmdline", "  rule cmdline : boot.cmdline tokens @cmdline/site count 0..9");
    scene_rule("script", "  rule script : boot.script any count 0..999");
    scene_add(scene_format("cmdline site {\n  require %s\n  allow root=* quiet lockdown=*"
                           " /vmlinuz\n  other fail\n}\n",
                           require));
}

/* The count, with which what was said ends. */
static const char *
last_line(void)
{
    char *copy = check_keep(strndup(said, said_len - 1));
    char *end = strrchr(copy, '\n');

    return end ? end + 1 : copy;
}

/* The policy as it is, and one that asks for a word more. */
static int
test_policy(const char *require)
{
    const struct rejudge_walk walk = {.visit = on_member};
    struct rejudge_ask ask = {.now_s = NOW_MS / 1000, .since_ms = INT64_MIN};

    scene_start(PLAY_LOG);
    ask.store = check_keep(open_store(":memory:"));
    fill((struct store *)(uintptr_t)ask.store);
    scene_learn();
    cmdline("ro");
    ask.books[REJUDGE_OLD] = book();
    scene_swap("  require ro\n", scene_format("  require %s\n", require));
    ask.books[REJUDGE_NEW] = book();
    tally = (struct rejudge_tally){.members = 0};
    say = (struct rejudge_say){.out = open_memstream(&said, &said_len),
                               .book = ask.books[REJUDGE_NEW]};
    rejudge_say_begin(&say);
    CHECK_EQ(rejudge_walk(check_keep(rejudge_new(&ask)), &ask, &walk, &tally), 0);
    rejudge_say_end(&say, &tally);
    CHECK_EQ(fclose(say.out), 0);
    printf("# %s\n", last_line());
    return tally.fails > 0;
}

static void
a_policy_that_asks_for_lockdown_names_fourteen_devices(void)
{
    CHECK_EQ(test_policy("ro lockdown=integrity"), 1);
    CHECK_EQ(tally.judged, 20);
    CHECK_EQ(tally.fails, 14);
    CHECK_EQ(say.n, 14);
    CHECK(strstr(said, "501 CMDLINE_MISSING_TOKEN  rule cmdline"));
    CHECK(strstr(said, "lockdown=integrity"));
    CHECK(strstr(said, "14 would get no token any more"));
}

static void
one_that_asks_for_what_all_have_names_none(void)
{
    CHECK_EQ(test_policy("ro quiet"), 0);
    CHECK_EQ(tally.same, 20);
    CHECK_EQ(say.n, 0);
}

SCENE_MAIN({46,
            "a machine whose only bank is SHA-1",
            {CASE(sha1_alone_is_refused), CASE(with_leave_it_is_asked_for)}},
           {47,
            "a bank that is active and empty",
            {CASE(a_bank_that_is_active_and_empty_refuses), CASE(switched_off_it_passes)}},
           {50,
            "a policy is tested before it is published",
            {CASE(a_policy_that_asks_for_lockdown_names_fourteen_devices),
             CASE(one_that_asks_for_what_all_have_names_none)}})
