/* The quote of a support bundle and the logs beside it, judged as the service judges evidence. */
#pragma once

#include "offline.h"
#include "support.h"

/* Judges a support bundle: quote, signature, binding to its claims and site, selection, values,
 * replay in every active bank, IMA list, events, policy. support must live as long as *o, else as
 * offline_log_judge(). fault: of support_read(), rule RULE_NONE when it was read; then that is the
 * verdict. Returns 0 with the verdict, or a negative errno. */
MUST_CHECK int offline_quote_judge(struct offline *o, const struct offline_ask *ask,
                                   const struct support *support, const struct fault *fault);
