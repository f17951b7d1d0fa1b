/* Reads, judges, replays and describes any bytes as an event log. */
#include "formats/evdata.h"
#include "formats/evtext.h"
#include "formats/evtype.h"
#include "formats/replay.h"
#include "lib/fuzz.h"

static struct evdata_check check;
static struct replay replay;

static void
fuzz_event(const struct evlog *log, const struct evlog_event *event)
{
    char line[EVTEXT_MAX];
    char name[EVTYPE_NAME_MAX];
    struct evdata evdata;

    FUZZ_ASSERT(event->pcr < LIMIT_PCRS || event->pcr == EVLOG_PCR_NONE);
    for (size_t i = 0; i < event->n_digests; i++) {
        FUZZ_ASSERT(event->digest[i].len == log->bank[i].size);
    }
    FUZZ_ASSERT(evdata_judge(&check, event, &evdata) == 0);
    FUZZ_ASSERT(evdata.vouched.len <= event->data.len);
    FUZZ_ASSERT(evdata.bound != EVDATA_MISMATCH || evdata.rule != RULE_NONE);
    FUZZ_ASSERT(evtype_name(event->type, name)[0] != '\0');
    FUZZ_ASSERT(replay_event(&replay, event) == 0);
    for (const char *c = evtext_line(event, line); *c; c++) {
        FUZZ_ASSERT(*c >= 0x20 && *c < 0x7f);
    }
}

/* What a caller asks at the end. */
static void
fuzz_end(const struct evlog *log)
{
    for (size_t i = 0; i < log->n_banks; i++) {
        char room[EVLOG_BANK_NAME_MAX];
        size_t len = replay_pcr(&replay, i, 0).len;

        FUZZ_ASSERT(evlog_bank_name(&log->bank[i], room)[0] != '\0');
        FUZZ_ASSERT(len == 0 || len == log->bank[i].size);
        FUZZ_ASSERT(evlog_bank(log, log->bank[i].hash) <= i);
    }
    FUZZ_ASSERT(replay_pcr(&replay, log->n_banks, 0).len == 0);
    FUZZ_ASSERT(evlog_padding_offset(log) + log->padding <= log->rd.len);
}

void
fuzz_one(struct bytes in)
{
    static struct hasher *hasher;
    struct evlog_event event;
    struct evlog log;
    struct fault fault;
    int r;

    if (!hasher) {
        hasher = hasher_new();
        FUZZ_ASSERT(hasher);
    }
    if (evlog_open(in, &log, &fault) != 0) {
        return;
    }
    FUZZ_ASSERT(evdata_init(&check, &log, hasher) == 0);
    replay_init(&replay, &log, hasher);
    while ((r = evlog_next(&log, &event, &fault)) == 0) {
        fuzz_event(&log, &event);
    }
    FUZZ_ASSERT(r == EVLOG_END || fault.offset <= in.len);
    FUZZ_ASSERT(evlog_next(&log, &event, &fault) == r);
    fuzz_end(&log);
}
