#include "appraise/ima-search.h"

#include "appraise/ima-records.h"

enum { OWN, PADDED, WAYS };

void
ima_search_init(struct ima_search *search, const struct growing_quote *quote,
                struct growing_ima *ima)
{
    struct ima_records records = ima_records_open(ima ? ima->records : BYTES_NULL);
    struct ima_record record;
    uint32_t n = 0;

    while (ima_records_next(&records, &record, NULL) == 0) {
        n++;
    }
    search->quote = quote;
    search->ima = ima;
    search->tries = 0;
    search->n_skipped = n > IMA_SEARCH_LAST ? n - IMA_SEARCH_LAST : 0;
}

/* A bank of PCR 10, from its start or from where the part before ended. Returns whether a reader
 * has digests for it. */
static bool
bank_begin(const struct ima_search *search, const struct pcr_set *set, struct ima_search_bank *bank)
{
    const struct growing *known = &search->ima->known;
    const struct growing_track *track = growing_track(known, set->bank, GROWING_PCR_IMA);

    bank->bank = set->bank;
    bank->open[OWN] = !track || !track->padded;
    bank->open[PADDED] = set->bank != HASH_SHA1 && (!track || track->padded);
    for (size_t way = 0; track && way < WAYS; way++) {
        memcpy(bank->value[way], track->value, sizeof(track->value));
    }
    while (bank->record < IMA_RECORDS_BANKS && ima_records_banks[bank->record] != set->bank) {
        bank->record++;
    }
    return bank->record < IMA_RECORDS_BANKS;
}

/* Lays out what is hashed. Returns false when a bank has PCR 10 and cannot be replayed. */
static bool
lay_out(struct ima_search *search, const struct pcr_values *values)
{
    struct wr wr = wr_init(search->flat, sizeof(search->flat));
    bool good = true;

    search->n_banks = 0;
    for (size_t i = 0; i < values->selection.n; i++) {
        const struct pcr_set *set = &values->selection.sets[i];

        for (uint32_t pcr = 0; pcr < LIMIT_PCRS; pcr++) {
            if (search->ima && pcr == GROWING_PCR_IMA && set->mask >> pcr & 1) {
                struct ima_search_bank *bank = &search->banks[search->n_banks++];

                *bank = (struct ima_search_bank){.set = i, .at = wr.len};
                good = bank_begin(search, set, bank) && good;
            }
            if (set->mask >> pcr & 1) {
                wr_bytes(&wr, bytes_of(values->value[i][pcr], hash_size(set->bank)));
            }
        }
    }
    search->len = wr.len;
    return good && !wr.failed;
}

/* Whether the ways in `ways`, a bit a bank, can all be. */
static bool
can_be(const struct ima_search *search, unsigned ways)
{
    bool all = true;

    for (size_t i = 0; i < search->n_banks && i < LIMIT_BANKS; i++) {
        all = all && search->banks[i].open[ways >> i & 1];
    }
    return all;
}

/* Hashes with each way that can be. Returns 0 with the ways that meet the quote, GROWING_E_NONE, or
 * a negative errno. */
static int
meets(struct ima_search *search, unsigned *ret_ways)
{
    const struct growing_quote *quote = search->quote;
    uint8_t digest[HASH_SIZE_MAX];

    for (unsigned ways = 0; ways < 1u << search->n_banks; ways++) {
        int r;

        if (!can_be(search, ways) || search->tries >= IMA_SEARCH_TRIES) {
            continue;
        }
        search->tries++;
        for (size_t i = 0; i < search->n_banks && i < LIMIT_BANKS; i++) {
            const struct ima_search_bank *bank = &search->banks[i];

            memcpy(search->flat + bank->at, bank->value[ways >> i & 1], hash_size(bank->bank));
        }
        r = hasher_bytes(quote->hasher, quote->alg, bytes_of(search->flat, search->len), digest);
        if (r < 0) {
            return r;
        }
        if (bytes_equal(quote->pcr_digest, bytes_of(digest, hash_size(quote->alg)))) {
            *ret_ways = ways;
            return 0;
        }
    }
    return GROWING_E_NONE;
}

/* What the kernel hands to the TPM for one entry, Linux ima_queue.c. */
static int
extend(struct ima_search *search, const struct ima_record *record)
{
    for (size_t i = 0; i < search->n_banks && i < LIMIT_BANKS; i++) {
        struct ima_search_bank *bank = &search->banks[i];

        for (size_t way = 0; way < WAYS; way++) {
            struct bytes from = record->template_digest[way == OWN ? bank->record : 0];
            uint8_t digest[HASH_SIZE_MAX] = {0};
            int r;

            if (record->flags & IMA_RECORD_VIOLATION) {
                memset(digest, 0xff, sizeof(digest));
            } else {
                memcpy(digest, from.p, from.len);
            }
            r = hasher_extend(search->quote->hasher, bank->bank, bank->value[way],
                              bytes_of(digest, hash_size(bank->bank)));
            if (r < 0) {
                return r;
            }
        }
    }
    return 0;
}

/* The quote is met here, in these ways: what is known behind this entry, which ends at `end`. */
static void
keep(struct ima_search *search, unsigned ways, const struct growing *so_far, uint32_t end,
     struct pcr_values *values)
{
    struct growing_ima *ima = search->ima;

    ima->now = *so_far;
    ima->now.n_tracks = search->n_banks;
    ima->end = end;
    for (size_t i = 0; i < search->n_banks && i < LIMIT_BANKS; i++) {
        const struct ima_search_bank *bank = &search->banks[i];
        const uint8_t *value = bank->value[ways >> i & 1];
        struct growing_track *track = &ima->now.tracks[i];

        *track = (struct growing_track){bank->bank, GROWING_PCR_IMA, ways >> i & 1, {0}};
        memcpy(track->value, value, hash_size(bank->bank));
        memcpy(values->value[bank->set][GROWING_PCR_IMA], value, hash_size(bank->bank));
    }
}

/* One more entry. Returns 0 when the quote is met behind it, GROWING_E_NONE, or a negative errno;
 * *ret_done once no later entry can meet it. */
static int
step(struct ima_search *search, const struct ima_record *record, struct growing *so_far, bool found,
     bool *ret_done, struct pcr_values *values)
{
    unsigned ways = 0;
    int r;

    so_far->n_entries++;
    if (record->pcr != GROWING_PCR_IMA) { /* counts as an entry and extends nothing here */
        if (found) {
            search->ima->now.n_entries = so_far->n_entries;
            search->ima->end = record->end;
        }
        return found ? 0 : GROWING_E_NONE;
    }
    if (found || search->tries >= IMA_SEARCH_TRIES) {
        *ret_done = true; /* a hash chain does not come back to a value */
        return found ? 0 : GROWING_E_NONE;
    }
    so_far->n_violations += record->flags & IMA_RECORD_VIOLATION ? 1 : 0;
    r = extend(search, record);
    if (r == 0) {
        r = so_far->n_entries - search->ima->known.n_entries > search->n_skipped
                ? meets(search, &ways)
                : GROWING_E_NONE;
    }
    if (r == 0) {
        keep(search, ways, so_far, record->end, values);
    }
    return r;
}

/* The list, entry by entry. */
static int
walk(struct ima_search *search, struct pcr_values *values)
{
    struct growing_ima *ima = search->ima;
    struct ima_records records = ima_records_open(ima->records);
    struct growing so_far = {.n_entries = ima->known.n_entries,
                             .n_violations = ima->known.n_violations};
    struct ima_record record;
    bool done = false;
    unsigned ways = 0;
    int next = 0;
    int r = meets(search, &ways);

    if (r == 0) {
        keep(search, ways, &so_far, 0, values);
    }
    while (r >= 0 && !done && (next = ima_records_next(&records, &record, &ima->fault)) == 0) {
        r = step(search, &record, &so_far, r == 0, &done, values);
    }
    if (r < 0 || next == IMA_RECORDS_E_FORM) {
        return r < 0 ? r : GROWING_E_FORM;
    }
    if (r == 0) {
        ima->tail = next != IMA_RECORDS_E_END;
        ima->fault = (struct fault){.event = FAULT_NO_EVENT};
    }
    return r;
}

int
ima_search_run(struct ima_search *search, struct pcr_values *values)
{
    unsigned ways;

    if (!lay_out(search, values)) {
        return GROWING_E_NONE;
    }
    return search->ima ? walk(search, values) : meets(search, &ways);
}
