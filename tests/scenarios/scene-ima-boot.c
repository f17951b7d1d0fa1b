/* IMA lists of a boot, from evidence to answer: scenarios 40, 41, 42. The list is that of
 * boot/grub-sb-on-ima, cut off where a test says. */
#include <stdio.h>
#include <time.h>

#include "lib/files-play.h"
#include "lib/scene.h"

#define NAMED "  allow digest @files\n"

static void
says(const char *what, const struct answer *answer)
{
    printf("# %s: tier %d, reasons", what, (int)answer->tier);
    for (size_t i = 0; i < answer->n_reasons; i++) {
        printf(" %u", answer->reasons[i]);
    }
    printf("\n");
}

/* ---- 40 ---- */

static void
what_grew_after_the_quote_is_judged_next_time(void)
{
    struct answer answer;

    files_play_start();
    files_play_policy(NAMED, 63);
    growing_rig_quoted(60, 65); /* quoted with 60, read with 65 */
    answer = files_play_attest();
    says("five entries more than quoted, one of them unknown", &answer);
    CHECK_EQ(answer.tier, TIER_AFFIRMING);
    CHECK(files_play_told(&answer, REASON_IMA_TAIL_IGNORED));
    CHECK_EQ(growing_rig_known(&answer, LOG_IMA), growing_rig.ends[59]);
    answer = files_play_rest(60, 65);
    says("the rest, quoted now", &answer);
    CHECK_EQ(answer.reasons[0], REASON_IMA_UNKNOWN);
    CHECK(!files_play_told(&answer, REASON_IMA_TAIL_IGNORED));
}

/* ---- 41 ---- */

/* The same policy and another text behind it: what is staged. */
static void
staged(const char *lines, uint32_t but, const char *dated)
{
    char *at;
    size_t len;

    files_play_policy(lines, but);
    at = strstr(files_play.text, "set digests files {");
    CHECK(at);
    len = strlen(dated);
    at += strlen("set digests files ");
    memmove(at + len, at, strlen(at) + 1);
    memcpy(at, dated, len);
    files_play_publish();
}

/* "published DAY " of the rig's clock. */
static const char *
today(void)
{
    static char text[64];
    time_t now = (time_t)(growing_rig.keeper.now_ms / 1000);
    struct tm tm;

    CHECK(gmtime_r(&now, &tm));
    CHECK(strftime(text, sizeof(text), "published %Y-%m-%d ", &tm) > 0);
    return text;
}

/* Unknown files have a minute more, counted from the day's beginning, while an update is
 * pending. */
static const char *
waits(void)
{
    static char lines[128];
    unsigned since = (unsigned)(growing_rig.keeper.now_ms / 1000 % 86400);

    snprintf(lines, sizeof(lines), NAMED "  unknown warn for %us when pending-update then fail\n",
             since + 60);
    return lines;
}

static void
append(const char *more)
{
    size_t len = strlen(files_play.text);

    CHECK(len + strlen(more) < sizeof(files_play.text));
    memcpy(files_play.text + len, more, strlen(more) + 1);
    files_play_publish();
}

#define NEXT                                         \
    "release os corp 2 { svn 5 state staged kernel " \
    "sha256:31313131313131313131313131313131313131313131313131313131313131ff }\n"

static void
a_set_that_is_published_after_the_update_heals_the_device(void)
{
    struct answer answer;

    files_play_start();
    staged(waits(), 62, today());
    append(NEXT);
    answer = files_play_attest();
    says("before the update", &answer);
    CHECK_EQ(answer.tier, TIER_AFFIRMING);
    answer = files_play_rest(60, 70);
    says("updated, its set is not published, and an update is pending", &answer);
    CHECK_EQ(answer.tier, TIER_WARNING);
    CHECK_EQ(answer.reasons[0], REASON_IMA_UNKNOWN_PENDING);
    staged(waits(), 103, today());
    answer = files_play_rest(70, 70); /* not a byte of the list */
    says("the set is published; nothing is sent again", &answer);
    CHECK_EQ(answer.tier, TIER_AFFIRMING);
    CHECK(files_play_told(&answer, REASON_IMA_SUPERSEDED));
    CHECK(!files_play_told(&answer, REASON_IMA_UNKNOWN_PENDING));
}

static void
without_an_update_or_after_its_time_it_fails(void)
{
    struct answer answer;

    files_play_start();
    staged(waits(), 62, today());
    (void)files_play_attest();
    answer = files_play_rest(60, 70);
    says("no update is pending", &answer);
    CHECK_EQ(answer.tier, TIER_CONTRAINDICATED);
    CHECK_EQ(answer.reasons[0], REASON_IMA_UNKNOWN);
    append(NEXT);
    answer = files_play_rest(70, 70);
    says("one is staged", &answer);
    CHECK_EQ(answer.reasons[0], REASON_IMA_UNKNOWN_PENDING);
    growing_rig.keeper.now_ms += INT64_C(60) * 1000;
    growing_rig.keeper.device.clock_ms += UINT64_C(60) * 1000;
    answer = files_play_rest(70, 70);
    says("its time is over", &answer);
    CHECK_EQ(answer.tier, TIER_CONTRAINDICATED);
    CHECK(files_play_told(&answer, REASON_IMA_UNKNOWN));
}

/* ---- 42 ---- */

static void
another_boot_begins_anew(void)
{
    struct answer answer;

    files_play_start();
    files_play_policy(NAMED, 103);
    (void)files_play_attest();
    answer = files_play_rest(60, 80);
    CHECK_EQ(answer.tier, TIER_AFFIRMING);
    CHECK(!files_play_told(&answer, REASON_IMA_LOG_RESTARTED));
    growing_rig.keeper.device.reset_count++;
    growing_rig.keeper.device.ima.offset = 0;
    growing_rig_quoted(20, 20);
    answer = files_play_attest();
    says("restarted: 20 entries after 80", &answer);
    CHECK_EQ(answer.tier, TIER_AFFIRMING);
    CHECK(files_play_told(&answer, REASON_IMA_LOG_RESTARTED));
    answer = files_play_rest(20, 25);
    says("its next evidence", &answer);
    CHECK(!files_play_told(&answer, REASON_IMA_LOG_RESTARTED));
}

/* A shorter list in the same boot is no restart. */
static void
a_list_that_shrank_in_one_boot_is_refused(void)
{
    files_play_start();
    files_play_policy(NAMED, 103);
    (void)files_play_attest();
    CHECK_EQ(files_play_rest(60, 80).tier, TIER_AFFIRMING);
    growing_rig.keeper.device.ima.offset = 0;
    growing_rig_quoted(80, 20); /* the TPM knows better */
    growing_rig_plain();
    CHECK(growing_rig_attest(growing_rig_written(growing_rig.body_room)) != COAP_CODE(2, 4) ||
          growing_rig_answered().tier == TIER_CONTRAINDICATED);
    printf("# 20 entries where 80 were quoted: %d\n", (int)growing_rig_reason());
}

SCENE_MAIN(
    {40,
     "a list that grew between quote and reading is judged as quoted (614), the rest next time",
     {CASE(what_grew_after_the_quote_is_judged_next_time)}},
    {41,
     "a set published after the update: 612 meanwhile, then good without the list, 611",
     {CASE(a_set_that_is_published_after_the_update_heals_the_device),
      CASE(without_an_update_or_after_its_time_it_fails)}},
    {42,
     "a restart begins the list anew (615) and fails nothing",
     {CASE(another_boot_begins_anew), CASE(a_list_that_shrank_in_one_boot_is_refused)}})
