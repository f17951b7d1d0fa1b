#include "appraise/growing.h"

#include <errno.h>
#include <stdlib.h>

#include "appraise/ima-search.h"

const struct growing_track *
growing_track(const struct growing *growing, enum hash bank, uint32_t pcr)
{
    for (size_t i = 0; i < growing->n_tracks; i++) {
        if (growing->tracks[i].bank == bank && growing->tracks[i].pcr == pcr) {
            return &growing->tracks[i];
        }
    }
    return NULL;
}

bool
growing_covers(const struct growing *growing, const struct selection *quoted, uint32_t mask)
{
    for (size_t i = 0; i < quoted->n; i++) {
        for (uint32_t pcr = 0; pcr < LIMIT_PCRS; pcr++) {
            if ((quoted->sets[i].mask & mask) >> pcr & 1 &&
                !growing_track(growing, quoted->sets[i].bank, pcr)) {
                return false;
            }
        }
    }
    return true;
}

void
growing_write(struct wr *wr, const struct growing *growing)
{
    for (size_t i = 0; i < growing->n_tracks; i++) {
        const struct growing_track *track = &growing->tracks[i];

        wr_be16(wr, hash_tpm_id(track->bank));
        wr_u8(wr, (uint8_t)track->pcr);
        wr_u8(wr, track->padded);
        wr_bytes(wr, bytes_of(track->value, hash_size(track->bank)));
    }
}

int
growing_read(struct bytes in, struct growing *ret)
{
    struct rd rd = rd_init(in);
    struct growing growing = *ret;

    growing.n_tracks = 0;
    while (!rd.failed && rd_left(&rd) > 0) {
        struct growing_track track = {.bank = hash_from_tpm_id(rd_be16(&rd))};
        uint8_t padded;

        track.pcr = rd_u8(&rd);
        padded = rd_u8(&rd);
        track.padded = padded == 1;
        if (track.bank == HASH_N || track.pcr >= LIMIT_PCRS || padded > 1 ||
            growing.n_tracks == GROWING_TRACKS_MAX ||
            growing_track(&growing, track.bank, track.pcr)) {
            return 1;
        }
        rd_copy(&rd, track.value, hash_size(track.bank));
        growing.tracks[growing.n_tracks++] = track;
    }
    if (!rd_end(&rd)) {
        return 1;
    }
    *ret = growing;
    return 0;
}

/* PCRs of the userspace log as they were behind the part that is known. */
static void
userspace_begin(const struct growing_userspace *userspace, struct pcr_values *values)
{
    for (size_t i = 0; i < values->selection.n; i++) {
        const struct pcr_set *set = &values->selection.sets[i];

        for (uint32_t pcr = 0; pcr < LIMIT_PCRS; pcr++) {
            const struct growing_track *track = growing_track(&userspace->known, set->bank, pcr);

            if (track && (set->mask & PCR_MASK_USERSPACE) >> pcr & 1) {
                memcpy(values->value[i][pcr], track->value, sizeof(track->value));
            }
        }
    }
}

static int
userspace_extend(struct hasher *hasher, const struct event_log *log, size_t n_events,
                 struct pcr_values *values)
{
    int r = 0;

    for (size_t i = 0; i < values->selection.n; i++) {
        enum hash bank = values->selection.sets[i].bank;
        size_t at = event_log_bank(log, bank);

        for (size_t k = 0; at < log->n_banks && k < n_events && r == 0; k++) {
            const struct event *event = &log->events[k];

            if (event->pcr < LIMIT_PCRS && PCR_MASK_USERSPACE >> event->pcr & 1 &&
                event->digest[at].p) {
                r = hasher_extend(hasher, bank, values->value[i][event->pcr], event->digest[at]);
            }
        }
    }
    return r;
}

int
growing_userspace_values(struct hasher *hasher, const struct growing_userspace *userspace,
                         struct pcr_values *values)
{
    userspace_begin(userspace, values);
    return userspace_extend(hasher, &userspace->log, userspace->log.n_events, values);
}

/* What is known of the log behind its first n events. */
static void
userspace_keep(struct growing_userspace *userspace, size_t n, const struct pcr_values *values)
{
    const struct event *last = n ? &userspace->log.events[n - 1] : NULL;
    struct growing *now = &userspace->now;

    *now = (struct growing){.n_entries = userspace->known.n_entries + (uint32_t)n};
    for (size_t i = 0; i < values->selection.n; i++) {
        const struct pcr_set *set = &values->selection.sets[i];

        for (uint32_t pcr = 0; pcr < LIMIT_PCRS; pcr++) {
            if ((set->mask & PCR_MASK_USERSPACE) >> pcr & 1 && now->n_tracks < GROWING_TRACKS_MAX) {
                struct growing_track *track = &now->tracks[now->n_tracks++];

                *track = (struct growing_track){.bank = set->bank, .pcr = pcr};
                memcpy(track->value, values->value[i][pcr], sizeof(track->value));
            }
        }
    }
    userspace->end = last ? last->offset + last->length : 0;
    userspace->tail = n < userspace->log.n_events;
}

/* One try: the firmware's values, all but the last `back` userspace records, any prefix of IMA. */
static int
try_back(const struct growing_quote *quote, struct pcr_values *values,
         struct growing_userspace *userspace, size_t back, struct ima_search *search)
{
    size_t n = userspace ? userspace->log.n_events - back : 0;
    int r = 0;

    if (userspace) {
        userspace_begin(userspace, values);
        r = userspace_extend(quote->hasher, &userspace->log, n, values);
    }
    if (r == 0) {
        r = ima_search_run(search, values);
    }
    if (r == 0 && userspace) {
        userspace_keep(userspace, n, values);
    }
    return r;
}

int
growing_match(const struct growing_quote *quote, struct pcr_values *values,
              struct growing_userspace *userspace, struct growing_ima *ima)
{
    CLEANUP(free_p) struct pcr_values *work = malloc(sizeof(*work));
    CLEANUP(free_p) struct ima_search *search = malloc(sizeof(*search));
    size_t most = userspace ? userspace->log.n_events : 0;
    int r = GROWING_E_NONE;

    if (!work || !search) {
        return -ENOMEM;
    }
    ima_search_init(search, quote, ima);
    most = most < GROWING_LOOK_BACK ? most : GROWING_LOOK_BACK;
    for (size_t back = 0; back <= most && r == GROWING_E_NONE; back++) {
        *work = *values;
        r = try_back(quote, work, userspace, back, search);
    }
    if (r == 0) {
        *values = *work;
    }
    return r;
}
