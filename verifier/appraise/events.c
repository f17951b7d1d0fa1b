#include "appraise/events.h"

#include <errno.h>
#include <stdio.h>

#include "base/hex.h"
#include "base/rd.h"

/* PCRs of the static root of trust that the firmware closes with a separator. */
enum { FIRMWARE_PCRS = 8, PCR_DRTM_FIRST = 17, PCR_DRTM_LAST = 22 };

size_t
event_log_bank(const struct event_log *log, enum hash bank)
{
    size_t i = 0;

    while (i < log->n_banks && log->banks[i] != bank) {
        i++;
    }
    return i;
}

static struct bytes
within(struct bytes body, uint32_t offset, uint32_t length)
{
    struct rd rd = rd_init(body);

    (void)rd_bytes(&rd, offset);
    return rd_bytes(&rd, length);
}

struct bytes
event_text(const struct event_log *log, const struct event *event)
{
    return log->vouched && event->bound == BOUND_TRUE
               ? within(log->body, event->offset, event->length)
               : BYTES_NULL;
}

struct bytes
event_data(const struct event_log *log, const struct event *event)
{
    return within(log->body, event->data_offset, event->data_length);
}

/* Is the digest of every bank that we can hash for, and of one at least, that of the part? */
static int
vouch_event(struct hasher *hasher, const struct event_log *log, const struct event *event,
            struct bytes part)
{
    size_t n = 0;

    for (size_t i = 0; i < log->n_banks; i++) {
        uint8_t out[HASH_SIZE_MAX];
        int r = hasher_bytes(hasher, log->banks[i], part, out);

        if (r < 0 && r != -ENOTSUP) {
            return r;
        }
        if (r == 0) {
            n++;
            if (!bytes_equal(event->digest[i], bytes_of(out, hash_size(log->banks[i])))) {
                return EVENTS_E_LIE;
            }
        }
    }
    return n > 0 ? 0 : EVENTS_E_LIE;
}

int
events_vouch(struct hasher *hasher, struct bytes body, struct event_log *log)
{
    uint64_t left = body.len; /* parts of a log are apart, so they are no more than it is */

    for (size_t i = 0; i < log->n_events; i++) {
        const struct event *event = &log->events[i];
        uint64_t end = (uint64_t)event->offset + event->length;
        uint64_t data_end = (uint64_t)event->data_offset + event->data_length;
        uint64_t hashed = event->bound == BOUND_TRUE ? event->length : 0;
        int r = end <= body.len && data_end <= body.len && hashed <= left ? 0 : EVENTS_E_LIE;

        left -= r == 0 ? hashed : 0;
        if (r == 0 && event->bound == BOUND_TRUE) {
            r = vouch_event(hasher, log, event, within(body, event->offset, event->length));
        }
        if (r != 0) {
            return r;
        }
    }
    log->body = body;
    log->vouched = true;
    return 0;
}

/* Values at power-on, PC Client Platform TPM Profile section 4.6; PCR 0 starts at the locality. */
static void
pcrs_begin(uint8_t pcrs[LIMIT_PCRS][HASH_SIZE_MAX], enum hash bank, uint8_t locality)
{
    memset(pcrs, 0, LIMIT_PCRS * HASH_SIZE_MAX);
    for (size_t pcr = PCR_DRTM_FIRST; pcr <= PCR_DRTM_LAST; pcr++) {
        memset(pcrs[pcr], 0xff, hash_size(bank));
    }
    pcrs[0][hash_size(bank) - 1] = locality;
}

static int
pcrs_extend(struct hasher *hasher, const struct event_log *log, enum hash bank,
            uint8_t pcrs[LIMIT_PCRS][HASH_SIZE_MAX])
{
    size_t at = event_log_bank(log, bank);
    int r = 0;

    for (size_t i = 0; at < log->n_banks && i < log->n_events && r == 0; i++) {
        const struct event *event = &log->events[i];

        if (event->type != EVENT_NO_ACTION && event->pcr < LIMIT_PCRS && event->digest[at].p) {
            r = hasher_extend(hasher, bank, pcrs[event->pcr], event->digest[at]);
        }
    }
    return r;
}

/* The PCRs of a bank after the firmware log. */
static int
pcrs_replay(struct hasher *hasher, const struct event_log *log, enum hash bank,
            uint8_t pcrs[LIMIT_PCRS][HASH_SIZE_MAX])
{
    size_t at = event_log_bank(log, bank);
    struct event_memo *memo = log->memo && at < log->n_banks ? &log->memo[at] : NULL;
    int r = 0;

    if (memo && memo->known) {
        memcpy(pcrs, memo->pcrs, sizeof(memo->pcrs));
    } else {
        pcrs_begin(pcrs, bank, log->locality);
        r = pcrs_extend(hasher, log, bank, pcrs);
    }
    if (r == 0 && memo && !memo->known) {
        memcpy(memo->pcrs, pcrs, sizeof(memo->pcrs));
        memo->known = true;
    }
    return r;
}

static void
note_missing_bank(struct verdict *verdict, enum hash bank)
{
    struct fault fault = {.rule = RULE_REPLAY_BANK_MISSING, .event = FAULT_NO_EVENT};

    verdict_add(verdict, REASON_BANK_MISSING_IN_LOG, &fault, FAULT_NO_EVENT, hash_name(bank),
                "not in the log");
}

/* Names the first PCR of a bank that the log does not explain. */
static void
note_difference(struct verdict *verdict, enum hash bank, uint32_t pcr, const uint8_t *replayed,
                const uint8_t *quoted)
{
    struct fault fault = {.rule = RULE_REPLAY_PCR, .event = FAULT_NO_EVENT};
    char expected[160];
    char seen[160];
    char text[2 * HASH_SIZE_MAX + 1];

    snprintf(expected, sizeof(expected), "%s:%s", hash_name(bank),
             hex_write(text, bytes_of(replayed, hash_size(bank))));
    snprintf(seen, sizeof(seen), "%s:%s", hash_name(bank),
             hex_write(text, bytes_of(quoted, hash_size(bank))));
    verdict_add(verdict, REASON_LOG_REPLAY, &fault, pcr, expected, seen);
}

static bool
compare(struct verdict *verdict, const struct pcr_set *set,
        const uint8_t replayed[LIMIT_PCRS][HASH_SIZE_MAX],
        const uint8_t quoted[LIMIT_PCRS][HASH_SIZE_MAX])
{
    for (uint32_t pcr = 0; pcr < LIMIT_PCRS; pcr++) {
        bool judged = (set->mask & ~PCR_MASK_IMA) >> pcr & 1;

        if (judged && memcmp(replayed[pcr], quoted[pcr], hash_size(set->bank)) != 0) {
            note_difference(verdict, set->bank, pcr, replayed[pcr], quoted[pcr]);
            return false;
        }
    }
    return true;
}

bool
events_replay(const struct event_log *log, const struct pcr_values *replayed,
              const struct pcr_values *quoted, struct verdict *verdict)
{
    size_t active = 0;
    bool all = true;

    for (size_t i = 0; i < quoted->selection.n; i++) {
        const struct pcr_set *set = &quoted->selection.sets[i];

        if (set->mask == 0) {
            continue;
        }
        active++;
        if (event_log_bank(log, set->bank) == log->n_banks) {
            note_missing_bank(verdict, set->bank);
            all = false;
        } else {
            all = compare(verdict, set, replayed->value[i], quoted->value[i]) && all;
        }
    }
    verdict->replay = all && active > 0 ? CHECK_PASSED : CHECK_FAILED;
    return verdict->replay == CHECK_PASSED;
}

/* Digests of the separators in one bank. */
struct separators {
    uint8_t zero[HASH_SIZE_MAX];
    uint8_t ones[HASH_SIZE_MAX];
    struct bytes views[2];
};

static int
separators_make(struct hasher *hasher, enum hash bank, struct separators *ret)
{
    static const uint8_t zero[4] = {0, 0, 0, 0};
    static const uint8_t ones[4] = {0xff, 0xff, 0xff, 0xff};
    int r = hasher_bytes(hasher, bank, BYTES_OF(zero), ret->zero);

    if (r == 0) {
        r = hasher_bytes(hasher, bank, BYTES_OF(ones), ret->ones);
    }
    ret->views[0] = bytes_of(ret->zero, hash_size(bank));
    ret->views[1] = bytes_of(ret->ones, hash_size(bank));
    return r;
}

static bool
is_separator(const struct separators *separators, struct bytes digest)
{
    return bytes_equal(digest, separators->views[0]) || bytes_equal(digest, separators->views[1]);
}

static void
note_event(struct verdict *verdict, enum rule rule, const struct event *event)
{
    struct fault fault = {.rule = rule, .event = event->index, .offset = event->offset};
    char seen[160];

    snprintf(seen, sizeof(seen), "%.*s", (int)event->label.len, (const char *)event->label.p);
    verdict_add(verdict, rule_reason(rule), &fault, event->pcr, NULL, seen);
}

/* Judges one event of PCR 0 to 7; counts its PCR's separators. Returns whether it may stand. */
static bool
check_event(const struct event *event, size_t at, const struct separators *separators,
            unsigned counts[FIRMWARE_PCRS], struct verdict *verdict)
{
    bool separator = is_separator(separators, event->digest[at]);

    if (event->bound == BOUND_FALSE) {
        note_event(verdict, RULE_EVENT_UNBOUND, event);
        return false;
    }
    if (separator != (event->type == EVENT_SEPARATOR)) {
        note_event(verdict, separator ? RULE_SEPARATOR_DISGUISED : RULE_SEPARATOR_ERROR, event);
        return false;
    }
    if (separator && ++counts[event->pcr] > 1) {
        note_event(verdict, RULE_SEPARATOR_TWICE, event);
        return false;
    }
    return true;
}

int
events_check(struct hasher *hasher, const struct event_log *log, enum hash bank,
             struct verdict *verdict)
{
    unsigned counts[FIRMWARE_PCRS] = {0};
    size_t at = event_log_bank(log, bank);
    struct separators separators;
    bool good = at < log->n_banks;
    int r = separators_make(hasher, bank, &separators);

    verdict->events = CHECK_FAILED;
    if (r < 0) {
        return r;
    }
    for (size_t i = 0; at < log->n_banks && i < log->n_events; i++) {
        const struct event *event = &log->events[i];

        if (event->type != EVENT_NO_ACTION && event->pcr < FIRMWARE_PCRS) {
            good = check_event(event, at, &separators, counts, verdict) && good;
        }
    }
    for (uint32_t pcr = 0; pcr < FIRMWARE_PCRS; pcr++) {
        if (counts[pcr] == 0) {
            struct fault fault = {.rule = RULE_SEPARATOR_NONE, .event = FAULT_NO_EVENT};

            verdict_add(verdict, REASON_SEPARATOR_MISSING, &fault, pcr, "one separator", "none");
            good = false;
        }
    }
    verdict->events = good ? CHECK_PASSED : CHECK_FAILED;
    return 0;
}

int
events_values(struct hasher *hasher, const struct event_log *log, const struct selection *selection,
              struct pcr_values *ret)
{
    int r = 0;

    memset(ret, 0, sizeof(*ret));
    ret->selection = *selection;
    for (size_t i = 0; i < selection->n && r == 0; i++) {
        r = pcrs_replay(hasher, log, selection->sets[i].bank, ret->value[i]);
    }
    return r;
}
