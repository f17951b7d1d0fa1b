/* What one boot costs the keeper beside the signature: a real log that is new to it (its texts
 * hashed, replayed, judged by a policy, its claims told), and one that it knows. One line of JSON;
 * CPU time of this process. usage: bench-boot LOG */
#include <stdio.h>
#include <stdlib.h>

#include "appraise/boot-claims.h"
#include "base/file.h"
#include "cpu-time.h"
#include "lib/check.h"
#include "lib/rule-play.h"
#include "lib/slot-rig.h"

enum { ROUNDS = 2000, LOG_MOST = 1 << 20 };

static const char policy[] =
    "policy p version 1 schema 1 {\n  applies class in { c }\n"
    "  quote sha256 pcrs 0-9,14\n"
    "  rule a : firmware any\n  rule b : driver any count 0..99\n"
    "  rule c : boot.images any\n  rule d : boot.script any count 0..999\n"
    "  rule e : gpt device-pin\n  rule f : config device-pin\n"
    "  rule g : boot.files any count 0..99\n  rule h : boot.vars any\n"
    "  rule i : boot.kernel any count 0..9\n  rule j : secureboot is on\n"
    "  rule k : boot.initrd any count 0..9\n  rule l : mok any count 0..9\n"
    "}\n";

static struct slot_rig rig;
static struct boot_room *room;
static struct boot_memo *known;
static struct event_memo memo[LIMIT_BANKS];
static uint8_t written[CLAIM_SET_ROOM];

/* What the keeper does with a log at hand; a new one has nothing in its memo. */
static size_t
judge(bool new, struct bytes log)
{
    static const struct selection selection = {1, {{HASH_SHA256, 0x43ff}}};
    static struct pcr_values values;
    static struct boot_told told;
    static struct boot_claims claims;
    struct verdict verdict = {0};
    const struct boot_ask ask = {
        .book = rule_play.book, .log = &rig.log, .may_pin = true, .now_s = 1790000000};

    if (new) {
        memset(memo, 0, sizeof(memo));
        rig.log.boot = NULL;
        CHECK_EQ(events_vouch(rig.make.hasher, log, &rig.log), 0);
    }
    CHECK_EQ(events_values(rig.make.hasher, &rig.log, &selection, &values), 0);
    CHECK_EQ(events_check(rig.make.hasher, &rig.log, HASH_SHA256, &verdict), 0);
    CHECK_EQ(boot_judge(room, rig.make.hasher, &ask, &verdict, &told), 0);
    claims = (struct boot_claims){0};
    boot_claims(&ask, &told, &claims);
    CHECK(claim_set_write(&claims.set, written, sizeof(written)).p);
    return told.n_events;
}

static double
measure(bool new, struct bytes log)
{
    double began = cpu_time_us();

    rig.log.boot = known;
    for (int i = 0; i < ROUNDS; i++) {
        (void)judge(new, log);
    }
    return (cpu_time_us() - began) / ROUNDS;
}

int
main(int argc, char **argv)
{
    struct bytes log = BYTES_NULL;
    size_t n;

    if (argc != 2 || file_read(argv[1], LOG_MOST, &log) != 0) {
        fprintf(stderr, "usage: bench-boot LOG\n");
        return 2;
    }
    slot_rig_new(&rig);
    slot_rig_read(&rig, log);
    rule_play_start(policy);
    room = boot_room_new();
    known = boot_memo_new();
    CHECK(room && known);
    rig.log.memo = memo;
    n = judge(true, log);
    printf("{\"events\": %zu, \"new_us\": %.1f, \"known_us\": %.1f}\n", n, measure(true, log),
           measure(false, log));
    boot_room_free(room);
    boot_memo_free(known);
    slot_rig_done(&rig);
    file_free(&log);
    return EXIT_SUCCESS;
}
