/* Which advisories a TPM has: by maker and version, both ends of a span, and nothing unproven. */
#include "appraise/advisory.h"
#include "lib/check.h"

static struct bundle bundle;

static void
fill(void)
{
    bundle.n_advisories = 3;
    bundle.advisories[0] =
        (struct bundle_advisory){.vendor = 1, .n_spans = 2, .spans = {{10, 20}, {30, UINT64_MAX}}};
    bundle.advisories[1] =
        (struct bundle_advisory){.vendor = 2, .n_spans = 1, .spans = {{0, UINT64_MAX}}};
    bundle.advisories[2] = (struct bundle_advisory){.vendor = 1, .n_spans = 1, .spans = {{20, 20}}};
}

static size_t
found(uint32_t vendor, uint64_t firmware, uint16_t ret[LIMIT_BUNDLE_ADVISORIES])
{
    struct advisory_tpm tpm = {.vendor = vendor, .quoted = true, .firmware = firmware};

    return advisory_find(&bundle, &tpm, ret);
}

static void
both_ends_of_a_span_are_in_it(void)
{
    static const struct {
        uint64_t firmware;
        size_t n;
        uint16_t first;
    } rows[] = {
        {0, 0, 0},  {9, 0, 0},  {10, 1, 0}, {19, 1, 0},         {20, 2, 0},
        {21, 0, 0}, {29, 0, 0}, {30, 1, 0}, {UINT64_MAX, 1, 0},
    };
    uint16_t got[LIMIT_BUNDLE_ADVISORIES];

    fill();
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        CHECK_EQ(found(1, rows[i].firmware, got), rows[i].n);
        CHECK(rows[i].n == 0 || got[0] == rows[i].first);
    }
    CHECK_EQ(found(1, 20, got), 2);
    CHECK_EQ(got[1], 2);
    CHECK_EQ(found(2, 7, got), 1);
    CHECK_EQ(got[0], 1);
}

static void
nothing_is_known_of_what_nobody_vouches_for(void)
{
    struct advisory_tpm tpm = {.vendor = 1, .quoted = true, .firmware = 21};
    uint16_t got[LIMIT_BUNDLE_ADVISORIES];

    fill();
    CHECK(advisory_known(&bundle, &tpm)); /* and it has none */
    tpm.quoted = false;
    tpm.firmware = 20;
    CHECK(!advisory_known(&bundle, &tpm));
    CHECK_EQ(advisory_find(&bundle, &tpm, got), 0);
    tpm.quoted = true;
    tpm.vendor = 0; /* no maker, whatever a bundle says */
    bundle.advisories[0].vendor = 0;
    CHECK(!advisory_known(&bundle, &tpm));
    CHECK_EQ(advisory_find(&bundle, &tpm, got), 0);
    tpm.vendor = 3; /* one that no advisory names */
    CHECK(!advisory_known(&bundle, &tpm));
    bundle.n_advisories = 0;
    tpm.vendor = 1;
    CHECK(!advisory_known(&bundle, &tpm));
}

CHECK_MAIN(CASE(both_ends_of_a_span_are_in_it), CASE(nothing_is_known_of_what_nobody_vouches_for))
