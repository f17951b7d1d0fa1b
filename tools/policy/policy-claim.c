/* claim NAME: the names of base/claim.def, and the slots whose rules may tell each.
 * A claim is told to those who trust tokens: a rule of settings must not tell what state Secure
 * Boot is in. */
#include <stdio.h>

#include "policy/policy-draft.h"

#define S(name) (UINT64_C(1) << SLOT_##name)
#define SYSTEM (S(BOOT_IMAGES) | S(BOOT_KERNEL) | S(BOOT_INITRD) | S(UKI))
#define ITSELF 0 /* no rule's: the service tells it from what the TPM signed */

_Static_assert(SLOT_N <= 64, "slots are bits");

static const struct {
    const char *name;
    uint64_t slots;
} claims[] = {
#define CLAIM(claim, number, kind, slots, name, type, meaning) {(name), (slots)},
#include "base/claim.def"
#undef CLAIM
};

static void
say_whose(struct draft *d, const struct policy_token *at, size_t claim)
{
    char list[120] = "";
    size_t len = 0;

    for (size_t i = 0; i < SLOT_N && len < sizeof(list); i++) {
        if (claims[claim].slots >> i & 1) {
            len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s", len ? ", " : "",
                                    slot_table((enum slot)i)->name);
        }
    }
    draft_error_at(d, at, "%s is told by %s%s", claims[claim].name,
                   claims[claim].slots == ITSELF ? "the service itself, by no rule" : "rules of ",
                   list);
}

struct bytes
draft_claim(struct draft *d, enum slot slot)
{
    struct policy_guess guess = policy_guess(d->at->text);
    const struct policy_token *at = d->at;
    char room[GUESS_ROOM];

    for (size_t i = 0; i < ARRAY_LEN(claims); i++) {
        policy_guess_try(&guess, bytes_str(claims[i].name));
        if (draft_skip(d, claims[i].name)) {
            if (!(claims[i].slots >> slot & 1)) {
                say_whose(d, at, i);
            }
            return d->failed ? BYTES_NULL : at->text;
        }
    }
    draft_error(d, "no claim of this name%s", policy_guess_text(&guess, room));
    return BYTES_NULL;
}
