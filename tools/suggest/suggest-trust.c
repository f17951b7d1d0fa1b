#include "suggest/suggest-trust.h"

#include <errno.h>
#include <stdlib.h>

#include "base/wr.h"
#include "rejudge/rejudge-kept.h"

enum { PLACES = 256, EVENT_ROOM = 1 + HASH_SIZE_MAX };

struct suggest_trust {
    struct slot_map map;
    uint8_t room[LIMIT_EVENTS * EVENT_ROOM];
    struct {
        bool used;
        uint8_t digest[32];
        struct pcr_set quote;
        struct suggest_trusted trusted;
    } places[PLACES];
};

struct suggest_trust *
suggest_trust_new(void)
{
    return calloc(1, sizeof(struct suggest_trust));
}

void
suggest_trust_free(struct suggest_trust *trust)
{
    free(trust);
}

enum suggest_level
suggest_level(enum slot slot)
{
    switch (slot) {
    case SLOT_CRTM_VERSION:
    case SLOT_FIRMWARE:
    case SLOT_NONHOST_INFO:
        return SUGGEST_OF_FIRMWARE;
    case SLOT_SECUREBOOT:
    case SLOT_SB_MODE:
    case SLOT_SB_PK:
    case SLOT_SB_KEK:
    case SLOT_SB_DB:
        return SUGGEST_OF_KEYS;
    default:
        return SUGGEST_OF_OTHERS;
    }
}

static size_t
bank_of(const struct event_log *log, enum hash alg)
{
    size_t bank = 0;

    while (bank < log->n_banks && log->banks[bank] != alg) {
        bank++;
    }
    return bank;
}

/* The slots and digests of one level, in the log's order. */
static int
digest_level(struct suggest_trust *trust, struct hasher *hasher, const struct event_log *log,
             size_t bank, enum suggest_level level, uint8_t ret[32])
{
    struct wr wr = wr_init(trust->room, sizeof(trust->room));

    for (size_t i = 0; i < log->n_events && i < trust->map.n; i++) {
        enum slot slot = (enum slot)trust->map.events[i].slot;

        if (suggest_level(slot) == level) {
            wr_u8(&wr, (uint8_t)slot);
            wr_bytes(&wr, log->events[i].digest[bank]);
        }
    }
    return wr.failed ? -ENOSPC : hasher_bytes(hasher, HASH_SHA256, wr_done(&wr), ret);
}

int
suggest_trust_of(struct suggest_trust *trust, struct hasher *hasher, const struct event_log *log,
                 struct pcr_set quote, struct suggest_trusted *ret)
{
    struct suggest_trusted trusted;
    size_t bank = bank_of(log, quote.bank);
    int r;

    if (bank == log->n_banks) {
        return STORE_NONE;
    }
    r = slots_assign(hasher, log, NULL, quote, &trust->map);
    r = r == 0 ? digest_level(trust, hasher, log, bank, SUGGEST_OF_FIRMWARE, trusted.firmware) : r;
    r = r == 0 ? digest_level(trust, hasher, log, bank, SUGGEST_OF_KEYS, trusted.keys) : r;
    if (r == 0) {
        *ret = trusted;
    }
    return r;
}

int
suggest_trust_kept(struct suggest_trust *trust, struct store *store, struct hasher *hasher,
                   const uint8_t digest[32], struct pcr_set quote, struct suggest_trusted *ret)
{
    size_t i = digest[0] % PLACES; /* a digest: its bytes are spread */
    struct suggest_trusted trusted;
    struct rejudge_log log;
    int r;

    if (trust->places[i].used && memcmp(trust->places[i].digest, digest, 32) == 0 &&
        trust->places[i].quote.bank == quote.bank && trust->places[i].quote.mask == quote.mask) {
        *ret = trust->places[i].trusted;
        return 0;
    }
    r = rejudge_log_load(store, hasher, digest, LOG_FIRMWARE, &log);
    if (r != 0) {
        return r < 0 ? r : STORE_NONE;
    }
    r = suggest_trust_of(trust, hasher, &log.read.log, quote, &trusted);
    rejudge_log_done(&log);
    if (r == 0) {
        trust->places[i].used = true;
        memcpy(trust->places[i].digest, digest, 32);
        trust->places[i].quote = quote;
        trust->places[i].trusted = trusted;
        *ret = trusted;
    }
    return r;
}
