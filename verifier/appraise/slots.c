#include "appraise/slots.h"

#include <stdio.h>

#include "appraise/slots-echo.h"
#include "appraise/slots-pick.h"

/* Logs of either kind have at most LIMIT_EVENTS events, records.h. */
_Static_assert(LIMIT_USERLOG_RECORDS >= LIMIT_EVENTS, "a map has room for each userspace event");

/* systemd's units systemd-pcrphase*.service */
static const char *const phases[] = {
    "enter-initrd", "leave-initrd", "sysinit", "ready", "shutdown", "final",
};

static const char *const quirks[QUIRK_N] = {
    [QUIRK_SHIM_BYTE] = "shim-byte",
    [QUIRK_KERNEL_TWICE] = "kernel-twice",
    [QUIRK_INITRD_TWICE] = "initrd-twice",
    [QUIRK_CMDLINE_TWICE] = "cmdline-twice",
    [QUIRK_EXIT_SUCCESS] = "exit-success-unlogged",
    [QUIRK_EXIT_FAILURE] = "exit-failure-unlogged",
    [QUIRK_EXIT_RETRY] = "exit-retry-unlogged",
};

const char *
slots_quirk_name(enum slot_quirk quirk)
{
    return quirk < QUIRK_N ? quirks[quirk] : NULL;
}

const char *
slots_phase(size_t i)
{
    return i < ARRAY_LEN(phases) ? phases[i] : NULL;
}

/* What no quote covers is anybody's word: it meets no rule, and fails none. */
static bool
is_quoted(const struct event *event, uint32_t mask)
{
    return event->pcr < SLOTTED_PCRS && mask >> event->pcr & 1;
}

/* Only the firmware has events that extend nothing; of systemd's log each one does, whatever type
 * its reader says. */
static bool
is_placed(const struct event *event, uint32_t mask)
{
    return is_quoted(event, mask) && event->type != EVENT_NO_ACTION;
}

static void
count(struct slot_map *map, const struct slot_event *event)
{
    if (!(event->flags & SLOT_ECHO)) {
        map->counts[event->slot]++;
    }
}

static int
place_firmware(struct hasher *hasher, const struct event_log *log, struct pcr_set quoted,
               struct slot_map *map)
{
    struct placing placing = slots_pick_begin(log, quoted.mask);
    struct echo echo = {.hasher = hasher,
                        .log = log,
                        .bank = quoted.bank,
                        .bank_at = event_log_bank(log, quoted.bank)};
    int r = 0;

    for (size_t i = 0; i < log->n_events && r == 0; i++) {
        map->events[i] = (struct slot_event){.slot = SLOT_NONE};
        if (is_placed(&log->events[i], quoted.mask)) {
            slots_pick(&placing, &log->events[i], &map->events[i]);
            r = echo.bank_at < log->n_banks ? echo_find(&echo, map, i) : 0;
            count(map, &map->events[i]);
        }
    }
    map->n = log->n_events;
    map->quirks |= placing.quirks;
    return r;
}

/* Digests of the phases' words in the bank. */
struct words {
    uint8_t digest[ARRAY_LEN(phases)][HASH_SIZE_MAX];
};

static int
words_make(struct hasher *hasher, enum hash bank, struct words *ret)
{
    int r = 0;

    for (size_t i = 0; i < ARRAY_LEN(phases) && r == 0; i++) {
        r = hasher_bytes(hasher, bank, bytes_str(phases[i]), ret->digest[i]);
    }
    return r;
}

/* A phase is what its digest says, whatever its record does. */
static struct slot_event
phase_of(const struct words *words, enum hash bank, struct bytes digest)
{
    for (size_t i = 0; i < ARRAY_LEN(phases); i++) {
        if (bytes_equal(digest, bytes_of(words->digest[i], hash_size(bank)))) {
            return (struct slot_event){
                .slot = SLOT_OS_PHASE, .flags = SLOT_VERIFIED, .detail = (uint8_t)(i + 1)};
        }
    }
    return (struct slot_event){.slot = SLOT_OS_PHASE, .flags = SLOT_BY_LABEL};
}

static int
place_userspace(struct hasher *hasher, const struct event_log *log, struct pcr_set quoted,
                struct slot_map *map)
{
    size_t at = event_log_bank(log, quoted.bank);
    struct words words;
    int r = words_make(hasher, quoted.bank, &words);

    for (size_t i = 0; i < log->n_events && r == 0; i++) {
        const struct event *event = &log->events[i];
        struct slot_event *placed = &map->userspace[i];

        *placed = (struct slot_event){.slot = SLOT_NONE};
        if (!is_quoted(event, quoted.mask)) {
            continue;
        }
        if (event->pcr == 11) {
            *placed =
                phase_of(&words, quoted.bank, at < log->n_banks ? event->digest[at] : BYTES_NULL);
        } else if (event->pcr == 15) {
            *placed = (struct slot_event){.slot = SLOT_OS_IDENTITY};
        } else if (event->pcr == 12 || event->pcr == 13) {
            *placed = (struct slot_event){.slot = SLOT_OTHER, .rule = RULE_SLOT_NONE};
        }
        count(map, placed);
    }
    map->n_userspace = log->n_events;
    return r;
}

static void
keep(const struct slot_map *map, struct pcr_set quoted, struct slots_kept *kept)
{
    kept->known = map->n <= SLOTS_KEPT_MAX;
    if (kept->known) {
        kept->quoted = quoted;
        kept->quirks = map->quirks;
        kept->n = map->n;
        memcpy(kept->counts, map->counts, sizeof(kept->counts));
        memcpy(kept->events, map->events, map->n * sizeof(map->events[0]));
    }
}

static void
place_kept(const struct slots_kept *kept, struct slot_map *map)
{
    map->quirks = kept->quirks;
    map->n = kept->n;
    memcpy(map->counts, kept->counts, sizeof(map->counts));
    memcpy(map->events, kept->events, kept->n * sizeof(map->events[0]));
}

static int
place_log(struct hasher *hasher, const struct event_log *log, struct pcr_set quoted,
          struct slots_kept *kept, struct slot_map *map)
{
    int r;

    if (kept && kept->known && kept->n == log->n_events && kept->quoted.bank == quoted.bank &&
        kept->quoted.mask == quoted.mask) {
        place_kept(kept, map);
        return 0;
    }
    map->n = 0;
    map->quirks = 0;
    memset(map->counts, 0, sizeof(map->counts));
    r = place_firmware(hasher, log, quoted, map);
    if (r == 0 && kept) {
        keep(map, quoted, kept);
    }
    return r;
}

int
slots_assign_kept(struct hasher *hasher, const struct event_log *log,
                  const struct event_log *userspace, struct pcr_set quoted, struct slots_kept *kept,
                  struct slot_map *ret)
{
    int r = place_log(hasher, log, quoted, kept, ret);

    ret->n_userspace = 0;
    return r == 0 && userspace ? place_userspace(hasher, userspace, quoted, ret) : r;
}

int
slots_assign(struct hasher *hasher, const struct event_log *log, const struct event_log *userspace,
             struct pcr_set quoted, struct slot_map *ret)
{
    return slots_assign_kept(hasher, log, userspace, quoted, NULL, ret);
}

static bool
is_boot_file(enum slot slot)
{
    return slot == SLOT_BOOT_KERNEL || slot == SLOT_BOOT_INITRD || slot == SLOT_BOOT_FILES;
}

bool
slots_movable(const struct slot_map *map, const struct event_log *log, size_t i)
{
    return i < map->n && log->events[i].pcr == 9 && map->events[i].flags & SLOT_BY_LABEL;
}

void
slots_known(struct slot_map *map, size_t i, enum slot slot)
{
    struct slot_event *event = &map->events[i];

    if (!(event->flags & SLOT_BY_LABEL) || !is_boot_file(slot)) {
        return;
    }
    if (!(event->flags & SLOT_ECHO)) {
        map->counts[event->slot]--;
        map->counts[slot]++;
    }
    event->slot = (uint8_t)slot;
    event->flags &= (uint8_t)~SLOT_BY_LABEL;
}

static void
note(struct verdict *verdict, enum rule rule, const struct event *event)
{
    struct fault fault = {.rule = rule, .event = event->index, .offset = event->offset};
    char seen[160];

    snprintf(seen, sizeof(seen), "%.*s", (int)event->label.len, (const char *)event->label.p);
    verdict_add(verdict, rule_reason(rule), &fault, event->pcr, NULL, seen);
}

static bool
check(const struct slot_event *events, size_t n, const struct event_log *log, uint32_t mask,
      struct verdict *verdict)
{
    bool good = true;

    for (size_t i = 0; i < n && i < log->n_events; i++) {
        if (events[i].rule != RULE_NONE && mask >> log->events[i].pcr & 1) {
            note(verdict, (enum rule)events[i].rule, &log->events[i]);
            good = false;
        }
    }
    return good;
}

bool
slots_check(const struct slot_map *map, const struct event_log *log,
            const struct event_log *userspace, uint32_t mask, struct verdict *verdict)
{
    bool good = check(map->events, map->n, log, mask, verdict);

    return (!userspace || check(map->userspace, map->n_userspace, userspace, mask, verdict)) &&
           good;
}
