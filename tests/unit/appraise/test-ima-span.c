/* Time that an ima block gives to files that nobody knows: from which day it counts, and when it is
 * over. */
#include <stdio.h>

#include "lib/check.h"
#include "lib/ima-rig.h"
#include "lib/rule-play.h"

static struct ima_judgement judgement;

/* A policy whose rule `files` asks an ima block of these lines. */
static void
start(const char *lines, const char *blocks)
{
    static char text[2048];

    snprintf(text, sizeof(text), "ima x {\n%s}\n%s", lines, blocks);
    rule_play_rules("  rule files : ima policy ima/x\n", text);
    rule_play_base();
    ima_rig_new();
}

static void
done(void)
{
    ima_rig_done();
}

/* One entry's status, in a list of its own, with the reason that the rule is told as. */
static void
expect(enum ima_status status, enum reason reason)
{
    static const struct digest_set files[LIMIT_BUNDLE_SETS];
    const struct ima_judge_ask ask = {
        .book = rule_play.book,
        .block = &rulebook_bundle(rule_play.book)->imas[0],
        .files = files,
        .now_s = rule_play.input.now_s,
    };

    ima_rig_read(IMA_EXTEND_OWN);
    CHECK_EQ(ima_judge(ima_rig.hasher, &ask, &ima_rig.list,
                       bytes_of(ima_rig.part, ima_rig.part_len), &judgement),
             0);
    rule_play.input.ima = &judgement;
    CHECK_EQ(judgement.n[status], 1);
    CHECK_EQ(judgement.n[IMA_ALLOWED], 0);
    CHECK_EQ(rule_play_reason("files"), reason);
    ima_rig.part_len = 0;
}

#define SET_11 "set digests ok { " D("11") " }\n"

static void
what_is_unknown_may_have_time(void)
{
    start("  allow digest @ok\n  unknown warn for 24h then fail\n",
          "set digests ok published 2026-01-01 { " D("11") " }\n");
    rule_play.input.now_s = 1767225600 + 86399; /* 2026-01-01 and a day, less a second */
    ima_rig_file(HASH_SHA256, 0x12, "/bin/sh");
    expect(IMA_PENDING, REASON_IMA_UNKNOWN_PENDING);
    CHECK_EQ(rule_play_rule("files")->effect, EFFECT_WARN);
    rule_play.input.now_s++;
    ima_rig_file(HASH_SHA256, 0x12, "/bin/sh");
    expect(IMA_UNKNOWN, REASON_IMA_UNKNOWN);
    CHECK_EQ(rule_play_rule("files")->effect, EFFECT_FAIL);
    done();
}

static void
a_set_that_nobody_dates_gives_no_time(void)
{
    start("  allow digest @ok\n  unknown warn for 24h then fail\n", SET_11);
    ima_rig_file(HASH_SHA256, 0x12, "/bin/sh");
    expect(IMA_UNKNOWN, REASON_IMA_UNKNOWN);
    CHECK_EQ(rule_play_rule("files")->effect, EFFECT_FAIL);
    done();
    start("  allow digest @ok\n  unknown warn\n", SET_11);
    ima_rig_file(HASH_SHA256, 0x12, "/bin/sh");
    expect(IMA_UNKNOWN, REASON_IMA_UNKNOWN);
    CHECK_EQ(rule_play_rule("files")->effect, EFFECT_WARN);
    done();
}

/* The span waits for an update: without one that is under way there is none. */
static void
a_span_may_wait_for_an_update(void)
{
    static const char lines[] =
        "  allow digest @ok\n  unknown warn for 24h when pending-update then fail\n";
    static const char set[] = "set digests ok published 2026-01-01 { " D("11") " }\n";
    char sets[512];

    start(lines, set);
    rule_play.input.now_s = 1767225600 + 60;
    ima_rig_file(HASH_SHA256, 0x12, "/bin/sh");
    expect(IMA_UNKNOWN, REASON_IMA_UNKNOWN);
    done();
    snprintf(sets, sizeof(sets), "%srelease os corp 2 { svn 5 state staged kernel " D("31") "}\n",
             set);
    start(lines, sets);
    rule_play.input.now_s = 1767225600 + 86399;
    ima_rig_file(HASH_SHA256, 0x12, "/bin/sh");
    expect(IMA_PENDING, REASON_IMA_UNKNOWN_PENDING);
    rule_play.input.now_s++; /* a day is over */
    ima_rig_file(HASH_SHA256, 0x12, "/bin/sh");
    expect(IMA_UNKNOWN, REASON_IMA_UNKNOWN);
    done();
    start(lines, "set digests ok published 2026-01-01 { " D("11") D("13") "staged }\n");
    rule_play.input.now_s = 1767225600 + 60;
    ima_rig_file(HASH_SHA256, 0x12, "/bin/sh");
    expect(IMA_PENDING, REASON_IMA_UNKNOWN_PENDING);
    ima_rig_file(HASH_SHA256, 0x13, "/bin/sh"); /* staged is not active */
    expect(IMA_PENDING, REASON_IMA_UNKNOWN_PENDING);
    done();
}

/* A release that has a day: the span counts from it, until it is promoted or the span is over. */
static void
a_span_counts_from_the_day_of_what_is_staged(void)
{
    static const char lines[] =
        "  allow digest @ok\n  unknown warn for 24h when pending-update then fail\n";

    start(lines,
          SET_11 "release os corp 2 { svn 5 state staged active 2026-01-10 kernel " D("31") "}\n");
    rule_play.input.now_s = 1768003200 + 86399; /* 2026-01-10 and a day, less a second */
    ima_rig_file(HASH_SHA256, 0x12, "/bin/sh");
    expect(IMA_PENDING, REASON_IMA_UNKNOWN_PENDING);
    rule_play.input.now_s++;
    ima_rig_file(HASH_SHA256, 0x12, "/bin/sh");
    expect(IMA_UNKNOWN, REASON_IMA_UNKNOWN);
    done();
    start(lines, SET_11 "release os corp 2 { svn 5 active 2026-01-10 kernel " D("31") "}\n");
    rule_play.input.now_s = 1768003200 - 1; /* it counts from its day on by itself */
    ima_rig_file(HASH_SHA256, 0x12, "/bin/sh");
    expect(IMA_PENDING, REASON_IMA_UNKNOWN_PENDING);
    rule_play.input.now_s++;
    ima_rig_file(HASH_SHA256, 0x12, "/bin/sh");
    expect(IMA_UNKNOWN, REASON_IMA_UNKNOWN);
    done();
}

CHECK_MAIN(CASE(what_is_unknown_may_have_time), CASE(a_set_that_nobody_dates_gives_no_time),
           CASE(a_span_may_wait_for_an_update), CASE(a_span_counts_from_the_day_of_what_is_staged))
