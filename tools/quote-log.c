#include "quote-log.h"

#include <errno.h>

#include "formats/replay.h"

/* Reads all events. Returns 0, 1 with a fault, or a negative errno. */
static int
replay_all(struct bytes bytes, struct hasher *hasher, struct replay *replay,
           struct fault *ret_fault)
{
    struct evlog log;
    struct evlog_event event;
    int r = evlog_open(bytes, &log, ret_fault);

    if (r != 0) {
        return r < 0 ? r : 1;
    }
    replay_init(replay, &log, hasher);
    while ((r = evlog_next(&log, &event, ret_fault)) == 0) {
        if (replay_event(replay, &event) < 0) {
            return -EIO;
        }
    }
    return r == EVLOG_END ? 0 : 1;
}

static void
take_bank(const struct replay *replay, size_t index, bool all, struct quote_bank *bank)
{
    for (unsigned pcr = 0; pcr < LIMIT_PCRS; pcr++) {
        struct rd rd = rd_init(replay_pcr(replay, index, pcr));

        if (rd_left(&rd) == hash_size(bank->alg) && (all || (replay->extended >> pcr & 1))) {
            rd_copy(&rd, bank->value[pcr], hash_size(bank->alg));
            bank->known |= UINT32_C(1) << pcr;
        }
    }
}

int
quote_log_replay(struct bytes log, bool all, struct hasher *hasher, struct quote_values *values,
                 struct fault *ret_fault)
{
    struct replay replay = {0};
    int r = replay_all(log, hasher, &replay, ret_fault);

    for (size_t i = 0; r == 0 && i < replay.n_banks; i++) {
        struct quote_bank *bank = quote_values_bank(values, replay.bank[i].hash);

        if (bank) {
            take_bank(&replay, i, all, bank);
        }
    }
    return r;
}
