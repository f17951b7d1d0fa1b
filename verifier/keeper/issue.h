/* Tokens from verdicts. Their times follow from the verdict's challenge, never from its arrival;
 * without a bound key (cnf) only an audience that the class marks as bearer gets one. */
#pragma once

#include "keeper/keeper.h"

struct issue {
    const struct store_device *device;
    const struct store_class *class_row;
    const struct store_last *last; /* an accepted verdict */
    bool null_nonce;               /* it rests on a connection's random alone */
};

enum issue_outcome {
    ISSUE_OK,
    ISSUE_E_OLD,      /* less than KEEPER_TOKEN_LEAST_S would be left */
    ISSUE_E_AUDIENCE, /* the class does not allow it, or not as bearer */
};

/* Classes list audiences as "bearer:NAME", space-separated. The CWT is for the first of them.
 * Return 0 with the token as a view into room, an issue_outcome, or a negative errno. */
MUST_CHECK int issue_cwt(struct keeper *keeper, const struct issue *issue, uint8_t *room,
                         size_t cap, struct bytes *ret);
MUST_CHECK int issue_jwt(struct keeper *keeper, const struct issue *issue, struct bytes audience,
                         uint8_t *room, size_t cap, struct bytes *ret);
