/* A boot in a few words, judged by a policy that a test writes: digests are one byte repeated. One
 * at a time. */
#pragma once

#include "appraise/rule-judge.h"

/* "sha256:" and 64 digits of one byte, given as two digits in quotes. */
#define PLAY_16(b) b b b b b b b b b b b b b b b b
#define D(b) "sha256:" PLAY_16(b) PLAY_16(b) " "

/* Two releases of a system that share their shim. */
#define PLAY_OS                                                              \
    "release os corp 1 { svn 4 shim " D("01") "kernel " D("02") "initrd " D( \
        "03") "}\n"                                                          \
              "release os corp 2 { svn 5 shim " D("01") "kernel " D("12") "initrd " D("13") "}\n"

extern struct rule_play {
    struct rulebook *book;
    struct rule_room *room;
    struct rule_event events[64];
    uint8_t digests[256][32];
    struct rule_entry entries[64];
    struct rule_pin pins[16];
    struct rule_input input;
    struct rule_judgement judgement;
} rule_play;

/* The body that a policy text compiles to; ends the case with the compiler's words when it does
 * not. Valid until the next call. */
struct bytes rule_play_body(const char *text);

/* A fresh boot without events, and this policy loaded. */
void rule_play_start(const char *text);

/* rule_play_start() with what every policy must have said: text of rules, then of blocks. */
void rule_play_rules(const char *rules, const char *blocks);

/* Appends an event of digest byte `b`; text NULL: nothing that its digest binds. */
void rule_play_event(enum slot slot, uint8_t b, const char *text);

/* The two events that the rules of rule_play_rules() demand. */
void rule_play_base(void);

/* Adds a certificate of digest byte b to a slot's list; the first call makes the list known. */
void rule_play_cert(enum slot slot, uint8_t b);
void rule_play_pin(enum slot slot, const char *name, struct bytes value);

/* Judges; the result of the rule with this id. */
const struct rule_result *rule_play_rule(const char *id);

/* That rule's outcome, and the reason that it is told as (REASON_NONE when it passed). */
enum policy_outcome rule_play_outcome(const char *id);
enum reason rule_play_reason(const char *id);
