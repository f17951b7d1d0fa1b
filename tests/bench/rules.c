/* What policy costs: a bundle of 10 classes and 60,000 digests loaded, and a log of 100 events
 * judged by 60 rules. Prints one line of JSON; CPU time of this process. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "appraise/rule-judge.h"
#include "cpu-time.h"
#include "lib/check.h"
#include "policy/policy-compile.h"

enum { CLASSES = 10, SET = 6000, EVENTS = 100, RULES = 60, ROUNDS = 20000, TEXT = 8 << 20 };

static char text[TEXT];
static size_t used;
static uint8_t digests[EVENTS][32];
static struct rule_event events[EVENTS];

/* Digests that no two share, in the order of their numbers or not: both are looked up alike. */
static void
digest_of(uint32_t number, uint8_t ret[32])
{
    uint64_t x = number + 1;

    for (size_t i = 0; i < 32; i++) {
        x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        ret[i] = (uint8_t)(x >> 56);
    }
}

__attribute__((format(printf, 1, 2))) static void
put(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    used += (size_t)vsnprintf(text + used, sizeof(text) - used, format, args);
    va_end(args);
    CHECK(used < sizeof(text));
}

static void
put_class(unsigned class)
{
    static const char *const slots[] = {"boot.images", "boot.files", "boot.initrd", "firmware",
                                        "driver"};

    put("policy p%u version 1 schema 1 {\n  applies class in { c%u }\n"
        "  quote sha256 pcrs 0,2,4,9\n",
        class, class);
    for (unsigned i = 0; i < RULES; i++) {
        put(i < 5 ? "  rule r%u : %s one-of @s%u\n" : "  rule r%u : %s not-in @d%u\n", i,
            slots[i % 5], i < 5 ? class : i);
    }
    put("}\nset digests s%u {\n", class);
    for (uint32_t i = 0; i < SET; i++) {
        uint8_t digest[32];

        digest_of(class * SET + i, digest);
        put("sha256:");
        for (size_t k = 0; k < 32; k++) {
            put("%02x", digest[k]);
        }
        put("\n");
    }
    put("}\n");
}

static struct bytes
make_body(void)
{
    static struct bundle bundle;
    struct policy_memory *memory = NULL;
    struct policy_say said = {0};
    struct wr wr = wr_init(malloc(TEXT), TEXT);

    for (unsigned i = 0; i < CLASSES; i++) {
        put_class(i);
    }
    for (unsigned i = 5; i < RULES; i++) {
        put("set digests d%u { sha256:%062x%02x }\n", i, 0, i);
    }
    if (policy_compile(bytes_of(text, used), &bundle, &memory, &said) != 0) {
        check_fail(__FILE__, __LINE__, "%s", said.items[said.n - 1].text);
    }
    bundle_write(&wr, &bundle);
    policy_memory_free(memory);
    CHECK(wr_done(&wr).p);
    return wr_done(&wr);
}

static void
make_events(struct rule_input *input)
{
    static const enum slot slots[] = {SLOT_BOOT_IMAGES, SLOT_BOOT_FILES, SLOT_BOOT_INITRD,
                                      SLOT_FIRMWARE, SLOT_DRIVER};

    for (uint32_t i = 0; i < EVENTS; i++) {
        digest_of(i * 59 % SET, digests[i]);
        events[i] =
            (struct rule_event){.slot = slots[i % 5], .index = i, .digest = BYTES_OF(digests[i])};
    }
    *input = (struct rule_input){
        .bank = HASH_SHA256, .n_events = EVENTS, .events = events, .now_s = 1790000000};
}

int
main(void)
{
    static struct rule_judgement judgement;
    struct bytes body = make_body();
    struct rule_room *room = rule_room_new();
    struct rulebook *book = NULL;
    struct fault fault;
    struct rule_input input;
    double load_us;
    double judge_us;

    CHECK(room);
    load_us = cpu_time_us();
    CHECK_EQ(rulebook_new(body, &book, &fault), 0);
    load_us = cpu_time_us() - load_us;
    make_events(&input);
    judge_us = cpu_time_us();
    for (int i = 0; i < ROUNDS; i++) {
        rule_judge(book, 0, &input, room, &judgement);
    }
    judge_us = (cpu_time_us() - judge_us) / ROUNDS;
    CHECK_EQ(judgement.n, RULES);
    CHECK_EQ(judgement.unclaimed, RULE_NO_EVENT);
    CHECK_EQ(judgement.tiers[DIMENSION_EXECUTABLES], TIER_AFFIRMING);
    printf(
        "{\"digests\": %d, \"rules\": %d, \"events\": %d, \"load_ms\": %.1f, \"judge_us\": %.2f}\n",
        CLASSES * SET, RULES, EVENTS, load_us / 1000, judge_us);
    rulebook_free(book);
    rule_room_free(room);
    free((void *)(uintptr_t)body.p);
    return EXIT_SUCCESS;
}
