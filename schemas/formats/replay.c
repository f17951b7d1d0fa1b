#include "formats/replay.h"

#include <errno.h>

#include "formats/evtype.h"

enum { FIRST_DRTM_PCR = 17, LAST_DRTM_PCR = 22, LOCALITY_HCRTM = 4 };

/* HASH_N for a hash that OpenSSL here does not have. */
static enum hash
available(struct hasher *hasher, enum hash hash)
{
    uint8_t out[HASH_SIZE_MAX];

    return hash != HASH_N && hasher_bytes(hasher, hash, BYTES_NULL, out) == 0 ? hash : HASH_N;
}

void
replay_init(struct replay *replay, const struct evlog *log, struct hasher *hasher)
{
    memset(replay, 0, sizeof(*replay));
    replay->hasher = hasher;
    replay->n_banks = log->n_banks;
    for (size_t i = 0; i < log->n_banks; i++) {
        replay->bank[i].hash = available(hasher, log->bank[i].hash);
        for (uint32_t pcr = FIRST_DRTM_PCR; pcr <= LAST_DRTM_PCR; pcr++) {
            memset(replay->bank[i].pcr[pcr], 0xff, sizeof(replay->bank[i].pcr[pcr]));
        }
    }
}

void
replay_start_at(struct replay *replay, uint8_t locality)
{
    for (size_t i = 0; i < replay->n_banks; i++) {
        if (replay->bank[i].hash != HASH_N) {
            replay->bank[i].pcr[0][hash_size(replay->bank[i].hash) - 1] = locality;
        }
    }
}

/* The locality that a StartupLocality event states; evlog has checked its form. */
static bool
states_locality(const struct evlog_event *event, uint8_t *ret_locality)
{
    static const char signature[] = "StartupLocality"; /* its NUL is part of it */
    struct rd rd = rd_init(event->data);
    struct bytes start = rd_bytes(&rd, sizeof(signature));

    *ret_locality = rd_u8(&rd);
    return event->type == EV_NO_ACTION && rd_end(&rd) &&
           bytes_equal(start, bytes_of(signature, sizeof(signature)));
}

/* An H-CRTM measured into PCR 0 before anything else: the TPM then starts it from 4. */
static bool
begins_with_hcrtm(const struct replay *replay, const struct evlog_event *event)
{
    return event->type == EV_EFI_HCRTM_EVENT && event->pcr == 0 && (replay->extended & 1u) == 0;
}

int
replay_event(struct replay *replay, const struct evlog_event *event)
{
    uint8_t locality;

    if (states_locality(event, &locality)) {
        replay_start_at(replay, locality);
    }
    if (!evlog_extends(event) || event->pcr >= LIMIT_PCRS) {
        return 0;
    }
    if (begins_with_hcrtm(replay, event)) {
        replay_start_at(replay, LOCALITY_HCRTM);
    }
    for (size_t i = 0; i < replay->n_banks; i++) {
        enum hash hash = replay->bank[i].hash;

        if (hash == HASH_N) {
            continue;
        }
        if (hasher_extend(replay->hasher, hash, replay->bank[i].pcr[event->pcr], event->digest[i]) <
            0) {
            return -EIO;
        }
    }
    replay->extended |= 1u << event->pcr;
    return 0;
}

struct bytes
replay_pcr(const struct replay *replay, size_t bank, uint32_t pcr)
{
    enum hash hash = bank < replay->n_banks ? replay->bank[bank].hash : HASH_N;

    if (hash == HASH_N || pcr >= LIMIT_PCRS) {
        return BYTES_NULL;
    }
    return bytes_of(replay->bank[bank].pcr[pcr], hash_size(hash));
}
