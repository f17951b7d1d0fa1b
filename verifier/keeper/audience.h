/* The words of a class's audiences: who may be told about its devices, and how. A word is
 *
 *     bearer:NAME[,OPTION]…    whoever holds the token is believed
 *     bound:NAME[,OPTION]…     the token names a key of the device's TPM (cnf)
 *
 * with the options, in any order, each once:
 *
 *     rs256       JWTs are signed with the site's RSA key, for consumers that know nothing else
 *     pairwise    sub and boot name differ from every other audience's (bearer only: the device
 *                 key of bound tokens is one for all audiences, and would tie them together)
 *     ear-2026    EAR's names as respelled in 2026; without it as deployed readers know them
 *     groups      JWTs name the device's groups behind its class; without it the class alone (not
 *                 beside pairwise: groups tell devices apart). So that a JWT keeps within its
 *                 bytes, NAME and the class have AUDIENCE_GROUPS_NAME letters at most then,
 *                 and the issuer AUDIENCE_GROUPS_ISSUER
 *     claims=A+B  tokens tell these claims of base/claim.def too, beside claim_default(); not to a
 *                 pairwise audience what can name one machine: digests of command lines and
 *                 scripts, counts of files, keys and loaders that may be a machine's own
 *     x5t         cnf names the key's certificate (RFC 8705); without it the key (RFC 9449; bound
 *                 only)
 *
 * NAME is as base/name.h says. Words are separated by blanks. The options of signature and spelling
 * are for JWTs: a CWT has one of each. */
#pragma once

#include "wire/token.h"

#define AUDIENCE_GROUPS_NAME 24u
#define AUDIENCE_GROUPS_ISSUER 72u

struct audience {
    struct bytes name; /* view into the word */
    bool bound;
    bool rs256;
    bool pairwise;
    bool groups;
    uint64_t claims; /* that its tokens tell: bits of enum claim */
    enum token_spelling spelling;
    enum token_cnf cnf; /* TOKEN_CNF_NONE unless bound */
};

/* The next good word of a list; others are passed over, so that a word of a later version gives no
 * token here. Returns false at the list's end. */
bool audience_next(const char **at, struct audience *ret);

/* The first word for this name. Returns false when there is none. */
bool audience_find(const char *list, struct bytes name, struct audience *ret);

/* Whether every word of a list is good, one blank stands between two, and no two are for one name.
 */
bool audience_list_good(const char *list);
