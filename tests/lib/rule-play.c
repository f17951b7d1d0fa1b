#include "lib/rule-play.h"

#include <stdio.h>
#include <stdlib.h>

#include "lib/alloc-count.h"
#include "lib/check.h"
#include "policy/policy-compile.h"

struct rule_play rule_play;

struct bytes
rule_play_body(const char *text)
{
    static struct bundle bundle;
    static uint8_t room[262144];
    static struct policy_say said;
    struct policy_memory *memory = NULL;
    struct wr wr = wr_init(room, sizeof(room));

    memset(&bundle, 0, sizeof(bundle));
    said = (struct policy_say){0};
    if (policy_compile(bytes_str(text), &bundle, &memory, &said) != 0) {
        const struct policy_saying *one = said.items;

        while (one->note) {
            one++;
        }
        check_fail(__FILE__, __LINE__, "%u:%u: %s", one->line, one->column, one->text);
    }
    bundle_write(&wr, &bundle);
    policy_memory_free(memory);
    CHECK(wr_done(&wr).p);
    return wr_done(&wr);
}

void
rule_play_start(const char *text)
{
    struct fault fault = {0};

    rulebook_freep(&rule_play.book);
    rule_room_freep(&rule_play.room);
    memset(&rule_play, 0, sizeof(rule_play));
    if (rulebook_new(rule_play_body(text), &rule_play.book, &fault) != 0) {
        check_fail(__FILE__, __LINE__, "not loaded: rule %u, %s", fault.event,
                   rule_text(fault.rule));
    }
    check_keep(rule_play.book);
    rule_play.room = check_keep(rule_room_new());
    CHECK(rule_play.room);
    for (size_t i = 0; i < 256; i++) {
        memset(rule_play.digests[i], (int)i, 32);
    }
    rule_play.input.bank = HASH_SHA256;
    rule_play.input.events = rule_play.events;
    rule_play.input.pins = rule_play.pins;
    rule_play.input.now_s = 1790000000; /* 2026-09-21 */
}

void
rule_play_rules(const char *rules, const char *blocks)
{
    static char text[16384];

    snprintf(text, sizeof(text),
             "policy p version 1 schema 1 {\n  applies class in { c }\n"
             "  quote sha256 pcrs 0,2,4,7-11,15\n"
             "  rule base-fw : firmware one-of @base/fw\n"
             "  rule base-rom : driver any count 0..9\n%s%s}\n"
             "set digests base/fw { " D("fe") "}\nset digests base/images { " D("fd") "}\n%s",
             strstr(rules, "boot.images")
                 ? ""
                 : "  rule base-images : boot.images one-of @base/images\n",
             rules, blocks);
    rule_play_start(text);
}

void
rule_play_event(enum slot slot, uint8_t b, const char *text)
{
    struct rule_event *event = &rule_play.events[rule_play.input.n_events];

    CHECK(rule_play.input.n_events < ARRAY_LEN(rule_play.events));
    *event = (struct rule_event){
        .slot = slot,
        .verified = text != NULL,
        .index = (uint32_t)rule_play.input.n_events++,
        .pcr = (uint32_t)__builtin_ctz(slot_table(slot)->pcrs),
        .digest = BYTES_OF(rule_play.digests[b]),
        .text = text ? bytes_str(text) : BYTES_NULL,
    };
}

void
rule_play_base(void)
{
    rule_play_event(SLOT_FIRMWARE, 0xfe, NULL);
    rule_play_event(SLOT_BOOT_IMAGES, 0xfd, NULL);
}

void
rule_play_cert(enum slot slot, uint8_t b)
{
    struct rule_entries *list = &rule_play.input.entries[slot];
    static size_t used;

    used = list->known ? used : 0;
    list->entries = list->known ? list->entries : &rule_play.entries[used];
    CHECK(used < ARRAY_LEN(rule_play.entries));
    rule_play.entries[used++] =
        (struct rule_entry){BUNDLE_SIG_X509, BYTES_OF(rule_play.digests[b])};
    list->known = true;
    list->n = used;
}

void
rule_play_pin(enum slot slot, const char *name, struct bytes value)
{
    CHECK(rule_play.input.n_pins < ARRAY_LEN(rule_play.pins));
    rule_play.pins[rule_play.input.n_pins++] = (struct rule_pin){slot, bytes_str(name), value};
}

const struct rule_result *
rule_play_rule(const char *id)
{
    const struct bundle *bundle = rulebook_bundle(rule_play.book);
    size_t before = alloc_count();

    rule_judge(rule_play.book, 0, &rule_play.input, rule_play.room, &rule_play.judgement);
    CHECK_EQ(alloc_count(), before); /* a book that is loaded asks for nothing more */
    for (size_t i = 0; i < rule_play.judgement.n; i++) {
        if (bytes_equal(bundle->rules[bundle->policies[0].first_rule + i].id, bytes_str(id))) {
            return &rule_play.judgement.rules[i];
        }
    }
    check_fail(__FILE__, __LINE__, "no rule %s", id);
}

enum policy_outcome
rule_play_outcome(const char *id)
{
    return rule_play_rule(id)->outcome;
}

enum reason
rule_play_reason(const char *id)
{
    const struct rule_result *result = rule_play_rule(id);

    return result->outcome == OUTCOME_PASSED ? REASON_NONE : result->code.reason;
}
