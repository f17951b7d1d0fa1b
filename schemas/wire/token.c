#include "wire/token.h"

#include "base/b64.h"
#include "base/utf8.h"
#include "base/wr.h"

static const struct {
    const char *name;
    unsigned number;
} statuses[] = {
    [TOKEN_NONE] = {"none", 0},
    [TOKEN_AFFIRMING] = {"affirming", 2},
    [TOKEN_WARNING] = {"warning", 32},
    [TOKEN_CONTRAINDICATED] = {"contraindicated", 96},
};

const char *
token_status_name(enum token_status status)
{
    return statuses[status].name;
}

unsigned
token_status_number(enum token_status status)
{
    return statuses[status].number;
}

bool
token_status_from_number(uint64_t number, enum token_status *ret_status)
{
    for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
        if (statuses[i].number == number) {
            *ret_status = (enum token_status)i;
            return true;
        }
    }
    return false;
}

const char *
token_category_name(enum token_category category)
{
    static const char *const names[TOKEN_CATEGORIES] = {
        [TOKEN_INSTANCE_IDENTITY] = "instance-identity",
        [TOKEN_CONFIGURATION] = "configuration",
        [TOKEN_EXECUTABLES] = "executables",
        [TOKEN_FILE_SYSTEM] = "file-system",
        [TOKEN_HARDWARE] = "hardware",
        [TOKEN_RUNTIME_OPAQUE] = "runtime-opaque",
        [TOKEN_STORAGE_OPAQUE] = "storage-opaque",
        [TOKEN_SOURCED_DATA] = "sourced-data",
    };

    return names[category];
}

enum token_status
token_value_tier(int8_t value)
{
    if (value >= -1 && value <= 1) {
        return TOKEN_NONE;
    }
    if (value >= -32 && value <= 31) {
        return TOKEN_AFFIRMING;
    }
    return value >= -96 && value <= 95 ? TOKEN_WARNING : TOKEN_CONTRAINDICATED;
}

/* How little a tier trusts: nothing asserted lies between affirming and warning (EAR's order of
 * the numbers 0, 2, 32, 96 is not one of trust: an absent claim must not look better than 2). */
static unsigned
distrust(enum token_status tier)
{
    static const unsigned order[] = {
        [TOKEN_AFFIRMING] = 0, [TOKEN_NONE] = 1, [TOKEN_WARNING] = 2, [TOKEN_CONTRAINDICATED] = 3};

    return order[tier];
}

enum token_status
token_vector_tier(const struct token_vector *vector)
{
    enum token_status worst = TOKEN_AFFIRMING;
    bool asserted = false;

    for (unsigned i = 0; i < TOKEN_CATEGORIES; i++) {
        enum token_status tier = token_value_tier(vector->value[i]);

        if (!(vector->present >> i & 1) || vector->value[i] == 0) {
            continue; /* 0 is the same as absent: AR4SI section 2.3.2 */
        }
        asserted = true;
        if (distrust(tier) > distrust(worst)) {
            worst = tier;
        }
    }
    return asserted ? worst : TOKEN_NONE;
}

/* Whether the status may stand beside the vector: none promises nothing and always may. */
static bool
status_fits(const struct token_claims *claims)
{
    return claims->status == TOKEN_NONE ||
           distrust(claims->status) >= distrust(token_vector_tier(&claims->vector));
}

static bool
text_fits(struct bytes text)
{
    return text.len > 0 && text.len <= LIMIT_TOKEN_TEXT && utf8_valid(text);
}

static bool
times_fit(const struct token_claims *claims)
{
    const int64_t max = INT64_C(1) << 53;

    return claims->iat > 0 && claims->iat <= claims->exp && claims->exp < max && claims->nbf > 0 &&
           claims->nbf <= claims->exp;
}

static bool
sub_fits(struct bytes sub)
{
    static const char prefix[] = TOKEN_SUB_PREFIX;
    const size_t prefix_len = sizeof(prefix) - 1;
    uint8_t ueid[TOKEN_UEID_MAX];
    size_t len = 0;

    return sub.len > prefix_len && memcmp(sub.p, prefix, prefix_len) == 0 &&
           b64_read(bytes_of(sub.p + prefix_len, sub.len - prefix_len), ueid, sizeof(ueid), &len) ==
               0 &&
           len >= 7;
}

static bool
mirror_fits(const struct token_mirror *mirror)
{
    if (mirror->level > TOKEN_LEVEL_MAX || mirror->n_groups > LIMIT_TOKEN_GROUPS ||
        mirror->n_reasons > LIMIT_TOKEN_REASONS || mirror->boot_id.len > 32 ||
        (mirror->policy.len > 0 && !text_fits(mirror->policy))) {
        return false;
    }
    for (size_t i = 0; i < mirror->n_groups; i++) {
        struct bytes group = mirror->groups[i];

        if (!text_fits(group) || memchr(group.p, ' ', group.len)) {
            return false;
        }
    }
    for (size_t i = 0; i < mirror->n_reasons; i++) {
        if (mirror->reasons[i] == REASON_NONE || !reason_name(mirror->reasons[i])) {
            return false;
        }
    }
    return true;
}

int
token_check(const struct token_claims *claims)
{
    if (!text_fits(claims->iss) || !text_fits(claims->aud) || !sub_fits(claims->sub) ||
        !text_fits(claims->developer) || !text_fits(claims->build) || !times_fit(claims) ||
        !status_fits(claims) || claims->n_policies > LIMIT_TOKEN_POLICIES ||
        claims->n_codes > LIMIT_TOKEN_REASONS || claims->boot_id.len > 32 ||
        (claims->nonce.len > 0 && (claims->nonce.len < 8 || claims->nonce.len > 64))) {
        return TOKEN_E_CLAIMS;
    }
    for (size_t i = 0; i < claims->n_policies; i++) {
        if (!text_fits(claims->policies[i])) {
            return TOKEN_E_CLAIMS;
        }
    }
    return !claims->mirror || mirror_fits(claims->mirror) ? 0 : TOKEN_E_CLAIMS;
}

bool
token_shed(struct token_claims *claims, struct token_mirror *room)
{
    bool has_reasons = claims->mirror && claims->mirror->n_reasons > 0;

    if (claim_set_shed(&claims->told)) {
        return true;
    }
    if (has_reasons) {
        *room = *claims->mirror;
        room->n_reasons--;
        claims->mirror = room;
    }
    if (claims->n_codes == 0) {
        return has_reasons;
    }
    claims->n_codes--;
    return true;
}

struct bytes
token_sub_write(struct bytes ueid, char room[TOKEN_SUB_ROOM])
{
    const size_t prefix_len = sizeof(TOKEN_SUB_PREFIX) - 1;
    struct wr wr = wr_init(room, TOKEN_SUB_ROOM);

    if (ueid.len < 7 || ueid.len > TOKEN_UEID_MAX) {
        return BYTES_NULL;
    }
    wr_str(&wr, TOKEN_SUB_PREFIX);
    return bytes_of(room, prefix_len + b64_write(room + prefix_len, ueid));
}
