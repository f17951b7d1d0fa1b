/* Tokens from verdicts. Their times follow from the verdict's challenge, never from its arrival;
 * without a bound key (cnf) only an audience that the class marks as bearer gets one. */
#pragma once

#include "keeper/audience.h"
#include "keeper/keeper.h"

struct issue {
    const struct store_device *device;
    const struct store_class *class_row;
    const struct store_last *last; /* an accepted verdict */
    const struct claim_set *told;  /* what the verdict tells; NULL: nothing is known */
    int64_t life_s;                /* of its tokens, from its challenge on */
    const struct bound_key *key;   /* certified on this connection; NULL: none */
};

enum issue_outcome {
    ISSUE_OK,
    ISSUE_E_OLD,      /* less than KEEPER_TOKEN_LEAST_S would be left */
    ISSUE_E_AUDIENCE, /* the class does not allow it, or the site has no key for what it asks */
    ISSUE_E_KEY, /* the audience is bound, and no key, or no certificate of it, was certified */
};

/* The CWT is for the first audience of the class (keeper/audience.h) whose binding can be met; with
 * bound ones only and no key that is ISSUE_E_KEY. A JWT is signed by the key that the audience
 * wants. Return 0 with the token as a view into room, an issue_outcome, or a negative errno. */
MUST_CHECK int issue_cwt(struct keeper *keeper, const struct issue *issue, uint8_t *room,
                         size_t cap, struct bytes *ret);
MUST_CHECK int issue_jwt(struct keeper *keeper, const struct issue *issue, struct bytes audience,
                         uint8_t *room, size_t cap, struct bytes *ret);
