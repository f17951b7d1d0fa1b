/* Files of an IMA list under a policy, from evidence to answer: a recorded boot whose files the
 * policy names, and the nearest that must not pass. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "appraise/ima-open.h"
#include "keeper/policies.h"
#include "lib/check.h"
#include "lib/files-play.h"

#define NAMED "  allow digest @files\n"

static void
a_list_whose_files_are_named_passes(void)
{
    struct answer answer;

    files_play_start();
    files_play_policy(NAMED, 103);
    answer = files_play_attest();
    CHECK_EQ(answer.tier, TIER_AFFIRMING);
    CHECK_EQ(growing_rig_known(&answer, LOG_IMA), growing_rig.ends[59]);
    answer = files_play_attest(); /* the whole list again, as after a lost answer */
    CHECK_EQ(answer.tier, TIER_AFFIRMING);
}

static void
the_rest_of_a_list_is_judged_with_what_was_before(void)
{
    files_play_start();
    files_play_policy(NAMED, 75);
    CHECK_EQ(files_play_attest().tier, TIER_AFFIRMING);
    CHECK_EQ(files_play_rest(60, 60).tier, TIER_AFFIRMING); /* nothing new */
    CHECK_EQ(files_play_rest(60, 70).tier, TIER_AFFIRMING);
    CHECK_EQ(files_play_rest(70, 80).reasons[0], REASON_IMA_UNKNOWN);
}

/* What was refused once is refused while it is in the list, whatever follows it. */
static void
a_refused_file_is_not_forgotten(void)
{
    struct answer answer;

    files_play_start();
    files_play_policy(NAMED, 58);
    answer = files_play_attest();
    CHECK_EQ(answer.reasons[0], REASON_IMA_UNKNOWN);
    CHECK_EQ(growing_rig_known(&answer, LOG_IMA), growing_rig.ends[59]);
    answer = files_play_rest(60, 60);
    CHECK_EQ(answer.tier, TIER_CONTRAINDICATED);
    answer = files_play_rest(60, 90);
    CHECK_EQ(answer.tier, TIER_CONTRAINDICATED);
    CHECK_EQ(answer.reasons[0], REASON_IMA_UNKNOWN);
}

/* A set published after the device was updated heals it with its next evidence, without its list:
 * what passed by the older set stays good and is told so. */
static void
a_later_set_heals_without_the_list(void)
{
    struct answer answer;

    files_play_start();
    files_play_policy(NAMED, 58);
    CHECK_EQ(files_play_attest().tier, TIER_CONTRAINDICATED);
    CHECK_EQ(files_play_rest(60, 65).tier, TIER_CONTRAINDICATED);
    files_play_policy(NAMED, 103);
    answer = files_play_rest(65, 65); /* not a byte of it is sent */
    CHECK_EQ(answer.tier, TIER_AFFIRMING);
    CHECK(files_play_told(&answer, REASON_IMA_SUPERSEDED));
    answer = files_play_rest(65, 70);
    CHECK_EQ(answer.tier, TIER_AFFIRMING);
    CHECK(files_play_told(&answer, REASON_IMA_SUPERSEDED));
    CHECK_EQ(growing_rig_known(&answer, LOG_IMA), growing_rig.ends[69]);
}

/* What the older set allowed stays good in this boot, and what nobody names stays refused. */
static void
a_later_set_takes_nothing_away(void)
{
    files_play_start();
    files_play_policy(NAMED, 75);
    CHECK_EQ(files_play_attest().tier, TIER_AFFIRMING);
    files_play_policy(NAMED, 58); /* it has 75 now, and 58 no more */
    CHECK_EQ(files_play_rest(60, 75).tier, TIER_AFFIRMING);
    CHECK_EQ(files_play_rest(75, 80).tier, TIER_AFFIRMING);
    files_play_policy(NAMED, 85);
    CHECK_EQ(files_play_rest(80, 90).reasons[0], REASON_IMA_UNKNOWN);
    files_play_policy(NAMED, 90); /* of another file: 85 is named, 90 is not, and it was judged */
    CHECK_EQ(files_play_rest(90, 90).tier, TIER_AFFIRMING);
}

/* What denies has changed: all of the list is judged, and only then the device passes. */
static void
another_denial_wants_the_whole_list(void)
{
    files_play_start();
    files_play_policy(NAMED, 58);
    CHECK_EQ(files_play_attest().tier, TIER_CONTRAINDICATED);
    files_play_policy("  deny path /nowhere/**\n" NAMED, 103);
    growing_rig.keeper.device.ima.offset = growing_rig.ends[59];
    growing_rig_quoted(70, 70);
    growing_rig_plain();
    CHECK_EQ(growing_rig_attest(growing_rig_written(growing_rig.body_room)), COAP_CODE(4, 9));
    CHECK_EQ(growing_rig_wanted(LOG_IMA), 0);
    growing_rig.keeper.device.ima.offset = 0;
    keeper_rig_connect(&growing_rig.keeper);
    CHECK_EQ(files_play_attest().tier, TIER_AFFIRMING);
    CHECK_EQ(files_play_rest(70, 75).tier, TIER_AFFIRMING);
}

/* As for who left a group: what that one's policy let pass is nothing to another policy, though it
 * denies the same. */
static void
another_policy_wants_the_whole_list(void)
{
    char *name;

    files_play_start();
    files_play_policy(NAMED, 58);
    CHECK_EQ(files_play_attest().tier, TIER_CONTRAINDICATED);
    name = strstr(files_play.text, "policy files ");
    CHECK(name);
    name[strlen("policy ")] = 'F';
    files_play_publish();
    growing_rig.keeper.device.ima.offset = growing_rig.ends[59];
    growing_rig_quoted(70, 70);
    growing_rig_plain();
    CHECK_EQ(growing_rig_attest(growing_rig_written(growing_rig.body_room)), COAP_CODE(4, 9));
    CHECK_EQ(growing_rig_wanted(LOG_IMA), 0);
}

/* More files did not pass than are kept: the next bundle wants the list. */
static void
too_many_files_to_keep_want_the_whole_list(void)
{
    static const struct ima_open many = {.lost = 1};
    uint8_t bytes[16];
    struct wr wr = wr_init(bytes, sizeof(bytes));

    files_play_start();
    files_play_policy(NAMED, 58);
    CHECK_EQ(files_play_attest().tier, TIER_CONTRAINDICATED);
    ima_open_write(&wr, &many);
    files_play_open(wr_done(&wr));
    files_play_policy(NAMED, 103);
    growing_rig.keeper.device.ima.offset = growing_rig.ends[59];
    growing_rig_quoted(70, 70);
    growing_rig_plain();
    CHECK_EQ(growing_rig_attest(growing_rig_written(growing_rig.body_room)), COAP_CODE(4, 9));
    CHECK_EQ(growing_rig_wanted(LOG_IMA), 0);
}

static void
one_file_less_refuses(void)
{
    struct answer answer;

    files_play_start();
    files_play_policy(NAMED, 58);
    answer = files_play_attest();
    CHECK_EQ(answer.tier, TIER_CONTRAINDICATED);
    CHECK_EQ(answer.reasons[0], REASON_IMA_UNKNOWN);
    files_play_policy(NAMED, 61); /* the quote does not cover that one */
    CHECK_EQ(files_play_attest().tier, TIER_AFFIRMING);
}

static void
a_denied_file_refuses_first(void)
{
    files_play_start();
    files_play_policy("  deny digest @files\n  skip path /**\n", 103);
    CHECK_EQ(files_play_attest().reasons[0], REASON_IMA_DENIED);
}

/* Part of the list is known, and the policy asks for files: the rest alone is not enough. */
static void
a_rest_of_a_list_is_asked_for_whole(void)
{
    struct answer answer;

    files_play_start();
    answer = growing_rig_accepted();
    CHECK_EQ(growing_rig_known(&answer, LOG_IMA), growing_rig.ends[59]);
    files_play_policy(NAMED, 103);
    growing_rig.keeper.device.ima.offset = growing_rig.ends[59];
    growing_rig_quoted(70, 70);
    growing_rig_plain();
    CHECK_EQ(growing_rig_attest(growing_rig_written(growing_rig.body_room)), COAP_CODE(4, 9));
    CHECK_EQ(growing_rig_wanted(LOG_IMA), 0);
    growing_rig.keeper.device.ima.offset = 0;
    keeper_rig_connect(&growing_rig.keeper);
    CHECK_EQ(files_play_attest().tier, TIER_AFFIRMING);
}

/* The keeper finds it when the bundle is loaded; without it nothing is in the set, and a rule that
 * denies by it cannot say of any file that it is not. */
static void
a_set_outside_the_bundle_counts_while_it_is_at_hand(void)
{
    struct policies *policies;

    files_play_start();
    policies = growing_rig.keeper.keeper.policies;
    CHECK(mkdtemp(files_play.folder));
    CHECK_EQ(policies_folder(policies, files_play.folder), 0);
    files_play.set_path[0] = '-'; /* a file is wanted */
    files_play_policy(NAMED, 103);
    CHECK_EQ(policies_sets(policies)->n_absent, 0);
    CHECK_EQ(files_play_attest().tier, TIER_AFFIRMING);
    CHECK_EQ(unlink(files_play.set_path), 0);
    CHECK_EQ(files_play_attest().tier, TIER_AFFIRMING); /* it is mapped */
    files_play_publish();
    CHECK_EQ(policies_sets(policies)->n_absent, 1);
    CHECK_EQ(files_play_attest().reasons[0], REASON_IMA_UNKNOWN);
    files_play_policy("  deny digest @files\n  skip path /**\n", 103);
    CHECK_EQ(files_play_attest().reasons[0], REASON_IMA_DENIED);
    CHECK_EQ(unlink(files_play.set_path), 0);
    files_play_publish();
    CHECK_EQ(files_play_attest().reasons[0], REASON_IMA_OFF);
    files_play.set_path[0] = '\0';
    files_play_policy(NAMED, 103);
    CHECK(policies_sets(policies) == NULL); /* and none is named */
    CHECK_EQ(rmdir(files_play.folder), 0);
}

static void
observed_files_warn(void)
{
    char *at;
    struct answer answer;

    files_play_start();
    files_play_policy(NAMED, 58);
    at = strstr(files_play.text, "  rule crtm");
    CHECK(at);
    memmove(at + strlen("  mode observe\n"), at, strlen(at) + 1);
    memcpy(at, "  mode observe\n", strlen("  mode observe\n"));
    files_play_publish();
    answer = files_play_attest();
    CHECK_EQ(answer.tier, TIER_WARNING);
}

CHECK_MAIN(CASE(the_rest_of_a_list_is_judged_with_what_was_before),
           CASE(a_refused_file_is_not_forgotten), CASE(another_denial_wants_the_whole_list),
           CASE(another_policy_wants_the_whole_list), CASE(a_later_set_heals_without_the_list),
           CASE(a_later_set_takes_nothing_away), CASE(too_many_files_to_keep_want_the_whole_list),
           CASE(a_list_whose_files_are_named_passes), CASE(one_file_less_refuses),
           CASE(a_denied_file_refuses_first), CASE(a_rest_of_a_list_is_asked_for_whole),
           CASE(observed_files_warn), CASE(a_set_outside_the_bundle_counts_while_it_is_at_hand))
