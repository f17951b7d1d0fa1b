/* Records and a log from a hijacked reader: whatever they say, every event has one slot, which its
 * PCR may have; what is verified is what was hashed; facts and lists of events stay in bounds.
 * Input: [u32 length of the records, little-endian] records, log. Uncovered by any digest, most
 * logs are not vouched for: they are placed all the same, as if nobody had asked. */
#include <stdlib.h>

#include "appraise/facts.h"
#include "lib/fuzz.h"
#include "roles/records.h"

static struct event events[LIMIT_EVENTS];
static struct slot_map map;
static struct boot_facts facts;
static struct rule_event listed[RULE_EVENTS_MAX];

static void
check_event(const struct event_log *log, size_t i, size_t *counted)
{
    const struct slot_event *placed = &map.events[i];
    bool measured = log->events[i].type != EVENT_NO_ACTION && log->events[i].pcr < 16;

    FUZZ_ASSERT(placed->slot < SLOT_N && placed->rule < RULE_N);
    FUZZ_ASSERT((placed->slot != SLOT_NONE) == measured);
    if (!measured) {
        return;
    }
    FUZZ_ASSERT(slot_table((enum slot)placed->slot)->pcrs >> log->events[i].pcr & 1);
    FUZZ_ASSERT(!(slot_table((enum slot)placed->slot)->flags & SLOT_F_VIRTUAL));
    FUZZ_ASSERT(placed->slot != SLOT_OTHER || placed->rule != RULE_NONE);
    FUZZ_ASSERT(!(placed->flags & SLOT_VERIFIED) ||
                (log->vouched && log->events[i].bound == BOUND_TRUE));
    FUZZ_ASSERT(!(placed->flags & SLOT_VERIFIED && placed->flags & SLOT_BY_LABEL));
    FUZZ_ASSERT(!(placed->flags & SLOT_ECHO) || placed->echo < i);
    *counted += placed->flags & SLOT_ECHO ? 0 : 1;
}

static void
place(struct hasher *hasher, const struct event_log *log)
{
    size_t counted = 0;
    size_t total = 0;

    FUZZ_ASSERT(slots_assign(hasher, log, log, (struct pcr_set){HASH_SHA256, PCR_MASK_ALL}, &map) ==
                0);
    FUZZ_ASSERT(
        slots_assign(hasher, log, NULL, (struct pcr_set){HASH_SHA256, PCR_MASK_ALL}, &map) == 0);
    FUZZ_ASSERT(map.n == log->n_events && map.n_userspace == 0);
    for (size_t i = 0; i < map.n; i++) {
        check_event(log, i, &counted);
    }
    for (size_t i = 0; i < SLOT_N; i++) {
        total += map.counts[i];
    }
    FUZZ_ASSERT(counted == total);
    FUZZ_ASSERT(facts_read(hasher, log, &map, &facts) == 0);
    FUZZ_ASSERT(facts.n_numbers <= FACTS_NUMBERS && facts.n_entries <= FACTS_ENTRIES);
    FUZZ_ASSERT(log->vouched || facts.secureboot == FACT_ABSENT);
    FUZZ_ASSERT(facts_events(&facts, log, NULL, &map, HASH_SHA256, listed) == counted);
}

void
fuzz_one(struct bytes in)
{
    static struct hasher *hasher;
    struct rd rd = rd_init(in);
    struct bytes records = rd_bytes(&rd, rd_le32(&rd));
    struct bytes body = rd_rest(&rd);
    struct event_log log;

    hasher = hasher ? hasher : hasher_new();
    if (rd.failed || records_read(records, events, &log) != 0) {
        return;
    }
    log.body = body;
    place(hasher, &log);
    if (events_vouch(hasher, body, &log) == 0) {
        place(hasher, &log);
    }
}
