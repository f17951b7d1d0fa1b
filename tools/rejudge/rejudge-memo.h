/* Judgements that members share: those whose logs, pins, class and ages say the same to both sides.
 * A bounded table; what does not fit any more is judged again. Inside tools/rejudge. */
#pragma once

#include "rejudge/rejudge.h"

#define REJUDGE_MEMO_KEY 32u

struct rejudge_memo;

struct rejudge_memo *rejudge_memo_new(void); /* NULL when memory ends; 2 MB */
void rejudge_memo_free(struct rejudge_memo *memo);

/* NULL: not known. Valid until the next put. */
const struct rejudge_result *rejudge_memo_get(const struct rejudge_memo *memo,
                                              const uint8_t key[REJUDGE_MEMO_KEY]);
void rejudge_memo_put(struct rejudge_memo *memo, const uint8_t key[REJUDGE_MEMO_KEY],
                      const struct rejudge_result *result);
