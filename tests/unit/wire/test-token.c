/* wire/token */
#include "wire/token.h"
#include "lib/check.h"
#include "lib/token-sample.h"

static void
the_sample_is_consistent(void)
{
    struct token_claims claims = token_sample();

    CHECK_EQ(token_check(&claims), 0);
    CHECK_BYTES(claims.sub, bytes_str("urn:dev:ueid:AV7tAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"));
}

static void
tiers_are_those_of_ar4si(void)
{
    for (int value = -128; value <= 127; value++) {
        enum token_status tier = token_value_tier((int8_t)value);
        int positive = value >= 0 ? value : -value - 1; /* -1 is as 1, -2 to -32 as 2 to 31, … */

        if (value >= -1 && value <= 1) {
            CHECK_EQ(tier, TOKEN_NONE);
        } else {
            CHECK_EQ(tier, positive <= 31   ? TOKEN_AFFIRMING
                           : positive <= 95 ? TOKEN_WARNING
                                            : TOKEN_CONTRAINDICATED);
        }
    }
}

static void
a_vector_is_as_good_as_its_worst_claim(void)
{
    struct token_vector v = {{0}, 0};

    CHECK_EQ(token_vector_tier(&v), TOKEN_NONE);
    v.present = 0xff; /* eight zeros assert nothing */
    CHECK_EQ(token_vector_tier(&v), TOKEN_NONE);
    v.value[7] = 2;
    CHECK_EQ(token_vector_tier(&v), TOKEN_AFFIRMING);
    v.value[0] = -1; /* a verifier's malfunction is not affirming */
    CHECK_EQ(token_vector_tier(&v), TOKEN_NONE);
    v.value[1] = 32;
    CHECK_EQ(token_vector_tier(&v), TOKEN_WARNING);
    v.value[2] = 99;
    CHECK_EQ(token_vector_tier(&v), TOKEN_CONTRAINDICATED);
    v.present = 0x80; /* what is absent does not count */
    CHECK_EQ(token_vector_tier(&v), TOKEN_AFFIRMING);
}

static void
a_status_is_not_better_than_its_vector(void)
{
    static const int8_t values[] = {0, 2, 32, 96};
    static const bool fits[4][4] = {
        /* vector: nothing, affirming, warning, contraindicated */
        [TOKEN_NONE] = {true, true, true, true},
        [TOKEN_AFFIRMING] = {false, true, false, false},
        [TOKEN_WARNING] = {true, true, true, false},
        [TOKEN_CONTRAINDICATED] = {true, true, true, true},
    };

    for (unsigned status = 0; status < 4; status++) {
        for (unsigned i = 0; i < 4; i++) {
            struct token_claims claims = token_sample();

            claims.status = (enum token_status)status;
            claims.vector = (struct token_vector){{values[i]}, 1};
            CHECK_EQ(token_check(&claims), fits[status][i] ? 0 : TOKEN_E_CLAIMS);
        }
    }
}

static void
statuses_have_their_numbers(void)
{
    static const unsigned numbers[] = {0, 2, 32, 96};

    for (unsigned n = 0; n < 256; n++) {
        enum token_status status = TOKEN_NONE;

        if (token_status_from_number(n, &status)) {
            CHECK_EQ(token_status_number(status), n);
            CHECK_EQ(numbers[status], n);
        } else {
            CHECK(n != 0 && n != 2 && n != 32 && n != 96);
        }
    }
    CHECK_STR(token_status_name(TOKEN_CONTRAINDICATED), "contraindicated");
}

static struct token_claims claims;
static struct token_mirror mirror;

static void
sample(void)
{
    claims = token_sample();
    mirror = *claims.mirror;
    claims.mirror = &mirror;
}

#define REFUSED(change)                                 \
    do {                                                \
        sample();                                       \
        change;                                         \
        CHECK_EQ(token_check(&claims), TOKEN_E_CLAIMS); \
    } while (0)

static void
missing_and_odd_text_is_refused(void)
{
    static uint8_t long_text[LIMIT_TOKEN_TEXT + 1];

    memset(long_text, 'a', sizeof(long_text));
    REFUSED(claims.iss = BYTES_NULL);
    REFUSED(claims.iss = BYTES_OF(long_text));
    REFUSED(claims.aud = BYTES_NULL);
    REFUSED(claims.aud = bytes_str("\xff"));
    REFUSED(claims.developer = BYTES_NULL);
    REFUSED(claims.build = BYTES_NULL);
    REFUSED(claims.policies[0] = BYTES_NULL);
    REFUSED(claims.n_policies = LIMIT_TOKEN_POLICIES + 1);
    REFUSED(claims.nonce.len = 7);
    REFUSED(claims.nonce.len = 65);
}

static void
a_sub_that_is_no_ueid_is_refused(void)
{
    char room[TOKEN_SUB_ROOM];
    static const uint8_t ueid[34];

    REFUSED(claims.sub = bytes_str("AV7tAAAA"));
    REFUSED(claims.sub = bytes_str("urn:dev:ueid:"));
    REFUSED(claims.sub = bytes_str("urn:dev:ueid:AAAAAAAA"));     /* 6 bytes */
    REFUSED(claims.sub = bytes_str("urn:dev:ueid:AAAAAAAAAA==")); /* padding */
    REFUSED(claims.sub = bytes_str("urn:dev:ueif:AAAAAAAAAAAAAA"));
    CHECK_EQ(token_sub_write(bytes_of(ueid, 34), room).len, 0);
    CHECK_EQ(token_sub_write(bytes_of(ueid, 6), room).len, 0);
    CHECK_BYTES(token_sub_write(bytes_of(ueid, 7), room), bytes_str("urn:dev:ueid:AAAAAAAAAA"));
}

static void
times_that_make_no_sense_are_refused(void)
{
    REFUSED(claims.iat = 0);
    REFUSED(claims.exp = claims.iat - 1);
    REFUSED(claims.nbf = claims.exp + 1);
    REFUSED(claims.nbf = 0);
    REFUSED(claims.exp = INT64_C(1) << 53);
}

static void
a_mirror_that_consumers_would_misread_is_refused(void)
{
    const struct bytes spaced[] = {bytes_str("a b")};
    const struct bytes none[] = {BYTES_NULL};
    const enum reason unknown[] = {(enum reason)999};

    REFUSED(mirror.level = 4);
    REFUSED((mirror.groups = spaced, mirror.n_groups = 1));
    REFUSED((mirror.groups = none, mirror.n_groups = 1));
    REFUSED(mirror.n_groups = LIMIT_TOKEN_GROUPS + 1);
    REFUSED((mirror.reasons = unknown, mirror.n_reasons = 1));
    REFUSED(mirror.n_reasons = LIMIT_TOKEN_REASONS + 1);
    REFUSED(mirror.boot_id.len = 33);
    REFUSED(mirror.policy = bytes_str("\xff"));
}

CHECK_MAIN(CASE(the_sample_is_consistent), CASE(tiers_are_those_of_ar4si),
           CASE(a_vector_is_as_good_as_its_worst_claim),
           CASE(a_status_is_not_better_than_its_vector), CASE(statuses_have_their_numbers),
           CASE(missing_and_odd_text_is_refused), CASE(a_sub_that_is_no_ueid_is_refused),
           CASE(times_that_make_no_sense_are_refused),
           CASE(a_mirror_that_consumers_would_misread_is_refused))
