#include "keeper/audience.h"

#include "base/name.h"

enum option {
    OPTION_RS256 = 1,
    OPTION_PAIRWISE = 2,
    OPTION_EAR_2026 = 4,
    OPTION_X5T = 8,
    OPTION_GROUPS = 16,
};

static const struct {
    const char *name;
    enum option option;
} options[] = {
    {"rs256", OPTION_RS256}, {"pairwise", OPTION_PAIRWISE}, {"ear-2026", OPTION_EAR_2026},
    {"x5t", OPTION_X5T},     {"groups", OPTION_GROUPS},
};

/* Takes what stands before the separator off the front of a text, and the separator. */
static struct bytes
part(struct bytes *text, char separator)
{
    const uint8_t *end = text->len ? memchr(text->p, separator, text->len) : NULL;
    size_t len = end ? (size_t)(end - text->p) : text->len;
    struct bytes head = bytes_of(text->p, len);

    *text = bytes_of(text->p + len + (end != NULL), text->len - len - (end != NULL));
    return head;
}

/* "dbx.level+tpm.vendor": one name at least, none twice, none that every token tells. */
static bool
claims_read(struct bytes names, uint64_t *claims)
{
    uint64_t all = claim_default();
    bool good = *claims == 0 && names.len > 0 && names.p[names.len - 1] != '+';

    while (good && names.len > 0) {
        enum claim claim;

        good = claim_named(part(&names, '+'), &claim) && !(all >> claim & 1);
        all |= good ? UINT64_C(1) << claim : 0;
    }
    *claims = all & ~claim_default();
    return good;
}

/* Adds one option; false when it is none, or there already. */
static bool
option_read(struct bytes word, unsigned *set, uint64_t *claims)
{
    static const char with[] = "claims=";
    const size_t len = sizeof(with) - 1;

    if (word.len > len && memcmp(word.p, with, len) == 0) {
        return claims_read(bytes_of(word.p + len, word.len - len), claims);
    }
    for (size_t i = 0; i < ARRAY_LEN(options); i++) {
        if (bytes_equal(word, bytes_str(options[i].name))) {
            bool fresh = !(*set & options[i].option);

            *set |= options[i].option;
            return fresh;
        }
    }
    return false;
}

/* What differs between two machines that run the same: it would tie their names together. */
static const uint64_t unlike = UINT64_C(1) << CLAIM_BOOT_CMDLINE_DIGEST |
                               UINT64_C(1) << CLAIM_BOOT_SCRIPT_DIGEST |
                               UINT64_C(1) << CLAIM_IMA_COUNT | UINT64_C(1) << CLAIM_IMA_UNKNOWN |
                               UINT64_C(1) << CLAIM_SB_PK_ID |
                               UINT64_C(1) << CLAIM_BOOT_AUTHORITY | /* where keys are one's own */
                               UINT64_C(1) << CLAIM_BOOT_LOADER;     /* a UKI made on the machine */

/* What each kind of token cannot be; and who shall not know a device again at another audience is
 * not told what few devices have in common. */
static bool
options_fit(bool bound, unsigned set, uint64_t claims)
{
    return !(set & OPTION_PAIRWISE && set & OPTION_GROUPS) &&
           !(set & (bound ? OPTION_PAIRWISE : OPTION_X5T)) &&
           !(set & OPTION_PAIRWISE && claims & unlike);
}

static bool
word_read(struct bytes word, struct audience *ret)
{
    bool listed = word.len > 0 && word.p[word.len - 1] != ','; /* no empty option at the end */
    struct bytes kind = part(&word, ':');
    bool bound = bytes_equal(kind, bytes_str("bound"));
    struct bytes name = part(&word, ',');
    unsigned set = 0;
    uint64_t claims = 0;

    if (!listed || (!bound && !bytes_equal(kind, bytes_str("bearer"))) || !name_good(name)) {
        return false;
    }
    while (word.len > 0) {
        if (!option_read(part(&word, ','), &set, &claims)) {
            return false;
        }
    }
    if (!options_fit(bound, set, claims)) {
        return false;
    }
    *ret = (struct audience){
        .name = name,
        .bound = bound,
        .rs256 = set & OPTION_RS256,
        .pairwise = set & OPTION_PAIRWISE,
        .claims = claim_default() | claims,
        .groups = set & OPTION_GROUPS,
        .spelling = set & OPTION_EAR_2026 ? TOKEN_EAR_NEW : TOKEN_EAR_OLD,
        .cnf = !bound             ? TOKEN_CNF_NONE
               : set & OPTION_X5T ? TOKEN_CNF_X5T
                                  : TOKEN_CNF_JKT,
    };
    return true;
}

/* The next word of a list; empty at its end. */
static struct bytes
next_word(const char **at)
{
    struct bytes word;

    *at += strspn(*at, " ");
    word = bytes_of(*at, strcspn(*at, " "));
    *at += word.len;
    return word;
}

bool
audience_next(const char **at, struct audience *ret)
{
    for (struct bytes word = next_word(at); word.len > 0; word = next_word(at)) {
        if (word_read(word, ret)) {
            return true;
        }
    }
    return false;
}

bool
audience_find(const char *list, struct bytes name, struct audience *ret)
{
    struct audience audience;

    while (audience_next(&list, &audience)) {
        if (bytes_equal(audience.name, name)) {
            *ret = audience;
            return true;
        }
    }
    return false;
}

bool
audience_list_good(const char *list)
{
    const char *at = list;
    struct audience audience;
    struct audience first;

    if (list[0] == ' ' || strstr(list, "  ")) {
        return false;
    }
    for (struct bytes word = next_word(&at); word.len > 0; word = next_word(&at)) {
        /* the first word for a name must be this very one */
        if (!word_read(word, &audience) || !audience_find(list, audience.name, &first) ||
            first.name.p != audience.name.p) {
            return false;
        }
    }
    return true;
}
