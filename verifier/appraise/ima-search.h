/* Inside appraise/ only: the prefix of an IMA list after which the quoted PCRs give pcrDigest. */
#pragma once

#include "appraise/growing.h"

/* A list over UDP has 4,800 entries at most and two ways of extending each bank; a try hashes about
 * 1 kB. Of a longer list only the last prefixes are tried: it was read right after the quote, and a
 * kernel that extends a TPM for each entry adds a few hundred in a second. */
#define IMA_SEARCH_TRIES 32768u
#define IMA_SEARCH_LAST 8192u

/* PCR 10 of one quoted bank, for both ways in which a kernel may have extended it. */
struct ima_search_bank {
    size_t set;    /* of the selection */
    size_t record; /* index in ima_records_banks */
    size_t at;     /* of its value among the hashed bytes */
    enum hash bank;
    bool open[2]; /* whether [own, padded] can be */
    uint8_t value[2][HASH_SIZE_MAX];
};

struct ima_search {
    const struct growing_quote *quote;
    struct growing_ima *ima; /* NULL: there is no list */
    unsigned tries;
    uint32_t n_skipped; /* entries before the prefixes that are tried */
    size_t n_banks;
    struct ima_search_bank banks[LIMIT_BANKS];
    size_t len; /* of what is hashed to pcrDigest */
    uint8_t flat[LIMIT_BANKS * LIMIT_PCRS * HASH_SIZE_MAX];
};

void ima_search_init(struct ima_search *search, const struct growing_quote *quote,
                     struct growing_ima *ima);

/* Searches with these values of all other PCRs; sets those of PCR 10, and *ima. As
 * growing_match(); may be run again with others. */
MUST_CHECK int ima_search_run(struct ima_search *search, struct pcr_values *values);
